"""Hosts: which one a request asked for, and whether it is trusted."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from fwtrace.frameworks.flask.exceptions import SecurityError

if TYPE_CHECKING:
    from fwtrace.toolkit.wsgi.types import Environ

__all__ = ["get_host", "subdomain_of", "without_usual_port"]


def without_usual_port(host: str, scheme: str) -> str:
    if scheme in ("http", "ws") and host.endswith(":80"):
        return host[:-3]
    if scheme in ("https", "wss") and host.endswith(":443"):
        return host[:-4]
    return host


def subdomain_of(asked: str, server_name: str) -> str:
    if asked == server_name:
        return ""
    if asked.endswith("." + server_name):
        return asked[: -len(server_name) - 1]
    # No rule is there, but the app can still answer with its 404.
    warnings.warn(
        f"Current server name {asked!r} doesn't match configured server name"
        f" {server_name!r}",
        stacklevel=3,
    )
    return "<invalid>"


_HOST = re.compile(
    r"([a-z0-9._-]+|\[[a-f0-9]*:[a-f0-9.:]+\])(?::([1-9][0-9]{0,4}))?",
    re.IGNORECASE | re.ASCII,
)


def get_host(environ: Environ, trusted_hosts: Iterable[str] | None = None) -> str:
    """``name`` or ``name:port`` as the client asked for it, without the usual port.

    Empty where the header cannot be a host. Raises SecurityError for one that is not
    among ``trusted_hosts``; ``.example.org`` there stands for its subdomains too.
    """
    host: str | None = environ.get("HTTP_HOST")
    if host is None:
        host = environ["SERVER_NAME"]
        if ":" in host and host[0] != "[":
            host = f"[{host}]"
        host = f"{host}:{environ['SERVER_PORT']}"
    name, shown = _parse(host, environ["wsgi.url_scheme"])
    if trusted_hosts and not (name and _is_trusted(name, trusted_hosts)):
        raise SecurityError(f"Host {host!r} is not trusted.")
    return shown


@lru_cache(maxsize=1024)
def _parse(host: str, scheme: str) -> tuple[str, str]:
    """``(name, host without the usual port)``, both empty where it is no host.

    Remembered, for nearly all requests ask for the same few hosts.
    """
    found = _HOST.fullmatch(host)
    if found is None or int(found[2] or 1) > 65535:
        return "", ""
    return found[1], without_usual_port(host, scheme)


def _is_trusted(name: str, trusted: Iterable[str]) -> bool:
    name = name.lower()
    for each in (trusted,) if isinstance(trusted, str) else trusted:
        wanted = each.lower().partition(":")[0]
        if name == wanted.lstrip(".") or (
            wanted.startswith(".") and name.endswith(wanted)
        ):
            return True
    return False
