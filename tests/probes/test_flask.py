"""One table of seams for two Flasks, which tells the same of both."""

from importlib import import_module

import pytest

from fwtrace.probes.rules import explain
from fwtrace.record import record, recording
from fwtrace.toolkit.wsgi.client import Client, build_environ, run_app

CLONE, ORIGINAL = "fwtrace.frameworks.flask", "flask"
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
JSON = [("Content-Type", "application/json")]


@pytest.fixture(params=[CLONE, ORIGINAL], ids=["clone", "original"])
def flask(request):
    return import_module(request.param)


def make_app(flask):
    """An app that has one of everything the table knows."""
    app = flask.Flask("watched", root_path=".")
    app.secret_key = "a key"
    part = flask.Blueprint("part", __name__, url_prefix="/part")

    @app.before_request
    def look(): ...

    @part.before_request
    def check():
        if flask.request.args.get("stop"):
            return "stopped"

    @app.after_request
    def mark(response):
        response.headers["X-Mark"] = "1"
        response.headers["X-Token"] = "hidden"
        return response

    @app.teardown_request
    def tidy(error): ...

    @app.teardown_appcontext
    def close(error): ...

    @app.context_processor
    def more():
        return {"more": 1}

    @part.get("/<int:number>")
    def show(number):
        return {"number": number}

    @part.errorhandler(LookupError)
    def lost(error):
        return "lost", 404

    @part.get("/lost")
    def lose():
        raise KeyError("x")

    @app.errorhandler(404)
    def nothing(error):
        return "nothing", 404

    @app.get("/boom")
    def boom():
        raise RuntimeError("no")

    @app.get("/page")
    def page():
        return flask.render_template_string("{% block a %}{{ more }}{% endblock %}")

    @app.post("/form")
    def form():
        return flask.request.form["name"] + flask.request.form["password"]

    @app.post("/json")
    def json():
        return flask.jsonify(flask.request.get_json()["a"])

    @app.get("/login")
    def login():
        flask.session["user"] = 7
        flask.session.pop("old", None)
        return "in"

    class Things(import_module(f"{flask.__name__}.views").MethodView):  # type: ignore[misc]
        def get(self):
            return "things"

    app.add_url_rule("/things", view_func=Things.as_view("things"))
    app.register_blueprint(part)
    return app


def tree(span, depth=0):
    """Stages and names, indented by nesting."""
    lines = [f"{'  ' * depth}{span.stage} {span.name}"]
    for child in span.children:
        lines += tree(child, depth + 1)
    return lines


def trace_of(flask, method, target, headers=(), body=b""):
    return record(make_app(flask), method, target, headers=headers, body=body)


def only(trace, stage, start=""):
    (found,) = [s for s in trace.spans(stage) if s.name.startswith(start)]
    return found


REQUESTS = [
    ("GET", "/part/7", [], b""),
    ("HEAD", "/part/7", [], b""),
    ("OPTIONS", "/part/7", [], b""),
    ("GET", "/part/7?stop=1", [], b""),
    ("GET", "/part/lost", [], b""),
    ("GET", "/missing", [], b""),
    ("POST", "/page", [], b""),
    ("GET", "/boom", [], b""),
    ("GET", "/page", [], b""),
    ("POST", "/form", FORM, b"name=a&password=b"),
    ("POST", "/form", FORM, b"name=a"),
    ("POST", "/json", JSON, b'{"a": 1}'),
    ("POST", "/json", JSON, b"{"),
    ("GET", "/login", [], b""),
    ("GET", "/things", [], b""),
]


@pytest.mark.parametrize(("method", "target", "headers", "body"), REQUESTS)
def test_both_give_the_same_stages(method, target, headers, body):
    first, second = (
        trace_of(import_module(root), method, target, headers, body)
        for root in (CLONE, ORIGINAL)
    )
    assert tree(first.root) == tree(second.root)
    assert first.status == second.status
    assert not [s.fault for t in (first, second) for s in t.spans() if s.fault]


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/users/1"),
        ("GET", "/users"),
        ("GET", "/"),
        ("GET", "/users/99"),
        ("GET", "/nothing"),
        ("PUT", "/"),
        ("GET", "/stream"),
        ("GET", "/n-plus-one"),
        ("GET", "/go"),
        ("GET", "/me"),
    ],
)
def test_the_users_service_has_the_same_stages_on_both(method, target):
    first, second = (
        record(name, method, target) for name in ("flask", "flask:original")
    )
    assert tree(first.root) == tree(second.root)


@pytest.mark.parametrize(("method", "target", "headers", "body"), REQUESTS)
def test_a_watched_app_answers_as_an_unwatched_one(
    flask, method, target, headers, body, monkeypatch
):
    # The cookie of a session tells the second in which it was signed.
    monkeypatch.setattr("itsdangerous.TimestampSigner.get_timestamp", lambda _: 0)

    def environ():
        return build_environ(method, target, headers=headers, body=body)

    app = make_app(flask)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.logger.disabled = True
    plain = run_app(app, environ())
    with recording(app) as session:
        assert run_app(session.app, environ()) == plain


def test_contexts_enclose_what_happens_in_them(flask):
    assert tree(trace_of(flask, "GET", "/part/7").root) == [
        "server in-process",
        "  environ environ",
        "  context push request context",
        "    context push app context",
        "    session open",
        "    resolver /part/<int:number>",
        "  middleware before_request make_app.<locals>.look",
        "  middleware before_request make_app.<locals>.check",
        "  view make_app.<locals>.show",
        "  serializer JSON",
        "  middleware after_request make_app.<locals>.mark",
        "  session save",
        "  context pop request context",
        "    after teardown_request make_app.<locals>.tidy",
        "    context pop app context",
        "      after teardown_appcontext make_app.<locals>.close",
        "  response 200 OK",
        "  after close",
    ]


def test_the_resolver_tells_every_rule_it_passed_over(flask):
    resolver = only(trace_of(flask, "GET", "/part/7"), "resolver").attributes
    reasons = {t["pattern"]: t["reason"] for t in resolver["fwtrace.resolver.tried"]}
    assert reasons["/boom"] == "segment 1: 'part' is not 'boom'"
    tried = resolver["fwtrace.resolver.tried"][-1]
    assert (tried["pattern"], tried["matched"]) == ("/part/<int:number>", True)
    assert resolver["fwtrace.route.name"] == "part.show"
    assert resolver["fwtrace.route.converters"] == {"number": "int"}
    assert resolver["fwtrace.route.kwargs"] == {"number": "7"}


def test_without_a_route_the_near_misses_are_told(flask):
    resolver = only(trace_of(flask, "GET", "/pages"), "resolver")
    assert resolver.name == "no route for /pages"
    assert "/page" in resolver.attributes["fwtrace.resolver.near"]
    resolver = only(trace_of(flask, "DELETE", "/page"), "resolver")
    allowed = resolver.attributes["fwtrace.resolver.allowed"]
    assert allowed == ["GET", "HEAD", "OPTIONS"]


def test_a_hook_that_answers_says_that_the_view_never_ran(flask):
    trace = trace_of(flask, "GET", "/part/7?stop=1")
    hook = only(trace, "middleware", "before_request make_app.<locals>.check")
    assert hook.attributes["fwtrace.answered"]
    assert hook.attributes["fwtrace.skipped"] == ["view"]
    assert not list(trace.spans("view"))


def test_an_after_request_function_tells_what_it_changed(flask):
    hook = only(trace_of(flask, "GET", "/part/7"), "middleware", "after_request")
    changes = {
        c["key"]: (c["op"], c["value"]) for c in hook.attributes["fwtrace.changes"]
    }
    assert changes["X-Mark"] == ("added", "1")
    assert changes["X-Token"] == ("added", "[redacted]")


@pytest.mark.parametrize(
    ("target", "handler", "reason"),
    [
        ("/part/lost", "lost", "registered for LookupError on the blueprint 'part'"),
        ("/missing", "nothing", "registered for the status 404 on the app"),
    ],
)
def test_an_error_tells_its_handler_and_why(flask, target, handler, reason):
    told = only(trace_of(flask, "GET", target), "exception").attributes
    assert told["fwtrace.exception.handler"].endswith(handler)
    assert told["fwtrace.exception.handler.reason"] == reason


def test_an_error_without_a_handler_says_so(flask):
    trace = trace_of(flask, "GET", "/boom")
    (told, *_) = [span.attributes for span in trace.spans("exception")]
    assert told["fwtrace.exception.handler"] is None
    assert told["exception.message"] == "no"


def test_the_session_tells_what_changed(flask):
    app = make_app(flask)
    client = app.test_client()
    with client.session_transaction() as session:
        session["old"] = 1
    cookie = client.get_cookie("session").value
    trace = record(app, "GET", "/login", headers=[("Cookie", f"session={cookie}")])
    assert only(trace, "session", "open").attributes["fwtrace.session.keys"] == ["old"]
    saved = only(trace, "session", "save").attributes
    changes = {c["key"]: (c["op"], c.get("value")) for c in saved["fwtrace.changes"]}
    assert changes == {"user": ("added", "7"), "old": ("removed", None)}


def test_looking_at_the_session_does_not_make_the_response_vary(flask):
    trace = trace_of(flask, "GET", "/things")
    headers = dict(only(trace, "response").attributes["http.response.headers"])
    assert "Vary" not in headers


def test_a_form_is_told_without_its_secrets(flask):
    trace = trace_of(flask, "POST", "/form", FORM, b"name=Ann&password=x")
    fields = only(trace, "request", "parse form").attributes["fwtrace.request.fields"]
    assert fields == {"name": "'Ann'", "password": "[redacted]"}


def test_a_class_is_named_by_the_method_that_serves(flask):
    view = only(trace_of(flask, "GET", "/things"), "view")
    assert view.name.endswith("Things.get")


def test_a_template_tells_its_blocks(flask):
    names = [s.name for s in trace_of(flask, "GET", "/page").spans("template")]
    assert "<string>" in names
    assert any("a" in name for name in names[1:])


def test_signals_that_someone_hears_are_told(flask):
    app = make_app(flask)

    def hear(sender, **extra):
        return "heard"

    def other(sender, **extra): ...

    with flask.request_started.connected_to(hear, app):
        with flask.request_started.connected_to(other, object()):
            trace = record(app, "GET", "/things")
    sent, receiver = trace.spans("signal")
    assert sent.name == "request-started"
    assert receiver.attributes["fwtrace.signal.returned"] == "'heard'"
    (skipped,) = sent.attributes["fwtrace.signal.skipped"]
    assert skipped["receiver"].endswith("other")


def test_asynchronous_receivers_and_views_are_run_while_traced(flask):
    pytest.importorskip("asgiref")
    app = flask.Flask("watched", root_path=".")
    heard = []

    @app.get("/")
    async def index():
        return "index"

    async def hear(sender, **extra):
        heard.append(sender)

    with flask.request_started.connected_to(hear, app):
        trace = record(app, "GET", "/")
    assert heard == [app]
    assert trace.status == 200
    assert only(trace, "view").name.endswith("index")


def test_untraced_requests_pass_between_traced_ones(flask):
    app = make_app(flask)
    with recording(app) as session:
        Client(session.app).get("/things")
        assert app.test_client().get("/things").status_code == 200
        Client(session.app).get("/things")
    assert len(session.traces) == 2


@pytest.mark.parametrize(
    ("rule", "path", "reason"),
    [
        ("/a/<int:n>", "/a", "the path ends before segment 2, '<int:n>'"),
        ("/a/<int:n>", "/a/", "the path ends before segment 2, '<int:n>'"),
        ("/a/<int:n>", "/a/x", "segment 2: 'x' does not fit '<int:n>'"),
        ("/a/<int:n>", "/a/1/b", "the path goes on with '/b'"),
        ("/a/", "/a", "the path lacks its last slash"),
        ("/a", "/a/", "the path goes on with '/'"),
        ("/f/<path:p>/x", "/f/a/b", "'a/b' does not fit '<path:p>/x'"),
        ("/<a>.<b>", "/x", "segment 1: 'x' does not fit '<a>.<b>'"),
        ("/<any(a, b):w>/x", "/c/x", "segment 1: 'c' does not fit '<any(a, b):w>'"),
    ],
)
def test_a_rule_says_why_it_does_not_fit(flask, rule, path, reason):
    app = flask.Flask("watched", static_folder=None, root_path=".")
    app.add_url_rule(rule, "view", lambda **values: "")
    (told,) = explain(app.url_map.iter_rules(), "GET", path, None)
    assert told["reason"] == reason
