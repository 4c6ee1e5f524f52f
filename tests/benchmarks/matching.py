"""Resolving a path among ten to ten thousand routes, and building the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.benchmarks.harness import Aim, Result, compare, show

SIZES = (10, 100, 1_000, 10_000)


def rules(count: int) -> list[str]:
    """Half of the rules are static, half have a converter."""
    return [
        f"/section{n}/items/<int:id>" if n % 2 else f"/section{n}/items/all"
        for n in range(count)
    ]


def our_router(count: int) -> Any:
    from fwtrace.toolkit.routing import Router

    router = Router()
    for number, rule in enumerate(rules(count)):
        router.add(rule, number)
    router.match("GET", "/")
    return router


def werkzeug_map(count: int) -> Any:
    from werkzeug.routing import Map, Rule

    made = Map([Rule(rule, endpoint=str(n)) for n, rule in enumerate(rules(count))])
    made.update()
    return made


def _found(count: int) -> Callable[[], object]:
    router, path = our_router(count), f"/section{count - 1}/items/7"
    return lambda: router.match("GET", path).route


def _missing(count: int) -> Callable[[], object]:
    router, path = our_router(count), f"/section{count - 1}/items/none/at/all"
    return lambda: router.match("GET", path)


def _werkzeug(count: int, path: str) -> Callable[[], object]:
    from werkzeug.exceptions import NotFound

    adapter = werkzeug_map(count).bind("localhost", "/")

    def run() -> object:
        try:
            return adapter.match(path, "GET")
        except NotFound:
            return None

    return run


def routes() -> Result:
    runs: dict[str, Callable[[], object]] = {}
    for size in SIZES:
        runs[f"ours, found in {size:,}"] = _found(size)
        runs[f"ours, missing in {size:,}"] = _missing(size)
    last = SIZES[-1]
    runs[f"werkzeug, found in {last:,}"] = _werkzeug(
        last, f"/section{last - 1}/items/7"
    )
    runs[f"werkzeug, missing in {last:,}"] = _werkzeug(
        last, f"/section{last - 1}/items/none/at/all"
    )
    result = compare("Resolving", runs)
    show(
        result,
        tuple(
            aim
            for what in ("found", "missing")
            for aim in (
                Aim(f"ours, {what} in 10,000", f"ours, {what} in 10", 1.3),
                Aim(f"ours, {what} in 10,000", f"werkzeug, {what} in 10,000", 1 / 3),
            )
        ),
    )
    return result


def build() -> Result:
    runs = {"ours": lambda: our_router(100), "werkzeug": lambda: werkzeug_map(100)}
    result = compare("Building 100 routes, up to the first match", runs)
    show(result, (Aim("ours", "werkzeug", 2 / 34),))
    return result
