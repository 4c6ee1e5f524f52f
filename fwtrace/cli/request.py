"""``fwtrace request``: fire a request, draw what the framework did with it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode, urlsplit

import typer

from fwtrace.cli.errors import CommandError, UsageError, did_you_mean
from fwtrace.cli.items import Items, nested, parse_items, read_file
from fwtrace.cli.options import AppName, Database

if TYPE_CHECKING:
    from fwtrace.tracer.model import Trace

__all__ = ["command"]

FORMATS = ("tree", "table", "timeline", "json")


def _complete_stage(incomplete: str) -> list[str]:
    from fwtrace.tracer.model import STAGES

    return [stage for stage in STAGES if stage.startswith(incomplete)]


def command(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[METHOD] PATH [ITEMS]...",
            help="name=value, name:=json, q==value, Header:value, file@path.",
        ),
    ],
    app: AppName = "micro",
    form: Annotated[
        bool, typer.Option("--form", "-f", help="Send fields as a form, not as JSON.")
    ] = False,
    body: Annotated[
        str | None,
        typer.Option(
            "--body", metavar="TEXT|@FILE", help="Send this body; @- is stdin."
        ),
    ] = None,
    cookie: Annotated[
        list[str] | None,
        typer.Option("--cookie", metavar="NAME=VALUE", help="Send a cookie."),
    ] = None,
    database: Database = None,
    stage: Annotated[
        list[str] | None,
        typer.Option(
            "--stage",
            help="Show only these stages (again, or with commas).",
            autocompletion=_complete_stage,
        ),
    ] = None,
    depth: Annotated[
        int | None, typer.Option("--depth", min=1, help="Levels of the tree to show.")
    ] = None,
    format: Annotated[
        str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")
    ] = "tree",
    as_json: Annotated[
        bool, typer.Option("--json", "-j", help="The same as --format json.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file."),
    ] = None,
    source: Annotated[
        bool, typer.Option("--source", help="Show the code of views and statements.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Exit 1 when the app raised or answered 4xx/5xx."),
    ] = False,
) -> None:
    """Send a request through an app and draw its life.

    Example: fwtrace request POST /users name=Ann age:=30 --app micro
    """
    import logging

    from fwtrace.cli.output import use_database

    stages = _stages(stage or [])
    wanted = "json" if as_json else _format(format)
    request = build_request(words, form=form, body=body, cookies=cookie or [])
    use_database(database)
    # The app's log would tell of an error that the picture tells better.
    logging.getLogger("fwtrace").addHandler(logging.NullHandler())
    from fwtrace.record import record

    trace = record(
        app,
        request.method,
        request.target,
        headers=request.headers,
        body=request.body,
    )
    _show(trace, wanted, stages, depth, source, output)
    failed = trace.outcome["error"] is not None or (trace.status or 500) >= 400
    if check and failed:
        raise typer.Exit(1)


def _format(name: str) -> str:
    if name not in FORMATS:
        hint = did_you_mean(name, FORMATS)
        raise UsageError(
            f"There is no format {name!r}.{hint} Formats: {', '.join(FORMATS)}."
        )
    return name


def _stages(given: Sequence[str]) -> frozenset[str] | None:
    from fwtrace.tracer.model import STAGES

    names = [name.strip() for each in given for name in each.split(",") if name.strip()]
    for name in names:
        if name not in STAGES:
            hint = did_you_mean(name, STAGES)
            raise UsageError(
                f"There is no stage {name!r}.{hint} Stages: {', '.join(STAGES)}."
            )
    return frozenset(names) or None


def _show(
    trace: Trace,
    format: str,
    stages: frozenset[str] | None,
    depth: int | None,
    source: bool,
    output: str | None,
) -> None:
    if output is not None:
        try:
            with open(output, "w", encoding="utf-8") as file:
                _write(trace, format, stages, depth, source, file)
        except OSError as error:
            raise CommandError(f"Cannot write {output!r}: {error.strerror}.") from None
    else:
        _write(trace, format, stages, depth, source, None)


def _write(
    trace: Trace,
    format: str,
    stages: frozenset[str] | None,
    depth: int | None,
    source: bool,
    file: Any,
) -> None:
    if format == "json":
        (file or sys.stdout).write(trace.to_json(indent=2) + "\n")
        return
    from rich.console import Console

    from fwtrace.cli.output import console
    from fwtrace.render import Options, load

    picture = load(format)(trace, Options(stages, depth, source))
    where = Console(file=file, width=120, color_system=None) if file else console()
    where.print(picture)


@dataclass(frozen=True, slots=True)
class BuiltRequest:
    """A request as it goes to the app."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes


def build_request(
    words: Sequence[str],
    *,
    form: bool = False,
    body: str | None = None,
    cookies: Sequence[str] = (),
) -> BuiltRequest:
    """The request that the words of the command line describe.

    Raises UsageError, or CommandError for a file that cannot be read.
    """
    method, url, rest = _method_and_url(words)
    items = parse_items(rest)
    content_type, data = _body(items, form, body)
    headers = _headers(items, content_type, cookies)
    return BuiltRequest(
        method or ("POST" if data or items.has_body else "GET"),
        _target(url, items.query),
        headers,
        data,
    )


def _method_and_url(words: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """HTTPie's rule: a first word of letters alone is the method."""
    if re.fullmatch("[A-Za-z]+", words[0]):
        if len(words) == 1:
            raise UsageError(
                f"{words[0]!r} is a method; a path is missing, as in "
                f"fwtrace request {words[0].upper()} /users/1."
            )
        return words[0].upper(), words[1], words[2:]
    return "", words[0], words[1:]


def _target(url: str, query: Sequence[tuple[str, str]]) -> str:
    if url.startswith(("http://", "https://")):
        try:
            parts = urlsplit(url)
        except ValueError:
            raise UsageError(f"{url!r} is no URL.") from None
        url = parts.path + (f"?{parts.query}" if parts.query else "")
    if not url.startswith("/"):
        url = "/" + url
    url = quote(url.partition("#")[0], safe="/?%:@!$&'()*+,;=~-._[]", errors="replace")
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query, errors="replace")
    return url


def _body(items: Items, form: bool, raw: str | None) -> tuple[str, bytes]:
    """``(content type, body)`` of the fields and files, or of --body."""
    if raw is not None:
        if items.has_body:
            raise UsageError("Give either --body or fields, not both.")
        data = read_file(raw[1:]) if raw.startswith("@") else _encoded(raw)
        return _guess(data), data
    if items.files:
        return _multipart(items)
    if not items.fields:
        return "", b""
    if form:
        pairs = [(name, _form_text(value)) for name, value in items.fields]
        encoded = urlencode(pairs, errors="replace")
        return "application/x-www-form-urlencoded", encoded.encode()
    import json

    return "application/json", json.dumps(nested(items.fields)).encode()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _guess(data: bytes) -> str:
    if data.lstrip()[:1] in (b"{", b"["):
        return "application/json"
    return "text/plain; charset=utf-8" if data else ""


def _form_text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value)


def _multipart(items: Items) -> tuple[str, bytes]:
    import os

    from fwtrace.toolkit.wsgi.client import encode_multipart
    from fwtrace.toolkit.wsgi.response import guess_type

    data: dict[str, Any] = {}
    for name, value in items.fields:
        data.setdefault(name, []).append(_form_text(value))
    for name, path in items.files:
        part = (os.path.basename(path), read_file(path), guess_type(path))
        data.setdefault(name, []).append(part)
    return encode_multipart(data)


def _headers(
    items: Items, content_type: str, cookies: Sequence[str]
) -> list[tuple[str, str]]:
    """The headers that go out: ours, then the user's in their place."""
    from fwtrace import __version__
    from fwtrace.toolkit.http.headers import Headers

    headers = Headers(
        [("User-Agent", f"fwtrace/{__version__}"), ("Accept", "*/*")],
    )
    if content_type:
        headers["Content-Type"] = content_type
    try:
        for cookie in cookies:
            if "=" not in cookie:
                raise UsageError(f"--cookie {cookie!r}: write name=value.")
        if cookies:
            headers["Cookie"] = "; ".join(cookies)
        for name in {name.lower(): name for name, _ in items.headers}.values():
            del headers[name]
        for name, value in items.headers:
            headers.add(name, value)
    except ValueError as error:
        raise UsageError(str(error)) from None
    for name in items.removed:
        del headers[name]
    return headers.to_list()
