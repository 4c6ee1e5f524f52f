"""What runs once the response was sent."""

from fwtrace.toolkit.asgi.background import BackgroundTasks

__all__ = ["BackgroundTasks"]
