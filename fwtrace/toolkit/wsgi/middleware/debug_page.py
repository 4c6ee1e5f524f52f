"""The page that shows a developer an exception: message, frames, request.

Everything on it is escaped, nothing on it is fetched, no script runs, and values whose
name says that they are secret stay out.
"""

from __future__ import annotations

import os
import re
import sysconfig
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from types import TracebackType
from typing import Any

from fwtrace.toolkit.wsgi.middleware._source import excerpt
from fwtrace.toolkit.wsgi.types import Environ

__all__ = ["HEADERS", "message", "render"]

HEADERS = [
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
    ("Cache-Control", "no-store"),
]
LENGTH = 4000
"""Characters kept of a message."""
TEXT = 20_000
"""Characters kept of the traceback as text."""
VALUE = 500
"""Characters kept of a value of the request."""
FRAMES = 60
OPEN_FRAMES = 8
CHAIN = 10

REDACTED = "[redacted]"
_SECRET = re.compile(
    r"passw|passphrase|pwd|secret|token|cookie|session|csrf|xsrf|credential"
    r"|auth(?!or(?!i))|key|signature|(?<![a-z])(otp|pin|cvv|ssn)(?![a-z])",
    re.IGNORECASE,
)

_OWN = os.path.dirname(  # fwtrace itself
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
)
_STDLIB = sysconfig.get_path("stdlib")
_INSTALLED = f"{os.sep}site-packages{os.sep}"

_STYLE = """
:root { color-scheme: light dark; --paper: #f6f7f9; --card: #fff; --ink: #1d2127;
  --dim: #5d6570; --line: #dde1e7; --accent: #b42318; --here: #fdf0ee;
  --keyword: #8a2fb0; --string: #22703a; --number: #9a5200; --comment: #6a727d; }
@media (prefers-color-scheme: dark) { :root { --paper: #14161a; --card: #1c1f25;
  --ink: #e4e7ec; --dim: #9aa3af; --line: #313640; --accent: #ff8f85; --here: #3a2224;
  --keyword: #d2a0f0; --string: #8fd3a2; --number: #f0b673; --comment: #8b95a3; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); }
header, main { max-width: 64rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
code, pre, td, .where { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas,
  monospace; }
.request { color: var(--dim); margin: 0; overflow-wrap: anywhere; }
h1 { margin: .25rem 0 0; font-size: 1.75rem; line-height: 1.25; color: var(--accent);
  overflow-wrap: anywhere; }
.message { margin: .5rem 0 0; font-size: 1.125rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.chain { margin: 2.5rem 0 0; padding-top: 1.5rem; border-top: 1px solid var(--line); }
.chain h1 { font-size: 1.25rem; }
h2 { margin: 2rem 0 .5rem; font-size: 1rem; }
h2 small { color: var(--dim); font-weight: 400; }
details { margin: .5rem 0; border: 1px solid var(--line); border-radius: 8px;
  background: var(--card); overflow: hidden; }
summary { padding: .5rem .875rem; cursor: pointer; overflow-wrap: anywhere; }
summary:hover { background: color-mix(in srgb, var(--ink) 5%, transparent); }
summary code { font-weight: 600; }
.where { color: var(--dim); font-size: .8125rem; margin-left: .5rem; }
.library { border-style: dashed; background: none; }
.library > summary { color: var(--dim); font-size: .875rem; }
.library details { margin: .5rem; }
pre { margin: 0; padding: .5rem 0; border-top: 1px solid var(--line); overflow-x: auto;
  font-size: .8125rem; line-height: 1.6; }
pre > span { display: block; width: max-content; min-width: 100%; padding: 0 1rem 0 0; }
pre i { display: inline-block; width: 3.75rem; padding-right: 1rem; text-align: right;
  font-style: normal; color: var(--dim); user-select: none; }
.here { background: var(--here); box-shadow: inset 3px 0 var(--accent); }
.here i { color: var(--accent); font-weight: 600; }
u { text-decoration: underline wavy var(--accent) 1px; text-underline-offset: 3px; }
pre b { font-weight: 400; } .k { color: var(--keyword); } .s { color: var(--string); }
.n { color: var(--number); } .c { color: var(--comment); font-style: italic; }
.locals { margin: 0; padding: .375rem .875rem; border-top: 1px solid var(--line);
  color: var(--dim); font-size: .8125rem; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; background: var(--card);
  font-size: .8125rem; border: 1px solid var(--line); table-layout: fixed; }
td { padding: .3125rem .875rem; vertical-align: top; overflow-wrap: anywhere;
  border-top: 1px solid var(--line); } td:first-child { color: var(--dim); width: 30%; }
.plain { padding: .75rem .875rem; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { max-width: 64rem; margin: 2rem auto; padding: 0 1.25rem; color: var(--dim);
  font-size: .8125rem; }
"""


def render(environ: Environ, error: BaseException) -> str:
    """The page as HTML."""
    request = f"{environ['REQUEST_METHOD']} {_path(environ)}"
    latest, *before = _chain(error)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escape(type(latest).__name__)} at {escape(request)}</title>"
        f"<style>{_STYLE}</style>"
        f"<header><p class=request><code>{escape(request)}</code></p>{_head(latest)}"
        f"</header><main>{_frames(latest.__traceback__)}"
        f"{''.join(map(_earlier, before))}{_request(environ)}{_text(error)}</main>"
        "<footer>You see this page because the app runs in debug mode. Switch that off "
        "where strangers can reach it.</footer></html>"
    )


def message(error: BaseException) -> str:
    """What the exception says, even if it fails to."""
    try:
        text = str(error)
        notes = getattr(error, "__notes__", ())
        text = "\n".join([text, *map(str, notes)])
    except Exception:
        return "(the exception's own text cannot be shown: its __str__ raised)"
    return _cut(text, LENGTH)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}… ({len(text):,} in all)"


def _chain(error: BaseException | None) -> list[BaseException]:
    """The error and those that led to it, the latest first."""
    chain: list[BaseException] = []
    while error is not None and len(chain) < CHAIN:
        if any(error is each for each in chain):
            break
        chain.append(error)
        cause, context = error.__cause__, error.__context__
        error = cause or (None if error.__suppress_context__ else context)
    return chain


def _head(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = f"{kind.__module__}.{name}"
    inner = ""
    if isinstance(error, BaseExceptionGroup):
        inner = "".join(f"\n• {type(e).__name__}: {message(e)}" for e in _group(error))
    text = message(error) + inner
    says = f"<p class=message>{escape(text)}</p>" if text else ""
    return f"<h1>{escape(name)}</h1>{says}"


def _group(error: BaseExceptionGroup[Any]) -> tuple[BaseException, ...]:
    return error.exceptions[:CHAIN]


def _earlier(error: BaseException) -> str:
    return (
        f"<section class=chain><p class=request>raised after</p>{_head(error)}"
        f"{_frames(error.__traceback__)}</section>"
    )


def _frames(traceback: TracebackType | None) -> str:
    """The calls, the innermost first: the user's open, those of libraries folded."""
    calls = list(_calls(traceback))[-FRAMES:][::-1]
    if not calls:
        return ""
    mine = [call for call in calls if _is_users(call)] or calls[:1]
    opened = {id(call) for call in mine[:OPEN_FRAMES]}
    users = {id(call) for call in mine}
    shown = []
    for is_mine, group in groupby(calls, lambda call: id(call) in users):
        frames = [_frame(call, id(call) in opened) for call in group]
        shown.append("".join(frames) if is_mine else _folded(frames))
    return "<h2>Traceback <small>the innermost call first</small></h2>" + "".join(shown)


def _calls(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        # As Werkzeug's and Django's debug pages: code may keep itself out of sight.
        if not traceback.tb_frame.f_locals.get("__traceback_hide__"):
            yield traceback
        traceback = traceback.tb_next


def _is_users(call: TracebackType) -> bool:
    file = call.tb_frame.f_code.co_filename
    if file.startswith("<") or _INSTALLED in file:
        return False
    return not file.startswith((_OWN + os.sep, _STDLIB + os.sep))


def _folded(frames: list[str]) -> str:
    count = f"{len(frames)} calls" if len(frames) > 1 else "1 call"
    return (
        f"<details class=library><summary>{count} in libraries</summary>"
        f"{''.join(frames)}</details>"
    )


def _frame(call: TracebackType, opened: bool) -> str:
    code = call.tb_frame.f_code
    names = [name for name in call.tb_frame.f_locals if name.isidentifier()]
    names = [*names[:40], "…"] if len(names) > 40 else names
    held = f"<p class=locals>local names: {escape(', '.join(names))}</p>"
    return (
        f"<details{' open' if opened else ''}><summary>"
        f"<code>{escape(code.co_qualname)}</code><span class=where "
        f'title="{escape(code.co_filename)}">'
        f"{escape(_short(code.co_filename))}:{call.tb_lineno}</span></summary>"
        f"{excerpt(call)}{held if names else ''}</details>"
    )


def _short(file: str) -> str:
    """The path from where its reader looks: the working or the installed folder."""
    if _INSTALLED in file:
        return file.rpartition(_INSTALLED)[2]
    return file.removeprefix(os.getcwd() + os.sep)


def _path(environ: Environ) -> str:
    raw = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return str(raw).encode("latin-1", "replace").decode("utf-8", "replace") or "/"


def _request(environ: Environ) -> str:
    params = environ.get("wsgiorg.routing_args", ((), {}))[1]
    headers = (
        (key.removeprefix("HTTP_").replace("_", "-").title(), value)
        for key, value in sorted(environ.items())
        if key.startswith("HTTP_") or (value and key.startswith("CONTENT_"))
    )
    return "".join(
        _table(title, rows)
        for title, rows in (
            ("Parameters of the route", params.items()),
            ("Query", _query(environ.get("QUERY_STRING", ""))),
            ("Headers", headers),
        )
    )


def _query(text: str) -> Iterator[tuple[str, str]]:
    from urllib.parse import unquote_plus

    for part in text.split("&", 100)[:100]:
        name, _, value = part.partition("=")
        if part:
            yield unquote_plus(name), unquote_plus(value)


def _table(title: str, rows: Iterable[tuple[str, Any]]) -> str:
    cells = "".join(
        f"<tr><td>{escape(str(name)[:VALUE])}<td>{escape(_value(str(name), value))}"
        for name, value in rows
    )
    return f"<h2>{title}</h2><table>{cells}</table>" if cells else ""


def _value(name: str, value: Any) -> str:
    if _SECRET.search(name):
        return REDACTED
    text = str(value) if isinstance(value, (str, int, float)) else type(value).__name__
    if "?" in text and "=" in text:  # a URL: Referer, for one
        text = _PAIR.sub(_hide, text)
    return _cut(text, VALUE)


_PAIR = re.compile(r"([^?&=\s]+)=([^&\s#]*)")


def _hide(found: re.Match[str]) -> str:
    return f"{found[1]}={REDACTED}" if _SECRET.search(found[1]) else found[0]


def _text(error: BaseException) -> str:
    """The traceback as Python prints it, to be copied."""
    import traceback

    try:
        text = "".join(traceback.format_exception(error, limit=-FRAMES))
    except Exception:  # an exception whose own code fails
        return ""
    return (
        "<details><summary>As text, to copy</summary>"
        f"<pre class=plain>{escape(_cut(text, TEXT))}</pre></details>"
    )
