"""The one call signature of this layer (PEP 3333), named once.

A router, a middleware, a view adapter and a finished response all read
``(environ, start_response) -> iterable of bytes``.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias
from wsgiref.types import StartResponse

__all__ = ["Environ", "StartResponse", "WSGIApp"]

Environ: TypeAlias = dict[str, Any]
WSGIApp: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]
