"""The prompt of ``fwtrace sql``, on a terminal of its own."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fwtrace.cli.prompt import complete, lines
from sample_apps.users.models import Post, User

ROOT = Path(__file__).parent.parent.parent
NAMES = {"User": User, "Post": Post, "Q": None}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Us", ["User"]),
        ("User.obj", ["User.objects"]),
        ("User.objects.fil", ["User.objects.filter"]),
        ("User.objects.filter(na", ["User.objects.filter(name"]),
        ("User.objects.filter(age=1, em", ["User.objects.filter(age=1, email"]),
        ("User.objects.filter(posts__ti", ["User.objects.filter(posts__title"]),
        ("User.objects.filter(age__g", ["User.objects.filter(age__gt"]),
        ("User.objects.order_by('-na", ["User.objects.order_by('-name"]),
        ("Nothing.objects.filter(a", []),
        ("User.nothing.at.all.x", []),
    ],
)
def test_completes_names_fields_and_lookups(text, found):
    assert complete(text, NAMES)[: len(found) or None] == found


def test_lines_end_with_the_file_or_exit():
    typed = iter(["", " 1 ", "exit", "2"])
    assert list(lines({}, lambda prompt: next(typed))) == ["1"]

    def end(prompt):
        raise EOFError

    assert list(lines({}, end)) == []


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, arguments, state):
        self.master, slave = pty.openpty()
        self.shown = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fwtrace", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "XDG_STATE_HOME": str(state),
                "TERM": "dumb",
                "NO_COLOR": "1",
            },
            cwd=state,
            close_fds=True,
        )
        os.close(slave)

    def type(self, line):
        os.write(self.master, line.encode() + b"\n")

    def read_until(self, wanted):
        deadline = time.monotonic() + 20
        while wanted not in self.shown.decode() and time.monotonic() < deadline:
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.shown += os.read(self.master, 65536)
                except OSError:  # the other side has gone
                    break
        assert wanted in self.shown.decode()

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def terminal(tmp_path):
    opened = []

    def open_terminal(*arguments):
        opened.append(Terminal(arguments, tmp_path))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.close()


def test_a_session_at_a_terminal(terminal, tmp_path):
    session = terminal("sql")
    session.read_until("sql> ")
    assert "Models: User, Post" in session.shown.decode()
    session.type("User.objects.count()")
    session.read_until("  12")
    session.type("User.objects.filter(")
    session.read_until("is no Python expression")
    session.type("User.objects.filter(nmae=1)")
    session.read_until("Did you mean 'name'")
    session.type("exit")
    assert session.process.wait(10) == 0
    assert "Traceback" not in session.shown.decode()
    assert "User.objects.count()" in (tmp_path / "fwtrace" / "sql_history").read_text()


@pytest.mark.parametrize(("answer", "count"), [("y", "  1"), ("", "  0")])
def test_asks_before_it_keeps_changes_of_a_named_database(terminal, answer, count):
    options = ["--models", "sample_apps.users.models", "--database", "sqlite:///x.db"]
    terminal("sql", "User.create_table()", *options, "--commit").process.wait(20)
    session = terminal("sql", "User.objects.create(name='Eve')", *options)
    session.read_until("Keep what was changed in 'x.db'? [y/N]")
    session.type(answer)
    session.read_until("Committed." if answer else "Rolled back.")
    assert session.process.wait(10) == 0
    terminal("sql", "User.objects.count()", *options).read_until(count)
