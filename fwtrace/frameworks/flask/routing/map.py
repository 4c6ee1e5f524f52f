"""Maps: the rules of an app; and adapters: those rules as one request sees them.

A rule is entered into the toolkit's matcher, which gives all that match; of those the
rule with the most specific segments wins, whichever was registered first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from fwtrace.frameworks.flask.datastructures.mappings import MultiDict, iter_multi_items
from fwtrace.frameworks.flask.exceptions import (
    BadHost,
    HTTPException,
    MethodNotAllowed,
    NotFound,
)
from fwtrace.frameworks.flask.routing.converters import (
    DEFAULT_CONVERTERS,
    SAFE,
    BaseConverter,
)
from fwtrace.frameworks.flask.routing.errors import (
    BuildError,
    RequestRedirect,
    ValidationError,
    WebsocketMismatch,
)
from fwtrace.frameworks.flask.routing.hosts import (
    get_host,
    subdomain_of,
    without_usual_port,
)
from fwtrace.frameworks.flask.routing.rules import Rule, RuleFactory
from fwtrace.toolkit.routing.matcher import Matcher
from fwtrace.toolkit.routing.patterns import Literal, Param, Pattern, Piece

if TYPE_CHECKING:
    from fwtrace.toolkit.wsgi.types import Environ

__all__ = ["Map", "MapAdapter"]

QUERY_SAFE = "!$'()*,/:;?@"

# Those whose answer may be remembered: a client cannot make up more of them.
_KNOWN_METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
)


# A rule is found under its own form, without its last slash, or with one too many.
_EXACT, _SLASH_MISSING, _SLASH_EXTRA = range(3)


class _Entry:
    """A form of a rule in the matcher. ``key`` orders it among others that match."""

    __slots__ = ("form", "key", "rule")

    def __init__(self, rule: Rule, form: int, key: tuple[Any, ...]) -> None:
        self.rule = rule
        self.form = form
        self.key = key


def _key(pieces: tuple[Piece, ...]) -> tuple[Any, ...]:
    """The order of the segments: text first, then by the weights of what is in them."""
    segments: list[list[Piece]] = [[]]
    tail = False
    for piece in pieces:
        if isinstance(piece, Literal) and not tail:
            first, *rest = piece.text.split("/")
            segments[-1] += [Literal(first)] if first else []
            segments += [[Literal(part)] if part else [] for part in rest]
        else:
            segments[-1].append(piece)
            tail = tail or (isinstance(piece, Param) and piece.converter.spans)
    return tuple(map(_weight, segments))


def _weight(segment: list[Piece]) -> tuple[Any, ...]:
    converters = [p.converter for p in segment if isinstance(p, Param)]
    if not converters:
        return (0,)
    literals = [piece.text for piece in segment if isinstance(piece, Literal)]
    texts = [len(part) for text in literals for part in text.split("/") if part]
    weights = [converter.weight for converter in converters]  # type: ignore[attr-defined]
    static = tuple((n, -length) for n, length in enumerate(texts))
    return (1, -len(texts), static, -len(weights), tuple(weights))


class Map:
    """The rules of an app, and what they have in common."""

    default_converters = DEFAULT_CONVERTERS

    def __init__(
        self,
        rules: Iterable[RuleFactory] | None = None,
        default_subdomain: str = "",
        strict_slashes: bool = True,
        merge_slashes: bool = True,
        redirect_defaults: bool = True,
        converters: Mapping[str, type[BaseConverter]] | None = None,
        sort_parameters: bool = False,
        sort_key: Callable[[Any], Any] | None = None,
        host_matching: bool = False,
    ) -> None:
        self.default_subdomain = default_subdomain
        self.strict_slashes = strict_slashes
        self.merge_slashes = merge_slashes
        self.redirect_defaults = redirect_defaults
        self.host_matching = host_matching
        self.converters: dict[str, type[BaseConverter]] = dict(self.default_converters)
        self.converters.update(converters or {})
        self.sort_parameters = sort_parameters
        self.sort_key = sort_key
        self._rules: list[Rule] = []
        self._rules_by_endpoint: dict[Any, list[Rule]] = {}
        self._shared: dict[Any, BaseConverter] = {}
        self._matcher = Matcher()
        self._plain: dict[str, dict[str, Rule]] = {}
        self._remap = False
        for factory in rules or ():
            self.add(factory)

    def _converter(
        self, kind: type[BaseConverter], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> BaseConverter:
        """One converter for all rules with the same arguments, so that the matcher
        holds a segment against it once."""
        key = (kind, args, tuple(sorted(kwargs.items())))
        try:
            found = self._shared.get(key)
        except TypeError:
            return kind(self, *args, **kwargs)
        if found is None:
            found = self._shared[key] = kind(self, *args, **kwargs)
        return found

    def add(self, rulefactory: RuleFactory) -> None:
        """Enter a rule, or the rules of a factory, and bind them to this map."""
        for rule in rulefactory.get_rules(self):
            rule.bind(self)
            self._rules.append(rule)
            self._rules_by_endpoint.setdefault(rule.endpoint, []).append(rule)
            if not rule.build_only:
                self._enter(rule)
        self._remap = True

    def _enter(self, rule: Rule) -> None:
        pieces = (*rule._domain, *rule._path)
        key = _key(pieces)
        # What goes on over slashes is one segment in all forms; the first added wins.
        spans = any(isinstance(p, Param) and p.converter.spans for p in pieces)
        self._put(rule, pieces, _EXACT, key)
        last = rule._path[-1]
        if isinstance(last, Literal) and last.text.endswith("/"):
            if last.text != "/":
                without = (*pieces[:-1], Literal(last.text[:-1]))
            else:
                without = pieces[:-1]
            if len(without) > len(rule._domain):
                shorter = key if spans else (*key[:-1], (3,))
                self._put(rule, without, _SLASH_MISSING, shorter)
        elif not rule.strict_slashes:
            extra = (*pieces, Literal("/"))
            self._put(rule, extra, _SLASH_EXTRA, key if spans else (*key, (2,)))
        if not rule._converters and not rule.defaults:
            self._plain.setdefault(rule.rule, {})

    def _put(
        self, rule: Rule, pieces: tuple[Piece, ...], form: int, key: tuple[Any, ...]
    ) -> None:
        self._matcher.add(Pattern(rule.rule, _joined(pieces)), _Entry(rule, form, key))

    def update(self) -> None:
        """Sort the rules of each endpoint for building, where some were added."""
        if not self._remap:
            return
        for rules in self._rules_by_endpoint.values():
            rules.sort(key=Rule.build_compare_key)
            for position, rule in enumerate(rules):
                rule._defaulted = tuple(
                    other
                    for other in rules[:position]
                    if other.provides_defaults_for(rule)
                )
        self._plain = {path: {} for path in self._plain}
        self._remap = False

    def iter_rules(self, endpoint: Any = None) -> Iterator[Rule]:
        """All rules, in the order in which they were added, or those of an endpoint."""
        self.update()
        if endpoint is not None:
            return iter(self._rules_by_endpoint[endpoint])
        return iter(self._rules)

    def is_endpoint_expecting(self, endpoint: Any, *arguments: str) -> bool:
        """Whether a rule of the endpoint has all of these arguments."""
        self.update()
        wanted = set(arguments)
        return any(wanted <= r.arguments for r in self._rules_by_endpoint[endpoint])

    def _encode_query(self, values: Any) -> str:
        items: Iterable[Any] = (
            pair for pair in iter_multi_items(values) if pair[1] is not None
        )
        if self.sort_parameters:
            items = sorted(items, key=self.sort_key)
        return urlencode(list(items), safe=QUERY_SAFE)

    def bind(
        self,
        server_name: str,
        script_name: str | None = None,
        subdomain: str | None = None,
        url_scheme: str = "http",
        default_method: str = "GET",
        path_info: str | None = None,
        query_args: Mapping[str, Any] | str | None = None,
    ) -> MapAdapter:
        """The rules as seen from a host: what matches and builds."""
        server_name = server_name.lower()
        if self.host_matching:
            if subdomain is not None:
                raise RuntimeError("host matching enabled and a subdomain was provided")
        elif subdomain is None:
            subdomain = self.default_subdomain
        if not server_name.isascii():
            try:
                server_name = server_name.encode("idna").decode("ascii")
            except UnicodeError:
                raise BadHost() from None
        return MapAdapter(
            self,
            server_name,
            script_name or "/",
            subdomain,
            url_scheme,
            path_info or "/",
            default_method,
            query_args,
        )

    def bind_to_environ(
        self,
        environ: Environ | Any,
        server_name: str | None = None,
        subdomain: str | None = None,
    ) -> MapAdapter:
        """The same for the host, path and method of a request."""
        environ = getattr(environ, "environ", environ)
        scheme = environ["wsgi.url_scheme"]
        asked = get_host(environ).lower()
        upgrade = environ.get("HTTP_UPGRADE")
        is_websocket = upgrade is not None and upgrade.lower() == "websocket"
        if is_websocket:
            scheme = "wss" if scheme == "https" else "ws"
        if server_name is None:
            server_name = asked
        else:
            server_name = without_usual_port(server_name.lower(), scheme)
        if subdomain is None and not self.host_matching:
            subdomain = subdomain_of(asked, server_name)
        adapter = MapAdapter(
            self,
            server_name,
            wsgi_text(environ.get("SCRIPT_NAME", "")) or "/",
            subdomain,
            scheme,
            wsgi_text(environ.get("PATH_INFO", "")) or "/",
            environ["REQUEST_METHOD"],
            environ.get("QUERY_STRING", ""),
        )
        adapter.websocket = is_websocket
        return adapter

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.iter_rules())!r})"


def _joined(pieces: tuple[Piece, ...]) -> list[Piece]:
    """Neighbouring literals as one, which the matcher takes apart at its slashes."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, Literal) and isinstance(last, Literal):
            joined[-1] = Literal(last.text + piece.text)
        else:
            joined.append(piece)
    return joined


def wsgi_text(raw: str) -> str:
    """PEP 3333 hands over bytes as latin-1; what is not UTF-8 is replaced."""
    return raw if raw.isascii() else raw.encode("latin-1").decode("utf-8", "replace")


class MapAdapter:
    """The rules of a map as a request, or a configuration, sees them."""

    __slots__ = (
        "default_method",
        "map",
        "path_info",
        "query_args",
        "script_name",
        "server_name",
        "subdomain",
        "url_scheme",
        "websocket",
    )

    def __init__(
        self,
        map: Map,
        server_name: str,
        script_name: str,
        subdomain: str | None,
        url_scheme: str,
        path_info: str,
        default_method: str,
        query_args: Mapping[str, Any] | str | None = None,
    ) -> None:
        self.map = map
        self.server_name = server_name
        self.script_name = script_name if script_name[-1:] == "/" else script_name + "/"
        self.subdomain = subdomain
        self.url_scheme = url_scheme
        self.path_info = path_info
        self.default_method = default_method
        self.query_args = query_args
        self.websocket = url_scheme in ("ws", "wss")

    # Matching.

    def match(
        self,
        path_info: str | None = None,
        method: str | None = None,
        return_rule: bool = False,
        query_args: Mapping[str, Any] | str | None = None,
        websocket: bool | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """``(endpoint, values)`` of the URL, or ``(rule, values)``.

        Raises NotFound, MethodNotAllowed, or RequestRedirect.
        """
        map = self.map
        if map._remap:
            map.update()
        path = self.path_info if path_info is None else path_info
        method = self.default_method if method is None else method.upper()
        if query_args is None:
            query_args = self.query_args
        if websocket is None:
            websocket = self.websocket
        domain = self.subdomain
        if map.host_matching or domain is None:
            domain = self.server_name
        remembered = None if domain or websocket else map._plain.get(path)
        if remembered is not None and method in remembered:
            rule = remembered[method]
            return (rule if return_rule else rule.endpoint), {}
        path = f"/{path.lstrip('/')}" if path else ""
        rule, values = self._find(domain, path, method, query_args, websocket)
        if map.redirect_defaults and rule._defaulted:
            self._redirect_defaults(rule, method, values, query_args)
        if rule.redirect_to is not None:
            raise RequestRedirect(self._redirect_target(rule, values))
        if remembered is not None and method in _KNOWN_METHODS and not values:
            remembered[method] = rule
        return (rule if return_rule else rule.endpoint), values

    def _find(
        self,
        domain: str,
        path: str,
        method: str,
        query_args: Any,
        websocket: bool,
    ) -> tuple[Rule, dict[str, Any]]:
        allowed: set[str] = set()
        found = self._look_up(domain + path, method, websocket, allowed)
        if found is None and self.map.merge_slashes and "//" in path:
            merged = re.sub("/{2,}", "/", path)
            found = self._look_up(domain + merged, method, websocket, allowed)
            if found is not None and found[0].rule.merge_slashes:
                path, found = merged, (found[0], None)
        if found is None:
            if allowed - {""}:
                raise MethodNotAllowed(sorted(allowed))
            raise WebsocketMismatch() if "" in allowed else NotFound()
        entry, params = found
        rule = entry.rule
        if entry.form == _SLASH_MISSING and rule.strict_slashes:
            path, params = path + "/", None
        if params is None:
            target = quote(path, safe=SAFE)
            raise RequestRedirect(self.make_redirect_url(target, query_args))
        for name, converter in rule._late:
            try:
                params[name] = converter.to_python(params[name])
            except ValidationError:
                raise NotFound() from None
        if rule.defaults:
            params.update(rule.defaults)
        if rule.alias and self.map.redirect_defaults:
            url = self.make_alias_redirect_url(
                path, rule.endpoint, params, method, query_args
            )
            raise RequestRedirect(url)
        return rule, params

    def _look_up(
        self, path: str, method: str, websocket: bool, allowed: set[str]
    ) -> tuple[_Entry, dict[str, Any] | None] | None:
        """The first form that takes the method, of all that match; ``allowed``
        collects the methods of the others."""
        found = self.map._matcher.find(path)
        if len(found) > 1:
            found.sort(key=lambda each: (each[1].key, each[0]))
        for _, entry, params in found:
            methods = entry.rule.methods
            if methods is not None and method not in methods:
                if entry.form != _SLASH_MISSING:
                    allowed |= methods
            elif entry.rule.websocket != websocket:
                allowed.add("")
            else:
                return entry, params
        return None

    def _redirect_defaults(
        self, rule: Rule, method: str, values: dict[str, Any], query_args: Any
    ) -> None:
        """Redirect to the rule that leaves out what the URL said needlessly."""
        for other in rule._defaulted:
            if other.suitable_for(values, method):
                values.update(other.defaults or {})
                built = other.build(values)
                if built is not None:
                    domain, path = built
                    url = self.make_redirect_url(path, query_args, domain)
                    raise RequestRedirect(url)

    def _redirect_target(self, rule: Rule, values: dict[str, Any]) -> str:
        target = rule.redirect_to
        if callable(target):
            url = target(self, **values)
        else:
            url = re.sub(
                "<([^>]+)>",
                lambda m: rule._converters[m[1]].to_url(values[m[1]]),
                target or "",
            )
        netloc = self.server_name
        if self.subdomain:
            netloc = f"{self.subdomain}.{netloc}"
        return urljoin(f"{self.url_scheme or 'http'}://{netloc}{self.script_name}", url)

    def dispatch(
        self,
        view_func: Callable[..., Any],
        path_info: str | None = None,
        method: str | None = None,
        catch_http_exceptions: bool = False,
    ) -> Any:
        """``view_func(endpoint, values)`` of what matches."""
        try:
            try:
                endpoint, values = self.match(path_info, method)
            except RequestRedirect as error:
                return error
            return view_func(endpoint, values)
        except HTTPException as error:
            if catch_http_exceptions:
                return error
            raise

    def test(self, path_info: str | None = None, method: str | None = None) -> bool:
        """Whether the URL leads anywhere."""
        try:
            self.match(path_info, method)
        except RequestRedirect:
            pass
        except HTTPException:
            return False
        return True

    def allowed_methods(self, path_info: str | None = None) -> list[str]:
        """The methods that the URL takes."""
        try:
            self.match(path_info, method="--")
        except MethodNotAllowed as error:
            return list(error.valid_methods or ())
        except HTTPException:
            pass
        return []

    # Building.

    def get_host(self, domain_part: str | None) -> str:
        if self.map.host_matching:
            return self.server_name if domain_part is None else domain_part
        subdomain = self.subdomain if domain_part is None else domain_part
        return f"{subdomain}.{self.server_name}" if subdomain else self.server_name

    def encode_query_args(self, query_args: Mapping[str, Any] | str) -> str:
        if isinstance(query_args, str):
            return query_args
        return self.map._encode_query(query_args)

    def make_redirect_url(
        self,
        path_info: str,
        query_args: Mapping[str, Any] | str | None = None,
        domain_part: str | None = None,
    ) -> str:
        """The whole URL of a path, quoted already, on this host."""
        query = self.encode_query_args(query_args) if query_args else ""
        path = f"{self.script_name.strip('/')}/{path_info.lstrip('/')}".lstrip("/")
        url = f"{self.url_scheme or 'http'}://{self.get_host(domain_part)}/{path}"
        return f"{url}?{query}" if query else url

    def make_alias_redirect_url(
        self,
        path: str,
        endpoint: Any,
        values: Mapping[str, Any],
        method: str,
        query_args: Any,
    ) -> str:
        url = self.build(
            endpoint, values, method, append_unknown=False, force_external=True
        )
        if query_args:
            url += f"?{self.encode_query_args(query_args)}"
        if urlsplit(url).path == path:
            raise RuntimeError("An alias rule redirects to itself: is another missing?")
        return url

    def _partial_build(
        self,
        endpoint: Any,
        values: Mapping[str, Any],
        method: str | None,
        append_unknown: bool,
    ) -> tuple[str, str, bool] | None:
        if method is None:
            built = self._partial_build(
                endpoint, values, self.default_method, append_unknown
            )
            if built is not None:
                return built
        first = None
        for rule in self.map._rules_by_endpoint.get(endpoint, ()):
            if rule.suitable_for(values, method):
                built_parts = rule.build(values, append_unknown)
                if built_parts is None:
                    continue
                found = (*built_parts, rule.websocket)
                if not self.map.host_matching or found[0] == self.server_name:
                    return found
                first = first or found
        return first

    def build(
        self,
        endpoint: Any,
        values: Mapping[str, Any] | None = None,
        method: str | None = None,
        force_external: bool = False,
        append_unknown: bool = True,
        url_scheme: str | None = None,
    ) -> str:
        """The URL of the endpoint; values that it has no place for are the query.

        A path where the host is this one, unless ``force_external``. Raises BuildError.
        """
        self.map.update()
        if isinstance(values, MultiDict):
            lists = values.lists()
            values = {k: v[0] if len(v) == 1 else v for k, v in lists if v}
        else:
            values = {k: v for k, v in (values or {}).items() if v is not None}
        built = self._partial_build(endpoint, values, method, append_unknown)
        if built is None:
            raise BuildError(endpoint, values, method, self)
        domain, path, websocket = built
        scheme = self.url_scheme if url_scheme is None else url_scheme
        is_secure = scheme in ("https", "wss")
        if websocket:
            force_external = True
            scheme = "wss" if is_secure else "ws"
        elif scheme:
            scheme = "https" if is_secure else "http"
        here = self.server_name if self.map.host_matching else self.subdomain
        if not force_external and domain == here:
            return f"{self.script_name.rstrip('/')}/{path.lstrip('/')}"
        prefix = f"{scheme}:" if scheme else ""
        host = self.get_host(domain)
        return f"{prefix}//{host}{self.script_name[:-1]}/{path.lstrip('/')}"
