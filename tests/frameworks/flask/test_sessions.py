"""The session: a signed cookie that outlives the request."""

import uuid
from datetime import UTC, datetime, timedelta
from importlib import import_module
from time import time
from types import SimpleNamespace

import pytest
from itsdangerous import TimestampSigner
from markupsafe import Markup


@pytest.fixture
def pages(app, flask):
    """Views that write, read, pop and clear."""

    @app.get("/set/<key>/<value>")
    def set_value(key, value):
        flask.session[key] = value
        return "set"

    @app.get("/read")
    def read():
        return dict(flask.session)

    @app.get("/pop/<key>")
    def pop_value(key):
        return str(flask.session.pop(key, None))

    @app.get("/clear")
    def clear():
        flask.session.clear()
        return "cleared"

    @app.get("/untouched")
    def untouched():
        return "untouched"


def cookie_of(response):
    """The one Set-Cookie header: name, value and the attributes in lower case."""
    (header,) = response.headers.getlist("Set-Cookie")
    pair, *attributes = header.split("; ")
    name, _, value = pair.partition("=")
    found = {}
    for attribute in attributes:
        key, sep, text = attribute.partition("=")
        found[key.lower()] = text if sep else True
    return SimpleNamespace(name=name, value=value, attributes=found)


def signed_at(monkeypatch, moment, sign):
    """What ``sign()`` gives when the clock shows ``moment``."""
    with monkeypatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda self: int(moment))
        return sign()


# Over several requests.


def test_what_one_request_writes_the_next_one_reads(client, pages):
    client.get("/set/user/ada")
    client.get("/set/theme/dark")
    assert client.get("/read").json == {"user": "ada", "theme": "dark"}


def test_a_client_without_the_cookie_has_an_empty_session(app, client, pages):
    client.get("/set/user/ada")
    assert app.test_client().get("/read").json == {}


def test_a_popped_key_is_gone_and_the_others_stay(client, pages):
    client.get("/set/user/ada")
    client.get("/set/theme/dark")
    assert client.get("/pop/user").text == "ada"
    assert client.get("/pop/user").text == "None"
    assert client.get("/read").json == {"theme": "dark"}


def test_a_cleared_session_deletes_the_cookie(client, pages):
    client.get("/set/user/ada")
    response = client.get("/clear")
    cookie = cookie_of(response)
    assert (cookie.name, cookie.value) == ("session", "")
    assert cookie.attributes["max-age"] == "0"
    assert cookie.attributes["expires"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert cookie.attributes["path"] == "/"
    assert response.headers["Vary"] == "Cookie"
    assert client.get_cookie("session") is None
    assert client.get("/read").json == {}


def test_popping_the_last_key_deletes_the_cookie(client, pages):
    client.get("/set/user/ada")
    assert cookie_of(client.get("/pop/user")).value == ""


def test_clearing_an_empty_session_deletes_a_cookie_nobody_has(client, pages):
    assert cookie_of(client.get("/clear")).attributes["max-age"] == "0"


def test_popping_a_missing_key_with_a_default_is_no_change(app, flask):
    with app.test_request_context("/"):
        assert flask.session.pop("absent", 1) == 1
        assert flask.session.modified is False


def test_the_cookie_is_written_only_on_a_change(client, pages):
    assert "Set-Cookie" in client.get("/set/user/ada").headers
    assert "Set-Cookie" not in client.get("/read").headers
    assert "Set-Cookie" not in client.get("/untouched").headers


# Vary.


@pytest.mark.parametrize(
    ("path", "vary"),
    [
        ("/set/a/b", "Cookie"),
        ("/read", "Cookie"),
        ("/pop/a", "Cookie"),
        ("/clear", "Cookie"),
        ("/untouched", None),
    ],
)
def test_a_response_varies_by_cookie_when_the_session_was_touched(
    client, pages, path, vary
):
    assert client.get(path).headers.get("Vary") == vary


@pytest.mark.parametrize(
    "touch",
    [
        lambda session: session.get("a"),
        lambda session: "a" in session,
        lambda session: list(session),
        lambda session: session.permanent,
        lambda session: len(session),
        lambda session: bool(session),
    ],
)
def test_any_look_at_the_session_makes_it_vary(app, client, flask, touch):
    @app.get("/")
    def index():
        touch(flask.session)
        return "ok"

    assert client.get("/").headers["Vary"] == "Cookie"


def test_vary_of_the_view_is_kept(app, client, flask):
    @app.get("/")
    def index():
        flask.session["a"] = 1
        return "ok", {"Vary": "Accept-Encoding, Accept-Language"}

    vary = client.get("/").headers.getlist("Vary")
    named = {one.strip() for one in ",".join(vary).split(",")}
    assert named == {"Accept-Encoding", "Accept-Language", "Cookie"}


def test_vary_names_the_cookie_only_once(app, client, flask):
    @app.get("/")
    def index():
        flask.session["a"] = 1
        return "ok", {"Vary": "cookie"}

    assert client.get("/").headers.getlist("Vary") == ["cookie"]


# The attributes of the cookie.


def test_the_cookie_of_a_plain_app(client, pages):
    cookie = cookie_of(client.get("/set/user/ada"))
    assert cookie.name == "session"
    assert cookie.attributes == {"httponly": True, "path": "/"}


@pytest.mark.parametrize(
    ("settings", "attributes"),
    [
        ({"SESSION_COOKIE_HTTPONLY": False}, {"path": "/"}),
        ({"SESSION_COOKIE_PATH": "/sub"}, {"httponly": True, "path": "/sub"}),
        ({"APPLICATION_ROOT": "/root"}, {"httponly": True, "path": "/root"}),
        (
            {"APPLICATION_ROOT": "/root", "SESSION_COOKIE_PATH": "/sub"},
            {"httponly": True, "path": "/sub"},
        ),
        (
            {"SESSION_COOKIE_DOMAIN": "example.org"},
            {"httponly": True, "path": "/", "domain": "example.org"},
        ),
        (
            {"SESSION_COOKIE_DOMAIN": ".example.org"},
            {"httponly": True, "path": "/", "domain": "example.org"},
        ),
        ({"SERVER_NAME": "example.org"}, {"httponly": True, "path": "/"}),
        (
            {"SESSION_COOKIE_SECURE": True},
            {"httponly": True, "path": "/", "secure": True},
        ),
        (
            {"SESSION_COOKIE_SAMESITE": "Lax"},
            {"httponly": True, "path": "/", "samesite": "Lax"},
        ),
        (
            {"SESSION_COOKIE_SAMESITE": "strict"},
            {"httponly": True, "path": "/", "samesite": "Strict"},
        ),
        (
            {"SESSION_COOKIE_SAMESITE": "None"},
            {"httponly": True, "path": "/", "samesite": "None"},
        ),
        (
            {"SESSION_COOKIE_PARTITIONED": True},
            {"httponly": True, "path": "/", "secure": True, "partitioned": True},
        ),
    ],
)
def test_a_setting_changes_the_cookie(app, flask, settings, attributes):
    app.config.update(settings)

    @app.get("/")
    def index():
        flask.session["user"] = "ada"
        return "ok"

    response = app.test_client().get("/", base_url="http://example.org/")
    assert response.status_code == 200
    assert cookie_of(response).attributes == attributes


def test_the_deleted_cookie_has_the_same_attributes(app, client, pages):
    app.config.update(
        SESSION_COOKIE_DOMAIN="localhost.test",
        SESSION_COOKIE_PATH="/x",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PARTITIONED=True,
    )
    written = cookie_of(client.get("/set/user/ada")).attributes
    deleted = cookie_of(client.get("/clear")).attributes
    assert deleted.pop("max-age") == "0"
    assert deleted.pop("expires")
    assert deleted == written


def test_an_unknown_samesite_is_refused(app, client, pages):
    app.config["SESSION_COOKIE_SAMESITE"] = "Sometimes"
    with pytest.raises(ValueError, match="."):
        client.get("/set/user/ada")


def test_the_cookie_can_have_another_name(app, client, pages):
    app.config["SESSION_COOKIE_NAME"] = "my_session"
    assert cookie_of(client.get("/set/user/ada")).name == "my_session"
    assert client.get("/read").json == {"user": "ada"}


# Lifetime.


def test_a_permanent_session_has_an_expiry_date(app, client, flask):
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(hours=2)

    @app.get("/")
    def index():
        flask.session.permanent = True
        flask.session["user"] = "ada"
        return "ok"

    attributes = cookie_of(client.get("/")).attributes
    expires = datetime.strptime(attributes["expires"], "%a, %d %b %Y %H:%M:%S GMT")
    left = expires.replace(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(hours=2, seconds=-10) < left <= timedelta(hours=2)
    assert "max-age" not in attributes


@pytest.mark.parametrize("value", [90, timedelta(seconds=90)])
def test_the_lifetime_is_seconds_or_a_timedelta(app, value):
    assert app.permanent_session_lifetime == timedelta(days=31)
    app.config["PERMANENT_SESSION_LIFETIME"] = value
    assert app.permanent_session_lifetime == timedelta(seconds=90)


def test_permanent_is_a_key_of_the_session(app, flask):
    with app.test_request_context("/"):
        assert flask.session.permanent is False
        flask.session.permanent = True
        assert dict(flask.session) == {"_permanent": True}
        assert flask.session.modified is True
        flask.session.permanent = 0
        assert flask.session["_permanent"] is False


@pytest.mark.parametrize(("refresh", "written"), [(True, True), (False, False)])
def test_a_permanent_session_is_refreshed_by_each_request(
    app, client, pages, refresh, written
):
    app.config["SESSION_REFRESH_EACH_REQUEST"] = refresh
    with client.session_transaction() as session:
        session.permanent = True
    for path in ("/untouched", "/read"):
        response = client.get(path)
        assert ("Set-Cookie" in response.headers) is written
    assert ("Vary" in client.get("/untouched").headers) is written


@pytest.mark.parametrize(
    ("age", "found"), [(0, {"user": "ada"}), (50, {"user": "ada"}), (70, {})]
)
def test_a_cookie_older_than_the_lifetime_is_a_new_session(
    app, client, pages, monkeypatch, age, found
):
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(minutes=1)
    signed_at(monkeypatch, time() - age, lambda: client.get("/set/user/ada"))
    assert client.get("/read").json == found


# Cookies nobody signed.


def test_a_tampered_cookie_gives_a_new_session(app, client, pages):
    client.get("/set/user/ada")
    payload, _, rest = client.get_cookie("session").value.partition(".")
    other = app.test_client()
    other.get("/set/user/eve")
    forged = other.get_cookie("session").value.partition(".")[0]
    assert forged != payload
    client.set_cookie("session", f"{forged}.{rest}")
    response = client.get("/read")
    assert response.status_code == 200
    assert response.json == {}
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "garbage",
    [
        "x",
        "...",
        "a.b.c",
        "e30.AAAAAA.AAAA",
        ".eJw.AAAAAA.AAAA",
        "%00%ff",
        "\u00e4\u00f6",
        "{}",
        "a" * 4000,
    ],
)
def test_garbage_gives_a_new_session(client, pages, garbage):
    client.set_cookie("session", garbage)
    response = client.get("/read")
    assert response.status_code == 200
    assert response.json == {}


def test_the_cookie_of_another_key_gives_a_new_session(app, client, pages):
    client.get("/set/user/ada")
    app.secret_key = "another key"
    assert client.get("/read").json == {}


# Keys.


def test_without_a_key_reading_works_and_writing_does_not(app, client, pages):
    app.secret_key = None
    assert client.get("/read").json == {}
    assert client.get("/untouched").status_code == 200
    with pytest.raises(RuntimeError):
        client.get("/set/user/ada")


@pytest.mark.parametrize(
    "write",
    [
        lambda session: session.__setitem__("a", 1),
        lambda session: session.__delitem__("a"),
        lambda session: session.pop("a", None),
        lambda session: session.popitem(),
        lambda session: session.clear(),
        lambda session: session.update(a=1),
        lambda session: session.setdefault("a", 1),
    ],
)
def test_every_write_of_the_null_session_fails(app, flask, part, write):
    app.secret_key = None
    with app.test_request_context("/"):
        assert isinstance(
            flask.session._get_current_object(), part("sessions").NullSession
        )
        assert flask.session.get("a") is None
        with pytest.raises(RuntimeError):
            write(flask.session)


def test_the_key_may_be_bytes(app, client, pages):
    app.secret_key = b"\x00\xff raw"
    client.get("/set/user/ada")
    assert client.get("/read").json == {"user": "ada"}


def test_a_fallback_key_still_reads_and_the_new_key_signs(app, client, pages):
    client.get("/set/user/ada")
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["a key for tests"])
    assert client.get("/read").json == {"user": "ada"}
    client.get("/set/theme/dark")
    app.config["SECRET_KEY_FALLBACKS"] = None
    assert client.get("/read").json == {"user": "ada", "theme": "dark"}


def test_a_key_removed_from_the_fallbacks_no_longer_reads(app, client, pages):
    client.get("/set/user/ada")
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["some other"])
    assert client.get("/read").json == {}


# Values.

VALUES = [
    1,
    1.5,
    None,
    True,
    "t\u00e4xt \u2603",
    [1, [2, "3"]],
    {"a": {"b": [1]}},
    {},
    (1, 2),
    (1, ("a", b"b")),
    b"bytes \x00\xff",
    Markup("<b>"),
    datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC),
    uuid.UUID("12345678-9abc-4def-8123-456789abcdef"),
    {" t": 1},
    {" u": "not a uuid"},
    {" di": 1},
    {" t__": [1]},
    {" t": 1, "more": (2,)},
    [{"deep": [(b"x",)]}],
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_with_its_type(app, flask, client, value):
    found = []

    @app.get("/set")
    def write():
        flask.session["value"] = value
        return "set"

    @app.get("/get")
    def read():
        found.append(flask.session["value"])
        return "got"

    client.get("/set")
    client.get("/get")
    assert found == [value]
    assert type(found[0]) is type(value)


def test_a_value_that_json_does_not_know_is_refused(app, client, flask):
    @app.get("/")
    def index():
        flask.session["value"] = object()
        return "ok"

    with pytest.raises(TypeError):
        client.get("/")


def test_a_large_session_is_compressed(app, client, flask):
    @app.get("/")
    def index():
        flask.session["text"] = "a" * 3000
        return "ok"

    cookie = cookie_of(client.get("/"))
    assert cookie.value.startswith(".")
    assert len(cookie.value) < 300


# Change.


def test_a_change_inside_a_value_needs_the_flag(app, client, flask):
    @app.get("/add/<int:number>")
    def add(number):
        flask.session.setdefault("numbers", []).append(number)
        if number == 3:
            flask.session.modified = True
        return flask.session["numbers"]

    with client.session_transaction() as session:
        session["numbers"] = []
    assert client.get("/add/1").json == [1]
    assert client.get("/add/2").json == [2]
    assert client.get("/add/3").json == [3]
    assert client.get("/add/4").json == [3, 4]


@pytest.mark.parametrize(
    ("change", "modified"),
    [
        (lambda session: session.__setitem__("a", 1), True),
        (lambda session: session.__delitem__("old"), True),
        (lambda session: session.update(a=1), True),
        (lambda session: session.pop("old"), True),
        (lambda session: session.popitem(), True),
        (lambda session: session.clear(), True),
        (lambda session: session.setdefault("a", 1), True),
        (lambda session: session.setdefault("old", 1), False),
        (lambda session: session.get("old"), False),
        (lambda session: session["old"], False),
        (lambda session: session["list"].append(1), False),
    ],
)
def test_modified_follows_the_top_level(part, change, modified):
    session = part("sessions").SecureCookieSession({"old": 0, "list": []})
    assert session.modified is False
    change(session)
    assert session.modified is modified


def test_a_session_is_a_dict_and_never_new(app, flask):
    with app.test_request_context("/"):
        session = flask.session._get_current_object()
        assert isinstance(session, dict)
        assert session.new is False
        assert session.accessed is True


def test_after_request_functions_still_write(app, client, flask):
    @app.after_request
    def note(response):
        flask.session["seen"] = True
        return response

    @app.get("/")
    def index():
        return dict(flask.session)

    assert client.get("/").json == {}
    assert client.get("/").json == {"seen": True}


# Another interface.


def test_an_interface_keeps_sessions_where_it_likes(app, client, flask, part):
    sessions = part("sessions")
    stored = {}

    class Stored(dict, sessions.SessionMixin):
        key = "one"

    class InMemory(sessions.SessionInterface):
        def open_session(self, app, request):
            session = Stored(stored.get(request.cookies.get("key"), {}))
            return session

        def save_session(self, app, session, response):
            stored[session.key] = dict(session)
            response.set_cookie("key", session.key)

    app.session_interface = InMemory()

    @app.get("/")
    def count():
        flask.session["n"] = flask.session.get("n", 0) + 1
        return str(flask.session["n"])

    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
    assert stored == {"one": {"n": 3}}


def test_an_interface_that_opens_nothing_gives_the_null_session(
    app, client, flask, part
):
    sessions = part("sessions")
    saved = []

    class Nothing(sessions.SessionInterface):
        def open_session(self, app, request):
            return None

        def save_session(self, app, session, response):
            saved.append(session)

    app.session_interface = Nothing()

    @app.get("/")
    def index():
        return type(flask.session._get_current_object()).__name__

    assert client.get("/").text == "NullSession"
    assert saved == []


def test_open_session_sees_the_request_but_not_yet_its_endpoint(app, flask, part):
    seen = []

    class Watching(part("sessions").SecureCookieSessionInterface):
        def open_session(self, app, request):
            seen.append((flask.request.path, flask.request.endpoint))
            return super().open_session(app, request)

    app.session_interface = Watching()
    app.add_url_rule("/x", "x", lambda: "x")
    assert app.test_client().get("/x").text == "x"
    assert seen == [("/x", None)]


def test_the_signing_class_can_be_given_another_salt(app, client, pages, part):
    class Salted(part("sessions").SecureCookieSessionInterface):
        salt = "other"

    client.get("/set/user/ada")
    app.session_interface = Salted()
    assert client.get("/read").json == {}
    client.get("/set/user/bob")
    assert client.get("/read").json == {"user": "bob"}


# The two frameworks understand each other.


@pytest.mark.parametrize(
    ("writer", "reader"),
    [
        ("flask", "fwtrace.frameworks.flask"),
        ("fwtrace.frameworks.flask", "flask"),
    ],
    ids=["from-flask", "from-the-clone"],
)
def test_a_cookie_of_one_framework_is_read_by_the_other(writer, reader):
    values = dict(enumerate(VALUES))
    clients = []
    for name in (writer, reader):
        framework = import_module(name)
        app = framework.Flask("shared", root_path=".")
        app.config.update(TESTING=True, SECRET_KEY="shared by both")
        clients.append(app.test_client())
    writing, reading = clients
    with writing.session_transaction() as session:
        session.update({str(key): value for key, value in values.items()})
    reading.set_cookie("session", writing.get_cookie("session").value)
    with reading.session_transaction() as session:
        assert dict(session) == {str(key): value for key, value in values.items()}
