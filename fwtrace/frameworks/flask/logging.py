"""The app's logger: to where the request's errors go, unless logging is set up."""

from __future__ import annotations

import logging
import sys
from typing import IO, TYPE_CHECKING, Any, cast

from fwtrace.frameworks.flask.globals import _cv_request
from fwtrace.frameworks.flask.local import LocalProxy

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.app import Flask

__all__ = [
    "create_logger",
    "default_handler",
    "has_level_handler",
    "wsgi_errors_stream",
]


def _find_stream() -> Any:
    context = _cv_request.get(None)
    return sys.stderr if context is None else context.request.environ["wsgi.errors"]


wsgi_errors_stream = cast("IO[str]", LocalProxy(_find_stream))
"""``wsgi.errors`` of the request, or standard error."""

default_handler = logging.StreamHandler(wsgi_errors_stream)
default_handler.setFormatter(
    logging.Formatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s")
)


def has_level_handler(logger: logging.Logger) -> bool:
    """Whether some handler takes what the logger lets through."""
    level = logger.getEffectiveLevel()
    current: logging.Logger | None = logger
    while current is not None:
        if any(handler.level <= level for handler in current.handlers):
            return True
        current = current.parent if current.propagate else None
    return False


def create_logger(app: Flask) -> logging.Logger:
    """The logger of the app's name, at DEBUG in debug mode."""
    logger = logging.getLogger(app.name)
    if app.debug and not logger.level:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger
