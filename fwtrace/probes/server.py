"""The server's side of a request: what it hands to the app and what it gets back.

The trace begins where a server calls the app and ends where it closes the body, so
that streaming and what runs after the response are part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from fwtrace.probes.environ import describe_environ
from fwtrace.probes.exceptions import describe_exception
from fwtrace.tracer.model import Span, Trace
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
        __traceback_hide__ = True  # noqa: F841
        exchange = _Exchange(recorder_for(environ), done)
        exchange.describe_environ(environ)

        def noting(status: str, headers: Any, *exc_info: Any) -> Any:
            exchange.status, exchange.headers = status, list(headers)
            return start_response(status, headers, *exc_info)

        try:
            result = exchange.run(app, environ, noting)
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


class _Exchange:
    """One request's trace from the server's side."""

    __slots__ = ("_done", "headers", "recorder", "span", "status")

    def __init__(self, recorder: Recorder, done: Callable[[Trace], None]) -> None:
        self.recorder = recorder
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.span: Span | None = None
        self._done: Callable[[Trace], None] | None = done

    def describe_environ(self, environ: dict[str, Any]) -> None:
        recorder = self.recorder
        entered = recorder.clock()
        request = recorder.trace.request
        path, _, query = request["target"].partition("?")
        recorder.root.attributes = {
            "http.request.method": request["method"],
            "url.path": path,
            "url.query": query,
        }
        span = recorder.open("environ", "environ", recorder.root)
        if span is not None:
            span.attributes["fwtrace.environ"] = describe_environ(environ)
            recorder.start(span, entered)
            recorder.charge(recorder.stop(span))

    def run(self, app: Any, environ: dict[str, Any], start_response: Any) -> Any:
        __traceback_hide__ = True  # noqa: F841
        token = CURRENT.set((self.recorder, self.recorder.root))
        try:
            return app(environ, start_response)
        finally:
            CURRENT.reset(token)

    def open_response(self) -> Span | None:
        recorder = self.recorder
        entered = recorder.clock()
        self.span = span = recorder.open("response", "response", recorder.root)
        if span is not None:
            recorder.start(span, entered)
        return span

    def whole_body(self, chunks: Any) -> None:
        self.open_response()
        self.close_response(len(chunks), sum(map(len, chunks)), b"".join(chunks))
        self.finish()

    def close_response(
        self, chunks: int, size: int, start: bytes, streamed: bool = False
    ) -> None:
        """Describe the response; ``start`` is the body's beginning, for a preview."""
        span = self.span
        if span is None:
            return
        recorder = self.recorder
        left = recorder.stop(span)
        try:
            self._describe(span, chunks, size, start, streamed)
        except Exception as fault:
            recorder.fault(span, fault)
        self.span = None
        recorder.charge(left)

    def _describe(
        self, span: Span, chunks: int, size: int, start: bytes, streamed: bool
    ) -> None:
        code = int(self.status[:3]) if self.status[:3].isdecimal() else None
        span.name = self.status
        kind = encoding = ""
        fields = []
        for name, value in self.headers[: self.recorder.limits.items]:
            lower = name.lower()
            if lower == "content-type":
                kind = value
            elif lower == "content-encoding":
                encoding = value
            fields.append([name, REDACTED if is_secret(lower) else clip(value)])
        span.attributes = {
            "http.response.status_code": code,
            "http.response.headers": fields,
            "http.response.body.size": size,
            "fwtrace.body.type": kind,
            "fwtrace.body.chunks": chunks,
            "fwtrace.body.streamed": streamed,
        }
        if start:
            span.attributes["fwtrace.body.preview"] = _preview(
                start, size, kind, encoding, self.recorder.limits.preview
            )

    def fail(self, error: BaseException) -> None:
        """The app, or its body, let an exception through to the server."""
        recorder = self.recorder
        entered = recorder.clock()
        recorder.trace.outcome["error"] = recorder.describe_error(error)
        if recorder.described is not error:
            span = recorder.open("exception", type(error).__qualname__, recorder.root)
            if span is not None:
                describe_exception(recorder, span, error)
                recorder.start(span, entered)
                recorder.stop(span)
        self.finish()

    def finish(self) -> None:
        if self._done is None:
            return
        done, self._done = self._done, None
        outcome = self.recorder.trace.outcome
        outcome["status"] = int(self.status[:3]) if self.status else None
        outcome["phrase"] = self.status[4:]
        outcome.setdefault("error", None)
        self.recorder.root.attributes["http.response.status_code"] = outcome["status"]
        done(self.recorder.finish())


@lru_cache(maxsize=256)
def _is_text(kind: str) -> bool:
    words = ("json", "xml", "javascript", "urlencoded")
    return kind.startswith("text/") or any(word in kind for word in words)


def _preview(start: bytes, size: int, kind: str, encoding: str, limit: int) -> str:
    if encoding or not _is_text(kind):
        return f"<{size:,} bytes of {encoding or kind or 'data'}>"
    shown = redact_text(start[:limit].decode("utf-8", "replace"))
    return shown if size <= limit else f"{shown}… ({size:,} bytes in all)"


class _Body:
    """The app's iterable, with each step of it inside the trace."""

    def __init__(self, body: Any, exchange: _Exchange) -> None:
        self._body = body
        self._iterator: Iterator[bytes] | None = None
        self._exchange = exchange
        self._chunks = self._size = 0
        self._start = bytearray()
        self._span = exchange.open_response()

    def __iter__(self) -> _Body:
        return self

    def __next__(self) -> bytes:
        __traceback_hide__ = True  # noqa: F841
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
