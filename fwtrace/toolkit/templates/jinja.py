"""Jinja2, set up so that what is not marked safe is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["TemplateMissing", "Templates"]


class TemplateMissing(LookupError):
    """No template of that name; the message names the folders that were searched."""


class Templates:
    """The templates in some folders; the first folder that has a name wins.

    Jinja2 is imported when the first template is asked for.
    """

    def __init__(self, folders: Sequence[Path | str], **global_names: Any) -> None:
        self.folders = [Path(folder) for folder in folders]
        self.globals = global_names

    @cached_property
    def environment(self) -> Environment:
        from jinja2 import Environment, FileSystemLoader

        made = Environment(loader=FileSystemLoader(self.folders), autoescape=True)
        made.globals.update(self.globals)
        return made

    def add_global(self, name: str, value: Any) -> None:
        """A name that every template knows."""
        self.globals[name] = value
        self.environment.globals[name] = value

    def render(self, name: str, context: dict[str, Any]) -> str:
        """The text of the template with this context.

        Raises :class:`TemplateMissing` when it, or one that it includes or extends,
        is not there.
        """
        from jinja2 import TemplateNotFound

        try:
            return self.environment.get_template(name).render(context)
        except TemplateNotFound as error:
            folders = ", ".join(map(str, self.folders)) or "no folder"
            wanted = "" if error.name == name else f" {name!r} asks for it."
            raise TemplateMissing(
                f"No template {error.name!r} in {folders}.{wanted}"
            ) from error
