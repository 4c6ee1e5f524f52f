"""Templates: Jinja with the app's loaders and what the context processors give.

Jinja is imported when the first template is asked for; until then this module knows
its classes by name only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fwtrace.frameworks.flask.globals import _cv_request, current_app
from fwtrace.frameworks.flask.helpers import stream_with_context
from fwtrace.frameworks.flask.signals import before_render_template, template_rendered

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Template

    from fwtrace.frameworks.flask.app import Flask
    from fwtrace.frameworks.flask.scaffold import Scaffold

__all__ = [
    "render_template",
    "render_template_string",
    "stream_template",
    "stream_template_string",
]


def __getattr__(name: str) -> Any:
    """``Environment`` and ``DispatchingJinjaLoader``, which need Jinja."""
    if name in ("Environment", "DispatchingJinjaLoader"):
        from fwtrace.frameworks.flask import jinja

        return getattr(jinja, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _render(app: Flask, template: Template, context: dict[str, Any]) -> str:
    app.update_template_context(context)
    if before_render_template.connections:
        _send(before_render_template, app, template, context)
    text = template.render(context)
    if template_rendered.connections:
        _send(template_rendered, app, template, context)
    return text


def _send(signal: Any, app: Flask, template: Template, context: dict[str, Any]) -> None:
    signal.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def render_template(template_name_or_list: Any, **context: Any) -> str:
    """The text of a template, or of the first of several names that is there.

    Raises ``jinja2.TemplateNotFound``.
    """
    app = _app()
    template = app.jinja_env.get_or_select_template(template_name_or_list)
    return _render(app, template, context)


def render_template_string(source: str, **context: Any) -> str:
    """The text of a template that is given as text."""
    app = _app()
    return _render(app, app.jinja_env.from_string(source), context)


def _stream(app: Flask, template: Template, context: dict[str, Any]) -> Iterator[str]:
    app.update_template_context(context)
    if before_render_template.connections:
        _send(before_render_template, app, template, context)

    def generate() -> Iterator[str]:
        yield from template.generate(context)
        if template_rendered.connections:
            _send(template_rendered, app, template, context)

    chunks = generate()
    if _cv_request.get(None) is None:
        return chunks
    streaming: Iterator[str] = stream_with_context(chunks)
    return streaming


def stream_template(template_name_or_list: Any, **context: Any) -> Iterator[str]:
    """The template piece by piece, to return from a view."""
    app = _app()
    template = app.jinja_env.get_or_select_template(template_name_or_list)
    return _stream(app, template, context)


def stream_template_string(source: str, **context: Any) -> Iterator[str]:
    """The same of a template that is given as text."""
    app = _app()
    return _stream(app, app.jinja_env.from_string(source), context)


def loaders(app: Flask) -> Iterator[tuple[Scaffold, BaseLoader]]:
    """The app's loader, then those of its blueprints."""
    for each in (app, *app.iter_blueprints()):
        if each.jinja_loader is not None:
            yield each, each.jinja_loader
