"""The application: from a request to a response, every step a method.

wsgi_app
└─ full_dispatch_request
   ├─ preprocess_request     before_request functions
   ├─ dispatch_request       the view
   ├─ handle_user_exception  error handlers
   └─ finalize_request
      ├─ make_response       of what the view returned
      └─ process_response    after_request functions, the session
do_teardown_request, do_teardown_appcontext
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import copy_context
from datetime import timedelta
from functools import cached_property, wraps
from types import FunctionType, TracebackType
from typing import IO, TYPE_CHECKING, Any, NoReturn, TypeVar, overload
from urllib.parse import quote

from fwtrace.frameworks.flask.config import Config, ConfigAttribute
from fwtrace.frameworks.flask.ctx import (
    AppContext,
    RequestContext,
    _AppCtxGlobals,
    _sentinel,
)
from fwtrace.frameworks.flask.datastructures.headers import Headers
from fwtrace.frameworks.flask.datastructures.mappings import ImmutableDict
from fwtrace.frameworks.flask.exceptions import (
    Aborter,
    BadRequest,
    BadRequestKeyError,
    HTTPException,
    InternalServerError,
    adopt,
    class_of,
    raised_as,
)
from fwtrace.frameworks.flask.globals import _cv_app, _cv_request, g, request, session
from fwtrace.frameworks.flask.helpers import (
    _redirect,
    get_debug_flag,
    get_flashed_messages,
    get_load_dotenv,
)
from fwtrace.frameworks.flask.json.provider import DefaultJSONProvider, JSONProvider
from fwtrace.frameworks.flask.routing import (
    BuildError,
    Map,
    MapAdapter,
    RoutingException,
    Rule,
    get_host,
)
from fwtrace.frameworks.flask.scaffold import (
    Scaffold,
    endpoint_of,
    find_package,
    open_below,
    setupmethod,
)
from fwtrace.frameworks.flask.sessions import (
    SecureCookieSessionInterface,
    SessionInterface,
)
from fwtrace.frameworks.flask.signals import (
    appcontext_tearing_down,
    got_request_exception,
    request_finished,
    request_started,
    request_tearing_down,
)
from fwtrace.frameworks.flask.wrappers import Request, Response
from fwtrace.toolkit.wsgi.response import Response as ToolkitResponse
from fwtrace.toolkit.wsgi.types import Environ, StartResponse

if TYPE_CHECKING:
    import logging

    from jinja2 import Environment

    from fwtrace.frameworks.flask.blueprints import Blueprint
    from fwtrace.frameworks.flask.cli import FlaskCliRunner
    from fwtrace.frameworks.flask.testing import FlaskClient

__all__ = ["Flask"]

F = TypeVar("F", bound=Callable[..., Any])


def _timedelta(value: timedelta | int | None) -> timedelta | None:
    if value is None or isinstance(value, timedelta):
        return value
    return timedelta(seconds=value)


def _default_template_ctx_processor() -> dict[str, Any]:
    """``g``, ``request`` and ``session`` for every template."""
    found: dict[str, Any] = {}
    app_context, context = _cv_app.get(None), _cv_request.get(None)
    if app_context is not None:
        found["g"] = app_context.g
    if context is not None:
        found["request"] = context.request
        found["session"] = session  # the proxy notices that it was looked at
    return found


class Flask(Scaffold):
    """An application: a WSGI callable with routes.

    ``import_name`` is the module's ``__name__``: templates, static files and resources
    are looked for beside it.
    """

    request_class: type[Request] = Request
    response_class: type[Response] = Response
    aborter_class = Aborter
    app_ctx_globals_class = _AppCtxGlobals
    config_class = Config
    url_rule_class = Rule
    url_map_class = Map
    json_provider_class: type[JSONProvider] = DefaultJSONProvider
    session_interface: SessionInterface = SecureCookieSessionInterface()
    test_client_class: type[FlaskClient] | None = None
    test_cli_runner_class: type[FlaskCliRunner] | None = None
    jinja_options: dict[str, Any] = {}

    testing = ConfigAttribute("TESTING")
    secret_key = ConfigAttribute("SECRET_KEY")
    permanent_session_lifetime = ConfigAttribute(
        "PERMANENT_SESSION_LIFETIME", _timedelta
    )

    default_config: Mapping[str, Any] = ImmutableDict(
        {
            "DEBUG": None,
            "TESTING": False,
            "PROPAGATE_EXCEPTIONS": None,
            "SECRET_KEY": None,
            "SECRET_KEY_FALLBACKS": None,
            "PERMANENT_SESSION_LIFETIME": timedelta(days=31),
            "USE_X_SENDFILE": False,
            "TRUSTED_HOSTS": None,
            "SERVER_NAME": None,
            "APPLICATION_ROOT": "/",
            "SESSION_COOKIE_NAME": "session",
            "SESSION_COOKIE_DOMAIN": None,
            "SESSION_COOKIE_PATH": None,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SECURE": False,
            "SESSION_COOKIE_PARTITIONED": False,
            "SESSION_COOKIE_SAMESITE": None,
            "SESSION_REFRESH_EACH_REQUEST": True,
            "MAX_CONTENT_LENGTH": None,
            "MAX_FORM_MEMORY_SIZE": 500_000,
            "MAX_FORM_PARTS": 1_000,
            "SEND_FILE_MAX_AGE_DEFAULT": None,
            "TRAP_BAD_REQUEST_ERRORS": None,
            "TRAP_HTTP_EXCEPTIONS": False,
            "EXPLAIN_TEMPLATE_LOADING": False,
            "PREFERRED_URL_SCHEME": "http",
            "TEMPLATES_AUTO_RELOAD": None,
            "MAX_COOKIE_SIZE": 4093,
            "PROVIDE_AUTOMATIC_OPTIONS": True,
        }
    )

    def __init__(
        self,
        import_name: str,
        static_url_path: str | None = None,
        static_folder: str | os.PathLike[str] | None = "static",
        static_host: str | None = None,
        host_matching: bool = False,
        subdomain_matching: bool = False,
        template_folder: str | os.PathLike[str] | None = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
        root_path: str | None = None,
    ) -> None:
        super().__init__(
            import_name, static_folder, static_url_path, template_folder, root_path
        )
        if instance_path is None:
            instance_path = self.auto_find_instance_path()
        elif not os.path.isabs(instance_path):
            raise ValueError("'instance_path' must be an absolute path.")
        self.instance_path = instance_path
        self.config = self.make_config(instance_relative_config)
        self.aborter = self.make_aborter()
        self.json: JSONProvider = self.json_provider_class(self)
        self.url_build_error_handlers: list[Callable[..., str]] = []
        self.teardown_appcontext_funcs: list[Callable[..., Any]] = []
        self.shell_context_processors: list[Callable[[], dict[str, Any]]] = []
        self.blueprints: dict[str, Blueprint] = {}
        self.extensions: dict[str, Any] = {}
        self.url_map = self.url_map_class(host_matching=host_matching)
        self.subdomain_matching = subdomain_matching
        self.template_context_processors[None].append(_default_template_ctx_processor)
        self._got_first_request = False
        if self.has_static_folder:
            if bool(static_host) != host_matching:
                raise AssertionError("'static_host' goes with 'host_matching'.")
            self.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                endpoint="static",
                host=static_host,
                view_func=lambda **values: self.send_static_file(**values),
            )

    def _check_setup_finished(self, name: str) -> None:
        if self._got_first_request:
            raise AssertionError(
                f"{name!r} sets the app up, and this app has handled its first request "
                "already, so it would not be consistent. Call it where the module is "
                "imported or the app is made."
            )

    # What it is made of.

    @cached_property
    def name(self) -> str:
        """The import name; of a program, its file's."""
        if self.import_name != "__main__":
            return self.import_name
        file: str | None = getattr(sys.modules["__main__"], "__file__", None)
        if file is None:
            return "__main__"
        return os.path.splitext(os.path.basename(file))[0]

    @cached_property
    def logger(self) -> logging.Logger:
        """The app's logger, named as the app."""
        from fwtrace.frameworks.flask.logging import create_logger

        return create_logger(self)

    @cached_property
    def jinja_env(self) -> Environment:
        """The Jinja environment; its options are settled once it is looked at."""
        return self.create_jinja_environment()

    def create_jinja_environment(self) -> Environment:
        from fwtrace.frameworks.flask.jinja import Environment

        options = dict(self.jinja_options)
        options.setdefault("autoescape", self.select_jinja_autoescape)
        if "auto_reload" not in options:
            reload = self.config["TEMPLATES_AUTO_RELOAD"]
            options["auto_reload"] = self.debug if reload is None else reload
        made = Environment(self, **options)
        made.globals.update(
            url_for=self.url_for,
            get_flashed_messages=get_flashed_messages,
            config=self.config,
            request=request,
            session=session,
            g=g,
        )
        made.policies["json.dumps_function"] = self.json.dumps
        return made

    def create_global_jinja_loader(self) -> Any:
        from fwtrace.frameworks.flask.jinja import DispatchingJinjaLoader

        return DispatchingJinjaLoader(self)

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Whether a template is escaped: HTML, XML and SVG are, and strings."""
        if filename is None:
            return True
        return filename.endswith((".html", ".htm", ".xml", ".xhtml", ".svg"))

    def make_config(self, instance_relative: bool = False) -> Config:
        root = self.instance_path if instance_relative else self.root_path
        defaults = {**self.default_config, "DEBUG": get_debug_flag()}
        return self.config_class(root, defaults)

    def make_aborter(self) -> Aborter:
        return self.aborter_class()

    def auto_find_instance_path(self) -> str:
        prefix, folder = find_package(self.import_name)
        if prefix is None:
            return os.path.join(folder, "instance")
        return os.path.join(prefix, "var", f"{self.name}-instance")

    def open_instance_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = "utf-8"
    ) -> IO[Any]:
        """Open a file of the instance folder."""
        path = os.path.join(self.instance_path, resource)
        return open(path, mode) if "b" in mode else open(path, mode, encoding=encoding)

    def open_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = None
    ) -> IO[Any]:
        return open_below(self.root_path, resource, mode, encoding)

    @property
    def debug(self) -> bool:
        """Whether it runs for its developer."""
        found: bool = self.config["DEBUG"]
        return found

    @debug.setter
    def debug(self, value: bool) -> None:
        self.config["DEBUG"] = value
        if (
            self.config["TEMPLATES_AUTO_RELOAD"] is None
            and "jinja_env" in self.__dict__
        ):
            self.jinja_env.auto_reload = value

    def make_shell_context(self) -> dict[str, Any]:
        """The names that ``shell`` begins with."""
        names: dict[str, Any] = {"app": self, "g": g}
        for processor in self.shell_context_processors:
            names.update(processor())
        return names

    # Putting it together.

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """Add the blueprint's routes and functions; options as ``url_prefix``,
        ``name``, ``subdomain`` go before its own."""
        blueprint.register(self, options)

    def iter_blueprints(self) -> Iterable[Blueprint]:
        return self.blueprints.values()

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Enter a rule; ``options`` are those of :class:`Rule`.

        OPTIONS is answered by the app unless ``provide_automatic_options`` is false, or
        the view takes it. Raises AssertionError for an endpoint that has another view.
        """
        if endpoint is None:
            if view_func is None:
                raise AssertionError("A rule without an endpoint needs a view_func.")
            endpoint = endpoint_of(view_func)
        methods = options.pop("methods", None)
        if methods is None:
            methods = getattr(view_func, "methods", None) or ("GET",)
        if isinstance(methods, str):
            raise TypeError(f"methods is a list, as in [{methods!r}], not a str.")
        methods = {method.upper() for method in methods}
        methods |= set(getattr(view_func, "required_methods", ()))
        if provide_automatic_options is None:
            provide_automatic_options = getattr(
                view_func, "provide_automatic_options", None
            )
        if provide_automatic_options is None:
            wanted = self.config["PROVIDE_AUTOMATIC_OPTIONS"]
            provide_automatic_options = "OPTIONS" not in methods and wanted
            if provide_automatic_options:
                methods.add("OPTIONS")
        made = self.url_rule_class(rule, methods=methods, endpoint=endpoint, **options)
        made.provide_automatic_options = provide_automatic_options
        self.url_map.add(made)
        if view_func is not None:
            known = self.view_functions.get(endpoint)
            if known is not None and known != view_func:
                raise AssertionError(
                    f"The endpoint {endpoint!r} has another view function already. "
                    "Name one of them with 'endpoint='; a decorator without "
                    "functools.wraps gives every view its own name."
                )
            self.view_functions[endpoint] = view_func

    def _named_adder(self, add: Callable[..., None], name: Any) -> Callable[[F], F]:
        def decorate(f: F) -> F:
            add(f, name=name)
            return f

        return decorate

    @overload
    def template_filter(self, name: F) -> F: ...

    @overload
    def template_filter(self, name: str | None = None) -> Callable[[F], F]: ...

    @setupmethod
    def template_filter(self, name: Any = None) -> Any:
        """Decorator: the function is a filter of templates, named as it is or so."""
        if callable(name):
            self.add_template_filter(name)
            return name
        return self._named_adder(self.add_template_filter, name)

    @setupmethod
    def add_template_filter(self, f: F, name: str | None = None) -> None:
        self.jinja_env.filters[name or f.__name__] = f

    @overload
    def template_test(self, name: F) -> F: ...

    @overload
    def template_test(self, name: str | None = None) -> Callable[[F], F]: ...

    @setupmethod
    def template_test(self, name: Any = None) -> Any:
        """Decorator: the function is a test of templates."""
        if callable(name):
            self.add_template_test(name)
            return name
        return self._named_adder(self.add_template_test, name)

    @setupmethod
    def add_template_test(self, f: F, name: str | None = None) -> None:
        self.jinja_env.tests[name or f.__name__] = f

    @overload
    def template_global(self, name: F) -> F: ...

    @overload
    def template_global(self, name: str | None = None) -> Callable[[F], F]: ...

    @setupmethod
    def template_global(self, name: Any = None) -> Any:
        """Decorator: every template knows the function."""
        if callable(name):
            self.add_template_global(name)
            return name
        return self._named_adder(self.add_template_global, name)

    @setupmethod
    def add_template_global(self, f: F, name: str | None = None) -> None:
        self.jinja_env.globals[name or f.__name__] = f

    @setupmethod
    def teardown_appcontext(self, f: F) -> F:
        """Call it when an app context ends, with the error or None."""
        self.teardown_appcontext_funcs.append(f)
        return f

    @setupmethod
    def shell_context_processor(self, f: F) -> F:
        """Call it for ``shell``; it returns names to begin with."""
        self.shell_context_processors.append(f)
        return f

    # The life of a request.

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        return self.wsgi_app(environ, start_response)

    def wsgi_app(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """The app itself, to be wrapped: ``app.wsgi_app = Layer(app.wsgi_app)``."""
        ctx = self.request_context(environ)
        error: BaseException | None = None
        try:
            try:
                ctx.push()
                response = self.full_dispatch_request()
            except Exception as e:
                error = e
                response = self.handle_exception(e)
            except BaseException as e:
                error = e
                raise
            return response(environ, start_response)
        finally:
            preserve = environ.get("werkzeug.debug.preserve_context")
            if preserve is not None:
                preserve(_cv_app.get())
                preserve(_cv_request.get())
            if error is not None and self.should_ignore_error(error):
                error = None
            ctx.pop(error)

    def full_dispatch_request(self) -> Response:
        """The request's response: hooks, view, error handlers."""
        self._got_first_request = True
        try:
            if request_started.connections:
                request_started.send(self, _async_wrapper=self.ensure_sync)
            rv = self.preprocess_request()
            if rv is None:
                rv = self.dispatch_request()
        except Exception as e:
            rv = self.handle_user_exception(e)
        return self.finalize_request(rv)

    def preprocess_request(self) -> Any:
        """Call the before_request functions of the app, then of the blueprints; what
        one of them returns is the answer."""
        values_of, functions_of = (
            self.url_value_preprocessors,
            self.before_request_funcs,
        )
        if not values_of and not functions_of:
            return None
        req = _cv_request.get().request
        names = (None, *reversed(req.blueprints))
        for name in names:
            for function in values_of.get(name, ()):
                function(req.endpoint, req.view_args)
        for name in names:
            for function in functions_of.get(name, ()):
                rv = self.ensure_sync(function)()
                if rv is not None:
                    return rv
        return None

    def dispatch_request(self) -> Any:
        """What the view returns, or the answer to OPTIONS; raises what matching the
        URL raised."""
        req = _cv_request.get().request
        if req.routing_exception is not None:
            self.raise_routing_exception(req)
        rule = req.url_rule
        if req.method == "OPTIONS" and rule.provide_automatic_options:  # type: ignore[union-attr]
            return self.make_default_options_response()
        view = self.view_functions[rule.endpoint]  # type: ignore[union-attr]
        return self.ensure_sync(view)(**req.view_args)  # type: ignore[arg-type]

    def raise_routing_exception(self, request: Request) -> NoReturn:
        assert request.routing_exception is not None
        raise request.routing_exception

    def make_default_options_response(self) -> Response:
        """The answer to OPTIONS: the methods that the URL takes."""
        adapter = _cv_request.get().url_adapter
        response = self.response_class()
        if adapter is not None:
            response.allow.update(adapter.allowed_methods())
        return response

    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Response:
        """What a view or handler returned, as the response that goes out."""
        response = self.make_response(rv)
        try:
            response = self.process_response(response)
            if request_finished.connections:
                request_finished.send(
                    self, _async_wrapper=self.ensure_sync, response=response
                )
        except Exception:
            if not from_error_handler:
                raise
            self.logger.exception(
                "Finishing the response to an error failed with another error"
            )
        return response

    def make_response(self, rv: Any) -> Response:
        """A response of whatever a view may return.

        str, bytes, a dict or list (JSON), a generator (streamed), a response, a WSGI
        callable, or a tuple ``(body, status)``, ``(body, headers)`` or ``(body,
        status, headers)``. Raises TypeError for anything else.
        """
        if type(rv) is str:
            return self.response_class(rv)
        if isinstance(rv, self.response_class):
            return rv
        status = headers = None
        if isinstance(rv, tuple):
            rv, status, headers = _unpack(rv)
        if rv is None:
            raise TypeError(
                f"The view function for {request.endpoint!r} returned None. Is a "
                "return missing? " + _RETURNS
            )
        if not isinstance(rv, self.response_class):
            if isinstance(rv, (str, bytes, bytearray, Iterator)):
                return self.response_class(rv, status, headers)
            rv = self._coerce(rv)
        if status is not None:
            rv.status = status
        if headers:
            rv.headers.update(headers)
        response: Response = rv
        return response

    def _coerce(self, rv: Any) -> Any:
        if isinstance(rv, (dict, list)):
            return self.json.response(rv)
        if isinstance(rv, HTTPException) or not isinstance(rv, type):
            environ = _cv_request.get().request.environ
            if isinstance(rv, HTTPException):
                rv = rv.get_response(environ)
            if isinstance(rv, ToolkitResponse):
                return self.response_class.force_type(rv, environ)
            if callable(rv):
                try:
                    return self.response_class.force_type(rv, environ)
                except TypeError as error:
                    raise TypeError(
                        f"{error}\nThe view returned {type(rv).__name__}. {_RETURNS}"
                    ) from None
        raise TypeError(f"The view returned {type(rv).__name__}. {_RETURNS}")

    def process_response(self, response: Response) -> Response:
        """Call the after_request functions, of the blueprints and then of the app, the
        last added first; then save the session."""
        ctx = _cv_request.get()
        for function in ctx._after_request_functions:
            response = self.ensure_sync(function)(response)
        functions_of = self.after_request_funcs
        if functions_of:
            for name in (*ctx.request.blueprints, None):
                for function in reversed(functions_of.get(name, ())):
                    response = self.ensure_sync(function)(response)
        interface = self.session_interface
        session = ctx._session
        if not interface.is_null_session(session):
            interface.save_session(self, session, response)
        return response

    # Errors.

    def handle_user_exception(self, e: Exception) -> Any:
        """The answer to an error of a hook or view, from its handler.

        One that has no handler is raised on, but for HTTP errors.
        """
        error = adopt(e)
        if isinstance(error, BadRequestKeyError) and (
            self.debug or self.config["TRAP_BAD_REQUEST_ERRORS"]
        ):
            error.show_exception = True
        if isinstance(error, HTTPException) and not self.trap_http_exception(error):
            return self.handle_http_exception(error)
        handler = self._find_error_handler(e, _cv_request.get().request.blueprints)
        if handler is None:
            raise
        return self.ensure_sync(handler)(e)

    def handle_http_exception(self, e: HTTPException) -> Any:
        """The answer to an HTTP error: its handler's, or its own."""
        # Redirects of the routing, and responses raised as errors, are no errors.
        if e.code is None or isinstance(e, RoutingException):
            return e
        blueprints = _cv_request.get().request.blueprints
        error: Exception = raised_as(e)
        handler = self._find_error_handler(error, blueprints)
        return e if handler is None else self.ensure_sync(handler)(error)

    def handle_exception(self, e: Exception) -> Response:
        """The answer to an error that nobody handled: a 500, logged.

        In debug and testing it is raised on.
        """
        exc_info = sys.exc_info()
        if got_request_exception.connections:
            got_request_exception.send(
                self, _async_wrapper=self.ensure_sync, exception=e
            )
        propagate = self.config["PROPAGATE_EXCEPTIONS"]
        if propagate is None:
            propagate = self.testing or self.debug
        if propagate:
            raise e
        self.log_exception(exc_info)
        server_error: Any = InternalServerError(original_exception=e)
        handler = self._find_error_handler(
            server_error, _cv_request.get().request.blueprints
        )
        if handler is not None:
            server_error = self.ensure_sync(handler)(server_error)
        return self.finalize_request(server_error, from_error_handler=True)

    def log_exception(
        self,
        exc_info: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> None:
        req = _cv_request.get().request
        self.logger.error(f"Exception on {req.path} [{req.method}]", exc_info=exc_info)

    def _find_error_handler(
        self, e: Exception, blueprints: list[str]
    ) -> Callable[..., Any] | None:
        """The handler of the error's code, or of the nearest of its classes; those of
        blueprints go before the app's."""
        kind, code = self._get_exc_class_and_code(type(e))
        names = (*blueprints, None)
        for each in (code, None) if code is not None else (None,):
            for name in names:
                by_code: Any = self.error_handler_spec.get(name, {})
                handlers = by_code.get(each)
                if handlers:
                    for base in kind.__mro__:
                        handler: Callable[..., Any] | None
                        handler = handlers.get(class_of(base))
                        if handler is not None:
                            return handler
        return None

    def trap_http_exception(self, e: Exception) -> bool:
        """Whether an HTTP error is raised on, for the developer to see where."""
        if self.config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trap = self.config["TRAP_BAD_REQUEST_ERRORS"]
        if trap is None and self.debug and isinstance(e, BadRequestKeyError):
            return True
        return bool(trap) and isinstance(e, BadRequest)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Whether teardown functions are not to hear of the error."""
        return False

    # Contexts.

    def app_context(self) -> AppContext:
        """``with app.app_context():`` makes this the current app."""
        return AppContext(self)

    def request_context(self, environ: Environ) -> RequestContext:
        return RequestContext(self, environ)

    def test_request_context(self, *args: Any, **kwargs: Any) -> RequestContext:
        """A context of a request made by hand, of what the test client takes."""
        from fwtrace.frameworks.flask.environs import EnvironBuilder

        builder = EnvironBuilder(self, *args, **kwargs)
        try:
            return self.request_context(builder.get_environ())
        finally:
            builder.close()

    def do_teardown_request(self, exc: BaseException | None = _sentinel) -> None:
        """Call the teardown_request functions, the last added first."""
        if exc is _sentinel:
            exc = sys.exc_info()[1]
        functions_of = self.teardown_request_funcs
        if functions_of:
            for name in (*_cv_request.get().request.blueprints, None):
                for function in reversed(functions_of.get(name, ())):
                    self.ensure_sync(function)(exc)
        if request_tearing_down.connections:
            request_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=exc)

    def do_teardown_appcontext(self, exc: BaseException | None = _sentinel) -> None:
        """Call the teardown_appcontext functions, the last added first."""
        if exc is _sentinel:
            exc = sys.exc_info()[1]
        for function in reversed(self.teardown_appcontext_funcs):
            self.ensure_sync(function)(exc)
        if appcontext_tearing_down.connections:
            appcontext_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=exc)

    # Asynchronous views.

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function, or for one that is asynchronous a function that runs it."""
        if type(func) is FunctionType and not func.__code__.co_flags & _CO_COROUTINE:
            return func
        from inspect import iscoroutinefunction

        return self.async_to_sync(func) if iscoroutinefunction(func) else func

    def async_to_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """A function that runs the coroutine function in a loop of its own, with this
        context's variables."""

        @wraps(func)
        def run(*args: Any, **kwargs: Any) -> Any:
            return _run(func(*args, **kwargs))

        return run

    # URLs.

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """What matches the request's URL and builds others; without a request, what
        SERVER_NAME says. None where that is not set."""
        config = self.config
        server_name = config["SERVER_NAME"]
        if request is None:
            if server_name is None:
                return None
            return self.url_map.bind(
                server_name,
                script_name=config["APPLICATION_ROOT"],
                url_scheme=config["PREFERRED_URL_SCHEME"],
            )
        if config["TRUSTED_HOSTS"] is not None:
            request.trusted_hosts = config["TRUSTED_HOSTS"]
        if request.trusted_hosts is not None:
            get_host(request.environ, request.trusted_hosts)
        subdomain = None
        if self.url_map.host_matching:
            server_name = None
        elif not self.subdomain_matching:
            subdomain = self.url_map.default_subdomain or ""
        return self.url_map.bind_to_environ(request.environ, server_name, subdomain)

    def url_for(
        self,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: Any,
    ) -> str:
        """The URL of the endpoint; values that its rule has no place for are the query.

        Within a request ``".name"`` is of the same blueprint. Outside of one the URL
        is whole, and SERVER_NAME must be set. Raises BuildError.
        """
        ctx = _cv_request.get(None)
        adapter: Any
        if ctx is not None:
            adapter = ctx.url_adapter
            if endpoint[:1] == ".":
                blueprint = ctx.request.blueprint
                endpoint = endpoint[1:] if blueprint is None else blueprint + endpoint
            if _external is None:
                _external = _scheme is not None
        else:
            app_ctx = _cv_app.get(None)
            if app_ctx is not None:
                adapter = app_ctx.url_adapter
            else:
                adapter = self.create_url_adapter(None)
            if adapter is None:
                raise RuntimeError(
                    "Outside of a request a URL can be built once the app's "
                    "SERVER_NAME is set; APPLICATION_ROOT and PREFERRED_URL_SCHEME go "
                    "into it too."
                )
            if _external is None:
                _external = True
        if _scheme is not None and not _external:
            raise ValueError("'_scheme' goes with '_external=True'.")
        if self.url_default_functions:
            self.inject_url_defaults(endpoint, values)
        try:
            url = adapter.build(
                endpoint,
                values,
                method=_method,
                url_scheme=_scheme,
                force_external=_external,
            )
        except BuildError as error:
            values.update(
                _anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external
            )
            return self.handle_url_build_error(error, endpoint, values)
        if _anchor is None:
            return str(url)
        return f"{url}#{quote(_anchor, safe='%!#$&()*+,/:;=?@')}"

    def inject_url_defaults(self, endpoint: str, values: dict[str, Any]) -> None:
        """Call the url_defaults functions of the app and of the endpoint's
        blueprints."""
        names: list[str | None] = [None]
        parts = endpoint.split(".")[:-1]
        names += [".".join(parts[: n + 1]) for n in range(len(parts))]
        for name in names:
            for function in self.url_default_functions.get(name, ()):
                function(endpoint, values)

    def handle_url_build_error(
        self, error: BuildError, endpoint: str, values: dict[str, Any]
    ) -> str:
        """What the first of the url_build_error_handlers gives; the error is raised on
        where none gives anything."""
        for handler in self.url_build_error_handlers:
            try:
                found = handler(error, endpoint, values)
            except BuildError as another:
                error = another
            else:
                if found is not None:
                    return found
        raise error

    def redirect(self, location: str, code: int = 302) -> Response:
        made: Response = _redirect(location, code, self.response_class)
        return made

    def update_template_context(self, context: dict[str, Any]) -> None:
        """Add what the context processors give; what is there already stays."""
        given = context.copy()
        names: list[str | None] = [None]
        ctx = _cv_request.get(None)
        if ctx is not None:
            names += reversed(ctx.request.blueprints)
        for name in names:
            for function in self.template_context_processors.get(name, ()):
                context.update(self.ensure_sync(function)())
        context.update(given)

    # Trying and serving it.

    def test_client(self, use_cookies: bool = True, **kwargs: Any) -> FlaskClient:
        """A client that calls the app without a server."""
        from fwtrace.frameworks.flask.testing import FlaskClient

        kind = self.test_client_class or FlaskClient
        return kind(self, self.response_class, use_cookies=use_cookies, **kwargs)

    def test_cli_runner(self, **kwargs: Any) -> FlaskCliRunner:
        """What runs the app's commands in a test."""
        from fwtrace.frameworks.flask.cli import FlaskCliRunner

        kind = self.test_cli_runner_class or FlaskCliRunner
        return kind(self, **kwargs)

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: Any,
    ) -> None:
        """Serve on a development server; not for production.

        Under the ``run`` command it does nothing, for that serves already.
        """
        if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
            return
        from fwtrace.frameworks.flask.serving import load_environment, serve

        if get_load_dotenv(load_dotenv):
            load_environment()
            if "FLASK_DEBUG" in os.environ:
                self.debug = get_debug_flag()
        if debug is not None:
            self.debug = bool(debug)
        server_host, _, server_port = (self.config["SERVER_NAME"] or "").partition(":")
        host = host or server_host or "127.0.0.1"
        if port is None:
            port = int(server_port) if server_port else 5000
        options.setdefault("use_reloader", self.debug)
        options.setdefault("use_debugger", self.debug)
        options.setdefault("threaded", True)
        try:
            serve(self, host, int(port), **options)
        finally:
            self._got_first_request = False


_RETURNS = (
    "A view returns a str, bytes, dict, list, generator, Response or WSGI callable, or "
    "a tuple of one of these with a status, headers, or both."
)
_CO_COROUTINE = 128  # inspect.CO_COROUTINE, whose module is slow to import


def _unpack(rv: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    if len(rv) == 3:
        return rv
    if len(rv) == 2:
        body, second = rv
        if isinstance(second, (Headers, dict, tuple, list)):
            return body, None, second
        return body, second, None
    raise TypeError(
        "The view returned a tuple that is none of (body, status), (body, headers) and "
        "(body, status, headers)."
    )


def _run(coroutine: Any) -> Any:
    """Its result, from a loop of its own: in a thread, where this one has a loop.

    Context variables that it sets are set here too.
    """
    import asyncio
    import threading

    context = copy_context()

    def run() -> Any:
        with asyncio.Runner() as runner:
            return runner.run(coroutine, context=context)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        result = run()
    else:
        results: list[Any] = []
        errors: list[BaseException] = []

        def run_apart() -> None:
            try:
                results.append(run())
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=run_apart)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        result = results[0]
    for variable, value in context.items():
        if variable.get(_sentinel) is not value:
            variable.set(value)
    return result
