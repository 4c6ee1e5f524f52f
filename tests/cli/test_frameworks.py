"""``fwtrace frameworks``."""

import json
import os
import subprocess
import sys

import pytest

from fwtrace import survey
from fwtrace.cli.app import run


@pytest.fixture(scope="module")
def surveyed():
    """What is measured, which takes seconds: once for all widths."""
    return list(survey.survey())


@pytest.mark.parametrize("columns", ["60", "80", "160"])
def test_it_prints_three_tables_in_any_width(columns, surveyed, monkeypatch, capsys):
    monkeypatch.setattr(survey, "survey", lambda: surveyed)
    monkeypatch.setenv("COLUMNS", columns)
    assert run(["frameworks"]) == 0
    shown = capsys.readouterr().out
    for title in ("Python frameworks", "Across languages", "Measured here"):
        assert title in shown
    assert max(map(len, shown.splitlines())) <= int(columns)
    for name in ("Phoenix", "µs a request", "blueprints"):
        assert name in shown


def test_it_has_json_for_scripts():
    done = subprocess.run(
        [sys.executable, "-m", "fwtrace", "frameworks", "--json"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=60,
    )
    found = json.loads(done.stdout)
    assert found["python"][0]["Flask"] == "micro framework"
    assert found["languages"][0]["aspect"] == "ORM pattern"
    measured = {each["name"]: each for each in found["measured"]}
    assert measured["flask"]["microseconds"] > 0
    assert measured["micro"]["files"] == 2
