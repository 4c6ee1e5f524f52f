"""What is bound to the app and to the request, and for how long."""

import asyncio
import threading
from contextvars import copy_context

import pytest


@pytest.fixture
def two_apps(flask):
    return (
        flask.Flask("first_app", root_path="."),
        flask.Flask("second_app", root_path="."),
    )


def in_thread(function):
    """What the function returned in a thread of its own."""
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join(5)
    (answer,) = found
    return answer


# Outside.


@pytest.mark.parametrize("name", ["current_app", "g", "request", "session"])
def test_a_proxy_outside_its_context_raises(flask, name):
    proxy = getattr(flask, name)
    with pytest.raises(RuntimeError):
        _ = proxy.name
    with pytest.raises(RuntimeError):
        proxy._get_current_object()
    assert bool(proxy) is False


@pytest.mark.parametrize("name", ["request", "session"])
def test_an_app_context_alone_has_no_request(app, flask, name):
    with app.app_context():
        assert not getattr(flask, name)
        with pytest.raises(RuntimeError):
            getattr(flask, name)._get_current_object()


def test_after_this_request_needs_a_request(app, flask):
    with app.app_context(), pytest.raises(RuntimeError):
        flask.after_this_request(lambda response: response)


def test_copy_current_request_context_needs_a_request(flask):
    with pytest.raises(RuntimeError):
        flask.copy_current_request_context(lambda: None)


def test_url_for_needs_an_app(flask):
    with pytest.raises(RuntimeError):
        flask.url_for("index")


# What is active.


def test_has_context_tells_what_is_active(app, flask):
    def active():
        return flask.has_app_context(), flask.has_request_context()

    assert active() == (False, False)
    with app.app_context():
        assert active() == (True, False)
        with app.test_request_context():
            assert active() == (True, True)
        assert active() == (True, False)
    with app.test_request_context():
        assert active() == (True, True)
    assert active() == (False, False)


def test_proxies_stand_for_the_objects_themselves(app, flask):
    with app.test_request_context("/here") as ctx:
        assert flask.current_app == app
        assert flask.current_app._get_current_object() is app
        assert flask.request == ctx.request
        assert flask.request._get_current_object() is ctx.request
        assert flask.session == {}
        assert flask.current_app
        assert isinstance(flask.current_app, flask.Flask)
        assert isinstance(flask.request, flask.Request)


def test_attributes_set_on_a_proxy_reach_the_object(app, flask):
    with app.test_request_context("/") as ctx:
        flask.request.answer = 42
        assert ctx.request.answer == 42
        del flask.request.answer
        assert not hasattr(ctx.request, "answer")


def test_a_context_knows_its_app(app):
    ctx = app.app_context()
    assert ctx.app is app
    assert app.test_request_context().app is app


# g.


def test_g_is_a_namespace(app, flask):
    with app.app_context():
        g = flask.g
        g.user = "ada"
        assert g.user == "ada"
        assert "user" in g
        assert "other" not in g
        assert g.get("user") == "ada"
        assert g.get("other") is None
        assert g.get("other", 1) == 1
        assert g.setdefault("user", "eve") == "ada"
        assert g.setdefault("number", 2) == 2
        assert list(g) == ["user", "number"]
        assert g.pop("user") == "ada"
        assert g.pop("user", "nobody") == "nobody"
        del g.number
        assert list(g) == []


def test_a_missing_attribute_of_g_is_an_error(app, flask):
    with app.app_context():
        with pytest.raises(AttributeError):
            _ = flask.g.absent
        with pytest.raises(AttributeError):
            del flask.g.absent
        with pytest.raises(KeyError):
            flask.g.pop("absent")


def test_every_app_context_has_its_own_g(app, flask):
    with app.app_context():
        flask.g.where = "outer"
        with app.app_context():
            assert "where" not in flask.g
            flask.g.where = "inner"
        assert flask.g.where == "outer"


def test_a_request_inside_a_context_of_its_app_shares_g(app, flask):
    with app.app_context() as ctx:
        flask.g.where = "outer"
        with app.test_request_context():
            assert flask.g.where == "outer"
            assert flask.g._get_current_object() is ctx.g


def test_g_is_new_in_every_request(app, client, flask):
    @app.get("/")
    def index():
        flask.g.count = flask.g.get("count", 0) + 1
        return str(flask.g.count)

    assert [client.get("/").text for _ in range(2)] == ["1", "1"]


def test_g_can_be_another_class(app, flask):
    class Shelf(app.app_ctx_globals_class):
        limit = 3

    app.app_ctx_globals_class = Shelf
    with app.app_context():
        assert flask.g.limit == 3
        assert isinstance(flask.g._get_current_object(), Shelf)


# Requests without a client.


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ({}, {"url": "http://localhost/", "method": "GET", "path": "/"}),
        ({"path": "/a/b"}, {"path": "/a/b", "url": "http://localhost/a/b"}),
        ({"path": "/a?x=1"}, {"path": "/a", "query_string": b"x=1"}),
        (
            {"path": "/a", "query_string": {"x": "1 2"}},
            {"url": "http://localhost/a?x=1+2"},
        ),
        ({"query_string": "x=1&y=2"}, {"query_string": b"x=1&y=2"}),
        ({"method": "POST"}, {"method": "POST"}),
        ({"method": "patch"}, {"method": "PATCH"}),
        (
            {"base_url": "https://example.org/app/", "path": "/x"},
            {
                "url": "https://example.org/app/x",
                "root_path": "/app",
                "host": "example.org",
                "scheme": "https",
                "is_secure": True,
            },
        ),
        ({"subdomain": "api"}, {"host": "api.localhost"}),
        ({"url_scheme": "https"}, {"url": "https://localhost/"}),
        (
            {"path": "https://example.org:8443/x?y=1"},
            {"host": "example.org:8443", "scheme": "https", "path": "/x"},
        ),
        ({"environ_overrides": {"REMOTE_ADDR": "1.2.3.4"}}, {"remote_addr": "1.2.3.4"}),
        ({"environ_base": {"REMOTE_ADDR": "1.2.3.5"}}, {"remote_addr": "1.2.3.5"}),
        (
            {"json": {"a": [1]}},
            {"json": {"a": [1]}, "is_json": True, "mimetype": "application/json"},
        ),
        (
            {"data": "text", "content_type": "text/plain; charset=utf-8"},
            {"mimetype": "text/plain", "data": b"text"},
        ),
        (
            {"data": {"a": "b"}},
            {"mimetype": "application/x-www-form-urlencoded"},
        ),
        ({"headers": {"User-Agent": "tests"}}, {"user_agent": "tests"}),
    ],
)
def test_test_request_context_builds_the_request(app, flask, how, found):
    with app.test_request_context(**how):
        for name, value in found.items():
            actual = getattr(flask.request, name)
            assert (str(actual) if name == "user_agent" else actual) == value


def test_test_request_context_uses_the_settings_of_the_app(app, flask):
    app.config.update(
        SERVER_NAME="example.org",
        APPLICATION_ROOT="/app",
        PREFERRED_URL_SCHEME="https",
    )
    with app.test_request_context("/x"):
        assert flask.request.url == "https://example.org/app/x"
    with app.test_request_context("/x", subdomain="api"):
        assert flask.request.url == "https://api.example.org/app/x"


def test_a_base_url_and_a_subdomain_exclude_each_other(app):
    with pytest.raises(AssertionError):
        app.test_request_context(base_url="http://example.org", subdomain="api")


def test_test_request_context_matches_the_url(app, flask):
    app.add_url_rule("/user/<int:number>", "user", lambda number: "")
    with app.test_request_context("/user/3"):
        assert flask.request.endpoint == "user"
        assert flask.request.view_args == {"number": 3}
        assert flask.request.url_rule.rule == "/user/<int:number>"
        assert flask.request.routing_exception is None
    with app.test_request_context("/nowhere"):
        assert flask.request.endpoint is None
        assert flask.request.view_args is None
        assert flask.request.routing_exception.code == 404


def test_a_request_context_can_be_made_of_an_environ(app, flask):
    environ = app.test_request_context("/x?y=1").request.environ
    with app.request_context(environ):
        assert flask.request.full_path == "/x?y=1"


def test_preprocess_and_process_work_without_a_client(app, flask):
    app.before_request(lambda: flask.g.setdefault("seen", True) and None)

    @app.after_request
    def mark(response):
        response.headers["X-Seen"] = str(flask.g.seen)
        return response

    with app.test_request_context("/"):
        assert app.preprocess_request() is None
        response = app.process_response(app.make_response("made"))
        assert response.headers["X-Seen"] == "True"


# Nesting.


def test_contexts_of_two_apps_nest(two_apps, flask):
    first, second = two_apps
    with first.app_context():
        with second.test_request_context("/inner"):
            assert flask.current_app.name == "second_app"
            assert flask.request.path == "/inner"
            with first.test_request_context("/innermost"):
                assert flask.current_app.name == "first_app"
                assert flask.request.path == "/innermost"
            assert flask.current_app.name == "second_app"
            assert flask.request.path == "/inner"
        assert flask.current_app.name == "first_app"
        assert not flask.has_request_context()


def test_a_request_to_another_app_from_a_view(two_apps, flask):
    first, second = two_apps

    @second.get("/")
    def inner():
        return f"{flask.current_app.name} {flask.request.host}"

    @first.get("/")
    def outer():
        answer = second.test_client().get("/", base_url="http://inner.test").text
        return f"{answer}, {flask.current_app.name} {flask.request.host}"

    expected = "second_app inner.test, first_app localhost"
    assert first.test_client().get("/").text == expected


def test_a_context_is_pushed_and_popped_by_hand(app, flask):
    ctx = app.app_context()
    ctx.push()
    assert flask.current_app == app
    ctx.pop()
    assert not flask.has_app_context()


def test_a_context_pushed_twice_is_torn_down_once(app, flask):
    torn_down = []
    app.teardown_appcontext(torn_down.append)
    ctx = app.app_context()
    with ctx:
        with ctx:
            flask.g.still = "here"
        assert torn_down == []
        assert flask.g.still == "here"
    assert torn_down == [None]


def test_popping_the_wrong_app_context_is_an_error(app, two_apps):
    def pop_out_of_order():
        outer, inner = app.app_context(), two_apps[0].app_context()
        outer.push()
        inner.push()
        with pytest.raises(AssertionError):
            outer.pop()

    copy_context().run(pop_out_of_order)


def test_popping_the_wrong_request_context_is_an_error(app):
    def pop_out_of_order():
        outer, inner = app.test_request_context("/a"), app.test_request_context("/b")
        outer.push()
        inner.push()
        with pytest.raises(AssertionError):
            outer.pop()

    copy_context().run(pop_out_of_order)


def test_a_context_can_be_entered_again(app, flask):
    ctx = app.app_context()
    for _ in range(2):
        with ctx:
            flask.g.count = flask.g.get("count", 0) + 1
    assert ctx.g.count == 2


# Threads, tasks, generators.


def test_a_new_thread_has_no_context(app, flask):
    with app.test_request_context():
        assert in_thread(flask.has_request_context) is False
        assert in_thread(flask.has_app_context) is False


def test_requests_in_threads_do_not_see_each_other(app, flask):
    meet = threading.Barrier(3, timeout=5)

    @app.get("/<name>")
    def index(name):
        flask.g.name = name
        meet.wait()
        return f"{flask.g.name} {flask.request.path}"

    answers = {}

    def fetch(name):
        answers[name] = app.test_client().get(f"/{name}").text

    threads = [threading.Thread(target=fetch, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert answers == {"a": "a /a", "b": "b /b", "c": "c /c"}


def test_a_copied_context_works_in_a_thread(app, client, flask):
    @app.get("/")
    def index():
        flask.session["user"] = "ada"

        @flask.copy_current_request_context
        def work(ending):
            assert flask.current_app == app
            return f"{flask.request.path} {flask.session['user']}{ending}"

        assert work.__name__ == "work"
        return in_thread(lambda: work("!"))

    assert client.get("/").text == "/ ada!"


def test_a_copied_context_has_its_own_g(app, client, flask):
    @app.get("/")
    def index():
        flask.g.here = True
        return str(
            in_thread(flask.copy_current_request_context(lambda: "here" in flask.g))
        )

    assert client.get("/").text == "False"


def test_a_copied_context_works_in_an_asyncio_task(app, flask):
    async def main():
        with app.test_request_context("/task?x=1"):

            @flask.copy_current_request_context
            def work():
                return flask.request.args["x"]

        assert not flask.has_request_context()

        async def task():
            await asyncio.sleep(0)
            return work()

        return await asyncio.create_task(task())

    assert asyncio.run(main()) == "1"


def test_a_task_inherits_the_context_and_keeps_its_own(app, flask):
    async def visit(path):
        with app.test_request_context(path):
            await asyncio.sleep(0)
            return flask.current_app.name, flask.request.path

    async def main():
        return await asyncio.gather(visit("/a"), visit("/b"))

    assert asyncio.run(main()) == [("tested_app", "/a"), ("tested_app", "/b")]


def test_a_generator_may_hold_an_app_context(app, flask):
    def steps():
        with app.app_context():
            flask.g.step = 1
            yield flask.g.step
            flask.g.step += 1
            yield flask.g.step

    assert list(steps()) == [1, 2]
    assert not flask.has_app_context()


# Streams.


def test_a_plain_stream_has_no_request(app, client, flask):
    @app.get("/")
    def index():
        def parts():
            yield str(flask.has_request_context())

        return parts()

    assert client.get("/").text == "False"


def test_stream_with_context_keeps_the_request(app, client, flask):
    closed = []

    @app.get("/")
    def index():
        def parts():
            try:
                yield flask.request.args["name"]
                yield flask.g.who
            finally:
                closed.append(flask.request.path)

        flask.g.who = "!"
        return app.response_class(flask.stream_with_context(parts()))

    assert client.get("/?name=ada").text == "ada!"
    assert closed == ["/"]


def test_stream_with_context_as_a_decorator(app, client, flask):
    @app.get("/")
    def index():
        @flask.stream_with_context
        def parts(ending):
            yield flask.request.args["name"]
            yield ending

        assert parts.__name__ == "parts"
        return parts("?")

    assert client.get("/?name=eve").text == "eve?"


def test_stream_with_context_accepts_any_iterator(app, client, flask):
    app.add_url_rule("/", "i", lambda: flask.stream_with_context(iter(["a", "b"])))
    assert client.get("/").text == "ab"


def test_the_session_is_readable_in_a_stream(app, client, flask):
    @app.get("/")
    def index():
        flask.session["user"] = "ada"

        @flask.stream_with_context
        def parts():
            yield flask.session["user"]

        return parts()

    assert client.get("/").text == "ada"


def test_stream_with_context_needs_a_request(app, flask):
    with app.app_context(), pytest.raises(RuntimeError):
        next(flask.stream_with_context(iter("ab")))


# After and teardown.


def test_after_this_request_changes_only_this_response(app, client, flask):
    @app.get("/<int:number>")
    def index(number):
        if number == 1:

            @flask.after_this_request
            def mark(response):
                response.headers["X-Marked"] = "yes"
                return response

        return "ok"

    assert client.get("/1").headers["X-Marked"] == "yes"
    assert "X-Marked" not in client.get("/2").headers


def test_after_this_request_runs_first_and_in_order(app, client, flask):
    order = []

    def note(name):
        def after(response):
            order.append(name)
            return response

        return after

    app.after_request(note("app 1"))
    app.after_request(note("app 2"))

    @app.get("/")
    def index():
        flask.after_this_request(note("this 1"))
        flask.after_this_request(note("this 2"))
        return "ok"

    client.get("/")
    assert order == ["this 1", "this 2", "app 2", "app 1"]


def test_after_this_request_may_return_another_response(app, client, flask):
    @app.get("/")
    def index():
        flask.after_this_request(lambda response: app.make_response(("other", 202)))
        return "ok"

    response = client.get("/")
    assert (response.status_code, response.text) == (202, "other")


def test_teardowns_run_in_reverse_the_request_before_the_app(app, client):
    order = []
    app.teardown_appcontext(lambda error: order.append("app 1"))
    app.teardown_appcontext(lambda error: order.append("app 2"))
    app.teardown_request(lambda error: order.append("request 1"))
    app.teardown_request(lambda error: order.append("request 2"))
    app.add_url_rule("/", "index", lambda: "ok")
    client.get("/")
    assert order == ["request 2", "request 1", "app 2", "app 1"]


@pytest.mark.parametrize(
    ("path", "kind"), [("/ok", type(None)), ("/bug", ZeroDivisionError)]
)
def test_a_teardown_gets_the_unhandled_exception(app, client, path, kind):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    errors = []
    app.teardown_request(errors.append)
    app.teardown_appcontext(errors.append)
    app.add_url_rule("/ok", "ok", lambda: "ok")
    app.add_url_rule("/bug", "bug", lambda: 1 // 0)
    client.get(path)
    assert [type(error) for error in errors] == [kind, kind]


@pytest.mark.parametrize("handled", [ZeroDivisionError, 404])
def test_a_teardown_does_not_get_a_handled_exception(app, client, handled):
    errors = []
    app.teardown_request(errors.append)
    app.register_error_handler(handled, lambda error: ("handled", 418))
    app.add_url_rule("/bug", "bug", lambda: 1 // 0)
    path = "/bug" if handled is ZeroDivisionError else "/nowhere"
    assert client.get(path).status_code == 418
    assert errors == [None]


def test_an_exception_in_a_with_block_reaches_the_teardown(app):
    errors = []
    app.teardown_appcontext(errors.append)
    error = ValueError()
    with pytest.raises(ValueError), app.app_context():  # noqa: PT011
        raise error
    assert errors == [error]


def test_pop_takes_the_exception(app):
    errors = []
    app.teardown_appcontext(errors.append)
    app.teardown_request(errors.append)
    error = ValueError()
    ctx = app.test_request_context()
    ctx.push()
    ctx.pop(error)
    assert errors == [error, error]


def test_a_teardown_still_has_the_request_and_g(app, client, flask):
    seen = []

    @app.teardown_request
    def note(error):
        seen.append((flask.request.path, flask.g.user))

    @app.get("/")
    def index():
        flask.g.user = "ada"
        return "ok"

    client.get("/")
    assert seen == [("/", "ada")]


def test_a_teardown_runs_though_before_request_answered(app, client):
    order = []
    app.before_request(lambda: "early")
    app.teardown_request(lambda error: order.append("teardown"))
    assert client.get("/").text == "early"
    assert order == ["teardown"]


def test_test_request_context_runs_teardowns_but_not_before_request(app):
    order = []
    app.before_request(lambda: order.append("before"))
    app.teardown_request(lambda error: order.append("teardown"))
    with app.test_request_context():
        assert order == []
    assert order == ["teardown"]


def test_a_shell_context_has_app_and_g(app, flask):
    app.shell_context_processor(lambda: {"answer": 42})
    with app.app_context():
        context = app.make_shell_context()
        assert context["app"] is app
        assert context["g"] is flask.g
        assert context["answer"] == 42
