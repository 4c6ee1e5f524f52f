"""The whole way: locate, attach, send, detach; and nobody notices."""

import threading

import pytest

from fwtrace.probes import routing as routing_probe
from fwtrace.record import record, recording
from fwtrace.toolkit.wsgi.client import Client, build_environ, run_app
from fwtrace.tracer.model import Trace
from fwtrace.tracer.recorder import Limits
from fwtrace.tracer.seam import attached
from sample_apps.users import service

pytestmark = pytest.mark.usefixtures("users_database")

USERS = ["micro", "wsgi"]

# Every route of every sample app, and the ways to miss them.
REQUESTS = [
    ("micro", "GET", "/"),
    ("micro", "GET", "/users?q=a&page=2"),
    ("micro", "GET", "/users/1"),
    ("micro", "HEAD", "/users/1"),
    ("micro", "GET", "/users/new"),
    ("micro", "GET", "/go"),
    ("micro", "GET", "/stream"),
    ("micro", "GET", "/boom"),
    ("micro", "GET", "/n-plus-one"),
    ("micro", "GET", "/me"),
    ("micro", "POST", "/login"),
    ("micro", "POST", "/logout"),
    ("micro", "POST", "/upload"),
    ("micro", "POST", "/users"),
    ("micro", "PATCH", "/users/1"),
    ("micro", "DELETE", "/users/999"),
    ("micro", "DELETE", "/users"),
    ("micro", "OPTIONS", "/users"),
    ("micro", "GET", "/nowhere"),
    ("micro", "GET", "/users?q=%zz"),
    ("wsgi", "GET", "/"),
    ("wsgi", "GET", "/users"),
    ("wsgi", "GET", "/users/1"),
    ("wsgi", "GET", "/stream"),
    ("wsgi", "GET", "/boom"),
    ("wsgi", "GET", "/n-plus-one"),
    ("wsgi", "GET", "/me"),
    ("wsgi", "GET", "/nowhere"),
    ("wsgi_hello", "GET", "/hello?name=World"),
    ("wsgi_hello", "GET", "/profile"),
    ("wsgi_hello", "POST", "/profile"),
    ("url_table", "GET", "/index/"),
    ("url_table", "GET", "/index"),
    ("url_table", "GET", "/nowhere"),
    ("file_server", "GET", "/"),
    ("file_server", "GET", "/home"),
    ("file_server", "GET", "/files/"),
    ("file_server", "GET", "/files/hello.txt"),
    ("file_server", "GET", "/files/../routes.py"),
]

VARYING = {"Server-Timing", "X-Request-ID", "Date", "Set-Cookie"}


def answer(app, method, target):
    """Status, headers but for ids and times, and body; or the exception."""
    try:
        status, headers, body = run_app(app, build_environ(method, target))
    except Exception as error:
        return type(error), str(error)
    return status, [pair for pair in headers if pair[0] not in VARYING], body


@pytest.mark.parametrize(("app", "method", "target"), REQUESTS)
def test_tracing_changes_nothing(app, method, target):
    with recording(app) as session:
        traced = answer(session.app, method, target)
        plain = answer(session.located.app, method, target)
    untraced = answer(session.app, method, target)
    assert traced == untraced == plain
    assert attached() == 0


@pytest.mark.parametrize("app", USERS)
def test_every_stage_of_a_request_is_there(app):
    trace = record(app, "GET", "/users/1")
    stages = [span.stage for span in trace.spans()]
    assert stages[:2] == ["server", "environ"]
    for stage in ("middleware", "resolver", "view", "sql", "signal", "response"):
        assert stage in stages
    assert (trace.status, trace.outcome["error"]) == (200, None)
    assert Trace.from_json(trace.to_json()) == trace


def test_sql_names_the_users_own_line():
    trace = record("micro", "GET", "/users/1")
    first, second = trace.spans("sql")
    assert str(first.location).startswith(service.__file__)
    assert "User.objects" in first.attributes["fwtrace.source"]["lines"][0]
    assert first.attributes["db.query.parameter.0"] == 1
    assert first.attributes["db.response.returned_rows"] == 1
    assert second.name == "SELECT posts"


def test_middleware_tells_what_it_changed_on_both_ways():
    trace = record("micro", "GET", "/users/1")
    spans = {span.name: span for span in trace.spans("middleware")}
    changes = spans["RequestIdMiddleware"].attributes["fwtrace.changes"]
    assert [(c["half"], c["op"], c["key"]) for c in changes] == [
        ("in", "added", "fwtrace.request_id"),
        ("out", "added", "X-Request-Id"),
    ]
    assert spans["TimingMiddleware"].attributes["fwtrace.middleware.in"] >= 0


def test_resolver_tells_every_pattern_tried_and_why_it_failed():
    trace = record("micro", "GET", "/users/1")
    (span,) = trace.spans("resolver")
    tried = span.attributes["fwtrace.resolver.tried"]
    assert [each["matched"] for each in tried] == [False, False, False, False, True]
    assert all(each["reason"] for each in tried[:-1])
    assert span.attributes["fwtrace.route.kwargs"] == {"id": "1"}
    assert span.attributes["fwtrace.route.converters"] == {"id": "int"}


def test_missing_route_shows_the_near_misses():
    trace = record("micro", "GET", "/user")
    (span,) = trace.spans("resolver")
    assert trace.status == 404
    assert "/users" in span.attributes["fwtrace.resolver.near"]


def test_signal_tells_receivers_and_who_was_passed_over():
    trace = record("micro", "GET", "/users/1")
    signal, *receivers = trace.spans("signal")
    assert signal.name == "user_viewed"
    assert [each.name for each in receivers] == ["count_view", "greet"]
    assert receivers[1].attributes["fwtrace.signal.returned"] == "'Ada says hello'"
    assert signal.attributes["fwtrace.signal.skipped"] == [
        {"receiver": "count_reader", "reason": "is connected for sender Post"}
    ]


def test_template_shows_what_it_extends_includes_and_its_blocks():
    trace = record("micro", "GET", "/users")
    told = [
        (span.attributes["fwtrace.template.kind"], span.name)
        for span in trace.spans("template")
        if span.attributes["fwtrace.template.kind"] != "compile"
    ]
    assert told == [
        ("render", "users.html"),
        ("extends", "base.html"),
        ("block", "title"),
        ("block", "content"),
        ("include", "pages.html"),
    ]


def test_streamed_response_counts_its_chunks_and_its_sql():
    trace = record("micro", "GET", "/stream")
    (response,) = trace.spans("response")
    assert response.attributes["fwtrace.body.streamed"]
    assert response.attributes["fwtrace.body.chunks"] >= 12
    assert "sql" in [child.stage for child in response.children]


def test_exception_that_becomes_a_page_is_told_with_the_users_frames():
    trace = record("micro", "GET", "/boom")
    assert trace.status == 500
    first = next(trace.spans("exception"))
    frames = first.attributes["fwtrace.exception.frames"]
    assert frames[-1]["user"]
    assert "RuntimeError" in frames[-1]["text"]


def test_exception_that_nobody_handles_is_the_outcome_and_is_not_raised():
    def broken(environ, start_response):
        raise KeyError("nobody handles this")

    trace = record(broken, "GET", "/")
    assert trace.outcome["error"]["type"] == "KeyError"
    assert trace.status is None


def test_secrets_never_enter_a_trace():
    trace = record(
        "micro",
        "POST",
        "/login?api_key=hunter2",
        headers=[
            ("Authorization", "Bearer hunter2"),
            ("Cookie", "session_id=hunter2"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ],
        body=b"name=Ada&password=hunter2",
    )
    assert trace.status == 200
    assert "hunter2" not in trace.to_json()
    assert "session_id=" not in trace.to_json().replace("session_id=[", "")


def test_probe_that_raises_leaves_the_response_intact(monkeypatch):
    def broken(*_):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(routing_probe, "describe_route", broken)
    trace = record("micro", "GET", "/users/1")
    (span,) = trace.spans("resolver")
    assert trace.status == 200
    assert span.fault == "RuntimeError: broken on purpose"


def test_trace_is_bounded_and_says_so():
    trace = record("micro", "GET", "/n-plus-one", limits=Limits(spans=20))
    assert sum(1 for _ in trace.spans()) == 20
    assert trace.dropped["sql"] > 10
    assert trace.status == 200


def test_concurrent_requests_never_mix_their_spans():
    with recording("micro") as session:
        barrier = threading.Barrier(4)

        def visit(user):
            client = Client(session.app)
            barrier.wait()
            for _ in range(10):
                client.get(f"/users/{user}")

        threads = [threading.Thread(target=visit, args=(n,)) for n in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(session.traces) == 40
    for trace in session.traces:
        user = trace.request["target"].rpartition("/")[2]
        assert len(list(trace.spans("view"))) == 1
        parameters = {s.attributes["db.query.parameter.0"] for s in trace.spans("sql")}
        assert parameters == {int(user)}


def test_recording_leaves_every_attribute_as_it_was():
    from fwtrace.frameworks.micro import App
    from fwtrace.toolkit.orm import Database
    from fwtrace.toolkit.routing import Router
    from fwtrace.toolkit.signals import Signal

    places = [(App, "call_view"), (Database, "fetch"), (Router, "match")]
    places += [(Signal, "send"), (Signal, "receivers_for")]
    before = [vars(owner)[name] for owner, name in places]
    record("micro", "GET", "/users")
    assert [vars(owner)[name] for owner, name in places] == before


def test_middleware_of_plain_functions_is_seen_through_their_closure():
    def core(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"core"]

    def shouting(app):
        def layer(environ, start_response):
            def start(status, headers, *exc_info):
                return start_response(status, [*headers, ("X-Loud", "1")], *exc_info)

            return app(environ, start)

        return layer

    trace = record(shouting(core), "GET", "/")
    (span,) = trace.spans("middleware")
    (change,) = span.attributes["fwtrace.changes"]
    assert (change["op"], change["key"]) == ("added", "X-Loud")


def test_layer_that_answers_itself_says_what_never_ran():
    def core(environ, start_response):
        raise AssertionError("never called")

    class Guard:
        def __init__(self, app):
            self.app = app

        def __call__(self, environ, start_response):
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"no"]

    trace = record(Guard(core), "GET", "/")
    (span,) = trace.spans("middleware")
    assert span.attributes["fwtrace.answered"]
    assert "403" in span.attributes["fwtrace.answered.reason"]
    assert "view" in span.attributes["fwtrace.skipped"]


def test_close_of_the_body_is_traced_as_after():
    class Body(list):
        closed = 0

        def close(self):
            type(self).closed += 1

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Body([b"x"])

    trace = record(app, "GET", "/")
    assert [span.name for span in trace.spans("after")] == ["close"]
    assert Body.closed == 1
