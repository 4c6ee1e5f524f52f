"""One request through several apps: rows, times, lines, answers."""

import json

import pytest

from fwtrace.compare import compare
from fwtrace.hosts.errors import HostError
from fwtrace.render.findings import sentences

pytestmark = pytest.mark.usefixtures("users_database")


def app_that(body=b"hello", status="200 OK", headers=(), error=None):
    def app(environ, start_response):
        if error is not None:
            raise error
        start_response(status, [("Content-Type", "text/plain"), *headers])
        return [body]

    return app


def test_two_frameworks_are_set_side_by_side():
    found = compare(["micro", "wsgi"], "GET", "/users/1")
    assert [side.name for side in found.apps] == ["micro", "wsgi"]
    stages = [row.stage for row in found.rows]
    assert stages[0] == "server"
    assert {"environ", "resolver", "view", "sql", "response"} <= set(stages)
    view = next(row for row in found.rows if row.stage == "view")
    assert None not in view.cells
    assert [side.sql[0] for side in found.apps] == [2, 2]
    assert all(side.lines.framework > 50 for side in found.apps)
    assert all(side.lines.user > 5 for side in found.apps)
    body = found.response.bodies[1]
    assert body is not None
    assert body.verdict == "same"


def test_the_clone_and_the_original_take_the_same_steps():
    pytest.importorskip("flask")
    found = compare(["flask", "flask:original"], "GET", "/users/1")
    assert all(None not in row.cells for row in found.rows)
    assert found.summary().only == ((), ())
    assert found.summary().differs == ()


def test_rounds_are_interleaved_and_the_warm_up_is_not_counted():
    calls = []

    def noting(name):
        def app(environ, start_response):
            calls.append(name)
            return app_that()(environ, start_response)

        return app

    found = compare([noting("a"), noting("b")], repeat=3)
    assert calls[:8] == ["a", "b"] * 4
    assert found.rounds == 3
    assert len(found.apps[0].durations) == 3
    times = found.apps[0].times
    assert times.low <= times.median <= times.high


def test_an_app_that_raises_has_its_column():
    found = compare([app_that(), app_that(error=ValueError("no"))])
    assert found.apps[1].error == "ValueError: no"
    summary = found.summary()
    assert (summary.fastest, summary.ratios[1]) == (0, None)
    assert "status" in summary.differs


def test_an_app_may_be_compared_with_itself():
    found = compare(["micro", "micro"], "GET", "/")
    assert [side.name for side in found.apps] == ["micro", "micro (2)"]
    assert found.summary().only == ((), ())


def test_only_some_stages_can_be_kept():
    found = compare(["micro", "wsgi"], "GET", "/users/1").only({"view", "sql"})
    assert [(row.stage, row.depth) for row in found.rows] == [
        ("view", 0),
        ("sql", 1),
        ("sql", 1),
    ]


def test_a_name_that_nobody_knows_is_an_error():
    with pytest.raises(HostError):
        compare(["micro", "nothing_of_that_name"])


def test_it_is_json():
    data = compare(["micro", "wsgi"], "GET", "/users/1", repeat=2).to_dict()
    again = json.loads(json.dumps(data))
    assert again["schema"] == 1
    assert [app["name"] for app in again["apps"]] == ["micro", "wsgi"]
    assert len(again["rows"][0]["cells"]) == 2
    assert again["summary"]["fastest"] in ("micro", "wsgi")


def test_the_answer_is_that_of_an_untraced_app():
    from fwtrace.hosts.inprocess import send

    app = app_that(b"x" * 10, headers=[("X-A", "1")])
    found = compare([app, app])
    status, headers, body = send(app)
    assert found.response.statuses == (status, status)
    assert found.response.sizes == (len(body), len(body))
    assert dict(headers)["X-A"] == "1"


def asgi(startup):
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": f"lifespan.startup.{startup}", "message": "no disk"})
            await receive()
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    return app


def test_asgi_app_stands_beside_a_wsgi_app():
    comparison = compare(["micro", asgi("complete")], "GET", "/nowhere")
    assert [side.trace.status for side in comparison.apps] == [404, 200]
    kinds = [row.stage for row in comparison.rows]
    assert kinds.count("environ") == 1
    assert "scope" not in kinds
    assert comparison.apps[1].lines.user > 0
    blocking, awaiting = (side.work for side in comparison.apps)
    assert blocking.held == comparison.apps[0].trace.duration
    assert 0 < awaiting.held < comparison.apps[1].trace.duration


def test_what_blocks_stands_beside_what_awaits():
    told = " ".join(sentences(compare(["micro", asgi("complete")])))
    assert "micro kept its thread for all of its " in told
    assert "kept the event loop for " in told
    assert "event loop" not in " ".join(sentences(compare(["micro", "wsgi"])))


def test_asgi_app_that_does_not_start_is_told():
    with pytest.raises(HostError, match="start-up failed: no disk"):
        compare(["micro", asgi("failed")])
