"""The connection and the request: a reader's view of the scope, and of what arrives."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Generator, Iterator, Mapping
from typing import Any, NoReturn, cast

from fwtrace.toolkit.asgi.datastructures import (
    URL,
    Address,
    FormData,
    Headers,
    QueryParams,
    State,
)
from fwtrace.toolkit.asgi.exceptions import HTTPException
from fwtrace.toolkit.asgi.types import Message, Receive, Scope, Send

__all__ = ["ClientDisconnect", "HTTPConnection", "Request"]


class ClientDisconnect(Exception):
    """The client went away before all was read or sent."""


def parse_cookies(header: str) -> dict[str, str]:
    """Cookies as browsers send them; of a name that comes twice the last counts."""
    from http.cookies import _unquote

    cookies: dict[str, str] = {}
    for part in header.split(";"):
        name, equals, value = part.partition("=")
        if not equals:  # what has no name is a value
            name, value = "", name
        name, value = name.strip(), value.strip()
        if name or value:
            cookies[name] = _unquote(value)
    return cookies


class HTTPConnection(Mapping[str, Any]):
    """What requests and WebSockets have in common; also a mapping of the scope."""

    def __init__(self, scope: Scope, receive: Receive | None = None) -> None:
        if scope["type"] not in ("http", "websocket"):
            raise AssertionError(f"{scope['type']!r} is no connection.")
        self.scope = scope

    def __getitem__(self, key: str) -> Any:
        return self.scope[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.scope)

    def __len__(self) -> int:
        return len(self.scope)

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def _kept(self, name: str, make: Any) -> Any:
        found = self.__dict__.get(name)
        if found is None:
            found = self.__dict__[name] = make()
        return found

    @property
    def app(self) -> Any:
        return self.scope["app"]

    @property
    def url(self) -> URL:
        return cast(URL, self._kept("_url", lambda: URL(scope=self.scope)))

    @property
    def base_url(self) -> URL:
        """The URL of the app as a whole, also within what is mounted."""
        return cast(URL, self._kept("_base_url", self._make_base_url))

    def _make_base_url(self) -> URL:
        scope = dict(self.scope)
        root = scope.get("app_root_path", scope.get("root_path", ""))
        path = root if root.endswith("/") else f"{root}/"
        return URL(
            scope={**scope, "path": path, "query_string": b"", "root_path": root}
        )

    @property
    def headers(self) -> Headers:
        return cast(Headers, self._kept("_headers", lambda: Headers(scope=self.scope)))

    @property
    def query_params(self) -> QueryParams:
        found: QueryParams | None = self.__dict__.get("_query_params")
        if found is None:
            found = QueryParams(self.scope["query_string"])
            self.__dict__["_query_params"] = found
        return found

    @property
    def path_params(self) -> dict[str, Any]:
        found: dict[str, Any] = self.scope.get("path_params", {})
        return found

    @property
    def cookies(self) -> dict[str, str]:
        return cast("dict[str, str]", self._kept("_cookies", self._make_cookies))

    def _make_cookies(self) -> dict[str, str]:
        cookies: dict[str, str] = {}
        for header in self.headers.getlist("cookie"):
            cookies.update(parse_cookies(header))
        return cookies

    @property
    def client(self) -> Address | None:
        found = self.scope.get("client")
        return None if found is None else Address(*found)

    @property
    def session(self) -> Any:
        """The session that SessionMiddleware keeps for this client."""
        if "session" not in self.scope:
            raise AssertionError(
                "SessionMiddleware must be installed to access request.session"
            )
        session = self.scope["session"]
        if hasattr(session, "mark_accessed"):
            session.mark_accessed()
        return session

    @property
    def auth(self) -> Any:
        return self._of_authentication("auth")

    @property
    def user(self) -> Any:
        return self._of_authentication("user")

    def _of_authentication(self, name: str) -> Any:
        if name not in self.scope:
            raise AssertionError(
                f"AuthenticationMiddleware must be installed to access request.{name}"
            )
        return self.scope[name]

    @property
    def state(self) -> State:
        """What middleware, the lifespan and views keep with this connection."""
        return cast(State, self._kept("_state", self._make_state))

    def _make_state(self) -> State:
        return State(self.scope.setdefault("state", {}))

    def url_for(self, name: str, /, **path_params: Any) -> URL:
        """The whole URL of a named route."""
        provider = self.scope.get("router") or self.scope.get("app")
        if provider is None:
            raise RuntimeError("url_for() needs a router: it works while one handles.")
        found = provider.url_path_for(name, **path_params)
        return cast(URL, found.make_absolute_url(base_url=self.base_url))


async def empty_receive() -> NoReturn:
    raise RuntimeError("Receive channel has not been made available")


async def empty_send(message: Message) -> NoReturn:
    raise RuntimeError("Send channel has not been made available")


class _Form:
    """A form to be awaited, or entered with ``async with``, which closes its files."""

    __slots__ = ("_awaitable", "_entered")

    def __init__(self, awaitable: Awaitable[FormData]) -> None:
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, None, FormData]:
        return self._awaitable.__await__()

    async def __aenter__(self) -> FormData:
        self._entered = await self._awaitable
        return self._entered

    async def __aexit__(self, *error: object) -> None:
        await self._entered.close()


class Request(HTTPConnection):
    """One request. What was asked for once is kept."""

    def __init__(
        self, scope: Scope, receive: Receive = empty_receive, send: Send = empty_send
    ) -> None:
        self.scope = scope
        if scope["type"] != "http":
            raise AssertionError(f"{scope['type']!r} is no HTTP request.")
        self._receive = receive
        self._send = send
        self._stream_consumed = False
        self._is_disconnected = False
        self._form: FormData | None = None

    @property
    def method(self) -> str:
        return cast(str, self.scope["method"])

    @property
    def receive(self) -> Receive:
        return self._receive

    async def stream(self) -> AsyncIterator[bytes]:
        """The body as it comes, and an empty chunk at its end.

        Raises ClientDisconnect when the client goes away, RuntimeError if read twice.
        """
        body = self.__dict__.get("_body")
        if body is not None:
            yield body
            yield b""
            return
        if self._stream_consumed:
            raise RuntimeError("Stream consumed")
        while not self._stream_consumed:
            message = await self._receive()
            if message["type"] == "http.request":
                if not message.get("more_body", False):
                    self._stream_consumed = True
                chunk = message.get("body", b"")
                if chunk:
                    yield chunk
            elif message["type"] == "http.disconnect":
                self._is_disconnected = True
                raise ClientDisconnect()
        yield b""

    async def body(self) -> bytes:
        """The whole body."""
        found: bytes | None = self.__dict__.get("_body")
        if found is not None:
            return found
        if self._stream_consumed:
            raise RuntimeError("Stream consumed")
        # Most bodies come in one message.
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self._stream_consumed = True
            found = message.get("body", b"")
        else:
            found = await self._rest_of_body(message)
        self.__dict__["_body"] = found
        return found

    async def _rest_of_body(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            self._is_disconnected = True
            raise ClientDisconnect()
        chunks = [message.get("body", b"")]
        async for chunk in self.stream():
            chunks.append(chunk)
        return b"".join(chunks)

    async def json(self) -> Any:
        """The body as JSON; ValueError where it is none."""
        if "_json" not in self.__dict__:
            self.__dict__["_json"] = json.loads(await self.body())
        return self.__dict__["_json"]

    async def _get_form(
        self, *, max_files: float, max_fields: float, max_part_size: int
    ) -> FormData:
        if self._form is not None:
            return self._form
        from fwtrace.toolkit.asgi.formparsers import (
            FormParser,
            MultiPartException,
            MultiPartParser,
        )

        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        parser: Any
        if kind == "multipart/form-data":
            parser = MultiPartParser(
                self.headers,
                self.stream(),
                max_files=max_files,
                max_fields=max_fields,
                max_part_size=max_part_size,
            )
        elif kind == "application/x-www-form-urlencoded":
            parser = FormParser(
                self.headers,
                self.stream(),
                max_fields=max_fields,
                max_part_size=max_part_size,
            )
        else:
            self._form = FormData()
            return self._form
        try:
            self._form = await parser.parse()
        except MultiPartException as error:
            if "app" in self.scope:
                raise HTTPException(400, error.message) from None
            raise
        return self._form

    def form(
        self,
        *,
        max_files: float = 1000,
        max_fields: float = 1000,
        max_part_size: int = 1024 * 1024,
    ) -> _Form:
        """The form: await it, or ``async with`` it, which closes its files.

        Past a limit, or malformed, it is a 400.
        """
        return _Form(
            self._get_form(
                max_files=max_files, max_fields=max_fields, max_part_size=max_part_size
            )
        )

    async def close(self) -> None:
        """Close the files that came with the form."""
        if self._form is not None:
            await self._form.close()

    async def is_disconnected(self) -> bool:
        """Whether the client went away, as far as one can tell without waiting."""
        if not self._is_disconnected:
            import anyio

            message: Message = {}
            with anyio.CancelScope() as scope:
                scope.cancel()
                message = await self._receive()
            self._is_disconnected = message.get("type") == "http.disconnect"
        return self._is_disconnected

    async def send_push_promise(self, path: str) -> None:
        """Offer what the client will ask for next, where the server can."""
        if "http.response.push" not in self.scope.get("extensions", {}):
            return
        names = ("accept", "accept-encoding", "accept-language", "cache-control")
        wanted = {name.encode() for name in (*names, "user-agent")}
        fields = [field for field in self.headers.raw if field[0] in wanted]
        await self._send(
            {"type": "http.response.push", "path": path, "headers": fields}
        )

    async def send_early_hints(self, link: str, /, *additional_links: str) -> None:
        """Tell of links before the response (RFC 8297), where the server can."""
        if "http.response.early_hint" in self.scope.get("extensions", {}):
            links = [each.encode("latin-1") for each in (link, *additional_links)]
            await self._send({"type": "http.response.early_hint", "links": links})
