"""What a response says, and how it goes out."""

import io
from datetime import UTC, datetime, timedelta

import pytest

MOMENT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
MOMENT_TEXT = "Tue, 02 Jan 2024 03:04:05 GMT"


@pytest.fixture
def response(flask):
    return flask.Response("body")


@pytest.fixture
def sent(app):
    """``sent(response, ...)``: what a client gets when a view returns it."""

    def send(response, **options):
        app.add_url_rule("/", "view", lambda: response, methods=["GET", "POST", "PUT"])
        return app.test_client().open("/", **options)

    return send


# Making one.


@pytest.mark.parametrize(
    ("options", "status", "body", "content_type"),
    [
        ({}, "200 OK", b"", "text/html; charset=utf-8"),
        ({"response": "ä"}, "200 OK", "ä".encode(), "text/html; charset=utf-8"),
        ({"response": b"\xff"}, "200 OK", b"\xff", "text/html; charset=utf-8"),
        ({"response": ["a", b"b"]}, "200 OK", b"ab", "text/html; charset=utf-8"),
        (
            {"response": {"a": 1, "b": 2}.keys()},
            "200 OK",
            b"ab",
            "text/html; charset=utf-8",
        ),
        ({"status": 404}, "404 NOT FOUND", b"", "text/html; charset=utf-8"),
        ({"status": "404 Gone Away"}, "404 Gone Away", b"", None),
        ({"status": "404"}, "404 NOT FOUND", b"", None),
        ({"status": 299}, "299 UNKNOWN", b"", None),
        ({"mimetype": "text/plain"}, "200 OK", b"", "text/plain; charset=utf-8"),
        ({"mimetype": "application/json"}, "200 OK", b"", "application/json"),
        ({"mimetype": "application/xml"}, "200 OK", b"", None),
        ({"mimetype": "image/png"}, "200 OK", b"", "image/png"),
        ({"content_type": "text/plain"}, "200 OK", b"", "text/plain"),
        ({"content_type": "a/b; c=d"}, "200 OK", b"", "a/b; c=d"),
        ({"mimetype": "a/b", "content_type": "c/d"}, "200 OK", b"", "c/d"),
        ({"headers": {"Content-Type": "a/b"}}, "200 OK", b"", "a/b"),
        (
            {"headers": {"Content-Type": "a/b"}, "mimetype": "c/d"},
            "200 OK",
            b"",
            "c/d",
        ),
        (
            {"headers": {"Content-Type": "a/b"}, "content_type": "c/d"},
            "200 OK",
            b"",
            "c/d",
        ),
    ],
)
def test_a_response_is_made_of(flask, options, status, body, content_type):
    response = flask.Response(**options)

    assert response.status == status
    assert response.status_code == int(status[:3])
    assert response.data == body
    if content_type:
        assert response.content_type == content_type
        assert response.headers["Content-Type"] == content_type


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "1", "X-B": "2"},
        [("X-A", "1"), ("X-B", "2")],
        {"X-A": "1", "X-B": 2},
    ],
)
def test_headers_may_be_a_dict_or_pairs(flask, headers):
    response = flask.Response(headers=headers)

    assert (response.headers["X-A"], response.headers["X-B"]) == ("1", "2")


def test_headers_of_a_response_are_used_as_they_are(flask, part):
    headers = part("datastructures").Headers({"X-A": "1"})

    assert flask.Response(headers=headers).headers is headers


def test_a_number_is_no_body(flask):
    with pytest.raises(TypeError):
        flask.Response(3).get_data()


@pytest.mark.parametrize("status", ["", "   "])
def test_an_empty_status_is_an_error(flask, status):
    with pytest.raises(ValueError, match=r"\w"):
        flask.Response(status=status)


@pytest.mark.parametrize(
    ("value", "status", "code"),
    [
        (404, "404 NOT FOUND", 404),
        ("404", "404 NOT FOUND", 404),
        ("201 Made", "201 Made", 201),
        ("wrong", "0 wrong", 0),
        (700, "700 UNKNOWN", 700),
    ],
)
def test_the_status_can_be_set(response, value, status, code):
    response.status = value

    assert (response.status, response.status_code) == (status, code)


def test_the_status_code_can_be_set(response):
    response.status_code = 418

    assert (response.status, response.status_code) == ("418 I'M A TEAPOT", 418)


# The body.


def test_the_data_can_be_read_and_set(response):
    assert response.data == response.get_data() == b"body"
    assert response.get_data(as_text=True) == "body"

    response.data = "ä"
    assert response.data == "ä".encode()
    assert response.content_length == 2
    response.set_data(b"xyz")
    assert response.headers["Content-Length"] == "3"


def test_a_stream_becomes_data_when_it_is_read(flask):
    response = flask.Response(c for c in "abc")

    assert response.is_streamed
    assert not response.is_sequence
    assert response.data == b"abc"
    assert response.is_sequence
    assert response.data == b"abc"


def test_the_body_is_iterated_as_bytes(flask):
    response = flask.Response(["a", b"b", "ä"])

    assert b"".join(response.iter_encoded()) == "abä".encode()


@pytest.mark.parametrize(
    ("data", "mimetype", "is_json", "value"),
    [
        ('{"a": 1}', "application/json", True, {"a": 1}),
        ("[1]", "application/vnd.x+json", True, [1]),
        ("[1]", "text/plain", False, None),
    ],
)
def test_json_is_parsed(flask, data, mimetype, is_json, value):
    response = flask.Response(data, mimetype=mimetype)

    assert response.is_json is is_json
    assert response.json == response.get_json() == value


def test_json_can_be_forced_and_silent(flask):
    bad = flask.Response("{", mimetype="application/json")

    assert flask.Response("[1]").get_json(force=True) == [1]
    assert bad.get_json(silent=True) is None
    with pytest.raises(ValueError, match=r"\w"):
        bad.get_json()


def test_the_mimetype_can_be_set(response):
    response.mimetype = "text/plain"
    assert response.content_type == "text/plain; charset=utf-8"
    response.mimetype = "image/png"
    assert response.content_type == "image/png"
    response.content_type = "text/css; charset=latin-1"
    assert response.mimetype == "text/css"
    assert response.mimetype_params == {"charset": "latin-1"}
    response.mimetype_params["charset"] = "utf-8"
    assert response.content_type == "text/css; charset=utf-8"


def test_writing_to_the_stream_adds_to_the_body(flask):
    response = flask.Response()
    response.stream.write(b"a")
    response.stream.writelines([b"b", b"c"])

    assert response.data == b"abc"


# Cookies.


@pytest.mark.parametrize(
    ("options", "attributes"),
    [
        ({}, {"Path=/"}),
        ({"path": "/app"}, {"Path=/app"}),
        ({"path": None}, set()),
        (
            {"max_age": 60, "expires": MOMENT},
            {"Path=/", "Max-Age=60", f"Expires={MOMENT_TEXT}"},
        ),
        ({"expires": MOMENT}, {"Path=/", f"Expires={MOMENT_TEXT}"}),
        ({"expires": 0}, {"Path=/", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"}),
        ({"expires": MOMENT_TEXT}, {"Path=/", f"Expires={MOMENT_TEXT}"}),
        ({"domain": "example.org"}, {"Path=/", "Domain=example.org"}),
        ({"domain": ".example.org"}, {"Path=/", "Domain=example.org"}),
        ({"secure": True}, {"Path=/", "Secure"}),
        ({"httponly": True}, {"Path=/", "HttpOnly"}),
        ({"samesite": "Lax"}, {"Path=/", "SameSite=Lax"}),
        ({"samesite": "strict"}, {"Path=/", "SameSite=Strict"}),
        ({"samesite": "None", "secure": True}, {"Path=/", "Secure", "SameSite=None"}),
        ({"partitioned": True}, {"Path=/", "Secure", "Partitioned"}),
    ],
)
def test_a_cookie_has_its_attributes(response, options, attributes):
    response.set_cookie("name", "value", **options)
    pair, *rest = response.headers["Set-Cookie"].split("; ")

    assert pair == "name=value"
    assert {part.lower() for part in rest} == {part.lower() for part in attributes}


@pytest.mark.parametrize(
    ("max_age", "seconds"), [(60, 60), (timedelta(minutes=1), 60), (0, 0)]
)
def test_the_age_of_a_cookie_also_sets_when_it_expires(response, max_age, seconds):
    response.set_cookie("name", "value", max_age=max_age)
    _, *parts = response.headers["Set-Cookie"].split("; ")
    attributes = dict(part.split("=", 1) for part in parts)

    assert attributes["Max-Age"] == f"{seconds}"
    expires = datetime.strptime(attributes["Expires"], "%a, %d %b %Y %H:%M:%S GMT")
    left = expires.replace(tzinfo=UTC) - datetime.now(UTC)
    assert abs(left.total_seconds() - seconds) < 10


@pytest.mark.parametrize(
    "value", ["", "a b", 'a"b', "a;b", "a,b", "ä", "\r\nX: 1", "\\"]
)
def test_a_cookie_comes_back_as_it_was_set(app, client, flask, value):
    def give():
        response = flask.Response("x")
        response.set_cookie("name", value)
        return response

    app.add_url_rule("/give", "give", give)
    app.add_url_rule("/take", "take", lambda: flask.jsonify(flask.request.cookies))
    response = client.get("/give")

    header = response.headers["Set-Cookie"]
    assert header.isascii()
    assert not set(header) & set("\r\n")
    assert client.get("/take").json == {"name": value}


def test_every_cookie_has_a_header_of_its_own(response):
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")

    assert [h[:3] for h in response.headers.getlist("Set-Cookie")] == ["a=1", "b=2"]


@pytest.mark.parametrize("samesite", ["wrong", ""])
def test_a_wrong_samesite_is_an_error(response, samesite):
    with pytest.raises(ValueError, match="(?i)samesite"):
        response.set_cookie("a", "1", samesite=samesite)


def test_deleting_a_cookie_lets_it_expire(response):
    response.delete_cookie("a", path="/x", domain="example.org", secure=True)
    header = response.headers["Set-Cookie"]

    assert header.startswith("a=;")
    parts = {part.lower() for part in header.split("; ")}
    assert {
        *("expires=thu, 01 jan 1970 00:00:00 gmt", "max-age=0"),
        *("path=/x", "domain=example.org", "secure"),
    } <= parts


# Headers.


def test_headers_can_be_changed(response):
    headers = response.headers
    headers["X-A"] = "1"
    headers.add("x-a", "2")
    assert headers["X-A"] == headers.get("x-A") == "1"
    assert headers.getlist("X-A") == headers.get_all("X-A") == ["1", "2"]
    assert "x-a" in headers

    headers.set("X-A", "3")
    assert headers.getlist("X-A") == ["3"]
    headers.extend({"X-A": "4", "X-B": ["5", "6"]})
    assert headers.getlist("X-A") == ["3", "4"]
    assert headers.getlist("X-B") == ["5", "6"]
    headers.update({"X-A": "7"})
    assert headers.getlist("X-A") == ["7"]
    assert headers.setdefault("X-A", "8") == "7"
    assert headers.setdefault("X-C", "9") == "9"
    headers.remove("x-b")
    assert "X-B" not in headers
    del headers["X-C"]
    assert headers.get("X-C", "none") == "none"
    assert headers.pop("X-A") == "7"
    with pytest.raises(KeyError):
        headers["X-A"]
    headers.clear()
    assert len(headers) == 0


def test_the_value_of_a_header_may_have_options(response):
    response.headers.add("Content-Disposition", "attachment", filename="a b.txt")
    response.headers["X-Number"] = 3

    assert response.headers["Content-Disposition"] == 'attachment; filename="a b.txt"'
    assert response.headers.get("X-Number", type=int) == 3


def test_headers_are_pairs(response):
    response.headers.add("X-A", "1")
    response.headers.add("X-A", "2")

    assert [pair for pair in response.headers if pair[0] == "X-A"] == [
        ("X-A", "1"),
        ("X-A", "2"),
    ]
    assert list(response.headers.items(lower=True))[-1] == ("x-a", "2")
    assert set(response.headers.keys()) == {"Content-Type", "Content-Length", "X-A"}


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "\n"])
def test_a_newline_in_a_header_is_an_error(flask, response, value):
    headers = response.headers
    writers = [
        lambda: headers.add("X-A", value),
        lambda: headers.set("X-A", value),
        lambda: headers.__setitem__("X-A", value),
        lambda: headers.setdefault("X-A", value),
        lambda: headers.extend({"X-A": value}),
        lambda: headers.update({"X-A": [value]}),
        lambda: flask.Response(headers={"X-A": value}),
        lambda: flask.Response(content_type=value),
    ]
    for write in writers:
        with pytest.raises(ValueError, match=r"\w"):
            write()
    assert "X-A" not in headers


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("location", "/x", "/x"),
        ("content_encoding", "gzip", "gzip"),
        ("content_location", "/y", "/y"),
        ("content_length", 5, "5"),
        ("age", 60, "60"),
        ("age", timedelta(minutes=1), "60"),
        ("date", MOMENT, MOMENT_TEXT),
        ("expires", MOMENT, MOMENT_TEXT),
        ("last_modified", MOMENT, MOMENT_TEXT),
        ("last_modified", MOMENT.replace(tzinfo=None), MOMENT_TEXT),
        ("accept_ranges", "bytes", "bytes"),
        ("access_control_allow_origin", "*", "*"),
        ("access_control_max_age", 60, "60"),
    ],
)
def test_a_header_has_an_attribute(response, name, value, text):
    header = name.replace("_", "-")
    setattr(response, name, value)
    assert response.headers[header] == text

    delattr(response, name)
    assert header not in response.headers
    assert getattr(response, name) is None


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("retry_after", MOMENT, MOMENT_TEXT),
        ("retry_after", 120, "120"),
        ("access_control_allow_credentials", True, "true"),
    ],
)
def test_none_takes_the_header_away(response, name, value, text):
    header = name.replace("_", "-")
    setattr(response, name, value)
    assert response.headers[header] == text

    setattr(response, name, None)
    assert header not in response.headers


def test_the_attributes_of_headers_are_parsed(response):
    response.headers.update(
        {
            "Last-Modified": MOMENT_TEXT,
            "Expires": "nonsense",
            "Age": "60",
            "Access-Control-Allow-Methods": "GET, PUT",
        }
    )

    assert response.last_modified == MOMENT
    assert response.expires is None
    assert response.age == timedelta(seconds=60)
    assert "put" in response.access_control_allow_methods
    assert response.date is None
    assert not response.access_control_allow_credentials
    response.retry_after = 60
    left = response.retry_after - datetime.now(UTC)
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)


@pytest.mark.parametrize(
    "name",
    [
        "vary",
        "allow",
        "content_language",
        "access_control_allow_headers",
        "access_control_allow_methods",
        "access_control_expose_headers",
    ],
)
def test_a_header_may_be_a_set(response, name):
    header = name.replace("_", "-")
    setattr(response, name, ["A", "B"])
    assert response.headers[header] == "A, B"
    assert "a" in getattr(response, name)


def test_the_set_of_vary_can_be_changed(response):
    response.vary.add("Cookie")
    response.vary.update(["Accept", "cookie"])
    assert response.headers["Vary"] == "Cookie, Accept"

    response.vary.discard("accept")
    assert response.headers["Vary"] == "Cookie"
    response.vary.remove("cookie")
    assert "Vary" not in response.headers


@pytest.mark.parametrize(
    ("attributes", "directives"),
    [
        ({"max_age": 60}, {"max-age=60"}),
        ({"max_age": 0}, {"max-age=0"}),
        ({"s_maxage": 5, "public": True}, {"s-maxage=5", "public"}),
        ({"no_cache": True}, {"no-cache"}),
        ({"no_store": True, "private": True}, {"no-store", "private"}),
        (
            {"must_revalidate": True, "immutable": True},
            {"must-revalidate", "immutable"},
        ),
        ({"stale_while_revalidate": 9}, {"stale-while-revalidate=9"}),
        ({"max_age": 1, "public": False}, {"max-age=1"}),
    ],
)
def test_cache_control_is_written(response, attributes, directives):
    for name, value in attributes.items():
        setattr(response.cache_control, name, value)

    assert set(response.headers["Cache-Control"].split(", ")) == directives
    for name, value in attributes.items():
        assert getattr(response.cache_control, name) == value


def test_cache_control_is_read(response):
    response.headers["Cache-Control"] = 'max-age=60, private="a, b", no-store, x=y'
    control = response.cache_control

    assert control.max_age == 60
    assert control.private == "a, b"
    assert control.no_store is True
    assert control.public is False
    assert control.s_maxage is None
    assert control["x"] == "y"
    control.max_age = None
    assert "max-age" not in response.headers["Cache-Control"]


def test_an_empty_cache_control_has_no_header(response):
    response.cache_control.public = True
    response.cache_control.public = False

    assert "Cache-Control" not in response.headers


def test_www_authenticate(response, part):
    challenge = part("datastructures").WWWAuthenticate("basic", {"realm": "a b"})
    response.www_authenticate = challenge
    assert response.headers["WWW-Authenticate"] == 'Basic realm="a b"'

    response.www_authenticate.realm = "c"
    assert response.headers["WWW-Authenticate"].replace('"', "") == "Basic realm=c"
    assert response.www_authenticate.type == "basic"
    response.www_authenticate = [
        challenge,
        part("datastructures").WWWAuthenticate("bearer", token="x"),
    ]
    assert len(response.headers.getlist("WWW-Authenticate")) == 2
    del response.www_authenticate
    assert "WWW-Authenticate" not in response.headers


def test_content_range(response):
    response.content_range.set(0, 10, 100)
    assert response.headers["Content-Range"] == "bytes 0-9/100"
    assert (response.content_range.start, response.content_range.stop) == (0, 10)
    assert response.content_range.length == 100

    response.content_range = "bytes */50"
    assert response.content_range.start is None
    assert response.content_range.length == 50
    response.content_range.unset()
    assert "Content-Range" not in response.headers


# Etags and conditions.


def test_an_etag_can_be_set(response):
    assert response.get_etag() == (None, None)

    response.set_etag("a")
    assert response.headers["ETag"] == '"a"'
    assert response.get_etag() == ("a", False)
    response.set_etag("b", weak=True)
    assert response.headers["ETag"] == 'W/"b"'
    assert response.get_etag() == ("b", True)


def test_an_etag_can_be_made_of_the_body(flask):
    one, same, other = flask.Response("a"), flask.Response("a"), flask.Response("b")
    for response in (one, same, other):
        response.add_etag()

    assert one.get_etag() == same.get_etag() != other.get_etag()
    one.data = "changed"
    before = one.get_etag()
    one.add_etag()
    assert one.get_etag() == before
    one.add_etag(overwrite=True)
    assert one.get_etag() != before


@pytest.fixture
def conditional(app, flask):
    """The answer of a view that makes its response conditional."""

    def view():
        response = flask.Response("0123456789")
        response.set_etag("tag")
        response.last_modified = MOMENT
        return response.make_conditional(
            flask.request, accept_ranges=True, complete_length=10
        )

    app.add_url_rule("/", "view", view, methods=["GET", "POST"])
    return lambda method="GET", **headers: app.test_client().open(
        "/",
        method=method,
        headers={k.replace("_", "-"): v for k, v in headers.items()},
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"If_None_Match": '"tag"'}, 304),
        ({"If_None_Match": 'W/"tag"'}, 304),
        ({"If_None_Match": '"x", "tag"'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"x"'}, 200),
        ({"If_Modified_Since": MOMENT_TEXT}, 304),
        ({"If_Modified_Since": "Tue, 02 Jan 2024 03:04:04 GMT"}, 200),
        ({"If_Modified_Since": "Tue, 02 Jan 2024 03:04:06 GMT"}, 304),
        ({"If_Modified_Since": "nonsense"}, 200),
        ({"If_None_Match": '"x"', "If_Modified_Since": MOMENT_TEXT}, 200),
        ({"If_Match": '"tag"'}, 200),
        ({"If_Match": '"x"'}, 412),
    ],
)
def test_a_response_may_be_conditional(conditional, headers, status):
    response = conditional(**headers)

    assert response.status_code == status
    if status != 412:
        assert response.data == (b"0123456789" if status == 200 else b"")
    assert response.headers["ETag"] == '"tag"'


def test_a_304_has_no_content_headers(conditional):
    response = conditional(If_None_Match='"tag"')

    assert "Content-Type" not in response.headers
    assert "Content-Length" not in response.headers


def test_a_condition_is_for_get_and_head_only(conditional):
    assert conditional("POST", If_None_Match='"tag"').status_code == 200
    assert conditional("HEAD", If_None_Match='"tag"').status_code == 304


@pytest.mark.parametrize(
    ("range_", "body", "content_range"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=8-", b"89", "bytes 8-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=5-999", b"56789", "bytes 5-9/10"),
        ("bytes=0-0", b"0", "bytes 0-0/10"),
    ],
)
def test_a_range_gets_a_part(conditional, range_, body, content_range):
    response = conditional(Range=range_)

    assert (response.status_code, response.data) == (206, body)
    assert response.headers["Content-Range"] == content_range
    assert response.content_length == len(body)
    assert response.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("range_", ["bytes=10-", "bytes=99-100", "bytes=0-1,3-4", "x"])
def test_a_range_that_cannot_be_satisfied_is_416(conditional, range_):
    assert conditional(Range=range_).status_code == 416


def test_a_416_tells_the_length(conditional):
    assert conditional(Range="bytes=10-").headers["Content-Range"] == "bytes */10"


@pytest.mark.parametrize(
    ("if_range", "status"), [('"tag"', 206), ('"x"', 200), (MOMENT_TEXT, 206)]
)
def test_a_range_may_have_a_condition(conditional, if_range, status):
    response = conditional(Range="bytes=0-3", If_Range=if_range)

    assert response.status_code == status


def test_a_range_is_ignored_unless_accepted(app, client, flask):
    app.add_url_rule(
        "/", "view", lambda: flask.Response("0123").make_conditional(flask.request)
    )

    response = client.get("/", headers={"Range": "bytes=0-1"})
    assert (response.status_code, response.data) == (200, b"0123")


# Sending.


def test_head_sends_the_headers_only(sent, flask):
    response = sent(flask.Response("body", headers={"X-A": "1"}), method="HEAD")

    assert (response.data, response.content_length) == (b"", 4)
    assert response.headers["X-A"] == "1"


@pytest.mark.parametrize("status", [204, 304])
def test_some_statuses_have_no_body(sent, flask, status):
    response = sent(flask.Response("body", status))

    assert (response.status_code, response.data) == (status, b"")
    assert "Content-Length" not in response.headers


def test_a_body_at_hand_has_a_length_and_a_stream_has_none(app, client, flask):
    app.add_url_rule("/list", "list", lambda: flask.Response(["a", "bc"]))
    app.add_url_rule("/stream", "stream", lambda: flask.Response(iter("abc")))

    assert client.get("/list").content_length == 3
    assert client.get("/stream").content_length is None


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/x", "/x"),
        ("x", "x"),
        ("http://example.org/ä b", "http://example.org/%C3%A4%20b"),
        ("/a?q=ä", "/a?q=%C3%A4"),
    ],
)
def test_a_location_is_sent_relative_and_quoted(sent, flask, location, expected):
    response = sent(flask.Response(status=302, headers={"Location": location}))

    assert response.headers["Location"] == expected


def test_the_functions_called_on_close_run_in_order(sent, flask):
    log = []
    response = flask.Response("x")
    response.call_on_close(lambda: log.append(1))

    @response.call_on_close
    def second():
        log.append(2)

    with sent(response):
        pass
    assert log == [1, 2]
    assert callable(second)


def test_closing_closes_the_body(sent, flask):
    log = []

    class Body:
        def __iter__(self):
            return iter([b"x"])

        def close(self):
            log.append("closed")

    with sent(flask.Response(Body())) as response:
        assert response.data == b"x"
    assert log == ["closed"]


def test_a_stream_that_is_left_early_runs_its_finally(app, flask):
    log = []

    def stream():
        try:
            yield "a"
            yield "b"
        finally:
            log.append("finally")

    app.add_url_rule("/", "view", lambda: stream())
    with app.test_request_context("/") as ctx:
        environ = dict(ctx.request.environ)
    body = app(environ, lambda *args: None)

    assert next(iter(body)) == b"a"
    body.close()
    assert log == ["finally"]


def test_a_stream_is_sent_piece_by_piece(app, flask):
    log = []

    def stream():
        for piece in "abc":
            log.append(piece)
            yield piece

    app.add_url_rule("/", "view", lambda: stream())
    with app.test_request_context("/") as ctx:
        environ = dict(ctx.request.environ)
    body = app(environ, lambda *args: None)

    pieces = iter(body)
    assert next(pieces) == b"a"
    assert log == ["a"]
    assert list(pieces) == [b"b", b"c"]
    body.close()


def test_a_file_may_be_passed_through(sent, flask):
    with sent(flask.Response(io.BytesIO(b"file"), direct_passthrough=True)) as response:
        assert response.data == b"file"


def test_the_data_of_what_is_passed_through_cannot_be_read(flask):
    response = flask.Response(io.BytesIO(b"file"), direct_passthrough=True)

    with pytest.raises(RuntimeError):
        response.get_data()


def test_freezing_makes_the_response_storable(flask):
    response = flask.Response(c for c in "abc")
    response.freeze()

    assert response.is_sequence
    assert response.content_length == 3
    assert response.get_etag()[0]


def test_a_response_is_a_wsgi_application(flask, app):
    with app.test_request_context("/") as ctx:
        environ = dict(ctx.request.environ)
    got = []
    body = flask.Response("x", 201, {"X-A": "1"})(environ, lambda *a: got.extend(a))

    assert b"".join(body) == b"x"
    assert got[0] == "201 CREATED"
    assert ("X-A", "1") in got[1]
    assert ("Content-Length", "1") in got[1]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirect(flask, code):
    response = flask.redirect("/x?a=<b>", code)

    assert response.status_code == code
    assert response.location == "/x?a=<b>"
    assert "<b>" not in response.get_data(as_text=True)


def test_a_redirect_is_a_302_unless_told(flask):
    assert flask.redirect("/x").status_code == 302


@pytest.mark.parametrize("location", ["/\r\nX-Evil: 1", "/\n", "\r"])
def test_a_newline_cannot_split_a_redirect(flask, location):
    try:
        response = flask.redirect(location)
    except ValueError:
        return
    assert not set(response.location) & set("\r\n")
