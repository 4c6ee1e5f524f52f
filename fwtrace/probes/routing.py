"""The resolver: every pattern that was tried, why each failed, and what won.

The compiled matcher tries no patterns one by one; the router's own ``explain`` tells
what a reader of the table would: in order, up to the winner.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import Any

from fwtrace.probes.calls import kwarg_texts
from fwtrace.tracer.frames import location_of
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import Recorder
from fwtrace.tracer.seam import Probe, Seam, spanned
from fwtrace.tracer.values import function_name

__all__ = ["ROUTING", "describe_attempt", "describe_route", "endpoint_of"]


def _resolved(
    recorder: Recorder, span: Span, args: tuple[Any, ...], outcome: Any
) -> None:
    router, method, path = args
    limit = recorder.limits.items
    attributes = span.attributes
    tried = [
        describe_attempt(each) for each in islice(router.explain(method, path), limit)
    ]
    attributes["fwtrace.resolver.tried"] = tried
    attributes["fwtrace.resolver.routes"] = len(router.routes)
    route = getattr(outcome, "route", None)
    if route is not None:
        attributes.update(describe_route(route, outcome.params))
        span.name = attributes["http.route"]
        span.location = location_of(endpoint_of(route))
        recorder.root.attributes["http.route"] = attributes["http.route"]
    elif hasattr(outcome, "allowed"):
        span.name = f"405 for {method} {path}"
        attributes["fwtrace.resolver.allowed"] = list(outcome.allowed)
    elif hasattr(outcome, "path"):
        span.name = f"redirect to {outcome.path}"
        attributes["fwtrace.resolver.redirect"] = outcome.path
    else:
        span.name = f"no route for {path}"
        attributes["fwtrace.resolver.near"] = list(router.near_misses(method, path))


def describe_attempt(attempt: Any) -> dict[str, Any]:
    """``{"pattern", "name", "methods", "matched", "reason"}`` of one pattern tried."""
    route = attempt.route
    told = _attempt_facts(route.pattern.text, route.name, route.methods)
    return {**told, "matched": attempt.matched, "reason": attempt.reason}


@lru_cache(maxsize=1024)
def _attempt_facts(
    pattern: str, name: str | None, methods: frozenset[str] | None
) -> dict[str, Any]:
    return {
        "pattern": pattern,
        "name": name,
        "methods": sorted(methods) if methods else None,
    }


def endpoint_of(route: Any) -> Any:
    """The function or class that a route leads to, out of its adapter."""
    endpoint = route.endpoint
    return getattr(endpoint, "func", endpoint)


def describe_route(route: Any, params: dict[str, Any]) -> dict[str, Any]:
    """The route's attributes, and the arguments that the path gave it."""
    return {**_route_facts(route), "fwtrace.route.kwargs": kwarg_texts(params)}


@lru_cache(maxsize=1024)
def _route_facts(route: Any) -> dict[str, Any]:
    return {
        "http.route": route.pattern.text,
        "fwtrace.route.name": route.name,
        "fwtrace.route.endpoint": function_name(endpoint_of(route)),
        "fwtrace.route.converters": {
            name: type(converter).__name__.removesuffix("Converter").lower()
            for name, converter in route.pattern.params.items()
        },
    }


ROUTING = Probe(
    "routing",
    ("fwtrace.toolkit.routing",),
    (Seam("router:Router.match", spanned("resolver", after=_resolved)),),
)
