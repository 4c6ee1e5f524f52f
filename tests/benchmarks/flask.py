"""The Flask clone beside Flask: one program, with its import line changed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.benchmarks import startup
from tests.benchmarks.apps import FORM, ROWS, TEMPLATE, caller
from tests.benchmarks.harness import Aim, Result, compare, show

ROOTS = {"clone": "fwtrace.frameworks.flask", "flask": "flask"}
AIM = (Aim("clone", "flask", 0.28),)
URLENCODED = "application/x-www-form-urlencoded"


def make_app(flask: Any, hooks: int = 0, folder: str = "templates") -> Any:
    """The same app on either."""
    app = flask.Flask("benchmark", template_folder=folder)
    app.secret_key = "a key for the benchmark"

    @app.route("/plain")
    def plain() -> Any:
        return flask.Response("Hello, World!", mimetype="text/plain")

    @app.route("/users/<int:id>")
    def user(id: int) -> Any:
        return {"id": id, "name": "Ann"}

    @app.post("/form")
    def form() -> Any:
        return flask.Response(flask.request.form["email"], mimetype="text/plain")

    @app.route("/page")
    def page() -> Any:
        return flask.render_template("page.html", rows=ROWS)

    @app.route("/session")
    def session() -> Any:
        flask.session["count"] = flask.session.get("count", 0) + 1
        return flask.Response("Hello, World!", mimetype="text/plain")

    @app.route("/url")
    def url() -> Any:
        return flask.url_for("user", id=7, tab="posts")

    for _ in range(hooks):
        app.before_request(lambda: None)
        app.after_request(_set_a_header)
    return app


def _set_a_header(response: Any) -> Any:
    response.headers["X-Layer"] = "1"
    return response


def _both(
    title: str, make: Callable[[Any], Callable[[], Any]], aims: tuple[Aim, ...] = AIM
) -> Result:
    runs = {name: make(import_module(root)) for name, root in ROOTS.items()}
    result = compare(title, runs)
    show(result, aims)
    return result


def plain() -> Result:
    return _both("Flask: plain text", lambda f: caller(make_app(f), "GET", "/plain"))


def json_route() -> Result:
    return _both("Flask: JSON", lambda f: caller(make_app(f), "GET", "/users/7"))


def hooks() -> Result:
    return _both(
        "Flask: five before_request and five after_request functions",
        lambda f: caller(make_app(f, hooks=5), "GET", "/plain"),
    )


def form() -> Result:
    return _both(
        "Flask: a form post of three fields",
        lambda f: caller(make_app(f), "POST", "/form", FORM, URLENCODED),
    )


def session() -> Result:
    return _both(
        "Flask: a session written and signed",
        lambda f: caller(make_app(f), "GET", "/session"),
        (),
    )


def url() -> Result:
    return _both("Flask: url_for", lambda f: caller(make_app(f), "GET", "/url"), ())


def page() -> Result:
    import jinja2

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_text(TEMPLATE)
        loader = jinja2.FileSystemLoader(folder)
        environment = jinja2.Environment(loader=loader, autoescape=True)
        runs: dict[str, Callable[[], object]] = {
            name: caller(make_app(import_module(root), folder=folder), "GET", "/page")
            for name, root in ROOTS.items()
        }
        runs["bare jinja2"] = lambda: environment.get_template("page.html").render(
            rows=ROWS
        )
        result = compare("Flask: a template of twenty rows", runs)
    show(result, (Aim("clone", "bare jinja2", 1.25),))
    return result


def importing() -> Result:
    aim = Aim("clone", "flask", 0.5)
    return startup.importing("Flask: importing it", ROOTS, aim)


def flask() -> list[Result]:
    """All of these."""
    found = [plain(), json_route(), hooks(), form(), session(), url(), page()]
    return [*found, importing()]


if __name__ == "__main__":
    flask()
