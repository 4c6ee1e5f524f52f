"""The files of a folder of migrations as modules: compiled, executed, found by name.

A module is called as Python would call it where the folder is a package that can be
imported; else it gets a name that nobody else has. Files are read anew each time, and
so are the helpers beside them that they import.

Whatever is wrong with a file is one sentence, a BadMigrationError, that names it and
the line.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from hashlib import blake2b
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

from fwtrace.toolkit.orm.migrations.exceptions import BadMigrationError
from fwtrace.toolkit.orm.migrations.loading.bytecode import Bytecode
from fwtrace.toolkit.orm.migrations.loading.django_names import BUILTINS
from fwtrace.toolkit.orm.migrations.loading.sources import MigrationSource

__all__ = ["MigrationFile", "MigrationModules", "is_importable"]


class MigrationFile:
    """``path`` is as the source has it, for people; ``whole`` is absolute."""

    def __init__(self, folder: Path, whole: str, name: str) -> None:
        self.name = name
        self.path = folder / f"{name}.py"
        self.whole = os.path.join(whole, f"{name}.py")
        try:
            with open(self.whole, "rb", buffering=0) as opened:
                self.data = opened.read()
        except OSError as error:
            raise BadMigrationError(
                f"{self.path} cannot be read: {error.strerror}."
            ) from error


class MigrationModules:
    """Those of one source; within the block, it is here that Python finds them."""

    def __init__(self, source: MigrationSource) -> None:
        self.folder = source.folder
        self.whole = os.path.abspath(source.folder)
        self.package = _package(source)
        self._bytecode = Bytecode(self.whole)
        _forget(self.package)

    def __enter__(self) -> MigrationModules:
        sys.meta_path.insert(0, self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        sys.meta_path.remove(self)

    def file(self, name: str) -> MigrationFile:
        return MigrationFile(self.folder, self.whole, name)

    def load(self, file: MigrationFile) -> ModuleType:
        """The module of a file, executed now unless another file has imported it."""
        name = f"{self.package}.{file.name}"
        loader: Any = self
        known = sys.modules.get(name)
        if known is not None and known.__loader__ is loader:
            return known
        made = ModuleType(name)
        made.__file__ = file.whole
        made.__package__ = self.package
        made.__loader__ = loader
        made.__spec__ = ModuleSpec(name, loader, origin=file.whole)
        if known is None and not (b"django" in file.data and _is_djangos(self.package)):
            sys.modules[name] = made
        self._execute(made, file)
        return made

    def _execute(self, module: ModuleType, file: MigrationFile) -> None:
        vars(module)["__builtins__"] = BUILTINS
        code = self._code(file)
        try:
            exec(code, vars(module))
        except BadMigrationError:
            raise  # of a helper that it imports
        except (Exception, SystemExit) as error:
            line = _line_of(error, code)
            raise BadMigrationError(
                f"{file.path}, line {line}: {_said(error)}."
            ) from error

    def _code(self, file: MigrationFile) -> CodeType:
        try:
            return self._bytecode.compiled(file.data, file.name, file.whole)
        except SyntaxError as error:
            where = f", line {error.lineno}" if error.lineno else ""
            raise BadMigrationError(
                f"{file.path}{where} is not Python, or half-written: {error.msg}."
            ) from error
        except (ValueError, RecursionError, MemoryError) as error:
            raise BadMigrationError(f"{file.path} is not Python: {error}.") from error

    # What Python asks of a finder and of a loader.

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        package, _, name = fullname.rpartition(".")
        whole = os.path.join(self.whole, f"{name}.py")
        if package != self.package or not os.path.isfile(whole):
            return None
        loader: Any = self
        return spec_from_file_location(fullname, whole, loader=loader)

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        self._execute(module, self.file(module.__name__.rpartition(".")[2]))


def is_importable(module: str) -> bool:
    """Whether a module of a migration has a name by which others can import it."""
    package = sys.modules.get(module.rpartition(".")[0])
    return package is None or package.__spec__ is not None


def _package(source: MigrationSource) -> str:
    """The package that Python finds in this very folder; else one of our own."""
    if source.package and _is_package_of(source):
        return source.package
    whole = str(source.folder.resolve())
    name = f"_{source.app_label}_{blake2b(whole.encode(), digest_size=5).hexdigest()}"
    if name not in sys.modules:
        made = ModuleType(name)
        made.__path__ = [whole]
        sys.modules[name] = made
    return name


def _is_package_of(source: MigrationSource) -> bool:
    try:
        found = import_module(source.package)
    except Exception:
        return False  # a migration that needs it will say why
    places = [Path(place).resolve() for place in getattr(found, "__path__", ())]
    return source.folder.resolve() in places


def _forget(package: str) -> None:
    """Leave nothing behind of what was read from the folder before."""
    for name in [each for each in sys.modules if each.startswith(f"{package}.")]:
        if isinstance(getattr(sys.modules[name], "__loader__", None), MigrationModules):
            del sys.modules[name]


def _is_djangos(package: str) -> bool:
    """Whether Django itself reads migrations here: it is not to get modules of ours
    for files that were written for it."""
    return "django.db.migrations.loader" in sys.modules and not package.startswith("_")


def _said(error: BaseException) -> str:
    """The error as a part of a sentence."""
    said = " ".join(str(error).split()).rstrip(".")
    if isinstance(error, ImportError):
        return said
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _line_of(error: BaseException, code: CodeType) -> int:
    """The last line of the file that was on the way to the error."""
    line, step = 0, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == code.co_filename:
            line = step.tb_lineno
        step = step.tb_next
    return line
