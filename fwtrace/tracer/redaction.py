"""What must never enter a trace, decided when a value is recorded.

A name tells: headers, form fields, query parameters, JSON keys, columns and arguments
called something like ``password`` keep their place in the trace and lose their value.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["REDACTED", "is_secret", "redact_text"]

REDACTED = "[redacted]"

_SECRET = re.compile(
    r"passw(or)?d|passwd|passphrase|(?<![a-z])pwd(?![a-z])|secret|token|credential"
    r"|authori[sz]ation|(?<![a-z])auth(?![a-z])|api[-_ ]?key|access[-_ ]?key"
    r"|private[-_ ]?key|cookie|csrf|xsrf|session[-_ ]?(id|key)"
    r"|(?<![a-z])(otp|pin|cvv|ssn)(?![a-z])",
    re.IGNORECASE,
)

# One of these is in every name that the expression above finds.
_WORDS = (
    "pass", "pwd", "secret", "token", "credential", "auth", "key", "cookie", "csrf",
    "xsrf", "session", "otp", "pin", "cvv", "ssn",
)  # fmt: skip

# key=value (query strings, forms) and "key": value (JSON), for text of unknown shape.
_PAIR = re.compile(r"([\w.%\[\]-]{1,100})=([^&;\s]*)")
_MEMBER = re.compile(
    r'"((?:[^"\\]|\\.){1,100})"(\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}\]\[{]+)'
)
# The same as Python writes it, as in the text of an exception.
_ITEM = re.compile(r"'((?:[^'\\]|\\.){1,100})'(: )('(?:[^'\\]|\\.)*'?|[^\s,}\]\[{]+)")

# What pydantic finds wrong: a place, and further on what was sent there.
_WRONG = re.compile(
    r'("loc"\s*:\s*\[([^\]]{1,500})\][^{}]{0,1000}?"input"\s*:\s*)'
    r'("(?:[^"\\]|\\.)*"?|[^\s,}\]\[{]+)'
)


@lru_cache(maxsize=2048)
def is_secret(name: str) -> bool:
    """Whether a value of this name is kept out of traces.

    ``"Authorization"``, ``"user[password]"`` and ``"HTTP_COOKIE"`` are kept out,
    ``"author"`` is not.
    """
    return _SECRET.search(name) is not None


def redact_text(text: str) -> str:
    """The text with secret values in ``key=value``, ``"key": value`` and
    ``'key': value`` replaced."""
    # The regular expressions are dear, and most texts hold neither pair nor secret.
    if "=" not in text and '"' not in text and "': " not in text:
        return text
    lower = text.lower()
    for word in _WORDS:
        if word in lower:
            text = _ITEM.sub(_hide_item, _MEMBER.sub(_hide_member, text))
            text = _WRONG.sub(_hide_wrong, text)
            return _PAIR.sub(_hide_pair, text)
    return text


def _hide_member(found: re.Match[str]) -> str:
    if not is_secret(found[1]):
        return found[0]
    return f'"{found[1]}"{found[2]}"{REDACTED}"'


def _hide_item(found: re.Match[str]) -> str:
    return f"'{found[1]}'{found[2]}'{REDACTED}'" if is_secret(found[1]) else found[0]


def _hide_wrong(found: re.Match[str]) -> str:
    return f'{found[1]}"{REDACTED}"' if is_secret(found[2]) else found[0]


def _hide_pair(found: re.Match[str]) -> str:
    return f"{found[1]}={REDACTED}" if is_secret(found[1]) else found[0]
