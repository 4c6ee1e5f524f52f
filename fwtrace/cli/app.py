"""The ``fwtrace`` program: its commands, loaded when they are used.

What a command raises ends here, as one sentence on standard error and an exit code.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from fwtrace import __version__
from fwtrace.cli.errors import CommandError, as_sentence, mistyped
from fwtrace.hosts.errors import AppImportFailed, AppNotFound, AppStartFailed, HostError

__all__ = ["COMMANDS", "build", "run"]

COMMANDS = (
    "request",
    "compare",
    "routes",
    "resolve",
    "middleware",
    "openapi",
    "environ",
    "signals",
    "sql",
    "models",
    "migrations",
    "apps",
    "frameworks",
)
"""Each is a module of this package with a function ``command``, or a ``group``."""

HELP = """See what a web framework does with a request.

Fires a request through an app, in this process, and shows its whole life.

Example: fwtrace request GET /users/1
"""

# Shells that complete a command line say so here; typer answers them.
_COMPLETING = "_FWTRACE_COMPLETE"


def build(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The program with these commands; only their modules are imported."""
    app = typer.Typer(
        name="fwtrace",
        help=HELP,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_program)
    for name in names:
        module = importlib.import_module(f"fwtrace.cli.{name}")
        if hasattr(module, "group"):
            app.add_typer(module.group, name=name)
        else:
            app.command(name)(module.command)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        from fwtrace.cli.output import write

        write(f"fwtrace {__version__}\n")
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
    """Run the program; returns its exit code. Nothing but Ctrl-C comes out of it."""
    try:
        _invoke(list(arguments) or ["--help"])
    except typer.Exit as done:
        return done.exit_code
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except KeyboardInterrupt:
        return 130
    except CommandError as error:
        return _fail(str(error), error.exit_code)
    except (AppImportFailed, AppStartFailed) as error:
        from fwtrace.cli.output import show_user_traceback

        show_user_traceback(error)
        return _fail(str(error), 1)
    except HostError as error:
        return _fail(str(error), 2 if isinstance(error, AppNotFound) else 1)
    except OSError as error:
        # Most likely of typer, which prints the help itself.
        from fwtrace.cli.output import abandon

        abandon(sys.stdout)
        if isinstance(error, BrokenPipeError):
            return 0
        if error.errno == errno.ENOSPC:
            return _fail(f"Cannot write the output: {error.strerror}.", 1)
        return _unexpected(error)
    except BaseException as error:
        typed = mistyped(error)
        return _fail(typed, 2) if typed else _unexpected(error)
    return 0


def _invoke(arguments: list[str]) -> None:
    app = build(_wanted(arguments))
    if _COMPLETING in os.environ:
        app(arguments, prog_name="fwtrace")
    # Not app(): that turns what goes wrong into lines and codes of its own.
    command = typer.main.get_command(app)
    with command.make_context("fwtrace", arguments) as context:
        command.invoke(context)


def _wanted(arguments: Sequence[str]) -> Iterable[str]:
    """The one command that is run; all of them for help and for completion."""
    if arguments[0] == "--version":
        return ()
    return arguments[:1] if arguments[0] in COMMANDS else COMMANDS


def _fail(sentence: str, code: int) -> int:
    from fwtrace.cli.output import write

    write(f"Error: {as_sentence(sentence)}\n", sys.stderr)
    return code


def _unexpected(error: BaseException) -> int:
    """A fault of ours, in one line that its reporter can copy."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    at = ""
    if traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        at = f" ({os.path.basename(file)}:{traceback.tb_lineno})"
    return _fail(f"Unexpected {type(error).__name__}: {error}{at}", 1)
