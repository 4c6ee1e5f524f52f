"""Attaching from outside, and leaving things exactly as they were."""

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
