"""JSON as the current app writes and reads it."""

from __future__ import annotations

import json as _json
from typing import IO, TYPE_CHECKING, Any

from fwtrace.frameworks.flask.globals import _cv_app, current_app
from fwtrace.frameworks.flask.json.provider import _default

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.wrappers import Response

__all__ = ["dump", "dumps", "jsonify", "load", "loads"]


def _has_app() -> bool:
    return _cv_app.get(None) is not None


def dumps(obj: Any, **kwargs: Any) -> str:
    """The object as JSON text, by the current app's provider where there is one."""
    if _has_app():
        return current_app.json.dumps(obj, **kwargs)
    kwargs.setdefault("default", _default)
    return _json.dumps(obj, **kwargs)


def dump(obj: Any, fp: IO[str], **kwargs: Any) -> None:
    """The same, into a file."""
    if _has_app():
        current_app.json.dump(obj, fp, **kwargs)
    else:
        kwargs.setdefault("default", _default)
        _json.dump(obj, fp, **kwargs)


def loads(s: str | bytes, **kwargs: Any) -> Any:
    """What the JSON text says; ValueError where it is none."""
    return (
        current_app.json.loads(s, **kwargs) if _has_app() else _json.loads(s, **kwargs)
    )


def load(fp: IO[Any], **kwargs: Any) -> Any:
    """The same, from a file."""
    return (
        current_app.json.load(fp, **kwargs) if _has_app() else _json.load(fp, **kwargs)
    )


def jsonify(*args: Any, **kwargs: Any) -> Response:
    """A JSON response of one value, of several as a list, or of named ones."""
    return current_app.json.response(*args, **kwargs)
