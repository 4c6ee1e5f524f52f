"""Configuration, from the environment first and then from a file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

__all__ = ["Config", "Environ", "EnvironError", "environ", "undefined"]


class undefined:
    """The default that is none: None can be one."""


class EnvironError(Exception):
    """A variable was changed after it was read."""


class Environ(MutableMapping[str, str]):
    """The environment; what was read of it cannot be changed any more."""

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._has_been_read: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self._has_been_read.add(key)
        return self._environ[key]

    def __setitem__(self, key: str, value: str) -> None:
        self._check("set", key)
        self._environ[key] = value

    def __delitem__(self, key: str) -> None:
        self._check("delete", key)
        del self._environ[key]

    def _check(self, verb: str, key: str) -> None:
        if key in self._has_been_read:
            raise EnvironError(
                f"Cannot {verb} environ[{key!r}]: it has been read. "
                "Do it before the configuration is."
            )

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)


environ = Environ()

_BOOLS = {"true": True, "1": True, "false": False, "0": False}


class Config:
    """``config("DEBUG", cast=bool, default=False)``.

    Keys are looked up with the prefix, in the environment and then in the file.
    """

    def __init__(
        self,
        env_file: str | os.PathLike[str] | None = None,
        environ: Mapping[str, str] = environ,
        env_prefix: str = "",
        encoding: str = "utf-8",
    ) -> None:
        self.environ = environ
        self.env_prefix = env_prefix
        self.file_values: dict[str, str] = {}
        if env_file is None:
            return
        if os.path.isfile(env_file):
            self.file_values = self._read_file(env_file, encoding)
        else:
            warnings.warn(f"Config file '{env_file}' not found.", stacklevel=2)

    def __call__(
        self,
        key: str,
        cast: Callable[[Any], Any] | None = None,
        default: Any = undefined,
    ) -> Any:
        """The value; KeyError if there is none, ValueError if it cannot be cast."""
        return self.get(key, cast, default)

    def get(
        self,
        key: str,
        cast: Callable[[Any], Any] | None = None,
        default: Any = undefined,
    ) -> Any:
        key = self.env_prefix + key
        value: Any = default
        for source in (self.environ, self.file_values):
            if key in source:
                value = source[key]
                break
        if value is undefined:
            raise KeyError(f"Config '{key}' is missing, and has no default.")
        return self._perform_cast(key, value, cast)

    def _read_file(
        self, file_name: str | os.PathLike[str], encoding: str
    ) -> dict[str, str]:
        """The ``KEY=value`` lines; quotes around a value are no part of it."""
        values = {}
        with open(file_name, encoding=encoding) as file:
            for line in map(str.strip, file):
                name, equals, value = line.partition("=")
                if not equals or line.startswith("#"):
                    continue
                value = value.strip()
                if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                    value = value[1:-1]
                values[name.strip()] = value
        return values

    def _perform_cast(
        self, key: str, value: Any, cast: Callable[[Any], Any] | None = None
    ) -> Any:
        if cast is None or value is None:
            return value
        try:
            return _to_bool(value) if cast is bool else cast(value)
        except (TypeError, ValueError):
            name = getattr(cast, "__name__", repr(cast))
            raise ValueError(
                f"Config '{key}' has value '{value}'. Not a valid {name}."
            ) from None


def _to_bool(value: Any) -> bool:
    if not isinstance(value, str):
        return bool(value)
    text = value.lower()
    if text not in _BOOLS:
        raise ValueError(text)
    return _BOOLS[text]
