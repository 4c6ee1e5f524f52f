"""The test client, the runner for commands and requests built by hand."""

from base64 import b64encode
from io import BytesIO

import pytest


@pytest.fixture
def echo(app, flask):
    """A view at "/echo" that tells what arrived."""

    @app.route("/echo", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def tell():
        request = flask.request
        return {
            "method": request.method,
            "url": request.url,
            "type": request.content_type,
            "args": request.args.to_dict(flat=False),
            "form": request.form.to_dict(flat=False),
            "files": [
                [name, file.filename, file.mimetype, file.read().decode()]
                for name, file in request.files.items(multi=True)
            ],
            "body": request.get_data(as_text=True),
            "cookies": request.cookies.to_dict(),
            "addr": request.remote_addr,
        }


# Methods and arguments.


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_a_client_has_a_function_for_every_method(client, echo, method):
    response = getattr(client, method)("/echo")
    assert response.status_code == 200
    assert response.json["method"] == method.upper()


def test_head_has_no_body(client, echo):
    response = client.head("/echo")
    assert (response.status_code, response.data) == (200, b"")
    assert int(response.headers["Content-Length"]) > 0


def test_trace_reaches_the_app(app, client, flask):
    app.add_url_rule("/", "t", lambda: flask.request.method, methods=["TRACE"])
    assert client.trace("/").text == "TRACE"


def test_open_takes_any_method(app, client, flask):
    app.add_url_rule("/", "t", lambda: flask.request.method, methods=["PURGE"])
    assert client.open("/", method="PURGE").text == "PURGE"
    assert client.get("/").status_code == 405


@pytest.mark.parametrize(
    ("given", "args"),
    [
        ({"path": "/echo?a=1&a=2"}, {"a": ["1", "2"]}),
        ({"path": "/echo", "query_string": "a=1&b="}, {"a": ["1"], "b": [""]}),
        (
            {"path": "/echo", "query_string": {"a": 1, "b": "x y"}},
            {"a": ["1"], "b": ["x y"]},
        ),
        ({"path": "/echo", "query_string": {"a": [1, 2]}}, {"a": ["1", "2"]}),
        ({"path": "/echo", "query_string": {"a": "\u00e4&="}}, {"a": ["\u00e4&="]}),
    ],
)
def test_the_query_is_in_the_path_or_an_argument(client, echo, given, args):
    assert client.get(**given).json["args"] == args


def test_json_is_the_body(client, echo):
    found = client.post("/echo", json={"a": [1, None]}).json
    assert found["type"] == "application/json"
    assert found["body"] == '{"a": [1, null]}'


def test_json_can_have_another_content_type(client, echo):
    found = client.post("/echo", json=[], content_type="application/x+json").json
    assert found["type"] == "application/x+json"


def test_json_and_data_exclude_each_other(client, echo):
    with pytest.raises(TypeError):
        client.post("/echo", json={}, data="")


def test_json_goes_through_the_provider_of_the_app(app, client, echo):
    class Custom(type(app.json)):
        def default(self, o):
            return "custom"

    app.json = Custom(app)
    assert client.post("/echo", json=object()).json["body"] == '"custom"'


@pytest.mark.parametrize("data", ["t\u00e4xt", "t\u00e4xt".encode()])
def test_text_and_bytes_are_the_body_itself(client, echo, data):
    found = client.post("/echo", data=data).json
    assert found["body"] == "t\u00e4xt"
    assert found["type"] is None
    assert found["form"] == {}


def test_a_dict_is_a_form(client, echo):
    data = {"a": "x y", "b": ["1", "2"], "n": 3}
    found = client.post("/echo", data=data).json
    assert found["type"] == "application/x-www-form-urlencoded"
    assert found["form"] == {"a": ["x y"], "b": ["1", "2"], "n": ["3"]}


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ((BytesIO, b"one", "a.txt"), ["f", "a.txt", "text/plain", "one"]),
        ((BytesIO, b"one", "a.png"), ["f", "a.png", "image/png", "one"]),
        (
            (BytesIO, b"one", "a.txt", "text/csv"),
            ["f", "a.txt", "text/csv", "one"],
        ),
        (
            (BytesIO, b"one", "a.unknown"),
            ["f", "a.unknown", "application/octet-stream", "one"],
        ),
    ],
)
def test_files_make_the_form_multipart(client, echo, file, found):
    make, content, *rest = file
    data = {"f": (make(content), *rest), "a": "b"}
    answer = client.post("/echo", data=data).json
    assert answer["type"].startswith("multipart/form-data; boundary=")
    assert answer["files"] == [found]
    assert answer["form"] == {"a": ["b"]}


def test_several_files_of_one_name(client, echo):
    data = {"f": [(BytesIO(b"1"), "1.txt"), (BytesIO(b"2"), "2.txt")]}
    files = client.post("/echo", data=data).json["files"]
    assert [(name, content) for _, name, _, content in files] == [
        ("1.txt", "1"),
        ("2.txt", "2"),
    ]


def test_an_open_file_is_sent_under_its_name(client, echo, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("notes")
    with path.open("rb") as file:
        (found,) = client.post("/echo", data={"f": file}).json["files"]
    assert found[1].endswith("notes.txt")
    assert found[3] == "notes"


def test_a_form_can_be_made_multipart(client, echo):
    found = client.post(
        "/echo", data={"a": "b"}, content_type="multipart/form-data"
    ).json
    assert found["type"].startswith("multipart/form-data; boundary=")
    assert found["form"] == {"a": ["b"]}


def test_input_stream_is_the_raw_body(client, echo):
    stream = BytesIO(b"raw")
    found = client.post("/echo", input_stream=stream, content_length=3).json
    assert found["body"] == "raw"


@pytest.mark.parametrize(
    "headers",
    [{"X-A": "1"}, [("X-A", "1")], {"x-a": "1"}],
)
def test_headers_are_a_dict_or_pairs(app, client, flask, headers):
    app.add_url_rule("/", "i", lambda: flask.request.headers["X-A"])
    assert client.get("/", headers=headers).text == "1"


def test_headers_may_repeat(app, client, flask):
    app.add_url_rule("/", "i", lambda: flask.request.headers["X-A"])
    assert client.get("/", headers=[("X-A", "1"), ("X-A", "2")]).text == "1, 2"


def test_base_url_gives_scheme_host_and_root(client, echo):
    found = client.get("/echo", base_url="https://example.org:444/root").json
    assert found["url"] == "https://example.org:444/root/echo"


def test_an_absolute_url_gives_scheme_and_host(client, echo):
    assert client.get("https://example.org/echo").json["url"] == (
        "https://example.org/echo"
    )


def test_auth_is_a_pair(app, client, flask):
    app.add_url_rule("/", "i", lambda: flask.request.headers["Authorization"])
    basic = "Basic " + b64encode(b"ada:secret").decode()
    assert client.get("/", auth=("ada", "secret")).text == basic


def test_auth_arrives_as_user_and_password(app, client, flask):
    @app.get("/")
    def index():
        auth = flask.request.authorization
        return [auth.type, auth.username, auth.password]

    assert client.get("/", auth=("ada", "a:b")).json == ["basic", "ada", "a:b"]


def test_the_environ_has_defaults_and_overrides(app, client, flask):
    @app.get("/")
    def index():
        environ = flask.request.environ
        return [environ.get("REMOTE_ADDR"), environ.get("my.key")]

    assert client.get("/").json == ["127.0.0.1", None]
    assert client.get("/", environ_base={"my.key": "b"}).json == ["127.0.0.1", "b"]
    assert client.get("/", environ_overrides={"REMOTE_ADDR": "1.2.3.4"}).json == [
        "1.2.3.4",
        None,
    ]
    client.environ_base["my.key"] = "always"
    client.environ_base["REMOTE_ADDR"] = "4.3.2.1"
    assert client.get("/").json == ["4.3.2.1", "always"]


def test_the_settings_of_the_app_shape_the_url(app, client, echo):
    app.config.update(SERVER_NAME="example.org:5000", PREFERRED_URL_SCHEME="https")
    assert client.get("/echo").json["url"] == "https://example.org:5000/echo"


# Responses.


def test_what_a_response_offers(app, client):
    app.add_url_rule("/", "i", lambda: ({"a": "\u00e4"}, 201, {"X-A": "1"}))
    response = client.get("/?q=1")
    assert response.status_code == 201
    assert response.status == "201 CREATED"
    assert response.json == {"a": "\u00e4"}
    assert response.get_json() == {"a": "\u00e4"}
    assert response.data == response.get_data() == response.text.encode()
    assert response.mimetype == "application/json"
    assert response.is_json is True
    assert response.headers["x-a"] == "1"
    assert response.content_length == len(response.data)
    assert response.history == ()
    assert response.request.path == "/"
    assert response.request.args["q"] == "1"
    assert response.request.method == "GET"


def test_json_of_a_response_that_is_none(app, client):
    app.add_url_rule("/", "i", lambda: "plain")
    assert client.get("/").json is None


def test_a_stream_is_read_from_the_response(app, client):
    closed = []

    @app.get("/")
    def index():
        def parts():
            try:
                yield "a"
                yield "b"
            finally:
                closed.append(True)

        return parts()

    with client.get("/") as response:
        assert closed == []
        assert list(response.iter_encoded()) == [b"a", b"b"]
    assert closed == [True]


def test_a_buffered_response_is_read_and_closed(app, client):
    events = []

    @app.get("/")
    def index():
        response = app.response_class(str(i) for i in range(3))
        response.call_on_close(lambda: events.append("closed"))
        return response

    response = client.get("/", buffered=True)
    assert events == ["closed"]
    assert response.text == "012"


# Redirects.


@pytest.fixture
def redirects(app, flask, echo):
    @app.route("/to/<int:code>", methods=["GET", "POST", "PUT", "HEAD"])
    def go(code):
        return flask.redirect("/echo?from=go", code)

    @app.get("/chain/<int:left>")
    def chain(left):
        return flask.redirect(f"/chain/{left - 1}") if left else "end"

    app.add_url_rule("/loop", "loop", lambda: flask.redirect("/loop"))
    app.add_url_rule(
        "/away", "away", lambda: flask.redirect("http://elsewhere.test/echo")
    )


def test_a_redirect_is_not_followed_unless_asked(client, redirects):
    response = client.get("/to/302")
    assert response.status_code == 302
    assert response.location == "/echo?from=go"


@pytest.mark.parametrize(
    ("code", "method", "then"),
    [
        (301, "GET", "GET"),
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (302, "PUT", "GET"),
        (303, "PUT", "GET"),
        (307, "POST", "POST"),
        (307, "PUT", "PUT"),
        (308, "POST", "POST"),
        (308, "GET", "GET"),
    ],
)
def test_a_redirect_keeps_the_method_or_not(client, redirects, code, method, then):
    response = client.open(
        f"/to/{code}", method=method, follow_redirects=True, data={"a": "b"}
    )
    assert response.status_code == 200
    assert response.json["method"] == then
    assert response.json["args"] == {"from": ["go"]}
    kept = code in (307, 308)
    assert response.json["form"] == ({"a": ["b"]} if kept else {})


def test_history_has_the_redirects_in_order(client, redirects):
    response = client.get("/chain/3", follow_redirects=True)
    assert response.text == "end"
    assert response.request.path == "/chain/0"
    assert [one.request.path for one in response.history] == [
        "/chain/3",
        "/chain/2",
        "/chain/1",
    ]
    assert {one.status_code for one in response.history} == {302}


def test_a_redirect_in_a_circle_is_an_error(client, redirects):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        client.get("/loop", follow_redirects=True)
    assert type(caught.value).__name__ == "ClientRedirectError"


def test_a_redirect_to_another_host_is_refused(client, redirects):
    with pytest.raises(RuntimeError):
        client.get("/away", follow_redirects=True)


def test_cookies_of_a_redirect_are_kept(app, client, flask, echo):
    @app.get("/login")
    def login():
        response = flask.redirect("/echo")
        response.set_cookie("user", "ada")
        return response

    response = client.get("/login", follow_redirects=True)
    assert response.json["cookies"] == {"user": "ada"}


# Cookies.


def test_cookies_are_set_read_and_deleted(client, echo):
    client.set_cookie("a", "1")
    client.set_cookie("b", "2 3")
    assert client.get("/echo").json["cookies"] == {"a": "1", "b": "2 3"}
    cookie = client.get_cookie("b")
    assert (cookie.key, cookie.decoded_value, cookie.domain, cookie.path) == (
        "b",
        "2 3",
        "localhost",
        "/",
    )
    client.delete_cookie("b")
    assert client.get_cookie("b") is None
    assert client.get("/echo").json["cookies"] == {"a": "1"}


def test_cookies_belong_to_a_domain_and_a_path(app, client, flask):
    app.add_url_rule(
        "/<path:p>", "i", lambda p: ",".join(sorted(flask.request.cookies))
    )
    client.set_cookie("exact", "1", domain="example.org")
    client.set_cookie("sub", "1", domain="example.org", origin_only=False)
    client.set_cookie("path", "1", domain="example.org", path="/a")
    for base, path, names in (
        ("http://example.org", "/x", "exact,sub"),
        ("http://www.example.org", "/x", "sub"),
        ("http://example.org", "/a", "exact,path,sub"),
        ("http://example.org", "/a/b", "exact,path,sub"),
        ("http://example.org", "/ab", "exact,sub"),
        ("http://other.org", "/x", ""),
    ):
        assert client.get(path, base_url=base).text == names
    assert client.get_cookie("exact", domain="example.org").value == "1"
    assert client.get_cookie("exact") is None
    assert client.get_cookie("path", domain="example.org", path="/a").value == "1"
    assert client.get_cookie("path", domain="example.org") is None


def test_the_attributes_of_a_cookie_from_a_response(app, client):
    @app.get("/")
    def index():
        response = app.make_response("ok")
        response.set_cookie(
            "a", "1", max_age=60, path="/x", secure=True, httponly=True, samesite="Lax"
        )
        return response

    client.get("/")
    cookie = client.get_cookie("a", path="/x")
    assert cookie.value == "1"
    assert cookie.max_age == 60
    assert cookie.secure is True
    assert cookie.http_only is True
    assert cookie.same_site == "Lax"
    assert cookie.origin_only is True
    assert cookie.decoded_key == "a"
    assert cookie.decoded_value == "1"


def test_an_expired_cookie_is_removed(app, client, echo):
    @app.get("/out")
    def out():
        response = app.make_response("ok")
        response.delete_cookie("a")
        return response

    client.set_cookie("a", "1")
    client.get("/out")
    assert client.get("/echo").json["cookies"] == {}


def test_a_client_may_refuse_cookies(app, flask):
    @app.get("/")
    def index():
        flask.session["n"] = flask.session.get("n", 0) + 1
        return str(flask.session["n"])

    client = app.test_client(use_cookies=False)
    assert [client.get("/").text for _ in range(2)] == ["1", "1"]
    for call in (
        lambda: client.set_cookie("a", "1"),
        lambda: client.get_cookie("a"),
        lambda: client.delete_cookie("a"),
    ):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(TypeError), client.session_transaction():
        pass


# Sessions and contexts.


def test_a_session_transaction_writes_before_and_reads_after(app, client, flask):
    @app.get("/")
    def index():
        flask.session["seen"] = flask.session["user"]
        return "ok"

    with client.session_transaction() as session:
        session["user"] = "ada"
    client.get("/")
    with client.session_transaction() as session:
        assert dict(session) == {"user": "ada", "seen": "ada"}
        session.clear()
    assert client.get_cookie("session") is None


def test_a_session_transaction_leaves_the_current_request_alone(app, client, flask):
    app.add_url_rule("/", "i", lambda: "ok")
    with client:
        client.get("/?x=1")
        with client.session_transaction() as session:
            session["a"] = 1
            assert flask.request.args["x"] == "1"
        assert flask.request.args["x"] == "1"


def test_a_session_transaction_takes_arguments_of_a_request(app, client):
    app.config["SESSION_COOKIE_DOMAIN"] = "example.org"
    with client.session_transaction(base_url="http://example.org") as session:
        session["a"] = 1
    assert client.get_cookie("session", domain="example.org") is not None


def test_a_session_transaction_needs_a_key(app, client):
    app.secret_key = None
    with pytest.raises(RuntimeError), client.session_transaction():
        pass


def test_with_client_keeps_the_context_of_the_last_request(app, client, flask):
    order = []
    app.teardown_request(lambda error: order.append(flask.request.path))

    @app.get("/<name>")
    def index(name):
        flask.g.name = name
        return "ok"

    with client:
        client.get("/a")
        assert flask.request.path == "/a"
        assert flask.g.name == "a"
        assert flask.url_for("index", name="c") == "/c"
        client.get("/b")
        assert flask.g.name == "b"
    assert not flask.has_request_context()
    assert set(order) == {"/a", "/b"}
    assert order[0] == "/a"
    assert order[-1] == "/b"


def test_without_with_the_context_is_gone(client, flask):
    client.get("/")
    assert not flask.has_request_context()


def test_with_client_does_not_nest(client):
    with client, pytest.raises(RuntimeError), client:
        pass


# Errors.


def test_errors_of_views_come_through_in_testing(app, client):
    app.add_url_rule("/", "i", lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        client.get("/")
    app.testing = False
    assert client.get("/").status_code == 500


def test_errors_come_through_or_not_by_the_setting(app, client):
    app.add_url_rule("/", "i", lambda: 1 // 0)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert client.get("/").status_code == 500
    app.config.update(PROPAGATE_EXCEPTIONS=True, TESTING=False)
    with pytest.raises(ZeroDivisionError):
        client.get("/")


def test_http_errors_are_responses_also_in_testing(app, client, flask):
    app.add_url_rule("/", "i", lambda: flask.abort(418))
    assert client.get("/").status_code == 418
    assert client.get("/nowhere").status_code == 404


# Classes and builders.


def test_the_client_class_can_be_another(app, flask, part):
    class WithToken(part("testing").FlaskClient):
        def __init__(self, *args, **kwargs):
            self.token = kwargs.pop("token", "none")
            super().__init__(*args, **kwargs)

        def open(self, *args, **kwargs):
            kwargs.setdefault("headers", {"X-Token": self.token})
            return super().open(*args, **kwargs)

    app.add_url_rule("/", "i", lambda: flask.request.headers["X-Token"])
    app.test_client_class = WithToken
    assert app.test_client().get("/").text == "none"
    assert app.test_client(token="abc").get("/").text == "abc"


def test_a_client_knows_its_app(app, client):
    assert client.application is app


def test_a_request_can_be_built_and_then_opened(app, client, echo, part):
    builder = part("testing").EnvironBuilder(
        app, "/echo", method="PUT", json={"a": 1}, query_string={"q": "1"}
    )
    found = client.open(builder).json
    builder.close()
    assert (found["method"], found["body"]) == ("PUT", '{"a": 1}')
    assert found["args"] == {"q": ["1"]}


def test_an_environ_can_be_opened(app, client, echo, part):
    builder = part("testing").EnvironBuilder(app, "/echo?q=1")
    environ = builder.get_environ()
    builder.close()
    assert environ["PATH_INFO"] == "/echo"
    assert environ["QUERY_STRING"] == "q=1"
    assert client.open(environ).json["args"] == {"q": ["1"]}


def test_a_request_of_a_response_can_be_opened_again(client, echo):
    first = client.get("/echo?q=1")
    assert client.open(first.request).json == first.json


def test_test_request_context_with_json(app, flask):
    with app.test_request_context("/", method="POST", json={"a": 1}):
        assert flask.request.get_json() == {"a": 1}
        assert flask.request.method == "POST"


# Commands.


def test_the_runner_invokes_a_command_of_the_app(app, flask):
    @app.cli.command("hello")
    def hello():
        print(f"hello from {flask.current_app.name}")

    result = app.test_cli_runner().invoke(args=["hello"])
    assert result.exit_code == 0
    assert result.output == "hello from tested_app\n"
    assert result.exception is None


def test_the_runner_invokes_a_command_object(app, flask):
    @app.cli.command("hello")
    def hello():
        print("hello")

    assert app.test_cli_runner().invoke(hello).output == "hello\n"


def test_the_runner_keeps_the_exception_of_a_command(app):
    @app.cli.command("fail")
    def fail():
        raise ValueError("failed")

    result = app.test_cli_runner().invoke(args=["fail"])
    assert result.exit_code == 1
    assert isinstance(result.exception, ValueError)


def test_an_unknown_command_exits_with_two(app):
    result = app.test_cli_runner().invoke(args=["absent"])
    assert result.exit_code == 2
    assert "absent" in result.output


def test_the_runner_class_can_be_another(app, part):
    class Loud(part("testing").FlaskCliRunner):
        def invoke(self, *args, **kwargs):
            return super().invoke(*args, **kwargs).output.upper()

    app.cli.command("hello")(lambda: print("hello"))
    app.test_cli_runner_class = Loud
    assert app.test_cli_runner().invoke(args=["hello"]) == "HELLO\n"
