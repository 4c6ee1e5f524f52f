"""The standard library's server, but one that Ctrl-C stops at any moment.

wsgiref reports whatever a request raises, an interrupt too, and serves on.
"""

from __future__ import annotations

import sys
from wsgiref import simple_server

from fwtrace.toolkit.wsgi.types import WSGIApp

__all__ = ["make_server"]


class _ServerHandler(simple_server.ServerHandler):
    def handle_error(self) -> None:
        if isinstance(sys.exc_info()[1], KeyboardInterrupt):
            self.status = "499 Interrupted"  # for its access log
            raise
        super().handle_error()


class _RequestHandler(simple_server.WSGIRequestHandler):
    def handle(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if len(self.raw_requestline) > 65536:
            self.requestline = self.request_version = self.command = ""
            self.send_error(414)
        elif self.parse_request():
            handler = _ServerHandler(
                self.rfile,
                self.wfile,  # type: ignore[arg-type]
                self.get_stderr(),
                self.get_environ(),
                multithread=False,
            )
            handler.request_handler = self  # type: ignore[attr-defined]
            assert isinstance(self.server, simple_server.WSGIServer)
            app = self.server.get_app()
            if app is not None:
                handler.run(app)


def make_server(
    host: str,
    port: int,
    app: WSGIApp,
    server_class: type[simple_server.WSGIServer] = simple_server.WSGIServer,
) -> simple_server.WSGIServer:
    """A server for the app; OSError or OverflowError where it cannot listen."""
    return simple_server.make_server(host, port, app, server_class, _RequestHandler)
