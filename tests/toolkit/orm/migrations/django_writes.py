"""Run with Django, to say how it reads migrations.

python -m tests.toolkit.orm.migrations.django_writes app folder
    writes an app of many fields into the folder, and prints its final state
python -m tests.toolkit.orm.migrations.django_writes contrib
    prints the plan and the final state of Django's own apps, and ours of the same files
"""

from __future__ import annotations

import datetime
import decimal
import importlib
import json
import sys
import uuid
from enum import Enum
from pathlib import Path
from typing import Any


def described(state: Any) -> dict[str, Any]:
    """The models of a state, in words that are the same for ours and for Django's."""
    return {
        ".".join(key): {
            "fields": {name: field(each) for name, each in model.fields.items()},
            "options": {k: plain(v) for k, v in sorted(model.options.items())},
            "bases": [plain(base) for base in model.bases],
            "managers": [name for name, _ in model.managers],
        }
        for key, model in sorted(state.models.items())
    }


def field(given: Any) -> list[Any]:
    _, path, args, options = given.deconstruct()
    found = {k: plain(v) for k, v in sorted(options.items())}
    return [path.rpartition(".")[2], plain(args), found]


def plain(value: Any) -> Any:
    """A value without the names of modules."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(map(plain, value), key=str)
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, Enum):
        return value.name
    if value is None or isinstance(value, (str, int, float)):
        return value
    if callable(value) and hasattr(value, "__qualname__"):
        return value.__qualname__
    return type(value).__name__.replace("CombinedExpression", "Combined")


def fields(models: Any, timezone: Any, validators: Any) -> list[tuple[str, Any]]:
    moment = datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    return [
        ("id", models.BigAutoField(primary_key=True)),
        ("text", models.TextField("a text", default="", blank=True)),
        ("name", models.CharField(max_length=99, choices=[("a", "A"), ("b", "B")])),
        ("slug", models.SlugField(unique=True, help_text="é 'quoted'")),
        ("email", models.EmailField(max_length=254, null=True)),
        ("url", models.URLField(db_column="link")),
        ("small", models.PositiveSmallIntegerField(db_index=True)),
        ("big", models.BigIntegerField(default=-(2**40))),
        ("price", models.DecimalField(max_digits=8, decimal_places=2)),
        ("tax", models.DecimalField("tax", "", 3, 2, default=decimal.Decimal("0.19"))),
        ("ratio", models.FloatField(default=1.5)),
        ("is_new", models.BooleanField(default=True, verbose_name="new?")),
        ("born", models.DateField(default=datetime.date(2020, 1, 1))),
        ("at", models.TimeField(default=datetime.time(12, 30))),
        ("made", models.DateTimeField(auto_now_add=True)),
        ("seen", models.DateTimeField(default=timezone.now)),
        ("once", models.DateTimeField(default=moment)),
        ("lasts", models.DurationField(default=datetime.timedelta(days=1))),
        ("key", models.UUIDField(default=uuid.uuid4, editable=False)),
        ("data", models.JSONField(default=dict)),
        ("blob", models.BinaryField(default=b"\0x", editable=True)),
        ("ip", models.GenericIPAddressField(protocol="IPv4")),
        ("count", models.IntegerField(validators=[validators.MinValueValidator(1)])),
        (
            "code",
            models.CharField(
                max_length=5,
                validators=[validators.RegexValidator("^[a-z]+$", "letters", "bad")],
            ),
        ),
        (
            "label",
            models.CharField(max_length=9, validators=[validators.validate_slug]),
        ),
        (
            "double",
            models.GeneratedField(
                expression=models.F("small") * 2,
                output_field=models.IntegerField(),
                db_persist=True,
            ),
        ),
        ("since", models.DateTimeField(db_default=models.functions.Now())),
        ("other", models.ForeignKey("shop.other", models.PROTECT, related_name="+")),
        ("own", models.ForeignKey("self", models.SET_NULL, null=True)),
        ("user", models.ForeignKey("auth.user", models.CASCADE)),
        ("one", models.OneToOneField("shop.other", models.CASCADE, to_field="code")),
        ("many", models.ManyToManyField("shop.other", related_name="things")),
    ]


def operations(migrations: Any, models: Any, given: list[tuple[str, Any]]) -> list[Any]:
    code = ("code", models.CharField(max_length=9, unique=True))
    options = {
        "verbose_name": "thing",
        "ordering": ["-made", "name"],
        "unique_together": {("name", "slug"), ("name", "url")},
        "db_table": "things",
        "indexes": [models.Index(fields=["name", "-made"], name="by_name")],
    }
    positive = models.Q(
        ("price__gt", 0), ("count__lt", models.F("big")), _connector="OR"
    )
    unique = models.UniqueConstraint(
        models.functions.Lower("name"),
        models.functions.Upper("slug").desc(),
        name="lower",
        condition=~models.Q(name=""),
    )
    return [
        migrations.CreateModel(
            "Other", [("id", models.AutoField(primary_key=True)), code]
        ),
        migrations.CreateModel("Thing", given, options),
        migrations.CreateModel("Proxy", [], {"proxy": True}, ("shop.thing",)),
        migrations.AddConstraint(
            "thing", models.CheckConstraint(condition=positive, name="positive")
        ),
        migrations.AddConstraint("thing", unique),
        migrations.AddIndex(
            "thing",
            models.Index(
                models.F("price") + models.F("tax"),
                name="gross",
                condition=models.Q(is_new=True),
            ),
        ),
    ]


def later(migrations: Any, models: Any) -> list[Any]:
    added = models.IntegerField(default=3)
    return [
        migrations.AddField("thing", "added", added, preserve_default=False),
        migrations.AlterField("thing", "name", models.CharField(max_length=200)),
        migrations.RenameField("thing", "text", "body"),
        migrations.RenameModel("Other", "Another"),
        migrations.AlterModelOptions("thing", {"ordering": ["pk"]}),
        migrations.AlterUniqueTogether("thing", {("name", "slug")}),
        migrations.RemoveField("thing", "lasts"),
        migrations.RenameIndex("thing", new_name="by_names", old_name="by_name"),
        migrations.RemoveConstraint("thing", "positive"),
        migrations.RunPython(migrations.RunPython.noop, elidable=True),
        migrations.RunSQL("SELECT 1", migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AlterModelTable("thing", "stuff")]
        ),
    ]


CONTRIB = ("contenttypes", "auth", "admin", "sessions")


def set_up() -> None:
    import django
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=[f"django.contrib.{name}" for name in CONTRIB],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()


def write_app(folder: str) -> Any:
    from django.core import validators
    from django.db import migrations, models
    from django.db.migrations.state import ProjectState
    from django.db.migrations.writer import MigrationWriter
    from django.utils import timezone

    first = operations(migrations, models, fields(models, timezone, validators))
    written = []
    for name, needs, steps in (
        ("0001_initial", [("__setting__", "AUTH_USER_MODEL")], first),
        ("0002_later", [("shop", "0001_initial")], later(migrations, models)),
    ):
        body = {"dependencies": needs, "operations": steps, "initial": name[3] == "1"}
        made = type("Migration", (migrations.Migration,), body)(name, "shop")
        text = MigrationWriter(made).as_string()
        (Path(folder) / f"{name}.py").write_text(text)
        written.append(name)
    sys.path.insert(0, folder)
    state = ProjectState()
    for name in written:
        read = importlib.import_module(name).Migration(name, "shop")
        state = read.mutate_state(state)
    return described(state)


def contrib() -> Any:
    """``[[plan, state], [plan, state]]``, Django's and ours."""
    from django.contrib import auth
    from django.db.migrations.loader import MigrationLoader

    from fwtrace.toolkit.orm.migrations.loader import (
        MigrationLoader as OurLoader,
        MigrationSource,
    )

    theirs: Any = MigrationLoader(None)
    folder = Path(auth.__file__).parents[1]
    sources = [
        MigrationSource(name, folder / name / "migrations", f"django.contrib.{name}")
        for name in CONTRIB
    ]
    ours = OurLoader(sources)
    plan = theirs.graph._generate_plan(theirs.graph.leaf_nodes(), True)
    return [
        [plan, described(theirs.project_state())],
        [ours.graph.plan(), described(ours.project_state())],
    ]


if __name__ == "__main__":
    set_up()
    print(json.dumps(write_app(sys.argv[2]) if sys.argv[1] == "app" else contrib()))
