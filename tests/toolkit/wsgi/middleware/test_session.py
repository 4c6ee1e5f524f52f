from wsgiref.validate import validator

import pytest

from fwtrace.toolkit.wsgi.client import Client, build_environ, run_app
from fwtrace.toolkit.wsgi.middleware.session import SessionMiddleware
from fwtrace.toolkit.wsgi.sessions import MemoryStore, SignedCookieStore, SQLiteStore


def application(environ, start_response):
    """Does with the session what the path says, and shows it."""
    session = environ["fwtrace.session"]
    name = environ["PATH_INFO"].strip("/")
    value = environ["QUERY_STRING"]
    if name == "set":
        session["user"] = value
    elif name == "get":
        session.get("user")
    elif name == "login":
        session.rotate()
        session["user"] = value
    elif name == "logout":
        session.flush()
    elif name == "empty":
        session.clear()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [session._data.get("user", "nobody").encode()]


@pytest.fixture(params=["memory", "signed", "sqlite"])
def layer(request, tmp_path):
    if request.param == "sqlite":
        store = SQLiteStore(tmp_path / "sessions.db")
        yield SessionMiddleware(application, store=store)
        store.close()
    else:
        secret = "key" if request.param == "signed" else None
        yield SessionMiddleware(validator(application), secret=secret)


@pytest.fixture
def client(layer):
    return Client(validator(layer))


def test_session_is_kept_between_requests(client):
    assert client.get("/set?ann").text == "ann"
    assert client.get("/get").text == "ann"


def test_session_is_of_its_client(layer):
    Client(layer).get("/set?ann")
    assert Client(layer).get("/get").text == "nobody"


def test_session_cookie_says_how_it_may_be_used(client):
    header = client.get("/set?ann").headers["Set-Cookie"]
    _, *attributes = header.split("; ")
    assert attributes == ["Path=/", "Max-Age=1209600", "HttpOnly", "SameSite=Lax"]


def test_session_cookie_is_sent_on_change_only(client):
    assert "Set-Cookie" not in client.get("/get").headers
    client.get("/set?ann")
    assert "Set-Cookie" not in client.get("/get").headers
    assert "Set-Cookie" in client.get("/set?bob").headers


def test_session_varies_by_cookie_where_it_was_looked_at(client):
    assert "Vary" not in client.get("/").headers
    assert client.get("/get").headers["Vary"] == "Cookie"
    assert client.get("/set?ann").headers["Vary"] == "Cookie"
    assert "Vary" not in client.get("/").headers


def test_session_that_only_its_store_looked_at_does_not_vary():
    """As a probe does, which must not change the response."""

    class Curious(MemoryStore):
        def load(self, token):
            session = super().load(token)
            assert list(session) == ["user"]
            return session

    client = Client(SessionMiddleware(application, store=Curious()))
    client.get("/set?ann")
    assert "Vary" not in client.get("/").headers


def test_session_rotates_its_token(client):
    client.get("/set?ann")
    before = client.cookies["session_id"]
    assert client.get("/login?ann").text == "ann"
    assert client.cookies["session_id"] != before
    assert client.get("/get").text == "ann"


def test_session_id_planted_before_login_is_worth_nothing(client, layer):
    """Session fixation: the attacker knows the cookie that the victim logs in with."""
    attacker = Client(layer)
    attacker.get("/set?guest")
    planted = attacker.cookies["session_id"]
    client.set_cookie("session_id", planted)
    client.get("/login?ann")
    assert attacker.get("/get").text in ("nobody", "guest")
    client.set_cookie("session_id", "chosen-by-the-attacker")
    client.get("/set?ann")
    assert client.cookies["session_id"] != "chosen-by-the-attacker"


def test_session_flush_takes_the_cookie_away(client):
    client.get("/set?ann")
    response = client.get("/logout")
    assert "Max-Age=0" in response.headers["Set-Cookie"]
    assert client.cookies == {}
    assert client.get("/get").text == "nobody"


def test_session_emptied_takes_the_cookie_away(client):
    client.get("/set?ann")
    client.get("/empty")
    assert client.cookies == {}


def test_session_flush_without_one_says_nothing(client):
    assert "Set-Cookie" not in client.get("/logout").headers


@pytest.mark.parametrize(
    "header",
    ["session_id", "session_id=", "session_id=x; session_id=y", "session_id=%00%ff"],
)
def test_session_ignores_a_malformed_cookie(client, header):
    response = client.get("/get", headers={"Cookie": header})
    assert (response.status_code, response.text) == (200, "nobody")


def test_session_logout_elsewhere_is_not_undone(tmp_path):
    """A request that is still at work when another ends the session."""
    store = MemoryStore()
    layer = SessionMiddleware(application, store=store)
    client = Client(layer)
    client.get("/set?ann")
    token = client.cookies["session_id"]

    def slow(environ, start_response):
        client.get("/logout")
        return application(environ, start_response)

    late = Client(SessionMiddleware(slow, store=store))
    late.set_cookie("session_id", token)
    assert "Set-Cookie" not in late.get("/set?again").headers
    late.app = layer
    assert late.get("/get").text == "nobody"


def test_session_cookie_stays_with_an_error_page():
    def app(environ, start_response):
        environ["fwtrace.session"]["user"] = "ann"
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            raise ValueError
        except ValueError as error:
            told = (ValueError, error, error.__traceback__)
            start_response("500 Error", [("Content-Type", "text/plain")], told)
        return [b"sorry"]

    client = Client(SessionMiddleware(app))
    assert client.get("/").status_code == 500
    assert "session_id" in client.cookies


def test_session_changed_too_late_says_so():
    closed = []

    class Body(list):
        def close(self):
            closed.append(True)

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        environ["fwtrace.session"]["user"] = "ann"
        return Body([b"x"])

    with pytest.raises(RuntimeError, match="changed after start_response"):
        run_app(SessionMiddleware(app), build_environ())
    assert closed == [True]


def test_session_generator_may_change_it_before_it_starts():
    def app(environ, start_response):
        environ["fwtrace.session"]["user"] = "ann"
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"x"

    client = Client(SessionMiddleware(app))
    client.get("/")
    assert "session_id" in client.cookies


def test_session_settings_choose_the_store():
    assert isinstance(SessionMiddleware(application).store, MemoryStore)
    signed = SessionMiddleware(application, secret=["new", "old"])
    assert isinstance(signed.store, SignedCookieStore)


def test_session_refuses_settings_that_cannot_work():
    with pytest.raises(ValueError, match="one of the two"):
        SessionMiddleware(application, store=MemoryStore(), secret="key")
    with pytest.raises(ValueError, match="secret that is not empty"):
        SessionMiddleware(application, secret="")
    with pytest.raises(ValueError, match="SameSite=None without secure"):
        SessionMiddleware(application, samesite="None")
    with pytest.raises(ValueError, match="no cookie name"):
        SessionMiddleware(application, cookie="a b")
