"""A client that calls the app without a network."""

from fwtrace.toolkit.asgi.testclient import TestClient

__all__ = ["TestClient"]
