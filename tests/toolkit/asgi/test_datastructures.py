"""The small values a request and a response are made of."""

import asyncio
import io
import tempfile

import pytest

from tests.toolkit.asgi.drive import http_scope


@pytest.fixture
def data(part):
    return part("datastructures")


def test_components_of_a_url(data):
    url = data.URL("https://me:secret@example.org:123/path/to?a=1&b=2#anchor")
    assert url.scheme == "https"
    assert url.netloc == "me:secret@example.org:123"
    assert (url.username, url.password) == ("me", "secret")
    assert (url.hostname, url.port) == ("example.org", 123)
    assert url.path == "/path/to"
    assert url.query == "a=1&b=2"
    assert url.fragment == "anchor"
    assert url.is_secure
    assert url.components.path == "/path/to"


def test_what_a_relative_url_lacks(data):
    url = data.URL("/path")
    assert (url.scheme, url.netloc, url.query, url.fragment) == ("", "", "", "")
    assert (url.hostname, url.port, url.username, url.password) == (None,) * 4


@pytest.mark.parametrize(
    ("scheme", "secure"),
    [("http", False), ("https", True), ("ws", False), ("wss", True)],
)
def test_which_schemes_are_secure(data, scheme, secure):
    assert data.URL(f"{scheme}://example.org/").is_secure is secure


def test_a_url_equals_its_string(data):
    assert data.URL("http://example.org/") == "http://example.org/"
    assert data.URL("http://example.org/") == data.URL("http://example.org/")
    assert data.URL("http://example.org/") != data.URL("http://example.org")


@pytest.mark.parametrize(
    ("url", "changes", "found"),
    [
        ("http://a.org/x", {"scheme": "https"}, "https://a.org/x"),
        ("http://a.org/x?y=1", {"path": "/z"}, "http://a.org/z?y=1"),
        ("http://a.org/x", {"query": "q=1", "fragment": "f"}, "http://a.org/x?q=1#f"),
        ("http://a.org:80/", {"port": 8000}, "http://a.org:8000/"),
        ("http://a.org:80/", {"port": None}, "http://a.org/"),
        ("http://a.org:80/", {"hostname": "b.org"}, "http://b.org:80/"),
        ("http://u:p@a.org/", {"hostname": "b.org"}, "http://u:p@b.org/"),
        ("http://u:p@a.org/", {"password": None}, "http://u@a.org/"),
        ("http://u:p@a.org/", {"username": None}, "http://a.org/"),
        ("http://a.org:1/", {"username": "u"}, "http://u@a.org:1/"),
        ("http://u:p@a.org:1/", {"username": "v", "port": 2}, "http://v:p@a.org:2/"),
        ("http://u:p@a.org:1/", {"netloc": "b.org"}, "http://b.org/"),
        ("http://[::1]/", {"port": 8000}, "http://[::1]:8000/"),
        ("http://[::1]:80/", {"port": 8000}, "http://[::1]:8000/"),
        ("http://[::1]:80/", {"username": "u"}, "http://u@[::1]:80/"),
        ("http://a.org:80/", {"hostname": "::1"}, "http://[::1]:80/"),
        ("http://a.org/", {"hostname": "[::1]"}, "http://[::1]/"),
        ("/path", {"path": "/other"}, "/other"),
    ],
)
def test_replace(data, url, changes, found):
    before = data.URL(url)
    after = before.replace(**changes)
    assert isinstance(after, data.URL)
    assert str(after) == found
    assert str(before) == url


@pytest.mark.parametrize(
    ("url", "params", "found"),
    [
        ("http://a.org/x", {"a": 1}, "http://a.org/x?a=1"),
        ("http://a.org/x?a=1&b=2", {"a": 3}, "http://a.org/x?b=2&a=3"),
        ("http://a.org/x?a=1&a=2", {"a": 3}, "http://a.org/x?a=3"),
        ("http://a.org/x?a=", {"b": "é &"}, "http://a.org/x?a=&b=%C3%A9+%26"),
        ("http://a.org/x#f", {"a": None}, "http://a.org/x?a=None#f"),
        ("/x?a=1", {}, "/x?a=1"),
    ],
)
def test_include_query_params(data, url, params, found):
    assert data.URL(url).include_query_params(**params) == found


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("a", "/x?b=2&c="),
        (["a", "c"], "/x?b=2"),
        (["a", "b", "c"], "/x"),
        ("nothing", "/x?a=1&b=2&a=3&c="),
    ],
)
def test_remove_query_params(data, keys, found):
    assert data.URL("/x?a=1&b=2&a=3&c=").remove_query_params(keys) == found


def test_replace_query_params(data):
    url = data.URL("/x?a=1#f")
    assert url.replace_query_params(b=2, c="x y") == "/x?b=2&c=x+y#f"
    assert url.replace_query_params() == "/x#f"


def test_a_url_from_components(data):
    url = data.URL(scheme="https", hostname="a.org", port=8000, path="/x", query="y=1")
    assert url == "https://a.org:8000/x?y=1"
    assert data.URL(path="/x") == "/x"


@pytest.mark.parametrize(
    "arguments",
    [
        {"url": "/x", "path": "/y"},
        {"url": "/x", "scope": http_scope()},
        {"scope": http_scope(), "path": "/y"},
    ],
)
def test_a_url_has_one_source(data, arguments):
    with pytest.raises(AssertionError):
        data.URL(**arguments)


@pytest.mark.parametrize(
    ("scope", "url"),
    [
        ({}, "http://example.org/"),
        ({"path": "/a b", "query": b"c=%20"}, "http://example.org/a b?c=%20"),
        ({"server": ("a.org", 8000)}, "http://a.org:8000/"),
        ({"scheme": "https", "server": ("a.org", 443)}, "https://a.org/"),
        ({"scheme": "wss", "server": ("a.org", 443)}, "wss://a.org/"),
        ({"headers": {"host": "b.org:1"}}, "http://b.org:1/"),
        ({"headers": {"host": "[::1]:8000"}}, "http://[::1]:8000/"),
        ({"headers": {"host": "[::bad::]"}}, "http://example.org/"),
        ({"headers": {"host": "evil.org/@x"}}, "http://example.org/"),
        ({"headers": {"host": "user@evil.org"}}, "http://example.org/"),
        ({"headers": {"host": ""}}, "http://example.org/"),
        ({"path": "/a\\b"}, "http://example.org/a%5Cb"),
        ({"server": None, "path": "//evil.org"}, "/%2Fevil.org"),
        ({"path": "//x"}, "http://example.org//x"),
    ],
)
def test_a_url_from_a_scope(data, scope, url):
    assert str(data.URL(scope=http_scope(**scope))) == url


def test_the_scheme_of_a_scope_may_be_missing(data):
    scope = {"path": "/x", "headers": [], "server": ("a.org", 80)}
    assert data.URL(scope=scope) == "http://a.org/x"


def test_the_password_is_hidden_where_a_url_is_shown_but_not_in_its_string(data):
    url = data.URL("https://me:secret@example.org/")
    assert "secret" not in repr(url)
    assert "me" in repr(url)
    assert str(url) == "https://me:secret@example.org/"


def test_a_url_path_is_a_string_that_knows_protocol_and_host(data):
    path = data.URLPath("/x", protocol="websocket", host="a.org")
    assert path == "/x"
    assert isinstance(path, str)
    assert (path.protocol, path.host) == ("websocket", "a.org")
    with pytest.raises(AssertionError):
        data.URLPath("/x", protocol="ftp")


@pytest.mark.parametrize(
    ("path", "protocol", "host", "base", "url"),
    [
        ("/x", "", "", "http://a.org/", "http://a.org/x"),
        ("/x", "", "", "http://a.org/root/", "http://a.org/root/x"),
        ("/x", "http", "", "https://a.org", "https://a.org/x"),
        ("/x", "websocket", "", "https://a.org", "wss://a.org/x"),
        ("/x", "websocket", "", "http://a.org", "ws://a.org/x"),
        ("/x", "http", "", "wss://a.org", "https://a.org/x"),
        ("/x", "http", "b.org", "http://a.org:1/", "http://b.org/x"),
    ],
)
def test_a_url_path_becomes_absolute(data, path, protocol, host, base, url):
    made = data.URLPath(path, protocol=protocol, host=host)
    assert made.make_absolute_url(base) == url
    assert made.make_absolute_url(data.URL(base)) == url


@pytest.mark.parametrize(
    ("path", "safe"), [("//evil.org/x", "/%2Fevil.org/x"), ("/\\evil", "/%5Cevil")]
)
def test_a_url_path_never_names_another_host(data, path, safe):
    assert data.URLPath(path) == safe


def test_a_secret_is_shown_only_as_a_string(data):
    secret = data.Secret("key")
    assert str(secret) == "key"
    assert "key" not in repr(secret)
    assert secret
    assert not data.Secret("")


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ("a, b,c", ["a", "b", "c"]),
        ("'a, b', \"c\"", ["a, b", "c"]),
        ("", []),
        (["a", "b"], ["a", "b"]),
    ],
)
def test_comma_separated_strings(data, value, items):
    strings = data.CommaSeparatedStrings(value)
    assert list(strings) == items
    assert len(strings) == len(items)
    assert strings[:1] == items[:1]
    assert data.CommaSeparatedStrings(str(strings))[:] == items


def test_an_address_is_a_pair_with_names(data):
    address = data.Address("10.0.0.1", 80)
    assert (address.host, address.port) == address == ("10.0.0.1", 80)


PAIRS = [("a", "1"), ("a", "2"), ("b", "3")]


def test_an_immutable_multidict_reads_as_the_last_of_each_key(data):
    multi = data.ImmutableMultiDict(PAIRS)
    assert multi["a"] == "2"
    assert multi.getlist("a") == ["1", "2"]
    assert multi.getlist("c") == []
    assert multi.get("c") is None
    assert "b" in multi
    assert len(multi) == 2
    assert list(multi) == list(multi.keys()) == ["a", "b"]
    assert list(multi.values()) == ["2", "3"]
    assert list(multi.items()) == [("a", "2"), ("b", "3")]
    assert multi.multi_items() == PAIRS
    assert dict(multi) == {"a": "2", "b": "3"}
    with pytest.raises(KeyError):
        multi["c"]
    with pytest.raises(TypeError):
        multi["c"] = "4"


def test_ways_to_make_a_multidict(data):
    multi = data.ImmutableMultiDict
    assert multi(multi(PAIRS)) == multi(PAIRS)
    assert multi({"a": "1"}) == multi(a="1") == multi([("a", "1")])
    assert multi({"a": "1"}, a="2").multi_items() == [("a", "1"), ("a", "2")]
    assert len(multi()) == 0
    with pytest.raises(AssertionError):
        multi([], [])


def test_equal_multidicts_have_the_same_class_and_items(data):
    assert data.MultiDict(PAIRS) == data.MultiDict([PAIRS[2], *PAIRS[:2]])
    assert data.MultiDict(PAIRS) != data.MultiDict([PAIRS[1], PAIRS[0], PAIRS[2]])
    assert data.MultiDict(a="1") != {"a": "1"}
    assert data.MultiDict(a="1") != data.ImmutableMultiDict(a="1")


@pytest.mark.parametrize(
    ("change", "items"),
    [
        (lambda m: m.__setitem__("a", "9"), [("b", "3"), ("a", "9")]),
        (lambda m: m.__setitem__("c", "9"), [*PAIRS, ("c", "9")]),
        (lambda m: m.__delitem__("a"), [("b", "3")]),
        (lambda m: m.append("b", "9"), [*PAIRS, ("b", "9")]),
        (lambda m: m.setlist("a", ["8", "9"]), [("b", "3"), ("a", "8"), ("a", "9")]),
        (lambda m: m.setlist("a", []), [("b", "3")]),
        (lambda m: m.setdefault("a", "9"), PAIRS),
        (lambda m: m.setdefault("c", "9"), [*PAIRS, ("c", "9")]),
        (lambda m: m.update({"a": "9"}), [("b", "3"), ("a", "9")]),
        (lambda m: m.update(b="9", c="0"), [*PAIRS[:2], ("b", "9"), ("c", "0")]),
        (
            lambda m: m.update([("b", "8"), ("b", "9")]),
            [*PAIRS[:2], ("b", "8"), ("b", "9")],
        ),
        (lambda m: m.clear(), []),
    ],
)
def test_changes_of_a_multidict(data, change, items):
    multi = data.MultiDict(PAIRS)
    change(multi)
    assert multi.multi_items() == items
    assert dict(multi) == dict(items)


def test_taking_from_a_multidict(data):
    multi = data.MultiDict(PAIRS)
    assert multi.pop("a") == "2"
    assert multi.pop("a") is None
    assert multi.pop("a", "default") == "default"
    assert multi.popitem() == ("b", "3")
    assert multi.multi_items() == []
    with pytest.raises(KeyError):
        del multi["a"]
    multi = data.MultiDict(PAIRS)
    assert multi.poplist("a") == ["1", "2"]
    assert multi.poplist("a") == []
    assert multi.setdefault("b", "9") == "3"
    assert list(multi) == ["b"]


@pytest.mark.parametrize(
    ("source", "items"),
    [
        ("a=1&a=2&b=3", PAIRS),
        (b"a=1&a=2&b=3", PAIRS),
        (PAIRS, PAIRS),
        ({"a": 1, "b": None}, [("a", "1"), ("b", "None")]),
        ("a=&b", [("a", ""), ("b", "")]),
        ("a=%C3%A9+%26", [("a", "é &")]),
        ("", []),
    ],
)
def test_query_params(data, source, items):
    params = data.QueryParams(source)
    assert params.multi_items() == items
    assert data.QueryParams(str(params)) == params


def test_query_params_print_as_a_query_string(data):
    params = data.QueryParams([("a", "é"), ("b", "x y"), ("a", "")])
    assert str(params) == "a=%C3%A9&b=x+y&a="
    assert str(data.QueryParams("a=1", b=2)) == "a=1&b=2"
    with pytest.raises(AssertionError):
        data.QueryParams("a=1", "b=2")


def test_form_data_closes_the_files_in_it(data):
    file = io.BytesIO(b"x")
    form = data.FormData([("a", "1"), ("f", data.UploadFile(file)), ("a", "2")])
    asyncio.run(form.close())
    assert file.closed
    assert form.getlist("a") == ["1", "2"]


def test_headers_are_read_without_case(data):
    headers = data.Headers({"Content-Type": "text/html", "X-Tag": "é"})
    assert headers["CONTENT-type"] == "text/html"
    assert headers.get("x-tag") == "é"
    assert "x-TAG" in headers
    assert headers.raw == [(b"content-type", b"text/html"), (b"x-tag", b"\xe9")]
    assert list(headers) == headers.keys() == ["content-type", "x-tag"]
    assert headers.values() == ["text/html", "é"]
    assert headers.items() == [("content-type", "text/html"), ("x-tag", "é")]
    with pytest.raises(KeyError):
        headers["nothing"]
    with pytest.raises(TypeError):
        headers["a"] = "1"


def test_headers_that_come_twice_read_as_the_first(data):
    headers = data.Headers(raw=[(b"a", b"1"), (b"b", b"2"), (b"a", b"3")])
    assert headers["a"] == "1"
    assert headers.getlist("A") == ["1", "3"]
    assert len(headers) == 3
    assert headers.keys() == ["a", "b", "a"]
    assert headers == data.Headers(raw=[(b"b", b"2"), (b"a", b"3"), (b"a", b"1")])
    assert headers != data.Headers(raw=[(b"a", b"1"), (b"b", b"2")])
    assert headers != [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]


@pytest.mark.parametrize(
    "sources",
    [
        {"headers": {}, "raw": []},
        {"headers": {}, "scope": http_scope()},
        {"raw": [], "scope": http_scope()},
    ],
)
def test_headers_have_one_source(data, sources):
    with pytest.raises(AssertionError):
        data.Headers(**sources)


def test_mutable_headers_of_a_scope_change_the_scope(data):
    scope = {**http_scope(), "headers": ((b"a", b"1"),)}
    data.MutableHeaders(scope=scope)["b"] = "2"
    assert scope["headers"] == [(b"a", b"1"), (b"b", b"2")]


def test_raw_of_immutable_headers_is_a_copy(data):
    headers = data.Headers({"a": "1"})
    headers.raw.append((b"b", b"2"))
    assert headers.items() == [("a", "1")]


def test_a_mutable_copy_leaves_the_headers_alone(data):
    headers = data.Headers({"a": "1"})
    copy = headers.mutablecopy()
    copy["A"] = "2"
    assert (headers["a"], copy["a"]) == ("1", "2")
    assert isinstance(copy, data.MutableHeaders)


RAW = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]


@pytest.mark.parametrize(
    ("change", "raw"),
    [
        (lambda h: h.__setitem__("A", "9"), [(b"a", b"9"), (b"b", b"2")]),
        (lambda h: h.__setitem__("C", "9"), [*RAW, (b"c", b"9")]),
        (lambda h: h.__delitem__("A"), [(b"b", b"2")]),
        (lambda h: h.__delitem__("nothing"), RAW),
        (lambda h: h.append("B", "9"), [*RAW, (b"b", b"9")]),
        (lambda h: h.setdefault("A", "9"), RAW),
        (lambda h: h.setdefault("C", "9"), [*RAW, (b"c", b"9")]),
        (
            lambda h: h.update({"B": "8", "C": "9"}),
            [RAW[0], (b"b", b"8"), RAW[2], (b"c", b"9")],
        ),
        (lambda h: h.__ior__({"B": "8"}), [RAW[0], (b"b", b"8"), RAW[2]]),
        (lambda h: h.add_vary_header("Accept"), [*RAW, (b"vary", b"Accept")]),
    ],
)
def test_changes_of_headers(data, change, raw):
    headers = data.MutableHeaders(raw=list(RAW))
    change(headers)
    assert headers.raw == raw


def test_setdefault_gives_the_value_that_holds(data):
    headers = data.MutableHeaders({"a": "1"})
    assert headers.setdefault("A", "2") == "1"
    assert headers.setdefault("b", "2") == "2"


def test_headers_are_joined_with_a_bar(data):
    headers = data.MutableHeaders({"a": "1"})
    joined = headers | {"A": "2", "b": "3"}
    assert (headers.items(), joined.items()) == ([("a", "1")], [("a", "2"), ("b", "3")])
    headers |= {"b": "4"}
    assert headers["b"] == "4"
    with pytest.raises(TypeError):
        headers | [("a", "1")]
    with pytest.raises(TypeError):
        headers |= [("a", "1")]


def test_vary_grows(data):
    headers = data.MutableHeaders({"vary": "Accept"})
    headers.add_vary_header("Cookie")
    assert headers["vary"] == "Accept, Cookie"


def test_state_is_an_object_over_a_dict(data):
    kept = {"a": 1}
    state = data.State(kept)
    state.b = 2
    assert (state.a, state.b) == (1, 2)
    assert kept == {"a": 1, "b": 2}
    del state.a
    assert not hasattr(state, "a")
    assert hasattr(data.State(), "a") is False
    with pytest.raises(AttributeError):
        _ = state.a


def test_state_reads_like_a_dict_too(data):
    state = data.State()
    state["a"] = 1
    assert state.a == state["a"] == 1
    assert list(state) == ["a"]
    assert len(state) == 1
    del state["a"]
    with pytest.raises(KeyError):
        state["a"]


def test_an_upload_is_read_written_and_closed(data):
    async def use(upload):
        await upload.write(b"more")
        await upload.seek(0)
        parts = [await upload.read(2), await upload.read()]
        await upload.close()
        return parts

    stream = io.BytesIO()
    upload = data.UploadFile(stream, filename="a.txt", size=0)
    assert asyncio.run(use(upload)) == [b"mo", b"re"]
    assert upload.size == 4
    assert upload.file is stream
    assert stream.closed


def test_an_upload_of_unknown_size_stays_so(data):
    upload = data.UploadFile(io.BytesIO())
    asyncio.run(upload.write(b"x"))
    assert upload.size is None
    assert (upload.filename, upload.content_type) == (None, None)
    assert len(upload.headers) == 0


def test_content_type_of_an_upload(data):
    headers = data.Headers({"content-type": "image/png"})
    assert data.UploadFile(io.BytesIO(), headers=headers).content_type == "image/png"


def test_an_upload_goes_to_disk_when_it_is_too_large_for_memory(data):
    async def use(upload):
        for _ in range(3):
            await upload.write(b"12345")
        await upload.seek(5)
        return await upload.read()

    with tempfile.SpooledTemporaryFile(max_size=10) as spooled:
        upload = data.UploadFile(spooled, size=0)
        assert asyncio.run(use(upload)) == b"1234512345"
        assert upload.size == 15
        assert isinstance(spooled.fileno(), int)
