import http.client
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from pathlib import Path
from wsgiref.validate import validator

import pytest
from hypothesis import example, given, settings, strategies as st

from fwtrace.frameworks.micro import (
    App,
    HTTPError,
    JsonResponse,
    Request,
    Response,
    abort,
    include,
    path,
    re_path,
    redirect,
    render_template,
    url_for,
)
from fwtrace.toolkit.http.errors import NotFound
from fwtrace.toolkit.wsgi.client import Client, build_environ, encode_multipart, run_app
from fwtrace.toolkit.wsgi.middleware.session import SessionMiddleware

HERE = Path(__file__).parent


@pytest.fixture
def app(tmp_path):
    return App(tmp_path)


def client_of(app):
    """A client that lets PEP 3333's checker watch the app."""
    return Client(validator(app))


# Routes.


def test_route_passes_converted_parameters(app):
    @app.route("/users/<int:id>/<path:rest>")
    def user(request, id, rest):
        return {"id": id, "rest": rest}

    assert client_of(app).get("/users/7/a/b").json == {"id": 7, "rest": "a/b"}
    assert client_of(app).get("/users/x/a").status_code == 404


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_route_by_method(app, method):
    @getattr(app, method)("/")
    def view(request):
        return request.method

    assert getattr(client_of(app), method)("/").text == method.upper()
    assert client_of(app).open("TRACE", "/").status_code == 405


def test_route_takes_get_alone_unless_it_says_otherwise(app):
    @app.route("/a")
    def a(request):
        return "a"

    @app.route("/b", methods=["POST", "PUT"])
    def b(request):
        return "b"

    client = client_of(app)
    assert client.post("/a").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert client.get("/b").headers["Allow"] == "OPTIONS, POST, PUT"
    assert client.options("/b").status == "204 No Content"
    assert (client.head("/a").status_code, client.head("/a").body) == (200, b"")


def test_urlpatterns_beside_decorated_routes(app):
    def show(request, **params):
        return params

    app.route("/first/<str:a>")(show)
    app.urlpatterns = [
        path("first/<str:b>", show),
        path("blog/", include([path("<int:id>/", show, name="entry")], "blog")),
        re_path(r"^year/(?P<year>[0-9]{4})$", show),
    ]
    client = client_of(app)
    assert client.get("/first/x").json == {"a": "x"}
    assert client.get("/blog/3/").json == {"id": 3}
    assert client.get("/year/2026").json == {"year": "2026"}
    assert app.url_for("blog:entry", id=3) == "/blog/3/"
    assert client.get("/blog/3?q=1").headers["Location"] == "/blog/3/?q=1"
    app.urlpatterns += [path("last", show)]
    assert client.get("/last").json == {}
    assert len(app.urlpatterns) == 4
    assert len(app.router.routes) == 5


def test_debug_suggests_the_nearest_route(tmp_path):
    app = App(tmp_path, debug=True)
    app.route("/books")(lambda request: "")
    assert "Did you mean /books?" in client_of(app).get("/boks").text
    assert "mean" not in client_of(App(tmp_path)).get("/boks").text


def test_resolve_raises_what_becomes_the_answer(app):
    with pytest.raises(NotFound):
        app.resolve(Request(build_environ("GET", "/nope")))


# Responses.


def numbers():
    yield "1"
    yield b"2"


@pytest.mark.parametrize(
    ("value", "status", "kind", "body"),
    [
        ("é", 200, "text/html; charset=utf-8", "é".encode()),
        (b"\xff", 200, "text/html; charset=utf-8", b"\xff"),
        ({"a": 1}, 200, "application/json", b'{"a":1}'),
        ([], 200, "application/json", b"[]"),
        (numbers, 200, "text/html; charset=utf-8", b"12"),
        (("made", 201), 201, "text/html; charset=utf-8", b"made"),
        (({"a": 1}, "created"), 201, "application/json", b'{"a":1}'),
        ((numbers, 202), 202, "text/html; charset=utf-8", b"12"),
        (("a{}", 200, {"content-type": "text/css"}), 200, "text/css", b"a{}"),
        (Response("x", 203, content_type="text/x"), 203, "text/x", b"x"),
    ],
    ids=[
        "text",
        "bytes",
        "a dict",
        "a list",
        "a generator",
        "text and a status",
        "a dict and a reason",
        "a generator and a status",
        "text, a status and headers",
        "a response",
    ],
)
def test_view_may_return(app, value, status, kind, body):
    def view(request):
        if isinstance(value, tuple) and value[0] is numbers:
            return numbers(), *value[1:]
        return numbers() if value is numbers else value

    app.route("/")(view)
    response = client_of(app).get("/")
    assert (response.status_code, response.body) == (status, body)
    assert response.headers["Content-Type"] == kind


def test_response_in_a_tuple_keeps_its_headers(app):
    @app.route("/")
    def view(request):
        return Response("a", headers={"X-A": "1"}), 201, [("X-B", "2")]

    response = client_of(app).get("/")
    assert (response.headers["X-A"], response.headers["X-B"]) == ("1", "2")


@pytest.mark.parametrize(
    "value",
    [None, 1, object(), ("a",)],
    ids=["nothing", "a number", "an object", "a tuple of one"],
)
def test_view_that_returns_no_response_is_named(app, value):
    @app.route("/")
    def forgetful(request):
        return value

    with pytest.raises(TypeError, match="forgetful returned") as caught:
        client_of(app).get("/")
    assert ("return missing" in str(caught.value)) == (value is None)


# The request.


def test_request_has_djangos_names_too(app):
    @app.post("/<int:id>")
    def view(request, id):
        assert request.app is app
        file = request.FILES["file"]
        return {
            "GET": request.GET["q"],
            "POST": request.POST["title"],
            "FILES": [file.filename, file.read().decode()],
            "COOKIES": request.COOKIES,
            "type": request.headers["content-type"][:19],
        }

    client = client_of(app)
    client.set_cookie("a", "1")
    data = {"title": "hi", "file": ("n.txt", b"text")}
    assert client.post("/1?q=x", data=data).json == {
        "GET": "x",
        "POST": "hi",
        "FILES": ["n.txt", "text"],
        "COOKIES": {"a": "1"},
        "type": "multipart/form-data",
    }


@pytest.mark.parametrize("fails", [False, True])
def test_uploads_are_closed_at_the_end(app, fails):
    seen = []

    @app.post("/")
    def view(request):
        seen.append(request.FILES["file"])
        return str(1 / (not fails))

    data = {"file": ("n.txt", b"text")}
    if fails:
        with pytest.raises(ZeroDivisionError):
            client_of(app).post("/", data=data)
    else:
        assert client_of(app).post("/", data=data).text == "1.0"
    assert seen[0].file.closed


def test_request_session_with_its_middleware(app):
    @app.route("/")
    def view(request):
        request.session["n"] = request.session.get("n", 0) + 1
        return str(request.session["n"])

    with pytest.raises(RuntimeError, match="SessionMiddleware"):
        client_of(app).get("/")
    app.add_middleware(SessionMiddleware)
    client = client_of(app)
    assert [client.get("/").text, client.get("/").text] == ["1", "2"]


# Errors.


def test_abort_answers_from_within_a_view(app):
    @app.route("/")
    def view(request):
        abort(403, "Not you.")

    assert client_of(app).get("/").text == "403 Forbidden\nNot you.\n"
    response = client_of(app).get("/", headers={"Accept": "application/json"})
    assert response.json == {"error": "Forbidden", "detail": "Not you."}


def test_error_handler_of_a_status(app):
    @app.error_handler(404)
    def missing(request, error):
        return f"nothing at {request.path}", error.status

    response = client_of(app).get("/nope")
    assert (response.status_code, response.text) == (404, "nothing at /nope")


def test_error_handler_of_the_nearest_class(app):
    @app.route("/<name>")
    def view(request, name):
        raise {"key": KeyError, "value": ValueError}[name](name)

    @app.error_handler(Exception)
    def any_error(request, error):
        return "any", 500

    @app.error_handler(LookupError)
    def lookup(request, error):
        return {"missing": str(error)}, 404

    client = client_of(app)
    assert client.get("/key").json == {"missing": "'key'"}
    assert client.get("/value").status_code == 500


def test_error_handlers_leave_redirects_and_options_alone(app):
    app.route("/a/")(lambda request: "a")
    app.error_handler(Exception)(lambda request, error: "caught")
    assert client_of(app).get("/a").status_code == 308
    assert client_of(app).options("/a/").status_code == 204
    assert client_of(app).get("/nope").text == "caught"


def test_error_handler_500_is_for_what_nobody_else_handles(app):
    app.error_handler(500)(lambda request, error: (type(error).__name__, 500))
    app.route("/")(lambda request: 1 / 0)
    assert client_of(app).get("/").text == "ZeroDivisionError"
    assert client_of(app).get("/nope").status_code == 404


def test_error_handler_that_fails_itself(app):
    @app.error_handler(404)
    def missing(request, error):
        abort(410, "Gone.")

    @app.error_handler(KeyError)
    def broken(request, error):
        raise LookupError("in the handler")

    @app.route("/")
    def view(request):
        raise KeyError

    assert client_of(app).get("/nope").status_code == 410
    with pytest.raises(LookupError, match="in the handler"):
        client_of(app).get("/")


def test_unhandled_error_is_raised_on(app):
    app.route("/")(lambda request: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        client_of(app).get("/")


# Middleware and mounts.


def test_middleware_runs_from_the_first_added_inwards(app):
    events = []

    class Layer:
        def __init__(self, app, name):
            self.app = app
            self.name = name

        def __call__(self, environ, start_response):
            events.append(f"{self.name} in")
            body = self.app(environ, start_response)
            events.append(f"{self.name} out")
            return body

    app.add_middleware(Layer, name="a")
    app.add_middleware(Layer, name="b")

    @app.route("/")
    def view(request):
        events.append("view")
        return ""

    client_of(app).get("/")
    assert events == ["a in", "b in", "view", "b out", "a out"]
    assert app.stack.app.app == app.wsgi_app


def test_mount_passes_on_all_below_its_prefix(app, tmp_path):
    inner = App(tmp_path)

    @inner.route("/<name>", name="page")
    def page(request, name):
        return url_for("page", name="x")

    app.mount("/inner", inner)
    app.route("/outer")(lambda request: inner.url_for("page", name="y"))
    client = client_of(app)
    assert client.get("/inner/a").text == "/inner/x"
    assert client.get("/outer").text == "/y"
    assert client.get("/inner/a/b").status_code == 404
    assert client.get("/innermost").status_code == 404


def test_mounted_app_may_answer_without_a_length(app):
    def raw(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["SCRIPT_NAME"].encode(), environ["PATH_INFO"].encode()]

    app.mount("/raw", raw)
    assert client_of(app).post("/raw/x").text == "/raw/x"


def test_static_folder_is_served_when_there_is_one(tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.css").write_text("a{}")
    client = client_of(App(tmp_path))
    response = client.get("/static/a.css", headers={"Range": "bytes=0-0"})
    assert (response.status_code, response.text) == (206, "a")
    again = {"If-None-Match": response.headers["ETag"]}
    assert client.get("/static/a.css", headers=again).status_code == 304
    assert client.get("/static/../app.py").status_code == 404
    assert client.post("/static/a.css").status_code == 405


# Templates.


def test_render_template_escapes_and_knows_url_for(app, tmp_path):
    (tmp_path / "templates").mkdir()
    page = tmp_path / "templates" / "page.html"
    page.write_text("{{ name }} at {{ url_for('show', name=1) }}")

    @app.route("/<name>")
    def show(request, name):
        return render_template("page.html", name="<b>")

    assert client_of(app).get("/x").text == "&lt;b&gt; at /1"
    assert app.render("page.html", name="a") == "a at /1"


@pytest.mark.parametrize("call", [render_template, url_for])
def test_helpers_say_that_they_need_a_request(call):
    with pytest.raises(RuntimeError, match="need a request"):
        call("x")


def test_url_for_suggests_the_nearest_name(app):
    app.route("/users", name="users")(lambda request: redirect(url_for("usrs")))
    with pytest.raises(LookupError, match="Did you mean 'users'"):
        client_of(app).get("/users")


def test_app_finds_the_folder_it_was_made_in():
    assert App().folder == HERE
    assert App("json").folder == Path(json.__file__).parent
    assert repr(App(HERE)).startswith("<App in ")


# The example program of the seeds.

MODEL = """
class User:
    saved = []

    def __init__(self, id, name):
        self.id, self.name = id, name

    def to_dict(self):
        return {"id": self.id, "name": self.name}

    @classmethod
    def create(cls, name):
        cls.saved.append(cls(len(cls.saved) + 1, name))
        return cls.saved[-1]

    @classmethod
    def get(cls, id):
        return cls.saved[id - 1]

    @classmethod
    def all(cls):
        return cls.saved
"""
PROGRAM = """
from fwtrace.frameworks.micro import App, render_template, JsonResponse
from seed_users import User

app = App()

@app.route('/')
def home(request):
    return render_template('home.html', title='Welcome')

@app.route('/users/<int:id>')
def user_detail(request, id):
    user = User.get(id)
    return render_template('user.html', user=user)

@app.route('/api/users', methods=['GET', 'POST'])
def users_api(request):
    if request.method == 'POST':
        user = User.create(**request.json)
        return JsonResponse(user.to_dict(), status=201)
    return JsonResponse([u.to_dict() for u in User.all()])
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "home.html").write_text("<h1>{{ title }}</h1>")
    (tmp_path / "templates" / "user.html").write_text("<p>{{ user.name }}</p>")
    (tmp_path / "seed_users.py").write_text(MODEL)
    (tmp_path / "app.py").write_text(PROGRAM)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "app.py"
    sys.modules.pop("seed_users", None)


def test_example_program_of_the_seeds(program):
    client = client_of(runpy.run_path(str(program))["app"])
    assert client.get("/").text == "<h1>Welcome</h1>"
    response = client.post("/api/users", json={"name": "<Ann>"})
    assert (response.status_code, response.json) == (201, {"id": 1, "name": "<Ann>"})
    assert client.get("/api/users").json == [{"id": 1, "name": "<Ann>"}]
    assert client.get("/users/1").text == "<p>&lt;Ann&gt;</p>"
    assert client.post("/api/users", body=b"{").status_code == 400


def test_run_serves_until_it_is_interrupted(program):
    program.write_text(PROGRAM + "\napp.run(port=0)\n")
    with subprocess.Popen(
        [sys.executable, str(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdout is not None
        started = process.stdout.readline()
        try:
            assert started.startswith("Serving on http://localhost:")
            port = int(started.rpartition(":")[2])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"<h1>Welcome</h1>"
            connection.close()
        finally:
            interrupt(process)
        assert "Traceback" not in process.communicate(timeout=5)[1]
        assert process.returncode == 0


def interrupt(process):
    """Ctrl-C until it takes: wsgiref swallows one that comes amid a response."""
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=2)
            return
        except subprocess.TimeoutExpired:
            continue
    process.kill()


def test_run_says_in_one_sentence_that_the_port_is_in_use(app, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as caught:
            app.run(port=port)
    assert caught.value.code == 1
    message = f"Cannot serve on localhost:{port}: Address already in use."
    assert capsys.readouterr() == ("", f"{message} Try another port.\n")


def test_run_refuses_a_port_that_cannot_be(app, capsys):
    with pytest.raises(SystemExit):
        app.run(port=99999)
    assert capsys.readouterr().err.startswith("Cannot serve on localhost:99999: ")


# Bad input.


def nosy_app():
    app = App(HERE)

    @app.route("/<path:rest>", methods=["GET", "POST"])
    def touch(request, rest):
        seen = [request.GET, request.form, request.files, request.cookies]
        length = sum(map(len, seen))
        value = request.json if request.mimetype == "application/json" else length
        response = JsonResponse({"value": value, "rest": rest, "url": request.url})
        response.set_cookie("seen", rest)
        return response

    app.route("/go")(lambda request: redirect(request.GET.get("to", "/")))
    app.route("/folder/")(lambda request: "")
    return app


NOSY = nosy_app()
KINDS = (
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=",
    "text/plain",
)
LATIN = st.binary(max_size=40).map(lambda data: data.decode("latin-1"))
PART = b'--b\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n'


def call(method="GET", body=b"", **keys):
    environ = build_environ(method, body=body)
    environ.update(keys)
    status, headers, _ = run_app(NOSY, environ)
    assert not any("\r" in value or "\n" in value for _, value in headers)
    return int(status[:3])


@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS"]) | LATIN,
    path=st.sampled_from(["/", "/go", "/folder", "", "*", "//"]) | LATIN,
    query=LATIN | LATIN.map(lambda text: f"to={text}"),
    cookie=LATIN,
    accept=LATIN,
    host=LATIN,
)
@example("GET", "/%ff\xff", "%", "\0", ",;q=", "\r\n")
@example("GET", "//evil.com/folder", "to=%0d%0aX:%20y", "", "", "")
@settings(max_examples=200, deadline=None)
def test_any_bytes_in_path_query_and_headers_are_answered(
    method, path, query, cookie, accept, host
):
    status = call(
        method,
        PATH_INFO=path,
        QUERY_STRING=query,
        HTTP_COOKIE=cookie,
        HTTP_ACCEPT=accept,
        HTTP_HOST=host,
    )
    assert status < 500


@given(
    kind=st.sampled_from(KINDS) | LATIN,
    body=st.binary(max_size=80)
    | st.binary(max_size=40).map(lambda data: PART + data + b"\r\n--b--\r\n"),
    length=st.none() | st.text("0123456789 -+_e\xb2", max_size=6),
    ended=st.booleans(),
)
@example("application/json", b'"\\ud800"', None, False)
@example("application/json", b"1e999", None, False)
@example("application/json", b"[" * 5000, None, False)
@settings(max_examples=200, deadline=None)
def test_any_bytes_in_the_body_are_answered(kind, body, length, ended):
    keys = {"CONTENT_TYPE": kind, "wsgi.input_terminated": ended}
    if length is not None:
        keys["CONTENT_LENGTH"] = length
    assert call("POST", body, PATH_INFO="/form", **keys) < 500


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"PATH_INFO": "/\xff"}, 400),
        ({"PATH_INFO": "/a\0"}, 400),
        ({"QUERY_STRING": "a=%zz"}, 400),
        ({"QUERY_STRING": "a=%ff"}, 400),
        ({"QUERY_STRING": "a&" * 2000}, 413),
        ({"CONTENT_LENGTH": "ten", "CONTENT_TYPE": KINDS[0]}, 400),
        ({"CONTENT_LENGTH": "-1", "CONTENT_TYPE": KINDS[0]}, 400),
        ({"CONTENT_LENGTH": "9" * 30, "CONTENT_TYPE": KINDS[0]}, 413),
        ({"CONTENT_LENGTH": "9", "CONTENT_TYPE": KINDS[0]}, 400),
        ({"CONTENT_TYPE": "multipart/form-data", "CONTENT_LENGTH": "0"}, 400),
        ({"CONTENT_TYPE": "application/json"}, 400),
        ({"HTTP_COOKIE": "=;;\0=\xff; a"}, 200),
        ({"REQUEST_METHOD": "BREW"}, 405),
        ({"REQUEST_METHOD": ""}, 405),
    ],
)
def test_bad_input_gets_its_status(environ, status):
    assert call(**{"PATH_INFO": "/x", "REQUEST_METHOD": "POST"} | environ) == status


def test_file_too_many_is_refused():
    kind, body = encode_multipart({"f": [("n", b"x")] * 101})
    assert call("POST", body, PATH_INFO="/x", CONTENT_TYPE=kind) == 413


def test_http_error_can_be_raised_by_hand(app):
    @app.route("/")
    def view(request):
        raise HTTPError(429, headers=[("Retry-After", "3")])

    response = client_of(app).get("/")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "3")
