"""What each stage has to say, as lines: a table from stage to a small function.

``heading`` is what stands beside the stage's name, ``details`` what stands below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from rich.text import Text

from fwtrace.render import solving
from fwtrace.render.sql import format_sql
from fwtrace.render.text import clean, duration, place, plain
from fwtrace.tracer.awaiting import RUNNING
from fwtrace.tracer.model import Location, Span

__all__ = ["changes", "details", "frame_lines", "heading", "source_lines", "where"]

Line = Text
TRIED = 8
MESSAGES = 8
_CHANGING = ("DELETE", "INSERT", "MERGE", "REPLACE", "UPDATE", "WITH")
_VALUED = ("CGI", "HTTP header", "request line")
_PLACED = ("call", "signal", "sql", "view")


def heading(span: Span) -> Text:
    """Stage-specific words after the stage's label."""
    return Text(clean(_HEADINGS.get(span.stage, _name)(span)))


def where(span: Span) -> str:
    """The place of the user's code that the span is about."""
    is_placed = span.stage in _PLACED or "fwtrace.hook" in span.attributes
    return place(span.location) if is_placed else ""


def details(span: Span, width: int) -> Iterator[Line]:
    """Lines below the heading, each at most ``width`` cells wide where it can be."""
    describe = _DETAILS.get(span.stage)
    if describe is not None:
        yield from describe(span, width)
    yield from solving.thread(span)
    running = span.attributes.get(RUNNING)
    if running is not None and span.stage != "middleware":
        waiting = duration(max(0, span.duration - running))
        yield plain(f"{duration(running)} running, {waiting} awaiting", "dim")
    if span.error is not None and not _is_told_elsewhere(span):
        error = f"raised {span.error['type']}: {span.error['message']}"
        yield plain(error, "red")
    if span.fault is not None:
        yield plain(f"fwtrace's own fault: {span.fault}", "red")


def _is_told_elsewhere(span: Span) -> bool:
    """Whether the error stands in the details, or at the operation that raised it."""
    return span.stage == "exception" or (
        span.stage == "migration"
        and any(c.stage == "migration" and c.error for c in span.children)
    )


def source_lines(span: Span) -> Iterator[Line]:
    """The excerpt of the code, with line numbers."""
    source = span.attributes.get("fwtrace.source")
    if not source:
        return
    for number, line in enumerate(source["lines"], source["start"]):
        yield Text.assemble((f"{number:>5} ", "dim"), clean(line.expandtabs(4)))


def _name(span: Span) -> str:
    return span.name


def _environ_heading(span: Span) -> str:
    return f"{len(span.attributes.get('fwtrace.environ', ()))} keys"


def _scope_heading(span: Span) -> str:
    entries = span.attributes.get("fwtrace.environ", ())
    headers = sum(e["origin"] == "HTTP header" for e in entries)
    return f"{len(entries) - headers} keys, {_count(headers, 'header')}"


def _websocket_heading(span: Span) -> str:
    """``receive 'hello' · 5 bytes``, ``close 4000 see you``, ``accept chat``"""
    attributes = span.attributes
    parts = [span.name]
    text, size = (attributes.get(f"fwtrace.websocket.{n}") for n in ("text", "size"))
    if size is not None:
        parts.append(_count(size, "byte") if text is None else f"{text!r}")
    for name in ("subprotocol", "code", "reason"):
        value = attributes.get(f"fwtrace.websocket.{name}")
        parts += [str(value)] if value not in (None, "") else []
    return " ".join(parts)


def _resolver_heading(span: Span) -> str:
    attributes = span.attributes
    endpoint = attributes.get("fwtrace.route.endpoint")
    return f"{span.name} → {endpoint}" if endpoint else span.name


def _view_heading(span: Span) -> str:
    arguments = span.attributes.get("fwtrace.arguments", {})
    shown = ", ".join(f"{name}={value}" for name, value in arguments.items())
    returned = span.attributes.get("fwtrace.return_type")
    arrow = f" → {returned}" if returned else ""
    return f"{span.name}({shown}){arrow}"


def _sql_heading(span: Span) -> str:
    attributes = span.attributes
    rows = attributes.get("db.response.returned_rows")
    affected = attributes.get("fwtrace.sql.affected_rows")
    if rows is not None:
        return f"{span.name} · {_count(rows, 'row')}"
    if affected or (affected is not None and span.name.startswith(_CHANGING)):
        return f"{span.name} · {_count(affected, 'row')} affected"
    return span.name


def _migration_heading(span: Span) -> str:
    """``shop.0002_isbn, undone``; of an operation ``2 of 3: + Add field isbn``"""
    attributes = span.attributes
    number, count, rows = (
        attributes.get(f"fwtrace.migration.{name}", 0)
        for name in ("number", "operations", "rows")
    )
    is_backwards = attributes.get("fwtrace.migration.direction") == "backwards"
    if number:
        undone = "undo " if is_backwards else ""
        written = f" · {_count(rows, 'row')}" if rows else ""
        return f"{number} of {count}: {undone}{span.name}{written}"
    words = [span.name, "undone" if is_backwards and span.error is None else ""]
    words += [
        said
        for name, said in (
            ("resumed", "which was left half-way"),
            ("fake", "recorded only"),
        )
        if attributes.get(f"fwtrace.migration.{name}")
    ]
    return ", ".join(filter(None, words))


def _signal_heading(span: Span) -> str:
    if span.attributes.get("fwtrace.signal.receiver"):
        returned = span.attributes.get("fwtrace.signal.returned")
        return f"{span.name}()" + (f" → {returned}" if returned is not None else "")
    return f"{span.name} from {span.attributes.get('fwtrace.signal.sender')}"


def _template_heading(span: Span) -> str:
    return f"{span.attributes.get('fwtrace.template.kind', 'render')} {span.name}"


def _response_heading(span: Span) -> str:
    attributes = span.attributes
    size = attributes.get("http.response.body.size", 0)
    kind = attributes.get("fwtrace.body.type") or "no content type"
    chunks = attributes.get("fwtrace.body.chunks", 0)
    streamed = f" in {chunks} chunks" if attributes.get("fwtrace.body.streamed") else ""
    return f"{span.name} · {kind} · {size:,} bytes{streamed}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _environ(span: Span, width: int) -> Iterator[Line]:
    """The keys by where they came from; the whole of it is ``fwtrace environ``."""
    groups: dict[str, list[str]] = {}
    for entry in span.attributes.get("fwtrace.environ", ()):
        shown = entry["key"]
        if entry["origin"] in _VALUED and entry["value"]:
            shown += f"={entry['value']}"
        groups.setdefault(entry["origin"], []).append(shown)
    for origin, shown_keys in groups.items():
        line = Text.assemble((f"{origin}: ", "dim"), clean(", ".join(shown_keys)))
        line.truncate(width, overflow="ellipsis")
        yield line


def _resolver(span: Span, width: int) -> Iterator[Line]:
    attributes = span.attributes
    tried = attributes.get("fwtrace.resolver.tried", [])
    hidden = max(0, len(tried) - TRIED)
    if hidden:
        yield plain(f"… {_count(hidden, 'pattern')} tried before", "dim")
    for attempt in tried[hidden:]:
        mark, style = ("✓", "green") if attempt["matched"] else ("✗", "dim")
        line = Text.assemble((f"{mark} {clean(attempt['pattern'])}", style))
        if attempt["methods"]:
            line.append(f" [{' '.join(m for m in attempt['methods'])}]", "dim")
        if attempt["reason"]:
            line.append(f"  {clean(attempt['reason'])}", "dim")
        line.truncate(width, overflow="ellipsis")
        yield line
    converters = attributes.get("fwtrace.route.converters") or {}
    for name, value in (attributes.get("fwtrace.route.kwargs") or {}).items():
        kind = converters.get(name, "text")
        yield plain(f"{name} = {value} ({kind} converter)")
    if attributes.get("fwtrace.resolver.near"):
        near = ", ".join(attributes["fwtrace.resolver.near"])
        yield plain(f"near misses: {near}")
    if attributes.get("fwtrace.resolver.allowed"):
        allowed = ", ".join(attributes["fwtrace.resolver.allowed"])
        yield plain(f"allowed: {allowed}")


def _sql(span: Span, width: int) -> Iterator[Line]:
    attributes = span.attributes
    sql = format_sql(attributes.get("db.query.text", ""), width)
    yield from sql.split("\n")
    parameters = [
        f"{value!r}"
        for key, value in attributes.items()
        if key.startswith("db.query.parameter.")
    ]
    if parameters:
        line = Text.assemble(("with ", "dim"), clean(", ".join(parameters)))
        line.truncate(width, overflow="ellipsis")
        yield line


def _signal(span: Span, width: int) -> Iterator[Line]:
    for skipped in span.attributes.get("fwtrace.signal.skipped", ()):
        text = f"skipped {skipped['receiver']}(): it {skipped['reason']}"
        yield plain(text, "dim")


def _template(span: Span, width: int) -> Iterator[Line]:
    names = span.attributes.get("fwtrace.template.context")
    if names:
        line = Text.assemble(("context ", "dim"), clean(", ".join(names)))
        line.truncate(width, overflow="ellipsis")
        yield line


def _request(span: Span, width: int) -> Iterator[Line]:
    fields = span.attributes.get("fwtrace.request.fields")
    if fields:
        shown = ", ".join(f"{k}={v}" if k else str(v) for k, v in fields.items())
        line = plain(shown)
        line.truncate(width, overflow="ellipsis")
        yield line
    for file in span.attributes.get("fwtrace.request.files", ()):
        yield plain(f"{file['name']}: {file['filename']}, {file['size']:,} bytes")


def _session(span: Span, width: int) -> Iterator[Line]:
    keys = ", ".join(span.attributes.get("fwtrace.session.keys", ())) or "empty"
    new = "new, " if span.attributes.get("fwtrace.session.new") else ""
    yield plain(f"{new}{keys} ({span.attributes.get('fwtrace.session.store')})", "dim")


def _serializer_heading(span: Span) -> str:
    attributes = span.attributes
    kind = attributes.get("fwtrace.serializer.type", "?")
    size = attributes.get("fwtrace.serializer.size")
    return f"{span.name} of {kind}" + (f", {size:,} bytes" if size else "")


def _exception(span: Span, width: int) -> Iterator[Line]:
    attributes = span.attributes
    if "fwtrace.exception.handler" in attributes:
        handler = attributes["fwtrace.exception.handler"]
        taken = "no handler" if handler is None else f"handled by {handler}()"
        reason = attributes.get("fwtrace.exception.handler.reason", "")
        yield plain(f"{taken}: {reason}", "bold")
    yield plain(attributes.get("exception.message", ""), "red")
    frames = attributes.get("fwtrace.exception.frames", [])
    own = [frame for frame in frames if frame["user"]] or frames[-3:]
    yield from frame_lines(own)
    hidden = len(frames) - len(own)
    if hidden:
        yield plain(f"… {_count(hidden, 'frame')} of libraries left out", "dim")


def frame_lines(frames: list[dict[str, Any]]) -> Iterator[Line]:
    """The frames of a traceback: where, in what, and the line itself."""
    for frame in frames:
        at = place(Location(frame["file"], frame["line"]))
        yield Text.assemble(at, (f" in {clean(frame['function'])}", "dim"))
        if frame["text"]:
            yield Text(f"  {clean(frame['text'])}", "bold")


def _response(span: Span, width: int) -> Iterator[Line]:
    attributes = span.attributes
    fields = attributes.get("http.response.headers", ())
    yield from flow(
        (Text.assemble((f"{clean(n)}: ", "dim"), clean(v)) for n, v in fields), width
    )
    messages = attributes.get("fwtrace.response.messages", ())
    yield from flow(_messages(messages, attributes), width)
    preview = attributes.get("fwtrace.body.preview", "")
    if preview:
        line = plain(preview)
        line.truncate(width * 2, overflow="ellipsis")
        yield line


def _messages(messages: Sequence[Any], attributes: dict[str, Any]) -> Iterator[Text]:
    """What an ASGI app sent, message by message, each so long after the first."""
    for message in messages[:MESSAGES]:
        kind = message["type"].rpartition(".")[2]
        size = f" {message['size']:,} bytes" if "size" in message else ""
        later = message["at"] - messages[0]["at"]
        at = f" +{duration(later)}" if later else ""
        yield Text.assemble((f"{clean(kind)}{size}", "bold"), (at, "dim"))
    hidden = len(messages) - MESSAGES
    if hidden > 0:
        yield plain(f"… {_count(hidden, 'message')} more", "dim")
    after = attributes.get("fwtrace.response.after_ns")
    if after is not None:
        yield plain(f"the app returned {duration(after)} later", "dim")


def _websocket(span: Span, width: int) -> Iterator[Line]:
    fields = span.attributes.get("http.response.headers", ())
    yield from flow(
        (Text.assemble((f"{clean(n)}: ", "dim"), clean(v)) for n, v in fields), width
    )


_HEADINGS: dict[str, Callable[[Span], str]] = {
    "dependency": solving.dependency_heading,
    "environ": _environ_heading,
    "scope": _scope_heading,
    "migration": _migration_heading,
    "resolver": _resolver_heading,
    "view": _view_heading,
    "sql": _sql_heading,
    "serializer": _serializer_heading,
    "signal": _signal_heading,
    "template": _template_heading,
    "validation": solving.validation_heading,
    "response": _response_heading,
    "websocket": _websocket_heading,
}

_DETAILS: dict[str, Callable[[Span, int], Iterator[Line]]] = {
    "dependency": solving.dependency,
    "environ": _environ,
    "scope": _environ,
    "exception": _exception,
    "request": _request,
    "resolver": _resolver,
    "response": _response,
    "serializer": solving.removed,
    "session": _session,
    "signal": _signal,
    "sql": _sql,
    "template": _template,
    "validation": solving.validation,
    "websocket": _websocket,
}


def changes(span: Span, half: str, width: int) -> Iterator[Line]:
    """What a middleware changed on its way in or out: ``+ added``, ``~``, ``-``."""
    made = span.attributes.get("fwtrace.changes", ())
    yield from flow((_change(each) for each in made if each["half"] == half), width)


def flow(pieces: Iterable[Text], width: int) -> Iterator[Line]:
    """Pieces side by side, as many to a line as it holds; long ones are cut."""
    line = Text()
    for piece in pieces:
        if line and line.cell_len + 2 + piece.cell_len > width:
            yield line
            line = Text()
        if line:
            line.append("  ")
        piece.truncate(width, overflow="ellipsis")
        line.append_text(piece)
    if line:
        yield line


_OPERATIONS: dict[str, tuple[str, str]] = {
    "added": ("+", "green"),
    "changed": ("~", "blue"),
    "removed": ("-", "red"),
}


def _change(change: dict[str, Any]) -> Text:
    sign, style = _OPERATIONS.get(change["op"], ("?", ""))
    shown = change.get("value", change.get("old", ""))
    return Text.assemble(
        (f"{sign} ", style), clean(change["key"]), (f": {clean(shown)}", "dim")
    )
