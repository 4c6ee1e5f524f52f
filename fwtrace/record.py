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
from fwtrace.hosts.errors import HostError
from fwtrace.hosts.locate import Located, locate, locate_object
from fwtrace.probes.layers import attach_layers
from fwtrace.probes.scope import describe_request as describe_scope_request
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
    messages: Sequence[str | bytes] = (),
    wait: float | None = None,
    limits: Limits | None = None,
) -> Trace:
    """One request through an app, as a trace.

    The method ``"WS"`` opens a WebSocket: each of ``messages`` is sent, then ``wait``
    seconds listened, and closed. From any other request of an ASGI app the client
    hangs up after ``wait`` seconds, such as from a stream that never ends.

    ``app`` is a name as on the command line, what :func:`locate` found, or any WSGI
    or ASGI app. What the app raises is in ``trace.outcome["error"]``, not raised here.
    Raises :class:`~fwtrace.hosts.errors.HostError` when there is no such app, or its
    start-up fails.
    """
    from fwtrace.hosts.inprocess import send

    with recording(app, limits=limits) as session:
        try:
            if method == "WS":
                _talk(session, target, headers, messages, wait)
            elif wait is not None:
                _listen(session, method, target, headers, body, wait)
            else:
                send(session.app, method, target, headers, body)
        except (KeyboardInterrupt, HostError):
            raise
        except BaseException:
            if not session.traces:
                raise  # it never came to the app; else the trace's outcome says it
        return session.traces[0]


def _talk(
    session: recording,
    target: str,
    headers: Sequence[tuple[str, str]],
    messages: Sequence[str | bytes],
    wait: float | None,
) -> None:
    if not session.is_asgi:
        raise HostError(
            f"The app {session.located.name!r} is a WSGI app, and WSGI has no "
            "WebSockets: name an ASGI app."
        )
    from fwtrace.hosts.websocket import WAIT, talk

    talk(session.app, target, headers, messages, WAIT if wait is None else wait)


def _listen(
    session: recording,
    method: str,
    target: str,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    wait: float,
) -> None:
    if not session.is_asgi:
        raise HostError(
            f"The app {session.located.name!r} is a WSGI app, and WSGI has no way to "
            "tell it that its client has left: name an ASGI app."
        )
    from fwtrace.hosts.asgi import send

    send(session.app, method, target, headers, body, wait=wait)


class recording:
    """Context manager: everything sent to :attr:`app` inside becomes a trace.

    ``app``     what to call instead of the app, with the same answers: a WSGI app for
                a WSGI app, an ASGI app for an ASGI app
    ``traces``  the finished traces, in the order in which they finished
    """

    def __init__(
        self, app: str | Located | Any = "micro", *, limits: Limits | None = None
    ) -> None:
        located = locate(app) if isinstance(app, str) else app
        if not isinstance(located, Located):
            located = locate_object(app)
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
        if self.is_asgi:
            # asyncio is slow to import, and WSGI apps need none of it.
            from fwtrace.probes.asgi import traced_asgi_app as traced
        else:
            traced = traced_app
        self.app = traced(outermost, self._recorder, self.traces.append)
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

    @property
    def is_asgi(self) -> bool:
        return self.located.protocol == "asgi"

    def _recorder(self, given: dict[str, Any]) -> Recorder:
        """For a request, by its environ or its scope."""
        describe = describe_scope_request if self.is_asgi else describe_request
        return Recorder(
            self.located.name,
            describe(given),
            root=Span("server", "in-process"),
            limits=self.limits,
            user_code=self._user_code,
            version=__version__,
        )
