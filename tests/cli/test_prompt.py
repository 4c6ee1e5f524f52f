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


def test_a_session_at_a_terminal(tmp_path):
    master, slave = pty.openpty()
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "XDG_STATE_HOME": str(tmp_path),
        "TERM": "dumb",
        "NO_COLOR": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "fwtrace", "sql"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environ,
        cwd=ROOT,
        close_fds=True,
    )
    os.close(slave)
    shown = b""

    def read_until(wanted):
        nonlocal shown
        deadline = time.monotonic() + 20
        while wanted not in shown and time.monotonic() < deadline:
            if select.select([master], [], [], 0.2)[0]:
                try:
                    shown += os.read(master, 65536)
                except OSError:  # the other side has gone
                    return

    try:
        read_until(b"sql> ")
        os.write(master, b"User.objects.count()\n")
        read_until(b"  12")
        os.write(master, b"User.objects.filter(\n")
        read_until(b"is no Python expression")
        os.write(master, b"User.objects.filter(nmae=1)\n")
        read_until(b"Did you mean 'name'")
        os.write(master, b"exit\n")
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)
    text = shown.decode()
    assert "Models: User, Post" in text
    assert "Did you mean 'name'" in text
    assert "Traceback" not in text
    assert "User.objects.count()" in (tmp_path / "fwtrace" / "sql_history").read_text()
