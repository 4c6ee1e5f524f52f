"""One client of the socket server: bytes to requests, responses to bytes.

h11 knows the protocol; here are the limits, the clocks and the errors. A request is
read whole before the app is called, so whatever is wrong with it is answered here.
"""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import h11

from fwtrace.toolkit.http.dates import http_date
from fwtrace.toolkit.http.status import PHRASES
from sample_apps.socket_exchange import ClientGone, Exchange, Refused, make_environ

if TYPE_CHECKING:
    from sample_apps.socket_server import Server

__all__ = ["Connection", "Limits"]

READ_SIZE = 16 * 1024
SPOOL_SIZE = 1024 * 1024
CONTINUE = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, connections and seconds, each past which a client is not served."""

    header_bytes: int = 16 * 1024
    body_bytes: int = 16 * 1024 * 1024
    connections: int = 64
    header_seconds: float = 10
    body_seconds: float = 60
    idle_seconds: float = 5
    send_seconds: float = 30
    linger_seconds: float = 1
    stop_seconds: float = 10


class Connection:
    """One client: its requests one after the other, pipelined or not."""

    def __init__(self, server: Server, client: socket.socket, address: Any) -> None:
        self.server = server
        self.limits = server.limits
        self.socket = client
        self.address: tuple[str, int] = address[:2]
        self.idle = True
        self.answered = 0
        self.method = ""
        self.http = h11.Connection(
            h11.SERVER, max_incomplete_event_size=self.limits.header_bytes
        )

    def serve(self) -> None:
        """Answer requests until one of the two sides wants no more."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while self.wait():
                self.answer()
                if not self.http.our_state is self.http.their_state is h11.DONE:
                    break
                self.answered += 1
                self.http.start_next_cycle()
        except Refused as error:
            self.refuse(error.status, str(error))
        if self.http.our_state is not h11.IDLE:
            self.linger()

    def answer(self) -> None:
        """One request in, one response out."""
        request = self.read_head()
        with self.read_body(request) as body:
            environ = make_environ(self, request, body)
            Exchange(self, environ).run(self.server.app)

    # Reading.

    def wait(self) -> bool:
        """Until a request begins: False when none will."""
        if self.http.trailing_data[0]:
            return True  # pipelined: it came with the one before
        self.idle = True
        if self.server.stopping:
            return False
        deadline = time.monotonic() + self.limits.idle_seconds
        try:
            # RFC 9112, 2.2: an empty line before the request line is passed over.
            while (data := self.receive(deadline)) and not data.lstrip(b"\r\n"):
                pass
        except TimeoutError:
            return False
        self.idle = False
        if data:
            self.http.receive_data(data.lstrip(b"\r\n"))
        return bool(data)

    def read_head(self) -> h11.Request:
        """The request line and headers; a slow client has one clock for all of it."""
        self.method = ""
        deadline = time.monotonic() + self.limits.header_seconds
        request = self.next_event(deadline)
        if not isinstance(request, h11.Request):
            raise Refused(400, "That is no request.")
        self.method = request.method.decode("ascii")
        size = len(request.target) + sum(
            len(n) + len(v) + 4 for n, v in request.headers
        )
        if size > self.limits.header_bytes:
            raise Refused(431, "The headers are too large.")
        names = [name for name, _ in request.headers]
        if b"transfer-encoding" in names and (
            b"content-length" in names or request.http_version < b"1.1"
        ):
            # RFC 9112, 6.1: one of two servers on the way is being deceived.
            raise Refused(400, "The length of the body is ambiguous.")
        return request

    def read_body(self, request: h11.Request) -> IO[bytes]:
        """The whole body, chunks joined; past some size it is kept on disk."""
        from tempfile import SpooledTemporaryFile

        limit = self.limits.body_bytes
        length = dict(request.headers).get(b"content-length", b"0")
        if int(length) > limit:
            raise Refused(413, f"The body is larger than {limit:,} bytes.")
        if self.http.they_are_waiting_for_100_continue:
            self.send(CONTINUE)
        deadline = time.monotonic() + self.limits.body_seconds
        body = SpooledTemporaryFile(max_size=SPOOL_SIZE)
        try:
            self._copy_body(body, limit, deadline)
        except BaseException:
            body.close()
            raise
        body.seek(0)
        return body

    def _copy_body(self, body: IO[bytes], limit: int, deadline: float) -> None:
        size = 0
        while isinstance(event := self.next_event(deadline), h11.Data):
            size += len(event.data)
            if size > limit:
                raise Refused(413, f"The body is larger than {limit:,} bytes.")
            body.write(event.data)

    def next_event(self, deadline: float) -> Any:
        """h11's next event; what it cannot be is a Refused."""
        try:
            while (event := self.http.next_event()) is h11.NEED_DATA:
                self.http.receive_data(self.receive(deadline))
        except h11.RemoteProtocolError as error:
            raise Refused(error.error_status_hint, f"{error}.") from None
        except TimeoutError:
            raise Refused(408, "The request took too long to arrive.") from None
        return event

    def receive(self, deadline: float) -> bytes:
        """Some bytes, none at the end; TimeoutError when the deadline passes first."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(READ_SIZE)
        except TimeoutError:
            raise
        except OSError as error:
            raise ClientGone from error
        if self.server.show_raw and data:
            self.show(data)
        return data

    def show(self, data: bytes) -> None:
        """Print the bytes as they came, a line each, escaped as Python writes them."""
        host, port = self.address
        lines = data.splitlines(keepends=True)
        print(
            "".join(f"{host}:{port} {line!r}\n" for line in lines), end="", flush=True
        )

    # Writing.

    def send(self, *events: Any) -> None:
        """Send in one go, within the time a client has to take it."""
        data = b"".join(self.http.send(event) or b"" for event in events)
        self.socket.settimeout(self.limits.send_seconds)
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise ClientGone from error

    def refuse(self, status: int, detail: str) -> None:
        """An answer of the server's own, after which the connection closes."""
        if self.http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        body = f"{status} {PHRASES.get(status, 'Error')}\n{detail}\n".encode()
        head = h11.Response(
            status_code=status,
            reason=PHRASES.get(status, "Error").encode(),
            headers=[
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Date", http_date(time.time())),
                ("Connection", "close"),
            ],
        )
        content = [] if self.method == "HEAD" else [h11.Data(data=body)]
        self.send(head, *content, h11.EndOfMessage())

    def linger(self) -> None:
        """Read on for a moment before closing.

        RFC 9112, 9.6: closed with bytes unread, the connection is reset, and the
        client may never see the answer.
        """
        deadline = time.monotonic() + self.limits.linger_seconds
        with contextlib.suppress(OSError, ClientGone):
            self.socket.shutdown(socket.SHUT_WR)
            while self.receive(deadline):
                pass
