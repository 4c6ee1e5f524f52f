"""Migrations that were written for Django: read as they are, with our classes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fwtrace.toolkit import timezone, validators
from fwtrace.toolkit.orm import (
    CASCADE,
    BaseConstraint,
    Deferrable,
    ExpressionWrapper,
    Lower,
    Manager,
    Q,
    connect,
    migrations,
    models,
    transaction,
)
from fwtrace.toolkit.orm.exceptions import FieldDoesNotExist, IntegrityError
from fwtrace.toolkit.orm.expressions import Combined
from fwtrace.toolkit.orm.lookups import GreaterThan
from fwtrace.toolkit.orm.migrations.exceptions import BadMigrationError
from fwtrace.toolkit.orm.migrations.loader import MigrationLoader, MigrationSource
from fwtrace.toolkit.orm.migrations.loading.django_names import BUILTINS, MODULES
from tests.toolkit.orm.migrations.django_writes import described

ROOT = Path(__file__).parents[4]
WITH_DJANGO = [sys.executable, "-m", "tests.toolkit.orm.migrations.django_writes"]


class NoDjango:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "django":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.fixture
def no_django(monkeypatch):
    """As where it is not installed."""
    for name in [each for each in sys.modules if f"{each}.".startswith("django.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NoDjango, *sys.meta_path])
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)


def run(text):
    names = {"__builtins__": BUILTINS, "__name__": "x"}
    exec(text, names)
    return names


FOUND: dict[str, dict[str, Any]] = {
    "from django.db import migrations, models": {
        "migrations.AddField": migrations.AddField,
        "models.CharField": models.CharField,
        "models.functions.Lower": Lower,
        "models.deletion.CASCADE": CASCADE,
        "models.manager.Manager": Manager,
        "models.BaseConstraint": BaseConstraint,
        "models.fields.NOT_PROVIDED": models.NOT_PROVIDED,
    },
    "import django.db.models.deletion": {"django.db.models.deletion.CASCADE": CASCADE},
    "import django.db.models.deletion as d": {"d.CASCADE": CASCADE},
    "import django": {"django.db.models.Q": Q, "django.VERSION[0]": 5},
    "from django.db.models import Q, F as G": {"Q": Q, "G": models.F},
    "from django.db.models.functions import Now": {"Now": models.Now},
    "import django.db.models.functions.text": {
        "django.db.models.functions.text.Lower": Lower,
        "django.db.models.expressions.F": models.F,
        "django.db.models.lookups.GreaterThan": GreaterThan,
        "django.db.models.constraints.Deferrable": Deferrable,
    },
    "import django.core.validators": {
        "django.core.validators.validate_slug": validators.validate_slug
    },
    "from django.core.exceptions import ValidationError, FieldDoesNotExist": {
        "ValidationError": validators.ValidationError,
        "FieldDoesNotExist": FieldDoesNotExist,
    },
    "from django.utils import timezone": {"timezone.now": timezone.now},
    "from django.utils.timezone import utc": {"utc": timezone.utc},
    "from django.db import transaction, IntegrityError": {
        "transaction.atomic": transaction.atomic,
        "IntegrityError": IntegrityError,
    },
    "from django.conf import settings": {"settings.AUTH_USER_MODEL": "auth.User"},
    "def f():\n    from django.db.models import Q\n    return Q": {"f()": Q},
}


@pytest.mark.usefixtures("no_django")
@pytest.mark.parametrize("text", FOUND)
def test_names_of_django_are_ours(text):
    names = run(text)
    for expression, expected in FOUND[text].items():
        found = eval(expression, names)
        assert found is expected or found == expected


@pytest.mark.parametrize("text", FOUND)
def test_names_of_django_are_ours_where_it_is_installed(text):
    pytest.importorskip("django")
    test_names_of_django_are_ours(text)


def test_combined_expressions():
    names = run("from django.db.models.expressions import CombinedExpression as C, F")
    plain = eval('C(F("a"), "+", F("b"))', names)
    assert isinstance(plain, Combined)
    wrapped = names["C"](models.F("a"), "+", 1, models.IntegerField())
    assert isinstance(wrapped, ExpressionWrapper)


def test_connection_is_that_of_ours():
    made = connect("sqlite://")
    names = run("from django.db import connection, connections, DEFAULT_DB_ALIAS as D")
    assert names["connection"].vendor == "sqlite"
    assert names["connections"][names["D"]] is made
    made.close()


@pytest.mark.usefixtures("no_django")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "from django.db.models import FooField",
            "fwtrace has nothing for django.db.models.FooField.",
        ),
        (
            "import django.contrib.gis.db",
            "django.contrib.gis.db is Django's own, and Django is not installed.",
        ),
        (
            "from django.utils.text import slugify",
            "django.utils.text is Django's own, and Django is not installed.",
        ),
        (
            "from django.conf import settings\nsettings.MEDIA_ROOT",
            "settings.MEDIA_ROOT is asked for, and there are no settings of Django: "
            "name their module in DJANGO_SETTINGS_MODULE.",
        ),
    ],
)
def test_what_there_is_not(text, said):
    with pytest.raises((ImportError, AttributeError)) as caught:
        run(text)
    assert str(caught.value) == said


def test_other_modules_are_djangos_own():
    slugify = pytest.importorskip("django.utils.text").slugify
    assert run("from django.utils.text import slugify")["slugify"] is slugify
    names = run("import django.utils.text, django.db.models")
    assert eval("django.utils.text.slugify", names) is slugify
    assert eval("django.db.models.Q", names) is Q
    with pytest.raises(ModuleNotFoundError, match="No module named 'django.nowhere'"):
        run("import django.nowhere")


def test_modules_that_the_names_stand_for_are_there():
    for module in {each for ours in MODULES.values() for each in ours}:
        __import__(module)


@pytest.mark.usefixtures("no_django")
def test_setting_of_the_project(monkeypatch, tmp_path):
    class Settings:
        configured = True
        AUTH_USER_MODEL = "people.Person"

    class Conf:
        settings = Settings

    monkeypatch.setitem(sys.modules, "django.conf", Conf)
    path = tmp_path / "0001_initial.py"
    path.write_text(
        "from django.conf import settings\n"
        "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n"
        "    dependencies = [\n"
        "        migrations.swappable_dependency(settings.AUTH_USER_MODEL)\n"
        "    ]\n"
    )
    loader = MigrationLoader([MigrationSource("a", tmp_path)], ignore_missing=True)
    (dependency,) = loader.get_migration("a", "0001_initial").dependencies
    assert dependency == ("people", "__first__", "people.Person")


@pytest.mark.usefixtures("no_django")
def test_missing_django_is_a_sentence(tmp_path):
    text = "import django.contrib.auth.models\n"
    (tmp_path / "0001_initial.py").write_text(text)
    with pytest.raises(BadMigrationError) as caught:
        MigrationLoader([MigrationSource("a", tmp_path)])
    assert str(caught.value) == (
        f"{tmp_path}/0001_initial.py, line 1: django.contrib.auth.models is Django's "
        "own, and Django is not installed."
    )


def test_operation_of_djangos_own_is_a_sentence(tmp_path):
    pytest.importorskip("django")
    (tmp_path / "0001_initial.py").write_text(
        "from django.contrib.contenttypes.management import RenameContentType\n"
        "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n"
        "    operations = [RenameContentType]\n"
    )
    with pytest.raises(BadMigrationError, match="0001_initial.py, line "):
        MigrationLoader([MigrationSource("a", tmp_path)])


def test_djangos_loader_finds_djangos_modules(tmp_path, monkeypatch):
    """Files that are written for it are its own where it is at work."""
    package = tmp_path / "blog_for_django" / "migrations"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "0001_x.py").write_text(
        "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n    pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "django.db.migrations.loader", sys)
    name = "blog_for_django.migrations"
    loader = MigrationLoader([MigrationSource("a", package, name)])
    migration = loader.get_migration("a", "0001_x")
    assert type(migration).__module__ == f"{name}.0001_x"
    assert f"{name}.0001_x" not in sys.modules


def by_django(*arguments):
    pytest.importorskip("django")
    ran = subprocess.run(
        [*WITH_DJANGO, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.oracle
def test_files_that_django_writes_are_read_the_same(tmp_path):
    theirs = by_django("app", tmp_path)
    loader = MigrationLoader([MigrationSource("shop", tmp_path)], ignore_missing=True)
    assert json.loads(json.dumps(described(loader.project_state()))) == theirs
    state = loader.project_state(("shop", "0001_initial"))
    del state.models["shop", "proxy"]
    state.remove_field("shop", "thing", "user")  # of an app that is not here
    state.apps.complete()


@pytest.mark.oracle
def test_djangos_own_apps_are_read_the_same():
    theirs, ours = by_django("contrib")
    assert ours == theirs
