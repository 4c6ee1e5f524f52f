"""What the migrations benchmark works on: a history as files, and states of models.

The text is the same for both but for the root that the names come from.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

APPS = [f"app{number:02}" for number in range(20)]
ROOTS = {"fwtrace": "fwtrace.toolkit.orm", "Django": "django.db"}

KEY = "('id', models.BigAutoField(primary_key=True))"
SIX_FIELDS = """('name', models.CharField(max_length=50)),
            ('slug', models.SlugField(unique=True)),
            ('text', models.TextField(blank=True)),
            ('count', models.IntegerField(default=0)),
            ('is_open', models.BooleanField(default=True)),
            ('added', models.DateTimeField(null=True)),"""

STEPS = {
    "0001_author": f"""migrations.CreateModel('Author', [
            {KEY},
            {SIX_FIELDS}
            ('price', models.DecimalField(max_digits=8, decimal_places=2)),
        ]),""",
    "0002_book": f"""migrations.CreateModel('Book', [
            {KEY},
            {SIX_FIELDS}
            ('author', models.ForeignKey('APP.author', models.CASCADE)),
        ]),
        migrations.AddField('Book', 'lender', models.ForeignKey(
            'PREVIOUS.author', models.SET_NULL, null=True, related_name='+')),""",
    "0003_book_pages": """migrations.AddField(
            'Book', 'pages', models.IntegerField(default=1)),
        migrations.AddField('Book', 'note', models.TextField(null=True)),""",
    "0004_alter": """migrations.AlterField(
            'Book', 'name', models.CharField(max_length=99)),
        migrations.AlterField('Author', 'added', models.DateField(null=True)),""",
    "0005_book_index": """migrations.AddIndex('Book', models.Index(
            fields=['name', '-added'], name='APP_by_name')),""",
    "0006_book_check": """migrations.AddConstraint('Book', models.UniqueConstraint(
            fields=['author', 'name'], name='APP_once')),""",
    "0007_rename": """migrations.RenameField('Author', 'count', 'number'),
        migrations.RenameField('Book', 'count', 'number'),""",
    "0008_python": """migrations.RunPython(count_books, migrations.RunPython.noop),""",
    "0009_tag": f"""migrations.CreateModel('Tag', [
            {KEY},
            {SIX_FIELDS}
            ('parent', models.ForeignKey('APP.tag', models.CASCADE, null=True)),
        ]),
        migrations.AddField('Book', 'tags', models.ManyToManyField('APP.tag')),""",
    "0010_tidy": """migrations.RemoveField('Book', 'note'),
        migrations.AlterField('Tag', 'name', models.CharField(max_length=20)),""",
}


def write_history(folder: Path, root: str) -> None:
    """A folder of migrations for each app: ten migrations on three models."""
    previous = APPS[0]
    for app in APPS:
        made = folder / app / "migrations"
        made.mkdir(parents=True)
        for package in (made.parent, made):
            (package / "__init__.py").touch()
        waits = f"('{previous}', '0001_author')," if previous != app else ""
        for name, operations in STEPS.items():
            text = migration(root, waits, operations)
            text = text.replace("APP", app).replace("PREVIOUS", previous)
            (made / f"{name}.py").write_text(text)
            waits = f"('{app}', '{name}'),"
        previous = app


def migration(root: str, waits: str, operations: str) -> str:
    return f"""from {root} import migrations, models


def count_books(apps, schema_editor):
    apps.get_model("APP", "Book").objects.using("default").count()


class Migration(migrations.Migration):
    dependencies = [{waits}]
    operations = [
        {operations}
    ]
"""


def two_hundred_models(models: Any, state: Any, length: int = 50) -> Any:
    """Models of ten fields each, made by the classes of either; ``length`` is that of
    one field of each."""
    made = state.ProjectState()
    for number in range(200):
        app = APPS[number % len(APPS)]
        fields = {
            "id": models.BigAutoField(primary_key=True),
            "name": models.CharField(max_length=length),
            "slug": models.SlugField(unique=True),
            "text": models.TextField(blank=True, default=""),
            "count": models.IntegerField(default=0, help_text="How many there are"),
            "price": models.DecimalField(max_digits=8, decimal_places=2, null=True),
            "is_open": models.BooleanField(default=True),
            "added": models.DateTimeField(auto_now_add=True),
            "kind": models.CharField(max_length=1, choices=[("a", "A"), ("b", "B")]),
            "other": models.ForeignKey(
                f"{APPS[0]}.model0", models.CASCADE, null=True, related_name="+"
            ),
        }
        made.add_model(state.ModelState(app, f"Model{number}", list(fields.items())))
    return made


BIG_TABLE = {
    "0001_book": f"""migrations.CreateModel('Author', [{KEY}]),
        migrations.CreateModel('Book', [
            {KEY},
            ('title', models.CharField(max_length=50)),
            ('pages', models.IntegerField(default=0)),
            ('price', models.FloatField(null=True)),
            ('author', models.ForeignKey('shop.author', models.CASCADE)),
        ]),""",
    "0002_alter": """migrations.AlterField(
            'Book', 'title', models.CharField(max_length=99)),""",
}
"""A table of five columns with one index, and what makes it anew."""


def write_big_table(folder: Path, root: str) -> None:
    made = folder / "shop" / "migrations"
    made.mkdir(parents=True)
    for package in (made.parent, made):
        (package / "__init__.py").touch()
    waits = ""
    for name, operations in BIG_TABLE.items():
        (made / f"{name}.py").write_text(migration(root, waits, operations))
        waits = f"('shop', '{name}')"
