"""The request that the words of a command line describe, ready to be sent.

METHOD may be left out; items go to the query, the headers or the body. The method WS
opens a WebSocket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from fwtrace.cli.errors import UsageError
from fwtrace.cli.items import Items, nested, parse_items, read_file

__all__ = ["Message", "build_message", "target_of"]

METHODS = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "WS",
)
WEB_SOCKET = ("ws://", "wss://")


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it goes to the app; of a WebSocket, with what is sent over it."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    messages: tuple[str | bytes, ...] = ()


def build_message(
    words: Sequence[str],
    *,
    form: bool = False,
    body: str | None = None,
    cookies: Sequence[str] = (),
    sends: Sequence[str] = (),
) -> Message:
    """The request that the words of the command line describe.

    ``sends`` are messages for a WebSocket, each a text or ``@FILE``. Raises UsageError,
    or CommandError for a file that cannot be read.
    """
    method, url, rest = _method_and_url(words)
    items = parse_items(rest)
    if not method and (sends or url.startswith(WEB_SOCKET)):
        method = "WS"
    if method == "WS":
        return _conversation(url, items, form or body is not None, cookies, sends)
    if sends:
        raise UsageError(f"--send is for WebSockets: write WS {url}, not {method}.")
    content_type, data = _body(items, form, body)
    headers = _headers(items, content_type, cookies)
    return Message(
        method or ("POST" if data or items.has_body else "GET"),
        target_of(url, items.query),
        headers,
        data,
    )


def _conversation(
    url: str,
    items: Items,
    has_body: bool,
    cookies: Sequence[str],
    sends: Sequence[str],
) -> Message:
    if has_body or items.has_body:
        raise UsageError(
            "A WebSocket has no body: give each message with --send, as in "
            "fwtrace request WS /ws --send hello."
        )
    headers = _headers(items, "", cookies)
    messages = tuple(map(_sent, sends))
    return Message("WS", target_of(url, items.query), headers, b"", messages)


def _sent(text: str) -> str | bytes:
    """``"@FILE"`` is what the file holds: text where it is UTF-8."""
    data = read_file(text[1:]) if text.startswith("@") else _encoded(text)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data


def _method_and_url(words: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """``(method or "", url, items)``: what stands before a path is a method.

    GET /users          a method by its name
    Purge /users        or by its place
    users name=Ann      anything else is the path
    """
    first, *rest = words
    method = first.upper() if first.replace("-", "").isalpha() else ""
    if rest and method and (method in METHODS or _is_url(rest[0])):
        return method, rest[0], rest[1:]
    if method in METHODS:
        raise UsageError(
            f"{first!r} is a method; a path is missing, as in "
            f"fwtrace request {method} /users/1."
        )
    return "", first, rest


def _is_url(word: str) -> bool:
    return word.startswith(("/", *_SCHEMES))


_SCHEMES = ("http://", "https://", *WEB_SOCKET)


def target_of(url: str, query: Sequence[tuple[str, str]] = ()) -> str:
    """``"http://host/a b#c"`` -> ``"/a%20b"``: what stands in a request's first line.

    Raises UsageError when it is no URL.
    """
    if url.startswith(_SCHEMES):
        try:
            parts = urlsplit(url)
        except ValueError:
            raise UsageError(f"{url!r} is no URL.") from None
        url = parts.path + (f"?{parts.query}" if parts.query else "")
    if not url.startswith("/"):
        url = "/" + url
    url = quote(url.partition("#")[0], safe="/?%:@!$&'()*+,;=~-._[]", errors="replace")
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query, errors="replace")
    return url


def _body(items: Items, form: bool, raw: str | None) -> tuple[str, bytes]:
    """``(content type, body)`` of the fields and files, or of --body."""
    if raw is not None:
        if items.has_body:
            raise UsageError("Give either --body or fields, not both.")
        data = read_file(raw[1:]) if raw.startswith("@") else _encoded(raw)
        return _guess(data), data
    if items.files:
        return _multipart(items)
    if not items.fields:
        return "", b""
    if form:
        pairs = [(name, _form_text(value)) for name, value in items.fields]
        encoded = urlencode(pairs, errors="replace")
        return "application/x-www-form-urlencoded", encoded.encode()
    import json

    return "application/json", json.dumps(nested(items.fields)).encode()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _guess(data: bytes) -> str:
    if data.lstrip()[:1] in (b"{", b"["):
        return "application/json"
    return "text/plain; charset=utf-8" if data else ""


def _form_text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value)


def _multipart(items: Items) -> tuple[str, bytes]:
    import os

    from fwtrace.toolkit.wsgi.client import encode_multipart
    from fwtrace.toolkit.wsgi.response import guess_type

    data: dict[str, Any] = {}
    for name, value in items.fields:
        data.setdefault(name, []).append(_form_text(value))
    for name, path in items.files:
        part = (os.path.basename(path), read_file(path), guess_type(path))
        data.setdefault(name, []).append(part)
    return encode_multipart(data)


def _headers(
    items: Items, content_type: str, cookies: Sequence[str]
) -> list[tuple[str, str]]:
    """The headers that go out: ours, then the user's in their place."""
    from fwtrace import __version__
    from fwtrace.toolkit.http.headers import Headers

    headers = Headers(
        [("User-Agent", f"fwtrace/{__version__}"), ("Accept", "*/*")],
    )
    if content_type:
        headers["Content-Type"] = content_type
    try:
        for cookie in cookies:
            if "=" not in cookie:
                raise UsageError(f"--cookie {cookie!r}: write name=value.")
        if cookies:
            headers["Cookie"] = "; ".join(cookies)
        for name in {name.lower(): name for name, _ in items.headers}.values():
            del headers[name]
        for name, value in items.headers:
            headers.add(name, value)
    except ValueError as error:
        raise UsageError(str(error)) from None
    for name in items.removed:
        del headers[name]
    return headers.to_list()
