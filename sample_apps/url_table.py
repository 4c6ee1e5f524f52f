"""wsgiref and a table of URLs: the smallest framework there is.

python -m sample_apps.url_table [PORT]
"""

from __future__ import annotations

import sys

from fwtrace.toolkit.routing import path
from fwtrace.toolkit.wsgi.dispatch import Dispatcher
from fwtrace.toolkit.wsgi.request import Request
from fwtrace.toolkit.wsgi.response import Response

__all__ = ["application"]


def index(request: Request) -> Response:
    return Response("index")


def login(request: Request) -> Response:
    return Response("login")


urlpatterns = [
    path("index/", index, name="index"),
    path("login/", login, name="login"),
]

application = Dispatcher(urlpatterns)


def main(port: str = "8000") -> None:
    from wsgiref.simple_server import make_server

    if not (port.isascii() and port.isdigit() and int(port[:6]) < 65536):
        sys.exit(f"{port!r} is no port: give a number from 0 to 65535.")
    try:
        server = make_server("127.0.0.1", int(port), application)
    except OSError as error:
        sys.exit(f"Cannot serve on port {port}: {error.strerror}. Give another.")
    with server:
        print(f"Serving HTTP on port {server.server_port} ...", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main(*sys.argv[1:2])
