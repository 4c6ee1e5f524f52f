"""Paths and query strings: decoded strictly, encoded safely (RFC 3986, WHATWG URL)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode

from fwtrace.toolkit.http.errors import BadRequest, ContentTooLarge
from fwtrace.toolkit.http.multidict import MultiDict

__all__ = [
    "decode_path_info",
    "encode_query",
    "parse_query",
    "quote_path",
    "safe_join",
]

MAX_FIELDS = 1000
_HEX = frozenset("0123456789abcdefABCDEF")


def decode_path_info(raw: str) -> str:
    """PATH_INFO as text: PEP 3333 hands over the bytes of the path as latin-1.

    Raises BadRequest for bytes that are not UTF-8, and for NUL.
    """
    if "\0" in raw:
        raise BadRequest("The path holds a NUL byte.")
    if raw.isascii():
        return raw
    try:
        return raw.encode("latin-1").decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        raise BadRequest("The path is not valid UTF-8.") from None


def parse_query(raw: str, max_fields: int = MAX_FIELDS) -> MultiDict[str]:
    """The fields of ``a=1&b=two+words&a=%33``, in order.

    Raises BadRequest for a malformed percent-escape or bytes that are not UTF-8,
    ContentTooLarge past ``max_fields``.
    """
    fields: MultiDict[str] = MultiDict()
    if not raw:
        return fields
    if raw.count("&") >= max_fields:
        raise ContentTooLarge(f"More than {max_fields:,} fields.")
    lists = fields._lists
    plain = "%" not in raw and "+" not in raw and raw.isascii()
    for pair in raw.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if not plain:
            name, value = _decode(name), _decode(value)
        if name in lists:
            lists[name].append(value)
        else:
            lists[name] = [value]
    return fields


def _decode(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text and text.isascii():
        return text
    for escape in text.split("%")[1:]:
        if len(escape) < 2 or not _HEX.issuperset(escape[:2]):
            raise BadRequest(f"Malformed percent-escape: '%{escape[:2]}'.")
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        raise BadRequest("A field is not valid UTF-8.") from None


def encode_query(fields: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> str:
    """``{"q": "two words", "tag": ["a", "b"]}`` -> ``"q=two+words&tag=a&tag=b"``."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    return urlencode(list(pairs), doseq=True)


def quote_path(path: str) -> str:
    """The path percent-encoded, its slashes and RFC 3986's path characters kept."""
    return quote(path, safe="/:@!$&'()*+,;=~-._")


def safe_join(root: Path | str, *parts: str) -> Path | None:
    """The path below the root that the parts name; None when they would leave it.

    Absolute parts, ``..``, NUL, backslashes and symbolic links out of the root do.
    """
    base = os.path.realpath(root)
    for part in parts:
        if "\0" in part or "\\" in part or os.path.isabs(part):
            return None
        if ".." in part.split("/"):
            return None
    try:
        full = os.path.realpath(os.path.join(base, *parts))
    except (OSError, ValueError):
        return None
    if full != base and not full.startswith(base.rstrip(os.sep) + os.sep):
        return None
    return Path(full)
