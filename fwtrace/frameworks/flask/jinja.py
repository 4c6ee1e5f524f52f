"""The Jinja environment of an app; imported with the first template."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jinja2 import (
    BaseLoader,
    Environment as BaseEnvironment,
    Template as BaseTemplate,
    TemplateNotFound,
)
from jinja2.runtime import Context, new_context

from fwtrace.frameworks.flask.templating import loaders

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.app import Flask

__all__ = ["DispatchingJinjaLoader", "Environment"]


class Template(BaseTemplate):
    """A template that gathers its globals as one dict, not name by name."""

    def new_context(
        self,
        vars: dict[str, Any] | None = None,
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,
    ) -> Context:
        known: dict[str, Any] = {}
        chain = self.globals
        for names in reversed(chain.maps) if isinstance(chain, ChainMap) else (chain,):
            known.update(names)
        return new_context(
            self.environment, self.name, self.blocks, vars, shared, known, locals
        )


class Environment(BaseEnvironment):
    """A Jinja environment that knows its app."""

    template_class = Template

    def __init__(self, app: Flask, **options: Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app


class DispatchingJinjaLoader(BaseLoader):
    """Looks in the app's folder, then in those of its blueprints."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def get_source(self, environment: BaseEnvironment, template: str) -> Any:
        explain = self.app.config["EXPLAIN_TEMPLATE_LOADING"]
        tried = []
        chosen = None
        for owner, loader in loaders(self.app):
            try:
                found = loader.get_source(environment, template)
            except TemplateNotFound:
                tried.append(f"  {owner!r} at {loader.__dict__.get('searchpath')}: no")
                continue
            tried.append(f"  {owner!r}: {found[1]}")
            chosen = chosen or found
            if not explain:
                return found
        if explain:
            self.app.logger.info(
                "Looking for the template %r:\n%s", template, "\n".join(tried)
            )
        if chosen is None:
            raise TemplateNotFound(template)
        return chosen

    def list_templates(self) -> list[str]:
        names: set[str] = set()
        for _, loader in loaders(self.app):
            names.update(loader.list_templates())
        return list(names)
