"""What requests and responses are read and written through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import IO, Any, NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from fwtrace.toolkit.asgi.concurrency import run_in_threadpool
from fwtrace.toolkit.asgi.types import Scope

__all__ = [
    "URL",
    "Address",
    "CommaSeparatedStrings",
    "FormData",
    "Headers",
    "ImmutableMultiDict",
    "MultiDict",
    "MutableHeaders",
    "QueryParams",
    "Secret",
    "State",
    "URLPath",
    "UploadFile",
]


class Address(NamedTuple):
    host: str
    port: int


# URLs.


class Host(NamedTuple):
    """``name`` with the brackets of IPv6, ``port`` as text or None."""

    name: str
    port: str | None

    @property
    def authority(self) -> str:
        return self.name if self.port is None else f"{self.name}:{self.port}"

    @property
    def is_valid_port(self) -> bool:
        if self.port is None:
            return True
        digits = self.port.lstrip("0")
        return len(digits) <= 5 and int(digits or "0") <= 65535


@lru_cache(maxsize=1024)
def parse_host(header: str | None) -> Host | None:
    """The host of a header; None for one that could change the rest of a URL."""
    import ipaddress
    import re

    if header is None:
        return None
    found = re.fullmatch(
        r"([a-z0-9._~%!$&'()*+,;=-]+|\[(?:([a-f0-9]*:[a-f0-9.:]+)|"
        r"v[a-f0-9]+\.[a-z0-9._~!$&'()*+,;=:-]+)\])(?::([0-9]+))?",
        header,
        re.IGNORECASE,
    )
    if found is None or header[:2] == "[V":
        return None
    if found[2] is not None:
        try:
            ipaddress.IPv6Address(found[2])
        except ValueError:
            return None
    return Host(found[1], found[3])


_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def _of_scope(scope: Scope) -> str:
    """The whole URL of a connection; a path alone where no host is known."""
    scheme = scope.get("scheme", "http")
    path = scope["path"]
    for char, escaped in (("?", "%3F"), ("#", "%23"), ("\\", "%5C")):
        path = path.replace(char, escaped)
    header = next((v for k, v in scope["headers"] if k == b"host"), None)
    host = parse_host(None if header is None else header.decode("latin-1"))
    netloc = None
    if host is not None and host.is_valid_port:
        netloc = host.authority
    elif scope.get("server") is not None:
        name, port = scope["server"]
        if ":" in name and not name.startswith("["):
            name = f"[{name}]"
        netloc = name if port == _PORTS[scheme] else f"{name}:{port}"
    query = scope.get("query_string", b"").decode()
    if netloc is not None:
        return SplitResult(scheme, netloc, path, query, "").geturl()
    if path.startswith("//"):  # it would be read as a host
        path = "/%2F" + path[2:]
    return f"{path}?{query}" if query else path


class URL:
    """A URL, of text, of a connection's scope, or of components."""

    def __init__(
        self, url: str = "", scope: Scope | None = None, **components: Any
    ) -> None:
        if (bool(url), scope is not None, bool(components)).count(True) > 1:
            raise AssertionError("Give one of 'url', 'scope' and components.")
        if scope is not None:
            url = _of_scope(scope)
        elif components:
            url = str(URL("").replace(**components))
        self._url = url
        self._components: SplitResult | None = None

    @property
    def components(self) -> SplitResult:
        if self._components is None:
            self._components = urlsplit(self._url)
        return self._components

    @property
    def scheme(self) -> str:
        return self.components.scheme

    @property
    def netloc(self) -> str:
        return self.components.netloc

    @property
    def path(self) -> str:
        return self.components.path

    @property
    def query(self) -> str:
        return self.components.query

    @property
    def fragment(self) -> str:
        return self.components.fragment

    @property
    def username(self) -> str | None:
        return self.components.username

    @property
    def password(self) -> str | None:
        return self.components.password

    @property
    def hostname(self) -> str | None:
        return self.components.hostname

    @property
    def port(self) -> int | None:
        return self.components.port

    @property
    def is_secure(self) -> bool:
        return self.scheme in ("https", "wss")

    def replace(self, **kwargs: Any) -> URL:
        """The URL with other components: ``scheme``, ``hostname``, ``port``, ..."""
        if kwargs.keys() & {"username", "password", "hostname", "port"}:
            kwargs["netloc"] = self._netloc(kwargs)
        return type(self)(self.components._replace(**kwargs).geturl())

    def _netloc(self, kwargs: dict[str, Any]) -> str:
        hostname = kwargs.pop("hostname", None)
        port = kwargs.pop("port", self.port)
        username = kwargs.pop("username", self.username)
        password = kwargs.pop("password", self.password)
        if hostname is None:
            hostname = self.netloc.rpartition("@")[2]
            if hostname[-1:] != "]":
                hostname = hostname.rsplit(":", 1)[0]
        elif ":" in hostname and not hostname.startswith("["):
            if parse_host(f"[{hostname}]") is not None:
                hostname = f"[{hostname}]"
        netloc = hostname if port is None else f"{hostname}:{port}"
        if username is None:
            return str(netloc)
        user = username if password is None else f"{username}:{password}"
        return f"{user}@{netloc}"

    def include_query_params(self, **kwargs: Any) -> URL:
        """With these in the place of those of the same names."""
        params = MultiDict(parse_qsl(self.query, keep_blank_values=True))
        params.update({str(key): str(value) for key, value in kwargs.items()})
        return self.replace(query=urlencode(params.multi_items()))

    def replace_query_params(self, **kwargs: Any) -> URL:
        pairs = [(str(key), str(value)) for key, value in kwargs.items()]
        return self.replace(query=urlencode(pairs))

    def remove_query_params(self, keys: str | Sequence[str]) -> URL:
        unwanted = [keys] if isinstance(keys, str) else keys
        params = MultiDict(parse_qsl(self.query, keep_blank_values=True))
        for key in unwanted:
            params.pop(key, None)
        return self.replace(query=urlencode(params.multi_items()))

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self._url

    def __repr__(self) -> str:
        hidden = self.replace(password="********") if self.password else self
        return f"{type(self).__name__}({str(hidden)!r})"


class URLPath(str):
    """A path that knows which protocol and host it is for."""

    protocol: str
    host: str

    def __new__(cls, path: str, protocol: str = "", host: str = "") -> URLPath:
        if protocol not in ("http", "websocket", ""):
            raise AssertionError(f"{protocol!r} is neither http nor websocket.")
        path = path.replace("\\", "%5C")
        if path.startswith("//"):  # it would be read as a host
            path = "/%2F" + path[2:]
        made = str.__new__(cls, path)
        made.protocol = protocol
        made.host = host
        return made

    def make_absolute_url(self, base_url: str | URL) -> URL:
        base = URL(base_url) if isinstance(base_url, str) else base_url
        scheme = base.scheme
        if self.protocol:
            scheme = "http" if self.protocol == "http" else "ws"
            scheme += "s" if base.is_secure else ""
        path = base.path.rstrip("/") + str(self)
        return URL(scheme=scheme, netloc=self.host or base.netloc, path=path)


# Mappings.


class Secret:
    """Text that does not show in tracebacks: ``str(secret)`` gives it."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return f"{type(self).__name__}('**********')"

    def __str__(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)


class CommaSeparatedStrings(Sequence[str]):
    """``"a, 'b, c'"`` as a sequence of its parts."""

    def __init__(self, value: str | Sequence[str]) -> None:
        from shlex import shlex

        if isinstance(value, str):
            splitter = shlex(value, posix=True)
            splitter.whitespace = ","
            splitter.whitespace_split = True
            self._items = [item.strip() for item in splitter]
        else:
            self._items = list(value)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"

    def __str__(self) -> str:
        return ", ".join(repr(item) for item in self)


class ImmutableMultiDict(Mapping[Any, Any]):
    """A mapping whose keys may come more than once: ``d[key]`` is the last value,
    :meth:`getlist` gives them all, :meth:`multi_items` all pairs in order."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if len(args) > 1:
            raise AssertionError("Too many arguments.")
        self._list: list[tuple[Any, Any]] = _pairs(args[0] if args else ())
        if kwargs:
            self._list += kwargs.items()
        self._dict = dict(self._list)

    def getlist(self, key: Any) -> list[Any]:
        return [value for name, value in self._list if name == key]

    def keys(self) -> Any:
        return self._dict.keys()

    def values(self) -> Any:
        return self._dict.values()

    def items(self) -> Any:
        return self._dict.items()

    def multi_items(self) -> list[tuple[Any, Any]]:
        return list(self._list)

    def __getitem__(self, key: Any) -> Any:
        return self._dict[key]

    def __contains__(self, key: object) -> bool:
        return key in self._dict

    def __iter__(self) -> Iterator[Any]:
        return iter(self._dict)

    def __len__(self) -> int:
        return len(self._dict)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return False
        first, second = (sorted(d._list, key=lambda p: p[0]) for d in (self, other))
        return first == second

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.multi_items()!r})"


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    if hasattr(value, "multi_items"):
        return list(value.multi_items())
    return list(value.items() if hasattr(value, "items") else value)


class MultiDict(ImmutableMultiDict):
    """One that can be changed."""

    def __setitem__(self, key: Any, value: Any) -> None:
        self.setlist(key, [value])

    def __delitem__(self, key: Any) -> None:
        del self._dict[key]
        self._list = [pair for pair in self._list if pair[0] != key]

    def pop(self, key: Any, default: Any = None) -> Any:
        self._list = [pair for pair in self._list if pair[0] != key]
        return self._dict.pop(key, default)

    def popitem(self) -> tuple[Any, Any]:
        key, value = self._dict.popitem()
        self._list = [pair for pair in self._list if pair[0] != key]
        return key, value

    def poplist(self, key: Any) -> list[Any]:
        values = self.getlist(key)
        self.pop(key)
        return values

    def clear(self) -> None:
        self._dict.clear()
        self._list.clear()

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self.append(key, default)
        return self[key]

    def setlist(self, key: Any, values: list[Any]) -> None:
        self.pop(key, None)
        for value in values:
            self.append(key, value)

    def append(self, key: Any, value: Any) -> None:
        self._list.append((key, value))
        self._dict[key] = value

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Put the given keys, with all their values, in the place of those here."""
        new = MultiDict(*args, **kwargs)
        self._list = [pair for pair in self._list if pair[0] not in new] + new._list
        self._dict.update(new._dict)


class QueryParams(ImmutableMultiDict):
    """The fields of a query string, of text, bytes or pairs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        value = args[0] if args else ()
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        if isinstance(value, str):
            value = parse_query(value)
            if len(args) == 1 and not kwargs:
                self._list = value
                self._dict = dict(value)
                return
        super().__init__(value, *args[1:], **kwargs)
        self._list = [(str(key), str(value)) for key, value in self._list]
        self._dict = dict(self._list)

    def __str__(self) -> str:
        return urlencode(self._list)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


def parse_query(text: str) -> list[tuple[str, str]]:
    """The pairs of a query string; nothing in it is an error."""
    if "%" in text or "+" in text:
        return parse_qsl(text, keep_blank_values=True)
    found = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            found.append((name, value))
    return found


class UploadFile:
    """A file of a form: in memory or, when large, on disk, where threads read it."""

    def __init__(
        self,
        file: IO[bytes],
        *,
        size: int | None = None,
        filename: str | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.filename = filename
        self.file = file
        self.size = size
        self.headers = headers or Headers()
        self._max_mem_size = getattr(file, "_max_size", 0)

    @property
    def content_type(self) -> str | None:
        found: str | None = self.headers.get("content-type")
        return found

    @property
    def _in_memory(self) -> bool:
        return not getattr(self.file, "_rolled", True)

    async def write(self, data: bytes) -> None:
        if self.size is not None:
            self.size += len(data)
        limit = self._max_mem_size
        if self._in_memory and not (limit and self.file.tell() + len(data) > limit):
            self.file.write(data)
        else:
            await run_in_threadpool(self.file.write, data)

    async def read(self, size: int = -1) -> bytes:
        if self._in_memory:
            return self.file.read(size)
        return await run_in_threadpool(self.file.read, size)

    async def seek(self, offset: int) -> None:
        if self._in_memory:
            self.file.seek(offset)
        else:
            await run_in_threadpool(self.file.seek, offset)

    async def close(self) -> None:
        if self._in_memory:
            self.file.close()
        else:
            await run_in_threadpool(self.file.close)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(filename={self.filename!r}, size={self.size!r}, "
            f"headers={self.headers!r})"
        )


class FormData(ImmutableMultiDict):
    """The fields and files of a form."""

    async def close(self) -> None:
        for _, value in self._list:
            if isinstance(value, UploadFile):
                await value.close()


class Headers(Mapping[str, str]):
    """Header fields, by names in any case, of a mapping, of raw pairs or of a scope."""

    def __init__(
        self,
        headers: Mapping[str, str] | None = None,
        raw: list[tuple[bytes, bytes]] | None = None,
        scope: Scope | None = None,
    ) -> None:
        if (headers, raw, scope).count(None) < 2:
            raise AssertionError("Give one of 'headers', 'raw' and 'scope'.")
        self._list: list[tuple[bytes, bytes]] = []
        if headers is not None:
            self._list = [(_name(k), v.encode("latin-1")) for k, v in headers.items()]
        elif raw is not None:
            self._list = raw
        elif scope is not None:
            # What a server gives may be any iterable.
            self._list = scope["headers"] = list(scope["headers"])

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        return list(self._list)

    def keys(self) -> list[str]:  # type: ignore[override]
        return [key.decode("latin-1") for key, _ in self._list]

    def values(self) -> list[str]:  # type: ignore[override]
        return [value.decode("latin-1") for _, value in self._list]

    def items(self) -> list[tuple[str, str]]:  # type: ignore[override]
        return [(k.decode("latin-1"), v.decode("latin-1")) for k, v in self._list]

    def getlist(self, key: str) -> list[str]:
        name = _name(key)
        return [value.decode("latin-1") for k, value in self._list if k == name]

    def mutablecopy(self) -> MutableHeaders:
        return MutableHeaders(raw=self._list[:])

    def get(self, key: str, default: Any = None) -> Any:
        name = _name(key)
        for field, value in self._list:
            if field == name:
                return value.decode("latin-1")
        return default

    def __getitem__(self, key: str) -> str:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return str(found)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._list)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and sorted(self._list) == sorted(other._list)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        name, fields = type(self).__name__, dict(self.items())
        if len(fields) == len(self):
            return f"{name}({fields!r})"
        return f"{name}(raw={self.raw!r})"


@lru_cache(maxsize=1024)
def _name(key: str) -> bytes:
    return key.lower().encode("latin-1")


class MutableHeaders(Headers):
    """Those of a response."""

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        return self._list

    def __setitem__(self, key: str, value: str) -> None:
        """Put one field in the place of all of that name."""
        name, data = _name(key), value.encode("latin-1")
        places = [n for n, (field, _) in enumerate(self._list) if field == name]
        for place in reversed(places[1:]):
            del self._list[place]
        if places:
            self._list[places[0]] = (name, data)
        else:
            self._list.append((name, data))

    def __delitem__(self, key: str) -> None:
        name = _name(key)
        self._list[:] = [field for field in self._list if field[0] != name]

    def __ior__(self, other: Mapping[str, str]) -> MutableHeaders:
        if not isinstance(other, Mapping):
            raise TypeError(f"Expected a mapping but got {type(other).__name__}")
        self.update(other)
        return self

    def __or__(self, other: Mapping[str, str]) -> MutableHeaders:
        joined = self.mutablecopy()
        joined |= other
        return joined

    def setdefault(self, key: str, value: str) -> str:
        found = self.get(key)
        if found is not None:
            return str(found)
        self.append(key, value)
        return value

    def update(self, other: Mapping[str, str]) -> None:
        for key, value in other.items():
            self[key] = value

    def append(self, key: str, value: str) -> None:
        """Append a field, beside others of the same name."""
        self._list.append((_name(key), value.encode("latin-1")))

    def add_vary_header(self, vary: str) -> None:
        self["vary"] = ", ".join([*self.getlist("vary"), vary])


class State:
    """What is kept with an app, a lifespan or a request: attributes and items alike."""

    _state: dict[str, Any]

    def __init__(self, state: dict[str, Any] | None = None) -> None:
        super().__setattr__("_state", {} if state is None else state)

    def __setattr__(self, key: str, value: Any) -> None:
        self._state[key] = value

    def __getattr__(self, key: str) -> Any:
        try:
            return self._state[key]
        except KeyError:
            name = type(self).__name__
            raise AttributeError(f"{name!r} object has no attribute {key!r}") from None

    def __delattr__(self, key: str) -> None:
        del self._state[key]

    def __getitem__(self, key: str) -> Any:
        return self._state[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._state[key] = value

    def __delitem__(self, key: str) -> None:
        del self._state[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._state)

    def __len__(self) -> int:
        return len(self._state)
