"""The one verb: locate an app, attach to it, send it a request, detach.

trace = record("micro", "GET", "/users/1")

with recording("micro") as session:      # for code that calls the app itself
    Client(session.app).get("/users/1")
session.traces[0]
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from fwtrace import __version__
from fwtrace.hosts.locate import Located, locate
from fwtrace.probes.layers import attach_layers
from fwtrace.probes.server import describe_request, traced_app
from fwtrace.probes.tables import PROBES
from fwtrace.tracer.frames import UserCode
from fwtrace.tracer.model import Span, Trace
from fwtrace.tracer.recorder import Limits, Recorder
from fwtrace.tracer.seam import Detach, attach

__all__ = ["record", "recording"]


def record(
    app: str | Located | Any = "micro",
    method: str = "GET",
    target: str = "/",
    *,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    limits: Limits | None = None,
) -> Trace:
    """One request through an app, as a trace.

    ``app`` is a name as on the command line, what :func:`locate` found, or any WSGI
    callable. What the app raises is in ``trace.outcome["error"]``, not raised here.
    Raises :class:`~fwtrace.hosts.errors.HostError` when there is no such app.
    """
    from fwtrace.hosts.inprocess import send

    with recording(app, limits=limits) as session:
        try:
            send(session.app, method, target, headers, body)
        except KeyboardInterrupt:
            raise
        except BaseException:
            pass  # whatever it was, the trace's outcome says it
        return session.traces[0]


class recording:
    """Context manager: everything sent to :attr:`app` inside becomes a trace.

    ``app``     what to call instead of the app: a WSGI callable with the same answers
    ``traces``  the finished traces, in the order in which they finished
    """

    def __init__(
        self, app: str | Located | Any = "micro", *, limits: Limits | None = None
    ) -> None:
        located = locate(app) if isinstance(app, str) else app
        if not isinstance(located, Located):
            located = Located(_name(app), app, _name(app), folder="")
        self.located = located
        self.limits = limits
        self.app: Any = located.app
        self.traces: list[Trace] = []
        self._user_code = UserCode((located.folder,))
        self._undo: list[Detach] = []

    def __enter__(self) -> Self:
        self._undo.append(attach(PROBES))
        outermost, detach = attach_layers(self.located.app)
        self._undo.append(detach)
        self.app = traced_app(outermost, self._recorder, self.traces.append)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        while self._undo:
            self._undo.pop()()
        self.app = self.located.app

    def _recorder(self, environ: dict[str, Any]) -> Recorder:
        return Recorder(
            self.located.name,
            describe_request(environ),
            root=Span("server", "in-process"),
            limits=self.limits,
            user_code=self._user_code,
            version=__version__,
        )


def _name(app: Any) -> str:
    return getattr(app, "__name__", None) or type(app).__name__
