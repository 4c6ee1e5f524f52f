"""Routes as Starlette has them: why each fits a request, or does not.

A route is read by its regular expression, its methods and its convertors, which the
clone's routes and Starlette's have alike. No code of a route is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from fwtrace.probes.layers import layer_name
from fwtrace.tracer.values import function_name

__all__ = [
    "Finding",
    "describe_path",
    "endpoint_name",
    "find",
    "flat",
    "is_mount",
    "near_paths",
    "params_of",
    "pattern_of",
]

_PARAM = re.compile(r"\{([a-zA-Z_]\w*)(?::([a-zA-Z_]\w*))?\}")


def flat(routes: Iterable[Any]) -> Iterator[Any]:
    """The routes in order, those of included routers as they are below their prefix."""
    for route in routes:
        if hasattr(route, "effective_route_contexts"):  # FastAPI's
            for context in route.effective_route_contexts():
                yield context.starlette_route or context
        elif hasattr(route, "inclusion"):  # the clone's
            yield from route.candidates()
        else:
            yield route


class Finding:
    """What a router finds: ``tried`` in order, the ``route``, else why there is none.

    ``tried``  ``{"pattern", "name", "methods", "matched", "reason"}``
    """

    __slots__ = ("allowed", "redirect", "route", "tried")

    def __init__(self) -> None:
        self.tried: list[dict[str, Any]] = []
        self.route: Any = None
        self.allowed: list[str] = []
        self.redirect = ""


def find(router: Any, scope: dict[str, Any]) -> Finding:
    """As the router looks: the first that fits, else the first but for its method,
    else a redirect to the path with a last slash or without."""
    found = Finding()
    routes = list(flat(router.routes))
    partial: Any = None
    for route in routes:
        reason = _misfit(route, scope)
        wrong = "" if reason else _wrong_method(route, scope)
        found.tried.append(_attempt(route, not reason and not wrong, reason or wrong))
        if not reason and not wrong:
            found.route = route
            return found
        if not reason and partial is None:
            partial = route
    path = _route_path(scope)
    if partial is not None:
        found.allowed = sorted(partial.methods)
    elif scope["type"] == "http" and router.redirect_slashes and path != "/":
        whole = scope["path"]
        other = whole.rstrip("/") if path.endswith("/") else whole + "/"
        if any(not _misfit(route, {**scope, "path": other}) for route in routes):
            found.redirect = other
    return found


def _attempt(route: Any, matched: bool, reason: str) -> dict[str, Any]:
    methods = getattr(route, "methods", None)
    return {
        "pattern": pattern_of(route),
        "name": getattr(route, "name", None),
        "methods": sorted(methods) if methods else None,
        "matched": matched,
        "reason": reason,
    }


def pattern_of(route: Any) -> str:
    """``"/users/{id}"``, of a Mount the path, of a Host the host."""
    for name in ("path", "host"):
        found = getattr(route, name, None)
        if isinstance(found, str):
            return found or "/"
    return type(route).__name__


def _route_path(scope: dict[str, Any]) -> str:
    """The path below where the app is mounted."""
    path: str = scope["path"]
    root = scope.get("root_path", "")
    if root and path.startswith(root) and path[len(root) :][:1] in ("", "/"):
        return path[len(root) :]
    return path


def is_mount(route: Any) -> bool:
    """Whether it takes all paths below one."""
    is_group = hasattr(type(route), "routes") and not hasattr(route, "methods")
    return is_group and not hasattr(route, "host_regex")


def params_of(route: Any, scope: dict[str, Any]) -> dict[str, Any]:
    """What the path, or the host, gives the route that it fits."""
    is_host = hasattr(route, "host_regex")
    expression = getattr(route, "host_regex" if is_host else "path_regex", None)
    given = _host(scope) if is_host else _route_path(scope)
    found = expression.match(given or "") if expression is not None else None
    if found is None:
        return {}
    convertors = route.param_convertors
    return {name: convertors[name].convert(v) for name, v in found.groupdict().items()}


def _misfit(route: Any, scope: dict[str, Any]) -> str:
    """Why path, host or protocol are not the route's; empty where they are."""
    if hasattr(route, "host_regex"):
        host = _host(scope)
        fits = host is not None and route.host_regex.match(host)
        return "" if fits else f"the host {host!r} does not fit {route.host!r}"
    if not hasattr(route, "path_regex"):
        return f"{type(route).__name__} decides for itself"
    if not is_mount(route):
        kind = "http" if hasattr(route, "methods") else "websocket"
        if scope["type"] != kind:
            wanted = "HTTP" if kind == "http" else "WebSockets"
            return f"is for {wanted}"
    path = _route_path(scope)
    if route.path_regex.match(path):
        return ""
    if is_mount(route) and not _PARAM.search(route.path):
        return f"the path is not below {route.path!r}"
    convertors = tuple((n, c.regex) for n, c in route.param_convertors.items())
    return _misfit_of(route.path, convertors, path)


def _host(scope: dict[str, Any]) -> str | None:
    for name, value in scope.get("headers", ()):
        if name == b"host":
            host: str = value.decode("latin-1").lower()
            return host if host.endswith("]") else host.rsplit(":", 1)[0]
    return None


def _wrong_method(route: Any, scope: dict[str, Any]) -> str:
    methods = getattr(route, "methods", None)
    if scope["type"] != "http" or not methods or scope["method"] in methods:
        return ""
    return f"takes {', '.join(sorted(methods))}, not {scope['method']}"


def _misfit_of(
    template: str, convertors: tuple[tuple[str, str], ...], path: str
) -> str:
    """Why the path does not fit, by the first segment that is to blame."""
    given = path.split("/")[1:]
    segments = _segments(template, convertors)
    for number, (text, expression, is_rest) in enumerate(segments, 1):
        if is_rest:
            rest = "/".join(given[number - 1 :])
            return f"{rest!r} does not fit {text!r}"
        if number > len(given):
            if not text:
                return "the path lacks its last slash"
            return f"the path ends before segment {number}, {text!r}"
        part = given[number - 1]
        if expression.fullmatch(part):
            continue
        if not part:
            return f"the path ends before segment {number}, {text!r}"
        if not text:
            return f"the path goes on with {part!r}"
        verb = "does not fit" if "{" in text else "is not"
        return f"segment {number}: {part!r} {verb} {text!r}"
    return f"the path goes on with {'/' + '/'.join(given[len(segments) :])!r}"


_Segment = tuple[str, re.Pattern[str], bool]


@lru_cache(maxsize=4096)
def _segments(
    template: str, convertors: tuple[tuple[str, str], ...]
) -> tuple[_Segment, ...]:
    """``(text, expression, does it take the rest of the path)`` between slashes."""
    known = dict(convertors)
    segments = []
    for text in template.split("/")[1:]:
        source, end, is_rest = "", 0, False
        for found in _PARAM.finditer(text):
            source += re.escape(text[end : found.start()])
            source += f"(?:{known.get(found[1], '[^/]+')})"
            is_rest = is_rest or found[2] == "path"
            end = found.end()
        source += re.escape(text[end:])
        segments.append((text, re.compile(source, re.DOTALL), is_rest))
    return tuple(segments)


def endpoint_name(route: Any) -> str | None:
    endpoint = getattr(route, "endpoint", None)
    if is_mount(route) or hasattr(route, "host_regex"):
        return layer_name(route.app)
    return None if endpoint is None else function_name(endpoint)


def describe_path(route: Any) -> dict[str, Any]:
    """The route's attributes."""
    convertors = getattr(route, "param_convertors", None) or {}
    return {
        "http.route": pattern_of(route),
        "fwtrace.route.name": getattr(route, "name", None),
        "fwtrace.route.endpoint": endpoint_name(route),
        "fwtrace.route.converters": {
            name: _kind(convertor)
            for name, convertor in convertors.items()
            if not (is_mount(route) and name == "path")
        },
    }


def _kind(convertor: Any) -> str:
    return type(convertor).__name__.removesuffix("Convertor").lower()


def near_paths(router: Any, path: str, count: int = 3) -> list[str]:
    """Patterns that read much like the path, the nearest first."""
    import difflib

    texts = list(dict.fromkeys(pattern_of(route) for route in flat(router.routes)))
    return difflib.get_close_matches(path[:200], texts[:1000], n=count, cutoff=0.5)
