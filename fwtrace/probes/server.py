"""The server's side of a request: what it hands to the app and what it gets back.

The trace begins where a server calls the app and ends where it closes the body, so
that streaming and what runs after the response are part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from fwtrace.probes.environ import describe_environ
from fwtrace.probes.exchange import Exchange
from fwtrace.tracer.model import Trace
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.redaction import REDACTED, is_secret, redact_text
from fwtrace.tracer.values import clip

__all__ = ["describe_request", "traced_app"]


def traced_app(
    app: Any,
    recorder_for: Callable[[dict[str, Any]], Recorder],
    done: Callable[[Trace], None],
) -> Any:
    """A WSGI app that records each request it passes on to ``app``.

    ``recorder_for(environ)`` makes the recorder, ``done(trace)`` takes the finished
    trace. Status, headers, body and exceptions are those of ``app``.
    """

    def traced(environ: dict[str, Any], start_response: Any) -> Any:
        __traceback_hide__ = True
        recorder = recorder_for(environ)
        exchange = Exchange(recorder, done)
        entered = recorder.clock()
        exchange.describe("environ", describe_environ(environ), entered)

        def noting(status: str, headers: Any, *exc_info: Any) -> Any:
            exchange.status, exchange.headers = status, list(headers)
            return start_response(status, headers, *exc_info)

        try:
            token = CURRENT.set((recorder, recorder.root))
            try:
                result = app(environ, noting)
            finally:
                CURRENT.reset(token)
        except BaseException as error:
            exchange.fail(error)
            raise
        if type(result) in (list, tuple):
            # Nothing is left to run: the body is here, and has no close().
            exchange.whole_body(result)
            return result
        return _Body(result, exchange)

    return traced


def describe_request(environ: dict[str, Any]) -> dict[str, Any]:
    """The request as a trace keeps it, redacted: method, target, headers, body size."""
    query = environ.get("QUERY_STRING", "")
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return {
        "method": environ.get("REQUEST_METHOD", "GET"),
        "target": clip(redact_text(f"{path}?{query}" if query else path), 2000),
        "headers": [
            [name, REDACTED if hidden else clip(str(environ[key]))]
            for key, name, hidden in _headers(tuple(environ))
            if environ[key] or key[:5] == "HTTP_"
        ],
        "body_size": _length(environ.get("CONTENT_LENGTH")),
    }


@lru_cache(maxsize=256)
def _headers(keys: tuple[str, ...]) -> tuple[tuple[str, str, bool], ...]:
    """``("HTTP_USER_AGENT", "User-Agent", is it secret)`` of the keys of headers."""
    return tuple(
        (key, key.removeprefix("HTTP_").replace("_", "-").title(), is_secret(key))
        for key in keys
        if key.startswith(("HTTP_", "CONTENT_"))
    )


def _length(text: Any) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else 0


class _Body:
    """The app's iterable, with each step of it inside the trace."""

    def __init__(self, body: Any, exchange: Exchange) -> None:
        self._body = body
        self._iterator: Iterator[bytes] | None = None
        self._exchange = exchange
        self._chunks = self._size = 0
        self._start = bytearray()
        self._span = exchange.open_response()

    def __iter__(self) -> _Body:
        return self

    def __next__(self) -> bytes:
        __traceback_hide__ = True
        exchange = self._exchange
        recorder = exchange.recorder
        token = CURRENT.set((recorder, self._span or recorder.root))
        try:
            if self._iterator is None:
                self._iterator = iter(self._body)
            chunk = next(self._iterator)
        except StopIteration:
            self._describe()
            raise
        except BaseException as error:
            if self._span is not None:
                recorder.fail(self._span, error)
            self._describe()
            exchange.fail(error)
            raise
        finally:
            CURRENT.reset(token)
        entered = recorder.clock()
        self._chunks += 1
        self._size += len(chunk)
        if len(self._start) < recorder.limits.preview:
            self._start += chunk[: recorder.limits.preview]
        recorder.charge(entered)
        return chunk

    def _describe(self) -> None:
        self._exchange.close_response(
            self._chunks, self._size, bytes(self._start), streamed=self._chunks > 1
        )

    def close(self) -> None:
        """PEP 3333: the server calls this however the request ended."""
        exchange = self._exchange
        self._describe()
        close = getattr(self._body, "close", None)
        try:
            if close is not None:
                token = CURRENT.set((exchange.recorder, exchange.recorder.root))
                try:
                    with exchange.recorder.span("after", "close"):
                        close()
                finally:
                    CURRENT.reset(token)
        except BaseException as error:
            exchange.fail(error)
            raise
        finally:
            exchange.finish()
