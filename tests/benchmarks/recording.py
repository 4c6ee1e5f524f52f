"""What tracing costs: a JSON route with three queries, untraced and traced."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.apps import caller
from tests.benchmarks.harness import Aim, Result, compare, show


def service() -> Any:
    """A micro app whose one route runs three queries."""
    from fwtrace.frameworks.micro import App, JsonResponse
    from fwtrace.toolkit.orm import CharField, ForeignKey, Model, connect

    connect("sqlite://")

    class Writer(Model):
        name: Any = CharField(max_length=100)

    class Note(Model):
        title: Any = CharField(max_length=100)
        writer: Any = ForeignKey(Writer)

    Writer.create_table()
    Note.create_table()
    ann = Writer.objects.create(name="Ann")
    for number in range(5):
        Note.objects.create(title=f"note {number}", writer=ann)
    app = App()

    @app.route("/writers/<int:id>")
    def writer(request: Any, id: int) -> Any:
        found = Writer.objects.get(id=id)
        notes = Note.objects.filter(writer=found).order_by("-id")[:5]
        return JsonResponse(
            {
                "name": found.name,
                "count": Note.objects.filter(writer=found).count(),
                "notes": [note.title for note in notes],
            }
        )

    return app


def record() -> Result:
    from fwtrace.record import recording

    app = service()
    untraced = caller(app, "GET", "/writers/1")
    with recording(app) as session:
        pass
    detached = caller(app, "GET", "/writers/1")
    first = compare(
        "After detaching, against never attached",
        {"never attached": untraced, "detached": detached},
    )
    show(first, (Aim("detached", "never attached", 1.03),))

    with recording(app) as session:
        send = caller(session.app, "GET", "/writers/1")

        def traced() -> object:
            session.traces.clear()
            send()
            return session.traces[0].to_dict()

        def written() -> str:
            session.traces.clear()
            send()
            return session.traces[0].to_json()

        traced()
        trace = session.traces[0]
        spans = sum(1 for _ in trace.spans())
        bare = caller(app, "GET", "/writers/1")
        result = compare(
            f"A JSON route with three queries ({spans} spans), recorded",
            {
                "attached, not recording": bare,
                "recorded": traced,
                "recorded, written as JSON": written,
            },
        )
    seconds = {**result.seconds, "untraced": first.seconds["never attached"]}
    result = Result(result.title, seconds)
    show(result, (Aim("recorded", "untraced", 2.0),))
    cost = (seconds["recorded"] - seconds["untraced"]) / spans
    print(f"  {cost * 1e6:.1f} µs a span")
    return result


def attaching() -> Result:
    from fwtrace.record import recording

    app = service()

    def attach() -> None:
        with recording(app):
            pass

    result = compare("Attaching and detaching every probe", {"attach": attach})
    show(result)
    return result
