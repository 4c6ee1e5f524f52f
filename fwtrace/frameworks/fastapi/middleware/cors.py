"""Says which other sites may call from a browser."""

from fwtrace.toolkit.asgi.middleware.cors import CORSMiddleware

__all__ = ["CORSMiddleware"]
