"""What an app is made of, without sending it a request: routes, middleware, signals.

Plain JSON types come out, for tables and for scripts. An app that keeps no such table
(a bare WSGI function has no routes) raises LookupError with a sentence saying so.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from fwtrace.probes.calls import kwarg_texts
from fwtrace.probes.layers import built_layers, layer_code, layer_name, layers
from fwtrace.probes.paths import (
    describe_path,
    endpoint_name,
    find,
    flat,
    is_mount,
    near_paths,
    params_of,
    pattern_of,
)
from fwtrace.probes.routing import describe_attempt, describe_route, endpoint_of
from fwtrace.probes.rules import describe_rule, explain, near_misses
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


def _flask(app: Any) -> Any:
    """The Flask app at the heart of the app, or None: it has a url_map and views."""
    for link in reversed([*layers(app), *_held(app)]):
        for holder in (link.app, getattr(link.app, "__self__", None)):
            if hasattr(holder, "url_map") and hasattr(holder, "view_functions"):
                return holder
    return None


def _starlette(app: Any) -> Any:
    """Starlette's router at the heart of the app, or None."""
    for link in reversed([*layers(app), *_held(app)]):
        for holder in (link.app, getattr(link.app, "__self__", None)):
            for router in (getattr(holder, "router", None), holder):
                if hasattr(router, "lifespan_context") and hasattr(router, "routes"):
                    return router
    return None


def routes(app: Any) -> list[dict[str, Any]]:
    """``[{"pattern", "methods", "name", "endpoint", "file", "line"}]`` in order."""
    flask = _flask(app)
    if flask is not None:
        return [_rule(flask, rule) for rule in flask.url_map.iter_rules()]
    starlette = _starlette(app)
    if starlette is not None:
        return list(_paths(starlette))
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


def _paths(router: Any, prefix: str = "") -> Iterator[dict[str, Any]]:
    """Its routes; in the place of a mounted app with routes, those."""
    for route in flat(router.routes):
        pattern = pattern_of(route)
        if is_mount(route) and route.routes:
            yield from _paths(route, prefix + route.path)
            continue
        yield _path(route) | {"pattern": prefix + pattern if prefix else pattern}


def _path(route: Any) -> dict[str, Any]:
    methods = getattr(route, "methods", None)
    return {
        "pattern": pattern_of(route),
        "methods": sorted(methods) if methods else None,
        "name": getattr(route, "name", None),
        "endpoint": endpoint_name(route),
        **_place(getattr(route, "endpoint", None) or getattr(route, "app", None)),
    }


def _rule(flask: Any, rule: Any) -> dict[str, Any]:
    view = flask.view_functions.get(rule.endpoint)
    return {
        "pattern": rule.rule,
        "methods": sorted(rule.methods) if rule.methods else None,
        "name": rule.endpoint,
        "endpoint": describe_rule(rule, view)["fwtrace.route.endpoint"],
        **_place(view),
    }


def middleware(app: Any) -> list[dict[str, Any]]:
    """``[{"name", "endpoint", "file", "line"}]``, outermost first, the app last.

    Functions that Flask calls before and after each view stand before the app.
    """
    found = [_layer(layer_name(each.app), each.app) for each in built_layers(app)]
    flask = _flask(app)
    hooks = [] if flask is None else list(_hooks(flask))
    return [*found[:-1], *hooks, found[-1]]


def _layer(name: str, function: Any) -> dict[str, Any]:
    function = layer_code(function)
    endpoint = f"{_module(function)}.{layer_name(function)}"
    return {"name": name, "endpoint": endpoint, **_place(function)}


def _hooks(flask: Any) -> Iterator[dict[str, Any]]:
    for hook in ("before_request", "after_request", "teardown_request"):
        for scope, functions in getattr(flask, f"{hook}_funcs").items():
            of = "" if scope is None else f" of {scope}"
            for function in functions:
                yield _layer(f"{hook} {function_name(function)}{of}", function)


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
            # Not isinstance: that asks the value, and a lazy one may fail to answer.
            if issubclass(type(value), library.Signal):
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
    flask = _flask(app)
    if flask is not None:
        return _resolve_rule(flask, method, path)
    starlette = _starlette(app)
    if starlette is not None:
        return _resolve_path(starlette, method, path)
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


def _resolve_rule(flask: Any, method: str, path: str) -> dict[str, Any]:
    urls = flask.url_map.bind("localhost")
    rules = list(flask.url_map.iter_rules())
    rule: Any = None
    found: dict[str, Any] = {"method": method, "path": path, "outcome": "match"}
    try:
        rule, values = urls.match(path, method=method, return_rule=True)
    except Exception as error:  # an HTTPException of the framework's own
        if hasattr(error, "new_url"):
            target = urlsplit(error.new_url).path
            found |= {"outcome": "redirect", "redirect": target}
        elif getattr(error, "valid_methods", None):
            allowed = sorted(error.valid_methods)  # type: ignore[attr-defined]
            found |= {"outcome": "method not allowed", "allowed": allowed}
        elif getattr(error, "code", None) == 404:
            found |= {"outcome": "not found", "near": near_misses(rules, path)}
        else:
            raise
    found["tried"] = list(explain(rules, method, path, rule))
    if rule is not None:
        told = _rule(flask, rule)
        found |= {key: told[key] for key in ("pattern", "name", "endpoint")}
        found |= {"file": told["file"], "line": told["line"]}
        found["kwargs"] = kwarg_texts(values)
    return found


def _resolve_path(router: Any, method: str, path: str) -> dict[str, Any]:
    """Through mounted apps, down to the route that handles."""
    scope = {
        "type": "websocket" if method == "WS" else "http",
        "method": method,
        "path": path,
        "root_path": "",
        "headers": [(b"host", b"localhost")],
    }
    found: dict[str, Any] = {"method": method, "path": path, "outcome": "match"}
    prefix = ""
    kwargs: dict[str, Any] = {}
    tried: list[dict[str, Any]] = []
    while True:
        finding = find(router, scope)
        tried += [
            each | {"pattern": prefix + each["pattern"]} if prefix else each
            for each in finding.tried
        ]
        route = finding.route
        if route is None:
            break
        params = params_of(route, scope)
        if not is_mount(route) or not hasattr(route.app, "routes"):
            kwargs |= params
            break
        rest = params.pop("path", "")
        kwargs |= params
        whole = scope["path"]
        scope["root_path"] = whole[: len(whole) - len(rest) - 1]
        prefix += route.path
        router = getattr(route.app, "router", route.app)
    found["tried"] = tried
    if route is not None:
        told = _path(route)
        found |= {
            "pattern": prefix + describe_path(route)["http.route"],
            **{key: told[key] for key in ("name", "endpoint", "file", "line")},
            "kwargs": kwarg_texts(kwargs),
        }
    elif finding.allowed:
        found |= {"outcome": "method not allowed", "allowed": finding.allowed}
    elif finding.redirect:
        found |= {"outcome": "redirect", "redirect": finding.redirect}
    else:
        found |= {"outcome": "not found", "near": near_paths(router, path)}
    return found
