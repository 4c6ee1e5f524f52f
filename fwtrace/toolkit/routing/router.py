"""The router: answers which route a request takes; acting on it is the framework's.

``match`` gives a value: a Match, a Redirect, a NotAllowed, or None. A 405 falls out
of the answer, it is not searched for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from fwtrace.toolkit.http.urls import encode_query
from fwtrace.toolkit.routing.matcher import Matcher
from fwtrace.toolkit.routing.patterns import (
    REST,
    Literal,
    NoReverseMatch,
    Pattern,
    Rest,
    parse,
)

__all__ = ["Attempt", "Match", "NotAllowed", "Redirect", "Route", "Router"]

# Methods whose answer may be remembered: those a client cannot make up at will.
_KNOWN_METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
)


class Route:
    """A pattern, the endpoint it leads to, and the methods that it takes.

    ``methods`` is None for any; GET implies HEAD.
    """

    __slots__ = ("endpoint", "methods", "name", "pattern")

    def __init__(
        self,
        pattern: Pattern,
        endpoint: Any,
        methods: Iterable[str] | None = None,
        name: str | None = None,
    ) -> None:
        self.pattern = pattern
        self.endpoint = endpoint
        self.name = name
        self.methods: frozenset[str] | None = None
        if methods is not None:
            if isinstance(methods, str):
                raise TypeError(f"methods is a list, as in [{methods!r}], not a str.")
            wanted = {method.upper() for method in methods}
            self.methods = frozenset(wanted | {"HEAD"} if "GET" in wanted else wanted)

    def __repr__(self) -> str:
        methods = sorted(self.methods) if self.methods is not None else None
        return f"Route(path={self.pattern.text!r}, name={self.name!r}, {methods=})"


class Match:
    """The route a request takes, its parameters, and what a mount passes on.

    ``rest`` is the path below a mount (``""`` or ``"/..."``), None for other routes.
    A match may be shared between requests: do not change it.
    """

    __slots__ = ("params", "rest", "route")

    def __init__(
        self, route: Route, params: dict[str, Any], rest: str | None = None
    ) -> None:
        self.route = route
        self.params = params
        self.rest = rest

    def __repr__(self) -> str:
        return f"Match({self.route!r}, {self.params!r})"


class Redirect:
    """The path lacks its trailing slash; ``path`` has it, not yet percent-encoded."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"Redirect({self.path!r})"


class NotAllowed:
    """The path is there, the method is not; ``allowed`` lists those that are."""

    __slots__ = ("allowed",)

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = tuple(sorted({*allowed, "OPTIONS"}))

    def __repr__(self) -> str:
        return f"NotAllowed({self.allowed!r})"


class Attempt(NamedTuple):
    """One route held against a request: whether it matched, and why it did not."""

    route: Route
    matched: bool
    reason: str


class Router:
    """A table of routes, in order; the first that matches path and method wins.

    With ``redirect_slashes`` a path that only lacks its trailing slash is redirected.
    """

    def __init__(
        self, routes: Iterable[Route] = (), redirect_slashes: bool = True
    ) -> None:
        self.routes: list[Route] = []
        self.redirect_slashes = redirect_slashes
        self._matcher = Matcher()
        self._plain: dict[str, dict[str, Match]] = {}
        self._names: dict[str, list[Route]] = {}
        self.extend(routes)

    def add(
        self,
        rule: str | Pattern,
        endpoint: Any,
        *,
        methods: Iterable[str] | None = None,
        name: str | None = None,
    ) -> Route:
        """Enter a route such as ``"/users/<int:id>"``; raises ValueError for a bad one.

        Without ``methods`` it takes any.
        """
        if isinstance(rule, str):
            if not rule.startswith("/"):
                rule = "/" + rule
            rule = Pattern(rule, parse(rule))
        route = Route(rule, endpoint, methods, name)
        self.extend((route,))
        return route

    def extend(self, routes: Iterable[Route]) -> None:
        """Enter routes that are made already, as ``table.flatten`` gives them."""
        for route in routes:
            self.routes.append(route)
            self._matcher.add(route.pattern, route)
            if not route.pattern.params:
                self._plain[route.pattern.text] = {}
            if route.name is not None:
                self._names.setdefault(route.name, []).append(route)

    def mount(self, prefix: str, endpoint: Any, name: str | None = None) -> Route:
        """A route for the prefix and all paths below it, in any method."""
        prefix = "/" + prefix.strip("/") if prefix.strip("/") else ""
        pattern = Pattern(f"{prefix}/…", (Literal(prefix), Rest()))
        route = Route(pattern, endpoint, None, name)
        self.extend((route,))
        return route

    def match(self, method: str, path: str) -> Match | Redirect | NotAllowed | None:
        """What becomes of the request; None where nothing is there."""
        remembered = self._plain.get(path)
        if remembered is not None:
            match = remembered.get(method)
            if match is not None:
                return match
        found = self._matcher.find(path)
        for _, route, params in found:
            if route.methods is None or method in route.methods:
                match = Match(route, params, params.pop(REST, None))
                if remembered is not None and not params and method in _KNOWN_METHODS:
                    remembered[method] = match
                return match
        if found:
            return NotAllowed(m for _, route, _ in found for m in route.methods)
        return self._with_slash(path)

    def _with_slash(self, path: str) -> Redirect | None:
        """Never off this host: browsers read ``//name`` and ``/\\name`` as a host."""
        if not self.redirect_slashes or path.endswith("/"):
            return None
        if path[1:2] in ("/", "\\") or not self._matcher.find(path + "/"):
            return None
        return Redirect(path + "/")

    def url_for(self, name: str, /, **params: Any) -> str:
        """The path of the named route; parameters it has no place for are the query.

        ``url_for("user", id=7, tab="posts")`` -> ``"/users/7?tab=posts"``. Raises
        NoReverseMatch, naming the route or the parameter that is wrong.
        """
        routes = self._names.get(name)
        if not routes:
            raise NoReverseMatch(self._no_route(name))
        fitting = [r for r in routes if all(n in params for n in r.pattern.names)]
        route = max(fitting or routes[:1], key=lambda each: len(each.pattern.names))
        path = route.pattern.build(**params)
        known = route.pattern.regex.groupindex
        extra = {k: v for k, v in params.items() if k not in known and v is not None}
        return f"{path}?{encode_query(extra)}" if extra else path

    def _no_route(self, name: str) -> str:
        import difflib

        near = difflib.get_close_matches(name, self._names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        names = ", ".join(sorted(self._names)[:20]) or "none"
        return f"No route is named {name!r}.{hint} Names: {names}."

    def explain(self, method: str, path: str) -> Iterator[Attempt]:
        """Each route held against the request, in order, up to the one that wins."""
        for route in self.routes:
            reason = route.pattern.explain(path)
            if not reason:
                if route.methods is None or method in route.methods:
                    yield Attempt(route, True, "")
                    return
                taken = ", ".join(sorted(route.methods))
                reason = f"takes {taken}, not {method}"
            yield Attempt(route, False, reason)

    def near_misses(self, method: str, path: str, n: int = 3) -> list[str]:
        """Patterns that read much like the path, the nearest first."""
        import difflib

        texts = list(dict.fromkeys(route.pattern.text for route in self.routes))[:1000]
        return difflib.get_close_matches(path[:200], texts, n=n, cutoff=0.5)
