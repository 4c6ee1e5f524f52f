"""Checks of an instance before it is saved: fields, uniqueness, constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.exceptions import FieldError
from fwtrace.toolkit.validators import NON_FIELD_ERRORS, ValidationError

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model

__all__ = ["clean_fields", "full_clean", "holds", "validate_constraints"]


def full_clean(
    instance: Model, exclude: set[str], unique: bool, constraints: bool
) -> None:
    """See :meth:`Model.full_clean`."""
    errors: dict[str, Any] = {}
    skipped = set(exclude)

    def run(check: Any, *args: Any) -> None:
        try:
            check(*args)
        except ValidationError as error:
            nonlocal errors
            errors = error.update_error_dict(errors)

    run(instance.clean_fields, exclude)
    run(instance.clean)
    skipped |= {name for name in errors if name != NON_FIELD_ERRORS}
    if unique:
        run(instance.validate_unique, skipped)
        skipped |= {name for name in errors if name != NON_FIELD_ERRORS}
    if constraints:
        run(instance.validate_constraints, skipped)
    if errors:
        raise ValidationError(errors)


def clean_fields(instance: Model, exclude: set[str]) -> None:
    errors: dict[str, Any] = {}
    for field in instance._meta.given_fields:
        if field.name in exclude or field.auto_created:
            continue
        raw = getattr(instance, field.attname)
        if field.blank and raw in field.empty_values:
            continue
        if field.primary_key and raw is None:
            continue
        try:
            setattr(instance, field.attname, field.clean(raw, instance))
        except ValidationError as error:
            errors[field.name] = error.error_list
    if errors:
        raise ValidationError(errors)


def validate_unique(instance: Model, exclude: set[str]) -> None:
    model = type(instance)
    errors: dict[str, list[Any]] = {}
    groups: list[tuple[str, ...]] = [
        (f.name,) for f in instance._meta.given_fields if f.unique
    ]
    groups += instance._meta.unique_together
    key_fields = instance._meta.pk_fields
    if len(key_fields) > 1 and instance._state.adding and "pk" not in exclude:
        groups.append(tuple(field.name for field in key_fields))
    for group in groups:
        if any(name in exclude for name in group) or _is_generated(model, group):
            continue
        if _is_taken(model, instance, group):
            key = group[0] if len(group) == 1 else NON_FIELD_ERRORS
            errors.setdefault(key, []).append(_taken(instance, group))
    if errors:
        raise ValidationError(errors)


def _is_generated(model: type[Model], group: tuple[str, ...]) -> bool:
    """Whether the database alone knows what would be saved."""
    return any(model._meta.get_field(name).generated for name in group)


def _is_taken(model: type[Model], instance: Model, group: tuple[str, ...]) -> bool:
    values = {}
    for name in group:
        field = instance._meta.get_field(name)
        value = getattr(instance, field.attname)
        if value is None or (field.primary_key and not instance._state.adding):
            return False
        values[field.name] = value
    rows = model._base_manager.filter(**values)
    if not instance._state.adding and instance._is_pk_set():
        rows = rows.exclude(pk=instance.pk)
    return bool(rows.exists())


def _taken(instance: Model, group: tuple[str, ...]) -> ValidationError:
    meta = instance._meta
    labels = [str(meta.get_field(name).verbose_name) for name in group]
    name = meta.verbose_name.capitalize()
    if len(group) == 1:
        return ValidationError(
            f"{name} with this {labels[0].capitalize()} already exists.", code="unique"
        )
    listed = " and ".join(label.capitalize() for label in labels)
    return ValidationError(
        f"{name} with this {listed} already exists.", code="unique_together"
    )


def validate_constraints(instance: Model, exclude: set[str]) -> None:
    errors: dict[str, Any] = {}
    for constraint in instance._meta.constraints:
        try:
            constraint.validate(type(instance), instance, exclude)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


def holds(
    condition: Any, model: type[Model], instance: Model, exclude: set[str]
) -> bool:
    """Whether a condition holds of the instance, as the database sees it: NULL does
    not break it."""
    from fwtrace.toolkit.orm.compiler import SQLCompiler
    from fwtrace.toolkit.orm.database import get_database
    from fwtrace.toolkit.orm.dialects import get_dialect
    from fwtrace.toolkit.orm.expressions import Value
    from fwtrace.toolkit.orm.plans import Statement
    from fwtrace.toolkit.orm.slots import Scope, Slots
    from fwtrace.toolkit.orm.sql import Query

    database = get_database(instance._state.db or "default")
    query = Query(model)
    for field in model._meta.given_fields:
        if field.name not in exclude:
            value = getattr(instance, field.attname)
            node = Value(value, output_field=_plain_field(field))
            query.annotations[field.name] = node
    slots = Slots()
    try:
        for made in model._meta.generated_fields:
            made.expression.split(slots)
            query.annotations[made.name] = made.expression.resolve(Scope(query, slots))
        condition.split(slots)
        node = condition.resolve(Scope(query, slots))
    except FieldError:
        return True  # it asks of a field that is not checked
    dialect = get_dialect(database.vendor)
    sql, params = SQLCompiler(query, dialect).compile(node)
    if any(f".{dialect.quote(f.column)}" in sql for f in model._meta.concrete_fields):
        return True
    values = [
        slots.prepares[n](v) if n in slots.prepares else v
        for n, v in enumerate(slots.values)
    ]
    statement = Statement(
        f"SELECT CASE WHEN {sql} THEN 1 WHEN NOT ({sql}) THEN 0 ELSE 1 END",
        [*params, *params],
        dialect,
        query,
    )
    ((found,),) = database.fetch(*statement.bind(values, (0, None)))
    return bool(found)


def _plain_field(field: Any) -> Any:
    return field.target_field if field.is_relation else field
