"""Mounts a WSGI app."""

from fwtrace.toolkit.asgi.middleware.wsgi import WSGIMiddleware

__all__ = ["WSGIMiddleware"]
