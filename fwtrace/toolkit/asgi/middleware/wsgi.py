"""A WSGI app inside an ASGI app: each request in a thread of its own."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from functools import partial
from typing import IO, Any

from fwtrace.toolkit.asgi.requests import ClientDisconnect
from fwtrace.toolkit.asgi.responses import spec_version, until_disconnect
from fwtrace.toolkit.asgi.types import Message, Receive, Scope, Send

__all__ = ["WSGIMiddleware", "build_environ"]

IN_MEMORY = 1024 * 1024
"""Bytes of a request's body that stay in memory; the rest goes to a file."""


class WSGIMiddleware:
    """Mounts a WSGI app.

    A chunk is sent before the app is asked for the next one. Where the client goes
    away the app is stopped at its next chunk, and its iterable is closed.
    """

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise AssertionError(f"A WSGI app cannot serve {scope['type']!r}.")
        try:
            body = await _read(receive)
        except ClientDisconnect:
            return
        with body:
            run = _Run(self.app, build_environ(scope, body), send)
            # A server of the newer protocol raises where the client is gone; and what
            # names no protocol at all is no server.
            if "asgi" in scope and spec_version(scope) < (2, 4):
                await until_disconnect(run, receive)
            else:
                await run()


async def _read(receive: Receive) -> IO[bytes]:
    """The body of the request: in memory, or in a file where it is long."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        return io.BytesIO(message.get("body", b""))
    from tempfile import SpooledTemporaryFile

    from anyio import to_thread

    file = SpooledTemporaryFile(max_size=IN_MEMORY)
    size = 0
    try:
        while message["type"] == "http.request":
            chunk = message.get("body", b"")
            size += len(chunk)
            if size <= IN_MEMORY:
                file.write(chunk)
            else:
                await to_thread.run_sync(file.write, chunk)
            if not message.get("more_body", False):
                file.seek(0)
                return file
            message = await receive()
        raise ClientDisconnect()
    except BaseException:
        file.close()
        raise


def build_environ(scope: Scope, body: bytes | IO[bytes]) -> dict[str, Any]:
    """The environ (PEP 3333) of an ASGI scope."""
    if isinstance(body, bytes):
        body = io.BytesIO(body)
    scheme = scope.get("scheme", "http")
    script_name = _native(scope.get("root_path", "").rstrip("/"))
    path_info = _native(scope["path"])
    if f"{path_info}/".startswith(f"{script_name}/"):
        path_info = path_info.removeprefix(script_name)
    host, port = scope.get("server") or ("localhost", None)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": script_name,
        "PATH_INFO": path_info,
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or (443 if scheme == "https" else 80)),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.get("client"):
        environ["REMOTE_ADDR"] = scope["client"][0]
    for name, value in scope.get("headers", ()):
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    if "CONTENT_LENGTH" not in environ and "HTTP_TRANSFER_ENCODING" in environ:
        environ["CONTENT_LENGTH"] = str(body.seek(0, io.SEEK_END))
        body.seek(0)
    return environ


def _native(text: str) -> str:
    """The bytes of UTF-8, each as a character: what PEP 3333 calls a native string."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


class _Run:
    """One call of the app. What has ``_in_thread`` in its name is called there."""

    def __init__(
        self, app: Callable[..., Any], environ: dict[str, Any], send: Send
    ) -> None:
        self.app = app
        self.environ = environ
        self.send = send
        self.start: Message | None = None
        self.is_started = False
        self.is_over = False
        self.error: BaseException | None = None

    async def __call__(self) -> None:
        from anyio import to_thread

        try:
            rest = await to_thread.run_sync(self._run_in_thread)
        finally:
            # After a cancellation of asyncio the thread may still be there.
            self.is_over = True
        await self._send_all(rest)
        if self.error is not None:
            raise self.error

    async def _send_all(self, messages: list[Message]) -> None:
        for message in messages:
            await self.send(message)

    def _run_in_thread(self) -> list[Message]:
        """Call the app and send what it yields; return what is still to be sent."""
        body = self.app(self.environ, self._start_response_in_thread)
        try:
            rest: list[Message] = []
            if type(body) in (list, tuple):
                # It is all there: no need to send it from here.
                rest = [message for chunk in body for message in self._chunk(chunk)]
            else:
                for chunk in body:
                    self._write_in_thread(chunk)
            end = {"type": "http.response.body", "body": b"", "more_body": False}
            return [*rest, *self._take_start(), end]
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()

    def _start_response_in_thread(
        self,
        status: str,
        response_headers: list[tuple[str, str]],
        exc_info: Any = None,
    ) -> Callable[[bytes], None]:
        if exc_info is not None:
            self.error = exc_info[1].with_traceback(exc_info[2])
        elif self.start is not None:
            raise AssertionError("start_response was called twice, without exc_info.")
        if not self.is_started:
            self.start = {
                "type": "http.response.start",
                "status": int(status.partition(" ")[0]),
                "headers": [
                    (
                        name.strip().lower().encode("latin-1"),
                        value.strip().encode("latin-1"),
                    )
                    for name, value in response_headers
                ],
            }
        return self._write_in_thread

    def _write_in_thread(self, chunk: bytes) -> None:
        """Send the chunk, and wait until it is sent: so a slow client slows the app."""
        from anyio import from_thread

        messages = self._chunk(chunk)
        if messages:
            from_thread.check_cancelled()
            if self.is_over:
                raise ClientDisconnect()
            from_thread.run(partial(self._send_all, messages))

    def _chunk(self, chunk: bytes) -> list[Message]:
        if not chunk:
            return []
        body = {"type": "http.response.body", "body": chunk, "more_body": True}
        return [*self._take_start(), body]

    def _take_start(self) -> list[Message]:
        """The start, once: it waits for the first bytes, and may change until then."""
        if self.start is None:
            raise RuntimeError("The WSGI app gave a body without start_response().")
        if self.is_started:
            return []
        self.is_started = True
        return [self.start]
