"""Field: one column of a model, its options and its values.

A value goes through three doors. ``to_python`` takes what a person or a file wrote and
raises ValidationError; ``clean`` adds the validators to that; ``get_prep_value`` gives
a statement its parameter and raises ValueError. A backend knows a field by its
``kind`` alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from enum import Enum
from functools import cached_property
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

from fwtrace.toolkit.orm.fields import choices as choice_lists, methods, recipe
from fwtrace.toolkit.orm.fields.recipe import NOT_PROVIDED
from fwtrace.toolkit.validators import ValidationError

if TYPE_CHECKING:
    from fwtrace.toolkit.orm.model import Model

__all__ = ["NOT_PROVIDED", "Field", "Validate"]

Validate = Callable[[Any], object]

_VALUES = {"stored", "to_python"}

_created = itertools.count()
_auto_created = itertools.count(-1, -1)


class Field:
    """One column of a model.

    ``name`` is the attribute, ``attname`` the attribute that holds the column's value
    (``author_id`` for a foreign key ``author``), ``column`` the name in the table.

    A subclass may say ``stored``: the type whose values need no preparation. One that
    brings its own ``to_python`` is asked for every value, unless it says so again.
    Its own options, with their defaults, go into ``default_options``.
    """

    name: str
    attname: str
    column: str
    model: type[Model]

    internal_type = "TextField"
    description = "A value"
    expects = "a value"
    stored: ClassVar[type | None] = None
    empty_strings_allowed = True
    empty_values: ClassVar[list[Any]] = [None, "", [], (), {}]
    default_validators: ClassVar[list[Validate]] = []
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid_choice": "%(value)r is none of the choices.",
        "null": "This must have a value.",
        "blank": "This must not be empty.",
        "unique": "There is a %(model_name)s with this %(field_label)s already.",
    }
    default_options: ClassVar[dict[str, Any]] = recipe.OPTIONS

    is_relation = False
    concrete = True
    generated = False
    """The database works the value out: no statement sets it."""
    hidden = False
    remote_field: Any = None
    related_model: Any = None
    many_to_many: bool | None = None
    many_to_one: bool | None = None
    one_to_many: bool | None = None
    one_to_one: bool | None = None

    @classmethod
    def register_lookup(cls, lookup: Any, lookup_name: str = "") -> Any:
        """Make a lookup or a transform known to this kind of field: call it with the
        class, or decorate the class with it."""
        from fwtrace.toolkit.orm.lookups import register_lookup

        return register_lookup(lookup, cls, lookup_name)

    def get_lookup(self, name: str) -> Any:
        """The lookup or transform of that name; None where there is none."""
        from fwtrace.toolkit.orm.lookups import find_lookup

        return find_lookup(self, name)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        nearest = next(
            each for each in cls.__mro__ if not _VALUES.isdisjoint(vars(each))
        )
        if "stored" not in vars(nearest):
            cls.stored = None

    def __init__(
        self,
        verbose_name: Any = None,
        name: str | None = None,
        *,
        max_length: int | None = None,
        null: bool = False,
        blank: bool = False,
        default: Any = NOT_PROVIDED,
        db_default: Any = NOT_PROVIDED,
        choices: Any = None,
        unique: bool = False,
        db_index: bool = False,
        primary_key: bool = False,
        db_column: str | None = None,
        db_comment: str | None = None,
        validators: Iterable[Validate] = (),
        error_messages: Mapping[str, Any] | None = None,
        editable: bool = True,
        serialize: bool = True,
        auto_created: bool = False,
        help_text: Any = "",
    ) -> None:
        self._verbose_name = self.verbose_name = verbose_name
        self.name = name  # type: ignore[assignment]  # until it is contributed
        self.max_length = max_length
        self.null = null
        self.blank = blank
        self.default = default
        self.db_default = db_default
        self._choices = choice_lists.normalize(choices)
        self._unique = unique
        self.db_index = db_index
        self.primary_key = primary_key
        self.db_column = db_column
        self.db_comment = db_comment
        self._validators = list(validators)
        self._error_messages = error_messages
        self.error_messages = {
            **recipe.merged(type(self), "default_error_messages"),
            **(error_messages or {}),
        }
        self.editable = editable
        self.serialize = serialize
        self.auto_created = auto_created
        self.help_text = help_text
        # Those that are made for the user come before those that the user made.
        self.creation_counter = next(_auto_created if auto_created else _created)
        self._check_options()

    def _check_options(self) -> None:
        length, verbose = self.max_length, self._verbose_name
        if isinstance(verbose, int):
            self._refuse(
                f"takes a verbose_name first, not {verbose!r}: name the option, as in "
                f"max_length={verbose!r}",
                TypeError,
            )
        if length is not None and (type(length) is not int or length < 1):
            self._refuse(f"needs a positive whole max_length, not {length!r}")
        if self.primary_key and self.null:
            self._refuse("is a primary key, which cannot be null")
        if callable(self.db_default) and not hasattr(self.db_default, "as_sql"):
            self._refuse(
                "takes a value or an expression as db_default; a function is a default",
                TypeError,
            )
        for each in self._validators:
            if not callable(each):
                self._refuse(f"takes functions as validators, not {each!r}", TypeError)

    def _refuse(self, why: str, error: type[Exception] = ValueError) -> NoReturn:
        raise error(f"{type(self).__name__} {why}.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name}>"

    def __str__(self) -> str:
        """``Author.name``, for sentences about it."""
        model = getattr(self, "model", None)
        if model is None:
            return f"{type(self).__name__} {self.name!r}"
        return f"{model.__name__}.{self.name}"

    def __lt__(self, other: Field) -> bool:
        """Made earlier: the order of the columns."""
        return self.creation_counter < other.creation_counter

    # Its place in a model.

    def contribute_to_class(self, model: type[Model], name: str) -> None:
        """Take the place that the class body gave the field."""
        name = self.name or name
        if name == "pk" or "__" in name or name[-1:] == "_" or not _is_name(name):
            raise TypeError(
                f"A field cannot be called {name!r}: it must be a name in Python, pk "
                "is the primary key, and a double underscore leads to a lookup."
            )
        self.set_names(model, name)
        model._meta.add_field(self)
        if self.has_choices:
            methods.put(model, f"get_{name}_display", methods.display(self))

    def set_names(self, model: type[Model], name: str) -> None:
        self.model = model
        self.name = name
        self.attname = self.get_attname()
        self.column = self.db_column or self.attname
        if self.verbose_name is None:
            self.verbose_name = name.replace("_", " ")

    def get_attname(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        """The internal type, by which a backend knows columns and converters."""
        return self.get_internal_type()

    def get_internal_type(self) -> str:
        return self.internal_type

    @property
    def unique(self) -> bool:
        return self._unique or self.primary_key

    # Choices.

    @property
    def has_choices(self) -> bool:
        return self._choices is not None

    @property
    def choices(self) -> choice_lists.Choices | None:
        """Pairs of value and label, and groups; a function is called each time."""
        return choice_lists.current(self._choices)

    @choices.setter
    def choices(self, given: Any) -> None:
        self._choices = choice_lists.normalize(given)

    @property
    def flatchoices(self) -> choice_lists.Pairs:
        """The pairs, those of groups among them."""
        return choice_lists.flatten(self.choices)

    # Defaults.

    def has_default(self) -> bool:
        return self.default is not NOT_PROVIDED

    def has_db_default(self) -> bool:
        return self.db_default is not NOT_PROVIDED

    def get_default(self) -> Any:
        """What a new instance has. A ``db_default`` stands for itself: an expression is
        for the database to work out when the row is saved."""
        default = self.default
        if default is not NOT_PROVIDED:
            return default() if callable(default) else default
        if self.db_default is not NOT_PROVIDED:
            return self.db_default
        return self._nothing

    @property
    def _nothing(self) -> Any:
        """The value where none was given: text is empty rather than NULL."""
        empty = self.empty_strings_allowed and not self.null and not self.is_relation
        return "" if empty else None

    # Values.

    def to_python(self, value: Any) -> Any:
        """The value as this field has it; ValidationError when it cannot be."""
        return value

    def invalid(self, value: Any, code: str = "invalid") -> ValidationError:
        """The error to raise for a value that this field cannot have."""
        return ValidationError(self.error_messages[code], code, {"value": value})

    def get_prep_value(self, value: Any) -> Any:
        """The value for a statement, checked: ValueError names the field."""
        if value is None or type(value) is self.stored:
            return value
        return self.prepare(value)

    def prepare(self, value: Any) -> Any:
        """The same for what is not yet as it is stored."""
        if isinstance(value, Enum):
            return self.get_prep_value(value.value)
        if hasattr(value, "as_sql"):
            return value
        model: Any = getattr(self, "model", ())
        if self.primary_key and isinstance(value, model):
            return self.get_prep_value(value.pk)
        try:
            return self.to_python(value)
        except (ValidationError, TypeError, ValueError, ArithmeticError) as error:
            raise self.unfit(value) from error

    def unfit(self, value: Any) -> ValueError:
        """The error to raise for a parameter that this field cannot have."""
        model = getattr(self, "model", None)
        of = f" of {model.__name__}" if model else ""
        return ValueError(
            f"Field {self.name!r}{of} expected {self.expects} but got {value!r}."
        )

    def pre_save(self, instance: Model, add: bool) -> Any:
        """The value to save."""
        return getattr(instance, self.attname)

    def value_from_object(self, instance: Model) -> Any:
        return getattr(instance, self.attname)

    def value_to_string(self, instance: Model) -> Any:
        """The value as a file would have it: ``to_python`` reads it again."""
        return str(self.value_from_object(instance))

    # Validation.

    @cached_property
    def validators(self) -> list[Validate]:
        """The field's own, those it was given, and those that its options ask for."""
        return [*self.default_validators, *self._validators, *self.option_validators()]

    def option_validators(self) -> list[Validate]:
        return []

    def clean(self, value: Any, instance: Model | None) -> Any:
        """The value as this field has it, checked; ValidationError says all."""
        value = self.to_python(value)
        self.validate(value, instance)
        self.run_validators(value)
        return value

    def validate(self, value: Any, instance: Model | None) -> None:
        """Whether there may be nothing, and whether it is a choice."""
        if not self.editable:
            return
        if self.has_choices and value not in self.empty_values:
            if all(value != choice for choice, _ in self.flatchoices):
                raise self.invalid(value, "invalid_choice")
        if value is None and not self.null:
            raise self.invalid(value, "null")
        if not self.blank and value in self.empty_values:
            raise self.invalid(value, "blank")

    def run_validators(self, value: Any) -> None:
        """Raise one ValidationError for all that the validators find."""
        if value in self.empty_values:
            return
        errors: list[ValidationError] = []
        for validate in self.validators:
            try:
                validate(value)
            except ValidationError as error:
                code: Any = getattr(error, "code", None)
                if code in self.error_messages:
                    error.message = self.error_messages[code]
                errors += error.error_list
        if errors:
            raise ValidationError(errors)

    # Copies.

    def __copy__(self) -> Self:
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        made._validators = list(self._validators)
        made.error_messages = dict(self.error_messages)
        made.__dict__.pop("validators", None)
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Models and defaults are not the field's own to copy."""
        made = memo[id(self)] = copy(self)
        return made

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """How to make it again: its name, its class, and the options that say
        something: ``("name", "fwtrace.toolkit.orm.CharField", [], {"null": True})``."""
        return self.name, recipe.path(type(self)), [], recipe.options(self)

    def clone(self) -> Self:
        """A new field of the same options, in no model."""
        _, _, args, options = self.deconstruct()
        return type(self)(*args, **options)


def _is_name(text: str) -> bool:
    return text.isidentifier() and not iskeyword(text)
