"""The same small apps on a bare callable, micro, Bottle, Falcon and Flask."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from tests.benchmarks.harness import Aim, Result, compare, show

ROWS = [{"id": n, "name": f"user {n}", "email": f"u{n}@example.org"} for n in range(20)]
TEMPLATE = (
    "<table>{% for row in rows %}<tr><td>{{ row.id }}</td><td>{{ row.name }}</td>"
    "<td>{{ row.email }}</td></tr>{% endfor %}</table>"
)
FORM = b"name=Ann&age=30&email=ann%40example.org"
HEADERS = {
    "HTTP_HOST": "localhost",
    "HTTP_USER_AGENT": "benchmark",
    "HTTP_ACCEPT": "*/*",
    "HTTP_ACCEPT_ENCODING": "gzip",
}


def environ(method: str, path: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **HEADERS,
    }


def caller(
    app: Any, method: str, path: str, body: bytes = b"", kind: str = ""
) -> Callable[[], bytes]:
    """One request through the app, consumed and closed as a server does."""
    base = environ(method, path)
    if body:
        base["CONTENT_LENGTH"] = str(len(body))
        base["CONTENT_TYPE"] = kind

    def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
        if not status.startswith("200"):
            raise AssertionError(status)

    def call() -> bytes:
        request = base.copy()
        request["wsgi.input"] = io.BytesIO(body)
        result = app(request, start_response)
        answer = b"".join(result)
        if hasattr(result, "close"):
            result.close()
        return answer

    return call


def bare(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    path = environ["PATH_INFO"]
    if path == "/plain":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"Hello, World!"]
    if path.startswith("/users/"):
        body = json.dumps({"id": int(path[7:]), "name": "Ann"}).encode()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [body]
    start_response("404 Not Found", [])
    return [b""]


def micro_app() -> Any:
    from fwtrace.frameworks.micro import App, JsonResponse, Response

    app = App()

    @app.route("/plain")
    def plain(request: Any) -> Any:
        return Response("Hello, World!", content_type="text/plain")

    @app.route("/users/<int:id>")
    def user(request: Any, id: int) -> Any:
        return JsonResponse({"id": id, "name": "Ann"})

    @app.route("/form", methods=["POST"])
    def form(request: Any) -> Any:
        return Response(request.form["email"], content_type="text/plain")

    return app


def bottle_app() -> Any:
    import bottle

    app = bottle.Bottle()

    @app.route("/plain")
    def plain() -> str:
        bottle.response.content_type = "text/plain"
        return "Hello, World!"

    @app.route("/users/<id:int>")
    def user(id: int) -> dict[str, Any]:
        return {"id": id, "name": "Ann"}

    @app.post("/form")
    def form() -> Any:
        bottle.response.content_type = "text/plain"
        return bottle.request.forms["email"]

    return app


def falcon_app() -> Any:
    import falcon

    class Plain:
        def on_get(self, request: Any, response: Any) -> None:
            response.content_type = "text/plain"
            response.text = "Hello, World!"

    class User:
        def on_get(self, request: Any, response: Any, id: int) -> None:
            response.media = {"id": id, "name": "Ann"}

    class Form:
        def on_post(self, request: Any, response: Any) -> None:
            response.content_type = "text/plain"
            response.text = request.get_media()["email"]

    app = falcon.App()
    app.add_route("/plain", Plain())
    app.add_route("/users/{id:int}", User())
    app.add_route("/form", Form())
    return app


def flask_app() -> Any:
    import flask

    app = flask.Flask("benchmark")

    @app.route("/plain")
    def plain() -> Any:
        return flask.Response("Hello, World!", mimetype="text/plain")

    @app.route("/users/<int:id>")
    def user(id: int) -> Any:
        return {"id": id, "name": "Ann"}

    @app.route("/form", methods=["POST"])
    def form() -> Any:
        return flask.Response(flask.request.form["email"], mimetype="text/plain")

    return app


def everyone(path: str, method: str = "GET", body: bytes = b"") -> dict[str, Any]:
    kind = "application/x-www-form-urlencoded" if body else ""
    frameworks = {
        "micro": micro_app,
        "falcon (compiled)": falcon_app,
        "bottle": bottle_app,
        "flask": flask_app,
    }
    return {
        name: caller(make(), method, path, body, kind)
        for name, make in frameworks.items()
    }


AIMS = (Aim("micro", "bottle", 0.6), Aim("micro", "falcon (compiled)", 1.25))


def plain() -> Result:
    result = compare(
        "A plain-text route",
        {"bare": caller(bare, "GET", "/plain"), **everyone("/plain")},
    )
    show(result, AIMS)
    return result


def json_route() -> Result:
    runs = {"bare": caller(bare, "GET", "/users/7"), **everyone("/users/7")}
    result = compare("A JSON route with an int converter", runs)
    show(result, AIMS)
    return result


def form() -> Result:
    result = compare("A form post of three fields", everyone("/form", "POST", FORM))
    show(result, AIMS)
    return result


def middleware() -> Result:
    """Five layers that each set a response header, over a plain route."""
    from fwtrace.toolkit.wsgi.middleware.request_id import RequestIdMiddleware
    from fwtrace.toolkit.wsgi.middleware.security import SecurityHeadersMiddleware
    from fwtrace.toolkit.wsgi.middleware.timing import TimingMiddleware

    app = micro_app()
    for layer in (
        RequestIdMiddleware,
        TimingMiddleware,
        SecurityHeadersMiddleware,
        TimingMiddleware,
        RequestIdMiddleware,
    ):
        app.add_middleware(layer)
    folded: Any = flask_app()
    for _ in range(5):
        folded = _setting_a_header(folded)
    runs = {
        "micro, none": caller(micro_app(), "GET", "/plain"),
        "micro, five": caller(app, "GET", "/plain"),
        "flask, five": caller(folded, "GET", "/plain"),
    }
    result = compare("Five middlewares", runs)
    show(result)
    return result


def _setting_a_header(app: Any) -> Any:
    def layer(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            return start_response(status, [*headers, ("X-Layer", "1")], exc_info)

        return app(environ, start)

    return layer


def page() -> Result:
    """A table of twenty rows, against jinja2 by itself."""
    import tempfile
    from pathlib import Path

    import flask
    import jinja2

    from fwtrace.frameworks.micro import App, render_template

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_text(TEMPLATE)
        app = App(templates=folder)

        @app.route("/page")
        def view(request: Any) -> Any:
            return render_template("page.html", rows=ROWS)

        other = flask.Flask("benchmark", template_folder=folder)

        @other.route("/page")
        def flask_view() -> Any:
            return flask.render_template("page.html", rows=ROWS)

        loader = jinja2.FileSystemLoader(folder)
        environment = jinja2.Environment(loader=loader, autoescape=True)
        runs = {
            "bare jinja2": lambda: environment.get_template("page.html").render(
                rows=ROWS
            ),
            "micro": caller(app, "GET", "/page"),
            "flask": caller(other, "GET", "/page"),
        }
        result = compare("A template of twenty rows", runs)
    show(result, (Aim("micro", "bare jinja2", 1.15),))
    return result
