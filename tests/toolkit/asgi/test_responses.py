"""Responses: the messages that each kind of response sends."""

import asyncio
import contextlib
import datetime
import http.cookies
import os
import re

import pytest

from tests.toolkit.asgi.drive import (
    DISCONNECT,
    answer,
    body_messages,
    fetch,
    http_scope,
    receiver,
    run,
    websocket_scope,
)

OLD_SERVER = {"asgi": {"version": "3.0", "spec_version": "2.3"}}
TEXT = b"0123456789abcdef"


@pytest.fixture
def res(part):
    return part("responses")


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "letters.txt"
    file.write_bytes(TEXT)
    os.utime(file, (1_000_000_000, 1_000_000_000))
    return file


def test_a_response_is_a_start_and_a_body(res):
    sent = run(res.Response("é", headers={"X-Tag": "a"}), http_scope())
    assert [message["type"] for message in sent] == [
        "http.response.start",
        "http.response.body",
    ]
    start, body = sent
    assert start["status"] == 200
    assert sorted(start["headers"]) == [(b"content-length", b"2"), (b"x-tag", b"a")]
    assert body["body"] == "é".encode()
    assert not body.get("more_body", False)


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (None, b""),
        ("", b""),
        ("é", b"\xc3\xa9"),
        (b"\xff", b"\xff"),
        (memoryview(b"view"), b"view"),
        (memoryview(b"view")[::2], b"ve"),
    ],
)
def test_contents(res, content, body):
    response = res.Response(content)
    assert bytes(response.body) == body
    assert response.headers["content-length"] == str(len(body))
    assert bytes(fetch(response)[2]) == body


def test_other_contents_need_a_render_of_their_own(res):
    with pytest.raises(AttributeError):
        res.Response({"a": 1})

    class Repeated(res.Response):
        media_type = "text/x-repeated"

        def render(self, content):
            return b"x" * content

    status, headers, body = fetch(Repeated(3))
    assert (status, body, headers["content-length"]) == (200, b"xxx", "3")
    assert headers["content-type"] == "text/x-repeated; charset=utf-8"


@pytest.mark.parametrize(
    ("kind", "media_type", "content_type"),
    [
        ("Response", None, None),
        ("Response", "text/css", "text/css; charset=utf-8"),
        ("Response", "text/css; charset=latin-1", "text/css; charset=latin-1"),
        ("Response", "text/css; Charset=x", "text/css; Charset=x"),
        ("Response", "image/png", "image/png"),
        ("PlainTextResponse", None, "text/plain; charset=utf-8"),
        ("HTMLResponse", None, "text/html; charset=utf-8"),
        ("HTMLResponse", "application/xhtml+xml", "application/xhtml+xml"),
        ("JSONResponse", None, "application/json"),
        ("StreamingResponse", None, None),
        ("StreamingResponse", "text/csv", "text/csv; charset=utf-8"),
    ],
)
def test_content_types(res, kind, media_type, content_type):
    response = getattr(res, kind)("x", media_type=media_type)
    assert response.headers.get("content-type") == content_type


def test_charset_of_a_class(res):
    class Latin(res.PlainTextResponse):
        charset = "latin-1"

    _, headers, body = fetch(Latin("é"))
    assert headers["content-type"] == "text/plain; charset=latin-1"
    assert body == b"\xe9"


def test_headers_that_are_given_win(res):
    given = {"Content-Type": "text/x", "Content-Length": "9"}
    headers = fetch(res.PlainTextResponse("a", headers=given))[1]
    assert headers == {"content-type": "text/x", "content-length": "9"}


@pytest.mark.parametrize(
    ("status", "length"),
    [(200, "0"), (404, "0"), (204, None), (304, None), (100, None)],
)
def test_which_statuses_have_a_content_length(res, status, length):
    found, headers, _ = fetch(res.Response(status_code=status))
    assert found == status
    assert headers.get("content-length") == length


def test_a_plain_response_leaves_the_body_of_head_to_the_server(res):
    assert fetch(res.Response("abc"), "HEAD")[2] == b"abc"


def test_headers_can_be_changed_until_it_is_sent(res):
    response = res.Response("a", headers={"x-a": "1"})
    response.headers["X-A"] = "2"
    response.headers.append("x-b", "3")
    del response.headers["content-length"]
    assert response.raw_headers == [(b"x-a", b"2"), (b"x-b", b"3")]
    assert fetch(response)[1] == {"x-a": "2", "x-b": "3"}


def test_headers_are_latin_1(res):
    assert (b"x-a", b"\xe9") in res.Response(headers={"x-a": "é"}).raw_headers
    with pytest.raises(UnicodeEncodeError):
        res.Response(headers={"x-a": "€"})


def test_a_class_may_set_its_headers_itself(res):
    class Bare(res.Response):
        def init_headers(self, headers=None):
            self.raw_headers = [(b"x-only", b"1")]

    assert fetch(Bare("a"))[1] == {"x-only": "1"}


@pytest.mark.parametrize(
    ("content", "body"),
    [
        ({"a": [1, None, True]}, b'{"a":[1,null,true]}'),
        ("é", '"é"'.encode()),
        (None, b"null"),
        ([], b"[]"),
    ],
)
def test_json_is_compact_and_utf_8(res, content, body):
    assert fetch(res.JSONResponse(content))[2] == body


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_knows_no_nan(res, value):
    with pytest.raises(ValueError, match="."):
        res.JSONResponse(value)


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/a?b=c#d", "/a?b=c#d"),
        ("https://me@a.org:1/x;y,z", "https://me@a.org:1/x;y,z"),
        ("/é x", "/%C3%A9%20x"),
        ("/%20", "/%20"),
        ("/a\r\nSet-Cookie: x", "/a%0D%0ASet-Cookie:%20x"),
    ],
)
def test_redirects(part, res, url, location):
    status, headers, body = fetch(res.RedirectResponse(url))
    assert (status, headers["location"], body) == (307, location, b"")
    assert headers["content-length"] == "0"
    same = res.RedirectResponse(part("datastructures").URL(url), 303, {"x-a": "1"})
    status, headers, _ = fetch(same)
    assert (status, headers["location"], headers["x-a"]) == (303, location, "1")


@pytest.mark.parametrize(
    ("options", "first", "attributes"),
    [
        ({}, 'a=""', {"path=/", "samesite=lax"}),
        ({"value": "1"}, "a=1", {"path=/", "samesite=lax"}),
        ({"value": "x y;"}, r'a="x y\073"', {"path=/", "samesite=lax"}),
        ({"value": "1", "path": None, "samesite": None}, "a=1", set()),
        ({"value": "1", "max_age": 0, "path": "/x"}, "a=1",
         {"max-age=0", "path=/x", "samesite=lax"}),
        ({"value": "1", "expires": "soon", "samesite": "strict"}, "a=1",
         {"expires=soon", "path=/", "samesite=strict"}),
        ({"value": "1", "domain": "a.org", "secure": True, "httponly": True,
          "samesite": "none"}, "a=1",
         {"domain=a.org", "secure", "httponly", "path=/", "samesite=none"}),
        ({"value": "1",
          "expires": datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)},
         "a=1",
         {"expires=wed, 02 jan 2030 03:04:05 gmt", "path=/", "samesite=lax"}),
    ],
)  # fmt: skip
def test_set_cookie(res, options, first, attributes):
    response = res.Response()
    response.set_cookie("a", **options)
    found, *rest = response.headers["set-cookie"].split("; ")
    assert found == first
    assert {item.lower() for item in rest} == attributes


def test_expires_as_a_number_is_seconds_from_now(res):
    response = res.Response()
    response.set_cookie("a", "1", expires=3600)
    expires = re.search(r"expires=([^;]+)", response.headers["set-cookie"])[1]
    moment = datetime.datetime.strptime(expires, "%a, %d %b %Y %H:%M:%S GMT")
    left = moment.replace(tzinfo=datetime.UTC) - datetime.datetime.now(datetime.UTC)
    assert 3500 < left.total_seconds() <= 3600


def test_every_cookie_is_a_header_of_its_own(res):
    response = res.Response()
    response.set_cookie("a", "1")
    response.set_cookie("a", "2")
    response.set_cookie("b", "3")
    cookies = response.headers.getlist("set-cookie")
    assert [cookie.split(";")[0] for cookie in cookies] == ["a=1", "a=2", "b=3"]


def test_samesite_is_one_of_three(res):
    with pytest.raises(AssertionError):
        res.Response().set_cookie("a", samesite="sometimes")


def test_delete_cookie_sets_one_that_is_over(res):
    response = res.Response()
    response.delete_cookie("a", path="/x", domain="a.org", secure=True, httponly=True)
    first, *rest = response.headers["set-cookie"].split("; ")
    attributes = {item.lower() for item in rest}
    assert first == 'a=""'
    assert {"max-age=0", "path=/x", "domain=a.org", "secure", "httponly"} < attributes
    assert any(item.startswith("expires=") for item in attributes)


def test_a_cookie_value_cannot_add_a_header(res):
    response = res.Response()
    with contextlib.suppress(http.cookies.CookieError):  # newer Pythons refuse it
        response.set_cookie("a", "x\r\nX-Evil: 1")
    for _, value in response.raw_headers:
        assert not {*b"\r\n"} & {*value}


@pytest.mark.parametrize("kind", ["Response", "StreamingResponse"])
def test_background_runs_after_the_last_message(part, res, kind):
    order = []

    async def later(name):
        order.append(name)

    async def send(message):
        order.append(message["type"])

    task = part("background").BackgroundTask(later, "task")
    response = getattr(res, kind)("x", background=task)
    asyncio.run(response(http_scope(), receiver([]), send))
    assert order[0] == "http.response.start"
    assert order[-2:] == ["http.response.body", "task"]


def numbers():
    yield from ("1", b"2", memoryview(b"3"))


async def async_numbers():
    for number in numbers():
        yield number


@pytest.mark.parametrize("content", [numbers, async_numbers, lambda: ["1", b"2", "3"]])
@pytest.mark.parametrize("server", [{}, OLD_SERVER])
def test_streams_send_a_message_for_each_chunk(res, content, server):
    sent = run(res.StreamingResponse(content()), http_scope(**server))
    parts = [(bytes(part["body"]), part["more_body"]) for part in sent[1:]]
    assert parts == [(b"1", True), (b"2", True), (b"3", True), (b"", False)]
    assert sent[0]["headers"] == []


def test_a_stream_has_status_headers_and_an_iterator(res):
    response = res.StreamingResponse(iter(["a"]), 201, {"x-a": "1"}, "text/csv")
    assert hasattr(response.body_iterator, "__aiter__")
    status, headers, body = fetch(response)
    assert (status, body) == (201, b"a")
    assert headers == {"x-a": "1", "content-type": "text/csv; charset=utf-8"}


async def endless():
    while True:
        yield b"x"
        await asyncio.sleep(0)


def test_on_an_old_server_a_disconnect_stops_the_stream(part, res):
    done = []
    task = part("background").BackgroundTask(done.append, "background")
    response = res.StreamingResponse(endless(), background=task)
    messages = [*body_messages(b"x"), DISCONNECT]
    sent = run(response, http_scope(**OLD_SERVER), *messages)
    assert not any(message.get("more_body") is False for message in sent)
    assert done == ["background"]


def test_on_a_new_server_a_send_that_fails_is_a_disconnect(part, res):
    async def send(message):
        if message["type"] == "http.response.body":
            raise OSError

    response = res.StreamingResponse(endless())
    with pytest.raises(part("requests").ClientDisconnect):
        asyncio.run(response(http_scope(), receiver([]), send))


@pytest.mark.parametrize("server", [{}, OLD_SERVER])
def test_an_error_of_the_stream_comes_out_as_it_is(res, server):
    async def broken():
        yield b"x"
        raise KeyError("broken")

    with pytest.raises(KeyError):
        run(res.StreamingResponse(broken()), http_scope(**server))


@pytest.mark.parametrize("kind", ["Response", "StreamingResponse"])
def test_on_a_websocket_a_response_is_its_denial(res, kind):
    sent = run(getattr(res, kind)("no", 403), websocket_scope())
    assert sent[0]["type"] == "websocket.http.response.start"
    assert sent[0]["status"] == 403
    types = {message["type"] for message in sent[1:]}
    assert types == {"websocket.http.response.body"}


def test_a_file(res, path):
    status, headers, body = fetch(res.FileResponse(path))
    assert (status, body) == (200, TEXT)
    assert headers.pop("etag").strip('"')
    assert headers == {
        "content-type": "text/plain; charset=utf-8",
        "content-length": "16",
        "accept-ranges": "bytes",
        "last-modified": "Sun, 09 Sep 2001 01:46:40 GMT",
    }


def test_etag_is_quoted_and_changes_with_the_file(res, path):
    def etag():
        return fetch(res.FileResponse(path))[1]["etag"]

    before = etag()
    assert re.fullmatch(r'"[^"]+"', before)
    assert etag() == before
    os.utime(path, (1, 1))
    assert etag() != before


@pytest.mark.parametrize("method", ["HEAD", "head"])
def test_head_of_a_file_sends_no_body(res, path, method):
    status, headers, body = fetch(res.FileResponse(str(path)), method)
    assert (status, headers["content-length"], body) == (200, "16", b"")


@pytest.mark.parametrize(
    ("options", "content_type"),
    [
        ({"filename": "page.html"}, "text/html; charset=utf-8"),
        ({"filename": "what.unheardof"}, "application/octet-stream"),
        ({"media_type": "image/png", "filename": "page.html"}, "image/png"),
        ({"headers": {"content-type": "a/b"}}, "a/b"),
    ],
)
def test_content_type_of_a_file(res, path, options, content_type):
    assert res.FileResponse(path, **options).headers["content-type"] == content_type


@pytest.mark.parametrize(
    ("options", "disposition"),
    [
        ({}, None),
        ({"content_disposition_type": "inline"}, None),
        ({"filename": "a.txt"}, 'attachment; filename="a.txt"'),
        ({"filename": "a b.txt"}, "attachment; filename*=utf-8''a%20b.txt"),
        ({"filename": "é.txt"}, "attachment; filename*=utf-8''%C3%A9.txt"),
        ({"filename": 'a"\r\n.txt'}, "attachment; filename*=utf-8''a%22%0D%0A.txt"),
        ({"filename": "a.txt", "content_disposition_type": "inline"},
         'inline; filename="a.txt"'),
        ({"filename": "a.txt", "headers": {"content-disposition": "mine"}}, "mine"),
    ],
)  # fmt: skip
def test_content_disposition(res, path, options, disposition):
    headers = res.FileResponse(path, **options).headers
    assert headers.get("content-disposition") == disposition


def test_a_stat_result_fills_the_headers_at_once(res, path):
    assert "etag" not in res.FileResponse(path).headers
    headers = res.FileResponse(path, stat_result=os.stat(path)).headers
    assert headers["content-length"] == "16"
    assert headers["last-modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"
    assert "etag" in headers


def test_headers_of_a_file_that_are_given_win(res, path):
    given = {"etag": '"mine"', "last-modified": "never", "accept-ranges": "none"}
    headers = fetch(res.FileResponse(path, headers=given))[1]
    assert {name: headers[name] for name in given} == given


def test_a_large_file_comes_in_chunks(res, path):
    class Small(res.FileResponse):
        chunk_size = 6

    sent = run(Small(path), http_scope())
    parts = [(part["body"], part["more_body"]) for part in sent[1:]]
    assert parts == [(b"012345", True), (b"6789ab", True), (b"cdef", False)]


def test_an_empty_file(res, path):
    path.write_bytes(b"")
    status, headers, body = fetch(res.FileResponse(path))
    assert (status, headers["content-length"], body) == (200, "0", b"")


def test_what_is_no_file_is_found_out_when_it_is_sent(res, tmp_path):
    for path in (tmp_path, tmp_path / "missing.txt"):
        response = res.FileResponse(path, filename="a.txt")
        with pytest.raises(RuntimeError):
            fetch(response)


def test_background_of_a_file(part, res, path):
    done = []
    task = part("background").BackgroundTask(done.append, "done")
    fetch(res.FileResponse(path, background=task))
    assert done == ["done"]


def test_on_an_old_server_a_disconnect_stops_the_file(res, path):
    class Small(res.FileResponse):
        chunk_size = 1

    async def send(message):
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def drive():
        async with asyncio.timeout(10):
            await Small(path)(http_scope(**OLD_SERVER), receiver([DISCONNECT]), send)

    asyncio.run(drive())


PATHSEND = {"http.response.pathsend": {}}


def test_a_server_with_pathsend_reads_the_file_itself(res, path):
    start, body = run(res.FileResponse(path), http_scope(extensions=PATHSEND))
    assert start["type"] == "http.response.start"
    assert (b"content-length", b"16") in start["headers"]
    assert body == {"type": "http.response.pathsend", "path": str(path)}


def test_pathsend_is_for_whole_files_with_a_body(res, path):
    response = res.FileResponse(path)
    assert fetch(response, "HEAD", extensions=PATHSEND)[2] == b""
    part = fetch(response, headers={"range": "bytes=0-1"}, extensions=PATHSEND)
    assert (part[0], part[2]) == (206, b"01")


@pytest.mark.parametrize(
    ("range_", "content_range", "body"),
    [
        ("bytes=0-3", "bytes 0-3/16", b"0123"),
        ("bytes=12-", "bytes 12-15/16", b"cdef"),
        ("bytes=-2", "bytes 14-15/16", b"ef"),
        ("bytes=-100", "bytes 0-15/16", TEXT),
        ("bytes=10-100", "bytes 10-15/16", b"abcdef"),
        ("bytes=0-0", "bytes 0-0/16", b"0"),
        (" BYTES = 0 - 3 ", "bytes 0-3/16", b"0123"),
        ("bytes=0-3, 2-5", "bytes 0-5/16", b"012345"),
        ("bytes=4-5,0-3", "bytes 0-5/16", b"012345"),
        ("bytes=x-y,0-3", "bytes 0-3/16", b"0123"),
        ("bytes=,-,7,0-3", "bytes 0-3/16", b"0123"),
    ],
)
def test_one_range(res, path, range_, content_range, body):
    found = fetch(res.FileResponse(path), headers={"range": range_})
    status, headers, content = found
    assert (status, content) == (206, body)
    assert headers["content-range"] == content_range
    assert headers["content-length"] == str(len(body))
    assert headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("chunk", [1, 4, 5])
def test_a_range_comes_in_chunks(res, path, chunk):
    class Small(res.FileResponse):
        chunk_size = chunk

    sent = run(Small(path), http_scope(headers={"range": "bytes=3-10"}))
    assert answer(sent)[2] == b"3456789a"
    more = [part["more_body"] for part in sent[1:]]
    assert more == [True] * (len(more) - 1) + [False]
    assert max(len(part["body"]) for part in sent[1:]) <= chunk


@pytest.mark.parametrize(
    ("range_", "ranges"),
    [
        ("bytes=0-1,4-5", [(0, 1), (4, 5)]),
        ("bytes=10-11, 0-1", [(0, 1), (10, 11)]),
        ("bytes=0-3,2-5,8-", [(0, 5), (8, 15)]),
        ("bytes=-1,0-0", [(0, 0), (15, 15)]),
    ],
)
def test_several_ranges_are_a_multipart_body_in_order(res, path, range_, ranges):
    found = fetch(res.FileResponse(path), headers={"range": range_})
    status, headers, body = found
    kind, boundary = headers["content-type"].split("; boundary=")
    assert (status, kind) == (206, "multipart/byteranges")
    assert headers["content-length"] == str(len(body))
    assert "content-range" not in headers
    *parts, end = body.split(f"--{boundary}".encode())[1:]
    assert end == b"--"
    for part, (first, last) in zip(parts, ranges, strict=True):
        head, content = part.removesuffix(b"\r\n").split(b"\r\n\r\n", 1)
        assert f"Content-Range: bytes {first}-{last}/16".encode() in head
        assert b"Content-Type: text/plain; charset=utf-8" in head
        assert content == TEXT[first : last + 1]


def test_head_of_several_ranges_knows_their_length(res, path):
    ask = {"headers": {"range": "bytes=0-1,4-5"}}
    body = fetch(res.FileResponse(path), **ask)[2]
    status, headers, nothing = fetch(res.FileResponse(path), "HEAD", **ask)
    assert (status, nothing) == (206, b"")
    assert headers["content-length"] == str(len(body))


def test_head_of_a_range(res, path):
    status, headers, body = fetch(
        res.FileResponse(path), "HEAD", headers={"range": "bytes=0-3"}
    )
    assert (status, headers["content-length"], body) == (206, "4", b"")


@pytest.mark.parametrize("range_", ["bytes=16-", "bytes=99-100", "bytes=0-1,16-17"])
def test_a_range_beyond_the_file_is_a_416(res, path, range_):
    found = fetch(res.FileResponse(path), headers={"range": range_})
    status, headers, body = found
    assert (status, headers["content-range"], body) == (416, "bytes */16", b"")


@pytest.mark.parametrize(
    "range_", ["bytes", "lines=0-1", "bytes=", "bytes=x-y", "bytes=5", "bytes=5-2"]
)
def test_a_malformed_range_is_a_400(res, path, range_):
    status, headers, _ = fetch(res.FileResponse(path), headers={"range": range_})
    assert status == 400
    assert headers["content-type"].startswith("text/plain")


def test_too_many_ranges_are_no_ranges(res, path):
    many = "bytes=" + ",".join(["0-0"] * 101)
    status, _, body = fetch(res.FileResponse(path), headers={"range": many})
    assert (status, body) == (200, TEXT)


@pytest.mark.parametrize(
    ("if_range", "status"),
    [
        ("{etag}", 206),
        ("{last-modified}", 206),
        ("W/{etag}", 200),
        ('"other"', 200),
        ("Sun, 09 Sep 2001 01:46:41 GMT", 200),
    ],
)
def test_if_range(res, path, if_range, status):
    known = fetch(res.FileResponse(path))[1]
    ask = {"range": "bytes=0-1", "if-range": if_range.format(**known)}
    assert fetch(res.FileResponse(path), headers=ask)[0] == status


@pytest.mark.parametrize(
    ("options", "method", "status"),
    [({}, "POST", 200), ({"status_code": 404}, "GET", 404)],
)
def test_a_range_is_for_get_and_a_200(res, path, options, method, status):
    response = res.FileResponse(path, **options)
    found = fetch(response, method, headers={"range": "bytes=0-1"})
    assert (found[0], found[2]) == (status, TEXT)


def test_a_response_of_a_range_can_be_sent_again(res, path):
    response = res.FileResponse(path)
    assert fetch(response, headers={"range": "bytes=0-1"})[0] == 206
    status, headers, body = fetch(response)
    assert (status, headers["content-length"], body) == (200, "16", TEXT)
    assert "content-range" not in headers
