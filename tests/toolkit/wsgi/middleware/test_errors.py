import logging
import sys
from wsgiref.validate import validator

import pytest

from fwtrace.toolkit.http.errors import NotFound, abort
from fwtrace.toolkit.wsgi.client import Client, build_environ, run_app
from fwtrace.toolkit.wsgi.middleware.errors import ErrorsMiddleware

TEXT = [("Content-Type", "text/plain")]


def broken(environ, start_response):
    raise LookupError("<b>no such shelf</b>")


def ask(app, debug=False, **options):
    layer = validator(ErrorsMiddleware(validator(app), debug=debug))
    return Client(layer).get("/shelf", **options)


def test_errors_answers_with_a_plain_page(caplog):
    response = ask(broken)
    assert (response.status_code, response.text) == (500, "500 Internal Server Error\n")
    (logged,) = caplog.records
    assert (logged.name, logged.levelno) == ("fwtrace.errors", logging.ERROR)
    assert logged.getMessage() == "GET /shelf failed"
    assert logged.exc_info[0] is LookupError


def test_errors_answers_json_to_those_who_ask_for_it():
    accept = {"Accept": "application/json"}
    plain = ask(broken, headers=accept)
    assert plain.json == {"error": "Internal Server Error", "detail": ""}
    told = ask(broken, debug=True, headers=accept)
    assert told.json["detail"] == "LookupError: <b>no such shelf</b>"


def test_errors_debug_shows_the_page():
    response = ask(broken, debug=True)
    assert response.status_code == 500
    assert "<h1>LookupError</h1>" in response.text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"


def test_errors_gives_an_http_error_its_status(caplog):
    def app(environ, start_response):
        raise NotFound("No such shelf.")

    response = ask(app, debug=True)
    assert (response.status_code, response.text) == (
        404,
        "404 Not Found\nNo such shelf.\n",
    )
    assert caplog.records == []


def test_errors_of_a_response_that_began_but_was_not_sent():
    def app(environ, start_response):
        start_response("200 OK", TEXT)
        raise ValueError("in time")

    response = Client(ErrorsMiddleware(app)).get("/")
    assert response.status_code == 500
    assert "500" in response.text


def test_errors_of_a_generators_first_chunk():
    def app(environ, start_response):
        start_response("200 OK", TEXT)
        raise ValueError("in time")
        yield b""

    assert Client(ErrorsMiddleware(app)).get("/").status_code == 500


def test_errors_after_a_part_was_sent_go_on(caplog):
    body = Raising()
    with pytest.raises(ValueError, match="too late"):
        run_app(ErrorsMiddleware(body.app), build_environ())
    assert body.closed == 1
    assert [record.getMessage() for record in caplog.records] == ["GET / failed"]


class Raising:
    """A body that raises after its first chunk."""

    def __init__(self):
        self.closed = 0

    def app(self, environ, start_response):
        start_response("200 OK", TEXT)
        return self

    def __iter__(self):
        yield b"part"
        raise ValueError("too late")

    def close(self):
        self.closed += 1


def test_errors_of_an_app_that_returns_nothing():
    response = Client(ErrorsMiddleware(lambda e, s: None)).get("/")  # type: ignore[arg-type, return-value]
    assert response.status_code == 500


def test_errors_lets_the_interpreter_stop():
    def app(environ, start_response):
        sys.exit(3)

    with pytest.raises(SystemExit):
        Client(ErrorsMiddleware(app, debug=True)).get("/")


def test_errors_leaves_plain_bodies_and_files_alone():
    class File:
        def __init__(self, file):
            self.file = file

        def __iter__(self):
            return iter(self.file)

    def app(environ, start_response):
        start_response("200 OK", TEXT)
        return environ["wsgi.file_wrapper"]([b"data"])

    environ = {**build_environ(), "wsgi.file_wrapper": File}
    layer = ErrorsMiddleware(app)
    assert type(layer(environ, lambda *args: lambda data: None)) is File


def test_errors_writes_no_line_of_the_path_into_the_log(caplog):
    environ = build_environ()
    environ["PATH_INFO"] = "/a\nfake"
    run_app(ErrorsMiddleware(broken), environ)
    assert caplog.records[0].getMessage() == "GET /a\\nfake failed"


def test_errors_keeps_an_aborts_detail_out_of_markup():
    response = ask(lambda e, s: abort(400, "<script>"))
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.status_code == 400
