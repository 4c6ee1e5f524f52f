"""The server's side of PEP 3333: the environ it makes, the response it takes."""

from __future__ import annotations

import io
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

import h11

from fwtrace.toolkit.http.dates import http_date
from fwtrace.toolkit.wsgi.types import Environ, WSGIApp

if TYPE_CHECKING:
    from sample_apps.socket_connection import Connection

__all__ = ["ClientGone", "Exchange", "Refused", "make_environ"]

# PEP 3333, "Other HTTP Features": these are between server and client.
HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)


class ClientGone(Exception):
    """The other side hung up, or takes no bytes: there is nobody to answer."""


class Refused(Exception):
    """The request gets an error of the server's own, and the connection ends."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Exchange:
    """The server's side of PEP 3333 for one request: ``start_response``, ``write``."""

    def __init__(self, connection: Connection, environ: Environ) -> None:
        self.connection = connection
        self.environ = environ
        self.head: h11.Response | None = None
        self.sent = False

    def run(self, app: WSGIApp) -> None:
        """Call the app and send what it answers; its error is printed, and a 500."""
        try:
            body = app(self.environ, self.start_response)
            try:
                self.send_all(body)
            finally:
                close = getattr(body, "close", None)
                if close is not None:
                    close()
        except ClientGone:
            raise
        except Exception:
            self.fail()

    def send_all(self, body: Iterable[bytes]) -> None:
        if isinstance(body, (list, tuple)) and len(body) == 1:
            self.set_length(len(body[0]))
        for chunk in body:
            if chunk:
                self.write(chunk)
        self.write(b"", h11.EndOfMessage())

    def start_response(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: Any = None,
        /,
    ) -> Callable[[bytes], None]:
        if exc_info is not None:
            if self.sent:
                raise exc_info[1].with_traceback(exc_info[2])
        elif self.head is not None:
            raise RuntimeError("start_response was called twice without exc_info.")
        names = {name.lower() for name, _ in headers}
        if names & HOP_BY_HOP:
            raise ValueError(f"An app may not send {', '.join(names & HOP_BY_HOP)}.")
        code, _, reason = status.partition(" ")
        fields = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers]
        if "date" not in names:
            fields.append((b"Date", http_date(time.time()).encode()))
        if self.connection.server.stopping:
            fields.append((b"Connection", b"close"))
        self.head = h11.Response(
            status_code=int(code), reason=reason.encode("latin-1"), headers=fields
        )
        return self.write

    def set_length(self, length: int) -> None:
        """The length of a body that is all there, where the app did not say it."""
        head = self.head
        if head is None or self.sent or head.status_code in (204, 304):
            return
        if not any(name == b"content-length" for name, _ in head.headers):
            self.head = h11.Response(
                status_code=head.status_code,
                reason=head.reason,
                headers=[
                    *head.headers.raw_items(),
                    (b"Content-Length", b"%d" % length),
                ],
            )

    def write(self, data: bytes, *after: Any) -> None:
        """Send the head, if that is still to do, and the data."""
        events: list[Any] = []
        if not self.sent:
            if self.head is None:
                raise RuntimeError("The app answered without calling start_response.")
            events.append(self.head)
            self.sent = True
        if data and self.has_content():
            events.append(h11.Data(data=data))
        self.connection.send(*events, *after)

    def has_content(self) -> bool:
        # RFC 9110, 9.3.2 and 6.4.1.
        code = self.head.status_code if self.head else 200
        return self.connection.method != "HEAD" and code not in (204, 304)

    def fail(self) -> None:
        """The app raised: tell its author, and the client if there is still time."""
        traceback.print_exc()
        if not self.sent:
            self.connection.refuse(500, "The app failed; its author knows why.")
        # Else the body stays unfinished, and the client can tell from that.


def make_environ(
    connection: Connection, request: h11.Request, body: IO[bytes]
) -> Environ:
    """The request as PEP 3333 tells it; Refused for a target of no known form."""
    path, query, authority = split_target(request.target, connection.method)
    server = connection.server
    version = request.http_version.decode("ascii")
    environ: Environ = {
        "REQUEST_METHOD": connection.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": server.host,
        "SERVER_PORT": str(server.port),
        "SERVER_PROTOCOL": f"HTTP/{version}",
        "REMOTE_ADDR": connection.address[0],
        "REMOTE_PORT": str(connection.address[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in request.headers:
        add_header(environ, raw_name.decode("ascii"), raw_value.decode("latin-1"))
    if authority:
        environ["HTTP_HOST"] = authority  # RFC 9112, 3.2.2
    if "HTTP_TRANSFER_ENCODING" in environ:
        # The chunks are joined by now: the app sees a body like any other.
        del environ["HTTP_TRANSFER_ENCODING"]
        environ["CONTENT_LENGTH"] = str(body.seek(0, io.SEEK_END))
        body.seek(0)
    return environ


def add_header(environ: Environ, name: str, value: str) -> None:
    if "_" in name:
        return  # it would pass for the one with hyphens, which a proxy may have set
    key = name.upper().replace("-", "_")
    if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        key = f"HTTP_{key}"
    if key in environ:
        joint = "; " if key == "HTTP_COOKIE" else ", "
        value = f"{environ[key]}{joint}{value}"
    environ[key] = value


def split_target(raw: bytes, method: str) -> tuple[str, str, str]:
    """``(path, query, authority)`` of a request target (RFC 9112, 3.2)."""
    target = raw.decode("latin-1")
    if target.startswith("/"):
        path, _, query = target.partition("?")
        return path, query, ""
    if target == "*" and method == "OPTIONS":
        return "/", "", ""
    try:
        parts = urlsplit(target)
        if parts.scheme in ("http", "https") and "@" not in parts.netloc:
            return parts.path or "/", parts.query, parts.netloc
    except ValueError:
        pass
    raise Refused(400, "The request target is no path.")
