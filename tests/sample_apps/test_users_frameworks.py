"""The service on Flask and on FastAPI gives the answers that it gives on micro."""

import hashlib
from importlib import import_module
from urllib.parse import quote

import pytest

from fwtrace.frameworks.flask import render_template
from fwtrace.toolkit.asgi.testclient import TestClient
from fwtrace.toolkit.orm import connect
from fwtrace.toolkit.wsgi.client import Client, build_environ
from fwtrace.toolkit.wsgi.types import WSGIApp
from sample_apps.users import data, fastapi, flask, micro

pytestmark = pytest.mark.usefixtures("users_database")

JSON = {"Content-Type": "application/json"}
PREFERS_JSON = {"Accept": "application/json"}


def over_wsgi(app):
    """An ASGI app as a WSGI one, for the client that asks the others as well."""
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)

    def call(environ, start_response):
        client.cookies.clear()
        path = quote(environ["PATH_INFO"].encode("latin-1"))
        names = [name for name in environ if name.startswith("HTTP_")]
        headers = {name[5:].replace("_", "-"): environ[name] for name in names}
        headers = {"ACCEPT": "", "ACCEPT-ENCODING": "identity", **headers}
        if kind := environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = kind
        response = client.request(
            environ["REQUEST_METHOD"],
            f"{environ['wsgi.url_scheme']}://localhost{path}?{environ['QUERY_STRING']}",
            headers=headers,
            content=environ["wsgi.input"].read(),
        )
        status = f"{response.status_code} {response.reason_phrase}"
        start_response(status, response.headers.multi_items())
        return [response.content]

    return call


def original(name):
    """The service on the framework itself; it is imported where there is one."""

    def call(environ, start_response):
        pytest.importorskip(name)
        module = {"flask": "original", "fastapi": "fastapi_original"}[name]
        app = import_module(f"sample_apps.users.{module}").app
        app = over_wsgi(app) if name == "fastapi" else app
        return app(environ, start_response)

    return call


APPS: dict[str, WSGIApp] = {
    "flask": flask.app,
    "fastapi": over_wsgi(fastapi.app),
    "flask:original": original("flask"),
    "fastapi:original": original("fastapi"),
}


@pytest.fixture(params=[*APPS, "micro"])
def client(request):
    """A client of one of the apps."""
    return Client(APPS.get(request.param, micro.app))


REQUESTS = [
    ("GET", "/", {}),
    ("HEAD", "/", {}),
    ("GET", "/users", {}),
    ("GET", "/users?q=a&page=2", {}),
    ("GET", "/users?q=%3Cscript%3E", {}),
    ("GET", "/users?page=two", {}),
    ("GET", "/users?page=" + "9" * 5000, {}),
    ("GET", "/users?q=%C3%A4%20%26&page=-1", {}),
    ("HEAD", "/users", {}),
    ("GET", "/users/new", {}),
    ("GET", "/users/3", {}),
    ("HEAD", "/users/3", {}),
    ("GET", "/users/99", {}),
    ("GET", "/users/9223372036854775808", {}),
    ("GET", "/users/x", {}),
    ("GET", "/users/-1", {}),
    ("GET", "/users/3/", {}),
    ("DELETE", "/users", {}),
    ("DELETE", "/users", {"headers": PREFERS_JSON}),
    ("POST", "/users", {"json": {"name": "Ann", "age": 30}}),
    ("POST", "/users", {"json": {"name": "Äda ❤"}}),
    ("POST", "/users", {"json": {"age": "x", "shoe": 1}}),
    ("POST", "/users", {"data": {"name": "Ann"}}),
    ("POST", "/users", {"data": {"name": "", "age": "<b>", "shoe": "1"}}),
    ("POST", "/users", {"data": {"name": ("a.txt", b"a")}}),
    ("POST", "/users", {"body": b"{", "headers": JSON}),
    ("POST", "/users", {"body": b"[1]", "headers": JSON}),
    ("POST", "/users", {"body": b"null", "headers": JSON}),
    ("POST", "/users", {"body": b"NaN", "headers": JSON}),
    ("POST", "/users", {"body": b"\xff", "headers": JSON}),
    ("POST", "/users", {"body": b"[" * 10_000, "headers": JSON}),
    ("POST", "/users", {"body": b"{", "headers": JSON | {"Accept": "text/html"}}),
    ("POST", "/users", {"body": b"Ann", "headers": {"Content-Type": "text/csv"}}),
    ("POST", "/users", {}),
    ("PUT", "/users/3", {"json": {"name": "Ann"}}),
    ("PUT", "/users/3", {"data": {"name": ""}}),
    ("PUT", "/users/99", {"json": {"name": "Ann"}}),
    ("PATCH", "/users/3", {"data": {"age": "3"}}),
    ("DELETE", "/users/3", {}),
    ("DELETE", "/users/99", {}),
    ("POST", "/upload", {"data": {"file": ("Ä b.bin", b"b" * 1_000_000)}}),
    ("POST", "/upload", {"data": {"file": "text"}}),
    ("POST", "/upload", {}),
    ("GET", "/go", {}),
    ("GET", "/stream", {}),
    ("HEAD", "/stream", {}),
    ("GET", "/boom", {}),
    ("GET", "/boom", {"headers": PREFERS_JSON}),
    ("GET", "/n-plus-one", {}),
    ("POST", "/login", {"data": {"name": "Ada"}}),
    ("POST", "/login", {"data": {"name": "Nobody"}}),
    ("POST", "/login", {}),
    ("GET", "/login", {}),
    ("GET", "/me", {}),
    ("GET", "/me", {"headers": {"Accept": "text/html, application/json;q=0.5"}}),
    ("POST", "/logout", {}),
    ("GET", "/nowhere", {}),
    ("GET", "/nowhere", {"headers": PREFERS_JSON}),
    ("GET", "/static/app.css", {}),
]


def told(app, method, target, options):
    """Status, type, location and body of an answer; what each app's own is left out."""
    data.fill(connect("sqlite://"))
    response = Client(app).open(method, target, **options)
    kind = response.headers["Content-Type"] if response.body else ""
    location = response.headers.get("Location")
    return response.status_code, kind, location, response.body


@pytest.mark.parametrize("name", APPS)
@pytest.mark.parametrize(
    ("method", "target", "options"), REQUESTS, ids=lambda value: str(value)[:40]
)
def test_others_answer_as_micro_does(name, method, target, options):
    if method == "HEAD" and "fastapi" in name:
        pytest.skip("FastAPI answers HEAD where a route names it only.")
    expected = told(micro.app, method, target, options)
    assert told(APPS[name], method, target, options) == expected


@pytest.mark.parametrize("method", ["DELETE", "BREW"])
def test_wrong_method_names_the_right_ones(client, method):
    response = client.open(method, "/users")
    assert response.status_code == 405
    allowed = response.headers["Allow"].split(", ")
    # FastAPI asks the first route of the path, and adds no methods of its own.
    everything = {"GET", "HEAD", "OPTIONS", "POST"}
    assert set(allowed) in (everything, {"GET"})


def test_created_user_is_there(client):
    form = {"name": "Ann", "age": "30", "email": "ann@example.org"}
    response = client.post("/users", data=form, follow_redirects=True)
    assert [each.status_code for each in response.history] == [303]
    assert response.json == {"id": 13, **form, "age": 30, "posts": []}


def test_upload_is_measured(client):
    content = bytes(range(256)) * 5000
    response = client.post("/upload", data={"file": ("a.bin", content)})
    assert response.json["size"] == len(content)
    assert response.json["sha256"] == hashlib.sha256(content).hexdigest()


def test_login_opens_me_and_logout_closes_it(client):
    assert client.get("/me").status_code == 401
    assert client.post("/login", data={"name": "Grace"}).json["id"] == 2
    assert client.get("/me").json["name"] == "Grace"
    assert client.post("/logout").status_code == 204
    assert client.get("/me").status_code == 401


def test_me_without_the_user_is_404(client):
    client.post("/login", data={"name": "Grace"})
    client.delete("/users/2")
    response = client.get("/me")
    assert response.status_code == 404
    assert response.json["detail"] == "There is no user 2."


def test_session_of_another_key_is_nobodys(client):
    cookie = "session=eyJ1c2VyIjoyfQ.Zz8eWg.forged; session_id=forged"
    assert client.get("/me", headers={"Cookie": cookie}).status_code == 401


SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize("target", ["/", "/users/99", "/nowhere", "/boom", "/go"])
def test_every_answer_has_the_headers(client, target):
    headers = client.get(target).headers
    assert {name: headers[name] for name in SECURITY} == SECURITY
    assert len(headers["X-Request-ID"]) == 32
    assert headers["Server-Timing"].startswith("app;dur=")
    assert "Strict-Transport-Security" not in headers


def test_https_is_to_stay(client):
    secure = Client(client.app, base_url="https://localhost")
    hsts = secure.get("/").headers["Strict-Transport-Security"]
    assert hsts == "max-age=31536000"


@pytest.mark.parametrize(
    ("given", "is_kept"), [("a-1.B_2", True), ("a b", False), ("x" * 65, False)]
)
def test_request_id_of_the_client_is_kept_when_plain(client, given, is_kept):
    response = client.get("/", headers={"X-Request-ID": given})
    assert (response.headers["X-Request-ID"] == given) is is_kept


@pytest.mark.parametrize("client", ["flask", "micro"], indirect=True)
def test_stream_is_sent_as_it_is_made(client):
    body = client.app(build_environ(target="/stream"), lambda *_: None)
    chunks = iter(body)
    assert [next(chunks), next(chunks)] == [b"1 Ada\n", b"2 Grace\n"]
    body.close()


@pytest.mark.parametrize("client", ["flask", "micro"], indirect=True)
def test_boom_is_logged(client, caplog):
    assert client.get("/boom").status_code == 500
    assert "This route always fails." in caplog.text


def test_boom_on_fastapi_goes_on_to_the_server_which_logs_it():
    with pytest.raises(RuntimeError, match="always fails"):
        TestClient(fastapi.app).get("/boom")


def test_templates_are_shared():
    templates = micro.app.templates.render("index.html", {"count": 1})
    with flask.app.test_request_context():
        assert render_template("index.html", count=1) == templates
