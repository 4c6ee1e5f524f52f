"""``fwtrace sql``: follow an expression of the ORM to its SQL, its rows, its plan."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer

from fwtrace.cli.errors import CommandError, UsageError, did_you_mean
from fwtrace.cli.options import AppName, AsJson

if TYPE_CHECKING:
    from fwtrace.explore import exploring
    from fwtrace.tracer.model import Trace

__all__ = ["command"]

VENDORS = ("sqlite", "postgresql", "mysql")


def command(
    expressions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXPRESSION]...",
            help="Such as 'User.objects.filter(age__gt=30)'; - reads lines from stdin.",
        ),
    ] = None,
    app: AppName = "micro",
    models: Annotated[
        str | None,
        typer.Option("--models", metavar="MODULE", help="Take the models of a module."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="URL", help="Such as sqlite:///data.db."),
    ] = None,
    dialect: Annotated[
        str | None,
        typer.Option(
            "--dialect",
            metavar="NAMES",
            help=f"Only compile, for these: {', '.join(VENDORS)}.",
        ),
    ] = None,
    repeat: Annotated[
        int | None,
        typer.Option("--repeat", min=1, metavar="N", help="Time its phases N times."),
    ] = None,
    raw: Annotated[
        str | None,
        typer.Option("--raw", metavar="SQL", help="Run this statement as it is."),
    ] = None,
    commit: Annotated[
        bool,
        typer.Option("--commit", help="Keep what the expressions change."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show an expression of the ORM travel: methods, query, SQL, rows, plan.

    Example: fwtrace sql "User.objects.filter(posts__title__contains='a')[:5]"
    """
    import os

    from fwtrace.explore import exploring
    from fwtrace.hosts.evaluate import ExpressionError
    from fwtrace.toolkit.orm import DatabaseError, MissingDriver

    sources = _sources(expressions or [])
    if raw is not None:
        sources.append(f"raw({raw!r})")
    is_prompt = not sources and sys.stdin is not None and sys.stdin.isatty()
    if not sources and not is_prompt:
        raise UsageError(
            "What shall be evaluated? Type an expression, such as "
            '"User.objects.all()", or - to read them from stdin.'
        )
    if database is not None and models is None:
        os.environ["DATABASE_URL"] = database
    try:
        with exploring(app, models=models, database=database, commit=commit) as session:
            if is_prompt:
                _converse(session)
            elif dialect is not None:
                _compile(session, sources, _vendors(dialect), as_json)
            elif repeat is not None:
                _time(session, sources, repeat, as_json)
            else:
                _evaluate(session, sources, as_json)
            if session.changed and database is not None and not commit:
                session.commit = _shall_keep(session)
    except ExpressionError as error:
        raise UsageError(str(error)) from None
    except (DatabaseError, MissingDriver) as error:
        raise CommandError(str(error)) from None
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise CommandError(f"{type(error).__name__}: {error}") from None


def _sources(given: list[str]) -> list[str]:
    from fwtrace.hosts.evaluate import ExpressionError, statements

    found: list[str] = []
    for each in given:
        try:
            found += statements(sys.stdin.read()) if each == "-" else [each]
        except ExpressionError as error:
            raise UsageError(str(error)) from None
    return found


def _shall_keep(session: exploring) -> bool:
    """Ask, where somebody is there to answer."""
    if not sys.stdin or not (sys.stdin.isatty() and sys.stderr.isatty()):
        sys.stderr.write("Rolled back: nothing was changed. Add --commit to keep it.\n")
        return False
    question = f"Keep what was changed in {session.database.name!r}? [y/N] "
    sys.stderr.write(question)
    sys.stderr.flush()
    answer = sys.stdin.readline().strip().lower()
    kept = answer in ("y", "yes")
    sys.stderr.write("Committed.\n" if kept else "Rolled back.\n")
    return kept


def _vendors(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in VENDORS:
            hint = did_you_mean(name, VENDORS)
            raise UsageError(
                f"There is no dialect {name!r}.{hint} There are {', '.join(VENDORS)}."
            )
    return names


def _evaluate(session: exploring, sources: list[str], as_json: bool) -> None:
    from fwtrace.cli.output import draw, print_json
    from fwtrace.render import Options, load

    traces: list[Trace] = []
    failed = ""
    for number, source in enumerate(sources):
        # What an expression prints must not stand in the middle of JSON.
        with redirect_stdout(sys.stderr if as_json else sys.stdout):
            trace = session.evaluate(source)
        traces.append(trace)
        if not as_json:
            picture = load("journey")(trace, Options(None, None, False))
            draw(*([""] if number else []), picture)
        error = trace.outcome.get("error")
        if error:
            failed = f"{error['type'].rpartition('.')[2]}: {error['message']}"
            break
    if as_json:
        print_json([trace.to_dict() for trace in traces])
    if failed:
        raise CommandError(failed)


def _converse(session: exploring) -> None:
    """A prompt: each line is drawn, a mistake is one sentence, and on it goes."""
    from fwtrace.cli.errors import as_sentence
    from fwtrace.cli.output import draw, write
    from fwtrace.cli.prompt import lines
    from fwtrace.hosts.evaluate import ExpressionError
    from fwtrace.render import Options, load

    names = ", ".join(session.found.models)
    write(f"Models: {names}. Tab completes; Ctrl-D ends.\n")
    for line in lines(session.found.names):
        try:
            trace = session.evaluate(line)
        except ExpressionError as error:
            write(f"Error: {as_sentence(str(error))}\n", sys.stderr)
            continue
        draw(load("journey")(trace, Options(None, None, False)), "")


def _compile(
    session: exploring, sources: list[str], vendors: list[str], as_json: bool
) -> None:
    from fwtrace.cli.output import draw, print_json
    from fwtrace.render.sql import Dialects

    found = [session.compiled(source, vendors) for source in sources]
    if as_json:
        print_json(found)
    else:
        draw(*map(Dialects, found))


def _time(session: exploring, sources: list[str], repeat: int, as_json: bool) -> None:
    from fwtrace.cli.output import print_json, print_table

    found = [session.times(source, repeat) for source in sources]
    if as_json:
        print_json(found)
        return
    for source, times in zip(sources, found, strict=True):
        print_table(
            ("phase", "least"),
            [
                ("expression", source),
                *(
                    (name, f"{times[name]:,.1f} µs")
                    for name in ("compile", "bind", "execute", "load")
                ),
                ("rows", f"{times['rows']:,}"),
            ],
            folds="least",
        )
