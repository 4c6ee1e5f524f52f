"""Addresses: of mail, of pages, of machines.

They are taken apart by their separators, and the parts are matched: no pattern here
has two ways to match the same text.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from fwtrace.toolkit.validators.base import Validator
from fwtrace.toolkit.validators.errors import ValidationError

__all__ = [
    "EmailValidator",
    "URLValidator",
    "clean_ipv6_address",
    "ip_address_validators",
    "validate_email",
    "validate_ipv46_address",
    "validate_ipv4_address",
    "validate_ipv6_address",
]

LONGEST_IPV6 = len("2001:0db8:0000:0000:0000:ff00:0042:8329")
LONGEST_EMAIL = 320  # RFC 3696, section 3
LONGEST_HOST = 253  # RFC 1034, section 3.1, without the length and the last dot

_LETTER = "a-zA-Z\u00a1-\uffff"
_LABEL = rf"(?!-)[{_LETTER}0-9-]{{1,63}}(?<!-)"
_TOP_LABEL = rf"(?!-)(?:[{_LETTER}-]{{2,63}}|[xX][nN]--[a-zA-Z0-9]{{1,59}})(?<!-)"


@cache
def _labels() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Compiled when first needed: that takes longer than all else in this module."""
    return re.compile(_LABEL), re.compile(_TOP_LABEL)


def _is_domain(text: str) -> bool:
    """``example.com``: labels, the last of them a top-level domain's."""
    *labels, top = text.split(".")
    label, top_label = _labels()
    return (
        bool(labels)
        and top_label.fullmatch(top) is not None
        and all(map(label.fullmatch, labels))
    )


# IP addresses.


def clean_ipv6_address(text: str, unpack_ipv4: bool = False) -> str:
    """The address written the short way; ValueError when it is none.

    2001:0DB8::0001                          2001:db8::1
    ::ffff:0a0a:0a0a                         ::ffff:10.10.10.10
    ::ffff:0a0a:0a0a with ``unpack_ipv4``    10.10.10.10
    """
    if len(text) > LONGEST_IPV6:
        raise ValueError(f"An IPv6 address has at most {LONGEST_IPV6} characters.")
    # By way of the number, which has no zone ("%eth0").
    address = ipaddress.IPv6Address(int(ipaddress.IPv6Address(text)))
    mapped = address.ipv4_mapped
    if mapped is None:
        return str(address)
    return str(mapped) if unpack_ipv4 else f"::ffff:{mapped}"


def _is_ipv4(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(ipaddress.IPv4Address(value))
    except ValueError:
        return False


def _is_ipv6(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(clean_ipv6_address(value))
    except ValueError:
        return False


def _check_address(value: Any, valid: bool, protocol: str) -> None:
    if not valid:
        raise ValidationError(
            "This is not a valid %(protocol)s address.",
            code="invalid",
            params={"protocol": protocol, "value": value},
        )


def validate_ipv4_address(value: Any) -> None:
    _check_address(value, _is_ipv4(value), "IPv4")


def validate_ipv6_address(value: Any) -> None:
    _check_address(value, _is_ipv6(value), "IPv6")


def validate_ipv46_address(value: Any) -> None:
    _check_address(value, _is_ipv4(value) or _is_ipv6(value), "IPv4 or IPv6")


_PROTOCOLS = {
    "both": [validate_ipv46_address],
    "ipv4": [validate_ipv4_address],
    "ipv6": [validate_ipv6_address],
}


def ip_address_validators(protocol: str, unpack_ipv4: bool) -> list[Any]:
    """The validators for ``"both"``, ``"IPv4"`` or ``"IPv6"``."""
    if unpack_ipv4 and protocol != "both":
        raise ValueError("unpack_ipv4 needs protocol='both'.")
    try:
        return _PROTOCOLS[protocol.lower()]
    except KeyError:
        raise ValueError(
            f"There is no protocol {protocol!r}. There are: {', '.join(_PROTOCOLS)}."
        ) from None


# Mail.

_DOT_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{}|~.-]+", re.ASCII)
# RFC 5322, section 3.2.4, without what it calls obsolete, and without spaces.
_QUOTED = re.compile(
    r'"(?:[\x01-\x08\x0b\x0c\x0e-\x1f!#-\[\]-\x7f]'
    r'|\\[\x01-\x09\x0b\x0c\x0e-\x7f])*"'
)


class EmailValidator(Validator):
    """``name@host``; ``allowlist`` has the hosts that need no top-level domain."""

    message: Any = "This is not a valid email address."
    domain_allowlist: Collection[str] = ("localhost",)

    def __init__(
        self,
        message: Any = None,
        code: str | None = None,
        allowlist: Collection[str] | None = None,
    ) -> None:
        self.message = self.message if message is None else message
        self.code = self.code if code is None else code
        if allowlist is not None:
            self.domain_allowlist = allowlist

    def __call__(self, value: Any) -> None:
        if not isinstance(value, str) or len(value) > LONGEST_EMAIL:
            self.refuse(value)
        name, _, domain = value.rpartition("@")
        if not (_is_mailbox(name) and self._takes(domain)):
            self.refuse(value)

    def _takes(self, domain: str) -> bool:
        return domain in self.domain_allowlist or self.validate_domain_part(domain)

    def validate_domain_part(self, domain_part: str) -> bool:
        """``example.com`` or ``[10.0.0.1]``."""
        if domain_part.startswith("[") and domain_part.endswith("]"):
            address = domain_part[1:-1]
            return _is_ipv4(address) or ("%" not in address and _is_ipv6(address))
        return _is_domain(domain_part)


def _is_mailbox(name: str) -> bool:
    if name.startswith('"'):
        return _QUOTED.fullmatch(name) is not None
    return _DOT_ATOM.fullmatch(name) is not None and all(name.split("."))


validate_email = EmailValidator()


# Pages.

_CREDENTIALS = re.compile(r"[^:@]+(?::[^:@]*)?")
_PORT = re.compile(r"[0-9]{1,5}")
_SPACE = re.compile(r"\s")
_NETLOC = re.compile(r"[^/?#]*")


class URLValidator(Validator):
    """``scheme://user:password@host:port/path``, of one of the ``schemes``."""

    message: Any = "This is not a valid URL."
    schemes: Sequence[str] = ("http", "https", "ftp", "ftps")
    max_length = 2048

    def __init__(
        self,
        schemes: Sequence[str] | None = None,
        message: Any = None,
        code: str | None = None,
    ) -> None:
        if schemes is not None:
            self.schemes = schemes
        self.message = self.message if message is None else message
        self.code = self.code if code is None else code

    def __call__(self, value: Any) -> None:
        if not isinstance(value, str) or len(value) > self.max_length:
            self.refuse(value)
        if _SPACE.search(value) or not self._is_url(value):
            self.refuse(value)

    def _is_url(self, text: str) -> bool:
        scheme, separator, rest = text.partition("://")
        found = _NETLOC.match(rest)
        assert found is not None  # it may be empty
        return (
            bool(separator)
            and scheme.lower() in self.schemes
            and _is_netloc(found[0])
            and _can_be_split(text)
        )


def _is_netloc(text: str) -> bool:
    """``user:password@host:port``, where only the host must be."""
    credentials, at, machine = text.rpartition("@")
    if at and not _CREDENTIALS.fullmatch(credentials):
        return False
    if machine.startswith("["):
        host, bracket, rest = machine[1:].partition("]")
        valid = bool(bracket) and "%" not in host and _is_ipv6(host)
        port, colon = rest.removeprefix(":"), rest[:1]
    else:
        host, colon, port = machine.partition(":")
        valid = _is_host(host)
    return valid and (not colon or (colon == ":" and bool(_PORT.fullmatch(port))))


def _is_host(text: str) -> bool:
    if len(text) > LONGEST_HOST:
        return False
    name = text.removesuffix(".")
    return _is_ipv4(text) or text.lower() == "localhost" or _is_domain(name)


def _can_be_split(text: str) -> bool:
    """Letters that normalize to separators must not move where the host ends."""
    try:
        return bool(urlsplit(text))
    except ValueError:
        return False
