"""The configuration: a dict that can be filled from files, objects and environments."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import IO, Any

__all__ = ["Config", "ConfigAttribute"]


class ConfigAttribute:
    """An attribute of the app that is a key of its configuration."""

    def __init__(
        self, name: str, get_converter: Callable[[Any], Any] | None = None
    ) -> None:
        self.name = name
        self.get_converter = get_converter

    def __get__(self, app: Any, owner: Any = None) -> Any:
        if app is None:
            return self
        found = app.config[self.name]
        return found if self.get_converter is None else self.get_converter(found)

    def __set__(self, app: Any, value: Any) -> None:
        app.config[self.name] = value


class Config(dict[str, Any]):
    """The settings of an app. Only keys in capitals are taken from elsewhere.

    ``root_path`` is the folder from which files are named.
    """

    def __init__(
        self,
        root_path: str | os.PathLike[str],
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(defaults or {})
        self.root_path = root_path

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Take the Python file that the environment variable names.

        Raises RuntimeError where it is not set, unless ``silent``.
        """
        found = os.environ.get(variable_name)
        if found:
            return self.from_pyfile(found, silent)
        if silent:
            return False
        raise RuntimeError(
            f"The environment variable {variable_name!r} is not set, so it names no "
            "configuration file. Set it to the file's path."
        )

    def from_prefixed_env(
        self, prefix: str = "FLASK", *, loads: Callable[[str], Any] = json.loads
    ) -> bool:
        """Take the environment variables with this prefix.

        ``FLASK_MAIL__PORT=25`` is ``config["MAIL"]["PORT"]``; a value is JSON, or
        else text.
        """
        prefix = f"{prefix}_"
        for name in sorted(os.environ):
            if not name.startswith(prefix):
                continue
            text = os.environ[name]
            try:
                value = loads(text)
            except Exception:  # whatever loads raises: it is text then
                value = text
            self._set_nested(name.removeprefix(prefix), value)
        return True

    def _set_nested(self, key: str, value: Any) -> None:
        if "__" not in key:
            self[key] = value
            return
        *outer, last = key.split("__")
        inner: dict[str, Any] = self
        for part in outer:
            inner = inner.setdefault(part, {})
        inner[last] = value

    def from_pyfile(
        self, filename: str | os.PathLike[str], silent: bool = False
    ) -> bool:
        """Run a Python file and take its names in capitals.

        Raises OSError for a file that cannot be read; with ``silent`` one that is
        missing is passed over.
        """
        path = os.path.join(self.root_path, filename)
        module = ModuleType("config")
        module.__file__ = path
        try:
            with open(path, mode="rb") as file:
                exec(compile(file.read(), path, "exec"), module.__dict__)
        except OSError as error:
            missing = (errno.ENOENT, errno.EISDIR, errno.ENOTDIR)
            if silent and error.errno in missing:
                return False
            error.strerror = f"Cannot load the configuration file ({error.strerror})"
            raise
        self.from_object(module)
        return True

    def from_object(self, obj: object | str) -> None:
        """Take the attributes in capitals of an object, or of what a dotted name
        imports."""
        if isinstance(obj, str):
            obj = import_string(obj)
        for key in dir(obj):
            if key.isupper():
                self[key] = getattr(obj, key)

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: Callable[[IO[Any]], Mapping[str, Any]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Take the mapping that ``load(file)`` makes of a file: ``json.load``, or
        ``tomllib.load`` with ``text=False``."""
        path = os.path.join(self.root_path, filename)
        try:
            with open(path, "r" if text else "rb") as file:
                found = load(file)
        except OSError as error:
            if silent and error.errno in (errno.ENOENT, errno.EISDIR):
                return False
            error.strerror = f"Cannot load the configuration file ({error.strerror})"
            raise
        return self.from_mapping(found)

    def from_mapping(
        self, mapping: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> bool:
        """Take the keys in capitals of a mapping and of the named arguments."""
        for key, value in {**dict(mapping or {}), **kwargs}.items():
            if key.isupper():
                self[key] = value
        return True

    def get_namespace(
        self, namespace: str, lowercase: bool = True, trim_namespace: bool = True
    ) -> dict[str, Any]:
        """The settings that begin with the prefix, for passing them on as keywords:
        ``get_namespace("MAIL_")`` -> ``{"port": 25}``."""
        found = {}
        for key, value in self.items():
            if key.startswith(namespace):
                name = key[len(namespace) :] if trim_namespace else key
                found[name.lower() if lowercase else name] = value
        return found

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict.__repr__(self)}>"


def import_string(name: str) -> Any:
    """What ``"package.module"``, ``"package.module.attribute"`` or ``"module:name"``
    stands for; ImportError where it stands for nothing."""
    from importlib import import_module

    module_name, colon, attribute = name.partition(":")
    if not colon:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            module_name, dot, attribute = name.rpartition(".")
            if not dot or not f"{name}.".startswith(f"{error.name}."):
                raise
    try:
        return getattr(import_module(module_name), attribute)
    except AttributeError as error:
        raise ImportError(f"{module_name!r} has no {attribute!r}.") from error
