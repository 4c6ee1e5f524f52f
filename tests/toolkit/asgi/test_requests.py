"""Requests: what an app can ask of the scope, and how the body is read."""

import asyncio
import json

import pytest

from tests.toolkit.asgi.drive import (
    DISCONNECT,
    body_messages,
    encode_headers,
    http_scope,
    receiver,
    websocket_scope,
)

FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=cut"}


def multipart(*parts):
    """A body of (disposition and headers, content) parts, cut at ``--cut``."""
    lines = b""
    for head, content in parts:
        lines += b"--cut\r\n" + head + b"\r\n\r\n" + content + b"\r\n"
    return lines + b"--cut--\r\n"


def field(name, content):
    return b'Content-Disposition: form-data; name="%s"' % name, content


def upload(name, filename, content, content_type=b"text/plain"):
    head = b'Content-Disposition: form-data; name="%s"; filename="%s"' % (
        name,
        filename,
    )
    return head + b"\r\nContent-Type: " + content_type, content


async def form_of(request, **limits):
    return await request.form(**limits)


@pytest.fixture
def make(part):
    """``make(*chunks, **scope)``: a request whose body comes in these chunks."""

    def build(*chunks, **scope):
        return part("requests").Request(
            http_scope(**scope), receiver(body_messages(*chunks))
        )

    return build


def test_a_connection_is_a_mapping_of_its_scope(part):
    scope = http_scope(path="/here")
    connection = part("requests").HTTPConnection(scope)
    assert connection["path"] == "/here"
    assert dict(connection) == scope
    assert len(connection) == len(scope)
    assert "method" in connection
    assert "nothing" not in connection
    assert connection.get("nothing", 1) == 1
    with pytest.raises(KeyError):
        connection["nothing"]


def test_connections_are_equal_only_to_themselves(part):
    scope = http_scope()
    one, other = (part("requests").HTTPConnection(scope) for _ in range(2))
    assert one == one
    assert one != other
    assert one != scope
    assert len({one, other}) == 2


@pytest.mark.parametrize("kind", ["HTTPConnection", "Request"])
def test_a_lifespan_scope_is_no_connection(part, kind):
    with pytest.raises(AssertionError):
        getattr(part("requests"), kind)({"type": "lifespan"})


def test_a_request_needs_an_http_scope_and_a_connection_does_not(part):
    requests = part("requests")
    assert requests.HTTPConnection(websocket_scope()).url == "ws://example.org/"
    with pytest.raises(AssertionError):
        requests.Request(websocket_scope())


def test_method_is_that_of_the_scope(make):
    assert make(method="PATCH").method == "PATCH"


@pytest.mark.parametrize(
    ("scope", "url"),
    [
        ({"path": "/a/b"}, "http://example.org/a/b"),
        ({"query": b"x=1&y=%20"}, "http://example.org/?x=1&y=%20"),
        ({"headers": {"host": "other.org:8000"}}, "http://other.org:8000/"),
        ({"headers": {"host": "not a host"}}, "http://example.org/"),
        ({"headers": {"host": "x.org/path"}}, "http://example.org/"),
        ({"headers": {"host": "x.org:99999"}}, "http://example.org/"),
        ({"scheme": "https", "server": ("example.org", 443)}, "https://example.org/"),
        ({"scheme": "https"}, "https://example.org:80/"),
        ({"server": ("::1", 8000)}, "http://[::1]:8000/"),
        ({"server": None, "query": b"x=1"}, "/?x=1"),
        ({"path": "/a?b#c"}, "http://example.org/a%3Fb%23c"),
    ],
)
def test_url(make, scope, url):
    assert str(make(**scope).url) == url


@pytest.mark.parametrize(
    ("scope", "url"),
    [
        ({}, "http://example.org/"),
        ({"path": "/deep/down", "query": b"x=1"}, "http://example.org/"),
        ({"root_path": "/app", "path": "/app/x"}, "http://example.org/app/"),
        ({"root_path": "/app/"}, "http://example.org/app/"),
        (
            {"root_path": "/app/mounted", "app_root_path": "/app"},
            "http://example.org/app/",
        ),
    ],
)
def test_base_url_is_where_the_whole_app_lives(make, scope, url):
    assert str(make(**scope).base_url) == url


def test_headers_know_no_case_and_keep_all_values(make):
    request = make(headers=[("X-Tag", "a"), ("x-tag", "b"), ("Accept", "*/*")])
    assert request.headers["X-TAG"] == "a"
    assert request.headers.getlist("X-Tag") == ["a", "b"]
    assert "accept" in request.headers
    assert request.headers is request.headers


def test_query_params(make):
    params = make(query=b"a=1&a=2&b=&c=%C3%A9+d").query_params
    assert params["a"] == "2"
    assert params.getlist("a") == ["1", "2"]
    assert params["b"] == ""
    assert params["c"] == "é d"
    assert "d" not in params


def test_path_params_are_empty_without_a_router(make):
    assert make().path_params == {}
    assert make(path_params={"id": 3}).path_params == {"id": 3}


@pytest.mark.parametrize(
    ("headers", "cookies"),
    [
        ([], {}),
        ([("cookie", "a=1; b=2")], {"a": "1", "b": "2"}),
        ([("cookie", "a=1"), ("cookie", "b=2; a=3")], {"a": "3", "b": "2"}),
        ([("cookie", "a=1; a=2")], {"a": "2"}),
        ([("cookie", "  a =  b c ;")], {"a": "b c"}),
        ([("cookie", "a=b=c")], {"a": "b=c"}),
        ([("cookie", "alone; a=1")], {"": "alone", "a": "1"}),
        ([("cookie", "=value")], {"": "value"}),
        ([("cookie", r'a="x\073y\"z"')], {"a": 'x;y"z'}),
        ([("cookie", "a[b]=1; c:d={}")], {"a[b]": "1", "c:d": "{}"}),
        ([("cookie", "a=%20")], {"a": "%20"}),
        ([("cookie", ";;")], {}),
    ],
)
def test_cookies(make, headers, cookies):
    assert make(headers=headers).cookies == cookies


def test_client(make):
    client = make().client
    assert client == ("10.0.0.1", 4321)
    assert (client.host, client.port) == ("10.0.0.1", 4321)
    assert make(client=None).client is None


@pytest.mark.parametrize("name", ["session", "auth", "user"])
def test_what_a_middleware_provides(make, name):
    with pytest.raises(AssertionError):
        getattr(make(), name)
    value = {"any": "thing"}
    assert getattr(make(**{name: value}), name) is value


def test_app_is_that_of_the_scope(make):
    app = object()
    assert make(app=app).app is app
    with pytest.raises(KeyError):
        _ = make().app


def test_state_lives_in_the_scope_and_requests_of_it_share_it(part):
    scope = http_scope()
    first, second = (part("requests").Request(scope) for _ in range(2))
    first.state.user = "me"
    assert second.state.user == "me"
    assert scope["state"] == {"user": "me"}
    with pytest.raises(AttributeError):
        _ = first.state.other


def test_state_that_the_lifespan_left_is_there(make):
    assert make(state={"pool": 1}).state.pool == 1


def test_url_for_asks_the_router_and_is_absolute(part, make):
    routing = part("routing")
    router = routing.Router([routing.Route("/u/{id:int}", lambda r: None, name="u")])
    request = make(router=router, root_path="/app", path="/app/other")
    assert request.url_for("u", id=3) == "http://example.org/app/u/3"
    with pytest.raises(routing.NoMatchFound):
        request.url_for("u", id=3, more=4)


def test_url_for_asks_the_app_where_there_is_no_router(part, make):
    routing = part("routing")
    router = routing.Router([routing.WebSocketRoute("/ws", lambda ws: None, name="w")])
    assert make(app=router, scheme="https").url_for("w") == "wss://example.org:80/ws"


def test_url_for_needs_a_router_or_an_app(make):
    with pytest.raises(RuntimeError):
        make().url_for("home")


def test_a_parameter_of_a_route_may_be_called_name(part, make):
    routing = part("routing")
    router = routing.Router([routing.Route("/{name}", lambda r: None, name="n")])
    assert make(router=router).url_for("n", name="x").path == "/x"


def test_body_joins_the_chunks_and_is_read_once(make):
    request = make(b"a", b"", b"b")

    async def read():
        return await request.body(), await request.body()

    assert asyncio.run(read()) == (b"ab", b"ab")


def test_a_message_without_a_body_is_an_empty_body(part):
    request = part("requests").Request(
        http_scope(), receiver([{"type": "http.request"}])
    )
    assert asyncio.run(request.body()) == b""


def test_json(make):
    request = make(b'{"a": [1, ', b'"\xc3\xa9"]}')

    async def read():
        return await request.json(), await request.json(), await request.body()

    first, second, body = asyncio.run(read())
    assert first == {"a": [1, "é"]}
    assert second is first
    assert json.loads(body) == first


@pytest.mark.parametrize("body", [b"", b"{", b"{'a': 1}"])
def test_what_is_no_json_raises(make, body):
    with pytest.raises(json.JSONDecodeError):
        asyncio.run(make(body).json())


async def chunks_of(stream):
    return [chunk async for chunk in stream]


def test_stream_gives_what_arrives_and_then_an_empty_chunk(make):
    request = make(b"a", b"", b"b")
    assert asyncio.run(chunks_of(request.stream())) == [b"a", b"b", b""]


def test_stream_after_body_gives_the_body_again(make):
    request = make(b"a", b"b")

    async def read():
        await request.body()
        return [await chunks_of(request.stream()) for _ in range(2)]

    assert asyncio.run(read()) == [[b"ab", b""], [b"ab", b""]]


@pytest.mark.parametrize("again", ["body", "json", "form", "stream"])
def test_a_consumed_stream_is_gone(make, again):
    request = make(b"a=1", headers=FORM)

    async def read():
        await chunks_of(request.stream())
        if again == "stream":
            await chunks_of(request.stream())
        else:
            await getattr(request, again)()

    with pytest.raises(RuntimeError):
        asyncio.run(read())


def test_a_stream_left_halfway_can_be_read_on(make):
    request = make(b"a", b"b", b"c")

    async def read():
        stream = request.stream()
        first = await anext(stream)
        await stream.aclose()
        return first, await request.body()

    assert asyncio.run(read()) == (b"a", b"bc")


def test_a_body_that_is_cut_off_is_a_client_disconnect(part):
    requests = part("requests")
    messages = [{"type": "http.request", "body": b"a", "more_body": True}, DISCONNECT]
    request = requests.Request(http_scope(), receiver(messages))

    async def read():
        with pytest.raises(requests.ClientDisconnect):
            await request.body()
        return await request.is_disconnected()

    assert asyncio.run(read()) is True


def test_is_disconnected_looks_only_at_what_is_there(part):
    request_class = part("requests").Request

    async def look(*messages):
        return await request_class(http_scope(), receiver(messages)).is_disconnected()

    assert asyncio.run(look()) is False
    assert asyncio.run(look(DISCONNECT)) is True


def test_once_disconnected_is_for_ever(part):
    request = part("requests").Request(http_scope(), receiver([DISCONNECT]))

    async def look():
        return [await request.is_disconnected() for _ in range(3)]

    assert asyncio.run(look()) == [True, True, True]


def test_is_disconnected_after_the_body(part):
    messages = [*body_messages(b"all"), DISCONNECT]
    request = part("requests").Request(http_scope(), receiver(messages))

    async def look():
        return await request.body(), await request.is_disconnected()

    assert asyncio.run(look()) == (b"all", True)


def test_without_a_receive_there_is_no_body(part):
    request = part("requests").Request(http_scope())
    with pytest.raises(RuntimeError):
        asyncio.run(request.body())
    with pytest.raises(RuntimeError):
        asyncio.run(request.receive())


def test_receive_is_the_channel_itself(part):
    receive = receiver([DISCONNECT])
    assert part("requests").Request(http_scope(), receive).receive is receive


@pytest.mark.parametrize(
    ("body", "items"),
    [
        (b"", []),
        (b"a=1&b=2", [("a", "1"), ("b", "2")]),
        (b"a=1&a=2", [("a", "1"), ("a", "2")]),
        (b"a=&b", [("a", ""), ("b", "")]),
        (b"n%C3%A9=%C3%A9+%2B", [("né", "é +")]),
        (b"a=1&&b=2", [("a", "1"), ("b", "2")]),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_urlencoded_form(make, body, items, size):
    chunks = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    form = asyncio.run(form_of(make(*chunks, headers=FORM)))
    assert form.multi_items() == items


@pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}])
def test_other_bodies_are_an_empty_form_and_stay_unread(make, headers):
    request = make(b"a=1", headers=headers)

    async def read():
        return await request.form(), await request.body()

    form, body = asyncio.run(read())
    assert len(form) == 0
    assert body == b"a=1"


def test_form_is_parsed_once(make):
    request = make(b"a=1", headers=FORM)

    async def read():
        return await request.form() is await request.form()

    assert asyncio.run(read())


def test_form_after_body(make):
    request = make(b"a=1", headers=FORM)

    async def read():
        return await request.body(), await request.form()

    assert asyncio.run(read())[1]["a"] == "1"


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_multipart_form(part, make, size):
    body = multipart(
        field(b"title", b"\xc3\xa9"),
        upload(b"doc", b"n\xc3\xa9.txt", b"one\r\ntwo"),
        field(b"title", b""),
    )
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    request = make(*chunks, headers=MULTIPART)

    async def read():
        async with request.form() as form:
            return form, await form["doc"].read()

    form, content = asyncio.run(read())
    doc = form["doc"]
    assert form.getlist("title") == ["é", ""]
    assert [name for name, _ in form.multi_items()] == ["title", "doc", "title"]
    assert isinstance(doc, part("datastructures").UploadFile)
    assert content == b"one\r\ntwo"
    assert (doc.filename, doc.size, doc.content_type) == ("né.txt", 8, "text/plain")
    assert doc.headers["content-disposition"].startswith("form-data")


def test_leaving_the_form_closes_its_files(make):
    request = make(multipart(upload(b"f", b"a.txt", b"x")), headers=MULTIPART)

    async def read():
        async with request.form() as form:
            assert not form["f"].file.closed
        return form["f"].file.closed

    assert asyncio.run(read()) is True


def test_closing_the_request_closes_the_files_of_its_form(make):
    request = make(multipart(upload(b"f", b"a.txt", b"x")), headers=MULTIPART)

    async def read():
        form = await request.form()
        await request.close()
        return form["f"].file.closed

    assert asyncio.run(read()) is True


def test_a_part_with_an_empty_filename_is_a_file(make):
    request = make(multipart(upload(b"f", b"", b"")), headers=MULTIPART)

    async def read():
        async with request.form() as form:
            return form["f"].filename, form["f"].size

    assert asyncio.run(read()) == ("", 0)


def test_charset_of_a_multipart_form(make):
    headers = {"content-type": "multipart/form-data; boundary=cut; charset=latin-1"}
    request = make(multipart(field(b"a", b"\xe9")), headers=headers)
    assert asyncio.run(form_of(request))["a"] == "é"


def test_a_field_that_is_no_utf_8_is_read_as_latin_1(make):
    request = make(multipart(field(b"a", b"\xe9")), headers=MULTIPART)
    assert asyncio.run(form_of(request))["a"] == "é"


TWO_FIELDS = multipart(field(b"a", b"1"), field(b"b", b"2"))
TWO_FILES = multipart(upload(b"a", b"a", b"1"), upload(b"b", b"b", b"2"))
REFUSED = [
    (MULTIPART, TWO_FIELDS, {"max_fields": 1}),
    (MULTIPART, TWO_FILES, {"max_files": 1}),
    (MULTIPART, multipart(field(b"a", b"x" * 11)), {"max_part_size": 10}),
    (MULTIPART, multipart(field(b"a", b"x" * (1024 * 1024 + 1))), {}),
    (MULTIPART, multipart((b"Content-Disposition: form-data", b"1")), {}),
    (MULTIPART, b"no boundary here", {}),
    ({"content-type": "multipart/form-data"}, TWO_FIELDS, {}),
    (FORM, b"a=1&b=2", {"max_fields": 1}),
    (FORM, b"a=" + b"x" * 10, {"max_part_size": 10}),
]


@pytest.mark.parametrize(("headers", "body", "limits"), REFUSED)
def test_a_form_beyond_its_limits_is_a_multipart_exception(
    part, make, headers, body, limits
):
    with pytest.raises(part("formparsers").MultiPartException) as caught:
        asyncio.run(form_of(make(body, headers=headers), **limits))
    assert caught.value.message


@pytest.mark.parametrize(("headers", "body", "limits"), REFUSED)
def test_inside_an_app_it_is_a_400(part, make, headers, body, limits):
    with pytest.raises(part("exceptions").HTTPException) as caught:
        asyncio.run(form_of(make(body, headers=headers, app=object()), **limits))
    assert caught.value.status_code == 400
    assert caught.value.detail


@pytest.mark.parametrize(
    ("headers", "body", "limits"),
    [
        (MULTIPART, TWO_FIELDS, {"max_fields": 2, "max_files": 0}),
        (MULTIPART, TWO_FILES, {"max_files": 2, "max_fields": 0}),
        (MULTIPART, multipart(field(b"a", b"x" * 10)), {"max_part_size": 10}),
        (MULTIPART, multipart(upload(b"a", b"a", b"x" * 99)), {"max_part_size": 10}),
        (FORM, b"a=" + b"x" * 9, {"max_part_size": 10}),
        (FORM, b"a=1&b=2", {"max_fields": float("inf")}),
    ],
)
def test_a_form_within_its_limits(make, headers, body, limits):
    async def read():
        async with make(body, headers=headers).form(**limits) as form:
            return list(form)

    assert asyncio.run(read())[0] == "a"


def test_scope_headers_may_be_any_iterable(part):
    scope = {**http_scope(), "headers": tuple(encode_headers({"A": "1"}))}
    assert part("requests").Request(scope).headers["a"] == "1"


def test_early_hints_go_out_only_where_the_server_takes_them(part):
    sent = []

    async def send(message):
        sent.append(message)

    async def hint(scope):
        request = part("requests").Request(scope, receiver([]), send)
        await request.send_early_hints("</a.css>; rel=preload", "</b.js>; rel=preload")

    asyncio.run(hint(http_scope()))
    assert sent == []
    asyncio.run(hint(http_scope(extensions={"http.response.early_hint": {}})))
    links = [b"</a.css>; rel=preload", b"</b.js>; rel=preload"]
    assert sent == [{"type": "http.response.early_hint", "links": links}]
