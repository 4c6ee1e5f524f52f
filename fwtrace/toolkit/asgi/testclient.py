"""The test client: an httpx client whose network is an app in this process.

The test is synchronous, the app is not: each call of the client goes through a portal
to an event loop in another thread, of its own or, within ``with client:``, one for all.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import (
    Awaitable,
    Callable,
    Generator,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
)
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import partial
from inspect import isclass
from typing import Any, Literal, NoReturn, Self, TypeAlias, cast
from urllib.parse import unquote, urljoin

from fwtrace.toolkit.asgi.concurrency import is_async_callable
from fwtrace.toolkit.asgi.types import ASGIApp, Message, Receive, Scope, Send
from fwtrace.toolkit.asgi.websockets import WebSocketDisconnect

try:
    import anyio
    import httpx
    from anyio.from_thread import BlockingPortal, start_blocking_portal
except ModuleNotFoundError:
    raise RuntimeError(
        "The test client needs httpx and anyio, which are not both installed: "
        "pip install 'fwtrace[fastapi]'"
    ) from None

__all__ = ["TestClient", "WebSocketDenialResponse", "WebSocketTestSession"]

PortalFactory: TypeAlias = Callable[[], AbstractContextManager[BlockingPortal]]

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


class _Pipe:
    """Messages from one side to the other, in order, as many as wait."""

    def __init__(self) -> None:
        self._inlet, self._outlet = anyio.create_memory_object_stream[Message](math.inf)

    async def send(self, message: Message) -> None:
        await self._inlet.send(message)

    async def receive(self) -> Message:
        """The next message; EndOfStream where no more can come."""
        return await self._outlet.receive()

    def end(self) -> None:
        self._inlet.close()

    def close(self) -> None:
        self._inlet.close()
        self._outlet.close()


# WebSockets.


class WebSocketDenialResponse(httpx.Response, WebSocketDisconnect):  # type: ignore[misc]
    """Raised where the app answers the handshake with a response: it is that one."""


class WebSocketTestSession:
    """The client's side of a WebSocket; ``with`` connects and at last disconnects.

    Leaving raises what the app raised.
    """

    def __init__(
        self, app: ASGIApp, scope: Scope, portal_factory: PortalFactory
    ) -> None:
        self.app = app
        self.scope = scope
        self.portal_factory = portal_factory
        self.accepted_subprotocol: str | None = None
        self.extra_headers: list[tuple[bytes, bytes]] | None = None

    def __enter__(self) -> Self:
        self._connection = self._connect()
        return self._connection.__enter__()

    def __exit__(self, *error: Any) -> bool | None:
        return self._connection.__exit__(*error)

    @contextmanager
    def _connect(self) -> Generator[Self, None, None]:
        with (
            self.portal_factory() as self.portal,
            closing(_Pipe()) as self._to_app,
            closing(_Pipe()) as self._from_app,
        ):
            cancelling = self.portal.call(anyio.CancelScope)
            running = self.portal.start_task_soon(self._run, cancelling)
            try:
                self.send({"type": "websocket.connect"})
                accepted = self._receive_data()
                self.accepted_subprotocol = accepted.get("subprotocol")
                self.extra_headers = accepted.get("headers")
                try:
                    yield self
                finally:
                    self.close(1000)
            finally:
                self.portal.call(cancelling.cancel)
                running.result()

    async def _run(self, cancelling: anyio.CancelScope) -> None:
        try:
            with cancelling:
                await self.app(self.scope, self._to_app.receive, self._from_app.send)
        finally:
            # Who waits for an app that is over would wait for ever.
            self._from_app.end()

    def send(self, message: Message) -> None:
        self.portal.call(self._to_app.send, message)

    def send_text(self, data: str) -> None:
        self.send({"type": "websocket.receive", "text": data})

    def send_bytes(self, data: bytes) -> None:
        self.send({"type": "websocket.receive", "bytes": data})

    def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        if mode == "text":
            self.send_text(text)
        else:
            self.send_bytes(text.encode())

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        self.send({"type": "websocket.disconnect", "code": code, "reason": reason})

    def receive(self) -> Message:
        """The next message of the app; AssertionError if it ended without one."""
        try:
            return self.portal.call(self._from_app.receive)
        except anyio.EndOfStream:
            raise AssertionError(
                "The app has ended and sends nothing more: "
                "the test waits for a message that cannot come."
            ) from None

    def receive_text(self) -> str:
        return cast(str, self._receive_data()["text"])

    def receive_bytes(self) -> bytes:
        return cast(bytes, self._receive_data()["bytes"])

    def receive_json(self, mode: Literal["text", "binary"] = "text") -> Any:
        return json.loads(self._receive_data()["text" if mode == "text" else "bytes"])

    def _receive_data(self) -> Message:
        """The next message; WebSocketDisconnect where it is the last."""
        message = self.receive()
        if message["type"] == "websocket.close":
            raise WebSocketDisconnect(
                message.get("code", 1000), message.get("reason", "")
            )
        if message["type"] == "websocket.http.response.start":
            self._raise_denial(message)
        return message

    def _raise_denial(self, start: Message) -> NoReturn:
        chunks: list[bytes] = []
        is_last = False
        while not is_last:
            message = self.receive()
            _expect(
                message["type"] == "websocket.http.response.body",
                f"{message['type']!r} came within a denial response.",
            )
            chunks.append(message.get("body", b""))
            is_last = not message.get("more_body", False)
        raise WebSocketDenialResponse(
            start["status"], headers=start.get("headers", []), content=b"".join(chunks)
        )


class _Upgrade(Exception):
    """Leaves httpx, which speaks no WebSocket, with the session it asked for."""

    def __init__(self, session: WebSocketTestSession) -> None:
        self.session = session


# Requests.


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


class _Exchange:
    """One request and its response, as the app sees them; lives in the event loop.

    The body is handed over chunk by chunk: the app waits for the test to read.
    """

    def __init__(self, request: httpx.Request) -> None:
        self.request = request
        self.start: Message | None = None
        self.debug: Mapping[str, Any] = {}
        self.trailers: list[tuple[bytes, bytes]] = []
        self.has_trailers = False
        self.is_begun = anyio.Event()  # or never will be
        self.is_complete = anyio.Event()
        self.cancelling = anyio.CancelScope()
        self._is_read = False
        self._is_body_sent = False
        self._inlet, self._outlet = anyio.create_memory_object_stream[
            tuple[bytes, bool]
        ](0)

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        try:
            with self.cancelling, self._inlet:
                await app(scope, self.receive, self.send)
        finally:
            self.is_begun.set()

    async def receive(self) -> Message:
        if self._is_read:
            await self.is_complete.wait()
            return {"type": "http.disconnect"}
        self._is_read = True
        return {"type": "http.request", "body": self.request.read()}

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self._begin(message)
        elif kind == "http.response.body":
            more = message.get("more_body", False)
            await self._send_chunk(bytes(message.get("body", b"")), more)
        elif kind == "http.response.pathsend":
            content = await anyio.Path(message["path"]).read_bytes()
            await self._send_chunk(content, False)
        elif kind == "http.response.trailers":
            self._add_trailers(message)
        elif kind == "http.response.debug":
            self.debug = message["info"]

    def _begin(self, message: Message) -> None:
        _expect(self.start is None, "The app sent 'http.response.start' twice.")
        self.start = message
        self.has_trailers = message.get("trailers", False)
        self.is_begun.set()

    async def _send_chunk(self, chunk: bytes, more: bool) -> None:
        _expect(
            self.start is not None,
            "The app sent a body before 'http.response.start'.",
        )
        _expect(not self._is_body_sent, "The app sent a body after the body's end.")
        await self._inlet.send((chunk, not (more or self.has_trailers)))
        self._is_body_sent = not more

    def _add_trailers(self, message: Message) -> None:
        _expect(
            self.has_trailers,
            "The app sent trailers, which its 'http.response.start' did not announce.",
        )
        _expect(self._is_body_sent, "The app sent trailers before the body's end.")
        _expect(
            not self.is_complete.is_set(), "The app sent trailers after the last one."
        )
        self.trailers += message.get("headers", [])
        if not message.get("more_trailers", False):
            self.is_complete.set()

    async def next_chunk(self) -> bytes | None:
        """What the app sends next of the body; None once the app is over."""
        try:
            chunk, is_last = await self._outlet.receive()
        except anyio.EndOfStream:
            return None
        if is_last:
            self.is_complete.set()
        return chunk

    def leave(self) -> None:
        """The client is gone; an app that has answered may still finish its work."""
        if not self.is_complete.is_set():
            self.cancelling.cancel()

    def close(self) -> None:
        self._inlet.close()
        self._outlet.close()


class _Body(httpx.SyncByteStream):
    """The body of a response; closing it ends the exchange."""

    def __init__(
        self, portal: BlockingPortal, exchange: _Exchange, stack: ExitStack
    ) -> None:
        self._portal = portal
        self._exchange = exchange
        self._stack = stack

    def __iter__(self) -> Iterator[bytes]:
        is_head = self._exchange.request.method == "HEAD"
        while True:
            chunk = self._portal.call(self._exchange.next_chunk)
            if chunk is None:
                return
            if chunk and not is_head:
                yield chunk

    def close(self) -> None:
        self._stack.close()

    def abort(self) -> None:
        """End it at once, also where the app still works after its answer."""
        self._portal.call(self._exchange.cancelling.cancel)
        self._stack.close()


class _Transport(httpx.BaseTransport):
    """What httpx has for a network: each request is a call of the app."""

    def __init__(
        self,
        app: ASGIApp,
        portal_factory: PortalFactory,
        raise_server_exceptions: bool = True,
        root_path: str = "",
        *,
        client: tuple[str, int],
        app_state: dict[str, Any],
    ) -> None:
        self.app = app
        self.portal_factory = portal_factory
        self.raise_server_exceptions = raise_server_exceptions
        self.root_path = root_path
        self.client = client
        self.app_state = app_state
        self._open: set[_Body] = set()

    def close(self) -> None:
        """End the responses that are still being read; all, even if one raises."""
        with ExitStack() as stack:
            for body in self._open:
                stack.callback(body.abort)
            self._open = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        scope = self._scope(request)
        if scope["type"] == "websocket":
            raise _Upgrade(WebSocketTestSession(self.app, scope, self.portal_factory))
        with ExitStack() as stack:
            portal = stack.enter_context(self.portal_factory())
            exchange = portal.call(_Exchange, request)
            stack.callback(exchange.close)
            running = portal.start_task_soon(exchange.run, self.app, scope)
            stack.push(partial(self._finish, portal, exchange, running))
            portal.call(exchange.is_begun.wait)
            if exchange.start is not None:
                body = _Body(portal, exchange, stack.pop_all())
                self._open.add(body)
                body._stack.callback(self._open.discard, body)
                return _response(exchange, exchange.start, body)
        if self.raise_server_exceptions:
            raise AssertionError("The app ended without a response.")
        return httpx.Response(500, request=request)

    def _finish(
        self,
        portal: BlockingPortal,
        exchange: _Exchange,
        running: Future[None],
        kind: type[BaseException] | None,
        *_: object,
    ) -> None:
        """Wait for the app, and raise what it raised, unless something is raised."""
        if not running.done():
            portal.call(exchange.leave)
        wait([running])
        error = running.exception()
        if error is not None and kind is None and self.raise_server_exceptions:
            raise error

    def _scope(self, request: httpx.Request) -> Scope:
        url = request.url
        scope: Scope = {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            # Starlette decodes once more what httpx has decoded.
            "path": unquote(url.path),
            "raw_path": url.raw_path.partition(b"?")[0],
            "root_path": self.root_path,
            "scheme": url.scheme,
            "query_string": url.query,
            "headers": [(key.lower(), value) for key, value in request.headers.raw],
            "client": self.client,
            "server": [url.raw_host.decode(), url.port or _PORTS[url.scheme]],
            "state": self.app_state.copy(),
        }
        if url.scheme not in ("ws", "wss"):
            extensions = ("http.response.debug", "http.response.trailers")
            return {**scope, "extensions": {name: {} for name in extensions}}
        del scope["http_version"], scope["method"]
        offered = request.headers.get("sec-websocket-protocol")
        names = [] if offered is None else offered.split(",")
        return {
            **scope,
            "type": "websocket",
            "subprotocols": [name.strip() for name in names],
            "extensions": {"websocket.http.response": {}},
        }


def _response(exchange: _Exchange, start: Message, body: _Body) -> httpx.Response:
    response = httpx.Response(
        start["status"],
        headers=list(start.get("headers", [])),
        stream=body,
        request=exchange.request,
    )
    if exchange.has_trailers:
        response.extensions["http.response.trailers"] = exchange.trailers
    if exchange.debug:
        response.extensions["http.response.debug"] = exchange.debug
        # Where tests look for what a page was made of.
        for name in ("template", "context"):
            if name in exchange.debug:
                setattr(response, name, exchange.debug[name])
    return response


# The client.


def _as_asgi3(app: Any) -> ASGIApp:
    """The app; one of ASGI 2, ``app(scope)(receive, send)``, is wrapped."""
    if hasattr(app, "__await__") if isclass(app) else is_async_callable(app):
        return cast(ASGIApp, app)

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        instance: Callable[[Receive, Send], Awaitable[None]] = app(scope)
        await instance(receive, send)

    return wrapped


class TestClient(httpx.Client):
    """Calls the app as if over HTTP: ``TestClient(app).get("/")``.

    Within ``with`` the app lives: its lifespan begins and ends there. What the app
    raises is raised in the test, unless ``raise_server_exceptions`` is false.
    """

    __test__ = False  # for pytest, which would collect it
    portal: BlockingPortal | None = None
    task: Future[None]

    def __init__(
        self,
        app: ASGIApp,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
        root_path: str = "",
        backend: Literal["asyncio", "trio"] = "asyncio",
        backend_options: dict[str, Any] | None = None,
        cookies: Any = None,
        headers: Mapping[str, str] | None = None,
        follow_redirects: bool = True,
        client: tuple[str, int] = ("testclient", 50000),
    ) -> None:
        self.async_backend: dict[str, Any] = {
            "backend": backend,
            "backend_options": backend_options or {},
        }
        self.app = _as_asgi3(app)
        self.app_state: dict[str, Any] = {}
        fields = httpx.Headers(headers)
        fields.setdefault("user-agent", "testclient")
        super().__init__(
            base_url=base_url,
            headers=fields,
            cookies=cookies,
            follow_redirects=follow_redirects,
            transport=_Transport(
                self.app,
                self._portal_factory,
                raise_server_exceptions,
                root_path,
                client=client,
                app_state=self.app_state,
            ),
        )

    @contextmanager
    def _portal_factory(self) -> Generator[BlockingPortal, None, None]:
        if self.portal is not None:
            yield self.portal
        else:
            with start_blocking_portal(**self.async_backend) as portal:
                yield portal

    def request(
        self,
        method: str,
        url: httpx.URL | str,
        *,
        timeout: Any = httpx.USE_CLIENT_DEFAULT,
        **options: Any,
    ) -> httpx.Response:
        """As httpx; but nothing here can time out."""
        if timeout is not httpx.USE_CLIENT_DEFAULT:
            warnings.warn(
                "The test client ignores 'timeout': leave it out.", stacklevel=2
            )
        return super().request(method, url, timeout=timeout, **options)

    def websocket_connect(
        self, url: str, subprotocols: Sequence[str] | None = None, **kwargs: Any
    ) -> WebSocketTestSession:
        """A session that ``with`` connects."""
        headers = httpx.Headers(kwargs.pop("headers", None))
        wanted: MutableMapping[str, str] = {
            "connection": "upgrade",
            "sec-websocket-key": "testserver==",
            "sec-websocket-version": "13",
        }
        if subprotocols is not None:
            wanted["sec-websocket-protocol"] = ", ".join(subprotocols)
        for name, value in wanted.items():
            headers.setdefault(name, value)
        url = urljoin("ws://testserver", url)
        try:
            super().request("GET", url, headers=headers, **kwargs)
        except _Upgrade as upgrade:
            return upgrade.session
        raise RuntimeError(
            f"{url} is no URL of a WebSocket: give a path, or begin it with ws://."
        )

    def __enter__(self) -> Self:
        self._life = self._live()
        return self._life.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._life.__exit__(*error)

    @contextmanager
    def _live(self) -> Generator[Self, None, None]:
        with (
            start_blocking_portal(**self.async_backend) as portal,
            closing(_Pipe()) as self._to_app,
            closing(_Pipe()) as self._from_app,
        ):
            self.task = portal.start_task_soon(self.lifespan)
            portal.call(self.wait_startup)
            self.portal = portal
            try:
                with closing(self._transport):
                    yield self
            finally:
                self.portal = None
                portal.call(self.wait_shutdown)

    async def lifespan(self) -> None:
        """The app's life, in a task of its own."""
        scope = {"type": "lifespan", "state": self.app_state}
        try:
            await self.app(scope, self._to_app.receive, self._from_app.send)
        finally:
            self._from_app.end()

    async def wait_startup(self) -> None:
        await self._pass("startup")

    async def wait_shutdown(self) -> None:
        await self._pass("shutdown")

    async def _pass(self, phase: str) -> None:
        """Have the app do this phase; raises what the app raises in it."""
        await self._to_app.send({"type": f"lifespan.{phase}"})
        message = await self._from_lifespan() or {"type": "nothing"}
        answer = message["type"]
        if answer == f"lifespan.{phase}.failed":
            # It should end now, with an error that tells more.
            with anyio.move_on_after(5):
                await self._from_lifespan()
            why = message.get("message") or "it does not say why"
            raise AssertionError(f"The {phase} of the app failed: {why}")
        _expect(
            answer == f"lifespan.{phase}.complete",
            f"The app answered 'lifespan.{phase}' with {answer}.",
        )

    async def _from_lifespan(self) -> Message | None:
        """What the app says; None if it has ended, or what it raised."""
        try:
            return await self._from_app.receive()
        except anyio.EndOfStream:
            self.task.result()
            return None
