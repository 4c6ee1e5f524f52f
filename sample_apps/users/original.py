"""The service on the original Flask: ``flask.py``, with its import lines changed."""

from __future__ import annotations

from pathlib import Path

from fwtrace.toolkit.wsgi.types import WSGIApp
from sample_apps.users.exchange import run_on_original

__all__ = ["app"]

app: WSGIApp

# Flask's exceptions are Werkzeug's.
IMPORTS = {
    "fwtrace.frameworks.flask.exceptions": "werkzeug.exceptions",
    "fwtrace.frameworks.flask": "flask",
}

run_on_original(Path(__file__).with_name("flask.py"), IMPORTS, globals())
