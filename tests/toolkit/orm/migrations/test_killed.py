"""A run that is killed, and runs at the same time: real processes, on each server."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from fwtrace.toolkit.orm import connect
from fwtrace.toolkit.orm.introspection import inspect_table, table_names
from fwtrace.toolkit.orm.migrations.recorder import MigrationRecorder
from fwtrace.toolkit.orm.migrations.running.journal import TABLE
from tests.toolkit.orm import servers
from tests.toolkit.orm.migrations.projects import BOOK, Project

PATIENCE = 30  # seconds until a process that should be there is given up

SLOW = """
import os, time
from pathlib import Path


def pause(apps, schema_editor):
    Book = apps.get_model("shop", "Book")
    Book.objects.using(schema_editor.alias).update(title="changed")
    Path(os.environ["FWTRACE_TEST_MARK"]).touch()
    go, until = Path(os.environ["FWTRACE_TEST_GO"]), time.monotonic() + 30
    while not go.exists() and time.monotonic() < until:
        time.sleep(0.02)
"""


@pytest.fixture(params=servers.VENDORS)
def url(request, tmp_path):
    """A database that other processes can open."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/shop.db"
        return
    found = servers.url(request.param)
    yield found
    database = connect(found)
    servers.drop_tables(database)
    database.close()


@pytest.fixture
def project(tmp_path):
    """Books; then a migration with a pause between two columns."""
    made = Project(tmp_path / "shop")
    made.write("0001_initial", BOOK)
    made.write(
        "0002_slow",
        "migrations.AddField('Book', 'a', models.IntegerField(default=1)),\n"
        "migrations.RunPython(pause, migrations.RunPython.noop),\n"
        "migrations.AddField('Book', 'b', models.IntegerField(default=2)),",
        "0001_initial",
        SLOW,
    )
    return made


def start(project, url, target=""):
    """A run, which pauses until there is a file called go."""
    home = project.folder.parent
    command = [sys.executable, "-m", "fwtrace", "migrations", "run", "-q"]
    command += ["--folder", str(project.folder), "--database", url]
    command += [target] if target else []
    environ = {
        **os.environ,
        "FWTRACE_TEST_MARK": str(home / "mark"),
        "FWTRACE_TEST_GO": str(home / "go"),
    }
    return subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)


def wait_for_mark(project, process):
    mark, until = project.folder.parent / "mark", time.monotonic() + PATIENCE
    while not mark.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until, "it never came to the pause"
        time.sleep(0.02)


def kill_in_the_middle(project, url):
    """Migrated to the first, with a row; then killed in the pause of the second."""
    database = connect(url)
    project.migrate(database, "0001_initial")
    database.execute("INSERT INTO shop_book (title) VALUES ('kept')")
    process = start(project, url)
    wait_for_mark(project, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (project.folder.parent / "go").touch()
    database.close()
    return database


def columns(database):
    table: Any = inspect_table(database, "shop_book")
    return {column.name for column in table.columns}


def applied(database):
    return [name for _, name in MigrationRecorder(database).applied_migrations()]


def finished(process):
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    return errors


def test_the_next_run_goes_on_without_a_loss(project, url):
    database = kill_in_the_middle(project, url)
    assert applied(database) == ["0001_initial"]
    if database.vendor == "mysql":
        # The column stays, the rows of the pause do not; the journal says so.
        assert columns(database) == {"id", "title", "a"}
        entry = project.executor(database).interrupted()
        assert (entry.name, entry.operation) == ("0002_slow", 1)
    else:
        assert columns(database) == {"id", "title"}
    assert database.fetch("SELECT title FROM shop_book") == [("kept",)]
    errors = finished(start(project, url))
    went_on = "Going on with shop.0002_slow, which was stopped half-way" in errors
    assert went_on == (database.vendor == "mysql")
    assert database.fetch("SELECT title, a, b FROM shop_book") == [("changed", 1, 2)]
    assert applied(database) == ["0001_initial", "0002_slow"]
    assert TABLE not in table_names(database)


def test_the_next_run_goes_back_without_a_loss(project, url):
    database = kill_in_the_middle(project, url)
    finished(start(project, url, target="0001"))
    assert columns(database) == {"id", "title"}
    assert database.fetch("SELECT title FROM shop_book") == [("kept",)]
    assert applied(database) == ["0001_initial"]
    assert TABLE not in table_names(database)


def test_two_runs_at_once_apply_each_migration_once(project, url):
    database = connect(url)
    project.migrate(database, "0001_initial")
    database.execute("INSERT INTO shop_book (title) VALUES ('kept')")
    first = start(project, url)
    wait_for_mark(project, first)
    second = start(project, url)
    if database.vendor == "sqlite":
        assert second.stderr.read(8) == "Applying", "it waits for the transaction"
    else:
        told = second.stderr.readline()
        assert told == "Another run is at work: waiting for its end.\n"
    (project.folder.parent / "go").touch()
    finished(first)
    finished(second)
    assert applied(database) == ["0001_initial", "0002_slow"]
    assert database.fetch("SELECT title, a, b FROM shop_book") == [("changed", 1, 2)]
