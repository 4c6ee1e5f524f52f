"""``fwtrace compare``: what is typed, and what comes of it."""

import json
import os
import subprocess
import sys

import pytest

from fwtrace.cli.compare import split
from fwtrace.cli.errors import UsageError


def fwtrace(*arguments, **environ):
    return subprocess.run(
        [sys.executable, "-m", "fwtrace", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "120", "PYTHONIOENCODING": "utf-8", **environ},
        timeout=60,
    )


@pytest.mark.parametrize(
    ("words", "apps", "request_words"),
    [
        ("micro wsgi GET /", ["micro", "wsgi"], ["GET", "/"]),
        ("micro wsgi /users", ["micro", "wsgi"], ["/users"]),
        ("a b c d post / x=1", ["a", "b", "c", "d"], ["post", "/", "x=1"]),
        ("flask flask:original GET /", ["flask", "flask:original"], ["GET", "/"]),
    ],
)
def test_the_request_begins_where_a_method_or_a_path_does(words, apps, request_words):
    assert split(words.split()) == (apps, request_words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("micro wsgi", "No request follows the apps"),
        ("micro GET /", "only one app"),
        ("GET /", "no app"),
        ("a b c d e GET /", "at most 4"),
        ("/tmp/app.py micro GET /", "no app"),
    ],
)
def test_a_line_that_makes_no_sense_gets_a_sentence(words, told):
    with pytest.raises(UsageError, match=told):
        split(words.split())


def test_it_draws_a_table():
    done = fwtrace("compare", "flask", "micro", "GET", "/users/1")
    assert done.returncode == 0
    assert done.stdout.startswith("GET /users/1\n")
    assert "In short" in done.stdout
    assert "\x1b" not in done.stdout


def test_it_has_json():
    done = fwtrace("compare", "micro", "wsgi", "/users/1", "--json", "--repeat", "2")
    found = json.loads(done.stdout)
    assert [app["name"] for app in found["apps"]] == ["micro", "wsgi"]
    assert len(found["apps"][0]["durations"]) == 2


@pytest.mark.parametrize("shape", ["table", "tree", "json", "html"])
def test_every_format_goes_to_a_file(shape, tmp_path):
    file = tmp_path / "out"
    done = fwtrace(
        *("compare", "micro", "wsgi", "/", "--format", shape, "-o", str(file))
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert "micro" in file.read_text(encoding="utf-8")


def test_only_some_stages_are_shown():
    shown = fwtrace("compare", "micro", "wsgi", "/users/1", "--only", "sql").stdout
    assert "sql SELECT users" in shown
    assert "resolver" not in shown.partition("In short")[0]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("compare", "micro", "wsgo", "GET", "/"), "Did you mean 'wsgi'"),
        (("compare", "micro", "GET", "/"), "only one app"),
        (("compare", "micro", "wsgi", "/", "--format", "tabel"), "Formats: table"),
        (("compare", "micro", "wsgi", "/", "--only", "sqll"), "Did you mean 'sql'"),
        (("compare", "micro", "wsgi", "/", "--repeat", "0"), "repeat"),
        (("compare", "micro", "wsgi", "GET"), "path"),
    ],
)
def test_a_mistake_is_one_sentence(arguments, told):
    done = fwtrace(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told.lower() in done.stderr.lower()
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_original_that_is_not_installed_says_how_to_install_it(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util\n"
        "find = importlib.util.find_spec\n"
        "def without(name, *rest):\n"
        "    return None if name == 'flask' else find(name, *rest)\n"
        "importlib.util.find_spec = without\n"
    )
    done = fwtrace("compare", "flask", "flask:original", "/", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "pip install flask" in done.stderr


def test_an_app_that_fails_stands_beside_one_that_does_not(tmp_path):
    (tmp_path / "bad.py").write_text("def app(environ, start):\n    raise ValueError\n")
    done = fwtrace("compare", "micro", str(tmp_path / "bad.py")[1:], "GET", "/")
    assert done.returncode == 2  # a path begins the request: it is named from here
    done = subprocess.run(
        [sys.executable, "-m", "fwtrace", "compare", "micro", "bad.py", "GET", "/"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd(), "PYTHONIOENCODING": "utf-8"},
        timeout=60,
    )
    assert done.returncode == 0
    assert "raised ValueError" in done.stdout
