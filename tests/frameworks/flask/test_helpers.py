"""URLs, redirects, messages, JSON and files."""

import dataclasses
import json
import os
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO, StringIO
from urllib.parse import unquote

import pytest
from markupsafe import Markup


@pytest.fixture
def app(flask, tmp_path):
    made = flask.Flask("helped", root_path=str(tmp_path))
    made.config.update(TESTING=True, SECRET_KEY="a key for tests")
    return made


@pytest.fixture
def url(app, flask):
    """``url_for`` in a request, with some rules."""
    app.add_url_rule("/", "index", lambda: "")
    app.add_url_rule("/user/<int:number>", "user", lambda number: "")
    app.add_url_rule("/way", "way", lambda: "", methods=["GET"])
    app.add_url_rule("/way/post", "way", methods=["POST"])

    def build(*args, **values):
        with app.test_request_context("/", base_url="https://example.org/root"):
            return flask.url_for(*args, **values)

    return build


# URLs.


@pytest.mark.parametrize(
    ("endpoint", "values", "built"),
    [
        ("index", {}, "/root/"),
        ("user", {"number": 3}, "/root/user/3"),
        ("user", {"number": 3, "q": "a b&"}, "/root/user/3?q=a+b%26"),
        ("index", {"q": [1, 2]}, "/root/?q=1&q=2"),
        ("index", {"q": None}, "/root/"),
        ("index", {"q": ""}, "/root/?q="),
        ("index", {"q": "\u00e4"}, "/root/?q=%C3%A4"),
        ("index", {"_external": True}, "https://example.org/root/"),
        (
            "index",
            {"_external": True, "_scheme": "http"},
            "http://example.org/root/",
        ),
        ("index", {"_external": True, "_scheme": ""}, "//example.org/root/"),
        ("index", {"_scheme": "http"}, "http://example.org/root/"),
        ("index", {"_anchor": "a b"}, "/root/#a%20b"),
        ("index", {"_anchor": "\u00e4/?", "q": 1}, "/root/?q=1#%C3%A4/?"),
        ("way", {"_method": "GET"}, "/root/way"),
        ("way", {"_method": "POST"}, "/root/way/post"),
        ("static", {"filename": "a/b c.css"}, "/root/static/a/b%20c.css"),
    ],
)
def test_url_for_builds_a_url(url, endpoint, values, built):
    assert url(endpoint, **values) == built


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [("absent", {}), ("user", {}), ("user", {"number": "x"}), (".absent", {})],
)
def test_url_for_an_unknown_target_is_an_error(url, part, endpoint, values):
    with pytest.raises((part("routing").BuildError, ValueError)):
        url(endpoint, **values)


def test_the_app_builds_the_same_urls(app, url):
    with app.test_request_context():
        assert app.url_for("user", number=1) == "/user/1"


def test_outside_a_request_urls_are_external(app, flask, url):
    app.config.update(
        SERVER_NAME="example.org:8000",
        APPLICATION_ROOT="/app",
        PREFERRED_URL_SCHEME="https",
    )
    with app.app_context():
        assert flask.url_for("index") == "https://example.org:8000/app/"
        assert flask.url_for("index", _external=False) == "/app/"
        assert flask.url_for("index", _scheme="http") == "http://example.org:8000/app/"
        # Only a rule for websockets has a URL with their scheme.
        assert flask.url_for("index", _scheme="ws") == "http://example.org:8000/app/"
        with pytest.raises(ValueError, match="."):
            flask.url_for("index", _external=False, _scheme="ws")
    assert app.url_for("user", number=2) == "https://example.org:8000/app/user/2"


def test_outside_a_request_a_server_name_is_needed(app, flask, url):
    with app.app_context(), pytest.raises(RuntimeError):
        flask.url_for("index")
    with pytest.raises(RuntimeError):
        app.url_for("index")


def test_a_build_error_handler_may_answer(app, url):
    seen = []

    def first(error, endpoint, values):
        seen.append((type(error).__name__, endpoint, values))
        return None

    app.url_build_error_handlers.append(first)
    app.url_build_error_handlers.append(lambda error, endpoint, values: "/answered")
    assert url("absent", a=1) == "/answered"
    named = {"_anchor": None, "_method": None, "_scheme": None, "_external": False}
    assert seen == [("BuildError", "absent", {"a": 1, **named})]


def test_a_build_error_handler_may_raise_again_or_another(app, url, part):
    def again(error, endpoint, values):
        raise error

    app.url_build_error_handlers.append(again)
    with pytest.raises(part("routing").BuildError):
        url("absent")
    app.url_build_error_handlers[:] = [lambda error, endpoint, values: 1 // 0]
    with pytest.raises(ZeroDivisionError):
        url("absent")


def test_url_defaults_fill_in_values(app, flask, url):
    @app.url_defaults
    def add_number(endpoint, values):
        if endpoint == "user":
            values.setdefault("number", 7)

    assert url("user") == "/root/user/7"
    assert url("user", number=1) == "/root/user/1"


# Redirects, errors, responses.


@pytest.mark.parametrize("code", [301, 302, 303, 305, 307, 308])
def test_redirect_sends_elsewhere(flask, code):
    response = flask.redirect("/there", code)
    assert response.status_code == code
    assert response.location == "/there"
    assert response.mimetype == "text/html"
    assert "/there" in response.get_data(as_text=True)


def test_redirect_is_302_and_escapes_its_page(flask):
    response = flask.redirect('/a?x=<b>&y="')
    assert response.status_code == 302
    assert "<b>" not in response.get_data(as_text=True)


def test_redirect_takes_a_response_class(app, flask):
    class Mine(flask.Response):
        pass

    assert isinstance(flask.redirect("/", Response=Mine), Mine)
    app.response_class = Mine
    with app.app_context():
        assert isinstance(flask.redirect("/"), Mine)


def test_a_redirect_to_a_relative_location_stays_as_it_is(app, client, flask):
    app.add_url_rule("/a/", "a", lambda: flask.redirect("b\u00e4?x=1#y"))
    response = client.get("/a/")
    assert response.headers["Location"] == "b%C3%A4?x=1#y"


@pytest.mark.parametrize(
    "code", [400, 401, 403, 404, 405, 409, 410, 418, 429, 500, 503]
)
def test_abort_raises_the_error_of_a_code(flask, part, code):
    with pytest.raises(part("exceptions").HTTPException) as caught:
        flask.abort(code, description="because")
    assert caught.value.code == code
    assert caught.value.description == "because"


def test_abort_takes_a_response(app, client, flask):
    app.add_url_rule(
        "/", "i", lambda: flask.abort(app.make_response(("body", 499, {"X-A": "1"})))
    )
    response = client.get("/")
    assert (response.status_code, response.text) == (499, "body")
    assert response.headers["X-A"] == "1"


def test_abort_with_an_unknown_code_is_a_lookup_error(flask):
    with pytest.raises(LookupError):
        flask.abort(299)


def test_the_aborter_of_an_app_can_be_extended(app, flask, part):
    class Mine(part("exceptions").HTTPException):
        code = 799

    app.aborter.mapping[799] = Mine
    with app.app_context(), pytest.raises(Mine):
        flask.abort(799)
    with pytest.raises(LookupError):
        flask.abort(799)


@pytest.mark.parametrize(
    ("args", "body", "status", "mimetype"),
    [
        ((), "", 200, "text/html"),
        (("text",), "text", 200, "text/html"),
        (("text", 404), "text", 404, "text/html"),
        (("text", "201 Made"), "text", 201, "text/html"),
        (("text", {"Content-Type": "text/plain"}), "text", 200, "text/plain"),
        (("text", 202, [("Content-Type", "text/csv")]), "text", 202, "text/csv"),
        ((("text", 418),), "text", 418, "text/html"),
        ((b"bytes",), "bytes", 200, "text/html"),
        (({"a": 1},), '{"a":1}\n', 200, "application/json"),
        (([1, 2],), "[1,2]\n", 200, "application/json"),
    ],
)
def test_make_response_takes_what_a_view_returns(
    app, flask, args, body, status, mimetype
):
    with app.test_request_context():
        response = flask.make_response(*args)
        assert response.get_data(as_text=True) == body
        assert response.status_code == status
        assert response.mimetype == mimetype


@pytest.mark.parametrize("value", [None, 3, (None, 200), ("a", 200, {}, "b"), object()])
def test_make_response_refuses_the_rest(app, flask, value):
    with app.test_request_context(), pytest.raises(TypeError):
        flask.make_response(value)


# Messages.


def test_messages_are_read_once_in_the_next_request(app, client, flask):
    @app.get("/flash/<text>")
    def flash(text):
        flask.flash(text)
        return "ok"

    @app.get("/read")
    def read():
        return [flask.get_flashed_messages(), flask.get_flashed_messages()]

    client.get("/flash/one")
    client.get("/flash/two")
    assert client.get("/read").json == [["one", "two"], ["one", "two"]]
    assert client.get("/read").json == [[], []]


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        ({}, ["a", "b", "c"]),
        (
            {"with_categories": True},
            [("message", "a"), ("error", "b"), ("warning", "c")],
        ),
        ({"category_filter": ["error"]}, ["b"]),
        ({"category_filter": ("error", "warning")}, ["b", "c"]),
        ({"category_filter": ["absent"]}, []),
        ({"category_filter": []}, ["a", "b", "c"]),
        (
            {"category_filter": ["warning"], "with_categories": True},
            [("warning", "c")],
        ),
    ],
)
def test_messages_have_categories(app, flask, options, messages):
    with app.test_request_context():
        flask.flash("a")
        flask.flash("b", "error")
        flask.flash("c", category="warning")
        assert flask.get_flashed_messages(**options) == messages


def test_a_message_flashed_after_reading_waits_for_the_next_request(app, client, flask):
    @app.get("/")
    def index():
        flask.flash("late")
        first = flask.get_flashed_messages()
        flask.flash("later")
        return [first, flask.get_flashed_messages()]

    assert client.get("/").json == [["late"], ["late"]]
    assert client.get("/").json == [["later", "late"], ["later", "late"]]


def test_markup_in_a_message_stays_markup(app, client, flask):
    app.add_url_rule("/f", "f", lambda: str(flask.flash(Markup("<b>"))))
    app.add_url_rule("/r", "r", lambda: type(flask.get_flashed_messages()[0]).__name__)
    client.get("/f")
    assert client.get("/r").text == "Markup"


# JSON.


@dataclasses.dataclass
class Point:
    x: int
    y: Decimal


@pytest.mark.parametrize(
    ("args", "kwargs", "data"),
    [
        ((), {}, None),
        ((1,), {}, 1),
        (("a",), {}, "a"),
        (([1, 2],), {}, [1, 2]),
        (({"a": 1},), {}, {"a": 1}),
        ((None,), {}, None),
        ((1, 2), {}, [1, 2]),
        ((), {"a": 1, "b": [2]}, {"a": 1, "b": [2]}),
    ],
)
def test_jsonify_takes_values_or_names(app, flask, args, kwargs, data):
    with app.test_request_context():
        response = flask.jsonify(*args, **kwargs)
    assert response.mimetype == "application/json"
    assert response.headers["Content-Type"] == "application/json"
    assert response.get_json() == data
    assert response.get_data().endswith(b"\n")


def test_jsonify_refuses_both(app, flask):
    with app.test_request_context(), pytest.raises(TypeError):
        flask.jsonify(1, a=2)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2024, 2, 29, 12, 30, 15), "Thu, 29 Feb 2024 12:30:15 GMT"),
        (datetime(2024, 2, 29, 12, 30, tzinfo=UTC), "Thu, 29 Feb 2024 12:30:00 GMT"),
        (
            datetime(2024, 2, 29, 1, tzinfo=timezone(timedelta(hours=2))),
            "Wed, 28 Feb 2024 23:00:00 GMT",
        ),
        (date(2024, 1, 5), "Fri, 05 Jan 2024 00:00:00 GMT"),
        (
            uuid.UUID("12345678-9abc-4def-8123-456789abcdef"),
            "12345678-9abc-4def-8123-456789abcdef",
        ),
        (Decimal("1.50"), "1.50"),
        (Point(1, Decimal("2.0")), {"x": 1, "y": "2.0"}),
        (Markup("<b>"), "<b>"),
        ((1, 2), [1, 2]),
        ({1: "a"}, {"1": "a"}),
    ],
)
def test_values_that_json_alone_does_not_know(app, flask, value, text):
    with app.app_context():
        assert flask.json.loads(flask.json.dumps(value)) == text
        assert flask.jsonify(value=value).get_json() == {"value": text}


def test_an_object_with_html_is_its_html(app):
    class Page:
        def __html__(self):
            return "<p>"

    assert app.json.dumps(Page()) == '"<p>"'


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", 1j])
def test_other_values_are_refused(app, flask, value):
    with app.app_context(), pytest.raises(TypeError):
        flask.json.dumps(value)


@pytest.mark.parametrize(
    ("setting", "value", "body"),
    [
        (None, None, '{"a":"\\u00e4","b":1}\n'),
        ("sort_keys", False, '{"b":1,"a":"\\u00e4"}\n'),
        ("ensure_ascii", False, '{"a":"\u00e4","b":1}\n'),
        ("compact", True, '{"a":"\\u00e4","b":1}\n'),
        ("compact", False, '{\n  "a": "\\u00e4",\n  "b": 1\n}\n'),
    ],
)
def test_the_settings_of_the_provider(app, client, setting, value, body):
    if setting:
        setattr(app.json, setting, value)
    app.add_url_rule("/", "i", lambda: {"b": 1, "a": "\u00e4"})
    assert client.get("/").text == body


@pytest.mark.parametrize(("compact", "lines"), [(None, 3), (True, 1), (False, 3)])
def test_in_debug_json_is_spread_over_lines_unless_compact(app, compact, lines):
    app.debug = True
    app.json.compact = compact
    with app.app_context():
        text = app.json.response({"a": 1}).get_data(as_text=True)
    assert len(text.splitlines()) == lines


def test_the_mimetype_of_the_provider(app, client):
    app.json.mimetype = "application/vnd.api+json"
    app.add_url_rule("/", "i", dict)
    assert client.get("/").mimetype == "application/vnd.api+json"


def test_sorting_keys_of_different_types_is_an_error(app):
    with pytest.raises(TypeError):
        app.json.dumps({"a": 1, 2: 3})
    app.json.sort_keys = False
    assert app.json.dumps({"a": 1, 2: 3}) == '{"a": 1, "2": 3}'


def test_dumps_and_loads_work_without_an_app(flask):
    assert flask.json.dumps({"b": 1, "a": "\u00e4"}) == '{"b": 1, "a": "\\u00e4"}'
    assert flask.json.dumps(Decimal("1.5")) == '"1.5"'
    for text in ('{"a": [1]}', b'{"a": [1]}'):
        assert flask.json.loads(text) == {"a": [1]}


def test_dump_and_load_use_files(flask):
    text, raw = StringIO(), BytesIO(b'{"a": 1}')
    flask.json.dump({"a": 1}, text)
    assert text.getvalue() == '{"a": 1}'
    assert flask.json.load(raw) == {"a": 1}
    assert flask.json.load(StringIO("[]")) == []


def test_keywords_reach_the_json_module(app, flask):
    with app.app_context():
        assert flask.json.dumps({"a": [1]}, indent=1) == '{\n "a": [\n  1\n ]\n}'
        assert flask.json.loads("1.5", parse_float=Decimal) == Decimal("1.5")


def test_a_custom_provider_serves_the_whole_app(app, client, flask, part):
    class Reversed(part("json.provider").JSONProvider):
        def dumps(self, obj, **kwargs):
            return f"<{obj!r}>"

        def loads(self, s, **kwargs):
            return {"loaded": s.decode() if isinstance(s, bytes) else s}

    app.json = Reversed(app)
    app.add_url_rule("/", "i", lambda: {"a": 1})
    app.add_url_rule(
        "/in", "in", lambda: str(flask.request.get_json()), methods=["POST"]
    )
    response = client.get("/")
    assert response.text == "<{'a': 1}>"
    assert response.mimetype == "application/json"
    assert response.json == {"loaded": "<{'a': 1}>"}
    sent = client.post("/in", data="x", content_type="application/json")
    assert sent.text == "{'loaded': 'x'}"


def test_the_provider_class_can_be_set(flask, part):
    class Plain(part("json.provider").DefaultJSONProvider):
        sort_keys = False

    class Mine(flask.Flask):
        json_provider_class = Plain

    app = Mine("mine", root_path=".")
    assert isinstance(app.json, Plain)
    assert app.json.dumps({"b": 1, "a": 2}) == '{"b": 1, "a": 2}'


# Files.


@pytest.fixture
def send(app, flask, tmp_path):
    """Gives the response to ``send_file`` in a request with these headers."""
    for name in ("a.txt", "b.html", "c.unknown", "d.tar.gz", "t\u00e4xt.txt"):
        (tmp_path / name).write_bytes(b"content of file")
        os.utime(tmp_path / name, (1_700_000_000, 1_700_000_000))
    opened = []

    def sent(what, headers=None, **options):
        app.view_functions.pop("send", None)
        if "send" not in {rule.endpoint for rule in app.url_map.iter_rules()}:
            app.add_url_rule("/send", endpoint="send")
        app.view_functions["send"] = lambda: flask.send_file(what, **options)
        response = app.test_client().get("/send", headers=headers)
        opened.append(response)
        return response

    yield sent
    for response in opened:
        response.close()


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_file_is_sent_with_its_type_length_and_date(send, tmp_path, kind):
    response = send(kind(tmp_path / "a.txt"))
    assert (response.status_code, response.data) == (200, b"content of file")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Content-Length"] == "15"
    assert response.headers["Last-Modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Content-Disposition"] == "inline; filename=a.txt"
    assert response.headers["ETag"].startswith('"')
    assert "Expires" not in response.headers


def test_a_relative_path_is_below_the_root_path(send):
    assert send("a.txt").data == b"content of file"


def test_a_missing_file_is_an_error(send):
    with pytest.raises(FileNotFoundError):
        send("absent.txt")


@pytest.mark.parametrize(
    ("name", "options", "mimetype"),
    [
        ("b.html", {}, "text/html"),
        ("c.unknown", {}, "application/octet-stream"),
        ("a.txt", {"mimetype": "text/csv"}, "text/csv"),
        ("a.txt", {"download_name": "x.json"}, "application/json"),
    ],
)
def test_the_type_comes_from_the_name_or_the_argument(send, name, options, mimetype):
    assert send(name, **options).mimetype == mimetype


def test_an_archive_has_an_encoding_unless_it_is_an_attachment(send):
    response = send("d.tar.gz")
    assert response.mimetype == "application/x-tar"
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in send("d.tar.gz", as_attachment=True).headers


def test_a_bytesio_is_sent(send):
    response = send(BytesIO(b"bytes"), mimetype="text/plain")
    assert response.data == b"bytes"
    assert response.headers["Content-Length"] == "5"
    assert "Content-Disposition" not in response.headers
    assert "Last-Modified" not in response.headers
    assert "ETag" not in response.headers


def test_a_bytesio_needs_a_type_or_a_name(send):
    with pytest.raises(TypeError):
        send(BytesIO(b"x"))
    assert send(BytesIO(b"x"), download_name="x.txt").mimetype == "text/plain"


def test_an_attachment_needs_a_name(send):
    with pytest.raises(TypeError):
        send(BytesIO(b"x"), mimetype="text/plain", as_attachment=True)


def test_text_files_are_refused(send, tmp_path):
    with pytest.raises(ValueError, match="."):
        send(StringIO("x"), mimetype="text/plain")
    with (tmp_path / "a.txt").open() as file, pytest.raises(ValueError, match="."):
        send(file, mimetype="text/plain")


@pytest.mark.parametrize(
    ("options", "disposition"),
    [
        ({"as_attachment": True}, "attachment; filename=a.txt"),
        (
            {"as_attachment": True, "download_name": "b.txt"},
            "attachment; filename=b.txt",
        ),
        ({"download_name": "b.txt"}, "inline; filename=b.txt"),
        (
            {"as_attachment": True, "download_name": "b c.txt"},
            'attachment; filename="b c.txt"',
        ),
        (
            {"as_attachment": True, "download_name": 'b"c.txt'},
            'attachment; filename="b\\"c.txt"',
        ),
    ],
)
def test_the_disposition_names_the_file(send, options, disposition):
    assert send("a.txt", **options).headers["Content-Disposition"] == disposition


@pytest.mark.parametrize(
    ("name", "ascii_name"),
    [
        ("t\u00e4xt.txt", "taxt.txt"),
        ("\u2603.txt", ".txt"),
        ("\u0434\u0430 \u00e9.txt", '" e.txt"'),
        ("a'\u00e9(1),;.txt", '"a\'e(1),;.txt"'),
    ],
)
def test_a_name_that_is_not_ascii_is_sent_twice(send, name, ascii_name):
    value = send("a.txt", as_attachment=True, download_name=name).headers[
        "Content-Disposition"
    ]
    kind, plain, _, encoded = (
        value.replace("; filename*=", "\n\n").replace("; filename=", "\n").split("\n")
    )
    assert (kind, plain) == ("attachment", ascii_name)
    assert encoded.startswith("UTF-8''")
    assert encoded.isascii()
    assert unquote(encoded.removeprefix("UTF-8''")) == name
    assert not set("'(), ") & set(encoded.removeprefix("UTF-8''"))


def test_the_name_of_a_file_itself_may_be_unicode(send):
    value = send("t\u00e4xt.txt").headers["Content-Disposition"]
    assert value == "inline; filename=taxt.txt; filename*=UTF-8''t%C3%A4xt.txt"


def test_a_file_that_did_not_change_is_not_sent_again(send):
    first = send("a.txt")
    for headers in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        response = send("a.txt", headers)
        assert (response.status_code, response.data) == (304, b"")
        assert response.headers["ETag"] == first.headers["ETag"]
        assert "Content-Length" not in response.headers
    assert send("a.txt", {"If-None-Match": '"other"'}).status_code == 200
    not_conditional = send(
        "a.txt", {"If-None-Match": first.headers["ETag"]}, conditional=False
    )
    assert not_conditional.status_code == 200


@pytest.mark.parametrize(
    ("asked", "content", "content_range"),
    [
        ("bytes=0-3", b"cont", "bytes 0-3/15"),
        ("bytes=8-", b"of file", "bytes 8-14/15"),
        ("bytes=-4", b"file", "bytes 11-14/15"),
        ("bytes=11-99", b"file", "bytes 11-14/15"),
    ],
)
def test_a_part_of_a_file_can_be_asked_for(send, asked, content, content_range):
    for what in ("a.txt", BytesIO(b"content of file")):
        response = send(what, {"Range": asked}, mimetype="text/plain")
        assert (response.status_code, response.data) == (206, content)
        assert response.headers["Content-Range"] == content_range
        assert response.headers["Content-Length"] == str(len(content))
        assert response.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("asked", ["bytes=15-", "bytes=99-100", "bytes=5-2"])
def test_a_part_that_is_not_there_is_416(send, asked):
    response = send("a.txt", {"Range": asked})
    assert response.status_code == 416


@pytest.mark.parametrize("asked", ["bytes=0-1", "bytes=-4"])
def test_without_conditional_ranges_are_ignored(send, asked):
    response = send("a.txt", {"Range": asked}, conditional=False)
    assert (response.status_code, response.data) == (200, b"content of file")


def test_a_range_holds_only_while_the_file_is_the_same(send):
    tag = send("a.txt").headers["ETag"]
    for if_range, code in ((tag, 206), ('"other"', 200)):
        response = send("a.txt", {"Range": "bytes=0-1", "If-Range": if_range})
        assert response.status_code == code


@pytest.mark.parametrize(
    ("etag", "found"), [("mine", '"mine"'), (False, None), ("", '""')]
)
def test_the_etag_can_be_given_or_left_out(send, etag, found):
    assert send("a.txt", etag=etag).headers.get("ETag") == found


def test_the_etag_follows_path_size_and_time(send, tmp_path):
    first = send("a.txt").headers["ETag"]
    assert send("a.txt").headers["ETag"] == first
    assert send("b.html").headers["ETag"] != first
    os.utime(tmp_path / "a.txt", (1_700_000_001, 1_700_000_001))
    assert send("a.txt").headers["ETag"] != first


@pytest.mark.parametrize(
    "when", [datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), 1577934245, 1577934245.5]
)
def test_the_date_can_be_given(send, when):
    header = send("a.txt", last_modified=when).headers["Last-Modified"]
    assert header == "Thu, 02 Jan 2020 03:04:05 GMT"


@pytest.mark.parametrize(
    ("max_age", "directives", "expires"),
    [
        (None, {"no-cache"}, False),
        (60, {"public", "max-age=60"}, True),
        (0, {"no-cache", "max-age=0"}, True),
        (lambda path: 7, {"public", "max-age=7"}, True),
    ],
)
def test_max_age_controls_caching(send, max_age, directives, expires):
    headers = send("a.txt", max_age=max_age).headers
    assert set(headers["Cache-Control"].split(", ")) == directives
    assert ("Expires" in headers) is expires


@pytest.mark.parametrize("setting", [90, timedelta(seconds=90)])
def test_the_default_of_max_age_is_a_setting(app, send, setting):
    with app.app_context():
        assert app.get_send_file_max_age("a.txt") is None
        app.config["SEND_FILE_MAX_AGE_DEFAULT"] = setting
        assert app.get_send_file_max_age("a.txt") == 90
    assert "max-age=90" in send("a.txt").headers["Cache-Control"]


def test_max_age_may_depend_on_the_file(flask, tmp_path):
    class Mine(flask.Flask):
        def get_send_file_max_age(self, filename):
            return 10 if filename.endswith(".js") else 20

    (tmp_path / "static").mkdir()
    app = Mine("mine", root_path=str(tmp_path))
    for name, age in (("a.js", 10), ("a.css", 20)):
        (tmp_path / "static" / name).write_text("x")
        with app.test_client().get(f"/static/{name}") as response:
            assert response.cache_control.max_age == age


def test_x_sendfile_leaves_the_file_to_the_server(app, send, tmp_path):
    app.config["USE_X_SENDFILE"] = True
    response = send("a.txt")
    assert response.data == b""
    assert response.headers["X-Sendfile"] == str(tmp_path / "a.txt")


# Files of a folder.


@pytest.fixture
def folder(app, flask, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    files = tmp_path / "files"
    (files / "sub").mkdir(parents=True)
    (files / "a.txt").write_text("a")
    (files / "sub" / "b.txt").write_text("b")
    return files


@pytest.mark.parametrize("directory", ["files", "files/", None])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", b"a"),
        ("sub/b.txt", b"b"),
        ("./a.txt", b"a"),
        ("sub//b.txt", b"b"),
        ("sub/../a.txt", b"a"),
        ("a.txt/", b"a"),
    ],
)
def test_send_from_directory_sends_files_below_it(
    app, flask, folder, directory, name, text
):
    with app.test_request_context():
        response = flask.send_from_directory(directory or folder, name)
        response.direct_passthrough = False
        assert response.get_data() == text
        response.close()


@pytest.mark.parametrize(
    "name",
    [
        "absent.txt",
        "../secret.txt",
        "sub/../../secret.txt",
        "..",
        "../files/a.txt",
        "/etc/passwd",
        "sub",
        "",
        ".",
        "a.txt\0",
        "a.txt/x",
        "//etc/passwd",
    ],
)
def test_send_from_directory_finds_nothing_else(app, flask, folder, part, name):
    with app.test_request_context(), pytest.raises(part("exceptions").NotFound):
        flask.send_from_directory("files", name)


def test_send_from_directory_passes_its_options_on(app, flask, folder):
    with app.test_request_context():
        response = flask.send_from_directory(
            "files", "a.txt", as_attachment=True, download_name="x.csv", max_age=5
        )
        assert response.mimetype == "text/csv"
        assert response.headers["Content-Disposition"] == ("attachment; filename=x.csv")
        assert response.cache_control.max_age == 5
        response.close()


@pytest.mark.parametrize(
    "path",
    ["/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/..%2fsecret.txt"],
)
def test_static_files_stay_in_their_folder(app, flask, tmp_path, client, path):
    (tmp_path / "static").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    assert client.get(path).status_code == 404


# The rest.


def test_get_root_path_is_the_folder_of_a_module(part):
    get_root_path = part("helpers").get_root_path
    assert get_root_path("json") == os.path.dirname(json.__file__)
    assert get_root_path("no_such_module_anywhere") == os.getcwd()


@pytest.mark.parametrize(
    ("value", "debug"),
    [
        (None, False),
        ("", False),
        ("0", False),
        ("false", False),
        ("False", False),
        ("no", False),
        ("1", True),
        ("true", True),
        ("yes", True),
        ("anything", True),
    ],
)
def test_the_debug_flag_is_read_from_the_environment(
    flask, part, monkeypatch, value, debug
):
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    if value is not None:
        monkeypatch.setenv("FLASK_DEBUG", value)
    assert part("helpers").get_debug_flag() is debug
    assert flask.Flask("app", root_path=".").debug is debug
