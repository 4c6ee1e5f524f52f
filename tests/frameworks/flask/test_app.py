"""An app: its views, hooks, error handlers, configuration and static files."""

import importlib.util
import logging

import pytest

# Views.


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_method_decorator_adds_a_route_for_one_method(app, client, method):
    @getattr(app, method)("/")
    def view():
        return method

    assert client.open("/", method=method.upper()).text == method
    other = "POST" if method == "get" else "GET"
    assert client.open("/", method=other).status_code == 405


def test_a_method_decorator_refuses_methods(app):
    with pytest.raises(TypeError):
        app.get("/", methods=["POST"])


def test_a_route_decorator_returns_the_function(app):
    def view():
        return "x"

    assert app.route("/")(view) is view
    assert app.view_functions["view"] is view


def test_the_endpoint_is_the_name_of_the_function_unless_given(app, client, flask):
    app.add_url_rule("/a", view_func=lambda: flask.request.endpoint, endpoint="named")

    @app.route("/b")
    def function_name():
        return flask.request.endpoint

    assert client.get("/a").text == "named"
    assert client.get("/b").text == "function_name"


def test_the_endpoint_decorator_gives_a_view_to_a_rule(app, client):
    app.add_url_rule("/", endpoint="home")

    @app.endpoint("home")
    def view():
        return "home"

    assert client.get("/").text == "home"


def test_a_function_may_have_several_routes(app, client):
    @app.route("/a")
    @app.route("/b")
    def view():
        return "x"

    assert client.get("/a").text == client.get("/b").text == "x"


def test_a_function_may_tell_its_methods(app, client):
    def view():
        return "x"

    view.methods = ["POST"]
    app.add_url_rule("/", view_func=view)

    assert client.get("/").status_code == 405
    assert client.post("/").text == "x"


def test_a_function_may_require_methods(app, client):
    def view():
        return "x"

    view.required_methods = {"PUT"}
    app.add_url_rule("/", view_func=view)

    assert client.put("/").text == client.get("/").text == "x"


def test_two_functions_on_one_endpoint_are_an_error(app):
    app.add_url_rule("/a", "same", lambda: "a")

    with pytest.raises(AssertionError):
        app.add_url_rule("/b", "same", lambda: "b")


@pytest.mark.parametrize(
    "set_up",
    [
        lambda app: app.add_url_rule("/late", "late", lambda: ""),
        lambda app: app.route("/late")(lambda: ""),
        lambda app: app.before_request(lambda: None),
        lambda app: app.after_request(lambda response: response),
        lambda app: app.teardown_request(lambda error: None),
        lambda app: app.teardown_appcontext(lambda error: None),
        lambda app: app.errorhandler(404)(lambda error: ""),
        lambda app: app.context_processor(dict),
        lambda app: app.url_defaults(lambda endpoint, values: None),
        lambda app: app.template_filter("late")(str),
        lambda app: app.endpoint("late"),
    ],
)
def test_setting_up_after_the_first_request_is_an_error(app, client, set_up):
    client.get("/")

    with pytest.raises(AssertionError):
        set_up(app)


# What a view may return.


@pytest.mark.parametrize(
    ("make", "status", "body", "mimetype"),
    [
        (lambda flask: "text ä", 200, "text ä".encode(), "text/html"),
        (lambda flask: "", 200, b"", "text/html"),
        (lambda flask: b"bytes", 200, b"bytes", "text/html"),
        (lambda flask: bytearray(b"array"), 200, b"array", "text/html"),
        (lambda flask: {"a": 1}, 200, b'{"a":1}\n', "application/json"),
        (lambda flask: [1, 2], 200, b"[1,2]\n", "application/json"),
        (lambda flask: (c for c in "abc"), 200, b"abc", "text/html"),
        (lambda flask: iter([b"x", b"y"]), 200, b"xy", "text/html"),
        (lambda flask: ("x", 201), 201, b"x", "text/html"),
        (lambda flask: ("x", "418 Teapot"), 418, b"x", "text/html"),
        (lambda flask: ("x", {"Content-Type": "text/plain"}), 200, b"x", "text/plain"),
        (lambda flask: ("x", [("Content-Type", "a/b")]), 200, b"x", "a/b"),
        (lambda flask: ("x", 202, {"Content-Type": "a/b"}), 202, b"x", "a/b"),
        (lambda flask: ({"a": 1}, 203), 203, b'{"a":1}\n', "application/json"),
        (lambda flask: ([], 404), 404, b"[]\n", "application/json"),
        (lambda flask: (b"", 204), 204, b"", "text/html"),
        (lambda flask: flask.Response("r", 206), 206, b"r", "text/html"),
        (lambda flask: (flask.Response("r", 206), 207), 207, b"r", "text/html"),
        (lambda flask: flask.jsonify(a=[1]), 200, b'{"a":[1]}\n', "application/json"),
        (lambda flask: wsgi_app, 202, b"from wsgi", "text/plain"),
        (lambda flask: (wsgi_app, 203), 203, b"from wsgi", "text/plain"),
    ],
)
def test_a_view_may_return(app, client, flask, make, status, body, mimetype):
    app.json.compact = True
    app.add_url_rule("/", "view", lambda: make(flask))
    response = client.get("/")

    assert (response.status_code, response.data) == (status, body)
    assert response.mimetype == mimetype


def wsgi_app(environ, start_response):
    start_response("202 Accepted", [("Content-Type", "text/plain")])
    return [b"from ", b"wsgi"]


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        True,
        1.5,
        object(),
        set(),
        (),
        ("x",),
        ("x", 200, {}, 4),
        (None, 200),
        (None, 200, {}),
    ],
)
def test_a_view_may_not_return(app, client, value):
    app.add_url_rule("/", "view", lambda: value)

    with pytest.raises(TypeError):
        client.get("/")


def test_none_from_a_view_is_reported_with_its_endpoint(app, client):
    app.add_url_rule("/", "forgetful", lambda: None)

    with pytest.raises(TypeError, match="forgetful"):
        client.get("/")


def test_headers_from_a_tuple_replace_those_of_the_response(app, client, flask):
    def view():
        response = flask.Response("x", headers={"X-A": "1", "X-B": "1"})
        return response, {"X-A": "2", "X-C": ["3", "4"]}

    app.add_url_rule("/", "view", view)
    headers = client.get("/").headers

    assert headers.getlist("X-A") == ["2"]
    assert headers.getlist("X-B") == ["1"]
    assert headers.getlist("X-C") == ["3", "4"]


def test_make_response_takes_what_a_view_may_return(app, flask):
    with app.test_request_context("/"):
        assert flask.make_response().data == b""
        assert flask.make_response("x").data == b"x"
        assert flask.make_response("x", 201).status_code == 201
        assert flask.make_response("x", 201, {"X-A": "1"}).headers["X-A"] == "1"
        response = flask.Response("x")
        assert flask.make_response(response) is response


def test_a_response_of_another_class_becomes_the_apps_own(app, client, flask):
    class Own(flask.Response):
        default_mimetype = "text/plain"

    app.response_class = Own
    app.add_url_rule("/", "view", lambda: flask.Response("x", mimetype="a/b"))
    app.add_url_rule("/text", "text", lambda: "x")
    seen = []
    app.after_request(lambda response: seen.append(type(response)) or response)

    assert client.get("/").mimetype == "a/b"
    assert client.get("/text").mimetype == "text/plain"
    assert seen == [Own, Own]


# Hooks.


@pytest.fixture
def log():
    return []


@pytest.fixture
def hooked(app, log):
    """An app whose hooks write down that they were called."""

    def note(name):
        return lambda *args: log.append(name)

    def after(name):
        return lambda response: log.append(name) or response

    for n in (1, 2):
        app.before_request(note(f"before {n}"))
        app.after_request(after(f"after {n}"))
        app.teardown_request(note(f"teardown {n}"))
        app.teardown_appcontext(note(f"app teardown {n}"))
    app.add_url_rule("/", "view", lambda: log.append("view") or "x")
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    return app


TEARDOWNS = ["teardown 2", "teardown 1", "app teardown 2", "app teardown 1"]


def test_hooks_before_run_in_order_and_hooks_after_in_reverse(hooked, log):
    hooked.test_client().get("/")

    assert log == ["before 1", "before 2", "view", "after 2", "after 1", *TEARDOWNS]


def test_hooks_run_when_nothing_is_found(hooked, log):
    hooked.test_client().get("/nothing")

    assert log == ["before 1", "before 2", "after 2", "after 1", *TEARDOWNS]


def test_hooks_after_run_for_an_unhandled_error(hooked, log):
    hooked.config["PROPAGATE_EXCEPTIONS"] = False

    assert hooked.test_client().get("/fail").status_code == 500
    assert log == ["before 1", "before 2", "after 2", "after 1", *TEARDOWNS]


def test_a_hook_before_may_answer(app, client, log):
    app.before_request(lambda: log.append("first"))
    app.before_request(lambda: ("early", 202))
    app.before_request(lambda: log.append("never"))
    app.after_request(lambda response: log.append("after") or response)
    app.add_url_rule("/", "view", lambda: log.append("view"))
    response = client.get("/")

    assert (response.status_code, response.text) == (202, "early")
    assert log == ["first", "after"]


def test_a_hook_after_may_replace_the_response(app, client, flask):
    app.after_request(lambda response: flask.Response(response.data + b"!", 201))
    app.add_url_rule("/", "view", lambda: "x")

    assert (client.get("/").status_code, client.get("/").text) == (201, "x!")


def test_after_this_request_runs_once_and_first(app, client, flask, log):
    def view():
        @flask.after_this_request
        def once(response):
            log.append("once")
            return response

        return "x"

    app.after_request(lambda response: log.append("always") or response)
    app.add_url_rule("/", "view", view)
    app.add_url_rule("/other", "other", lambda: "x")
    client.get("/")
    client.get("/other")

    assert log == ["once", "always", "always"]


def test_after_this_request_needs_a_request(flask):
    with pytest.raises(RuntimeError):
        flask.after_this_request(lambda response: response)


def test_hooks_of_a_blueprint_run_inside_those_of_the_app(app, client, flask, log):
    bp = flask.Blueprint("bp", "bp", url_prefix="/bp")
    for name, target in {"app": app, "bp": bp}.items():
        target.before_request(lambda name=name: log.append(f"before {name}"))
        target.after_request(
            lambda response, name=name: log.append(f"after {name}") or response
        )
        target.teardown_request(lambda error, name=name: log.append(f"teardown {name}"))
    bp.add_url_rule("/", "view", lambda: "x")
    app.register_blueprint(bp)
    app.add_url_rule("/", "view", lambda: "x")

    client.get("/bp/")
    assert log == [
        *("before app", "before bp", "after bp", "after app"),
        *("teardown bp", "teardown app"),
    ]
    log.clear()
    client.get("/")
    assert log == ["before app", "after app", "teardown app"]


def test_a_teardown_gets_the_unhandled_exception(app, client, log):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.teardown_request(log.append)
    app.teardown_appcontext(log.append)
    app.add_url_rule("/", "view", lambda: 1 / 0)
    client.get("/")

    assert [type(error) for error in log] == [ZeroDivisionError] * 2


def test_a_teardown_gets_nothing_when_the_exception_was_handled(app, client, log):
    app.teardown_request(log.append)
    app.register_error_handler(ZeroDivisionError, lambda error: "handled")
    app.add_url_rule("/", "view", lambda: 1 / 0)

    assert client.get("/").text == "handled"
    assert log == [None]


def test_teardowns_run_when_a_context_ends(app, flask, log):
    app.teardown_appcontext(log.append)
    with app.app_context():
        flask.g.x = 1
        assert log == []
    assert log == [None]

    with pytest.raises(ValueError, match="mine"), app.app_context():
        raise ValueError("mine")
    assert isinstance(log[1], ValueError)


# Error handlers.


class Base(Exception):
    pass


class Derived(Base):
    pass


@pytest.fixture
def raising(app):
    """Adds ``/``, a view that raises."""

    def add(error, target=app, rule="/"):
        def view():
            raise error

        target.add_url_rule(rule, "raising", view)

    return add


def test_a_handler_for_a_code(app, client, part):
    @app.errorhandler(404)
    def handler(error):
        assert isinstance(error, part("exceptions").NotFound)
        return f"{error.code}", 404

    response = client.get("/nothing")
    assert (response.status_code, response.text) == (404, "404")


def test_the_status_of_a_handler_is_its_own(app, client):
    app.register_error_handler(404, lambda error: "x")

    assert client.get("/nothing").status_code == 200


@pytest.mark.parametrize("registered", [Derived, Base, Exception])
def test_a_handler_for_a_class_takes_its_subclasses(app, client, raising, registered):
    app.register_error_handler(registered, lambda error: type(error).__name__)
    raising(Derived())

    assert client.get("/").text == "Derived"


@pytest.mark.parametrize("order", [1, -1])
def test_the_handler_nearest_in_the_mro_wins(app, client, raising, order):
    for cls in [Exception, Base, Derived][::order]:
        app.register_error_handler(cls, lambda error, cls=cls: cls.__name__)
    raising(Derived())

    assert client.get("/").text == "Derived"


def test_a_handler_for_http_exceptions_takes_them_all(app, client, part, raising):
    exceptions = part("exceptions")

    @app.errorhandler(exceptions.HTTPException)
    def handler(error):
        return f"http {error.code}", error.code

    raising(exceptions.Forbidden())

    assert client.get("/").text == "http 403"
    assert client.post("/").text == "http 405"
    assert client.get("/nothing").text == "http 404"


def test_a_handler_for_a_code_wins_over_one_for_http_exceptions(app, client, part):
    app.register_error_handler(part("exceptions").HTTPException, lambda error: "any")
    app.register_error_handler(404, lambda error: "404")

    assert client.get("/nothing").text == "404"


def test_a_handler_for_exception_takes_http_exceptions_too(app, client):
    app.register_error_handler(Exception, lambda error: type(error).__name__)

    assert client.get("/nothing").text == "NotFound"


def test_a_handler_in_a_blueprint_is_for_its_own_views(app, client, flask, raising):
    bp = flask.Blueprint("bp", "bp", url_prefix="/bp")
    bp.register_error_handler(Base, lambda error: "bp")
    app.register_error_handler(Base, lambda error: "app")
    raising(Derived(), bp)
    raising(Derived(), app)
    app.register_blueprint(bp)

    assert client.get("/bp/").text == "bp"
    assert client.get("/").text == "app"


def test_a_blueprint_does_not_handle_paths_that_nobody_has(app, client, flask):
    bp = flask.Blueprint("bp", "bp", url_prefix="/bp")
    bp.register_error_handler(404, lambda error: "bp")
    bp.add_url_rule("/abort", "abort", lambda: flask.abort(404))
    app.register_blueprint(bp)

    assert client.get("/bp/abort").text == "bp"
    assert client.get("/bp/nothing").text != "bp"


def test_a_blueprint_may_handle_errors_of_the_whole_app(app, client, flask):
    bp = flask.Blueprint("bp", "bp")
    bp.app_errorhandler(404)(lambda error: "from bp")
    app.register_blueprint(bp)

    assert client.get("/nothing").text == "from bp"


def test_the_code_of_the_app_wins_over_the_class_of_the_blueprint(
    app, client, flask, part
):
    bp = flask.Blueprint("bp", "bp")
    bp.register_error_handler(part("exceptions").HTTPException, lambda error: "bp")
    app.register_error_handler(403, lambda error: "app")
    bp.add_url_rule("/", "view", lambda: flask.abort(403))
    app.register_blueprint(bp)

    assert client.get("/").text == "app"


def test_an_unhandled_error_is_an_internal_server_error(app, client, part, raising):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    seen = []
    error = Derived("mine")

    @app.errorhandler(500)
    def handler(raised):
        seen.append(raised)
        return "sorry", 500

    raising(error)

    assert (client.get("/").status_code, client.get("/").text) == (500, "sorry")
    assert isinstance(seen[0], part("exceptions").InternalServerError)
    assert seen[0].original_exception is error


def test_an_abort_with_500_comes_from_no_other_error(app, client, flask):
    app.register_error_handler(500, lambda error: f"{error.original_exception}")
    app.add_url_rule("/", "view", lambda: flask.abort(500))

    assert client.get("/").text == "None"


def test_an_error_in_a_handler_is_an_internal_server_error(app, client, raising):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(Base, lambda error: 1 / 0)
    raising(Base())

    assert client.get("/").status_code == 500


def test_an_unhandled_error_does_not_show_its_message(app, client, raising):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    raising(Base("a secret"))

    assert "a secret" not in client.get("/").text


def test_an_unhandled_error_is_logged(app, client, raising, caplog):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    raising(Base("mine"))
    client.get("/")

    (record,) = [r for r in caplog.records if r.name == app.logger.name]
    assert record.levelno == logging.ERROR
    assert record.exc_info[0] is Base
    assert "/" in record.getMessage()
    assert "GET" in record.getMessage()


@pytest.mark.parametrize(
    "handler_for",
    ["404", 999, lambda: None, object(), Base()],
    ids=["a string", "no status", "a function", "an object", "an instance"],
)
def test_a_handler_for_what_is_no_error_is_refused(app, handler_for):
    with pytest.raises((ValueError, TypeError)):
        app.register_error_handler(handler_for, lambda error: "")


# Configuration of errors.


@pytest.mark.parametrize(
    ("config", "propagates"),
    [
        ({"TESTING": False}, False),
        ({"TESTING": True}, True),
        ({"TESTING": False, "DEBUG": True}, True),
        ({"TESTING": True, "PROPAGATE_EXCEPTIONS": False}, False),
        ({"TESTING": False, "PROPAGATE_EXCEPTIONS": True}, True),
    ],
)
def test_unhandled_errors_propagate_when_configured(
    app, client, raising, config, propagates
):
    app.config.update(config)
    raising(Base())

    if propagates:
        with pytest.raises(Base):
            client.get("/")
    else:
        assert client.get("/").status_code == 500


def test_http_exceptions_propagate_when_trapped(app, client, part):
    app.config["TRAP_HTTP_EXCEPTIONS"] = True

    with pytest.raises(part("exceptions").NotFound):
        client.get("/nothing")


def test_a_missing_form_key_is_a_bad_request(app, client, flask):
    app.add_url_rule("/", "view", lambda: flask.request.form["k"], methods=["POST"])

    assert client.post("/").status_code == 400


@pytest.mark.parametrize(
    "config",
    [{"TRAP_BAD_REQUEST_ERRORS": True}, {"DEBUG": True}],
    ids=["trap", "debug"],
)
def test_a_missing_form_key_propagates_when_trapped(app, client, flask, part, config):
    app.config.update(config)
    app.add_url_rule("/", "view", lambda: flask.request.form["name"], methods=["POST"])

    with pytest.raises(part("exceptions").BadRequestKeyError) as caught:
        client.post("/")
    assert "name" in caught.value.get_description()


def test_the_debugger_is_told_of_a_form_without_an_enctype(app, client, flask):
    app.debug = True
    app.add_url_rule("/", "view", lambda: flask.request.files["f"], methods=["POST"])

    with pytest.raises(KeyError, match="multipart/form-data"):
        client.post("/", data={"f": "photo.png"})


def test_testing_and_debug_are_in_the_configuration(app):
    app.testing = False
    app.debug = True

    assert app.config["TESTING"] is False
    assert app.config["DEBUG"] is True
    app.config["TESTING"] = True
    assert app.testing is True


# Values in URLs, templates.


def test_url_defaults_add_values_to_built_urls(app, flask):
    @app.url_defaults
    def add_language(endpoint, values):
        if app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values.setdefault("lang", "de")

    app.add_url_rule("/<lang>/", "index", lambda lang: "")
    app.add_url_rule("/plain", "plain", lambda: "")

    with app.test_request_context("/"):
        assert flask.url_for("index") == "/de/"
        assert flask.url_for("index", lang="fr") == "/fr/"
        assert flask.url_for("plain") == "/plain"


def test_a_url_value_preprocessor_takes_values_before_the_hooks(app, client, flask):
    @app.url_value_preprocessor
    def pull(endpoint, values):
        flask.g.lang = (endpoint, values.pop("lang"))

    seen = []
    app.before_request(lambda: seen.append(flask.g.lang))
    app.add_url_rule("/<lang>/", "index", lambda: flask.g.lang[1])

    assert client.get("/de/").text == "de"
    assert seen == [("index", "de")]


def test_a_context_processor_adds_to_every_template(app, client, flask):
    bp = flask.Blueprint("bp", "bp", url_prefix="/bp")
    app.context_processor(lambda: {"a": "app", "b": "app", "c": "app"})
    bp.context_processor(lambda: {"b": "bp", "c": "bp"})

    def view():
        return flask.render_template_string("{{ a }} {{ b }} {{ c }}", c="view")

    app.add_url_rule("/", "view", view)
    bp.add_url_rule("/", "view", view)
    app.register_blueprint(bp)

    assert client.get("/").text == "app app view"
    assert client.get("/bp/").text == "app bp view"


# Files.


@pytest.fixture
def on_disk(flask, tmp_path):
    """A client of an app with a folder ``static``, next to a secret."""
    static = tmp_path / "app" / "static"
    static.mkdir(parents=True)
    (static / "a.txt").write_text("static")
    (static / "sub").mkdir()
    (static / "sub" / "b.css").write_text("css")
    (tmp_path / "app" / "secret.txt").write_text("a secret")
    (tmp_path / "app" / "static2").mkdir()
    (tmp_path / "app" / "static2" / "c.txt").write_text("a secret")
    app = flask.Flask("on_disk", root_path=str(tmp_path / "app"))
    app.testing = True
    return app


@pytest.mark.parametrize(
    ("path", "body", "mimetype"),
    [
        ("/static/a.txt", b"static", "text/plain"),
        ("/static/sub/b.css", b"css", "text/css"),
        ("/static/sub/../a.txt", b"static", "text/plain"),
    ],
)
def test_files_in_the_static_folder_are_served(on_disk, path, body, mimetype):
    with on_disk.test_client().get(path) as response:
        assert (response.status_code, response.data) == (200, body)
        assert response.mimetype == mimetype
        assert response.content_length == len(body)
        assert response.last_modified is not None
        assert response.get_etag()[0]


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/nothing.txt",
        "/static/sub",
        "/static/sub/",
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/..%2fsecret.txt",
        "/static/sub/../../secret.txt",
        "/static/../static2/c.txt",
        "/static//etc/passwd",
        "/static/%2fetc/passwd",
        "/static/..\\secret.txt",
        "/static/a.txt%00",
        "/static/%00",
        "/static/%ff",
        "/static/" + "x" * 300,
        "/static/" + "../" * 50 + "etc/passwd",
    ],
)
def test_nothing_outside_the_static_folder_is_served(on_disk, path):
    response = on_disk.test_client().get(path, follow_redirects=True)

    assert response.status_code == 404
    assert b"secret" not in response.data.replace(path.encode(), b"")


def test_a_static_file_is_not_sent_again_when_unchanged(on_disk):
    client = on_disk.test_client()
    with client.get("/static/a.txt") as first:
        etag = first.headers["ETag"]

    with client.get("/static/a.txt", headers={"If-None-Match": etag}) as response:
        assert (response.status_code, response.data) == (304, b"")


def test_a_part_of_a_static_file_can_be_asked_for(on_disk):
    client = on_disk.test_client()

    with client.get("/static/a.txt", headers={"Range": "bytes=1-3"}) as response:
        assert (response.status_code, response.data) == (206, b"tat")
        assert response.headers["Content-Range"] == "bytes 1-3/6"


@pytest.mark.parametrize(
    ("max_age", "cache_control"), [(None, "no-cache"), (60, "public, max-age=60")]
)
def test_how_long_static_files_are_cached(on_disk, max_age, cache_control):
    on_disk.config["SEND_FILE_MAX_AGE_DEFAULT"] = max_age

    with on_disk.test_client().get("/static/a.txt") as response:
        assert response.headers["Cache-Control"] == cache_control


def test_the_url_and_the_folder_of_static_files_can_be_chosen(flask, tmp_path):
    (tmp_path / "a.txt").write_text("x")
    app = flask.Flask("x", static_url_path="/files", static_folder=str(tmp_path))

    with app.test_client().get("/files/a.txt") as response:
        assert response.data == b"x"
    with app.test_request_context("/"):
        assert flask.url_for("static", filename="a.txt") == "/files/a.txt"


def test_an_app_may_have_no_static_files(flask):
    app = flask.Flask("x", static_folder=None)

    assert not app.has_static_folder
    assert list(app.url_map.iter_rules()) == []


def test_resources_are_opened_beside_the_app(on_disk):
    with on_disk.open_resource("static/a.txt") as file:
        assert file.read() == b"static"
    with on_disk.open_resource("static/a.txt", "r") as file:
        assert file.read() == "static"
    with pytest.raises(ValueError, match="read"):
        on_disk.open_resource("static/a.txt", "w")


def test_the_instance_path_must_be_absolute(flask, tmp_path):
    app = flask.Flask("x", instance_path=str(tmp_path))
    (tmp_path / "conf").write_text("x")

    assert app.instance_path == str(tmp_path)
    with app.open_instance_resource("conf") as file:
        assert file.read() == b"x"
    with pytest.raises(ValueError, match="absolute"):
        flask.Flask("x", instance_path="relative")


# The rest.


def test_the_name_of_the_app_and_of_its_logger(app):
    assert app.name == app.import_name == "tested_app"
    assert app.logger.name == "tested_app"
    assert app.logger is app.logger


def test_the_logger_is_verbose_in_debug_mode(flask):
    app = flask.Flask("a_verbose_app", root_path=".")
    app.debug = True

    assert app.logger.getEffectiveLevel() == logging.DEBUG
    app.logger.setLevel(logging.NOTSET)


def test_extensions_keep_their_state_on_the_app(app):
    assert app.extensions == {}
    app.extensions["mine"] = 1
    assert app.extensions == {"mine": 1}


def test_middleware_wraps_wsgi_app(app, client):
    inner = app.wsgi_app

    def middleware(environ, start_response):
        environ["PATH_INFO"] = "/inner"

        def start(status, headers, exc_info=None):
            return start_response(status, [*headers, ("X-Middle", "1")], exc_info)

        return inner(environ, start)

    app.wsgi_app = middleware
    app.add_url_rule("/inner", "inner", lambda: "x")
    response = client.get("/outer")

    assert (response.text, response.headers["X-Middle"]) == ("x", "1")


def test_an_async_view_and_hooks_are_awaited(app, client, flask):
    if flask.__name__ == "flask" and not importlib.util.find_spec("asgiref"):
        pytest.skip("the original needs asgiref for this")

    @app.before_request
    async def before():
        flask.g.x = "before"

    @app.after_request
    async def after(response):
        response.headers["X-After"] = "1"
        return response

    @app.errorhandler(Base)
    async def handler(error):
        return "handled"

    @app.get("/")
    async def view():
        return flask.g.x

    @app.get("/fail")
    async def fail():
        raise Base

    assert client.get("/").text == "before"
    assert client.get("/").headers["X-After"] == "1"
    assert client.get("/fail").text == "handled"


def test_ensure_sync_leaves_ordinary_functions_alone(app):
    def view():
        return "x"

    assert app.ensure_sync(view) is view


def test_an_app_may_have_its_own_request_class(app, client, flask):
    class Own(flask.Request):
        @property
        def shout(self):
            return self.path.upper()

    app.request_class = Own
    app.add_url_rule("/abc", "view", lambda: flask.request.shout)

    assert client.get("/abc").text == "/ABC"


def test_aborting_uses_the_apps_aborter(app, client, flask, part):
    class Teapot(part("exceptions").HTTPException):
        code = 499
        description = "mine"

    app.aborter.mapping[499] = Teapot
    app.add_url_rule("/", "view", lambda: flask.abort(499))

    assert client.get("/").status_code == 499


def test_redirecting_uses_the_apps_method(app, client, flask):
    app.redirect = lambda location, code=302, Response=None: f"to {location}"
    app.add_url_rule("/", "view", lambda: flask.redirect("/x"))

    assert client.get("/").text == "to /x"
