"""Routers within routers: what is handed on, and the routes that come of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any

from fwtrace.frameworks.fastapi import params
from fwtrace.frameworks.fastapi.datastructures import Default
from fwtrace.frameworks.fastapi.routes import APIRoute, APIWebSocketRoute, Responses
from fwtrace.frameworks.fastapi.utils import (
    first_given,
    get_value_or_default,
)
from fwtrace.toolkit.asgi import routing
from fwtrace.toolkit.asgi.routing import (
    BaseRoute,
    Host,
    Match,
    Mount,
    NoMatchFound,
    Route,
    RouteList,
    WebSocketRoute,
)
from fwtrace.toolkit.asgi.types import Scope

if TYPE_CHECKING:
    from fwtrace.frameworks.fastapi.routing import APIRouter

__all__ = ["IncludedRouter", "Inclusion", "iter_route_contexts"]


class Inclusion:
    """What a router hands on to those that it includes."""

    def __init__(
        self,
        prefix: str,
        tags: list[str | Enum],
        dependencies: list[params.Depends],
        default_response_class: Any,
        responses: Responses,
        callbacks: list[BaseRoute],
        deprecated: bool | None,
        include_in_schema: bool,
        generate_unique_id_function: Any,
        strict_content_type: Any,
        overrides_provider: Any,
        max_body_size: int | None,
        form_limits: dict[str, int],
    ) -> None:
        self.prefix = prefix
        self.tags = tags
        self.dependencies = dependencies
        self.default_response_class = default_response_class
        self.responses = responses
        self.callbacks = callbacks
        self.deprecated = deprecated
        self.include_in_schema = include_in_schema
        self.generate_unique_id_function = generate_unique_id_function
        self.strict_content_type = strict_content_type
        self.overrides_provider = overrides_provider
        self.max_body_size = max_body_size
        self.form_limits = form_limits

    def within(self, outer: Inclusion) -> Inclusion:
        """This one, as it is where the router that has it is included itself."""
        return Inclusion(
            outer.prefix + self.prefix,
            [*outer.tags, *self.tags],
            [*outer.dependencies, *self.dependencies],
            get_value_or_default(
                self.default_response_class, outer.default_response_class
            ),
            {**outer.responses, **self.responses},
            [*outer.callbacks, *self.callbacks],
            outer.deprecated or self.deprecated,
            outer.include_in_schema and self.include_in_schema,
            get_value_or_default(
                self.generate_unique_id_function, outer.generate_unique_id_function
            ),
            get_value_or_default(self.strict_content_type, outer.strict_content_type),
            outer.overrides_provider,
            first_given(self.max_body_size, outer.max_body_size),
            {**outer.form_limits, **self.form_limits},
        )

    def route(self, route: BaseRoute, router: APIRouter) -> BaseRoute | None:
        """The route as it is below the prefix; None for what cannot be included."""
        if isinstance(route, APIRoute):
            return self.operation(route, router)
        if isinstance(route, APIWebSocketRoute):
            return APIWebSocketRoute(
                self.prefix + route.path,
                route.endpoint,
                name=route.name,
                dependencies=[*self.dependencies, *route.dependencies],
                dependency_overrides_provider=self.overrides_provider,
            )
        made: BaseRoute | None = None
        if isinstance(route, Route):
            made = Route(
                self.prefix + route.path,
                route.endpoint,
                methods=route.methods,
                name=route.name,
                include_in_schema=route.include_in_schema,
            )
        elif isinstance(route, WebSocketRoute):
            made = WebSocketRoute(
                self.prefix + route.path, route.endpoint, name=route.name
            )
        elif isinstance(route, Mount):
            made = Mount(self.prefix + route.path, app=route.app, name=route.name)
            made._inner = route._inner
        elif isinstance(route, Host):
            app = route.app
            if self.prefix:
                app = routing.Router(routes=[Mount(self.prefix, app=app)])
            made = Host(route.host, app=app, name=route.name)
        if made is not None and self.max_body_size is not None:
            made.app = routing._wrap(made.app, None, self.max_body_size)  # type: ignore[attr-defined]
        return made

    def operation(self, route: APIRoute, router: APIRouter) -> APIRoute:
        return type(route)(
            self.prefix + route.path,
            route.endpoint,
            response_model=route.response_model
            if route.stream_item_type is None
            else Default(None),
            status_code=route.status_code,
            tags=[*self.tags, *route.tags],
            dependencies=[*self.dependencies, *route.dependencies],
            summary=route.summary,
            description=route.description,
            response_description=route.response_description,
            responses={**self.responses, **route.responses},
            deprecated=route.deprecated or self.deprecated,
            name=route.name,
            methods=route.methods,
            operation_id=route.operation_id,
            response_model_include=route.response_model_include,
            response_model_exclude=route.response_model_exclude,
            response_model_by_alias=route.response_model_by_alias,
            response_model_exclude_unset=route.response_model_exclude_unset,
            response_model_exclude_defaults=route.response_model_exclude_defaults,
            response_model_exclude_none=route.response_model_exclude_none,
            include_in_schema=route.include_in_schema and self.include_in_schema,
            response_class=get_value_or_default(
                route.response_class,
                router.default_response_class,
                self.default_response_class,
            ),
            dependency_overrides_provider=self.overrides_provider,
            callbacks=[*self.callbacks, *(route.callbacks or ())],
            openapi_extra=route.openapi_extra,
            generate_unique_id_function=get_value_or_default(
                route.generate_unique_id_function,
                router.generate_unique_id_function,
                self.generate_unique_id_function,
            ),
            strict_content_type=get_value_or_default(
                route.strict_content_type,
                router.strict_content_type,
                self.strict_content_type,
            ),
            max_body_size=first_given(route.max_body_size, self.max_body_size),
            form_limits={**self.form_limits, **route.form_limits} or None,
        )


class IncludedRouter(BaseRoute):
    """Stands for all routes of a router, also for those that are added later."""

    def __init__(self, router: APIRouter, inclusion: Inclusion) -> None:
        self.router = router
        self.inclusion = inclusion
        # By identity; the route is kept, so that no other can have its id.
        self._made: dict[int, tuple[BaseRoute, list[BaseRoute]]] = {}

    def candidates(self) -> Iterator[BaseRoute]:
        for route in self.router.routes:
            if id(route) not in self._made:
                self._made[id(route)] = route, self._make(route)
            for each in self._made[id(route)][1]:
                yield from each.candidates()

    def _make(self, route: BaseRoute) -> list[BaseRoute]:
        if isinstance(route, IncludedRouter):
            return [
                IncludedRouter(route.router, route.inclusion.within(self.inclusion))
            ]
        made = self.inclusion.route(route, self.router)
        return [] if made is None else [made]

    def frontends(self) -> Iterator[APIRoute]:
        for route in self.router.frontends():
            yield self.inclusion.operation(route, self.router)

    def lists(self) -> Iterator[RouteList]:
        yield self.router._routes
        for route in self.router.routes:
            yield from route.lists()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        partial: tuple[Match, Scope] = Match.NONE, {}
        for route in self.candidates():
            found = route.matches(scope)
            if found[0] is Match.FULL:
                return found
            if found[0] is Match.PARTIAL and partial[0] is Match.NONE:
                partial = found
        return partial

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        for route in self.candidates():
            try:
                return route.url_path_for(name, **path_params)
            except NoMatchFound:
                pass
        raise NoMatchFound(name, path_params)


def iter_route_contexts(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """All routes, those of included routers as they are below their prefixes."""
    for route in routes:
        yield from route.candidates()
