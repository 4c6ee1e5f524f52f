"""What an app and a blueprint have in common: routes, hooks, handlers, folders."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property, update_wrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from fwtrace.frameworks.flask.exceptions import (
    HTTPException,
    class_of,
    default_exceptions,
    is_werkzeugs,
)
from fwtrace.frameworks.flask.globals import current_app

if TYPE_CHECKING:
    from click import Group
    from jinja2 import BaseLoader

    from fwtrace.frameworks.flask.wrappers import Response

__all__ = ["Scaffold", "find_package", "get_root_path", "setupmethod"]

F = TypeVar("F", bound=Callable[..., Any])


def setupmethod(method: F) -> F:
    """Decorator of methods that set an app up: too late once it serves."""
    name = method.__name__

    def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._check_setup_finished(name)
        return method(self, *args, **kwargs)

    update_wrapper(checked, method)
    return checked  # type: ignore[return-value]


def _lists() -> defaultdict[str | None, list[Any]]:
    return defaultdict(list)


class Scaffold:
    """Functions by the scope in which they work: None for the app's own, and the
    names of blueprints."""

    _static_folder: str | None = None
    _static_url_path: str | None = None

    def __init__(
        self,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        root_path: str | None = None,
    ) -> None:
        self.import_name = import_name
        self.static_folder = static_folder
        self.static_url_path = static_url_path
        self.template_folder = template_folder
        self.root_path = get_root_path(import_name) if root_path is None else root_path
        self.view_functions: dict[str, Callable[..., Any]] = {}
        self.error_handler_spec: defaultdict[
            str | None, defaultdict[int | None, dict[type[Exception], Any]]
        ] = defaultdict(lambda: defaultdict(dict))
        self.before_request_funcs = _lists()
        self.after_request_funcs = _lists()
        self.teardown_request_funcs = _lists()
        self.template_context_processors = _lists()
        self.url_value_preprocessors = _lists()
        self.url_default_functions = _lists()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"  # type: ignore[attr-defined]

    def _check_setup_finished(self, name: str) -> None:
        raise NotImplementedError

    @cached_property
    def cli(self) -> Group:
        """Commands of this app or blueprint; they need click."""
        from fwtrace.frameworks.flask.cli import AppGroup

        made: Group = AppGroup(self.name)  # type: ignore[attr-defined]
        return made

    @property
    def has_commands(self) -> bool:
        return "cli" in self.__dict__ and bool(self.cli.commands)

    # Folders.

    @property
    def static_folder(self) -> str | None:
        """The folder of static files, as a whole path; None without one."""
        if self._static_folder is None:
            return None
        return os.path.join(self.root_path, self._static_folder)

    @static_folder.setter
    def static_folder(self, value: str | os.PathLike[str] | None) -> None:
        self._static_folder = None if value is None else os.fspath(value).rstrip("/\\")

    @property
    def has_static_folder(self) -> bool:
        return self._static_folder is not None

    @property
    def static_url_path(self) -> str | None:
        """The URL below which static files are; by default the folder's name."""
        if self._static_url_path is not None:
            return self._static_url_path
        if self.static_folder is None:
            return None
        return f"/{os.path.basename(self.static_folder)}".rstrip("/")

    @static_url_path.setter
    def static_url_path(self, value: str | None) -> None:
        self._static_url_path = None if value is None else value.rstrip("/")

    @cached_property
    def jinja_loader(self) -> BaseLoader | None:
        """What finds the templates of ``template_folder``."""
        if self.template_folder is None:
            return None
        from jinja2 import FileSystemLoader

        return FileSystemLoader(os.path.join(self.root_path, self.template_folder))

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Seconds for which a file may be kept: SEND_FILE_MAX_AGE_DEFAULT."""
        age = current_app.config["SEND_FILE_MAX_AGE_DEFAULT"]
        if age is None or isinstance(age, int):
            return age
        return int(age.total_seconds())

    def send_static_file(self, filename: str) -> Response:
        """The view of static files."""
        from fwtrace.frameworks.flask.helpers import send_from_directory

        folder = self.static_folder
        if folder is None:
            raise RuntimeError("There is no static folder: set 'static_folder'.")
        age = self.get_send_file_max_age(filename)
        return send_from_directory(folder, filename, max_age=age)

    def open_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = None
    ) -> IO[Any]:
        """Open a file below ``root_path`` for reading, as bytes or as text.

        Raises ValueError for a mode that writes.
        """
        return open_below(self.root_path, resource, mode, encoding)

    # Routes.

    def _method_route(
        self, method: str, rule: str, options: dict[str, Any]
    ) -> Callable[[F], F]:
        if "methods" in options:
            raise TypeError("Use the 'route' decorator to give 'methods'.")
        return self.route(rule, methods=[method], **options)

    @setupmethod
    def get(self, rule: str, **options: Any) -> Callable[[F], F]:
        return self._method_route("GET", rule, options)

    @setupmethod
    def post(self, rule: str, **options: Any) -> Callable[[F], F]:
        return self._method_route("POST", rule, options)

    @setupmethod
    def put(self, rule: str, **options: Any) -> Callable[[F], F]:
        return self._method_route("PUT", rule, options)

    @setupmethod
    def delete(self, rule: str, **options: Any) -> Callable[[F], F]:
        return self._method_route("DELETE", rule, options)

    @setupmethod
    def patch(self, rule: str, **options: Any) -> Callable[[F], F]:
        return self._method_route("PATCH", rule, options)

    @setupmethod
    def route(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Decorator: the function answers this rule, in GET unless ``methods`` are
        given. Its name is the endpoint, for ``url_for``."""

        def add(view: F) -> F:
            endpoint = options.pop("endpoint", None)
            self.add_url_rule(rule, endpoint, view, **options)
            return view

        return add

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        raise NotImplementedError

    @setupmethod
    def endpoint(self, endpoint: str) -> Callable[[F], F]:
        """Decorator: the function answers the endpoint, whose rule is added apart."""

        def add(view: F) -> F:
            self.view_functions[endpoint] = view
            return view

        return add

    # Hooks.

    @setupmethod
    def before_request(self, f: F) -> F:
        """Call it before each request; what it returns is the answer, unless None."""
        self.before_request_funcs[None].append(f)
        return f

    @setupmethod
    def after_request(self, f: F) -> F:
        """Call it with each response; it returns that, or another."""
        self.after_request_funcs[None].append(f)
        return f

    @setupmethod
    def teardown_request(self, f: F) -> F:
        """Call it when a request's context ends, with the error or None."""
        self.teardown_request_funcs[None].append(f)
        return f

    @setupmethod
    def context_processor(self, f: F) -> F:
        """Call it for each template; it returns names that the template knows."""
        self.template_context_processors[None].append(f)
        return f

    @setupmethod
    def url_value_preprocessor(self, f: F) -> F:
        """Call it with the endpoint and the values of each URL that matched."""
        self.url_value_preprocessors[None].append(f)
        return f

    @setupmethod
    def url_defaults(self, f: F) -> F:
        """Call it with the endpoint and the values of each URL to build."""
        self.url_default_functions[None].append(f)
        return f

    # Errors.

    @setupmethod
    def errorhandler(
        self, code_or_exception: type[Exception] | int
    ) -> Callable[[F], F]:
        """Decorator: the function answers a code, or an exception and its heirs."""

        def add(handler: F) -> F:
            self.register_error_handler(code_or_exception, handler)
            return handler

        return add

    @setupmethod
    def register_error_handler(
        self, code_or_exception: type[Exception] | int, f: Callable[..., Any]
    ) -> None:
        kind, code = self._get_exc_class_and_code(code_or_exception)
        self.error_handler_spec[None][code][kind] = f

    @staticmethod
    def _get_exc_class_and_code(
        exc_class_or_code: type[Exception] | int,
    ) -> tuple[type[Exception], int | None]:
        """The exception and its code; raises ValueError for an unknown code and
        TypeError for what is no exception class."""
        if isinstance(exc_class_or_code, int):
            found = default_exceptions.get(exc_class_or_code)
            if found is None:
                raise ValueError(
                    f"{exc_class_or_code!r} is no HTTP error code. Raise and handle an "
                    "HTTPException subclass with that code instead."
                )
            return found, found.code
        kind = exc_class_or_code
        if isinstance(kind, Exception):
            raise TypeError(f"{kind!r} is an instance. Give its class, or a code.")
        is_class: bool = isinstance(kind, type)
        if not is_class or not issubclass(kind, Exception):
            raise ValueError(f"{kind!r} is no exception class. Give one, or a code.")
        kind = class_of(kind)  # type: ignore[assignment]
        is_http = issubclass(kind, HTTPException) or is_werkzeugs(kind)
        return kind, kind.code if is_http else None  # type: ignore[attr-defined]


def endpoint_of(view_func: Any) -> str:
    name: str = view_func.__name__
    return name


def split_blueprint_path(name: str) -> list[str]:
    """``"a.b.c"`` -> ``["a.b.c", "a.b", "a"]``."""
    names = [name]
    while "." in name:
        name = name.rpartition(".")[0]
        names.append(name)
    return names


def open_below(root: str, resource: str, mode: str, encoding: str | None) -> IO[Any]:
    if mode not in ("r", "rt", "rb"):
        raise ValueError("Resources can only be opened for reading.")
    path = os.path.join(root, resource)
    return open(path, mode) if mode == "rb" else open(path, mode, encoding=encoding)


def get_root_path(import_name: str) -> str:
    """The folder of a module or package; where that has none, the current one.

    Raises RuntimeError for a namespace package, which has several.
    """
    module = sys.modules.get(import_name)
    file: str | None = getattr(module, "__file__", None)
    if file is not None:
        return os.path.dirname(os.path.abspath(file))
    try:
        spec = importlib.util.find_spec(import_name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.loader is None:
        if spec is not None:
            raise RuntimeError(
                f"{import_name!r} is a namespace package, so it has no one folder. "
                "Give the app its 'root_path'."
            )
        return os.getcwd()
    origin = spec.origin
    if origin is None or not os.path.exists(origin):
        return os.getcwd()
    return os.path.dirname(os.path.abspath(origin))


def find_package(import_name: str) -> tuple[str | None, str]:
    """``(prefix, folder)``: the folder that holds the top-level module or package, and
    the prefix it is installed under, or None."""
    top = import_name.partition(".")[0]
    root = get_root_path(top)
    module = sys.modules.get(top)
    if module is None:
        is_package = os.path.isfile(os.path.join(root, "__init__.py"))
    else:
        is_package = hasattr(module, "__path__")
    folder = Path(root).parent if is_package else Path(root)
    prefix = Path(sys.prefix).resolve()
    if folder.resolve().is_relative_to(prefix):
        return sys.prefix, str(folder)
    if folder.name.lower() == "site-packages":
        above = folder.parent
        if above.name.lower() == "lib":
            return str(above.parent), str(folder)
        if above.parent.name.lower() == "lib":
            return str(above.parent.parent), str(folder)
        return str(above), str(folder)
    return None, str(folder)
