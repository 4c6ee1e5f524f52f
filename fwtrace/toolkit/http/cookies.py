"""Cookies: read leniently, as browsers send them; written strictly (RFC 6265bis)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import unquote

from fwtrace.toolkit.http.dates import http_date
from fwtrace.toolkit.http.headers import _TOKEN

__all__ = ["dump_cookie", "parse_cookies"]

MAX_COOKIES = 200

# RFC 6265, 4.1.1: cookie-octet. "%" stands out of it because it marks our escapes.
_OCTETS = frozenset(
    chr(code) for code in range(0x21, 0x7F) if chr(code) not in '",;\\%'
)


def parse_cookies(header: str) -> dict[str, str]:
    """``'a=1; b="two%20words"'`` -> ``{"a": "1", "b": "two words"}``.

    What is malformed is passed over; of a name that comes twice the first counts,
    which is the one with the longer path.
    """
    cookies: dict[str, str] = {}
    for part in header.split(";", MAX_COOKIES)[:MAX_COOKIES]:
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or not name or name in cookies or not _TOKEN.issuperset(name):
            continue
        cookies[name] = _decode(value.strip())
    return cookies


def _decode(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return unquote(value, errors="replace") if "%" in value else value


def _encode(value: str) -> str:
    """Characters that a cookie cannot carry are percent-encoded as UTF-8."""
    if _OCTETS.issuperset(value):
        return value
    return "".join(
        char if char in _OCTETS else "".join(f"%{b:02X}" for b in _utf8(char))
        for char in value
    )


def _utf8(char: str) -> bytes:
    try:
        return char.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("A cookie's value cannot hold lone surrogates.") from None


def dump_cookie(
    name: str,
    value: str = "",
    *,
    path: str | None = "/",
    domain: str | None = None,
    max_age: int | timedelta | None = None,
    expires: datetime | float | str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: Literal["Lax", "Strict", "None"] | None = None,
    partitioned: bool = False,
) -> str:
    """The value of a ``Set-Cookie`` header.

    ``max_age`` is seconds or a timedelta, ``expires`` a moment. Raises ValueError for
    a name, path or domain that a header cannot carry, and for attributes that
    browsers refuse together.
    """
    if not name or not _TOKEN.issuperset(name):
        raise ValueError(f"{name!r} is no cookie name: it must be one token.")
    if samesite not in (None, "Lax", "Strict", "None"):
        raise ValueError(f"samesite is 'Lax', 'Strict' or 'None', not {samesite!r}.")
    if samesite == "None" and not secure:
        raise ValueError("Browsers refuse SameSite=None without secure=True.")
    if partitioned and not secure:
        raise ValueError("Browsers refuse Partitioned without secure=True.")
    parts = [f"{name}={_encode(value)}"]
    if path is not None:
        parts.append(f"Path={_attribute('path', path)}")
    if domain is not None:
        parts.append(f"Domain={_attribute('domain', domain)}")
    if max_age is not None:
        seconds = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age
        parts.append(f"Max-Age={int(seconds)}")
    if expires is not None:
        when = expires if isinstance(expires, str) else http_date(expires)
        parts.append(f"Expires={_attribute('expires', when)}")
    if secure:
        parts.append("Secure")
    if httponly:
        parts.append("HttpOnly")
    if samesite is not None:
        parts.append(f"SameSite={samesite}")
    if partitioned:
        parts.append("Partitioned")
    return "; ".join(parts)


def _attribute(name: str, text: str) -> str:
    if not text.isascii() or any(
        char == ";" or not char.isprintable() for char in text
    ):
        raise ValueError(f"{text!r} cannot be a cookie's {name}.")
    return text
