import gzip
import zlib
from wsgiref.validate import validator

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit.wsgi.client import Client, build_environ, run_app
from fwtrace.toolkit.wsgi.middleware.gzip import GZipMiddleware

LONG = b"hello world " * 100


def saying(*headers, body=LONG, status="200 OK", kind="text/plain"):
    def app(environ, start_response):
        start_response(status, [("Content-Type", kind), *headers])
        return [body]

    return app


def ask(app, accept="gzip", method="GET", **options):
    client = Client(validator(GZipMiddleware(validator(app), **options)))
    return client.open(method, "/", headers={"Accept-Encoding": accept})


def called(app, environ):
    """The body that the server gets."""
    return app(environ, lambda *args: None)


def is_packed(response):
    return response.headers.get("Content-Encoding") == "gzip"


def test_gzip_compresses():
    response = ask(saying(("Content-Length", str(len(LONG))), ("ETag", '"a"')))
    assert gzip.decompress(response.body) == LONG
    assert len(response.body) < len(LONG) / 10
    assert response.headers["ETag"] == 'W/"a"'
    assert response.headers["Vary"] == "Accept-Encoding"
    assert "Content-Length" not in response.headers


@pytest.mark.parametrize(
    ("accept", "packed"),
    [
        ("gzip", True),
        ("GZIP;q=0.5, br", True),
        ("*", True),
        ("identity;q=0, gzip", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.1, identity;q=0.9", False),
        ("*;q=0", False),
        (",;q=x", False),
    ],
)
def test_gzip_is_for_those_who_take_it(accept, packed):
    response = ask(saying(), accept)
    assert is_packed(response) is packed
    assert response.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "app",
    [
        saying(("Content-Length", "5"), body=b"small"),
        saying(("Content-Encoding", "br")),
        saying(("Content-Range", "bytes 0-9/10"), status="206 Partial Content"),
        saying(("Cache-Control", "public, No-Transform")),
        saying(kind="image/png"),
        saying(kind="text/event-stream"),
    ],
    ids=["small", "encoded", "range", "no-transform", "image", "events"],
)
def test_gzip_leaves_alone(app):
    response = ask(app)
    assert response.headers.get("Content-Encoding") in (None, "br")
    assert response.body in (LONG, b"small")
    assert "Vary" not in response.headers


def test_gzip_compresses_pictures_that_are_text():
    assert is_packed(ask(saying(kind="image/svg+xml")))


def test_gzip_compresses_error_pages():
    assert is_packed(ask(saying(status="404 Not Found")))


def test_gzip_leaves_head_as_it_is():
    response = ask(saying(("Content-Length", "1200"), body=b""), method="HEAD")
    assert response.headers["Content-Length"] == "1200"
    assert not is_packed(response)


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ("Cookie", ["Cookie", "Accept-Encoding"]),
        ("accept-encoding", ["accept-encoding"]),
        ("*", ["*"]),
    ],
)
def test_gzip_keeps_vary(said, fields):
    assert ask(saying(("Vary", said))).headers.getlist("Vary") == fields


def test_gzip_streams_what_can_be_read_at_once():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield from (b"one", b"", b"two")

    environ = build_environ(headers=[("Accept-Encoding", "gzip")])
    unpack = zlib.decompressobj(wbits=31)
    chunks = called(GZipMiddleware(app), environ)
    read = [unpack.decompress(chunk) for chunk in chunks]
    assert read[:3] == [b"one", b"", b"two"]
    assert unpack.eof


def test_gzip_compresses_what_is_written():
    def app(environ, start_response):
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"written ")
        write(b"twice ")
        return [b"and ", b"returned"]

    assert gzip.decompress(ask(app).body) == b"written twice and returned"


def test_gzip_starts_anew_with_an_error():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            raise ValueError
        except ValueError as error:
            exc_info = (ValueError, error, error.__traceback__)
            start_response("500 Error", [("Content-Type", "image/png")], exc_info)
        return [b"picture"]

    response = ask(app)
    assert (response.body, is_packed(response)) == (b"picture", False)


def test_gzip_hands_on_a_file_as_the_server_knows_it():
    class File:
        def __init__(self, file):
            self.file = file

        def __iter__(self):
            return iter([b"data"])

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "video/mp4")])
        return environ["wsgi.file_wrapper"](None)

    environ = build_environ(headers=[("Accept-Encoding", "gzip")])
    environ["wsgi.file_wrapper"] = File
    assert type(called(GZipMiddleware(app), environ)) is File


def test_gzip_refuses_a_level_that_is_none():
    with pytest.raises(ValueError, match="1 .fast. to 9 .small., not 12"):
        GZipMiddleware(saying(), level=12)


@settings(max_examples=50, deadline=None)
@given(chunks=st.lists(st.binary(max_size=200), max_size=6), stream=st.booleans())
def test_gzip_changes_no_byte(chunks, stream):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter(chunks) if stream else chunks

    environ = build_environ(headers=[("Accept-Encoding", "gzip")])
    _, _, body = run_app(GZipMiddleware(app), environ)
    assert gzip.decompress(body) == b"".join(chunks)
