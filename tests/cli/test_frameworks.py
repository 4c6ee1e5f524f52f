"""``fwtrace frameworks``."""

import json
import os
import subprocess
import sys

import pytest


def frameworks(*arguments, columns="100"):
    return subprocess.run(
        [sys.executable, "-m", "fwtrace", "frameworks", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": columns, "PYTHONIOENCODING": "utf-8"},
        timeout=60,
    )


@pytest.mark.parametrize("columns", ["60", "80", "160"])
def test_it_prints_three_tables_in_any_width(columns):
    shown = frameworks(columns=columns)
    assert shown.returncode == 0
    for title in ("Python frameworks", "Across languages", "Measured here"):
        assert title in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= int(columns)
    for name in ("Phoenix", "µs a request", "blueprints"):
        assert name in shown.stdout


def test_it_has_json_for_scripts():
    found = json.loads(frameworks("--json").stdout)
    assert found["python"][0]["Flask"] == "micro framework"
    assert found["languages"][0]["aspect"] == "ORM pattern"
    measured = {each["name"]: each for each in found["measured"]}
    assert measured["flask"]["microseconds"] > 0
    assert measured["micro"]["files"] == 2
