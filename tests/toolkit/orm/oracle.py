"""The same lines on Django and on ours: a function of ``models``, run on both.

def area(models, create):
    class Box(models.Model): ...

    create(Box)
    return Box.objects.create(width=3).area

assert ours(area) == djangos(area)

Django has its settings and its models in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from fwtrace.toolkit.orm import models
from fwtrace.toolkit.orm.dialects import get_dialect
from fwtrace.toolkit.orm.schema import create_statements

ROOT = Path(__file__).parents[3]
Scenario = Callable[[Any, Callable[..., list[str]]], Any]


def ours(scenario: Scenario) -> Any:
    """What the function returns for our models, as JSON has it; SQLite is connected."""

    def create(*made: Any) -> list[str]:
        statements: list[str] = []
        for model in made:
            model.create_table()
            statements += create_statements(model, get_dialect("sqlite"))
        return statements

    return json.loads(json.dumps(scenario(models, create)))


def djangos(scenario: Scenario) -> Any:
    """The same for Django's, on SQLite; the test is skipped where there is none."""
    pytest.importorskip("django")
    command = [sys.executable, "-m", __name__, scenario.__module__, scenario.__name__]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def main(module: str, name: str) -> None:
    import django
    from django.apps import AppConfig
    from django.conf import settings

    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    app = AppConfig("oracle", sys.modules[__name__])  # of models that may be joined
    settings.configure(DATABASES={"default": database}, INSTALLED_APPS=[app])
    django.setup()
    from django.db import connection, models as theirs

    def create(*made: Any) -> list[str]:
        with connection.schema_editor(collect_sql=True) as editor:
            for model in made:
                editor.create_model(model)
        statements = [sql.rstrip(";") for sql in editor.collected_sql]
        with connection.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)
        return statements

    print(json.dumps(getattr(import_module(module), name)(theirs, create)))


if __name__ == "__main__":
    main(*sys.argv[1:])
