"""Compresses what the client takes compressed."""

from fwtrace.toolkit.asgi.middleware.gzip import GZipMiddleware

__all__ = ["GZipMiddleware"]
