"""What came back from several apps for one request, and in what it differs.

Bodies and headers are compared as they are; what is told of them is redacted.
"""

from __future__ import annotations

import difflib
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fwtrace.tracer.comparison import (
    BodyDifference,
    HeaderDifference,
    ResponseDifference,
)
from fwtrace.tracer.redaction import REDACTED, is_secret, redact_text
from fwtrace.tracer.values import clip

__all__ = ["Answer", "difference"]

BODY = 200_000
"""Bytes of a body that are compared line by line."""
DIFF_LINES = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it was received: ``"200 OK"``, headers in order, the body."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(v for key, v in self.headers if key.lower() == name.lower())

    def value(self, name: str) -> str:
        return ", ".join(self.values(name))


def difference(
    answers: Sequence[Answer | None], others: Sequence[Sequence[Answer]]
) -> ResponseDifference:
    """What differs among the answers, None being that of an app that gave none.

    ``others``: by app, its further answers to the same request, which tell what
    changes with every request.
    """
    given = [number for number, answer in enumerate(answers) if answer is not None]
    first = answers[given[0]] if given else None
    bodies: list[BodyDifference | None] = []
    for number, answer in enumerate(answers):
        if first is None or answer is None or number == given[0]:
            bodies.append(None)
        else:
            varies = _varies(first, others[given[0]]) or _varies(answer, others[number])
            bodies.append(_body(first, answer, varies))
    return ResponseDifference(
        statuses=tuple(a.status if a else None for a in answers),
        sizes=tuple(len(a.body) if a else None for a in answers),
        headers=tuple(_headers(answers, others)),
        bodies=tuple(bodies),
        reference=given[0] if given else None,
    )


def _headers(
    answers: Sequence[Answer | None], others: Sequence[Sequence[Answer]]
) -> list[HeaderDifference]:
    present = [answer for answer in answers if answer is not None]
    names: dict[str, str] = {}
    for answer in present:
        for name, _ in answer.headers:
            names.setdefault(name.lower(), name)
    found = []
    for name in names.values():
        if len({answer.values(name) for answer in present}) < 2:
            continue
        varies = any(
            answer is not None and len({a.values(name) for a in [answer, *more]}) > 1
            for answer, more in zip(answers, others, strict=True)
        )
        shown = tuple(_shown(answer, name) for answer in answers)
        found.append(HeaderDifference(name, shown, varies))
    return found


def _shown(answer: Answer | None, name: str) -> str | None:
    if answer is None or not answer.values(name):
        return None
    return REDACTED if is_secret(name) else clip(redact_text(answer.value(name)))


def _varies(answer: Answer, others: Sequence[Answer]) -> bool:
    return any(other.body != answer.body for other in others)


def _body(first: Answer, second: Answer, varies: bool) -> BodyDifference:
    if first.body == second.body:
        return BodyDifference("same", varies=varies)
    texts = [_text(first), _text(second)]
    if None in texts:
        return BodyDifference("different", note="not text", varies=varies)
    parsed = [_parsed(text or "") for text in texts]
    if parsed[0] is not None and parsed[0] == parsed[1]:
        return BodyDifference("same JSON", varies=varies)
    before, after = (
        _pretty(value) if value is not None else _lines(redact_text(text or ""))
        for text, value in zip(texts, parsed, strict=True)
    )
    # The first two lines are headings with names of files.
    diff = list(islice(difflib.unified_diff(before, after, lineterm=""), 2, None))
    if not diff:
        note = "in what is redacted, or in their line ends"
        return BodyDifference("different", note=note, varies=varies)
    hidden = max(0, len(diff) - DIFF_LINES)
    return BodyDifference("different", tuple(diff[:DIFF_LINES]), hidden, varies=varies)


def _text(answer: Answer) -> str | None:
    """The body as text, unpacked; None when it is none, or too long to compare."""
    body = answer.body
    if answer.value("Content-Encoding") in ("gzip", "deflate"):
        try:
            body = zlib.decompressobj(wbits=47).decompress(body, BODY + 1)
        except zlib.error:
            return None
    if len(body) > BODY:
        return None
    charset = re.search(r"charset=\"?([\w-]+)", answer.value("Content-Type"))
    try:
        return body.decode(charset[1] if charset else "utf-8")
    except (LookupError, UnicodeDecodeError):
        return None


def _parsed(text: str) -> list[Any] | None:
    """The JSON in a list of one, as it may be null; None when it is no JSON."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        return None


def _pretty(parsed: Any) -> list[str]:
    shown = _hidden(parsed[0])
    text = json.dumps(shown, indent=2, ensure_ascii=False, sort_keys=True)
    return text.splitlines()


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: REDACTED if is_secret(k) else _hidden(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    return value


def _lines(text: str) -> list[str]:
    """The lines of a text, long ones in pieces of about a hundred characters."""
    return [
        piece
        for line in text.splitlines()
        for piece in re.findall(r".{1,100}(?:[\s>,;]|$)|.{1,100}|^$", line)
    ]
