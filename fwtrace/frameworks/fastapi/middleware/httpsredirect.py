"""Sends http:// and ws:// to their safe kind."""

from fwtrace.toolkit.asgi.middleware.httpsredirect import HTTPSRedirectMiddleware

__all__ = ["HTTPSRedirectMiddleware"]
