"""Pages from Jinja2 templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias

from fwtrace.toolkit.asgi.background import BackgroundTask
from fwtrace.toolkit.asgi.datastructures import URL
from fwtrace.toolkit.asgi.requests import Request
from fwtrace.toolkit.asgi.responses import HTMLResponse
from fwtrace.toolkit.asgi.types import Receive, Scope, Send

if TYPE_CHECKING:
    import jinja2

__all__ = ["Jinja2Templates"]

ContextProcessor: TypeAlias = Callable[[Request], dict[str, Any]]


class _TemplateResponse(HTMLResponse):
    """A page; a server that wants to know is told its template and context."""

    def __init__(
        self,
        template: Any,
        context: dict[str, Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> None:
        self.template = template
        self.context = context
        page = template.render(context)
        super().__init__(page, status_code, headers, media_type, background)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = self.context.get("request", {})
        if "http.response.debug" in request.get("extensions", {}):
            info = {"template": self.template, "context": self.context}
            await send({"type": "http.response.debug", "info": info})
        await super().__call__(scope, receive, send)


class Jinja2Templates:
    """The templates of a directory, of several, or of an environment of one's own.

    Templates have ``request`` and ``url_for(name, **path_params)``, and what the
    context processors make of the request.
    """

    def __init__(
        self,
        directory: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        *,
        context_processors: list[ContextProcessor] | None = None,
        env: jinja2.Environment | None = None,
    ) -> None:
        import jinja2

        if bool(directory) is (env is not None):
            raise AssertionError("Give either 'directory' or 'env'.")
        self.context_processors = context_processors or []
        if env is None:
            env = jinja2.Environment(
                loader=jinja2.FileSystemLoader(directory or ()),
                autoescape=jinja2.select_autoescape(),
            )
        self.env = env
        env.globals.setdefault("url_for", jinja2.pass_context(_url_for))

    def get_template(self, name: str) -> jinja2.Template:
        return self.env.get_template(name)

    def TemplateResponse(
        self,
        request: Request,
        name: str,
        context: dict[str, Any] | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> _TemplateResponse:
        """The page of this name; processors overrule the given context."""
        context = context or {}
        context.setdefault("request", request)
        for processor in self.context_processors:
            context.update(processor(request))
        return _TemplateResponse(
            self.get_template(name),
            context,
            status_code,
            headers,
            media_type,
            background,
        )


def _url_for(context: Mapping[str, Any], name: str, /, **path_params: Any) -> URL:
    request: Request = context["request"]
    return request.url_for(name, **path_params)
