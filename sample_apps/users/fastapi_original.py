"""The service on the original FastAPI: ``fastapi.py``, its import lines changed."""

from __future__ import annotations

from pathlib import Path

from fwtrace.toolkit.asgi.types import ASGIApp
from sample_apps.users.exchange import run_on_original

__all__ = ["app"]

app: ASGIApp

IMPORTS = {
    "fwtrace.frameworks.fastapi": "fastapi",
    "fwtrace.toolkit.asgi": "starlette",
}

run_on_original(Path(__file__).with_name("fastapi.py"), IMPORTS, globals())
