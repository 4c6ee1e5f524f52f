"""Whatever the history: the tables end as if they had been made today, and no row is
lost on the way."""

from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings

from fwtrace.toolkit.orm import connect
from fwtrace.toolkit.orm.editor import schema_editor
from fwtrace.toolkit.orm.introspection import schema_of, shape
from fwtrace.toolkit.orm.migrations import (
    AddField,
    AlterField,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
)
from fwtrace.toolkit.orm.migrations.state import ProjectState
from tests.toolkit.orm import servers
from tests.toolkit.orm.migrations.schema_histories import APP, histories

QUICK = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def steps_of(operations):
    state, found = ProjectState(), []
    for operation in operations:
        before = state.clone()
        operation.state_forwards(APP, state)
        found.append((operation, before, state.clone()))
    return found


def run(database, step, backwards=False):
    operation, before, after = step
    with schema_editor(database) as editor:
        if backwards:
            operation.database_backwards(APP, editor, after, before)
        else:
            operation.database_forwards(APP, editor, before, after)


def afresh(state):
    """What makes the models of a state at once: relations once all tables are there."""
    made, relations = [], []
    for model in state.models.values():
        plain = [(n, f) for n, f in model.fields.items() if not f.is_relation]
        made.append(CreateModel(model.name, plain, model.options))
        relations += [
            AddField(model.name, name, field)
            for name, field in model.fields.items()
            if field.is_relation
        ]
    return made + relations


def shapes(database):
    return {name: shape(table) for name, table in schema_of(database).items()}


def fill(state):
    """A row in every table that has none, referring to nothing."""
    for model in state.apps.get_models():
        if not model.objects.exists():
            model.objects.create()


def rows(state):
    return {
        model._meta.db_table: list(model.objects.order_by("pk").values())
        for model in state.apps.get_models()
    }


def changed_fields(operations):
    """The names, old and new, of fields that are altered or removed."""
    names = {
        each.name for each in operations if isinstance(each, (AlterField, RemoveField))
    }
    renames = [each for each in operations if isinstance(each, RenameField)]
    for each in (*renames, *reversed(renames)):
        if names & {each.old_name, each.new_name}:
            names |= {each.old_name, each.new_name}
    return names


@contextmanager
def empty_database(vendor):
    database = connect(servers.url(vendor))
    try:
        yield database
    finally:
        servers.drop_tables(database)
        database.close()


@pytest.mark.parametrize("vendor", servers.VENDORS)
@QUICK
@given(operations=histories())
def test_a_history_ends_where_creating_afresh_does(vendor, operations):
    steps = steps_of(operations)
    with empty_database(vendor) as database:
        seen = []
        for step in steps:
            seen.append(shapes(database))
            run(database, step)
            fill(step[2])
        last = steps[-1][2] if steps else ProjectState()
        reached, kept = shapes(database), rows(last)

        for step, before in zip(reversed(steps), reversed(seen), strict=True):
            run(database, step, backwards=True)
            assert shapes(database) == before, f"undoing {step[0].describe()}"
        for step in steps:
            run(database, step)
        assert shapes(database) == reached
        assert all(not found for found in rows(last).values()), "made anew, so empty"
        assert kept.keys() == rows(last).keys()
    with empty_database(vendor) as database:
        for step in steps_of(afresh(last)):
            run(database, step)
        assert shapes(database) == reached


@pytest.mark.parametrize("vendor", servers.VENDORS)
@QUICK
@given(operations=histories())
def test_rows_survive_the_way_back_and_forth(vendor, operations):
    steps = steps_of(operations)
    half = len(steps) // 2
    with empty_database(vendor) as database:
        for step in steps[:half]:
            run(database, step)
        middle = steps[half - 1][2] if half else ProjectState()
        fill(middle)
        there = rows(middle)
        for step in steps[half:]:
            run(database, step)
        for step in reversed(steps[half:]):
            run(database, step, backwards=True)
        back = rows(middle)
        kept = {state.name: state.db_table for state in middle.models.values()}
        for operation, *_ in steps[half:]:
            if isinstance(operation, DeleteModel):
                kept.pop(operation.name, None)
            elif isinstance(operation, RenameModel) and operation.old_name in kept:
                kept[operation.new_name] = kept.pop(operation.old_name)
        touched = changed_fields([operation for operation, *_ in steps[half:]])
        for table, before in there.items():
            if table not in kept.values():
                continue
            assert len(back[table]) == len(before), f"{table} lost rows"
            for old, new in zip(before, back[table], strict=True):
                for name in old:
                    if name.removesuffix("_id") not in touched:
                        assert old[name] == new[name]
