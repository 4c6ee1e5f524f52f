"""wsgiref and a table of URLs: the smallest framework there is.

python -m sample_apps.url_table
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


def main() -> None:
    from wsgiref.simple_server import make_server

    try:
        server = make_server("127.0.0.1", 8000, application)
    except OSError as error:
        sys.exit(f"Cannot serve on port 8000: {error.strerror}.")
    with server:
        print("Serving HTTP on port 8000...", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
