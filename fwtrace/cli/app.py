"""The ``fwtrace`` program: its commands, loaded when they are used."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from fwtrace import __version__
from fwtrace.cli.errors import CommandError
from fwtrace.hosts.errors import AppImportFailed, AppNotFound, HostError

__all__ = ["COMMANDS", "build", "run"]

COMMANDS = (
    "request",
    "routes",
    "resolve",
    "middleware",
    "environ",
    "signals",
    "apps",
)
"""Each is a module of this package with a function ``command``."""

HELP = """See what a web framework does with a request.

Fires a request through an app, in this process, and shows its whole life.

Example: fwtrace request GET /users/1
"""


def build(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The program with these commands; only their modules are imported."""
    app = typer.Typer(
        name="fwtrace",
        help=HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_program)
    for name in names:
        module = importlib.import_module(f"fwtrace.cli.{name}")
        app.command(name)(module.command)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"fwtrace {__version__}")
        raise typer.Exit


def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    pass


_program.__doc__ = HELP


def run(arguments: Sequence[str]) -> int:
    """Run the program; returns its exit code."""
    try:
        build(_wanted(arguments))(list(arguments), prog_name="fwtrace")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except CommandError as error:
        return _fail(str(error), error.exit_code)
    except AppImportFailed as error:
        from fwtrace.cli.output import show_user_traceback

        show_user_traceback(error)
        return _fail(str(error), 1)
    except AppNotFound as error:
        return _fail(str(error), 2)
    except HostError as error:
        return _fail(str(error), 1)
    except BrokenPipeError:
        # The reader has seen enough. Python would complain again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return 0


def _wanted(arguments: Sequence[str]) -> Iterable[str]:
    """The one command that is run; all of them for help and for completion."""
    first = next((each for each in arguments if not each.startswith("-")), None)
    if arguments[:1] == ["--version"]:
        return ()
    return (first,) if first in COMMANDS else COMMANDS


def _fail(sentence: str, code: int) -> int:
    from fwtrace.cli.output import printable

    print(f"Error: {printable(sentence)}", file=sys.stderr)
    return code
