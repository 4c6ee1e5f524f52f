"""Attaching from outside, and leaving things exactly as they were."""

import asyncio
import importlib
import sys
import threading
import types

import pytest

from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.seam import Probe, Seam, attach, attached, replace, spanned


class Base:
    def greet(self, name):
        if not name:
            raise ValueError("who?")
        return f"Hello, {name}!"


class Child(Base):
    pass


@pytest.fixture
def module(monkeypatch):
    made = types.ModuleType("watched_package.views")
    vars(made).update(Base=Base, Child=Child)
    monkeypatch.setitem(sys.modules, "watched_package.views", made)
    return made


def probe(*seams):
    return Probe("test", ("watched_package",), seams)


def tracing():
    recorder = Recorder("app", {}, root=Span("server", "x"))
    return recorder, CURRENT.set((recorder, recorder.root))


def test_call_is_recorded_with_what_before_and_after_tell(module):
    def before(recorder, span, args):
        span.attributes["name"] = args[1]

    def after(recorder, span, args, result):
        span.attributes["result"] = result

    detach = attach(
        [probe(Seam("views:Base.greet", spanned("view", "", before, after)))]
    )
    recorder, token = tracing()
    assert Base().greet("Ann") == "Hello, Ann!"
    CURRENT.reset(token)
    detach()
    (span,) = recorder.finish().spans("view")
    assert (span.name, span.attributes) == (
        "greet",
        {"name": "Ann", "result": "Hello, Ann!"},
    )


def test_detach_puts_the_original_object_back(module):
    original = vars(Base)["greet"]
    detach = attach(
        [
            probe(
                Seam("views:Base.greet", spanned("view")),
                Seam("views:Child.greet", spanned("view")),
            )
        ]
    )
    assert vars(Base)["greet"] is not original
    detach()
    assert vars(Base)["greet"] is original
    assert "greet" not in vars(Child)


def test_overlapping_attachments_end_with_the_last(module):
    original = vars(Base)["greet"]
    table = [probe(Seam("views:Base.greet", spanned("view")))]
    first, second = attach(table), attach(table)
    first()
    assert attached() == 1
    second()
    assert vars(Base)["greet"] is original


def test_probe_that_raises_leaves_the_call_intact_and_shows_its_fault(module):
    def broken(*_):
        raise RuntimeError("probe is broken")

    detach = attach(
        [probe(Seam("views:Base.greet", spanned("view", "", broken, broken)))]
    )
    recorder, token = tracing()
    assert Base().greet("Ann") == "Hello, Ann!"
    CURRENT.reset(token)
    detach()
    (span,) = recorder.finish().spans("view")
    assert span.fault == "RuntimeError: probe is broken"
    assert span.error is None


def test_error_of_the_app_is_the_same_error(module):
    detach = attach([probe(Seam("views:Base.greet", spanned("view")))])
    recorder, token = tracing()
    with pytest.raises(ValueError, match=r"who\?") as caught:
        Base().greet("")
    CURRENT.reset(token)
    detach()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    (span,) = recorder.finish().spans("view")
    assert span.error == {"type": "ValueError", "message": "who?"}


def test_seam_that_is_not_there_is_left_out(module):
    detach = attach(
        [
            probe(
                Seam("views:Base.gone", spanned("view")),
                Seam("views:No.x", spanned("view")),
            )
        ]
    )
    assert attached() == 0
    detach()


def test_nothing_is_recorded_outside_a_trace(module):
    detach = attach([probe(Seam("views:Base.greet", spanned("view")))])
    assert Base().greet("Ann") == "Hello, Ann!"
    detach()


def test_module_that_loads_later_is_attached_then(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "late_package.py").write_text(
        "class Late:\n    def go(self): return 1\n"
    )
    detach = attach(
        [Probe("t", ("late_package",), (Seam(":Late.go", spanned("view")),))]
    )
    assert attached() == 0
    late_package = importlib.import_module("late_package")
    assert attached() == 1
    loader = getattr(late_package.__spec__, "loader", None)
    assert type(loader).__name__ == "SourceFileLoader"
    detach()
    sys.modules.pop("late_package")
    assert late_package.Late().go() == 1


def test_waiting_for_a_module_is_called_off(tmp_path, monkeypatch):
    finders = list(sys.meta_path)
    detach = attach([Probe("t", ("never_loaded",), (Seam(":A.b", spanned("view")),))])
    assert sys.meta_path != finders
    detach()
    assert sys.meta_path == finders


def test_threads_may_attach_and_detach_at_once():
    original = vars(Base)["greet"]

    def often():
        for _ in range(200):
            replace(Base, "greet", spanned("view"))()

    threads = [threading.Thread(target=often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert vars(Base)["greet"] is original


class Asynchronous:
    async def get(self, name):
        await asyncio.sleep(0)
        if not name:
            raise ValueError("who?")
        return name.upper()

    async def stream(self, count):
        try:
            for number in range(count):
                await asyncio.sleep(0)
                got = yield number
                assert got is None
        finally:
            self.closed = True


def traced_asynchronous(module, method, main, **hooks):
    """The span of one call, and what ``main()`` returned."""
    vars(module)["Asynchronous"] = Asynchronous
    seam = Seam(f"views:Asynchronous.{method}", spanned("view", **hooks))
    detach = attach([probe(seam)])
    recorder, token = tracing()
    try:
        result = asyncio.run(main())
    finally:
        CURRENT.reset(token)
        detach()
    (span,) = recorder.finish().spans("view")
    return span, result


def test_coroutine_is_recorded_until_it_has_been_awaited(module):
    def after(recorder, span, args, result):
        span.attributes["result"] = result

    async def main():
        return await Asynchronous().get("ann")

    span, result = traced_asynchronous(module, "get", main, after=after)
    assert (result, span.attributes["result"]) == ("ANN", "ANN")
    assert 0 < span.attributes["fwtrace.running_ns"] <= span.duration


def test_error_of_a_coroutine_is_the_same_error(module):
    async def main():
        with pytest.raises(ValueError, match=r"who\?") as caught:
            await Asynchronous().get("")
        return caught.value

    span, error = traced_asynchronous(module, "get", main)
    assert span.error == {"type": "ValueError", "message": "who?"}
    assert (error.__cause__, error.__context__) == (None, None)


def test_spans_of_tasks_hang_below_the_one_that_made_them(module):
    async def main():
        recorder, _ = CURRENT.get()  # type: ignore[misc]

        async def work(name):
            with recorder.span("sql", name):
                await asyncio.sleep(0)

        async def both(self, name):
            await asyncio.gather(work("one"), work("two"))
            return "both"

        traced = spanned("view")(both)
        return await traced(None, "x")

    recorder, token = tracing()
    asyncio.run(main())
    CURRENT.reset(token)
    (view,) = recorder.finish().spans("view")
    assert [child.name for child in view.children] == ["one", "two"]
    assert view.own <= view.duration


def test_generator_is_recorded_to_its_end_without_its_consumer(module):
    async def main():
        found = []
        async for number in Asynchronous().stream(3):
            assert CURRENT.get()[1].stage == "server"  # type: ignore[index]
            found.append(number)
        return found

    span, found = traced_asynchronous(module, "stream", main)
    assert (span.name, found) == ("stream", [0, 1, 2])
    assert span.attributes["fwtrace.running_ns"] > 0


def test_generator_that_is_left_early_is_closed(module):
    async def main():
        source = Asynchronous()
        stream = source.stream(3)
        assert await anext(stream) == 0
        await stream.aclose()
        return source.closed

    span, closed = traced_asynchronous(module, "stream", main)
    assert closed
    assert span.error is None


def test_generator_gets_what_its_consumer_throws(module):
    async def main():
        stream = Asynchronous().stream(3)
        await anext(stream)
        with pytest.raises(KeyError):
            await stream.athrow(KeyError("x"))

    span, _ = traced_asynchronous(module, "stream", main)
    assert span.error == {"type": "KeyError", "message": "'x'"}


def test_two_may_wait_for_one_module(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "awaited_twice.py").write_text("class A:\n    def go(self): return 1\n")
    table = [Probe("t", ("awaited_twice",), (Seam(":A.go", spanned("view")),))]
    first, second = attach(table), attach(table)
    made = importlib.import_module("awaited_twice")
    assert made.A().go() == 1
    assert attached() == 1
    first()
    second()
    assert attached() == 0
    sys.modules.pop("awaited_twice")
