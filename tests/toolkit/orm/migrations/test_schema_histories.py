"""Whatever the history: the tables end as if they had been made today, and no row is
lost on the way."""

from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings

from fwtrace.toolkit.orm import connect
from fwtrace.toolkit.orm.editor import schema_editor
from fwtrace.toolkit.orm.introspection import schema_of, shape
from fwtrace.toolkit.orm.migrations import AddField, CreateModel
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
        deleted = {
            before.model(APP, operation.name).db_table
            for operation, before, _ in steps[half:]
            if type(operation).__name__ == "DeleteModel"
        }
        touched = {
            name
            for operation, *_ in steps[half:]
            for name in vars(operation).values()
            if type(operation).__name__ in ("RemoveField", "AlterField")
            and isinstance(name, str)
        }
        for table, before in there.items():
            if table in deleted:
                continue
            assert len(back[table]) == len(before), f"{table} lost rows"
            for old, new in zip(before, back[table], strict=True):
                for name in old:
                    if name.removesuffix("_id") not in touched:
                        assert old[name] == new[name]
