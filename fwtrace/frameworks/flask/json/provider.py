"""How an app writes and reads JSON: replace ``app.json`` to change it."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from datetime import date
from typing import IO, TYPE_CHECKING, Any, cast

from fwtrace.toolkit.http.dates import http_date

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.app import Flask
    from fwtrace.frameworks.flask.wrappers import Response

__all__ = ["DefaultJSONProvider", "JSONProvider"]


class JSONProvider:
    """What a provider has: subclass it and give :meth:`dumps` and :meth:`loads`."""

    def __init__(self, app: Flask) -> None:
        self._app: Flask = cast("Flask", weakref.proxy(app))

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        raise NotImplementedError

    def dump(self, obj: Any, fp: IO[str], **kwargs: Any) -> None:
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        raise NotImplementedError

    def load(self, fp: IO[Any], **kwargs: Any) -> Any:
        return self.loads(fp.read(), **kwargs)

    def _prepare_response_obj(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if args and kwargs:
            raise TypeError("app.json.response() takes values or named ones, not both.")
        if not args:
            return kwargs or None
        return args[0] if len(args) == 1 else args

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """A response of one value, of several as a list, or of named ones."""
        obj = self._prepare_response_obj(args, kwargs)
        return self._app.response_class(self.dumps(obj), mimetype="application/json")


def _default(o: Any) -> Any:
    """JSON for what JSON lacks: dates, UUIDs, decimals, dataclasses, ``__html__``."""
    if isinstance(o, date):
        moment: Any = o if hasattr(o, "hour") else _midnight(o)
        return http_date(moment)
    from decimal import Decimal
    from uuid import UUID

    if isinstance(o, (Decimal, UUID)):
        return str(o)
    if hasattr(o, "__dataclass_fields__") and not isinstance(o, type):
        from dataclasses import asdict

        return asdict(o)
    if hasattr(o, "__html__"):
        return str(o.__html__())
    raise TypeError(f"Object of type {type(o).__name__} is not JSON serializable")


def _midnight(day: date) -> Any:
    from datetime import UTC, datetime

    return datetime(day.year, day.month, day.day, tzinfo=UTC)


class DefaultJSONProvider(JSONProvider):
    """The standard library's JSON.

    ``default``       makes JSON of what JSON lacks
    ``ensure_ascii``  escapes what is not ASCII
    ``sort_keys``     sorts the keys of objects
    ``compact``       leaves out spaces; None: unless the app is in debug mode
    ``mimetype``      of responses
    """

    default: Callable[[Any], Any] = staticmethod(_default)
    ensure_ascii = True
    sort_keys = True
    compact: bool | None = None
    mimetype = "application/json"

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        kwargs.setdefault("default", self.default)
        kwargs.setdefault("ensure_ascii", self.ensure_ascii)
        kwargs.setdefault("sort_keys", self.sort_keys)
        return json.dumps(obj, **kwargs)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return json.loads(s, **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """A response of one value, of several as a list, or of named ones."""
        obj = self._prepare_response_obj(args, kwargs)
        if (self.compact is None and self._app.debug) or self.compact is False:
            text = self.dumps(obj, indent=2)
        elif type(self).dumps is DefaultJSONProvider.dumps:
            text = self._encode(obj)
        else:
            text = self.dumps(obj, separators=(",", ":"))
        return self._app.response_class(f"{text}\n", mimetype=self.mimetype)

    def _encode(self, obj: Any) -> str:
        """As :meth:`dumps`, compact, by an encoder that is kept for these settings."""
        settings = (self.default, self.ensure_ascii, self.sort_keys)
        if settings != self.__dict__.get("_settings"):
            encoder = json.JSONEncoder(
                default=self.default,
                ensure_ascii=self.ensure_ascii,
                sort_keys=self.sort_keys,
                separators=(",", ":"),
            )
            self.__dict__["_settings"] = settings
            self.__dict__["_encoder"] = encoder.encode
        text: str = self.__dict__["_encoder"](obj)
        return text
