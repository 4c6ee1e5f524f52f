import io
import json

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit.http.errors import BadRequest, ContentTooLarge, HTTPError
from fwtrace.toolkit.http.forms import Limits
from fwtrace.toolkit.wsgi.client import build_environ, encode_multipart
from fwtrace.toolkit.wsgi.request import Request

URLENCODED = ("Content-Type", "application/x-www-form-urlencoded")


def make(target="/", method="POST", *, limits=None, **options):
    environ = build_environ(method, target, **options)
    return Request(environ, limits) if limits else Request(environ)


class Trickle(io.BytesIO):
    """Gives one byte a read, as a slow socket might."""

    def read(self, size=-1):
        return super().read(min(size, 1))


def test_request_tells_where_it_goes():
    request = make("/caf%C3%A9?q=two+words&q=x", "GET", base_url="https://a.org:444")
    assert (request.method, request.path, request.query_string) == (
        "GET",
        "/café",
        "q=two+words&q=x",
    )
    assert request.query.getlist("q") == ["two words", "x"]
    assert request.url == "https://a.org:444/caf%C3%A9?q=two+words&q=x"
    assert (request.scheme, request.host, request.is_secure) == (
        "https",
        "a.org:444",
        True,
    )
    assert request.remote_addr == "127.0.0.1"


def test_request_without_host_names_the_server():
    environ = build_environ(base_url="http://example.org:8080")
    del environ["HTTP_HOST"]
    assert Request(environ).host == "example.org:8080"
    environ["SERVER_PORT"] = "80"
    assert Request(environ).host == "example.org"


def test_request_path_is_a_slash_when_empty():
    assert Request({"REQUEST_METHOD": "GET", "PATH_INFO": ""}).path == "/"


@pytest.mark.parametrize("target", ["/%ff", "/a%00b"], ids=["not utf-8", "nul"])
def test_request_path_that_is_no_text_is_a_bad_request(target):
    request = make(target)
    with pytest.raises(BadRequest):
        _ = request.path


def test_headers_are_found_in_any_case():
    request = make(headers=[("X-Tag", "a"), ("x-tag", "b"), URLENCODED], body=b"a=1")
    headers = request.headers
    assert headers["x-tag"] == headers.get("X-TAG") == "a, b"
    assert headers["content-type"] == URLENCODED[1]
    assert "Content-Length" in headers
    assert "Nope" not in headers
    assert "X-Tag" in list(headers)
    assert len(headers) == len(headers.keys())
    with pytest.raises(KeyError):
        headers["nope"]


def test_cookies_are_parsed_once_and_malformed_ones_ignored():
    request = make(headers=[("Cookie", 'a=1; ;=; b="2"; \x01=3')])
    assert request.cookies == {"a": "1", "b": "2"}
    assert request.cookies is request.cookies


def test_content_negotiation_reads_the_accept_headers():
    request = make(
        headers=[
            ("Accept", "application/json;q=0.5, text/html"),
            ("Accept-Language", "de, en;q=0.3"),
            ("Accept-Encoding", "gzip"),
        ]
    )
    assert request.accept.best(["application/json", "text/html"]) == "text/html"
    assert request.accept_languages.best(["en", "de"]) == "de"
    assert "gzip" in request.accept_encodings


@pytest.mark.parametrize("length", ["x", "-1", "1.5", "²", "1 2", "+1"])
def test_content_length_that_is_no_number_is_a_bad_request(length):
    request = make(headers=[("Content-Length", length)])
    with pytest.raises(BadRequest):
        _ = request.content_length
    with pytest.raises(BadRequest):
        _ = request.body


@pytest.mark.parametrize("length", ["17000000", "9" * 5000], ids=["over", "absurd"])
def test_body_past_the_limit_is_refused_before_it_is_read(length):
    request = make(headers=[("Content-Length", length)])
    with pytest.raises(ContentTooLarge):
        _ = request.body


def test_body_is_read_once_whole_and_not_beyond_its_length():
    request = make(body=b"abcdef", headers=[("Content-Length", "3")])
    assert (request.body, request.body, request.text) == (b"abc", b"abc", "abc")


def test_body_that_comes_in_bits_is_joined():
    request = make(body=b"abc" * 100)
    request.environ["wsgi.input"] = Trickle(b"abc" * 100)
    assert request.body == b"abc" * 100


def test_body_larger_than_a_chunk_is_joined():
    assert make(body=b"abc" * 50_000).body == b"abc" * 50_000


@pytest.mark.parametrize("size", [10, 100_000])
def test_body_that_ends_early_is_a_bad_request(size):
    request = make(body=b"abc", headers=[("Content-Length", str(size))])
    with pytest.raises(BadRequest, match="ends before"):
        _ = request.body


def test_body_without_a_length_is_empty_unless_the_server_ends_it():
    environ = build_environ("POST", body=b"abc")
    del environ["CONTENT_LENGTH"]
    assert Request(environ).body == b""
    environ["wsgi.input_terminated"] = True
    assert Request(environ).body == b"abc"
    environ["wsgi.input"] = io.BytesIO(b"abc")
    with pytest.raises(ContentTooLarge):
        _ = Request(environ, Limits(body=2)).body


def test_stream_is_a_file_that_ends_with_the_body():
    environ = build_environ("POST", body=b"one\ntwo\nnext request")
    environ["CONTENT_LENGTH"] = "8"
    with Request(environ).stream as stream:
        assert stream.readline() == b"one\n"
        assert stream.read() == b"two\n"


def test_stream_that_ends_early_is_a_bad_request():
    request = make(body=b"abc", headers=[("Content-Length", "5")])
    with pytest.raises(BadRequest):
        request.stream.read()


def test_text_is_decoded_by_its_charset():
    latin = [("Content-Type", "text/plain; charset=latin-1")]
    assert make(body=b"\xe9", headers=latin).text == "é"
    for charset in ("utf-8", "no-such", "\0"):
        wrong = [("Content-Type", f"text/plain; charset={charset}")]
        with pytest.raises(BadRequest):
            _ = make(body=b"\xe9", headers=wrong).text


@pytest.mark.parametrize("value", [None, {"a": [1, "é"]}, 0])
def test_json_is_parsed(value):
    request = make(body=json.dumps(value).encode())
    assert request.json == value
    assert request.json == value


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe{", b'"\xff"', b"NaN", b"[" * 100_000, b"1" * 5000],
    ids=["empty", "cut", "utf-16", "utf-8", "nan", "deep", "long int"],
)
def test_malformed_json_is_a_bad_request(body):
    with pytest.raises(BadRequest):
        _ = make(body=body).json


@pytest.mark.parametrize(
    "kind", [URLENCODED[1], "APPLICATION/X-WWW-FORM-URLENCODED ; charset=utf-8"]
)
def test_form_of_an_urlencoded_body(kind):
    request = make(body=b"a=1&a=2&b=%C3%A9+", headers=[("Content-Type", kind)])
    assert request.form.getlist("a") == ["1", "2"]
    assert request.form["b"] == "é "
    assert len(request.files) == 0
    assert not request.holds_files


def test_form_is_empty_for_other_bodies():
    assert len(make(body=b"a=1", headers=[("Content-Type", "text/plain")]).form) == 0
    assert len(make().form) == 0


@pytest.mark.parametrize("body", [b"a=%", b"a=%zz", b"a=\xff", b"%ff=1"])
def test_malformed_urlencoded_form_is_a_bad_request(body):
    with pytest.raises(BadRequest):
        _ = make(body=body, headers=[URLENCODED]).form


def test_files_of_a_multipart_form():
    kind, body = encode_multipart({"title": "hi", "file": ("a.txt", b"text")})
    request = make(body=body, headers=[("Content-Type", kind)])
    file = request.files["file"]
    assert request.form["title"] == "hi"
    assert (file.filename, file.size, file.read()) == ("a.txt", 4, b"text")
    assert request.holds_files
    assert request.body == b""
    request.close()
    assert file.file.closed


def test_multipart_form_is_read_from_the_body_when_that_came_first():
    kind, body = encode_multipart({"file": ("a.txt", b"text")})
    request = make(body=body, headers=[("Content-Type", kind)])
    assert request.body == body
    assert request.files["file"].read() == b"text"
    request.close()


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_multipart_form_that_is_cut_short_is_a_bad_request(cut):
    kind, body = encode_multipart({"a": "1", "file": ("a.txt", b"text")})
    request = make(body=body[:-cut], headers=[("Content-Type", kind)])
    if cut == 1:  # only the line break after the last boundary is missing
        assert request.form["a"] == "1"
        request.close()
    else:
        with pytest.raises(BadRequest):
            _ = request.form


def test_multipart_form_past_its_limits_is_too_large():
    kind, body = encode_multipart({"file": ("a.txt", b"x" * 100)})
    headers = [("Content-Type", kind)]
    with pytest.raises(ContentTooLarge):
        _ = make(body=body, headers=headers, limits=Limits(file_size=50)).files


def test_session_names_the_missing_middleware():
    request = make()
    with pytest.raises(RuntimeError, match="SessionMiddleware must be installed"):
        _ = request.session
    request.environ["fwtrace.session"] = session = object()
    assert request.session is session


def test_request_repr_names_method_and_path():
    assert repr(make("/a")) == "<Request POST '/a'>"


@given(
    path=st.binary(max_size=30),
    query=st.binary(max_size=30),
    cookie=st.binary(max_size=30),
    kind=st.sampled_from(
        [
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=b",
            "multipart/form-data",
            "application/json",
            "text/plain; charset=\udcff",
        ]
    ),
    length=st.none() | st.text("0123456789-+x ", max_size=4),
    body=st.binary(max_size=60) | st.binary(max_size=20).map(lambda b: b"--b\r\n" + b),
)
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(path, query, cookie, kind, length, body):
    environ = build_environ("POST", body=body)
    environ["PATH_INFO"] = "/" + path.decode("latin-1")
    environ["QUERY_STRING"] = query.decode("latin-1")
    environ["HTTP_COOKIE"] = cookie.decode("latin-1")
    environ["CONTENT_TYPE"] = kind
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    request = Request(environ)
    refusals = []
    for name in ("path", "query", "cookies", "form", "files", "json", "text", "url"):
        try:
            getattr(request, name)
        except HTTPError as error:
            refusals.append(error.status)
    request.close()
    assert all(400 <= status < 500 for status in refusals)
