"""Tables of URLs as Django writes them: ``path``, ``re_path`` and ``include``.

urlpatterns = [
    path("users/<int:id>/", user_detail, name="user"),
    re_path(r"^archive/(?P<year>[0-9]{4})/$", archive),
    path("blog/", include("blog.urls", namespace="blog")),
]
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any, TypeAlias

from fwtrace.toolkit.routing.patterns import Literal, Pattern, Piece, Regex, parse
from fwtrace.toolkit.routing.router import Route

__all__ = ["Included", "URLPattern", "flatten", "include", "path", "re_path"]


class URLPattern:
    """One line of a table: a prefix or whole path, and what is there."""

    __slots__ = ("methods", "name", "pieces", "text", "view")

    def __init__(
        self,
        text: str,
        pieces: Sequence[Piece],
        view: Any,
        name: str | None,
        methods: Iterable[str] | None,
    ) -> None:
        self.text = text
        self.pieces = tuple(pieces)
        self.view = view
        self.name = name
        self.methods = None if methods is None else list(methods)

    def __repr__(self) -> str:
        return f"path({self.text!r}, name={self.name!r})"


class Included:
    """A table to be entered below a prefix."""

    __slots__ = ("namespace", "patterns")

    def __init__(self, patterns: list[URLPattern], namespace: str | None) -> None:
        self.patterns = patterns
        self.namespace = namespace


Table: TypeAlias = Sequence[URLPattern]


def path(
    route: str,
    view: Any,
    name: str | None = None,
    methods: Iterable[str] | None = None,
) -> URLPattern:
    """``route`` with parameters as ``<int:id>``; a leading slash means the same."""
    text = route.removeprefix("/")
    return URLPattern(text, parse(text), view, name, methods)


def re_path(
    route: str,
    view: Any,
    name: str | None = None,
    methods: Iterable[str] | None = None,
) -> URLPattern:
    """``route`` is a regular expression, its parameters named: ``(?P<year>[0-9]+)``.

    It matches from the start; end it with ``$`` unless more may follow.
    """
    import re

    source = route.removeprefix("^").removeprefix("/")
    groups = re.compile(source)
    if groups.groups != len(groups.groupindex):
        raise ValueError(
            f"re_path({route!r}): name its groups, (?P<name>...), or make them "
            "(?:...): parameters are passed by name."
        )
    return URLPattern(source, (Regex(source),), view, name, methods)


def include(
    target: str | ModuleType | Table | tuple[Table, str],
    namespace: str | None = None,
) -> Included:
    """The table of a list, a module, or a module's dotted path (its ``urlpatterns``).

    ``namespace`` goes before the names in it: ``"blog:entry"``.
    """
    if isinstance(target, tuple) and len(target) == 2 and isinstance(target[1], str):
        return include(target[0], namespace or target[1])
    if isinstance(target, str):
        target = importlib.import_module(target)
    if isinstance(target, ModuleType):
        namespace = namespace or getattr(target, "app_name", None)
        target = target.urlpatterns
    return Included(list(target), namespace)  # type: ignore[arg-type]


def flatten(
    urlpatterns: Table,
    prefix: str = "/",
    pieces: Sequence[Piece] = (),
    namespace: str = "",
) -> list[Route]:
    """The routes of a table, those of included ones with their prefix and name."""
    pieces = pieces or parse(prefix)
    routes: list[Route] = []
    for line in urlpatterns:
        text, whole = prefix + line.text, _merge((*pieces, *line.pieces))
        if isinstance(line.view, Included):
            inner = line.view
            space = f"{namespace}{inner.namespace}:" if inner.namespace else namespace
            routes += flatten(inner.patterns, text, whole, space)
        else:
            name = namespace + line.name if line.name is not None else None
            routes.append(Route(Pattern(text, whole), line.view, line.methods, name))
    return routes


def _merge(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Neighbouring literals as one."""
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, Literal) and isinstance(last, Literal):
            merged[-1] = Literal(last.text + piece.text)
        else:
            merged.append(piece)
    return tuple(merged)
