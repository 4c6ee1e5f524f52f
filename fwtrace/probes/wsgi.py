"""The WSGI toolkit: parsing of the request, sessions, views, and error pages."""

from __future__ import annotations

from typing import Any

from fwtrace.probes.calls import describe_function, kwarg_texts
from fwtrace.probes.exceptions import handling
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import Recorder
from fwtrace.tracer.redaction import REDACTED
from fwtrace.tracer.seam import Probe, Seam, spanned
from fwtrace.tracer.values import show, show_named

__all__ = ["WSGI"]


def _view(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    adapter, _, params = args
    describe_function(span, adapter.func, params)


def _viewed(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    span.attributes["fwtrace.return_type"] = type(result).__qualname__


def _read(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    if isinstance(result, bytes):
        span.attributes["http.request.body.size"] = len(result)


def _fields(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    """Form fields, query parameters and cookies, redacted by their names."""
    fields, files = result if isinstance(result, tuple) else (result, None)
    limit = recorder.limits.items
    shown = {
        name: show_named(name, value) for name, value in list(fields.items())[:limit]
    }
    span.attributes["fwtrace.request.fields"] = shown
    if files:
        span.attributes["fwtrace.request.files"] = [
            {"name": name, "filename": file.filename, "size": file.size}
            for name, file in list(files.items())[:limit]
        ]


def _names(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    span.attributes["fwtrace.request.fields"] = dict.fromkeys(
        list(result)[: recorder.limits.items], REDACTED
    )


def _json(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    if isinstance(result, dict):
        span.attributes["fwtrace.request.fields"] = kwarg_texts(
            {str(name): value for name, value in list(result.items())[:20]}
        )
    else:
        span.attributes["fwtrace.request.fields"] = {"": show(result)}


def _session(
    recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any
) -> None:
    session = result if hasattr(result, "modified") else args[1]
    span.attributes["fwtrace.session.keys"] = sorted(map(str, session))
    span.attributes["fwtrace.session.new"] = bool(session.new)
    span.attributes["fwtrace.session.store"] = type(args[0]).__name__


_STORES = ("SignedCookieStore", "MemoryStore", "SQLiteStore")

WSGI = Probe(
    "wsgi",
    ("fwtrace.toolkit.wsgi",),
    (
        Seam(
            "dispatch:ViewApp.call_view", spanned("view", before=_view, after=_viewed)
        ),
        Seam("request:Request.read_body", spanned("request", "read body", after=_read)),
        Seam(
            "request:Request.parse_query",
            spanned("request", "parse query", after=_fields),
        ),
        Seam(
            "request:Request.parse_form",
            spanned("request", "parse form", after=_fields),
        ),
        Seam(
            "request:Request.parse_json", spanned("request", "parse JSON", after=_json)
        ),
        Seam(
            "request:Request.parse_cookies",
            spanned("request", "parse cookies", after=_names),
        ),
        Seam("middleware.errors:ErrorsMiddleware.handle_exception", handling),
        *(
            Seam(f"sessions:{store}.{verb}", spanned("session", verb, after=_session))
            for store in _STORES
            for verb in ("load", "save")
        ),
    ),
)
