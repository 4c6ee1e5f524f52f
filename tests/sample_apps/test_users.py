"""The service, each request of it on every framework, with the same answers."""

import hashlib
import itertools
import json
import subprocess
import sys
from wsgiref.validate import validator

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit.orm import connect
from fwtrace.toolkit.wsgi.client import Client, build_environ, run_app
from fwtrace.toolkit.wsgi.types import WSGIApp
from sample_apps.users import data, micro, models, raw

pytestmark = pytest.mark.usefixtures("users_database")

APPS: dict[str, WSGIApp] = {"micro": micro.app, "raw": raw.application}

# What differs from one answer to the next.
PER_ANSWER = {"x-request-id", "server-timing", "set-cookie"}


@pytest.fixture(params=APPS)
def client(request):
    """A client of one of the apps."""
    return Client(validator(APPS[request.param]))


def test_index_counts_users(client):
    response = client.get("/")
    assert response.status_code == 200
    assert "There are 12 users." in response.text


def test_listing_shows_a_page(client):
    page = client.get("/users").text
    assert page.count('<tr><td><a href="/users/') == 5
    assert "Page 1 of 3, 12 in all" in page
    assert 'href="/users?page=2"' in page
    assert "Previous" not in page


def test_listing_searches_and_keeps_the_query_in_its_links(client):
    page = client.get("/users", query={"q": "a", "page": 2}).text
    assert "Page 2 of 2, 8 in all" in page
    assert 'href="/users?q=a&amp;page=1"' in page


@pytest.mark.parametrize("page", ["0", "-3", "99", "two", "9" * 5000])
def test_listing_keeps_to_the_pages_there_are(client, page):
    assert client.get("/users", query={"page": page}).status_code == 200


def test_listing_escapes_what_it_was_asked(client):
    page = client.get("/users", query={"q": "<script>"}).text
    assert "<script>" not in page
    assert "Nobody has “&lt;script&gt;” in their name." in page


def test_user_comes_with_posts(client):
    response = client.get("/users/1")
    assert response.headers["Content-Type"] == "application/json"
    assert response.json == {
        "id": 1,
        "name": "Ada",
        "age": 36,
        "email": "ada@example.org",
        "posts": [
            {"id": 1, "title": "A note on loops"},
            {"id": 2, "title": "What a compiler is for"},
            {"id": 3, "title": "Counting bugs"},
            {"id": 4, "title": "The shortest path"},
        ],
    }


def test_user_viewed_reaches_its_receivers(client):
    before = models.views.get(2, 0)
    seen = []

    def watch(sender, user, **named):
        seen.append((sender, user.pk))

    with models.user_viewed.connected_to(watch):
        client.get("/users/2")
    assert seen == [(models.User, 2)]
    assert models.views[2] == before + 1


def test_user_viewed_passes_over_receivers_of_posts():
    receivers = [f.__name__ for f in models.user_viewed.receivers_for(models.User)]
    assert receivers == ["count_view", "greet"]


@pytest.mark.parametrize("id", [0, 13, 2**63 - 1, 2**63, 10**19 - 1])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_missing_user_is_404_as_json(client, method, id):
    response = client.open(method, f"/users/{id}")
    assert response.status_code == 404
    assert response.json == {
        "error": "Not Found",
        "detail": f"There is no user {id}.",
    }


def test_create_by_form_goes_to_the_new_user(client):
    form = {"name": "Ann", "age": "30", "email": "ann@example.org"}
    response = client.post("/users", data=form)
    assert response.status_code == 303
    assert response.headers["Location"] == "/users/13"
    found = client.get("/users/13").json
    assert found == {"id": 13, **form, "age": 30, "posts": []}


def test_create_by_form_shows_what_is_wrong(client):
    response = client.post("/users", data={"name": "", "age": "old", "shoe": "1"})
    assert response.status_code == 400
    assert "Give a name." in response.text
    assert "An age is a whole number from 0 to 150." in response.text
    assert "shoe: There is no such field." in response.text
    assert 'value="old"' in response.text


def test_create_by_json_answers_201(client):
    response = client.post("/users", json={"name": "Ann", "age": 30})
    assert response.status_code == 201
    assert response.headers["Location"] == "/users/13"
    assert response.json == {"id": 13, "name": "Ann", "age": 30, "email": ""}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, {"name": "Give a name."}),
        ({"name": " "}, {"name": "Give a name."}),
        ({"name": 5}, {"name": "Give a text."}),
        ({"name": "x" * 101}, {"name": "Give at most 100 characters."}),
        ({"name": "\ud800"}, {"name": "The text is not valid Unicode."}),
        ({"email": "nowhere"}, {"email": "An address has an @ in it."}),
        ({"age": -1}, {"age": "An age is a whole number from 0 to 150."}),
        ({"age": 151}, {"age": "An age is a whole number from 0 to 150."}),
        ({"age": "10000"}, {"age": "An age is a whole number from 0 to 150."}),
        ({"age": 1.5}, {"age": "An age is a whole number from 0 to 150."}),
        ({"age": True}, {"age": "An age is a whole number from 0 to 150."}),
        ({"age": [1]}, {"age": "An age is a whole number from 0 to 150."}),
        (
            {"\udfff": 1},
            {"?": "There is no such field. Fields are name, age, email."},
        ),
    ],
)
def test_create_by_json_names_each_wrong_field(client, given, wrong):
    response = client.post("/users", json={"name": "Ann"} | given if given else {})
    assert response.status_code == 400
    assert response.json == {"errors": wrong}
    assert models.User.objects.count() == 12


@pytest.mark.parametrize("body", [b"{", b"[1]", b"null", b"\xff", b"[" * 10_000])
def test_create_by_malformed_json_is_400(client, body):
    headers = {"Content-Type": "application/json"}
    response = client.post("/users", body=body, headers=headers)
    assert response.status_code == 400


def test_create_by_an_unknown_type_is_415(client):
    headers = {"Content-Type": "text/csv"}
    assert client.post("/users", body=b"Ann", headers=headers).status_code == 415


def test_put_replaces_and_patch_changes(client):
    patched = client.patch("/users/1", json={"age": None}).json
    assert patched == {"id": 1, "name": "Ada", "age": None, "email": "ada@example.org"}
    replaced = client.put("/users/1", data={"name": "Augusta"}).json
    assert replaced == {"id": 1, "name": "Augusta", "age": None, "email": ""}
    assert client.get("/users/1").json["name"] == "Augusta"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_update_refuses_what_is_wrong(client, method):
    response = client.open(method, "/users/1", json={"name": ""})
    assert response.status_code == 400
    assert response.json == {"errors": {"name": "Give a name."}}
    assert client.get("/users/1").json["name"] == "Ada"


def test_delete_takes_the_posts_along(client):
    response = client.delete("/users/1")
    assert (response.status_code, response.body) == (204, b"")
    assert client.get("/users/1").status_code == 404
    assert models.Post.objects.count() == 36


def test_upload_is_measured(client):
    content = bytes(range(256)) * 5000
    response = client.post("/upload", data={"file": ("Ä b.bin", content)})
    assert response.json == {
        "name": "Ä b.bin",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


@pytest.mark.parametrize("form", [{"file": "text"}, {"other": ("a.txt", b"a")}])
def test_upload_without_its_file_is_400(client, form):
    assert client.post("/upload", data=form).status_code == 400


def test_go_redirects(client):
    response = client.get("/go", follow_redirects=True)
    assert [each.status_code for each in response.history] == [302]
    assert "<h1>Users</h1>" in response.text


def test_stream_has_no_length(client):
    response = client.get("/stream")
    assert "Content-Length" not in response.headers
    assert response.text.splitlines()[::11] == ["1 Ada", "12 Tim"]


@pytest.mark.parametrize("app", APPS.values(), ids=APPS)
def test_stream_is_sent_as_it_is_made(app):
    body = app(build_environ(target="/stream"), lambda *_: None)
    assert list(itertools.islice(body, 2)) == [b"1 Ada\n", b"2 Grace\n"]
    body.close()


def test_boom_is_a_page_and_a_line_in_the_log(client, caplog):
    response = client.get("/boom")
    assert response.status_code == 500
    assert "always fails" not in response.text
    assert "GET /boom failed" in caplog.text


def test_n_plus_one_asks_for_each_author(client, monkeypatch):
    database = models.User.database()
    asked = []
    fetch = database.fetch

    def count(sql, params=()):
        asked.append(sql)
        return fetch(sql, params)

    monkeypatch.setattr(database, "fetch", count)
    posts = client.get("/n-plus-one").json
    assert posts[0] == {"title": "A note on loops", "author": "Ada"}
    assert (len(posts), len(asked)) == (40, 41)


def test_login_opens_me_and_logout_closes_it(client):
    assert client.get("/me").status_code == 401
    assert client.post("/login", data={"name": "Grace"}).json["id"] == 2
    assert client.get("/me").json["name"] == "Grace"
    assert client.post("/logout").status_code == 204
    assert client.get("/me").status_code == 401


def test_login_gives_a_new_id_each_time(client):
    client.post("/login", data={"name": "Grace"})
    first = client.cookies["session_id"]
    client.post("/login", data={"name": "Ada"})
    assert client.cookies["session_id"] != first
    stale = Client(client.app)
    stale.set_cookie("session_id", first)
    assert stale.get("/me").status_code == 401


@pytest.mark.parametrize("form", [{}, {"name": "Nobody"}])
def test_login_under_no_name_is_401(client, form):
    assert client.post("/login", data=form).status_code == 401


def test_me_without_the_user_is_404(client):
    client.post("/login", data={"name": "Grace"})
    client.delete("/users/2")
    assert client.get("/me").status_code == 404


def test_wrong_method_names_the_right_ones(client):
    response = client.put("/users")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_options_is_answered(client):
    response = client.options("/users/1")
    assert response.status_code == 204
    allowed = "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
    assert response.headers["Allow"] == allowed


def test_middleware_adds_its_headers(client):
    response = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(response.headers["X-Request-ID"]) == 32
    assert response.headers["Server-Timing"].startswith("app;dur=")


REQUESTS = [
    ("GET", "/", {}),
    ("GET", "/users?q=a&page=2", {}),
    ("GET", "/users/new", {}),
    ("GET", "/users/3", {}),
    ("GET", "/users/99", {}),
    ("GET", "/users/x", {}),
    ("HEAD", "/users", {}),
    ("OPTIONS", "/users", {}),
    ("DELETE", "/users", {}),
    ("POST", "/users", {"json": {"name": "Ann"}}),
    ("POST", "/users", {"data": {"name": "Ann"}}),
    ("POST", "/users", {"data": {"age": "x"}}),
    ("POST", "/users", {"json": {"age": "x"}}),
    ("PUT", "/users/3", {"json": {"name": "Ann"}}),
    ("PATCH", "/users/3", {"data": {"age": "3"}}),
    ("DELETE", "/users/3", {}),
    ("POST", "/upload", {"data": {"file": ("a", b"b")}}),
    ("POST", "/upload", {}),
    ("GET", "/go", {}),
    ("GET", "/stream", {}),
    ("GET", "/boom", {}),
    ("GET", "/n-plus-one", {}),
    ("POST", "/login", {"data": {"name": "Ada"}}),
    ("POST", "/login", {}),
    ("GET", "/me", {}),
    ("POST", "/logout", {}),
    ("GET", "/nowhere", {"headers": {"Accept": "application/json"}}),
    ("GET", "/%ff", {}),
    ("GET", "/users?q=%zz", {}),
]


@pytest.mark.parametrize(
    ("method", "target", "options"), REQUESTS, ids=lambda value: str(value)[:40]
)
def test_apps_answer_alike(method, target, options, caplog):
    answers = []
    for app in APPS.values():
        data.fill(connect("sqlite://"))
        response = Client(app).open(method, target, **options)
        told = [p for p in response.headers.items() if p[0].lower() not in PER_ANSWER]
        answers.append((response.status, sorted(told), response.body))
    assert answers[0] == answers[1]


SEGMENTS = st.sampled_from(
    ["users", "new", "1", "99999999999", "upload", "login", "me"]
)
PATHS = st.lists(SEGMENTS | st.text(max_size=5), max_size=4).map("/".join)
TYPES = st.sampled_from(
    [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "text/plain; charset=nothing",
    ]
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "BREW"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["name", "age", "email"]) | st.text(), inner)
    ),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())
BODIES = (
    st.binary(max_size=200)
    | JSON
    | st.binary(max_size=100).map(
        lambda b: (
            b'--b\r\nContent-Disposition: form-data; name="file"' + b + b"\r\n--b--"
        )
    )
)
TARGETS = st.builds(
    lambda path, query: (path, query), PATHS, st.text(st.characters(codec="latin-1"))
)


@settings(max_examples=120, deadline=None)
@given(
    METHODS,
    TARGETS,
    TYPES,
    BODIES,
    st.text(st.characters(codec="latin-1"), max_size=30),
    st.sampled_from([None, "-1", "x", "9" * 30, "7"]),
)
def test_no_request_is_the_servers_fault(method, target, kind, body, cookie, length):
    environ = build_environ(method, body=body, headers=[("Content-Type", kind)])
    path = "/" + target[0].encode("utf-8", "surrogatepass").decode("latin-1")
    environ |= {"PATH_INFO": path, "QUERY_STRING": target[1], "HTTP_COOKIE": cookie}
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    for app in APPS.values():
        environ["wsgi.input"].seek(0)
        status, _, _ = run_app(app, dict(environ))
        assert int(status[:3]) < 500


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40).map(lambda b: "/" + b.decode("latin-1")), METHODS)
def test_no_path_of_any_bytes_is_the_servers_fault(path, method):
    for app in APPS.values():
        environ = build_environ(method) | {"PATH_INFO": path, "QUERY_STRING": path}
        assert int(run_app(app, environ)[0][:3]) < 500


def run_python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_import_is_light():
    heavy = ("jinja2", "typer", "rich", "itsdangerous", "python_multipart", "sqlparse")
    code = (
        "import sys, sample_apps.users.micro\n"
        f"print([m for m in {heavy!r} if m in sys.modules],"
        " [m for m in sys.modules if m.startswith('fwtrace.tracer')])"
    )
    assert run_python(code) == "[] []\n"


def test_database_of_the_environment_is_filled_once(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/users.db"
    monkeypatch.setenv("DATABASE_URL", url)
    code = (
        "from sample_apps.users.models import User, Post\n"
        "from sample_apps.users import micro\n"
        "print(User.objects.count(), Post.objects.count())\n"
        "User.objects.create(name='Ann')"
    )
    assert run_python(code) == "12 40\n"
    assert run_python(code) == "13 40\n"
