"""What a request keeps busy: a thread from its start to its end, or an event loop."""

from fwtrace.tracer.comparison import Work
from fwtrace.tracer.model import Span, Trace


def span(stage, start, end, **attributes):
    found = Span(stage, stage)
    found.start, found.end = start, end
    found.attributes.update(
        {name.replace("__", "."): value for name, value in attributes.items()}
    )
    return found


def trace(root):
    return Trace(app="app", request={"method": "GET", "target": "/"}, root=root)


def test_a_wsgi_app_holds_its_thread_all_the_time():
    root = span("server", 0, 100)
    root.children.append(span("view", 10, 90))
    assert Work.of(trace(root)) == Work(False, 100, 0, 0)


def test_an_asgi_app_holds_the_loop_while_it_runs():
    root = span("server", 0, 100, fwtrace__running_ns=30)
    root.children.append(span("view", 10, 90, fwtrace__running_ns=10))
    assert Work.of(trace(root)) == Work(True, 30, 0, 70)


def test_threads_are_counted_once():
    root = span("server", 0, 100, fwtrace__running_ns=30)
    view = span("view", 40, 80, fwtrace__thread__name="worker")
    view.children.append(span("sql", 50, 60, fwtrace__thread__name="worker"))
    root.children.append(view)
    assert Work.of(trace(root)) == Work(True, 30, 40, 30)


def test_the_lifespan_is_no_part_of_the_request():
    root = span("server", 0, 100, fwtrace__running_ns=30)
    root.children.append(span("lifespan", 0, 50))
    assert Work.of(trace(root)).waiting == 20


def test_no_time_is_less_than_none():
    root = span("server", 0, 10, fwtrace__running_ns=30)
    assert Work.of(trace(root)).waiting == 0
