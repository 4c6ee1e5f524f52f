"""The models as migrations know them, at one point of their history.

A ModelState is what a model's class says, without the class; a ProjectState holds those
of all apps. Operations change the state as they change the database. Real classes, for
the schema editor and for ``RunPython``, are made of it one by one, when asked for.

A state shares with the one it was cloned from whatever has not changed since, so
fields, options and ModelStates are never changed in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from typing import Any

from fwtrace.toolkit.orm.fields import Field
from fwtrace.toolkit.orm.migrations.exceptions import InvalidBasesError
from fwtrace.toolkit.orm.migrations.naming import renamed_field, renamed_in
from fwtrace.toolkit.orm.model import Model, ModelBase
from fwtrace.toolkit.orm.registry import Registry

__all__ = ["ModelState", "ProjectState", "StateApps", "key_of"]

Key = tuple[str, str]
"""``("blog", "post")``: the label of an app, the name of a model in lower case."""

NOT_RECORDED = ("abstract", "app_label", "apps", "db_table", "proxy")
TOGETHER = ("unique_together",)


def key_of(name: str, app_label: str = "") -> Key:
    """Of ``"blog.Post"``, or of ``"Post"`` as the app has it."""
    app, _, bare = name.rpartition(".")
    return app or app_label, bare.lower()


class StateApps(Registry):
    """The classes of one state, each made when it is asked for."""

    is_lazy = True

    def __init__(self, models: Mapping[Key, ModelState]) -> None:
        super().__init__()
        self._states = dict(models)
        self._rendered: dict[Key, type[Model]] = {}

    def get_model(
        self, app_label: str, model_name: str | None = None, require_ready: bool = True
    ) -> type[Model]:
        """The model ``("blog", "Post")`` or ``"blog.Post"``; LookupError, naming it,
        where no migration has made it."""
        key = key_of(app_label) if model_name is None else key_of(model_name, app_label)
        found = self._rendered.get(key)
        if found is None:
            state = self._states.get(key)
            if state is None:
                raise LookupError(
                    f"There is no model {'.'.join(key)} at this point of the "
                    "migrations: depend on the one that makes it."
                )
            found = state.render(self)
            self._rendered[key] = found
        return found

    def get_models(self) -> list[type[Model]]:
        return [self.get_model(*key) for key in self._states]

    def complete(self) -> None:
        """Make every model, with the ways back between them."""
        for model in self.get_models():
            meta = model._meta
            for field in (*meta.local_fields, *meta.local_many_to_many):
                self._look_at(field)

    def _look_at(self, field: Any) -> None:
        """A relation is made by being looked at."""
        getattr(field, "through" if field.many_to_many else "related_model", None)

    def referring_to(self, model: type[Model]) -> list[type[Model]]:
        key = model._meta.app_label, model._meta.model_name
        for state in self._states.values():
            for name, field in state.fields.items():
                if field.is_relation and key in (target_of(field, state), state.key):
                    self._look_at(self.get_model(*state.key)._meta.get_field(name))
        return super().referring_to(model)

    def register(self, model: type[Model]) -> None:
        pass

    def when_defined(self, name: str, call: Any, module: str = "") -> None:
        call(self.get_model(name))

    def find(self, name: str) -> type[Model] | None:
        return self.get_model(name) if key_of(name) in self._states else None


class ModelState:
    """One model: ``fields`` by name and unbound, ``options`` as in its Meta, ``bases``
    as classes or names (``"blog.post"``), ``managers`` as pairs of name and manager."""

    def __init__(
        self,
        app_label: str,
        name: str,
        fields: Iterable[tuple[str, Field]] | Mapping[str, Field],
        options: Mapping[str, Any] | None = None,
        bases: Iterable[Any] | None = None,
        managers: Iterable[tuple[str, Any]] | None = None,
    ) -> None:
        self.app_label = app_label
        self.name = name
        self.fields = dict(fields)
        self.options = dict(options or {})
        self.options.setdefault("indexes", [])
        self.options.setdefault("constraints", [])
        for option in TOGETHER:
            if option in self.options:
                self.options[option] = as_groups(self.options[option])
        self.bases = tuple(bases or (Model,))
        self.managers = list(managers or ())
        for field in self.fields.values():
            if hasattr(field, "model"):
                raise ValueError(
                    f"The field {field} is one of a class: a ModelState takes a clone."
                )
        for index in self.options["indexes"]:
            if not index.name:
                raise ValueError(
                    f"An index of {app_label}.{name} has no name: in a migration each "
                    "has one."
                )

    def __repr__(self) -> str:
        return f"<ModelState: {self.app_label}.{self.name}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ModelState):
            return NotImplemented
        return bool(self._identity() == other._identity())

    __hash__ = None  # type: ignore[assignment]

    def _identity(self) -> Any:
        fields = {name: f.deconstruct()[1:] for name, f in self.fields.items()}
        where = (self.app_label, self.name, self.bases)
        # The usual table, and no group of fields, may be said or left out.
        options = {k: v for k, v in self.options.items() if v not in (None, set())}
        return (*where, fields, options, self.managers)

    @property
    def name_lower(self) -> str:
        return self.name.lower()

    @property
    def key(self) -> Key:
        return self.app_label, self.name_lower

    @property
    def label(self) -> str:
        return f"{self.app_label}.{self.name}"

    @property
    def db_table(self) -> str:
        usual = f"{self.app_label}_{self.name_lower}"
        return str(self.options.get("db_table") or usual)

    @property
    def is_managed(self) -> bool:
        """Whether its table is for migrations to make."""
        return bool(self.options.get("managed", True) and not self.options.get("proxy"))

    def get_field(self, name: str) -> Field:
        """KeyError names the model."""
        try:
            return self.fields[name]
        except KeyError:
            raise KeyError(f"{self.label} has no field {name!r}") from None

    def changed(self, **what: Any) -> ModelState:
        """A copy with other fields, options, or whatever is named."""
        made = copy(self)
        made.__dict__.update(what)
        return made

    def with_option(self, name: str, value: Any) -> ModelState:
        return self.changed(options={**self.options, name: value})

    # From a class and back.

    @classmethod
    def from_model(cls, model: type[Model], app_label: str = "") -> ModelState:
        """What a class says; ``app_label`` is that of models that name none."""
        meta = model._meta
        label = meta.app_label or app_label
        fields = {field.name: _unbound(field, label) for field in _own_fields(model)}
        bases = [
            _label(base, label)
            if getattr(base, "_meta", None) and base is not Model
            else base
            for base in _flat_bases(model)
        ]
        managers = [
            (manager.name, manager)
            for manager in meta.managers
            if manager.use_in_migrations
        ]
        made = cls(label, model.__name__, fields, {}, bases, managers)
        made.options |= _options(model, label)
        return made

    def render(self, apps: StateApps) -> type[Model]:
        """The class, in the registry given."""
        bases = []
        for base in self.bases:
            try:
                found = apps.get_model(base) if isinstance(base, str) else base
            except LookupError as error:
                raise InvalidBasesError(
                    f"{self.label} is built upon {base}, which no migration before it "
                    "has made."
                ) from error
            bases.append(found)
        meta = {"app_label": self.app_label, "apps": apps, **self.options}
        body: dict[str, Any] = {
            name: copy(field) for name, field in self.fields.items()
        }
        for name, manager in self.managers:
            body[name] = copy(manager)
        body["Meta"] = type("Meta", (), meta)
        body["__module__"] = "__fake__"
        made: Any = ModelBase(self.name, tuple(bases), body)
        return made  # type: ignore[no-any-return]


def as_groups(given: Any) -> set[tuple[str, ...]]:
    """``unique_together``: one group of names or several, as a set."""
    groups = list(given or ())
    if groups and isinstance(groups[0], str):
        return {tuple(groups)}
    return {tuple(group) for group in groups}


def _flat_bases(model: Any) -> Iterator[Any]:
    """The bases, those that are abstract models replaced by their own."""
    seen: list[Any] = []
    for base in model.__bases__:
        meta = getattr(base, "_meta", None)
        is_abstract = meta is not None and meta.abstract
        for each in _flat_bases(base) if is_abstract else (base,):
            if each not in seen:
                seen.append(each)
                yield each


def _own_fields(model: Any) -> list[Any]:
    """The fields that a migration of the model names, a key made of several first."""
    meta = model._meta
    key = meta.composite_key
    own = [key] if key is not None and key.model is model else []
    return [*own, *meta.local_fields, *meta.local_many_to_many]


def _label(model: Any, app_label: str) -> str:
    meta = model._meta
    return f"{meta.app_label or app_label}.{meta.model_name}"


def _unbound(field: Any, app_label: str) -> Field:
    """A clone in no model, whose relation names the app too."""
    _, _, args, options = field.deconstruct()
    if field.many_to_many and options.get("to") == "self":
        options["symmetrical"] = field.symmetrical
    for name in ("to", "through"):
        given = options.get(name)
        if given == "self":
            options[name] = _label(field.model, app_label)
        elif given and "." not in given:
            options[name] = f"{app_label}.{given}"
    made: Field = type(field)(*args, **options)
    return made


def _options(model: type[Model], label: str) -> dict[str, Any]:
    meta = model._meta
    given = {k: v for k, v in meta.original_attrs.items() if k not in NOT_RECORDED}
    for option in TOGETHER:
        if option in given:
            given[option] = as_groups(given[option])
    given["indexes"] = [_named(index, model) for index in meta.indexes]
    given["constraints"] = list(meta.constraints)
    if meta.proxy:
        given["proxy"] = True
    elif meta.db_table != f"{label}_{meta.model_name}":
        given["db_table"] = meta.db_table
    return given


def _named(index: Any, model: type[Model]) -> Any:
    if index.name:
        return index
    made = copy(index)
    made.name = index.name_for(model)
    return made


class ProjectState:
    """The models of all apps, by key; changed by operations, cloned before each."""

    def __init__(self, models: Mapping[Key, ModelState] | None = None) -> None:
        self.models: dict[Key, ModelState] = dict(models or {})
        self._apps: StateApps | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ProjectState):
            return NotImplemented
        return self.models == other.models

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def from_models(
        cls, models: Iterable[type[Model]], app_label: str = ""
    ) -> ProjectState:
        """What classes say: the state that migrations are to reach."""
        made = cls()
        for model in models:
            if model._meta.abstract or getattr(model._meta, "auto_created", None):
                continue
            made.add_model(ModelState.from_model(model, app_label))
        return made

    def clone(self) -> ProjectState:
        """The same, to be changed; as long as it is not, with the same classes."""
        made = ProjectState(self.models)
        made._apps = self.apps
        return made

    @property
    def apps(self) -> StateApps:
        """The classes of the models as they are now."""
        if self._apps is None:
            self._apps = StateApps(self.models)
        return self._apps

    def model(self, app_label: str, name: str) -> ModelState:
        """The state of a model; KeyError, naming it."""
        try:
            return self.models[app_label, name.lower()]
        except KeyError:
            raise KeyError(f"there is no model {app_label}.{name}") from None

    def _set(self, state: ModelState) -> None:
        self.models[state.key] = state
        self._apps = None

    # Models.

    def add_model(self, model_state: ModelState) -> None:
        self._set(model_state)

    def remove_model(self, app_label: str, model_name: str) -> None:
        self.model(app_label, model_name)
        del self.models[app_label, model_name.lower()]
        self._apps = None

    def rename_model(self, app_label: str, old_name: str, new_name: str) -> None:
        """Rename it, and every reference to it."""
        old_key = app_label, old_name.lower()
        renamed = self.model(app_label, old_name).changed(name=new_name)
        label = f"{app_label}.{new_name.lower()}"
        self.models = {
            (renamed.key if key == old_key else key): (
                renamed if key == old_key else state
            )
            for key, state in self.models.items()
        }
        for state in list(self.models.values()):
            fields = {
                name: _pointed(field, state, old_key, label)
                for name, field in state.fields.items()
            }
            bases = tuple(
                label
                if isinstance(base, str) and key_of(base, state.app_label) == old_key
                else base
                for base in state.bases
            )
            if bases != state.bases or any(
                fields[name] is not field for name, field in state.fields.items()
            ):
                self.models[state.key] = state.changed(fields=fields, bases=bases)
        self._apps = None

    def alter_model_options(
        self,
        app_label: str,
        model_name: str,
        options: Mapping[str, Any],
        option_keys: Iterable[str] = (),
    ) -> None:
        """Set these; of ``option_keys``, those that are not among them are left out."""
        state = self.model(app_label, model_name)
        dropped = set(option_keys) - set(options)
        kept = {k: v for k, v in state.options.items() if k not in dropped}
        self._set(state.changed(options={**kept, **options}))

    def remove_model_options(
        self, app_label: str, model_name: str, option_name: str, value: Any
    ) -> None:
        """Take one value out of an option that is a list."""
        state = self.model(app_label, model_name)
        kept = [each for each in state.options[option_name] if each != value]
        self._set(
            state.with_option(option_name, type(state.options[option_name])(kept))
        )

    def alter_model_managers(
        self, app_label: str, model_name: str, managers: Iterable[tuple[str, Any]]
    ) -> None:
        state = self.model(app_label, model_name)
        self._set(state.changed(managers=list(managers)))

    # Fields.

    def add_field(
        self,
        app_label: str,
        model_name: str,
        name: str,
        field: Field,
        preserve_default: bool = True,
    ) -> None:
        state = self.model(app_label, model_name)
        made = field if preserve_default else without_default(field)
        self._set(state.changed(fields={**state.fields, name: made}))

    def remove_field(self, app_label: str, model_name: str, name: str) -> None:
        state = self.model(app_label, model_name)
        state.get_field(name)
        kept = {k: v for k, v in state.fields.items() if k != name}
        self._set(state.changed(fields=kept))

    def alter_field(
        self,
        app_label: str,
        model_name: str,
        name: str,
        field: Field,
        preserve_default: bool = True,
    ) -> None:
        state = self.model(app_label, model_name)
        state.get_field(name)
        made = field if preserve_default else without_default(field)
        self._set(state.changed(fields={**state.fields, name: made}))

    def rename_field(
        self, app_label: str, model_name: str, old_name: str, new_name: str
    ) -> None:
        """Rename it, and where indexes, constraints and references name it."""
        state = self.model(app_label, model_name)
        state.get_field(old_name)
        fields = {
            (new_name if name == old_name else name): renamed_field(
                field, old_name, new_name
            )
            for name, field in state.fields.items()
        }
        options = dict(state.options)
        for option in TOGETHER:
            if option in options:
                options[option] = {
                    tuple(new_name if n == old_name else n for n in group)
                    for group in options[option]
                }
        for option in ("indexes", "constraints"):
            options[option] = [
                renamed_in(each, old_name, new_name) for each in options[option]
            ]
        if options.get("order_with_respect_to") == old_name:
            options["order_with_respect_to"] = new_name
        self._set(state.changed(fields=fields, options=options))
        for other in list(self.models.values()):
            for name, field in other.fields.items():
                moved = _with_names(field, other, state.key, old_name, new_name)
                if moved is not field:
                    other = other.changed(fields={**other.fields, name: moved})
                    self._set(other)

    def references_to(self, key: Key) -> list[tuple[ModelState, str, Any]]:
        """``(model, name of the field, field)`` of every relation to that model."""
        return [
            (state, name, field)
            for state in self.models.values()
            for name, field in state.fields.items()
            if field.is_relation and target_of(field, state) == key
        ]

    # Indexes and constraints.

    def add_index(self, app_label: str, model_name: str, index: Any) -> None:
        self._append(app_label, model_name, "indexes", index)

    def remove_index(self, app_label: str, model_name: str, index_name: str) -> None:
        self._drop(app_label, model_name, "indexes", index_name)

    def rename_index(
        self, app_label: str, model_name: str, old_name: str, new_name: str
    ) -> None:
        state = self.model(app_label, model_name)
        renamed = [
            _called(each, new_name) if each.name == old_name else each
            for each in state.options["indexes"]
        ]
        self._set(state.with_option("indexes", renamed))

    def add_constraint(self, app_label: str, model_name: str, constraint: Any) -> None:
        self._append(app_label, model_name, "constraints", constraint)

    def remove_constraint(self, app_label: str, model_name: str, name: str) -> None:
        self._drop(app_label, model_name, "constraints", name)

    def alter_constraint(
        self, app_label: str, model_name: str, name: str, constraint: Any
    ) -> None:
        state = self.model(app_label, model_name)
        changed = [
            constraint if each.name == name else each
            for each in state.options["constraints"]
        ]
        self._set(state.with_option("constraints", changed))

    def _append(self, app: str, model: str, option: str, what: Any) -> None:
        state = self.model(app, model)
        self._set(state.with_option(option, [*state.options[option], what]))

    def _drop(self, app: str, model: str, option: str, name: str) -> None:
        state = self.model(app, model)
        kept = [each for each in state.options[option] if each.name != name]
        if len(kept) == len(state.options[option]):
            raise KeyError(f"{state.label} has nothing called {name!r} in {option}")
        self._set(state.with_option(option, kept))


def without_default(field: Field) -> Field:
    """The field once its default has filled the rows that were there."""
    from fwtrace.toolkit.orm.fields import NOT_PROVIDED

    made = copy(field)
    made.default = NOT_PROVIDED
    return made


def target_of(field: Any, state: ModelState) -> Key:
    """The model that a relation leads to, as seen from the model it belongs to."""
    return _key(field.to, state)


def through_of(field: Any, state: ModelState) -> Key | None:
    """The model of a relation's pairs, where it has one of its own making."""
    given = getattr(field, "given_through", None)
    return None if given is None else _key(given, state)


def _key(to: Any, state: ModelState) -> Key:
    if to == "self":
        return state.key
    if isinstance(to, str):
        return key_of(to, state.app_label)
    return to._meta.app_label or state.app_label, to._meta.model_name


def _pointed(field: Any, state: ModelState, old: Key, label: str) -> Any:
    """The field, pointing to ``label`` where it pointed to ``old``."""
    if not field.is_relation:
        return field
    is_to = field.to != "self" and target_of(field, state) == old
    is_through = through_of(field, state) == old
    if not (is_to or is_through):
        return field
    made = copy(field)
    if is_to:
        made.to = label
    if is_through:
        made.given_through = label
    return made


def _with_names(field: Any, state: ModelState, key: Key, old: str, new: str) -> Any:
    """A relation that names a field of the model of that key, with its new name."""
    if not field.is_relation:
        return field
    made = field
    if target_of(field, state) == key and getattr(field, "to_field", None) == old:
        made = copy(field)
        made.to_field = new
    pair = getattr(field, "through_fields", None) or ()
    if through_of(field, state) == key and old in pair:
        made = copy(field)
        made.through_fields = tuple(new if each == old else each for each in pair)
    return made


def _called(what: Any, name: str) -> Any:
    made = copy(what)
    made.name = name
    return made
