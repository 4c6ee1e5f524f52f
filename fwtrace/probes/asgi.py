"""The server's side of an ASGI app: the scope it hands in, the messages that come back.

A trace begins where a server calls the app and ends where the app returns, so that
streaming and what runs after the response are part of it. The app's lifespan is told
of with the requests that it surrounds: its start-up in the first trace, its shutdown
in the last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from fwtrace.probes.exchange import Exchange
from fwtrace.probes.lifespan import Lifespan
from fwtrace.probes.response import Response
from fwtrace.probes.scope import describe_scope
from fwtrace.probes.websocket import Conversation
from fwtrace.tracer.awaiting import timed_coroutine
from fwtrace.tracer.model import Span, Trace
from fwtrace.tracer.recorder import CURRENT, Recorder, end_with

__all__ = ["traced_asgi_app"]


def traced_asgi_app(
    app: Any,
    recorder_for: Callable[[dict[str, Any]], Recorder],
    done: Callable[[Trace], None],
) -> Any:
    """An ASGI app that records each request it passes on to ``app``.

    ``recorder_for(scope)`` makes the recorder, ``done(trace)`` takes the finished
    trace. Messages and exceptions are those of ``app``.
    """
    around = _Around(recorder_for, done)

    async def traced(scope: dict[str, Any], receive: Any, send: Any) -> None:
        __traceback_hide__ = True
        if scope["type"] == "lifespan":
            await around.lifespan(app, scope, receive, send)
            return
        recorder = recorder_for(scope)
        exchange = Exchange(recorder, around.finished)
        entered = recorder.clock()
        around.begin(recorder)
        exchange.describe("scope", describe_scope(scope), entered)
        told: Response | Conversation
        if scope["type"] == "websocket":
            told = Conversation(exchange, receive, send)
            receive = told.receive
        else:
            told = Response(exchange, send)
        token = CURRENT.set((recorder, recorder.root))
        try:
            await timed_coroutine(app(scope, receive, told.send), recorder.root)
        except BaseException as error:
            told.finish(raised=True)
            exchange.fail(_given_up(error))
            raise
        finally:
            CURRENT.reset(token)
        told.finish(raised=False)
        exchange.finish()

    return traced


def _given_up(error: BaseException) -> BaseException:
    """Why a server ended the app's task, where it says so."""
    if isinstance(error, asyncio.CancelledError) and error.args:
        return TimeoutError(*error.args)
    return error


class _Around:
    """What surrounds the requests of one app: start-up and shutdown."""

    def __init__(
        self,
        recorder_for: Callable[[dict[str, Any]], Recorder],
        done: Callable[[Trace], None],
    ) -> None:
        self._recorder_for = recorder_for
        self._done = done
        self._startup: tuple[Span, Recorder] | None = None
        self._last: Trace | None = None

    async def lifespan(
        self, app: Any, scope: dict[str, Any], receive: Any, send: Any
    ) -> None:
        __traceback_hide__ = True
        recorder = self._recorder_for(scope)

        def done(span: Span) -> None:
            if span.name == "startup":
                self._startup = span, recorder
            elif self._last is not None:
                end_with(self._last, span, recorder.take_overhead())

        await Lifespan(recorder, done).run(app, scope, receive, send)

    def begin(self, recorder: Recorder) -> None:
        """The first request since a start-up has it in its trace."""
        if self._startup is not None:
            span, before = self._startup
            self._startup = None
            recorder.begin_with(span, before.take_overhead())

    def finished(self, trace: Trace) -> None:
        self._last = trace
        self._done(trace)
