"""``fwtrace openapi``."""

import json
import os
import subprocess
import sys

import pytest

APP = """
from pydantic import BaseModel

from fwtrace.frameworks.fastapi import FastAPI

app = FastAPI(title="Shop")


class Item(BaseModel):
    name: str


@app.get("/items/{item_id}")
def read_item(item_id: int, verbose: bool = False) -> Item:
    return Item(name="cup")


@app.post("/items", status_code=201)
def create_item(item: Item) -> Item:
    return item
"""


@pytest.fixture
def openapi(tmp_path):
    (tmp_path / "shop.py").write_text(APP)

    def run(*arguments, columns="100"):
        return subprocess.run(
            [sys.executable, "-m", "fwtrace", "openapi", *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": columns, "PYTHONIOENCODING": "utf-8"},
            timeout=60,
        )

    return run


@pytest.mark.parametrize("columns", ["80", "120", "160"])
def test_it_lists_the_operations(openapi, columns):
    shown = openapi("--app", "shop.py", columns=columns)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert max(map(len, shown.stdout.splitlines())) <= int(columns)
    for text in ("GET", "/items/{item_id}", "Create Item", "body Item", "201 Item"):
        assert text in shown.stdout


def test_json_is_the_schema_itself(openapi):
    found = json.loads(openapi("--app", "shop.py", "--json").stdout)
    assert found["info"]["title"] == "Shop"
    assert set(found["paths"]) == {"/items/{item_id}", "/items"}


def test_the_path_it_is_served_at_may_be_named(openapi):
    shown = openapi("--app", "shop.py", "--path", "/openapi.json")
    assert "Read Item" in shown.stdout


def test_an_app_without_one_gets_a_sentence(openapi):
    shown = openapi("--app", "micro")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert "no OpenAPI schema" in shown.stderr
    assert "--path PATH" in shown.stderr
