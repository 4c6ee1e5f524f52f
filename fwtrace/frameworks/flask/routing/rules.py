"""Rules: a URL's text taken apart, once, for matching and for building."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fwtrace.frameworks.flask.routing.converters import (
    SAFE,
    BaseConverter,
    UnicodeConverter,
)
from fwtrace.frameworks.flask.routing.errors import ValidationError
from fwtrace.toolkit.routing.patterns import Literal, Param, Piece

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.routing.map import Map

__all__ = ["EndpointPrefix", "Rule", "RuleFactory", "Subdomain", "Submount"]


class RuleFactory:
    """Something that gives rules for a map."""

    def get_rules(self, map: Map) -> Iterable[Rule]:
        raise NotImplementedError


class Subdomain(RuleFactory):
    """Rules below one subdomain."""

    def __init__(self, subdomain: str, rules: Iterable[RuleFactory]) -> None:
        self.subdomain = subdomain
        self.rules = rules

    def get_rules(self, map: Map) -> Iterable[Rule]:
        for rule in _each(self.rules, map):
            rule.subdomain = self.subdomain
            yield rule


class Submount(RuleFactory):
    """Rules below one path."""

    def __init__(self, path: str, rules: Iterable[RuleFactory]) -> None:
        self.path = path.rstrip("/")
        self.rules = rules

    def get_rules(self, map: Map) -> Iterable[Rule]:
        for rule in _each(self.rules, map):
            rule.rule = self.path + rule.rule
            yield rule


class EndpointPrefix(RuleFactory):
    """Rules whose endpoints have a prefix."""

    def __init__(self, prefix: str, rules: Iterable[RuleFactory]) -> None:
        self.prefix = prefix
        self.rules = rules

    def get_rules(self, map: Map) -> Iterable[Rule]:
        for rule in _each(self.rules, map):
            rule.endpoint = self.prefix + rule.endpoint
            yield rule


def _each(rules: Iterable[RuleFactory], map: Map) -> Iterator[Rule]:
    return (rule.empty() for factory in rules for rule in factory.get_rules(map))


_PART = re.compile(
    r"<(?:(?P<converter>[a-zA-Z_]\w*)(?:\((?P<arguments>.*?)\))?:)?"
    r"(?P<name>[a-zA-Z_]\w*)>"
)
_ARGUMENT = re.compile(
    r"""\s*(?:(?P<name>\w+)\s*=\s*)?
    (?P<value>-?\d+\.\d+|-?\d+|True|False|None|[\w-]+|"[^"]*"|'[^']*')\s*(?:,|$)""",
    re.VERBOSE,
)
_CONSTANTS = {"True": True, "False": False, "None": None}


def parse_converter_args(text: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """``'2, max=9'`` -> ``((2,), {"max": 9})``; ValueError for nonsense."""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    end = 0
    while end < len(text.rstrip()):
        found = _ARGUMENT.match(text, end)
        if found is None:
            raise ValueError(f"Cannot parse converter arguments {text!r}.")
        value = _argument(found["value"])
        if found["name"]:
            kwargs[found["name"]] = value
        else:
            args.append(value)
        end = found.end()
    return tuple(args), kwargs


def _argument(text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in "\"'":
        return text[1:-1]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


class Rule(RuleFactory):
    """A URL rule: ``Rule("/users/<int:id>", endpoint="user", methods=["GET"])``.

    A rule that ends with a slash redirects to itself what lacks it, unless
    ``strict_slashes`` is false. ``defaults`` are values that the URL leaves out,
    ``redirect_to`` is a URL, or a function of the adapter and the values, to go to
    instead, ``alias`` and ``build_only`` as in Werkzeug's documentation.
    """

    def __init__(
        self,
        string: str,
        defaults: Mapping[str, Any] | None = None,
        subdomain: str | None = None,
        methods: Iterable[str] | None = None,
        build_only: bool = False,
        endpoint: Any = None,
        strict_slashes: bool | None = None,
        merge_slashes: bool | None = None,
        redirect_to: str | Callable[..., str] | None = None,
        alias: bool = False,
        host: str | None = None,
        websocket: bool = False,
    ) -> None:
        if not string.startswith("/"):
            raise ValueError(f"URL rule {string!r} must start with a slash.")
        self.rule = string
        self.is_leaf = not string.endswith("/")
        self.is_branch = string.endswith("/")
        self.map: Map = None  # type: ignore[assignment]
        self.strict_slashes = strict_slashes
        self.merge_slashes = merge_slashes
        self.subdomain = subdomain
        self.host = host
        self.defaults = defaults
        self.build_only = build_only
        self.alias = alias
        self.websocket = websocket
        self.provide_automatic_options = False
        if methods is not None:
            if isinstance(methods, str):
                raise TypeError(f"methods is a list, as in [{methods!r}], not a str.")
            methods = {method.upper() for method in methods}
            if "HEAD" not in methods and "GET" in methods:
                methods.add("HEAD")
            if websocket and methods - {"GET", "HEAD", "OPTIONS"}:
                raise ValueError("WebSocket rules take GET, HEAD and OPTIONS only.")
        self.methods: set[str] | None = methods
        self.endpoint = endpoint
        self.redirect_to = redirect_to
        self.arguments = set(map(str, defaults)) if defaults else set()
        self._converters: dict[str, BaseConverter] = {}
        self._late: tuple[tuple[str, BaseConverter], ...] = ()
        self._defaulted: tuple[Rule, ...] = ()

    def empty(self) -> Rule:
        """A copy that belongs to no map."""
        return type(self)(self.rule, **self.get_empty_kwargs())

    def get_empty_kwargs(self) -> dict[str, Any]:
        return {
            "defaults": dict(self.defaults) if self.defaults else None,
            "subdomain": self.subdomain,
            "methods": self.methods,
            "build_only": self.build_only,
            "endpoint": self.endpoint,
            "strict_slashes": self.strict_slashes,
            "redirect_to": self.redirect_to,
            "alias": self.alias,
            "host": self.host,
        }

    def get_rules(self, map: Map) -> Iterator[Rule]:
        yield self

    def refresh(self) -> None:
        self.bind(self.map, rebind=True)

    def bind(self, map: Map, rebind: bool = False) -> None:
        """Belong to the map: take its defaults and compile."""
        if self.__dict__["map"] is not None and not rebind:
            raise RuntimeError(f"url rule {self!r} already bound to map {self.map!r}")
        self.map = map
        if self.strict_slashes is None:
            self.strict_slashes = map.strict_slashes
        if self.merge_slashes is None:
            self.merge_slashes = map.merge_slashes
        if self.subdomain is None:
            self.subdomain = map.default_subdomain
        self.compile()

    def get_converter(
        self,
        variable_name: str,
        converter_name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> BaseConverter:
        kind = self.map.converters.get(converter_name)
        if kind is None:
            raise LookupError(f"the converter {converter_name!r} does not exist")
        return self.map._converter(kind, args, dict(kwargs))

    def compile(self) -> None:
        """Take the rule apart, once: for matching, its key and for building."""
        self._converters = {}
        domain = (self.host if self.map.host_matching else self.subdomain) or ""
        path = re.sub("/{2,}", "/", self.rule) if self.merge_slashes else self.rule
        self._domain = self._pieces(domain)
        self._path = self._pieces(path)
        self._build_domain = self._builders(self._domain)
        self._build_path = self._builders(self._path)
        self._build_names = frozenset(self._converters)
        self._late = tuple(
            (name, converter)
            for name, converter in self._converters.items()
            if type(converter) is not UnicodeConverter
        )

    def _pieces(self, text: str) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        end = 0
        for found in _PART.finditer(text):
            if found.start() > end:
                pieces.append(_literal(text[end : found.start()], self.rule))
            name, kind = found["name"], found["converter"] or "default"
            if name in self._converters:
                raise ValueError(f"The rule {self.rule!r} has {name!r} twice.")
            args, kwargs = parse_converter_args(found["arguments"] or "")
            converter = self.get_converter(name, kind, args, kwargs)
            self._converters[name] = converter
            self.arguments.add(name)
            pieces.append(Param(name, converter, kind))
            end = found.end()
        if end < len(text):
            pieces.append(_literal(text[end:], self.rule))
        return tuple(pieces)

    def _builders(self, pieces: tuple[Piece, ...]) -> list[Any]:
        """Quoted text, and (name, to_url) of what has no default."""
        builders: list[Any] = []
        defaults = self.defaults or {}
        for piece in pieces:
            if isinstance(piece, Param):
                converter = self._converters[piece.name]
                if piece.name in defaults:
                    builders.append(converter.to_url(defaults[piece.name]))
                else:
                    builders.append((piece.name, converter.to_url))
            elif isinstance(piece, Literal):
                builders.append(quote(piece.text, safe=SAFE))
        return builders

    def build(
        self, values: Mapping[str, Any], append_unknown: bool = True
    ) -> tuple[str, str] | None:
        """``(domain, path)`` of these values; None where one does not convert."""
        try:
            domain = "".join(_built(self._build_domain, values))
            path = "".join(_built(self._build_path, values))
        except ValidationError:
            return None
        if append_unknown and len(values) > len(self._build_names & values.keys()):
            known = self._build_names | (self.defaults or {}).keys()
            extra = {key: value for key, value in values.items() if key not in known}
            if extra:
                query = self.map._encode_query(extra)
                path += f"?{query}" if query else ""
        return domain, path

    def provides_defaults_for(self, rule: Rule) -> bool:
        """Whether this rule is another's with some values left out."""
        return bool(
            not self.build_only
            and self.defaults
            and self.endpoint == rule.endpoint
            and self is not rule
            and self.arguments == rule.arguments
        )

    def suitable_for(
        self, values: Mapping[str, Any], method: str | None = None
    ) -> bool:
        """Whether a URL of this rule can be built for the values and the method."""
        if method is not None and self.methods is not None:
            if method not in self.methods:
                return False
        defaults = self.defaults or {}
        for key in self.arguments:
            if key not in defaults and key not in values:
                return False
        return all(values.get(key, value) == value for key, value in defaults.items())

    def build_compare_key(self) -> tuple[int, int, int]:
        """Rules with more arguments and more defaults are tried first."""
        return (1 if self.alias else 0, -len(self.arguments), -len(self.defaults or ()))

    def __str__(self) -> str:
        return self.rule

    def __repr__(self) -> str:
        methods = f" ({', '.join(sorted(self.methods))})" if self.methods else ""
        return f"<{type(self).__name__} {self.rule!r}{methods} -> {self.endpoint}>"


def _literal(text: str, rule: str) -> Literal:
    if "<" in text or ">" in text:
        raise ValueError(f"malformed url rule: {rule!r}")
    return Literal(text)


def _built(builders: list[Any], values: Mapping[str, Any]) -> Iterator[str]:
    for each in builders:
        yield each if isinstance(each, str) else each[1](values[each[0]])
