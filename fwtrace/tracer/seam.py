"""Seams and probes: how an observer attaches from outside, and leaves without a trace.

A seam names one method of a framework. Attaching puts a wrapper in its place; with no
request under trace the wrapper only calls on. Attaching twice counts, so recordings may
overlap; the last to detach puts the original object back.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any, TypeAlias

from fwtrace.tracer.awaiting import timed_coroutine
from fwtrace.tracer.late import when_imported
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder

__all__ = [
    "Before",
    "Detach",
    "Probe",
    "Seam",
    "After",
    "Wrap",
    "attach",
    "replace",
    "spanned",
]

Detach: TypeAlias = Callable[[], None]
Wrap: TypeAlias = Callable[[Any], Any]
Before: TypeAlias = Callable[[Recorder, Span, tuple[Any, ...]], None]
After: TypeAlias = Callable[[Recorder, Span, tuple[Any, ...], Any], None]


@dataclass(frozen=True, slots=True)
class Seam:
    """One place to look: ``target`` is ``"module:Class.method"`` below a root.

    ``wrap`` makes what stands in for the original; :func:`spanned` is the usual one.
    """

    target: str
    wrap: Wrap


@dataclass(frozen=True, slots=True)
class Probe:
    """A table of seams, true of every package named in ``roots``."""

    name: str
    roots: tuple[str, ...]
    seams: tuple[Seam, ...]


def spanned(
    stage: str,
    name: str = "",
    before: Before | None = None,
    after: After | None = None,
) -> Wrap:
    """A wrapper that records each call of a function as a span; of a coroutine
    function, until it has been awaited; of an asynchronous generator, until its end.

    ``before(recorder, span, args)`` and ``after(recorder, span, args, result)`` fill
    the span in; what they raise is kept on it as its fault. ``after`` runs only when
    the function returned. The traceback of an error passes through a frame that marks
    itself ``__traceback_hide__``, as Django's and Werkzeug's debug pages honour. What
    is awaited keeps apart the time in which it ran (:mod:`fwtrace.tracer.awaiting`).
    """

    def wrap(function: Any) -> Any:
        if function is None:
            raise AttributeError("there is no such function to trace")
        label = name or function.__name__
        if iscoroutinefunction(function):
            return _spanned_coroutine(function, stage, label, before, after)
        if isasyncgenfunction(function):
            return _spanned_generator(function, stage, label, before, after)

        @functools.wraps(function)
        def traced(*args: Any, **kwargs: Any) -> Any:
            __traceback_hide__ = True
            current = CURRENT.get()
            if current is None:
                return function(*args, **kwargs)
            recorder, parent = current
            entered = recorder.clock()
            span = recorder.open(stage, label, parent)
            if span is None:
                return function(*args, **kwargs)
            _fill(before, recorder, span, args)
            token = CURRENT.set((recorder, span))
            recorder.start(span, entered)
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                left = recorder.stop(span)
                CURRENT.reset(token)
                recorder.fail(span, error)
                recorder.charge(left)
                raise
            left = recorder.stop(span)
            CURRENT.reset(token)
            _fill(after, recorder, span, args, result)
            recorder.charge(left)
            return result

        return traced

    return wrap


def _spanned_coroutine(
    function: Any, stage: str, label: str, before: Before | None, after: After | None
) -> Any:
    @functools.wraps(function)
    async def traced(*args: Any, **kwargs: Any) -> Any:
        __traceback_hide__ = True
        current = CURRENT.get()
        if current is None:
            return await function(*args, **kwargs)
        recorder, parent = current
        entered = recorder.clock()
        span = recorder.open(stage, label, parent)
        if span is None:
            return await function(*args, **kwargs)
        _fill(before, recorder, span, args)
        token = CURRENT.set((recorder, span))
        recorder.start(span, entered)
        try:
            result = await timed_coroutine(function(*args, **kwargs), span)
        except BaseException as error:
            left = recorder.stop(span)
            CURRENT.reset(token)
            recorder.fail(span, error)
            recorder.charge(left)
            raise
        left = recorder.stop(span)
        CURRENT.reset(token)
        _fill(after, recorder, span, args, result)
        recorder.charge(left)
        return result

    return traced


def _spanned_generator(
    function: Any, stage: str, label: str, before: Before | None, after: After | None
) -> Any:
    """What its consumer does between two items is no part of the generator's."""

    @functools.wraps(function)
    async def traced(*args: Any, **kwargs: Any) -> Any:
        __traceback_hide__ = True
        source = function(*args, **kwargs)
        current = CURRENT.get()
        span = current[0].open(stage, label, current[1]) if current else None
        if current is None or span is None:
            async with aclosing(source):
                async for item in source:
                    yield item
            return
        recorder = current[0]
        _fill(before, recorder, span, args)
        recorder.start(span, recorder.clock())
        step: Any = functools.partial(source.asend, None)
        async with aclosing(source):
            while True:
                token = CURRENT.set((recorder, span))
                try:
                    item = await timed_coroutine(step(), span)
                except StopAsyncIteration:
                    break
                except BaseException as error:
                    recorder.fail(span, error)
                    raise
                finally:
                    recorder.stop(span)
                    CURRENT.reset(token)
                try:
                    step = functools.partial(source.asend, (yield item))
                except GeneratorExit:
                    raise
                except BaseException as thrown:
                    step = functools.partial(source.athrow, thrown)
        left = recorder.clock()
        _fill(after, recorder, span, args, None)
        recorder.charge(left)

    return traced


def _fill(fill: Any, recorder: Recorder, span: Span, *told: Any) -> None:
    if fill is not None:
        try:
            fill(recorder, span, *told)
        except Exception as fault:
            recorder.fault(span, fault)


def attach(probes: Sequence[Probe]) -> Detach:
    """Attach every seam of the probes; returns the function that detaches them all.

    Nothing is imported for it: seams of a module that is not loaded yet are attached
    when the app loads it. A seam that this version of a package does not have is left
    out.
    """
    undo: list[Detach] = []

    def attach_module(module: str, seams: Sequence[Seam]) -> None:
        for seam in seams:
            *path, name = seam.target.partition(":")[2].split(".")
            with suppress(AttributeError):
                owner = functools.reduce(getattr, path, sys.modules[module])
                undo.append(replace(owner, name, seam.wrap))

    for module, seams in _by_module(probes).items():
        if module in sys.modules:
            attach_module(module, seams)
        else:
            undo.append(
                when_imported(module, functools.partial(attach_module, module, seams))
            )

    def detach() -> None:
        while undo:
            undo.pop()()

    return detach


def _by_module(probes: Sequence[Probe]) -> dict[str, list[Seam]]:
    modules: dict[str, list[Seam]] = {}
    for probe in probes:
        for root in probe.roots:
            for seam in probe.seams:
                below = seam.target.partition(":")[0]
                module = f"{root}.{below}" if below else root
                modules.setdefault(module, []).append(seam)
    return modules


_MISSING = object()


@dataclass(slots=True)
class _Place:
    """A replaced attribute: what stood there (not inherited), for how many users."""

    owner: Any
    original: Any
    users: int = 1


_places: dict[tuple[int, str], _Place] = {}
_lock = threading.Lock()


def _held(owner: Any, name: str) -> Any:
    """What the owner itself holds under the name, not what it inherits.

    A slot and a closure's cell are held through a descriptor of the owner's class.
    """
    state = getattr(owner, "__dict__", {})
    if name in state:
        return state[name]
    descriptor = getattr(type(owner), name, None)
    if type(descriptor).__name__ in ("getset_descriptor", "member_descriptor"):
        return getattr(owner, name)
    return _MISSING


def replace(owner: Any, name: str, wrap: Wrap) -> Detach:
    """Put ``wrap(original)`` in the place of an attribute; returns its undo.

    Afterwards the attribute is the very object that it was, or gone again where the
    owner had only inherited it.
    """
    key = (id(owner), name)
    with _lock:
        place = _places.get(key)
        if place is not None:
            place.users += 1
        else:
            original = _held(owner, name)
            found = getattr(owner, name, None) if original is _MISSING else original
            setattr(owner, name, wrap(found))
            _places[key] = _Place(owner, original)

    def undo() -> None:
        with _lock:
            place = _places[key]
            place.users -= 1
            if place.users:
                return
            del _places[key]
            if place.original is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, place.original)

    return undo


def attached() -> int:
    """How many attributes are replaced at this moment: 0 when nobody looks."""
    return len(_places)
