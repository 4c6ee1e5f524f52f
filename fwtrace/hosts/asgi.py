"""The in-process host of ASGI apps: a server's side of a request, without a socket.

The app's lifespan is run around the request, as servers do: what it needs at start-up
is there, and what it leaves behind is cleaned up.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar
from urllib.parse import unquote

from fwtrace.hosts.errors import AppStartFailed
from fwtrace.toolkit.http.status import PHRASES

__all__ = ["GRACE", "TIMEOUT", "Host", "Scope", "build_scope", "send"]

T = TypeVar("T")
Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = dict[str, Any]
Response: TypeAlias = tuple[str, list[tuple[str, str]], bytes]

TIMEOUT = 60.0
"""Seconds after which an app that does not answer is given up."""
GRACE = 1.0
"""Seconds that an app has to end after it was told to."""
CHUNK = 65_536
"""Bytes of a body in one message."""
ASGI = {"version": "3.0", "spec_version": "2.3"}


class Host:
    """Context manager: an app that has started up, in an event loop of its own.

    Raises :class:`~fwtrace.hosts.errors.AppStartFailed` for one whose start-up fails.
    An app that has no lifespan goes on without, as uvicorn has it.
    """

    def __init__(self, app: Any, timeout: float = TIMEOUT) -> None:
        self.app = app
        self.timeout = timeout
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        # A thread that runs a loop cannot run a second one.
        threads = ThreadPoolExecutor(1, "fwtrace host") if _is_in_loop() else None
        self._thread = threads and self._stack.enter_context(threads)
        self._loop = asyncio.new_event_loop()
        self._stack.callback(self._loop.close)
        self._stack.callback(self._end)
        with self._stack:
            self._lifespan = self.run(_Lifespan.of(self.app, self.timeout))
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._stack:
            self.run(self._lifespan.stop(self.timeout))

    def send(
        self,
        method: str = "GET",
        target: str = "/",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        wait: float | None = None,
    ) -> Response:
        """One request, as a server would make it: ``(status line, headers, body)``.

        After ``wait`` seconds the client hangs up, with what it has by then. What the
        app raises before its response is complete comes out. Raises TimeoutError for
        an app that does not complete it in time.
        """
        scope = build_scope(method, target, headers, body)
        return self.run(self._exchange(scope, body, wait))

    async def _exchange(
        self, scope: Scope, body: bytes, wait: float | None
    ) -> Response:
        server = _Exchange(body, wait)
        try:
            await complete(self.call(scope, server), self.timeout)
        except Exception:
            if not server.is_complete and not server.has_left:
                raise
        return server.response()

    def call(self, scope: Scope, server: Any) -> Awaitable[Any]:
        """The app called, with a copy of its state for each request."""
        scope = {**scope, "state": dict(self._lifespan.state)}
        called: Awaitable[Any] = self.app(scope, server.receive, server.send)
        return called

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine in the app's loop."""
        if self._thread is None:
            return self._loop.run_until_complete(main)
        run = contextvars.copy_context().run
        return self._thread.submit(run, self._loop.run_until_complete, main).result()

    def _end(self) -> None:
        # Not as asyncio.run() does: it waits for tasks that refuse to be cancelled.
        self.run(_cancel_all())
        self.run(self._loop.shutdown_asyncgens())


def send(
    app: Any,
    method: str = "GET",
    target: str = "/",
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    timeout: float = TIMEOUT,
    wait: float | None = None,
) -> Response:
    """One request through an app that starts up for it, as :meth:`Host.send`."""
    with Host(app, timeout) as host:
        return host.send(method, target, headers, body, wait)


def build_scope(
    method: str,
    target: str,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Scope:
    """The scope of a request as a server would make it.

    ``target`` is a path with an optional query string, percent-encoded as on the wire.
    """
    raw_path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": dict(ASGI),
        "http_version": "1.1",
        "method": method.upper(),
        "scheme": "http",
        # ASGI: percent-encoded sequences and UTF-8 byte sequences are decoded.
        "path": unquote(raw_path, errors="replace"),
        "raw_path": _encode(raw_path),
        "query_string": _encode(query),
        "root_path": "",
        "headers": _headers(headers, body),
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 80),
    }


def _headers(
    headers: Iterable[tuple[str, str]], body: bytes
) -> list[tuple[bytes, bytes]]:
    """Names in lower case; the host, and the body's length, where none was given."""
    given = [(_encode(name.lower()), _encode(value)) for name, value in headers]
    names = {name for name, _ in given}
    if body and not names & {b"content-length", b"transfer-encoding"}:
        given.append((b"content-length", str(len(body)).encode()))
    return given if b"host" in names else [(b"host", b"localhost"), *given]


def _encode(text: str) -> bytes:
    """The octets of a header: one for each character where that can be."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")


class _Exchange:
    """One request from the server's side: it gives the body, it takes the response."""

    def __init__(self, body: bytes, wait: float | None = None) -> None:
        self.has_left = False
        self._wait = wait
        starts = range(0, len(body) or 1, CHUNK)
        self._chunks = [body[start : start + CHUNK] for start in starts]
        self._completed = asyncio.Event()
        self._started: tuple[int, list[tuple[str, str]]] | None = None
        self._body = bytearray()

    @property
    def is_complete(self) -> bool:
        return self._completed.is_set()

    async def receive(self) -> Message:
        if self._chunks:
            chunk = self._chunks.pop(0)
            more = bool(self._chunks)
            return {"type": "http.request", "body": chunk, "more_body": more}
        # All that is left is the end of the response, unless the client hangs up.
        try:
            async with asyncio.timeout(self._wait):
                await self._completed.wait()
        except TimeoutError:
            self.has_left = True
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if self.is_complete:
            raise RuntimeError(
                f"The app sent {kind!r} after its response was complete."
            )
        if kind == "http.response.start":
            self._start(message)
        elif kind == "http.response.body":
            self._add(message)
        else:
            raise RuntimeError(
                f"The app sent {kind!r}, which is no part of a response."
            )

    def _start(self, message: Message) -> None:
        if self._started is not None:
            raise RuntimeError("The app sent 'http.response.start' twice.")
        status = message.get("status")
        if not isinstance(status, int):
            raise RuntimeError(f"The app sent {status!r} as the response's status.")
        try:
            headers = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message.get("headers", ())
            ]
        except (AttributeError, TypeError, ValueError):
            raise RuntimeError(
                "The app sent headers that are no pairs of byte strings."
            ) from None
        self._started = int(status), headers

    def _add(self, message: Message) -> None:
        if self._started is None:
            raise RuntimeError(
                "The app sent 'http.response.body' before 'http.response.start'."
            )
        body = message.get("body", b"")
        if not isinstance(body, (bytes, bytearray, memoryview)):
            raise RuntimeError(
                f"The app sent a body of {type(body).__name__!r}, not of bytes."
            )
        self._body += body
        if not message.get("more_body", False):
            self._completed.set()

    def response(self) -> Response:
        """Raises RuntimeError for one that the app did not complete."""
        if self._started is None:
            raise RuntimeError("The app returned without sending a response.")
        if not self.is_complete and not self.has_left:
            raise RuntimeError(
                "The app returned before its response was complete: its last "
                "'http.response.body' said that more would follow."
            )
        status, headers = self._started
        return f"{status} {PHRASES.get(status, '')}", headers, bytes(self._body)


async def complete(call: Awaitable[Any], timeout: float) -> None:
    """Await the app's call, but not for ever; raises TimeoutError then."""
    task = asyncio.ensure_future(call)
    done, _ = await asyncio.wait([task], timeout=timeout)
    if not done:
        sentence = f"The app did not complete its response within {timeout:g} seconds."
        task.cancel(sentence)
        await asyncio.wait([task], timeout=GRACE)
        raise TimeoutError(sentence)
    await task


class _Lifespan:
    """The app's start-up and shutdown, in a task of their own as the spec has it."""

    def __init__(self, app: Any) -> None:
        self.state: dict[str, Any] = {}
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: dict[str, asyncio.Event] = {
            "startup": asyncio.Event(),
            "shutdown": asyncio.Event(),
        }
        self._failed: str | None = None
        scope = {"type": "lifespan", "asgi": dict(ASGI), "state": self.state}
        self._task = asyncio.ensure_future(
            _call(app, scope, self._events.get, self._send)
        )

    @classmethod
    async def of(cls, app: Any, timeout: float) -> Self:
        """The lifespan of an app that has started."""
        lifespan = cls(app)
        await lifespan.start(timeout)
        return lifespan

    async def _send(self, message: Message) -> None:
        kind = str(message["type"])
        _, step, outcome = f"{kind}..".split(".")[:3]
        if step not in self._answers or outcome not in ("complete", "failed"):
            raise RuntimeError(
                f"The app sent {kind!r}, which is no part of a lifespan."
            )
        if step == "startup" and outcome == "failed":
            self._failed = str(message.get("message", ""))
        self._answers[step].set()

    async def start(self, timeout: float) -> None:
        if await self._step("startup", timeout):
            await self.stop(GRACE)
            raise AppStartFailed(
                f"The app's start-up did not end within {timeout:g} seconds."
            )
        if self._failed is not None:
            await asyncio.wait([self._task], timeout=GRACE)
            error = self._task.exception() if self._task.done() else None
            last = self._failed.strip().rpartition("\n")[2]
            said = f"{type(error).__name__}: {error}" if error else last
            told = f": {said}" if said else ""
            raise AppStartFailed(f"The app's start-up failed{told}.") from error

    async def stop(self, timeout: float) -> None:
        if not self._task.done():
            await self._step("shutdown", timeout)
            await asyncio.wait([self._task], timeout=GRACE)
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=GRACE)
        if self._task.done() and not self._task.cancelled():
            self._task.exception()  # looked at: it is in the trace, if anywhere

    async def _step(self, step: str, timeout: float) -> bool:
        """Tell the app, and wait until it answers or ends; whether it did neither."""
        self._events.put_nowait({"type": f"lifespan.{step}"})
        answer = asyncio.ensure_future(self._answers[step].wait())
        done, _ = await asyncio.wait(
            [answer, self._task],
            timeout=timeout,
            return_when=asyncio.FIRST_COMPLETED,
        )
        answer.cancel()
        return not done


async def _call(app: Any, *arguments: Any) -> None:
    __traceback_hide__ = True
    await app(*arguments)


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _cancel_all() -> None:
    """End what the app left running."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        done, _ = await asyncio.wait(tasks, timeout=GRACE)
        for task in done:
            if not task.cancelled():
                task.exception()
