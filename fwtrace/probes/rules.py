"""URL rules as Werkzeug writes them: why each fits a path, or does not.

A rule is read by its text and its converters, which the clone's rules and Werkzeug's
have alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from fwtrace.tracer.values import function_name

__all__ = ["describe_rule", "explain", "near_misses"]

_VARIABLE = re.compile(r"<(?:[a-zA-Z_]\w*(?:\(.*?\))?:)?([a-zA-Z_]\w*)>")


def explain(
    rules: Iterable[Any], method: str, path: str, chosen: Any
) -> Iterator[dict[str, Any]]:
    """``{"pattern", "name", "methods", "matched", "reason"}`` of the rules, in the
    order in which they were added.

    ``chosen``, the one that was taken, comes last; of those behind it only the rules
    that fit too are told.
    """
    is_behind = False
    for rule in rules:
        if rule is chosen:
            is_behind = True
            continue
        reason = _reason(rule, method, path, chosen)
        if not is_behind or reason.startswith(_FITS):
            yield _attempt(rule, False, reason)
    if chosen is not None:
        yield _attempt(chosen, True, "")


_FITS = ("fits", "takes")


def _attempt(rule: Any, matched: bool, reason: str) -> dict[str, Any]:
    return {
        "pattern": rule.rule,
        "name": rule.endpoint,
        "methods": sorted(rule.methods) if rule.methods else None,
        "matched": matched,
        "reason": reason,
    }


def _reason(rule: Any, method: str, path: str, chosen: Any) -> str:
    if getattr(rule, "build_only", False):
        return "is for building URLs only"
    segments = _segments(rule.rule, tuple(_regexes(rule)))
    given = path.split("/")[1:]
    reason = _misfit(segments, given, path, rule)
    if reason:
        return reason
    if rule.methods and method not in rule.methods:
        return f"takes {', '.join(sorted(rule.methods))}, not {method}"
    if chosen is not None:
        return f"fits too, but {chosen.rule!r} goes first"
    return "fits, but its converters or its host do not"


def _regexes(rule: Any) -> Iterator[tuple[str, str, bool]]:
    """``(name, regex, may it hold slashes)`` of each variable."""
    for name, converter in rule._converters.items():
        yield name, converter.regex, not getattr(converter, "part_isolating", True)


_Segment = tuple[str, re.Pattern[str] | None, bool]


@lru_cache(maxsize=4096)
def _segments(
    rule: str, converters: tuple[tuple[str, str, bool], ...]
) -> tuple[_Segment, ...]:
    """``(text, expression, is it the rest of the path)`` between the slashes; plain
    segments have no expression."""
    known = {name: (regex, spans) for name, regex, spans in converters}
    segments: list[_Segment] = []
    parts = _parts(rule)
    for number, part in enumerate(parts):
        names = _VARIABLE.findall(part)
        if not names:
            segments.append((part, None, False))
        elif any(known.get(name, ("", False))[1] for name in names):
            whole = "/".join(parts[number:])
            segments.append((whole, _expression(whole, known), True))
            break
        else:
            segments.append((part, _expression(part, known), False))
    return tuple(segments)


def _parts(rule: str) -> list[str]:
    """Between the slashes; a converter's arguments may hold one."""
    parts, depth = [""], 0
    for char in rule[1:]:
        depth += (char == "<") - (char == ">")
        if char == "/" and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _expression(text: str, known: dict[str, tuple[str, bool]]) -> re.Pattern[str]:
    source, end = "", 0
    for found in _VARIABLE.finditer(text):
        regex = known.get(found[1], ("[^/]+", False))[0]
        source += re.escape(text[end : found.start()]) + f"(?:{regex})"
        end = found.end()
    return re.compile(source + re.escape(text[end:]), re.DOTALL)


def _misfit(
    segments: Sequence[_Segment], given: list[str], path: str, rule: Any
) -> str:
    """Why the path is not the rule's; empty where it is."""
    for number, (text, expression, is_rest) in enumerate(segments):
        if is_rest:
            rest = "/".join(given[number:])
            fits = expression is not None and expression.fullmatch(rest)
            return "" if fits else f"{rest!r} does not fit {text!r}"
        if number >= len(given):
            if text == "" and number == len(segments) - 1:
                return _slash(rule)
            return f"the path ends before segment {number + 1}, {text!r}"
        reason = _misfit_of(text, expression, given[number], number + 1)
        if reason:
            return reason
    rest_of_path = given[len(segments) :]
    if not rest_of_path or (rest_of_path == [""] and not rule.strict_slashes):
        return ""
    return f"the path goes on with {'/' + '/'.join(rest_of_path)!r}"


def _slash(rule: Any) -> str:
    return "the path lacks its last slash" if rule.strict_slashes else ""


def _misfit_of(
    text: str, expression: re.Pattern[str] | None, given: str, number: int
) -> str:
    if expression is None:
        if text == given:
            return ""
        if not text:
            return f"the path goes on with {given!r}"
        if not given:
            return f"the path ends before segment {number}, {text!r}"
        return f"segment {number}: {given!r} is not {text!r}"
    if expression.fullmatch(given):
        return ""
    if not given:
        return f"the path ends before segment {number}, {text!r}"
    return f"segment {number}: {given!r} does not fit {text!r}"


def describe_rule(rule: Any, view: Any) -> dict[str, Any]:
    """The rule's attributes; ``view`` is the function that it leads to."""
    return {
        "http.route": rule.rule,
        "fwtrace.route.name": rule.endpoint,
        "fwtrace.route.endpoint": None if view is None else _view_name(view),
        "fwtrace.route.converters": {
            name: _kind(converter) for name, converter in rule._converters.items()
        },
    }


def _view_name(view: Any) -> str:
    return function_name(getattr(view, "view_class", view))


_KINDS = {"unicode": "string", "integer": "int"}


def _kind(converter: Any) -> str:
    name = type(converter).__name__.removesuffix("Converter").lower()
    return _KINDS.get(name, name)


def near_misses(rules: Iterable[Any], path: str, count: int = 3) -> list[str]:
    """Rules that read much like the path, the nearest first."""
    import difflib

    texts = list(dict.fromkeys(rule.rule for rule in rules))[:1000]
    return difflib.get_close_matches(path[:200], texts, n=count, cutoff=0.5)
