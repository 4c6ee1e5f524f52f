"""Pages of Jinja templates."""

from fwtrace.toolkit.asgi.templating import Jinja2Templates

__all__ = ["Jinja2Templates"]
