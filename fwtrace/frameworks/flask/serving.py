"""The development server: threads, and a reload when a file of the app changes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIServer

from fwtrace.toolkit.wsgi.development import make_server

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.app import Flask

__all__ = ["load_environment", "serve"]

# A child that ends with this asks to be started again.
RELOAD = 3
CHILD = "FWTRACE_FLASK_RELOADER"


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def serve(
    app: Flask,
    host: str,
    port: int,
    use_reloader: bool = False,
    use_debugger: bool = False,
    threaded: bool = True,
    **options: Any,
) -> None:
    """Serve until Ctrl-C. Exits with a sentence where the port cannot be had.

    With ``use_reloader`` a child serves, and is started anew when a module changes;
    ``use_debugger`` shows the page of errors that only their developer should see.
    """
    if use_reloader and CHILD not in os.environ:
        raise SystemExit(_supervise())
    if use_debugger:
        from fwtrace.toolkit.wsgi.middleware.errors import ErrorsMiddleware

        served: Any = ErrorsMiddleware(app, debug=True)
    else:
        served = app
    kind = _ThreadingServer if threaded else WSGIServer
    try:
        server = make_server(host, port, served, kind)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        print(
            f"Cannot serve on {host}:{port}: {reason}. Try another port.",
            file=sys.stderr,
        )
        raise SystemExit(1) from None
    with server:
        if use_reloader:
            threading.Thread(target=_watch, daemon=True).start()
        _announce(app, host, server.server_port)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def _announce(app: Flask, host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    print(f" * Serving Flask app {app.name!r}, the clone in fwtrace")
    print(f" * Debug mode: {'on' if app.debug else 'off'}")
    print(f" * Running on http://{shown}:{port} (Ctrl+C to quit)", flush=True)


def _supervise() -> int:
    """Run this program as a child, again and again while it asks for that."""
    while True:
        command = [sys.executable, *_own_arguments()]
        try:
            code = subprocess.call(command, env={**os.environ, CHILD: "1"})
        except KeyboardInterrupt:
            return 0
        if code != RELOAD:
            return code


def _own_arguments() -> list[str]:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is not None:
        name = spec.name.removesuffix(".__main__")
        return ["-m", name, *sys.argv[1:]]
    return list(sys.argv)


def _watch() -> None:
    """End the process when a file that it imported changes."""
    seen: dict[str, float] = {}
    while True:
        for path, moment in _modified():
            if seen.setdefault(path, moment) < moment:
                print(f" * {path} changed: reloading", flush=True)
                os._exit(RELOAD)
        time.sleep(1)


def _modified() -> Iterator[tuple[str, float]]:
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if path and path.endswith(".py"):
            try:
                yield path, os.stat(path).st_mtime
            except OSError:
                continue


def load_environment() -> bool:
    """Take ``.env`` and ``.flaskenv`` where python-dotenv is installed."""
    try:
        import dotenv  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return False
    found = False
    for name in (".env", ".flaskenv"):
        path = dotenv.find_dotenv(name, usecwd=True)
        found = (bool(path) and dotenv.load_dotenv(path)) or found
    return found
