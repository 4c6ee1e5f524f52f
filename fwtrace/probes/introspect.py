"""What an app is made of, without sending it a request: routes, middleware, signals.

Plain JSON types come out, for tables and for scripts. An app that keeps no such table
(a bare WSGI function has no routes) raises LookupError with a sentence saying so.
"""

from __future__ import annotations

import sys
from typing import Any

from fwtrace.probes.calls import kwarg_texts
from fwtrace.probes.layers import layer_name, layers
from fwtrace.probes.routing import describe_attempt, describe_route, endpoint_of
from fwtrace.probes.signals import signal_name
from fwtrace.tracer.frames import location_of
from fwtrace.tracer.values import function_name, show

__all__ = ["middleware", "resolve", "routes", "signals"]


def router_of(app: Any) -> Any:
    """The router at the heart of the app: with ``match``, ``explain``, ``routes``."""
    for link in reversed([*layers(app), *_held(app)]):
        for holder in (link.app, getattr(link.app, "__self__", None)):
            router = getattr(holder, "router", None)
            if hasattr(router, "explain") and hasattr(router, "routes"):
                return router
    raise LookupError(
        f"The app {layer_name(app)} keeps no table of routes that fwtrace can read."
    )


def _held(app: Any) -> list[Any]:
    link = layers(app)[0]
    return [] if link.app is app else [type(link)(app)]


def _place(function: Any) -> dict[str, Any]:
    place = location_of(function)
    return {
        "file": place.file if place else None,
        "line": place.line if place else None,
    }


def routes(app: Any) -> list[dict[str, Any]]:
    """``[{"pattern", "methods", "name", "endpoint", "file", "line"}]`` in order."""
    return [
        {
            "pattern": route.pattern.text,
            "methods": sorted(route.methods) if route.methods else None,
            "name": route.name,
            "endpoint": function_name(endpoint_of(route)),
            **_place(endpoint_of(route)),
        }
        for route in router_of(app).routes
    ]


def middleware(app: Any) -> list[dict[str, Any]]:
    """``[{"name", "endpoint", "file", "line"}]``, outermost first, the app last."""
    return [
        {
            "name": layer_name(link.app),
            "endpoint": f"{_module(link.app)}.{layer_name(link.app)}",
            **_place(link.app),
        }
        for link in layers(app)
    ]


def _module(app: Any) -> str:
    return getattr(app, "__module__", None) or type(app).__module__


def signals(app: Any) -> list[dict[str, Any]]:
    """Every signal that the loaded modules hold, with its receivers.

    ``[{"name", "module", "receivers": [{"receiver", "sender", "file", "line",
    "alive"}]}]``; signals are process-wide, so ``app`` only had to be loaded.
    """
    library = sys.modules.get("fwtrace.toolkit.signals")
    if library is None:
        return []
    found: dict[int, dict[str, Any]] = {}
    for name, module in sorted(sys.modules.items(), key=lambda item: item[0]):
        for attribute, value in list(vars(module).items()):
            if isinstance(value, library.Signal):
                defined = found.setdefault(id(value), _describe(value, attribute, name))
                if len(name) < len(defined["module"]) and not value.connections:
                    defined["module"] = name
    return sorted(found.values(), key=lambda each: (each["module"], each["name"]))


def _describe(signal: Any, attribute: str, module: str) -> dict[str, Any]:
    name = signal_name(signal)
    return {
        "name": name if name != type(signal).__name__ else attribute,
        "module": module,
        "receivers": [
            {
                "receiver": function_name(each.receiver) if each.receiver else None,
                "sender": show(each.sender) if each.sender is not None else None,
                **_place(each.receiver),
                "alive": each.receiver is not None,
            }
            for each in signal.connections
        ],
    }


def resolve(app: Any, method: str, path: str) -> dict[str, Any]:
    """Where a request would go, and every pattern that was tried before.

    ``outcome`` is ``"match"``, ``"not found"``, ``"method not allowed"`` or
    ``"redirect"``. The view is not called.
    """
    router = router_of(app)
    outcome = router.match(method, path)
    found: dict[str, Any] = {
        "method": method,
        "path": path,
        "outcome": "match",
        "tried": [describe_attempt(each) for each in router.explain(method, path)],
    }
    route = getattr(outcome, "route", None)
    if route is not None:
        told = describe_route(route, outcome.params)
        found |= {
            "pattern": told["http.route"],
            "name": told["fwtrace.route.name"],
            "endpoint": told["fwtrace.route.endpoint"],
            **_place(endpoint_of(route)),
            "kwargs": kwarg_texts(outcome.params),
        }
    elif hasattr(outcome, "allowed"):
        found |= {"outcome": "method not allowed", "allowed": list(outcome.allowed)}
    elif hasattr(outcome, "path"):
        found |= {"outcome": "redirect", "redirect": outcome.path}
    else:
        found |= {
            "outcome": "not found",
            "near": list(router.near_misses(method, path)),
        }
    return found
