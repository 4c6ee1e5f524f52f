"""Statements, told apart and described in OpenTelemetry's words.

``describe_statement`` is what every database probe calls; what it can work out from
the text alone is worked out once per statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from fwtrace.tracer.frames import excerpt
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import Recorder
from fwtrace.tracer.redaction import REDACTED, is_secret
from fwtrace.tracer.values import clip, show

__all__ = ["Statement", "describe_statement", "read_statement"]

_NAME = r'["`\[]?([\w.$]+)["`\]]?'
_TARGET = re.compile(
    rf"\b(?:FROM|INTO|UPDATE|TABLE(?:\s+IF\s+(?:NOT\s+)?EXISTS)?)\s+{_NAME}",
    re.IGNORECASE,
)
_DEFINING = re.compile(
    r"\s*(?:(PRAGMA)\s+(\w+)|(CREATE|DROP)\s+(?:UNIQUE\s+)?(INDEX)\b)", re.IGNORECASE
)
_INDEXED = re.compile(rf"\bON\s+{_NAME}", re.IGNORECASE)
_INSERT = re.compile(r"^\s*INSERT\b[^(]*\(([^)]*)\)\s*VALUES", re.IGNORECASE)
_COMPARED = re.compile(
    rf"{_NAME}\s*(?:=|<>|!=|[<>]=?|\bLIKE|\bIN\s*\()[^?%]*(?:\?|%s)", re.IGNORECASE
)
_ROW = re.compile(r"\(([^()?%]+,[^()?%]+)\)\s*(?:=|[<>]=?|\bIN)\s*\(", re.IGNORECASE)
_PLACE = re.compile(r"\?|%s")


class Statement(NamedTuple):
    """``operation`` "SELECT", ``target`` "users", ``secret`` parameter positions."""

    operation: str
    target: str
    secret: frozenset[int]

    @property
    def summary(self) -> str:
        return f"{self.operation} {self.target}".rstrip()


def read_statement(sql: str) -> Statement:
    """What the text of a statement tells."""
    operation = sql.split(None, 1)[0].upper() if sql.strip() else "?"
    found = _TARGET.search(sql)
    defining = _DEFINING.match(sql)
    if defining:
        first, second = filter(None, defining.groups())
        operation = f"{first.upper()} {second}"
        found = _INDEXED.search(sql) if second.upper() == "INDEX" else None
    return Statement(operation, found[1] if found else "", _secret_places(sql))


def _secret_places(sql: str) -> frozenset[int]:
    """Positions of the parameters that belong to columns with secret names."""
    if not is_secret(sql):
        return frozenset()
    insert = _INSERT.match(sql)
    if insert:
        columns = insert[1].split(",")
        width = len(columns)
        count = len(_PLACE.findall(sql, insert.end()))
        secret = {n for n, column in enumerate(columns) if is_secret(column)}
        return frozenset(n for n in range(count) if n % width in secret)
    places = [found.start() for found in _PLACE.finditer(sql)]
    return frozenset(
        places.index(found.end() - len(_PLACE.findall(found[0])[-1]))
        for found in _COMPARED.finditer(sql)
        if is_secret(found[1])
    ).union(_secret_in_rows(sql, places))


def _secret_in_rows(sql: str, places: list[int]) -> Iterator[int]:
    """Those of rows that are compared: ``(name, token) IN ((?, ?), (?, ?))``."""
    for found in _ROW.finditer(sql):
        columns = found[1].split(",")
        secret = {n for n, column in enumerate(columns) if is_secret(column)}
        start, end = found.end(), _closing(sql, found.end())
        inside = [n for n, place in enumerate(places) if start <= place < end]
        holds_rows = secret and "json_each" in sql[start:end]
        for number, position in enumerate(inside):
            if holds_rows or number % len(columns) in secret:
                yield position


def _closing(sql: str, start: int) -> int:
    """Where the parenthesis closes that is open there."""
    depth = 1
    for found in re.compile(r"[()]").finditer(sql, start):
        depth += 1 if found[0] == "(" else -1
        if not depth:
            return found.start()
    return len(sql)


def describe_statement(
    recorder: Recorder,
    span: Span,
    system: str,
    namespace: str,
    sql: str,
    parameters: Sequence[Any],
) -> None:
    """Fill a ``sql`` span: the statement, its parameters, the user's line behind it."""
    limits = recorder.limits
    span.name, secret, told = _facts(system, namespace, sql, limits.text)
    span.attributes = attributes = told.copy()
    for position, value in enumerate(parameters):
        if position == limits.items:
            break
        attributes[_parameter_name(position)] = (
            REDACTED if position in secret else _parameter(value)
        )
    place = span.location = recorder.user_code.caller(depth=3)
    if place is not None:
        source = excerpt(place, lines=1)
        if source is not None:
            attributes["fwtrace.source"] = source


@lru_cache(maxsize=1024)
def _facts(
    system: str, namespace: str, sql: str, length: int
) -> tuple[str, frozenset[int], dict[str, Any]]:
    """Summary, secret places and attributes: what every execution has in common."""
    statement = read_statement(sql)
    told = {
        "db.system.name": system,
        "db.namespace": namespace,
        "db.operation.name": statement.operation,
        "db.collection.name": statement.target,
        "db.query.summary": statement.summary,
        "db.query.text": clip(sql, length),
    }
    return statement.summary, statement.secret, told


@lru_cache(maxsize=256)
def _parameter_name(position: int) -> str:
    return f"db.query.parameter.{position}"


def _parameter(value: Any) -> Any:
    kind = type(value)
    if kind is int:
        return value if value.bit_length() < 64 else show(value)
    if kind is str:
        return clip(value)
    return value if value is None or kind in (bool, float) else show(value)
