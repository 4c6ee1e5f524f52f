"""What the commands share that look into an app without sending it a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fwtrace.cli.errors import CommandError
from fwtrace.cli.output import use_database
from fwtrace.hosts.locate import locate

__all__ = ["inspect"]


def inspect(
    look: Callable[..., Any], app: str, database: str | None, *arguments: Any
) -> Any:
    """``look(app object, *arguments)``; CommandError where there is nothing to see."""
    use_database(database)
    try:
        return look(locate(app).app, *arguments)
    except LookupError as error:
        raise CommandError(str(error.args[0])) from None
