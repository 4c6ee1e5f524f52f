"""Commands, by click: ``python -m fwtrace.frameworks.flask --app hello run``."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Callable
from functools import update_wrapper
from importlib import import_module
from importlib.metadata import entry_points, version
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

try:
    import click
    from click.testing import CliRunner
except ImportError:
    raise ModuleNotFoundError(
        "Commands need click, which is not installed: pip install 'fwtrace[flask]'",
        name="click",
    ) from None

from fwtrace.frameworks.flask.ctx import has_app_context
from fwtrace.frameworks.flask.globals import _cv_app, current_app
from fwtrace.frameworks.flask.helpers import get_debug_flag, get_load_dotenv
from fwtrace.frameworks.flask.serving import load_environment, serve

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.app import Flask

__all__ = [
    "AppGroup",
    "FlaskCliRunner",
    "FlaskGroup",
    "NoAppException",
    "ScriptInfo",
    "cli",
    "main",
    "pass_script_info",
    "with_appcontext",
]

F = TypeVar("F", bound=Callable[..., Any])


class NoAppException(click.UsageError):
    """There is no app, or it is not clear which."""


def find_best_app(module: ModuleType) -> Flask:
    """The app of a module: ``app`` or ``application``, the only Flask in it, or what
    ``create_app()`` or ``make_app()`` gives. Raises NoAppException."""
    from fwtrace.frameworks.flask.app import Flask

    for name in ("app", "application"):
        found = getattr(module, name, None)
        if isinstance(found, Flask):
            return found
    apps = [value for value in vars(module).values() if isinstance(value, Flask)]
    if len(apps) == 1:
        return apps[0]
    if len(apps) > 1:
        raise NoAppException(
            f"The module {module.__name__!r} has several Flask apps. Say which: "
            f"'{module.__name__}:name'."
        )
    for name in ("create_app", "make_app"):
        factory = getattr(module, name, None)
        if callable(factory):
            return _call(factory, module, f"{name}()", (), {})
    raise NoAppException(
        f"The module {module.__name__!r} has no Flask app and no factory of one. Say "
        f"which to take: '{module.__name__}:name'."
    )


def _call(
    factory: Callable[..., Any],
    module: ModuleType,
    text: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Flask:
    from fwtrace.frameworks.flask.app import Flask

    try:
        app = factory(*args, **kwargs)
    except TypeError as error:
        # Only when the call itself failed, not what is in the factory.
        if error.__traceback__ is None or error.__traceback__.tb_next is not None:
            raise
        raise NoAppException(
            f"The factory {text!r} in {module.__name__!r} could not be called with "
            "these arguments. Write them as "
            f"'{module.__name__}:{text.partition('(')[0]}(...)'."
        ) from error
    if not isinstance(app, Flask):
        raise NoAppException(
            f"{text!r} in {module.__name__!r} gave no Flask app, but {app!r}."
        )
    return app


def find_app_by_string(module: ModuleType, app_name: str) -> Flask:
    """The app that ``"name"`` or ``"factory('argument')"`` means in a module."""
    from fwtrace.frameworks.flask.app import Flask

    try:
        expression = ast.parse(app_name.strip(), mode="eval").body
    except SyntaxError:
        raise NoAppException(
            f"{app_name!r} is neither a name nor the call of a factory."
        ) from None
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name):
        name = expression.func.id
        try:
            args = tuple(ast.literal_eval(each) for each in expression.args)
            kwargs = {
                str(each.arg): ast.literal_eval(each.value)
                for each in expression.keywords
            }
        except ValueError:
            raise NoAppException(
                f"The arguments of {app_name!r} must be literal values."
            ) from None
    elif isinstance(expression, ast.Name):
        name = expression.id
    else:
        raise NoAppException(
            f"{app_name!r} is neither a name nor the call of a factory."
        )
    try:
        found = getattr(module, name)
    except AttributeError:
        raise NoAppException(f"{module.__name__!r} has no {name!r} in it.") from None
    if isinstance(found, Flask):
        return found
    if callable(found) and not isinstance(found, type):
        return _call(found, module, app_name, args, kwargs)
    raise NoAppException(f"{app_name!r} in {module.__name__!r} is no Flask app.")


def prepare_import(path: str) -> str:
    """The module name of a file or package, whose folder is put on ``sys.path``."""
    path = os.path.realpath(path)
    if os.path.splitext(path)[1] == ".py":
        path = os.path.splitext(path)[0]
    if os.path.basename(path) == "__init__":
        path = os.path.dirname(path)
    parts = []
    while True:
        path, name = os.path.split(path)
        parts.append(name)
        if not os.path.exists(os.path.join(path, "__init__.py")):
            break
    if sys.path[0] != path:
        sys.path.insert(0, path)
    return ".".join(reversed(parts))


def locate_app(
    module_name: str, app_name: str | None, raise_if_not_found: bool = True
) -> Flask | None:
    """The app of a module. Raises NoAppException, also where importing fails."""
    try:
        module = import_module(module_name)
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and f"{module_name}.".startswith(
            f"{error.name}."
        ):
            if raise_if_not_found:
                raise NoAppException(f"Could not import {module_name!r}.") from None
            return None
        raise NoAppException(
            f"While importing {module_name!r}, an ImportError was raised: {error}"
        ) from error
    if app_name is None:
        return find_best_app(module)
    return find_app_by_string(module, app_name)


class ScriptInfo:
    """What a command knows: which app, once one is asked for."""

    def __init__(
        self,
        app_import_path: str | None = None,
        create_app: Callable[..., Flask] | None = None,
        set_debug_flag: bool = True,
        load_dotenv_defaults: bool = True,
    ) -> None:
        self.app_import_path = app_import_path
        self.create_app = create_app
        self.set_debug_flag = set_debug_flag
        self.load_dotenv_defaults = get_load_dotenv(load_dotenv_defaults)
        self.data: dict[Any, Any] = {}
        self._loaded_app: Flask | None = None

    def load_app(self) -> Flask:
        """The app, loaded once. Raises NoAppException."""
        if self._loaded_app is not None:
            return self._loaded_app
        app: Flask | None = None
        if self.create_app is not None:
            app = self.create_app()
        elif self.app_import_path:
            # A Windows path has a colon too.
            path, *name = re.split(r":(?![\\/])", self.app_import_path, maxsplit=1)
            app = locate_app(prepare_import(path), name[0] if name else None)
        else:
            for path in ("wsgi.py", "app.py"):
                app = locate_app(prepare_import(path), None, raise_if_not_found=False)
                if app is not None:
                    break
        if app is None:
            raise NoAppException(
                "Could not locate a Flask application. Use the '--app' option or the "
                "FLASK_APP environment variable, or have a 'wsgi.py' or 'app.py' here."
            )
        if self.set_debug_flag:
            app.debug = get_debug_flag()
        self._loaded_app = app
        return app


pass_script_info = click.make_pass_decorator(ScriptInfo, ensure=True)


def with_appcontext(f: F) -> F:
    """Decorator: the command runs within the app's context."""

    @click.pass_context
    def decorated(ctx: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        if not has_app_context():
            app = ctx.ensure_object(ScriptInfo).load_app()
            ctx.with_resource(app.app_context())
        return ctx.invoke(f, *args, **kwargs)

    return update_wrapper(decorated, f)  # type: ignore[return-value]


class AppGroup(click.Group):
    """Commands that run within the app's context."""

    def command(self, *args: Any, **kwargs: Any) -> Any:
        """Decorator of a command; ``with_appcontext=False`` leaves the context out."""
        wrap = kwargs.pop("with_appcontext", True)

        def decorate(f: Callable[..., Any]) -> Any:
            wrapped = with_appcontext(f) if wrap else f
            return super(AppGroup, self).command(*args, **kwargs)(wrapped)

        return decorate

    def group(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("cls", AppGroup)
        return super().group(*args, **kwargs)


def _set_app(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    if value is not None:
        ctx.ensure_object(ScriptInfo).app_import_path = value
    return value


def _set_debug(ctx: click.Context, param: click.Parameter, value: bool | None) -> Any:
    source = ctx.get_parameter_source(param.name or "")
    if value is None or source in (
        click.core.ParameterSource.DEFAULT,
        click.core.ParameterSource.DEFAULT_MAP,
    ):
        return None
    os.environ["FLASK_DEBUG"] = "1" if value else "0"
    return value


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from fwtrace import __version__

        own = f"Python {sys.version.split()[0]}\nfwtrace {__version__}, the Flask clone"
        click.echo(f"{own}\nclick {version('click')}", color=ctx.color)
        ctx.exit()


_options = [
    click.Option(
        ["-A", "--app"],
        metavar="IMPORT",
        help="The app or its factory: 'module:name', or a file. Of the module 'app' or "
        "'wsgi' here the name is not needed.",
        is_eager=True,
        expose_value=False,
        callback=_set_app,
    ),
    click.Option(
        ["--debug/--no-debug"],
        default=None,
        help="Set debug mode.",
        expose_value=False,
        callback=_set_debug,
    ),
    click.Option(
        ["--version"],
        help="Show the versions.",
        expose_value=False,
        callback=_show_version,
        is_flag=True,
        is_eager=True,
    ),
]


class FlaskGroup(AppGroup):
    """The framework's commands, those of plug-ins, and those of the app."""

    def __init__(
        self,
        add_default_commands: bool = True,
        create_app: Callable[..., Flask] | None = None,
        add_version_option: bool = True,
        load_dotenv: bool = True,
        set_debug_flag: bool = True,
        **extra: Any,
    ) -> None:
        options = _options if add_version_option else _options[:-1]
        params = [*(extra.pop("params", None) or ()), *options]
        settings = extra.setdefault("context_settings", {})
        settings.setdefault("auto_envvar_prefix", "FLASK")
        super().__init__(params=params, **extra)
        self.create_app = create_app
        self.load_dotenv = load_dotenv
        self.set_debug_flag = set_debug_flag
        self._plugins_loaded = False
        if add_default_commands:
            for command in (run_command, shell_command, routes_command):
                self.add_command(command)

    def _load_plugin_commands(self) -> None:
        if not self._plugins_loaded:
            for entry in entry_points(group="flask.commands"):
                self.add_command(entry.load(), entry.name)
            self._plugins_loaded = True

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        self._load_plugin_commands()
        found = super().get_command(ctx, name)
        if found is not None:
            return found
        info = ctx.ensure_object(ScriptInfo)
        try:
            app = info.load_app()
        except NoAppException as error:
            click.secho(f"Error: {error.format_message()}\n", err=True, fg="red")
            return None
        # Its commands find the app even where it cannot be loaded a second time.
        current = _cv_app.get(None)
        if current is None or current.app is not app:
            ctx.with_resource(app.app_context())
        return app.cli.get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._load_plugin_commands()
        names = set(super().list_commands(ctx))
        info = ctx.ensure_object(ScriptInfo)
        try:
            names.update(info.load_app().cli.list_commands(ctx))
        except NoAppException as error:
            # Help is shown all the same: it may be asked for without an app.
            click.secho(f"Error: {error.format_message()}\n", err=True, fg="red")
        except Exception as error:
            shown = f"{type(error).__name__}: {error}"
            click.secho(
                f"Error: The app cannot be loaded: {shown}\n", err=True, fg="red"
            )
        return sorted(names)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        os.environ["FLASK_RUN_FROM_CLI"] = "true"
        if get_load_dotenv(self.load_dotenv):
            load_environment()
        if "obj" not in extra and "obj" not in self.context_settings:
            extra["obj"] = ScriptInfo(
                create_app=self.create_app, set_debug_flag=self.set_debug_flag
            )
        return super().make_context(info_name, args, parent=parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Without a command the help is shown, which loads the app: so --app comes
        # first.
        if (not args and self.no_args_is_help) or args == ["--help"]:
            app = os.environ.get("FLASK_APP")
            if app:
                ctx.ensure_object(ScriptInfo).app_import_path = app
        return super().parse_args(ctx, args)


@click.command("run", short_help="Run a development server.")
@click.option("--host", "-h", default="127.0.0.1", help="The interface to bind to.")
@click.option("--port", "-p", default=5000, help="The port to bind to.")
@click.option(
    "--reload/--no-reload",
    default=None,
    help="Start anew when a file changes. By default in debug mode.",
)
@click.option(
    "--debugger/--no-debugger",
    default=None,
    help="Show a page of errors for their developer. By default in debug mode.",
)
@click.option("--with-threads/--without-threads", default=True, help="Use threads.")
@pass_script_info
def run_command(
    info: ScriptInfo,
    host: str,
    port: int,
    reload: bool | None,
    debugger: bool | None,
    with_threads: bool,
) -> None:
    """Serve the app for development, not for production.

    Example: python -m fwtrace.frameworks.flask --app hello run --debug
    """
    app = info.load_app()
    debug = get_debug_flag()
    serve(
        app,
        host,
        port,
        use_reloader=debug if reload is None else reload,
        use_debugger=debug if debugger is None else debugger,
        threaded=with_threads,
    )


run_command.params.insert(
    0,
    click.Option(
        ["--debug/--no-debug"],
        default=None,
        help="Set debug mode.",
        expose_value=False,
        callback=_set_debug,
    ),
)


@click.command("shell", short_help="Run a Python shell with the app.")
@with_appcontext
def shell_command() -> None:
    """A Python shell within the app's context."""
    import code

    banner = (
        f"Python {sys.version} on {sys.platform}\n"
        f"App: {current_app.import_name}\nInstance: {current_app.instance_path}"
    )
    names: dict[str, Any] = {}
    startup = os.environ.get("PYTHONSTARTUP")
    if startup and os.path.isfile(startup):
        with open(startup) as file:
            exec(compile(file.read(), startup, "exec"), names)
    names.update(current_app.make_shell_context())
    hook = getattr(sys, "__interactivehook__", None)
    if hook is not None:
        try:
            import readline
            from rlcompleter import Completer
        except ImportError:
            pass
        else:
            readline.set_completer(Completer(names).complete)
        hook()
    code.interact(banner=banner, local=names)


@click.command("routes", short_help="Show the routes of the app.")
@click.option(
    "--sort",
    "-s",
    type=click.Choice(("endpoint", "methods", "domain", "rule", "match")),
    default="endpoint",
    help="What to sort by; 'match' is the order in which they were added.",
)
@click.option("--all-methods", is_flag=True, help="Show HEAD and OPTIONS too.")
@with_appcontext
def routes_command(sort: str, all_methods: bool) -> None:
    """Show endpoints, methods and rules.

    Example: python -m fwtrace.frameworks.flask --app hello routes
    """
    rules = list(current_app.url_map.iter_rules())
    if not rules:
        click.echo("No routes were registered.")
        return
    hidden = set() if all_methods else {"HEAD", "OPTIONS"}
    by_host = current_app.url_map.host_matching
    has_domain = any(rule.host if by_host else rule.subdomain for rule in rules)
    titles = ["Endpoint", "Methods", "Rule"]
    if has_domain:
        titles.insert(2, "Host" if by_host else "Subdomain")
    rows = []
    for rule in rules:
        row = [rule.endpoint, ", ".join(sorted((rule.methods or set()) - hidden))]
        if has_domain:
            row.append((rule.host if by_host else rule.subdomain) or "")
        rows.append([*row, rule.rule])
    columns = {"endpoint": 0, "methods": 1, "domain": 2, "rule": -1}
    if sort != "match" and (sort != "domain" or has_domain):
        rows.sort(key=lambda row: row[columns[sort]])
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for row in (titles, ["-" * width for width in widths], *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


class FlaskCliRunner(CliRunner):
    """Runs commands of an app in a test."""

    def __init__(self, app: Flask, **kwargs: Any) -> None:
        self.app = app
        super().__init__(**kwargs)

    def invoke(self, cli: Any = None, args: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Run a command, or the line of one of the app's."""
        if cli is None:
            cli = self.app.cli
        if "obj" not in kwargs:
            kwargs["obj"] = ScriptInfo(create_app=lambda: self.app)
        return super().invoke(cli, args, **kwargs)


cli = FlaskGroup(
    name="flask",
    help="Runs the app of --app, of FLASK_APP, or of 'wsgi.py' or 'app.py' here.\n\n"
    "Example: python -m fwtrace.frameworks.flask --app hello run",
)


def main() -> None:
    cli.main()
