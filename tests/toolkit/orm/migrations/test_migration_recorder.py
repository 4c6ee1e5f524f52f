"""The table of applied migrations, ours and Django's."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from fwtrace.toolkit.orm import OperationalError, connect
from fwtrace.toolkit.orm.introspection import inspect_table
from fwtrace.toolkit.orm.migrations.exceptions import MigrationSchemaMissing
from fwtrace.toolkit.orm.migrations.recorder import MigrationRecorder
from fwtrace.toolkit.timezone import now
from tests.toolkit.orm import servers

ROOT = Path(__file__).parents[4]
TYPES = {
    "sqlite": ["integer", "varchar(255)", "varchar(255)", "datetime"],
    "postgresql": [
        "bigint",
        "character varying(255)",
        "character varying(255)",
        "timestamp with time zone",
    ],
    "mysql": ["bigint", "varchar(255)", "varchar(255)", "datetime(6)"],
}


@pytest.fixture
def recorder(connected):
    return MigrationRecorder(connected)


def test_nothing_is_applied_where_there_is_no_table(recorder):
    assert not recorder.has_table()
    assert recorder.applied_migrations() == {}
    recorder.flush()
    assert not recorder.has_table()


def test_table_is_made_once(recorder, connected):
    recorder.ensure_schema()
    recorder.ensure_schema()
    table = inspect_table(connected, "django_migrations")
    assert table is not None
    assert [column.name for column in table.columns] == ["id", "app", "name", "applied"]
    types = [column.type.replace("bigint(20)", "bigint") for column in table.columns]
    assert types == TYPES[connected.vendor]
    assert not any(column.null for column in table.columns)


def test_applied_ones_are_told_in_order(recorder):
    recorder.record_applied("b", "0001_initial")
    recorder.record_applied("a", "0002_more")
    recorder.record_applied("a", "0001_initial")
    found = recorder.applied_migrations()
    names = [("b", "0001_initial"), ("a", "0002_more"), ("a", "0001_initial")]
    assert list(found) == names
    assert all(abs(now() - when) < timedelta(minutes=1) for when in found.values())


def test_unapplied_ones_are_forgotten(recorder):
    recorder.record_unapplied("a", "1")
    recorder.record_applied("a", "1")
    recorder.record_applied("a", "2")
    recorder.record_unapplied("a", "1")
    recorder.record_unapplied("b", "2")
    assert list(recorder.applied_migrations()) == [("a", "2")]
    recorder.flush()
    assert recorder.applied_migrations() == {}
    assert recorder.has_table()


def test_record_is_part_of_the_transaction(recorder, connected):
    recorder.ensure_schema()
    with connected.atomic():
        recorder.record_applied("a", "1")
        connected.set_rollback(True)
    assert recorder.applied_migrations() == {}


def test_names_of_any_kind(recorder):
    recorder.record_applied("a", "0001_é_'%s?")
    assert list(recorder.applied_migrations()) == [("a", "0001_é_'%s?")]


def test_table_that_cannot_be_made(tmp_path):
    path = tmp_path / "a.db"
    made = connect(f"sqlite:///{path}")
    made.execute("CREATE TABLE x (id integer)")
    made.execute("PRAGMA query_only = 1")
    with pytest.raises(MigrationSchemaMissing) as caught:
        MigrationRecorder(made).record_applied("a", "1")
    assert str(caught.value).startswith(
        f"The table django_migrations cannot be made in '{path}': attempt to write a "
        "readonly database"
    )
    made.close()


def test_another_process_made_the_table_at_the_same_time(recorder, monkeypatch):
    execute = recorder.database.execute

    def late(sql, params=()):
        execute(sql, params)
        raise OperationalError("it is there already")

    with monkeypatch.context() as patch:
        patch.setattr(recorder.database, "execute", late)
        recorder.ensure_schema()
    assert recorder.has_table()


@pytest.mark.oracle
@pytest.mark.parametrize("vendor", servers.VENDORS)
def test_django_and_ours_read_and_write_the_same_table(vendor, tmp_path):
    pytest.importorskip("django")
    is_file = vendor == "sqlite"
    url = f"sqlite:///{tmp_path}/a.db" if is_file else servers.url(vendor)
    made = connect(url)
    ours = MigrationRecorder(made)
    try:
        ours.record_applied("a", "0001_ours")
        table = inspect_table(made, "django_migrations")
        assert [each[:2] for each in by_django(url)] == [["a", "0001_ours"]]
        servers.drop_tables(made)
        if is_file:
            made.execute("DROP TABLE django_migrations")
        ((_, _, when),) = by_django(url, "b", "0001_theirs")
        assert inspect_table(made, "django_migrations") == table
        found = ours.applied_migrations()
        assert [(key, str(at)) for key, at in found.items()] == [
            (("b", "0001_theirs"), when)
        ]
    finally:
        servers.drop_tables(made)
        made.close()


def by_django(*arguments):
    module = "tests.toolkit.orm.migrations.django_records"
    command = [sys.executable, "-m", module, *arguments]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
