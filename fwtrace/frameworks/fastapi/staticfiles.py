"""Files of a folder, as an app to be mounted."""

from fwtrace.toolkit.asgi.staticfiles import StaticFiles

__all__ = ["StaticFiles"]
