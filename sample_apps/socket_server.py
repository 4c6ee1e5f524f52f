"""From a raw socket to a WSGI app and back: what a web server does (HTTP/1.1).

python -m sample_apps.socket_server MODULE:ATTR --port 8000 --show-raw

Here are the threads, one a connection and so many at a time. What happens on a
connection is in ``socket_connection``, what PEP 3333 asks of a server in
``socket_exchange``.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
import threading
import time
import traceback
from typing import Any

from fwtrace.toolkit.wsgi.types import WSGIApp

try:
    from sample_apps.socket_connection import Connection, Limits
    from sample_apps.socket_exchange import ClientGone
except ModuleNotFoundError as error:
    if error.name != "h11":
        raise
    MISSING = (
        "The socket server reads HTTP with h11, which is not installed: "
        "pip install 'fwtrace[server]'"
    )
    if __name__ == "__main__":
        sys.exit(MISSING)
    raise ModuleNotFoundError(MISSING, name="h11") from None

__all__ = ["Limits", "Server", "load_app", "main"]


class Server:
    """Accepts connections for one app. ``port`` 0 takes any that is free.

    Raises OSError when it cannot listen there.
    """

    def __init__(
        self,
        app: WSGIApp,
        host: str = "127.0.0.1",
        port: int = 8000,
        *,
        limits: Limits | None = None,
        show_raw: bool = False,
    ) -> None:
        self.app = app
        self.limits = limits or Limits()
        self.show_raw = show_raw
        self.stopping = False
        self._slots = threading.BoundedSemaphore(self.limits.connections)
        self._lock = threading.Lock()
        self._connections: dict[Connection, threading.Thread] = {}
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=128)
        self._listener.setblocking(False)
        self._wake, self._woken = socket.socketpair()
        self.host = host
        self.port: int = self._listener.getsockname()[1]

    def serve_forever(self) -> None:
        """Serve until :meth:`stop` is called, then let what has begun come to its end.

        While every slot is taken, a new client waits in the kernel's queue; idle
        connections give up theirs.
        """
        try:
            while self._client_waits():
                if not self._slots.acquire(timeout=0.05):
                    self._close_idle(after=1)
                elif not self._accept():
                    self._slots.release()
        finally:
            self._finish()

    def stop(self) -> None:
        """Make :meth:`serve_forever` return; safe from other threads and signals."""
        self.stopping = True
        with contextlib.suppress(OSError):
            self._wake.send(b"\0")

    def _client_waits(self) -> bool:
        select.select([self._listener, self._woken], [], [])
        return not self.stopping

    def _accept(self) -> bool:
        try:
            client, address = self._listener.accept()
        except BlockingIOError:
            return False  # it went away again
        except OSError as error:
            print(f"Cannot accept a connection: {error.strerror}.", file=sys.stderr)
            time.sleep(0.05)  # out of file descriptors: until some are closed
            return False
        connection = Connection(self, client, address)
        thread = threading.Thread(
            target=self._serve, args=(connection,), name="connection", daemon=True
        )
        with self._lock:
            self._connections[connection] = thread
        thread.start()
        return True

    def _serve(self, connection: Connection) -> None:
        try:
            connection.serve()
        except ClientGone:
            pass
        except Exception:
            traceback.print_exc()
        finally:
            connection.socket.close()
            with self._lock:
                del self._connections[connection]
            self._slots.release()

    def _close_idle(self, after: int) -> None:
        """Hang up on clients that ask nothing, once they had so many answers."""
        with self._lock:
            for connection in self._connections:
                if connection.idle and connection.answered >= after:
                    with contextlib.suppress(OSError):
                        connection.socket.shutdown(socket.SHUT_RD)

    def _finish(self) -> None:
        self.stopping = True
        self._listener.close()
        self._close_idle(after=0)
        deadline = time.monotonic() + self.limits.stop_seconds
        with self._lock:
            threads = list(self._connections.values())
        for thread in threads:
            thread.join(max(0, deadline - time.monotonic()))
        self._wake.close()
        self._woken.close()


def load_app(target: str) -> WSGIApp:
    """The app of ``"module:attribute"``; raises LookupError with a sentence."""
    import importlib

    name, _, attribute = target.partition(":")
    try:
        app: Any = importlib.import_module(name)
        for part in (attribute or "application").split("."):
            app = getattr(app, part)
    except ModuleNotFoundError as error:
        raise LookupError(f"There is no module {error.name!r}.") from None
    except (AttributeError, ValueError):
        raise LookupError(
            f"There is no app at {target!r}. Name it as module:attribute."
        ) from None
    if not callable(app):
        raise LookupError(f"{target!r} cannot be called, so it is no WSGI app.")
    return app  # type: ignore[no-any-return]


def main(argv: list[str] | None = None) -> None:
    import argparse
    import signal

    parser = argparse.ArgumentParser(
        prog="python -m sample_apps.socket_server",
        description="Serve a WSGI app over HTTP/1.1 from a raw socket.",
    )
    parser.add_argument(
        "app",
        nargs="?",
        default="sample_apps.wsgi_hello:application",
        metavar="MODULE:ATTR",
        help="the app (default: %(default)s)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument("--port", type=_port, default=8000, help="default: %(default)s")
    parser.add_argument(
        "--show-raw", action="store_true", help="print the bytes that are read"
    )
    given = parser.parse_args(argv)
    sys.path.insert(0, os.getcwd())
    try:
        app = load_app(given.app)
        server = Server(app, given.host, given.port, show_raw=given.show_raw)
    except LookupError as error:
        sys.exit(str(error.args[0]))
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]
        sys.exit(
            f"Cannot listen on {given.host}:{given.port}: {why}. "
            "Choose another with --host or --port."
        )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop())
    host = f"[{server.host}]" if ":" in server.host else server.host
    print(f"Serving {given.app} on http://{host}:{server.port}", flush=True)
    server.serve_forever()


def _port(text: str) -> int:
    import argparse

    if not (text.isascii() and text.isdigit() and int(text[:6]) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)


if __name__ == "__main__":
    main()
