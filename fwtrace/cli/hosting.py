"""What the commands share that load an app: with its database, its prints set aside.

Standard output is for results, so what an app prints there goes to standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from fwtrace.cli.errors import CommandError
from fwtrace.hosts.locate import Located, locate

if TYPE_CHECKING:
    from fwtrace.cli.message import Message
    from fwtrace.tracer.model import Trace

__all__ = ["inspect", "load", "observe"]


def inspect(
    look: Callable[..., Any], app: str, database: str | None, *arguments: Any
) -> Any:
    """``look(app object, *arguments)``; CommandError where there is nothing to see."""
    with redirect_stdout(sys.stderr):
        try:
            return look(load(app, database).app, *arguments)
        except LookupError as error:
            raise CommandError(str(error.args[0])) from None


def observe(
    app: str, database: str | None, message: Message, wait: float | None = None
) -> Trace:
    """What the app did with the request; ``wait`` is for a WebSocket."""
    import logging

    from fwtrace.record import record

    # The app's log would tell of an error that the picture tells better.
    logging.getLogger("fwtrace").addHandler(logging.NullHandler())
    with redirect_stdout(sys.stderr):
        return record(
            load(app, database),
            message.method,
            message.target,
            headers=message.headers,
            body=message.body,
            messages=message.messages,
            wait=wait,
        )


def load(app: str, database: str | None) -> Located:
    """The app, which finds the database where it looks for it."""
    if database is not None:
        try:
            os.environ["DATABASE_URL"] = database
        except ValueError as error:
            raise CommandError(f"--database {database!r}: {error}.") from None
    return locate(app)
