"""Prefetching: the related rows of many instances with one query for each relation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.exceptions import FieldError, unknown_name
from fwtrace.toolkit.orm.expressions import F
from fwtrace.toolkit.orm.tasks import in_thread

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model

__all__ = ["Prefetch", "aprefetch_related_objects", "check", "prefetch_related_objects"]


class Prefetch:
    """A relation to prefetch, with the queryset for it, and where it is kept."""

    def __init__(self, lookup: str, queryset: Any = None, to_attr: str = "") -> None:
        if queryset is not None and queryset.plan.query.rows != "model":
            raise ValueError(
                "Prefetch querysets cannot use raw(), values(), and values_list()."
            )
        self.lookup = lookup
        self.queryset = queryset
        self.to_attr = to_attr

    def __repr__(self) -> str:
        return f"Prefetch({self.lookup!r})"


def check(model: type[Model], lookups: Sequence[Any]) -> None:
    """FieldError, naming the choices, for a first name that is no relation."""
    for lookup in lookups:
        text = lookup.lookup if isinstance(lookup, Prefetch) else lookup
        name = text.split("__")[0]
        known = [each.cache_name for each in model._meta.relations()]
        is_column = name in model._meta.by_name
        if name not in known and (is_column or not hasattr(model, name)):
            message = unknown_name(name, known).replace(
                "Cannot resolve keyword", "Cannot find"
            )
            raise FieldError(message.replace("into field", "to prefetch"))


def prefetch_related_objects(instances: Iterable[Any], *lookups: Any) -> None:
    """Fetch these relations of the instances, unless they are there."""
    rows = list(instances)
    done: set[str] = set()
    queue = list(lookups)
    while queue:
        lookup = queue.pop(0)
        prefetch = lookup if isinstance(lookup, Prefetch) else Prefetch(lookup)
        _follow(rows, prefetch, done)


async def aprefetch_related_objects(instances: Iterable[Any], *lookups: Any) -> None:
    """As :func:`prefetch_related_objects`, awaited."""
    await in_thread(prefetch_related_objects, instances, *lookups)


def _follow(rows: list[Any], prefetch: Prefetch, done: set[str]) -> None:
    """One lookup, ``"posts__tags"``: a level for each name."""
    level = rows
    names = prefetch.lookup.split("__")
    for number, name in enumerate(names):
        level = [each for each in level if each is not None]
        if not level:
            return
        is_last = number == len(names) - 1
        path = "__".join(names[: number + 1])
        step = prefetch if is_last else Prefetch(name)
        key = f"{path}>{step.to_attr}"
        if key not in done or not is_last:
            level = _level(level, name, step, is_last)
            done.add(key)
        else:
            level = _held(level, name)


def _level(rows: list[Any], name: str, step: Prefetch, is_last: bool) -> list[Any]:
    relation = _relation(type(rows[0]), name)
    if relation is None:
        return _held(rows, name)
    wanting = [each for each in rows if not _has(each, relation, step)]
    if wanting:
        queryset = step.queryset if is_last else None
        _fetch(wanting, relation, queryset, step.to_attr if is_last else "")
    return _held(rows, (step.to_attr if is_last else "") or name)


def _relation(model: type[Model], name: str) -> Any:
    for each in model._meta.relations():
        if each.cache_name == name:
            return each
    if hasattr(model, name):
        return None
    known = [each.cache_name for each in model._meta.relations()]
    raise AttributeError(
        unknown_name(name, known).replace("Cannot resolve keyword", "Cannot find")
    )


def _has(instance: Any, relation: Any, step: Prefetch) -> bool:
    if step.to_attr:
        return step.to_attr in instance.__dict__
    if step.queryset is not None:
        return False
    if relation.forward and not relation.many_to_many:
        cached = instance._state.fields_cache.get(relation.name)
        return cached is not None and cached[0] == getattr(instance, relation.attname)
    if relation.one_to_one:
        return relation.cache_name in instance._state.fields_cache
    return relation.cache_name in instance.__dict__.get("_prefetched_objects_cache", {})


def _held(rows: list[Any], name: str) -> list[Any]:
    """What the instances hold under that name by now."""
    found: list[Any] = []
    for each in rows:
        try:
            value = getattr(each, name)
        except Exception as error:
            if not isinstance(error, AttributeError):
                raise
            continue  # a one-to-one relation without a row
        if value is None:
            continue
        if hasattr(value, "get_queryset"):
            found += list(value.all())
        elif isinstance(value, list):
            found += value
        else:
            found.append(value)
    return found


def _fetch(rows: list[Any], relation: Any, queryset: Any, to_attr: str) -> None:
    if relation.many_to_many:
        _fetch_many(rows, relation, queryset, to_attr)
    elif relation.forward:
        _fetch_forward(rows, relation, queryset, to_attr)
    else:
        _fetch_reverse(rows, relation, queryset, to_attr)


def _base(rows: list[Any], manager: Any, queryset: Any) -> Any:
    if queryset is not None:
        return queryset
    return manager.get_queryset().using(rows[0]._state.db)


def _fetch_forward(rows: list[Any], field: Any, queryset: Any, to_attr: str) -> None:
    target = field.target_field
    keys = {getattr(each, field.attname) for each in rows} - {None}
    found: dict[Any, Any] = {}
    if keys:
        base = _base(rows, field.related_model._base_manager, queryset)
        related = base.filter(**{f"{target.name}__in": sorted(keys, key=repr)})
        found = {getattr(each, target.attname): each for each in related}
    for each in rows:
        key = getattr(each, field.attname)
        value = found.get(key)
        if to_attr:
            setattr(each, to_attr, value)
        else:
            each._state.fields_cache[field.name] = key, value
        if value is not None and field.one_to_one:
            value._state.fields_cache[field.rel.cache_name] = None, each


def _fetch_reverse(rows: list[Any], rel: Any, queryset: Any, to_attr: str) -> None:
    field = rel.field
    attname = field.target_field.attname
    owners = {getattr(each, attname): each for each in rows}
    base = _base(rows, rel.related_model._default_manager, queryset)
    related = list(_limited(base, field.name, owners))
    groups: dict[Any, list[Any]] = {key: [] for key in owners}
    for each in related:
        key = getattr(each, field.attname)
        each._state.fields_cache[field.name] = key, owners.get(key)
        if key in groups:
            groups[key].append(each)
    for each in rows:
        found = groups[getattr(each, attname)]
        if rel.one_to_one:
            value = found[0] if found else None
            if to_attr:
                setattr(each, to_attr, value)
            else:
                each._state.fields_cache[rel.cache_name] = None, value
        else:
            _keep(each, rel.cache_name, base, found, to_attr)


def _limited(base: Any, name: str, owners: dict[Any, Any]) -> Any:
    """The related rows of these; a slice is of each one's own rows."""
    keys = list(owners)
    if base.limits == (0, None):
        return base.filter(**{f"{name}__in": keys})
    from fwtrace.toolkit.orm.windows import RowNumber, Window

    low, high = base.limits
    whole = base._clone()
    whole.limits = (0, None)
    order = whole.plan.query.order
    if order is None:
        order = tuple(whole.model._meta.ordering)
    number = Window(RowNumber(), partition_by=name, order_by=order or None)
    rows = whole.filter(**{f"{name}__in": keys}).annotate(_prefetch_row=number)
    rows = rows.filter(_prefetch_row__gt=low)
    return rows if high is None else rows.filter(_prefetch_row__lte=high)


def _keep(each: Any, name: str, base: Any, found: list[Any], to_attr: str) -> None:
    if to_attr:
        setattr(each, to_attr, found)
        return
    kept = base._clone()
    kept._cache = found
    kept._prefetched = True
    each.__dict__.setdefault("_prefetched_objects_cache", {})[name] = kept


def _fetch_many(rows: list[Any], relation: Any, queryset: Any, to_attr: str) -> None:
    attname = relation.source_field.target_field.attname
    groups: dict[Any, list[Any]] = {getattr(each, attname): [] for each in rows}
    base = _base(rows, relation.related_model._default_manager, queryset)
    for key, each in _pairs(base, relation, list(groups)):
        if key in groups:
            groups[key].append(each)
    for each in rows:
        found = groups[getattr(each, attname)]
        _keep(each, relation.cache_name, base, found, to_attr)


def _pairs(base: Any, relation: Any, keys: list[Any]) -> Iterable[tuple[Any, Any]]:
    """``(key of the owner, related row)``; in one query where the way back has a
    name."""
    back = _name_back(relation)
    if back is not None and not base.plan.query.joins and base.limits == (0, None):
        found = base.filter(**{f"{back}__in": keys}).annotate(_prefetch_key=F(back))
        for each in found:
            yield each.__dict__.pop("_prefetch_key"), each
        return
    near, far = relation.source_field, relation.target_key
    links = relation.through._base_manager.using(base._db)
    links = links.filter(**{f"{near.name}__in": keys}).order_by("pk")
    owners: dict[Any, list[Any]] = {}
    for ours, theirs in links.values_list(near.attname, far.attname):
        owners.setdefault(theirs, []).append(ours)
    target = far.target_field
    for each in base.filter(**{f"{target.name}__in": list(owners)}) if owners else ():
        for key in owners.get(getattr(each, target.attname), ()):
            yield key, each


def _name_back(relation: Any) -> str | None:
    if not relation.forward:
        return str(relation.field.name)
    rel = relation.rel
    if relation.symmetrical and rel.model is rel.related_model:
        return str(relation.name)
    return None if rel.hidden else str(rel.name)
