"""FastAPI by hand: async, typed, documented; on the ASGI toolkit and pydantic.

An application written for FastAPI runs here with only its import lines changed.
"""

from importlib.util import find_spec

for _needed in ("pydantic", "anyio"):
    if find_spec(_needed) is None:
        raise ModuleNotFoundError(
            f"The FastAPI clone needs {_needed}: pip install 'fwtrace[fastapi]'",
            name=_needed,
        )

# ruff: noqa: E402
from fwtrace.frameworks.fastapi.applications import FastAPI
from fwtrace.frameworks.fastapi.background import BackgroundTasks
from fwtrace.frameworks.fastapi.datastructures import UploadFile
from fwtrace.frameworks.fastapi.exceptions import HTTPException, WebSocketException
from fwtrace.frameworks.fastapi.param_functions import (
    Body,
    Cookie,
    Depends,
    File,
    Form,
    Header,
    Path,
    Query,
    Security,
)
from fwtrace.frameworks.fastapi.requests import Request
from fwtrace.frameworks.fastapi.responses import Response
from fwtrace.frameworks.fastapi.routing import APIRouter
from fwtrace.frameworks.fastapi.websockets import WebSocket, WebSocketDisconnect
from fwtrace.toolkit.asgi import status

__all__ = [
    "APIRouter",
    "BackgroundTasks",
    "Body",
    "Cookie",
    "Depends",
    "FastAPI",
    "File",
    "Form",
    "HTTPException",
    "Header",
    "Path",
    "Query",
    "Request",
    "Response",
    "Security",
    "UploadFile",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketException",
    "status",
]
