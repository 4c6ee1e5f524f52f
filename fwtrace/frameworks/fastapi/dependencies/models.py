"""A callable with what it needs, as its signature says it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from fwtrace.frameworks.fastapi.dependencies.calls import (
    is_async_generator,
    is_generator,
    unwrapped,
)
from fwtrace.frameworks.fastapi.fields import ModelField, model_fields, param_model
from fwtrace.frameworks.fastapi.params import Concurrency
from fwtrace.frameworks.fastapi.security.base import SecurityBase

__all__ = [
    "Dependant",
    "get_flat_body_params",
    "get_flat_params",
    "is_security_scheme",
    "oauth_scopes",
    "security_scheme",
]


@dataclass
class Dependant:
    """The root is an endpoint, below it are its dependencies and theirs."""

    path_params: list[ModelField] = field(default_factory=list)
    query_params: list[ModelField] = field(default_factory=list)
    header_params: list[ModelField] = field(default_factory=list)
    cookie_params: list[ModelField] = field(default_factory=list)
    body_params: list[ModelField] = field(default_factory=list)
    dependencies: list[Dependant] = field(default_factory=list)
    name: str | None = None
    call: Callable[..., Any] | None = None
    request_param_name: str | None = None
    websocket_param_name: str | None = None
    http_connection_param_name: str | None = None
    response_param_name: str | None = None
    background_tasks_param_name: str | None = None
    security_scopes_param_name: str | None = None
    own_oauth_scopes: list[str] | None = None
    parent_oauth_scopes: list[str] | None = None
    use_cache: bool = True
    path: str | None = None
    scope: Literal["function", "request"] | None = None
    concurrency: Concurrency | None = None

    @property
    def computed_scope(self) -> str | None:
        """When it is cleaned up; None for what has nothing to clean up."""
        if self.scope:
            return self.scope
        yields = is_generator(self.call) or is_async_generator(self.call)
        return "request" if yields else None

    @cached_property
    def uses_scopes(self) -> bool:
        """Whether its value depends on scopes that those above it asked for."""
        return (
            bool(self.own_oauth_scopes)
            or self.security_scopes_param_name is not None
            or is_security_scheme(self)
            or any(each.uses_scopes for each in self.dependencies)
        )

    @property
    def cache_key(self) -> tuple[Any, ...]:
        """Those of one key have one value in a request."""
        scopes = tuple(sorted(set(oauth_scopes(self)))) if self.uses_scopes else ()
        return self.call, scopes, self.computed_scope or ""

    def walk(self) -> Iterator[Dependant]:
        """It and all below it, each before what it needs."""
        yield self
        for each in self.dependencies:
            yield from each.walk()


def oauth_scopes(dependant: Dependant) -> list[str]:
    """The scopes that it and those above it ask for, in order."""
    own, parents = dependant.own_oauth_scopes or [], dependant.parent_oauth_scopes or []
    return [*parents, *dict.fromkeys(each for each in own if each not in parents)]


def security_scheme(dependant: Dependant) -> SecurityBase:
    found = unwrapped(dependant.call)
    assert isinstance(found, SecurityBase)
    return found


def is_security_scheme(dependant: Dependant) -> bool:
    return isinstance(unwrapped(dependant.call), SecurityBase)


def get_flat_body_params(dependant: Dependant) -> list[ModelField]:
    """The body's parameters of the whole graph."""
    return [each for node in dependant.walk() for each in node.body_params]


def get_flat_params(dependant: Dependant) -> list[ModelField]:
    """All parameters outside of the body: path, query, header, cookie."""
    nodes: dict[tuple[Any, ...], Dependant] = {}
    for node in dependant.walk():
        nodes.setdefault(node.cache_key, node)
    sources = ("path_params", "query_params", "header_params", "cookie_params")
    found: list[ModelField] = []
    for source in sources:
        for node in nodes.values():
            for each in getattr(node, source):
                model = param_model(each)
                found += [each] if model is None else model_fields(model)
    return found
