"""Raw queries: instances of the rows of a SELECT that was written by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fwtrace.toolkit.orm.database import get_database
from fwtrace.toolkit.orm.dialects import get_dialect
from fwtrace.toolkit.orm.exceptions import FieldDoesNotExist

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model

__all__ = ["RawQuerySet"]


class RawQuerySet:
    """Iterate over it, index it: each gives the model's instances."""

    def __init__(
        self,
        model: type[Model],
        sql: str,
        params: Any = (),
        translations: dict[str, str] | None = None,
        using: str | None = None,
    ) -> None:
        self.model = model
        self.sql = sql
        self.params = params
        self.translations = translations or {}
        self._db = using
        self._cache: list[Any] | None = None

    def __repr__(self) -> str:
        return f"<RawQuerySet: {self.sql}>"

    def using(self, alias: str) -> RawQuerySet:
        return RawQuerySet(self.model, self.sql, self.params, self.translations, alias)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._fetch())

    def __len__(self) -> int:
        return len(self._fetch())

    def __bool__(self) -> bool:
        return bool(self._fetch())

    def __getitem__(self, key: Any) -> Any:
        return self._fetch()[key]

    def _fetch(self) -> list[Any]:
        if self._cache is None:
            self._cache = list(self._load())
        return self._cache

    def _load(self) -> Iterator[Any]:
        from fwtrace.toolkit.orm.routers import db_for_read

        database = get_database(self._db or db_for_read(self.model))
        dialect = get_dialect(database.vendor)
        sql, params = _positional(self.sql, self.params)
        if params:
            sql = dialect.from_format(sql)
        given = [dialect.adapt(each) for each in params]
        names, rows = database.fetch_named(sql, given)
        meta = self.model._meta
        columns = {field.column: field for field in meta.concrete_fields}
        fields = []
        for name in names:
            wanted = self.translations.get(name)
            fields.append(meta.get_field(wanted) if wanted else columns.get(name))
        if any(field not in fields for field in meta.pk_fields):
            raise FieldDoesNotExist("Raw query must include the primary key")
        for row in rows:
            values, extra = {}, {}
            for name, field, value in zip(names, fields, row, strict=True):
                if field is None:
                    extra[name] = value
                    continue
                convert = dialect.converter(field.kind)
                if value is not None and convert is not None:
                    value = convert(value)
                values[field.attname] = value
            made = self.model.from_db(
                database.alias, tuple(values), tuple(values.values())
            )
            made.__dict__.update(extra)
            yield made


def _positional(sql: str, params: Any) -> tuple[str, list[Any]]:
    """Named parameters, ``%(name)s``, put in order."""
    if not isinstance(params, Mapping):
        return sql, list(params or ())
    import re

    found: list[Any] = []

    def place(match: re.Match[str]) -> str:
        found.append(params[match[1]])
        return "%s"

    return re.sub(r"%\((\w+)\)s", place, sql), found
