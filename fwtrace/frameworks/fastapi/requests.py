"""The request, as a view sees it."""

from fwtrace.toolkit.asgi.requests import HTTPConnection, Request

__all__ = ["HTTPConnection", "Request"]
