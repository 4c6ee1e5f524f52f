import io
from datetime import UTC, date, datetime
from decimal import Decimal
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit.http.errors import RangeNotSatisfiable
from fwtrace.toolkit.http.headers import Headers
from fwtrace.toolkit.wsgi.client import build_environ, run_app
from fwtrace.toolkit.wsgi.request import Request
from fwtrace.toolkit.wsgi.response import (
    FileResponse,
    JsonResponse,
    Response,
    guess_type,
    redirect,
)


def send(response, method="GET", **headers):
    """(status, headers, body) of the response, checked against PEP 3333."""
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    environ = build_environ(method, headers=pairs)
    status, fields, body = run_app(validator(response), environ)
    return status, Headers(fields), body


class Chunks:
    def __init__(self, *chunks):
        self.chunks = chunks
        self.closed = 0

    def __iter__(self):
        return iter(self.chunks)

    def close(self):
        self.closed += 1


def test_response_sends_text_as_html_with_its_length():
    status, headers, body = send(Response("é"))
    assert (status, body) == ("200 OK", "é".encode())
    assert headers.items() == [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", "2"),
    ]


@pytest.mark.parametrize(
    ("given", "line"),
    [(404, "404 Not Found"), ("not found", "404 Not Found"), ("299 Fine", "299 Fine")],
)
def test_response_status_by_number_phrase_or_line(given, line):
    response = Response(status=given)
    assert (response.status, response.status_code) == (line, int(line[:3]))
    response.status = 201
    assert response.status == "201 Created"
    response.status = given
    assert send(response)[0] == line


@pytest.mark.parametrize("status", [99, 600, "200 OK\r\nX: y", "nonsense"])
def test_response_refuses_what_is_no_status(status):
    with pytest.raises(ValueError, match="status"):
        Response(status=status)
    with pytest.raises(ValueError, match="status"):
        Response().status = status


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\0b", "\u20ac"])
def test_response_refuses_headers_that_http_cannot_carry(value):
    with pytest.raises(ValueError, match="header"):
        Response(headers={"X-Tag": value})
    with pytest.raises(ValueError, match="header"):
        Response(content_type=value)
    with pytest.raises(ValueError, match="header"):
        Response().headers["X-Tag"] = value


def test_response_headers_hold_the_content_type():
    response = Response("a", headers=[("X-Tag", "a"), ("X-Tag", "b")])
    assert response.headers["content-type"] == response.content_type
    response.content_type = "text/plain"
    assert response.headers["content-type"] == "text/plain"
    assert send(response)[1].getlist("X-Tag") == ["a", "b"]


def test_response_prefers_a_content_type_among_its_headers():
    response = Response("a", headers={"content-type": "text/css"})
    assert response.content_type == "text/css"
    assert send(response)[1].getlist("Content-Type") == ["text/css"]


def test_response_sets_and_deletes_cookies():
    response = Response()
    response.set_cookie("a", "1", httponly=True)
    response.delete_cookie("b")
    first, second = send(response)[1].getlist("Set-Cookie")
    assert first == "a=1; Path=/; HttpOnly"
    assert second.startswith("b=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970")


@pytest.mark.parametrize(
    "response", [Response("body"), Response("body", 201), Response("body", 404)]
)
def test_head_has_the_length_but_no_body(response):
    status, headers, body = send(response, "HEAD")
    assert (headers["Content-Length"], body) == ("4", b"")
    assert send(response)[2] == b"body"


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_content_send_none(status):
    response = Response("body", status, {"X-Tag": "a", "Content-Length": "4"})
    assert send(response)[1:] == (Headers({"X-Tag": "a"}), b"")


def test_streamed_body_is_sent_without_a_length_and_closed():
    chunks = Chunks("é", b"b")
    response = Response(chunks)
    assert response.streamed
    with pytest.raises(RuntimeError, match="streamed"):
        _ = response.body
    status, headers, body = send(response)
    assert ("Content-Length" in headers, body) == (False, "éb".encode())
    assert chunks.closed == 1


def test_streamed_body_is_closed_unread_for_head():
    def produce():
        raise AssertionError("nobody reads it")
        yield b""

    chunks = Chunks()
    assert send(Response(chunks), "HEAD")[2] == b""
    assert chunks.closed == 1
    assert send(Response(produce()), "HEAD")[2] == b""


def test_body_may_be_replaced():
    response = Response(chunks := Chunks(b"a"))
    response.body = "é"
    assert (response.streamed, chunks.closed) == (False, 1)
    assert send(response)[2] == response.body == "é".encode()


def test_on_close_functions_run_in_order_whatever_one_raises():
    called = []
    response = Response(chunks := Chunks(b"a"))
    response.on_close(lambda: called.append(1))
    response.on_close(lambda: called.append(1 // 0))
    response.on_close(lambda: called.append(3))
    with pytest.raises(ZeroDivisionError):
        send(response)
    assert (called, chunks.closed) == ([1, 3], 1)


def test_response_of_lone_surrogates_is_still_sent():
    assert send(Response("a\ud800"))[2] == b"a?"
    assert send(JsonResponse("\ud800"))[2] == b'"?"'


def test_json_response_writes_what_json_lacks_as_text():
    data = {"é": [date(2026, 1, 2), {3, 1}, Decimal("1.50")]}
    response = JsonResponse(data, 201, {"X-Tag": "a"})
    status, headers, body = send(response)
    assert (status, headers["Content-Type"]) == ("201 Created", "application/json")
    assert body == '{"é":["2026-01-02",[1,3],"1.50"]}'.encode()


def test_json_response_names_the_type_it_cannot_write():
    with pytest.raises(TypeError, match="Chunks is not JSON"):
        JsonResponse(Chunks())


# Conditional requests and ranges.


def conditional(body=b"0123456789"):
    response = Response(body)
    response.headers["Last-Modified"] = "Sun, 06 Nov 1994 08:49:37 GMT"
    response.headers["ETag"] = '"tag"'
    return response


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("If-None-Match", '"tag"', 304),
        ("If-None-Match", 'W/"tag"', 304),
        ("If-None-Match", '"other"', 200),
        ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 304),
        ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT", 200),
        ("If-Modified-Since", "nonsense", 200),
        ("If-Match", '"other"', 412),
        ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT", 412),
        ("Range", "bytes=2-3", 206),
        ("Range", "lines=2-3", 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_make_conditional_honours_preconditions(header, value, status, method):
    environ = build_environ(method, headers=[(header, value)])
    response = conditional().make_conditional(Request(environ))
    if method == "HEAD" and status == 206:
        status = 200  # ranges are for GET only
    assert response.status_code == status
    body = run_app(response, environ)[2]
    whole = b"0123456789" if status == 200 else b""
    expected = b"23" if status == 206 else whole
    assert body == (b"" if method == "HEAD" else expected)


def test_range_is_cut_out_and_described():
    environ = build_environ(headers=[("Range", "bytes=-3")])
    response = conditional().make_conditional(environ)
    status, headers, body = run_app(response, environ)
    assert (status, body) == ("206 Partial Content", b"789")
    assert Headers(headers)["Content-Range"] == "bytes 7-9/10"
    assert Headers(headers)["Content-Length"] == "3"


@pytest.mark.parametrize(("tag", "status"), [('"tag"', 206), ('"old"', 200)])
def test_range_is_ignored_when_if_range_does_not_hold(tag, status):
    headers = [("Range", "bytes=0-1"), ("If-Range", tag)]
    environ = build_environ(headers=headers)
    assert conditional().make_conditional(environ).status_code == status


def test_range_outside_the_body_is_not_satisfiable():
    environ = build_environ(headers=[("Range", "bytes=10-")])
    with pytest.raises(RangeNotSatisfiable):
        conditional().make_conditional(environ)


def test_only_success_is_made_conditional():
    environ = build_environ(headers=[("If-None-Match", "*")])
    assert Response(status=404).make_conditional(environ).status_code == 404


def test_add_etag_tags_the_content_and_keeps_a_tag():
    first, second = Response("a"), Response("b")
    first.add_etag()
    second.add_etag(weak=True)
    assert second.headers["ETag"].startswith('W/"')
    assert first.headers["ETag"] != second.headers["ETag"]
    tagged = conditional()
    tagged.add_etag()
    assert tagged.headers["ETag"] == '"tag"'


# Files.


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "numbers.txt"
    path.write_bytes(b"0123456789")
    return path


def test_file_is_sent_with_its_validators(file):
    status, headers, body = send(FileResponse(file))
    assert (status, body) == ("200 OK", b"0123456789")
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["Content-Length"] == "10"
    assert headers["Accept-Ranges"] == "bytes"
    again = send(FileResponse(file), If_None_Match=headers["ETag"])
    assert (again[0], again[2]) == ("304 Not Modified", b"")
    since = headers["Last-Modified"]
    assert send(FileResponse(file), If_Modified_Since=since)[0] == again[0]


@pytest.mark.parametrize(
    ("wanted", "status", "expected"),
    [
        ("bytes=0-0", 206, b"0"),
        ("bytes=5-", 206, b"56789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=8-100", 206, b"89"),
        ("bytes=10-", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=0-1,3-4", 200, b"0123456789"),
        ("bytes=4-2", 200, b"0123456789"),
        ("bytes=x", 200, b"0123456789"),
    ],
)
def test_file_range(file, wanted, status, expected):
    line, headers, body = send(FileResponse(file), Range=wanted)
    assert (int(line[:3]), body) == (status, expected)
    assert headers["Content-Length"] == str(len(expected))
    if status == 416:
        assert headers["Content-Range"] == "bytes */10"


def test_file_head_and_failed_precondition_send_no_body(file):
    status, headers, body = send(FileResponse(file), "HEAD")
    assert (headers["Content-Length"], body) == ("10", b"")
    status, headers, body = send(FileResponse(file), If_Match='"other"')
    assert (status[:3], headers["Content-Length"], body) == ("412", "0", b"")


def test_file_is_handed_to_the_servers_wrapper_and_closed(file):
    environ = build_environ()
    environ["wsgi.file_wrapper"] = FileWrapper
    response = FileResponse(file)

    def start_response(status, headers, exc_info=None, /):
        return lambda data: None

    result = response(environ, start_response)
    assert isinstance(result, FileWrapper)
    assert b"".join(result) == b"0123456789"
    result.close()


def test_file_is_not_handed_over_when_something_waits_for_its_end(file):
    environ = build_environ()
    environ["wsgi.file_wrapper"] = FileWrapper
    closed = []
    response = FileResponse(file)
    response.on_close(lambda: closed.append(1))
    assert run_app(response, environ)[2] == b"0123456789"
    assert closed == [1]


def test_file_in_memory_and_its_name_for_saving():
    response = FileResponse(
        io.BytesIO(b"a,b"), download_name='été"\r\n.csv', as_attachment=True
    )
    status, headers, body = send(response, Range="bytes=1-1")
    assert (status[:3], body) == ("206", b",")
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["Content-Disposition"] == (
        "attachment; filename=\"?t?.csv\"; filename*=UTF-8''%C3%A9t%C3%A9.csv"
    )


def test_file_that_is_not_there_raises(tmp_path):
    with pytest.raises(FileNotFoundError):
        FileResponse(tmp_path / "none")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.png", "image/png"),
        ("a.tar.gz", "application/octet-stream"),
        ("a", "application/octet-stream"),
        ("data:a\r\nb/c,x", "application/octet-stream"),
    ],
)
def test_guess_type(name, kind):
    assert guess_type(name) == kind


@given(st.text(max_size=30))
@settings(max_examples=100, deadline=None)
def test_download_name_of_any_text_is_a_header(name):
    response = FileResponse(io.BytesIO(), "text/plain", name, as_attachment=True)
    assert send(response)[0] == "200 OK"


@given(st.text(max_size=30), st.sampled_from([301, 302, 303, 307, 308]))
@settings(max_examples=100, deadline=None)
def test_redirect_to_any_text_is_one_header(location, status):
    response = redirect(location, status)
    found = send(response)[1]["Location"]
    assert found.isascii()
    assert found.isprintable()


def test_redirect_keeps_what_is_encoded_and_refuses_other_statuses():
    response = redirect("/é?a=%20&b=c#d")
    assert response.headers["Location"] == "/%C3%A9?a=%20&b=c#d"
    with pytest.raises(ValueError, match="does not redirect"):
        redirect("/", 200)


def test_last_modified_of_a_file_is_in_utc(file):
    when = send(FileResponse(file))[1]["Last-Modified"]
    moment = datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
    assert when == moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
