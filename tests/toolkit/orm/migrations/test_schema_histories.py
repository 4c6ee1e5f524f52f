"""Whatever the history: the tables end as if they had been made today, and no row is
lost on the way."""

from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, assume, given, settings

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
from fwtrace.toolkit.orm.migrations.autodetector import MigrationAutodetector
from fwtrace.toolkit.orm.migrations.graph import MigrationGraph
from fwtrace.toolkit.orm.migrations.state import ProjectState
from tests.toolkit.orm import servers
from tests.toolkit.orm.migrations.schema_histories import APP, histories

QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
EXAMPLES = {"sqlite": 25, "postgresql": 10, "mysql": 5}


def walk(vendor, check):
    """Call with a database of that vendor, and the steps of many histories."""

    @settings(QUICK, max_examples=EXAMPLES[vendor])
    @given(operations=histories())
    def walked(operations):
        check(vendor, steps_of(operations))

    walked()


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
def test_a_history_ends_where_creating_afresh_does(vendor):
    walk(vendor, ends_where_creating_afresh_does)


def ends_where_creating_afresh_does(vendor, steps):
    last = steps[-1][2] if steps else ProjectState()
    with empty_database(vendor) as database:
        seen = []
        for step in steps:
            seen.append(shapes(database))
            run(database, step)
            fill(step[2])
        reached, kept = shapes(database), rows(last)

        for step, before in zip(reversed(steps), reversed(seen), strict=True):
            run(database, step, backwards=True)
            assert shapes(database) == before, f"undoing {step[0].describe()}"
        for step in steps:
            run(database, step)
        assert shapes(database) == reached
        assert rows(last) == {name: [] for name in kept}, "made anew, so empty"
    with empty_database(vendor) as database:
        for step in steps_of(afresh(last)):
            run(database, step)
        assert shapes(database) == reached


@pytest.mark.parametrize("vendor", servers.VENDORS)
def test_rows_survive_the_way_back_and_forth(vendor):
    walk(vendor, rows_survive)


def rows_survive(vendor, steps):
    half = len(steps) // 2
    middle = steps[half - 1][2] if half else ProjectState()
    with empty_database(vendor) as database:
        for step in steps[:half]:
            run(database, step)
        fill(middle)
        there = rows(middle)
        for step in steps[half:]:
            run(database, step)
        for step in reversed(steps[half:]):
            run(database, step, backwards=True)
        back = rows(middle)
    later = [operation for operation, *_ in steps[half:]]
    kept, touched = tables_kept(middle, later), changed_fields(later)
    for table in kept:
        assert len(back[table]) == len(there[table]), f"{table} lost rows"
        for old, new in zip(there[table], back[table], strict=True):
            for name in old:
                if name.removesuffix("_id") not in touched:
                    assert old[name] == new[name]


def tables_kept(state, operations):
    """The tables of the models that no operation deletes."""
    kept = {model.name: model.db_table for model in state.models.values()}
    for operation in operations:
        if isinstance(operation, DeleteModel):
            kept.pop(operation.name, None)
        elif isinstance(operation, RenameModel) and operation.old_name in kept:
            kept[operation.new_name] = kept.pop(operation.old_name)
    return kept.values()


@pytest.mark.parametrize("vendor", servers.VENDORS)
def test_what_is_detected_leads_there_too(vendor):
    walk(vendor, what_is_detected_leads_there)


def names_taken(state, new_since=None):
    """Names of tables, indexes and constraints, of which a database has one: a model
    that replaces another cannot have them while that is there."""
    return {
        name
        for key, model in state.models.items()
        if new_since is None or key not in new_since.models
        for name in (
            model.db_table,
            *(each.name for each in model.options["indexes"]),
            *(each.name for each in model.options["constraints"]),
        )
    }


def changes_kind(operation, state):
    """Whether it makes a column of another kind, which no server may be able to."""
    if not isinstance(operation, AlterField):
        return False
    model = state.models.get((APP, operation.model_name.lower()))
    old = model and model.fields.get(operation.name)
    return old is not None and type(old) is not type(operation.field)


def what_is_detected_leads_there(vendor, steps):
    half = len(steps) // 2
    middle = steps[half - 1][2] if half else ProjectState()
    last = steps[-1][2] if steps else middle
    assume(not names_taken(middle) & names_taken(last, new_since=middle))
    detector = MigrationAutodetector(middle, last)
    changes = detector.changes(MigrationGraph(), None, {APP})
    found = [each for made in changes.get(APP, ()) for each in made.operations]
    assume(not any(changes_kind(each, middle) for each in found))
    with empty_database(vendor) as database:
        for step in steps[:half]:
            run(database, step)
        state = middle
        for operation in found:
            after = state.clone()
            operation.state_forwards(APP, after)
            run(database, (operation, state, after))
            state = after
        assert state == last
        reached = shapes(database)
    with empty_database(vendor) as database:
        for step in steps_of(afresh(last)):
            run(database, step)
        assert shapes(database) == reached
