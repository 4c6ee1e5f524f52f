"""Signals: who was sent what, who answered, and who was passed over and why."""

from __future__ import annotations

import functools
import weakref
from inspect import iscoroutinefunction
from typing import Any

from fwtrace.tracer.frames import location_of
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.seam import Probe, Seam, spanned
from fwtrace.tracer.values import function_name, show

__all__ = ["SIGNALS", "signal_name", "traced_receivers", "traced_send"]


def signal_name(signal: Any) -> str:
    """The name it was given, else ``"Signal"``."""
    return getattr(signal, "name", "") or type(signal).__name__


def _sent(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    signal = args[0]
    span.name = signal_name(signal)
    sender = args[1] if len(args) > 1 else None
    span.attributes["fwtrace.signal.sender"] = show(sender)
    skipped = [
        {"receiver": name, "reason": reason}
        for name, reason in _skipped(signal, sender)
    ]
    if skipped:
        span.attributes["fwtrace.signal.skipped"] = skipped[: recorder.limits.items]


def _skipped(signal: Any, sender: Any) -> list[tuple[str, str]]:
    if not hasattr(signal, "connections"):
        return _skipped_by_blinker(signal, sender)
    passed_over = []
    for connection in signal.connections:
        receiver = connection.receiver
        if receiver is None:
            passed_over.append(("?", "was garbage-collected"))
        elif not connection.wants(sender):
            wanted = show(connection.sender)
            passed_over.append(
                (function_name(receiver), f"is connected for sender {wanted}")
            )
    return passed_over


def _skipped_by_blinker(signal: Any, sender: Any) -> list[tuple[str, str]]:
    reached = [getattr(r, _REAL, r) for r in signal.receivers_for(sender)]
    held = (r() if isinstance(r, weakref.ref) else r for r in signal.receivers.values())
    return [
        (function_name(receiver), "is connected for another sender")
        for receiver in held
        if receiver is not None and receiver not in reached
    ]


def traced_receivers(receivers_for: Any) -> Any:
    """`receivers_for` with each receiver's call a span below the signal's."""

    @functools.wraps(receivers_for)
    def traced(signal: Any, sender: Any = None) -> Any:
        found = receivers_for(signal, sender)
        if CURRENT.get() is None:
            return found
        return [_traced_receiver(receiver) for receiver in found]

    return traced


def _traced_receiver(receiver: Any) -> Any:
    def before(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
        span.name = function_name(receiver)
        span.location = location_of(receiver)
        span.attributes["fwtrace.signal.receiver"] = True

    def after(
        recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any
    ) -> None:
        span.attributes["fwtrace.signal.returned"] = show(result)

    stand_in: Any
    if _is_async(receiver):
        awaited = spanned("signal", "receiver", before, after)(_acall)

        async def stand_in(*args: Any, **kwargs: Any) -> Any:
            return await awaited(receiver, args, kwargs)

    else:
        called = spanned("signal", "receiver", before, after)(_call)

        def stand_in(*args: Any, **kwargs: Any) -> Any:
            return called(receiver, args, kwargs)

    stand_in.__wrapped__ = receiver
    setattr(stand_in, _REAL, receiver)
    return stand_in


# Where what stands in for a receiver while it is called keeps the receiver itself.
_REAL = "fwtrace_receiver"


def _is_async(receiver: Any) -> bool:
    return iscoroutinefunction(receiver) or iscoroutinefunction(
        getattr(type(receiver), "__call__", None)  # noqa: B004
    )


def _call(receiver: Any, args: Any, kwargs: Any) -> Any:
    return receiver(*args, **kwargs)


async def _acall(receiver: Any, args: Any, kwargs: Any) -> Any:
    return await receiver(*args, **kwargs)


def _real_receivers(responses: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The receivers themselves, not what stood in for them."""
    return [(getattr(each, _REAL, each), response) for each, response in responses]


def _send(send: Any) -> Any:
    seen = spanned("signal", before=_sent)(send)

    @functools.wraps(send)
    def traced(*args: Any, **kwargs: Any) -> Any:
        return _real_receivers(seen(*args, **kwargs))

    return traced


def traced_send(send: Any) -> Any:
    """`send` of blinker's kind: a span where anybody listens."""
    seen = _send(send)

    @functools.wraps(send)
    def traced(signal: Any, *args: Any, **kwargs: Any) -> Any:
        if CURRENT.get() is None or not signal.receivers:
            return send(signal, *args, **kwargs)
        return seen(signal, *args, **kwargs)

    return traced


def _asend(send: Any) -> Any:
    seen = spanned("signal", before=_sent)(send)

    @functools.wraps(send)
    async def traced(*args: Any, **kwargs: Any) -> Any:
        return _real_receivers(await seen(*args, **kwargs))

    return traced


SIGNALS = Probe(
    "signals",
    ("fwtrace.toolkit",),
    (
        Seam("signals:Signal.send", _send),
        Seam("signals:Signal.send_robust", _send),
        Seam("signals:Signal.asend", _asend),
        Seam("signals:Signal.asend_robust", _asend),
        Seam("signals:Signal.receivers_for", traced_receivers),
    ),
)
