"""Cookies in the form that Flask applications have out there.

A value that needs it is a quoted string, its unusual bytes as octal escapes:
``k="two words\\073"``. The toolkit's own cookies are percent-encoded instead.
"""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from fwtrace.toolkit.http.cookies import MAX_COOKIES
from fwtrace.toolkit.http.dates import http_date
from fwtrace.toolkit.http.headers import _TOKEN

__all__ = ["dump_cookie", "parse_cookie"]

# RFC 6265, 4.1.1, and the space; written as they are within quotes.
_PLAIN = re.compile(r"[\w!#$%&'()*+\-./:<=>?@\[\]^`{|}~]*", re.ASCII)
_UNUSUAL = re.compile(rb"[\x00-\x1f\",;\\\x7f-\xff]")
_ESCAPED = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)


# RFC 6265, 4.2.1, as leniently as browsers write it: a semicolon may stand in quotes.
_NAME, _VALUE = r'[^=";\t ]+', r'"(?:\\.|[^"\\])*"|[^";\t ]*'
_COOKIE = re.compile(rf"[\t ]*({_NAME})(?:[\t ]*=[\t ]*({_VALUE}))?[\t ]*(?:;|\Z)")


def parse_cookie(header: str | None) -> dict[str, list[str]]:
    """Names and their values, in order; what is malformed is passed over."""
    found: dict[str, list[str]] = {}
    if not header:
        return found
    if not header.isascii():  # PEP 3333 hands over bytes as latin-1
        header = header.encode("latin-1", "replace").decode("utf-8", "replace")
    position = 0
    for _ in range(MAX_COOKIES):
        cookie = _COOKIE.match(header, position)
        if cookie is not None:
            position = cookie.end()
            found.setdefault(cookie[1], []).append(_unquote(cookie[2] or ""))
        else:
            position = header.find(";", position) + 1
            if not position:
                break
    return found


def _unquote(value: str) -> str:
    if value[:1] != '"':
        return value
    return _ESCAPED.sub(_unescape, value[1:-1].encode()).decode("utf-8", "replace")


def _unescape(found: re.Match[bytes]) -> bytes:
    code = found[1]
    return code if len(code) == 1 else bytes([int(code, 8)])


def _quote_value(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    raw = _UNUSUAL.sub(_escape, value.encode("utf-8", "replace"))
    return f'"{raw.decode("latin-1")}"'


def _escape(found: re.Match[bytes]) -> bytes:
    char = found[0]
    return b"\\" + char if char in b'"\\' else b"\\%03o" % char[0]


def dump_cookie(
    key: str,
    value: str = "",
    max_age: timedelta | int | None = None,
    expires: str | datetime | float | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: str | None = None,
    partitioned: bool = False,
    max_size: int = 4093,
) -> str:
    """The value of a ``Set-Cookie`` header.

    ``max_age`` is seconds; without ``expires`` that is set to match it. Warns of one
    that is larger than browsers keep. Raises ValueError for a name that is no token
    and for an unknown ``samesite``.
    """
    if not key or not _TOKEN.issuperset(key):
        raise ValueError(f"{key!r} is no cookie name: it must be one token.")
    if isinstance(max_age, timedelta):
        max_age = int(max_age.total_seconds())
    if expires is None and max_age is not None:
        expires = datetime.now(UTC).timestamp() + max_age
    if expires is not None and not isinstance(expires, str):
        expires = http_date(expires)
    if samesite is not None:
        samesite = samesite.title()
        if samesite not in ("Strict", "Lax", "None"):
            raise ValueError("samesite is 'Strict', 'Lax' or 'None'.")
    parts = [f"{key}={_quote_value(value)}"]
    if domain:
        host = domain.partition(":")[0].lstrip(".")
        parts.append(f"Domain={host.encode('idna').decode('ascii')}")
    if expires is not None:
        parts.append(f"Expires={expires}")
    if max_age is not None:
        parts.append(f"Max-Age={int(max_age)}")
    if secure or partitioned:
        parts.append("Secure")
    if httponly:
        parts.append("HttpOnly")
    if path is not None:
        parts.append("Path=" + quote(path, safe="%!$&'()*+,/:=@"))
    if samesite is not None:
        parts.append(f"SameSite={samesite}")
    if partitioned:
        parts.append("Partitioned")
    header = "; ".join(parts)
    if max_size and len(header) > max_size:
        warnings.warn(
            f"The cookie {key!r} is {len(header)} bytes large, and browsers drop what "
            f"is larger than {max_size}.",
            stacklevel=2,
        )
    return header
