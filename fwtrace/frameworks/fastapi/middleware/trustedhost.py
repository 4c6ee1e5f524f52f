"""Refuses requests for other hosts."""

from fwtrace.toolkit.asgi.middleware.trustedhost import TrustedHostMiddleware

__all__ = ["TrustedHostMiddleware"]
