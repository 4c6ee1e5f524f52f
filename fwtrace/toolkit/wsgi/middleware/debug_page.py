"""The page that shows a developer an exception: message, frames, request."""

from __future__ import annotations

import linecache
import os
import sysconfig
from html import escape
from types import TracebackType
from typing import Any

from fwtrace.toolkit.wsgi.types import Environ

__all__ = ["render"]

CONTEXT = 4
_LIBRARY = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib"))
_SECRET = ("cookie", "auth", "password", "secret", "token", "key", "session")

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --dim: #63676d; --paper: #fff;
  --line: #dfe1e5; --mark: #fff1d6; --accent: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --dim: #9aa0a6;
  --paper: #17181a; --line: #34363a; --mark: #44371c; --accent: #ff8a80; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); margin: 0 auto; max-width: 60rem; padding: 2rem 1rem; }
h1 { font-size: 1.5rem; margin: 0; color: var(--accent); overflow-wrap: anywhere; }
h1 + p { font-size: 1.15rem; margin: .25rem 0 1.5rem; overflow-wrap: anywhere;
  white-space: pre-wrap; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; }
summary { padding: .5rem .75rem; cursor: pointer; overflow-wrap: anywhere; }
summary small { color: var(--dim); }
pre { margin: 0; padding: .5rem 0; overflow-x: auto; border-top: 1px solid var(--line);
  font: 13px/1.6 ui-monospace, monospace; }
pre span { display: block; padding: 0 .75rem; }
pre i { color: var(--dim); font-style: normal; display: inline-block; width: 4ch;
  text-align: right; margin-right: 1rem; user-select: none; }
pre .here { background: var(--mark); font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
td { border-top: 1px solid var(--line); padding: .25rem .5rem; vertical-align: top;
  overflow-wrap: anywhere; } td:first-child { color: var(--dim); white-space: nowrap; }
"""


def render(environ: Environ, error: BaseException) -> str:
    """The page as HTML, everything in it escaped."""
    request = f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}"
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escape(_name(error))} at {escape(request)}</title>"
        f"<style>{_STYLE}</style>{''.join(map(_chapter, _chain(error)))}"
        f"<h2>Request</h2><table>{_row('request', request)}"
        f"{''.join(_row(key, _value(key, environ[key])) for key in _keys(environ))}"
        "</table></html>"
    )


def _name(error: BaseException) -> str:
    return type(error).__name__


def _chain(error: BaseException | None) -> list[BaseException]:
    """The error and those that led to it, the latest first."""
    chain: list[BaseException] = []
    while error is not None and error not in chain and len(chain) < 10:
        chain.append(error)
        error = error.__cause__ or (
            None if error.__suppress_context__ else error.__context__
        )
    return chain


def _chapter(error: BaseException) -> str:
    frames = "".join(_frames(error.__traceback__))
    try:
        message = str(error)
    except Exception:
        message = "(the exception cannot be shown)"
    return (
        f"<h1>{escape(_name(error))}</h1><p>{escape(message)}</p>"
        f"<h2>Traceback, the innermost call last</h2>{frames}"
    )


def _frames(traceback: TracebackType | None) -> list[str]:
    shown = []
    while traceback is not None:
        frame = traceback.tb_frame
        # As Werkzeug's and Django's debug pages: code may keep itself out of sight.
        if not frame.f_locals.get("__traceback_hide__"):
            shown.append(_frame(frame.f_code, traceback.tb_lineno))
        traceback = traceback.tb_next
    return shown[-50:]


def _frame(code: Any, line: int) -> str:
    file = code.co_filename
    library = file.startswith(_LIBRARY) or f"{os.sep}toolkit{os.sep}" in file
    opened = "" if library else " open"
    lines = "".join(
        f"<span{' class=here' if number == line else ''}><i>{number}</i>"
        f"{escape(linecache.getline(file, number).rstrip())}</span>"
        for number in range(max(1, line - CONTEXT), line + CONTEXT + 1)
        if linecache.getline(file, number)
    )
    return (
        f"<details{opened}><summary>{escape(code.co_qualname)} "
        f"<small>{escape(file)}:{line}</small></summary><pre>{lines}</pre></details>"
    )


def _keys(environ: Environ) -> list[str]:
    return sorted(
        key
        for key in environ
        if key.startswith("HTTP_")
        or key in ("QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "REMOTE_ADDR")
    )


def _value(key: str, value: Any) -> str:
    secret = any(word in key.lower() for word in _SECRET)
    return "[redacted]" if secret else str(value)[:500]


def _row(key: str, value: str) -> str:
    return f"<tr><td>{escape(key)}<td>{escape(value)}"
