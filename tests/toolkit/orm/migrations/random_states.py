"""States as random as models can be, and whether one holds together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from fwtrace.toolkit.orm import models as m
from fwtrace.toolkit.orm.migrations.detection.comparison import Recipes, same
from fwtrace.toolkit.orm.migrations.detection.references import (
    base_keys,
    names_of,
    places_of,
)
from fwtrace.toolkit.orm.migrations.state import Key, ModelState, ProjectState

LABELS = ["one.Ant", "one.Bee", "one.Cat", "two.Dog", "two.Elk"]
NAMES = ["p", "q", "r", "s"]
Draw = Callable[[Any], Any]


@st.composite
def states(draw: Draw) -> ProjectState:
    """Some models of two apps, with relations of every kind between them."""
    present = draw(st.lists(st.sampled_from(LABELS), unique=True, min_size=1))
    codes = draw(st.sets(st.sampled_from(present)))
    made = [_model(draw, label, present, codes) for label in present]
    if "one.Ant" in present:
        made += draw(st.lists(st.sampled_from(_heirs()), unique_by=lambda s: s.name))
    if len(present) > 1 and draw(st.booleans()):
        made += _pairs(draw, made)
    if draw(st.booleans()):
        made.append(_with_two_keys(draw, present))
    return ProjectState({each.key: each for each in draw(st.permutations(made))})


def _model(draw: Draw, label: str, present: list[str], codes: set[str]) -> ModelState:
    fields: dict[str, Any] = {"id": m.AutoField(primary_key=True)}
    if label in codes:
        fields["code"] = m.IntegerField(unique=True)
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        fields[name] = draw(_fields(present, codes))
    plain = [n for n, f in fields.items() if isinstance(f, m.IntegerField)]
    if draw(st.booleans()):
        times = draw(st.sampled_from([2, 3]))
        fields["sum"] = m.GeneratedField(
            expression=m.F(draw(st.sampled_from(plain))) * times,
            output_field=m.IntegerField(),
            db_persist=True,
        )
    return _state(label, fields, _options(draw, label, fields))


def _fields(present: list[str], codes: set[str]) -> Any:
    some = st.sampled_from(present)
    kinds = [
        st.builds(m.IntegerField, null=st.booleans()),
        st.builds(m.CharField, max_length=st.sampled_from([8, 9])),
        st.builds(m.ForeignKey, some, st.just(m.CASCADE), null=st.booleans()),
        st.builds(m.OneToOneField, some, st.just(m.PROTECT)),
        st.builds(m.ManyToManyField, some),
    ]
    if codes:
        to = st.sampled_from(sorted(codes))
        kinds.append(
            st.builds(m.ForeignKey, to, st.just(m.CASCADE), to_field=st.just("code"))
        )
    return st.one_of(kinds)


def _options(draw: Draw, label: str, fields: dict[str, Any]) -> dict[str, Any]:
    columns = [name for name, field in fields.items() if not field.many_to_many]
    some = st.lists(st.sampled_from(columns), unique=True, min_size=1, max_size=2)
    keys = [name for name in columns if fields[name].many_to_one]
    name = label.partition(".")[2].lower()
    indexes = st.builds(m.Index, fields=some, name=st.sampled_from([f"{name}_i", "i"]))
    checks = st.builds(
        lambda column: m.CheckConstraint(condition=m.Q((column, 1)), name="c"),
        st.sampled_from(columns),
    )
    unique = st.builds(
        m.UniqueConstraint,
        fields=some,
        name=st.just("u"),
        violation_error_message=st.sampled_from([None, "no"]),
    )
    possible: dict[str, Any] = {
        "unique_together": st.sets(some.map(tuple), min_size=1, max_size=2),
        "indexes": st.lists(indexes, unique_by=lambda each: each.name),
        "constraints": st.lists(checks | unique, unique_by=lambda each: each.name),
        "db_table": st.sampled_from(["here", "there"]),
        "verbose_name": st.just("thing"),
        "db_table_comment": st.sampled_from(["new", "old"]),
    }
    if keys:
        possible["order_with_respect_to"] = st.sampled_from(keys)
    chosen = draw(st.sets(st.sampled_from(sorted(possible))))
    return {option: draw(possible[option]) for option in sorted(chosen)}


def _state(
    label: str, fields: Any, options: Any = None, bases: Any = None
) -> ModelState:
    app_label, _, name = label.partition(".")
    return ModelState(app_label, name, fields, options, bases)


def _heirs() -> list[ModelState]:
    """What may be built upon Ant; a name may stand for one or for another kind."""
    options: dict[str, Any] = {"parent_link": True, "primary_key": True}
    link = m.OneToOneField("one.Ant", m.CASCADE, **options)
    fields = {"ant_ptr": link, "p": m.IntegerField()}
    key = {"id": m.AutoField(primary_key=True)}
    return [
        _state("two.Heir", {"ant_ptr": link}, bases=["one.ant"]),
        _state("two.Fan", {}, {"proxy": True}, ["one.ant"]),
        _state("two.Fan", key),
        _state("one.Own", {"ant_ptr": link, "z": fields["p"]}, bases=["one.ant"]),
    ]


def _pairs(draw: Draw, made: list[ModelState]) -> list[ModelState]:
    """A model of pairs, and a field that goes through it in one that there is."""
    place = draw(st.integers(0, len(made) - 1))
    near = made[place]
    if near.options.get("proxy"):
        return []
    far = draw(st.sampled_from([each.label for each in made]))
    field = m.ManyToManyField(far, through="two.Pair")
    made[place] = near.changed(fields={**near.fields, "others": field})
    fields = {
        "id": m.AutoField(primary_key=True),
        "near": m.ForeignKey(near.label, m.CASCADE, related_name="+"),
        "far": m.ForeignKey(far, m.CASCADE, related_name="+"),
    }
    return [_state("two.Pair", fields)]


def _with_two_keys(draw: Draw, present: list[str]) -> ModelState:
    fields = {
        "pk": m.CompositePrimaryKey("owner_id", "place"),
        "owner": m.ForeignKey(draw(st.sampled_from(present)), m.CASCADE),
        "place": m.IntegerField(),
    }
    return _state("one.Line", fields)


@st.composite
def renames(draw: Draw, before: ProjectState) -> ProjectState:
    """The state with some models and fields under other names; of what is inherited
    from the name stays, since no operation changes what a model inherits from."""
    state = before.clone()
    kept = {key for each in state.models.values() for key in base_keys(each)}
    for key in draw(st.lists(st.sampled_from(sorted(state.models)), unique=True)):
        app_label, name = key
        fields = sorted(state.models[key].fields.keys() - {"id", "pk"})
        for old in (
            draw(st.lists(st.sampled_from(fields), unique=True)) if fields else ()
        ):
            state.rename_field(app_label, name, old, f"new_{old}")
        if key not in kept and draw(st.booleans()):
            state.rename_model(app_label, name, f"New{state.models[key].name}")
    return state


# Checks.


def check(state: ProjectState) -> None:
    """Fail unless all that is named is there."""
    there: set[tuple[Key, str]] = {(key, "") for key in state.models}
    there |= {(key, n) for key, each in state.models.items() for n in each.fields}
    for each in state.models.values():
        named = [place for f in each.fields.values() for place in places_of(f, each)]
        named += [(key, "") for key in base_keys(each)]
        named += [(each.key, name) for name in _names_in_options(each)]
        missing = set(named) - there
        assert not missing, f"{each} names {missing}"
        inherited = {n for key in base_keys(each) for n in state.models[key].fields}
        assert not inherited & each.fields.keys(), f"{each} has a field twice"


def _names_in_options(state: ModelState) -> list[str]:
    options = state.options
    declared = [*options["indexes"], *options["constraints"]]
    found = [name for each in declared for name in names_of(each, state)]
    found += [n for group in options.get("unique_together") or () for n in group]
    order = options.get("order_with_respect_to")
    return [*found, order] if order else found


def is_alike(one: ProjectState, other: ProjectState) -> bool:
    """Whether two states say the same; the order of what they list says nothing."""
    return same(_content(one), _content(other))


def _content(state: ProjectState) -> Any:
    recipes = Recipes()
    return {
        key: {
            "name": each.name,
            "bases": each.bases,
            "fields": {n: recipes.of(f, each) for n, f in each.fields.items()},
            **{name: _in_order(value) for name, value in each.options.items() if value},
        }
        for key, each in state.models.items()
    }


def _in_order(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(value, key=lambda each: getattr(each, "name", each))
    return value
