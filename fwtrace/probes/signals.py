"""Signals: who was sent what, who answered, and who was passed over and why."""

from __future__ import annotations

import functools
from inspect import iscoroutinefunction
from typing import Any

from fwtrace.tracer.frames import location_of
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.seam import Probe, Seam, spanned
from fwtrace.tracer.values import function_name, show

__all__ = ["SIGNALS", "signal_name"]


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


def _traced_receivers(receivers_for: Any) -> Any:
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

    call = _acall if _is_async(receiver) else _call
    return _Receiver(receiver, spanned("signal", "receiver", before, after)(call))


def _is_async(receiver: Any) -> bool:
    return iscoroutinefunction(receiver) or iscoroutinefunction(
        getattr(type(receiver), "__call__", None)  # noqa: B004
    )


def _call(receiver: Any, args: Any, kwargs: Any) -> Any:
    return receiver(*args, **kwargs)


async def _acall(receiver: Any, args: Any, kwargs: Any) -> Any:
    return await receiver(*args, **kwargs)


class _Receiver:
    """Stands in for a receiver while it is called; equal to it for whoever compares."""

    __slots__ = ("_call", "receiver")

    def __init__(self, receiver: Any, call: Any) -> None:
        self.receiver = receiver
        self._call = call

    @property
    def __wrapped__(self) -> Any:
        return self.receiver

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(self.receiver, args, kwargs)


def _real_receivers(responses: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The receivers themselves, not what stood in for them."""
    return [
        (each.receiver if type(each) is _Receiver else each, response)
        for each, response in responses
    ]


def _send(send: Any) -> Any:
    seen = spanned("signal", before=_sent)(send)

    @functools.wraps(send)
    def traced(*args: Any, **kwargs: Any) -> Any:
        return _real_receivers(seen(*args, **kwargs))

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
        Seam("signals:Signal.receivers_for", _traced_receivers),
    ),
)
