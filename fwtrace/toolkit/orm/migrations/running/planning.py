"""The way from the migrations that are applied to those that are wanted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.migrations.graph import Key
    from fwtrace.toolkit.orm.migrations.loader import MigrationLoader
    from fwtrace.toolkit.orm.migrations.migration import Migration

__all__ = ["Plan", "migration_plan"]

Plan = list[tuple["Migration", bool]]
"""Migrations in the order in which they are to run, each with whether backwards."""


def migration_plan(
    loader: MigrationLoader,
    targets: Iterable[tuple[str, str | None]],
    clean_start: bool = False,
) -> Plan:
    """The way to the targets, ``(app, name)``; the name is None for the beginning,
    before the app's first migration. ``clean_start`` plans as for an empty database."""
    graph = loader.graph
    applied = set() if clean_start else set(loader.applied_migrations)
    plan: Plan = []
    for app_label, name in targets:
        if name is not None and (app_label, name) not in applied:
            for key in graph.forwards_plan((app_label, name)):
                if key not in applied:
                    plan.append((graph.nodes[key], False))
                    applied.add(key)
            continue
        for key in _built_upon(loader, app_label, name, applied):
            if key in applied:
                plan.append((graph.nodes[key], True))
                applied.remove(key)
    return plan


def _built_upon(
    loader: MigrationLoader, app_label: str, name: str | None, applied: set[Key]
) -> list[Key]:
    """What has to go for an app to be where this migration left it, the latest first:
    its own next ones, and all that depends on those."""
    graph = loader.graph
    if name is None:
        starts = graph.root_nodes(app_label)
    else:
        children = sorted(graph.children[app_label, name])
        starts = [key for key in children if key[0] == app_label and key in applied]
    found: dict[Key, None] = {}
    for start in starts:
        found.update(dict.fromkeys(graph.backwards_plan(start)))
    return list(found)
