"""What wraps the app; each kind has its module."""

from fwtrace.toolkit.asgi.middleware import Middleware

__all__ = ["Middleware"]
