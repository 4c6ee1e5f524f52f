"""The documentation is true: the picture, the commands, the examples."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fwtrace.cli.app import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fwtrace(*arguments, **environ):
    return subprocess.run(
        [sys.executable, "-m", "fwtrace", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environ},
        timeout=60,
    )


def shape(picture):
    """The picture without what differs from run to run: times, bars, ids."""
    tree, _, bars = picture.partition("Where the time went")
    tree = re.sub(r"\d+\.\d+ (µs|ms|s)", "TIME", tree)
    tree = re.sub(r"dur=[\d.]+", "dur=", tree)
    tree = re.sub(r"\b[0-9a-f]{32}\b", "ID", tree)
    tree = re.sub(r" +TIME", " TIME", tree)
    stages = sorted(line.split()[0] for line in bars.strip().splitlines())
    return [line.rstrip() for line in tree.strip().splitlines()], stages


def test_readme_shows_the_picture_that_the_command_draws():
    shown = README.split("$ fwtrace request GET /users/1\n")[1].split("```")[0]
    drawn = fwtrace("request", "GET", "/users/1", COLUMNS="100").stdout
    assert shape(shown)[0] == shape(drawn)[0]


def test_readme_names_exactly_two_set_up_commands():
    commands = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("fwtrace request GET /users/1")
    assert "pytest" in commands[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(command):
    result = fwtrace(command, "--help")
    assert result.returncode == 0
    assert "Example: fwtrace" in result.stdout
    assert f"`fwtrace {command}" in README


def readme_examples():
    block = README.split("fwtrace request POST /users name=Ann")[1].split("```")[0]
    lines = ("fwtrace request POST /users name=Ann" + block).splitlines()
    return [line.partition("#")[0].split() for line in lines if line.strip()]


@pytest.mark.parametrize("words", readme_examples()[:5], ids=" ".join)
def test_readme_examples_run(words):
    result = fwtrace(*words[1:])
    assert result.returncode == (1 if "--check" in words else 0)
    assert "Traceback" not in result.stderr


def test_readme_python_example_runs():
    source = README.split("```python\n")[1].split("```")[0]
    result = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert result.stderr == ""
    assert result.stdout.startswith("200 ['SELECT users', 'SELECT posts']")


def test_no_file_names_a_machine_or_a_registry():
    tracked = []
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [name for name in inner if not name.startswith((".venv", ".git"))]
        tracked += [Path(folder, name) for name in names]
    for path in tracked:
        if path.suffix not in (".toml", ".md", ".cfg", ".txt"):
            continue
        text = path.read_text(encoding="utf-8")
        assert "index-url" not in text
        assert "file://" not in text
