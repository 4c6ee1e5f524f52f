"""Blueprints: a part of an app, set up on its own and registered later."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeVar, overload

from fwtrace.frameworks.flask.scaffold import Scaffold, endpoint_of, setupmethod

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.app import Flask

__all__ = ["Blueprint", "BlueprintSetupState"]

F = TypeVar("F", bound=Callable[..., Any])
_sentinel: Any = object()


class BlueprintSetupState:
    """One registration of a blueprint: with which app, and with which options."""

    def __init__(
        self,
        blueprint: Blueprint,
        app: Flask,
        options: dict[str, Any],
        first_registration: bool,
    ) -> None:
        self.app = app
        self.blueprint = blueprint
        self.options = options
        self.first_registration = first_registration
        subdomain, url_prefix = options.get("subdomain"), options.get("url_prefix")
        self.subdomain = blueprint.subdomain if subdomain is None else subdomain
        self.url_prefix = blueprint.url_prefix if url_prefix is None else url_prefix
        self.name = options.get("name", blueprint.name)
        self.name_prefix = options.get("name_prefix", "")
        self.url_defaults = {
            **blueprint.url_values_defaults,
            **(options.get("url_defaults") or {}),
        }

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        **options: Any,
    ) -> None:
        """Enter a rule with the prefix, the name and the defaults of this
        registration."""
        if self.url_prefix is not None:
            if rule:
                rule = f"{self.url_prefix.rstrip('/')}/{rule.lstrip('/')}"
            else:
                rule = self.url_prefix
        options.setdefault("subdomain", self.subdomain)
        if endpoint is None:
            endpoint = endpoint_of(view_func)
        defaults = self.url_defaults
        if "defaults" in options:
            defaults = {**defaults, **options.pop("defaults")}
        self.app.add_url_rule(
            rule,
            f"{self.name_prefix}.{self.name}.{endpoint}".lstrip("."),
            view_func,
            defaults=defaults,
            **options,
        )


class Blueprint(Scaffold):
    """Routes, hooks, templates and static files under a name.

    What is set up here is recorded, and played back at each registration.
    """

    _got_registered_once = False

    def __init__(
        self,
        name: str,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, Any] | None = None,
        root_path: str | None = None,
        cli_group: str | None = _sentinel,
    ) -> None:
        super().__init__(
            import_name, static_folder, static_url_path, template_folder, root_path
        )
        if not name:
            raise ValueError("A blueprint's name cannot be empty.")
        if "." in name:
            raise ValueError("A blueprint's name cannot have a dot in it.")
        self.name = name
        self.url_prefix = url_prefix
        self.subdomain = subdomain
        self.deferred_functions: list[Callable[[BlueprintSetupState], None]] = []
        self.url_values_defaults = url_defaults or {}
        self.cli_group = cli_group
        self._blueprints: list[tuple[Blueprint, dict[str, Any]]] = []

    def _check_setup_finished(self, name: str) -> None:
        if self._got_registered_once:
            raise AssertionError(
                f"{name!r} sets up the blueprint {self.name!r}, which is registered "
                "already, so it would not be consistent. Call it before."
            )

    @setupmethod
    def record(self, func: Callable[[BlueprintSetupState], None]) -> None:
        """Call the function at each registration."""
        self.deferred_functions.append(func)

    @setupmethod
    def record_once(self, func: Callable[[BlueprintSetupState], None]) -> None:
        """Call the function at the first registration only."""

        def once(state: BlueprintSetupState) -> None:
            if state.first_registration:
                func(state)

        self.record(update_wrapper(once, func))

    def make_setup_state(
        self, app: Flask, options: dict[str, Any], first_registration: bool = False
    ) -> BlueprintSetupState:
        return BlueprintSetupState(self, app, options, first_registration)

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """Nest another blueprint in this one."""
        if blueprint is self:
            raise ValueError("A blueprint cannot be registered on itself.")
        self._blueprints.append((blueprint, options))

    def register(self, app: Flask, options: dict[str, Any]) -> None:
        """Play back on the app what was recorded, and register what is nested.

        Raises ValueError for a name that the app has already.
        """
        own_name = options.get("name", self.name)
        name = f"{options.get('name_prefix', '')}.{own_name}".lstrip(".")
        if name in app.blueprints:
            same = "this" if app.blueprints[name] is self else "a different"
            raise ValueError(
                f"The name {name!r} is registered already, for {same} blueprint. Give "
                "another with 'name='."
            )
        first = not any(known is self for known in app.blueprints.values())
        app.blueprints[name] = self
        self._got_registered_once = True
        state = self.make_setup_state(app, options, first)
        if self.has_static_folder:
            state.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                view_func=self.send_static_file,
                endpoint="static",
            )
        self._merge_functions(app, name)
        for deferred in self.deferred_functions:
            deferred(state)
        if self.has_commands:
            self._register_commands(app, name, options)
        for blueprint, inner in self._blueprints:
            blueprint.register(app, self._nested(state, blueprint, inner, name))

    def _register_commands(
        self, app: Flask, name: str, options: dict[str, Any]
    ) -> None:
        group = options.get("cli_group", self.cli_group)
        if group is None:
            app.cli.commands.update(self.cli.commands)
        else:
            self.cli.name = name if group is _sentinel else group
            app.cli.add_command(self.cli)

    @staticmethod
    def _nested(
        state: BlueprintSetupState,
        blueprint: Blueprint,
        options: dict[str, Any],
        name: str,
    ) -> dict[str, Any]:
        """The options of a nested blueprint: its prefix after this one's, its
        subdomain before."""
        options = {**options, "name_prefix": name}
        subdomain = options.get("subdomain")
        subdomain = blueprint.subdomain if subdomain is None else subdomain
        parts = [part for part in (subdomain, state.subdomain) if part is not None]
        if parts:
            options["subdomain"] = ".".join(parts)
        prefix = options.get("url_prefix")
        prefix = blueprint.url_prefix if prefix is None else prefix
        if state.url_prefix is not None and prefix is not None:
            prefix = f"{state.url_prefix.rstrip('/')}/{prefix.lstrip('/')}"
        elif prefix is None:
            prefix = state.url_prefix
        if prefix is not None:
            options["url_prefix"] = prefix
        return options

    def _merge_functions(self, app: Flask, name: str) -> None:
        """Enter the functions of this blueprint with the app, under its name."""

        def scope(key: str | None) -> str:
            return name if key is None else f"{name}.{key}"

        for key, spec in self.error_handler_spec.items():
            copied: Any = defaultdict(dict, {c: dict(h) for c, h in spec.items()})
            app.error_handler_spec[scope(key)] = copied
        app.view_functions.update(self.view_functions)
        for ours, theirs in (
            (self.before_request_funcs, app.before_request_funcs),
            (self.after_request_funcs, app.after_request_funcs),
            (self.teardown_request_funcs, app.teardown_request_funcs),
            (self.url_default_functions, app.url_default_functions),
            (self.url_value_preprocessors, app.url_value_preprocessors),
            (self.template_context_processors, app.template_context_processors),
        ):
            for key, functions in ours.items():
                theirs[scope(key)].extend(functions)

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Record a rule; its endpoint will be ``"<blueprint>.<endpoint>"``."""
        if endpoint and "." in endpoint:
            raise ValueError("An endpoint of a blueprint cannot have a dot in it.")
        if view_func is not None and "." in getattr(view_func, "__name__", ""):
            raise ValueError("A view function's name cannot have a dot in it.")
        self.record(
            lambda state: state.add_url_rule(
                rule,
                endpoint,
                view_func,
                provide_automatic_options=provide_automatic_options,
                **options,
            )
        )

    # What is for the whole app.

    def _recorder(self, add: Callable[..., None], name: Any) -> Any:
        """A decorator, with the name in brackets or without any."""
        if callable(name):
            add(name)
            return name

        def decorate(f: F) -> F:
            add(f, name=name)
            return f

        return decorate

    @overload
    def app_template_filter(self, name: F) -> F: ...

    @overload
    def app_template_filter(self, name: str | None = None) -> Callable[[F], F]: ...

    @setupmethod
    def app_template_filter(self, name: Any = None) -> Any:
        return self._recorder(self.add_app_template_filter, name)

    @setupmethod
    def add_app_template_filter(self, f: Any, name: str | None = None) -> None:
        self.record_once(lambda s: s.app.add_template_filter(f, name=name))

    @overload
    def app_template_test(self, name: F) -> F: ...

    @overload
    def app_template_test(self, name: str | None = None) -> Callable[[F], F]: ...

    @setupmethod
    def app_template_test(self, name: Any = None) -> Any:
        return self._recorder(self.add_app_template_test, name)

    @setupmethod
    def add_app_template_test(self, f: Any, name: str | None = None) -> None:
        self.record_once(lambda s: s.app.add_template_test(f, name=name))

    @overload
    def app_template_global(self, name: F) -> F: ...

    @overload
    def app_template_global(self, name: str | None = None) -> Callable[[F], F]: ...

    @setupmethod
    def app_template_global(self, name: Any = None) -> Any:
        return self._recorder(self.add_app_template_global, name)

    @setupmethod
    def add_app_template_global(self, f: Any, name: str | None = None) -> None:
        self.record_once(lambda s: s.app.add_template_global(f, name=name))

    @setupmethod
    def before_app_request(self, f: F) -> F:
        self.record_once(lambda s: s.app.before_request_funcs[None].append(f))
        return f

    @setupmethod
    def after_app_request(self, f: F) -> F:
        self.record_once(lambda s: s.app.after_request_funcs[None].append(f))
        return f

    @setupmethod
    def teardown_app_request(self, f: F) -> F:
        self.record_once(lambda s: s.app.teardown_request_funcs[None].append(f))
        return f

    @setupmethod
    def app_context_processor(self, f: F) -> F:
        self.record_once(lambda s: s.app.template_context_processors[None].append(f))
        return f

    @setupmethod
    def app_errorhandler(self, code: type[Exception] | int) -> Callable[[F], F]:
        def decorate(f: F) -> F:
            self.record_once(lambda s: s.app.register_error_handler(code, f))
            return f

        return decorate

    @setupmethod
    def app_url_value_preprocessor(self, f: F) -> F:
        self.record_once(lambda s: s.app.url_value_preprocessors[None].append(f))
        return f

    @setupmethod
    def app_url_defaults(self, f: F) -> F:
        self.record_once(lambda s: s.app.url_default_functions[None].append(f))
        return f
