"""Folders of migrations written for a test."""

from __future__ import annotations

from pathlib import Path

from fwtrace.toolkit.orm.migrations.executor import MigrationExecutor
from fwtrace.toolkit.orm.migrations.loader import MigrationLoader, MigrationSource

HEAD = "from fwtrace.toolkit.orm import migrations, models\n\n\n"
ID = "('id', models.AutoField(primary_key=True, serialize=False))"


class Project:
    """An app called shop in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(
        self, name: str, operations: str, after: str = "", extra: str = ""
    ) -> None:
        """A migration: ``operations`` are lines, ``extra`` is code before the class."""
        waits = f"('shop', {after!r})" if after else ""
        self.folder.joinpath(f"{name}.py").write_text(
            f"{HEAD}{extra}\n\nclass Migration(migrations.Migration):\n"
            f"    initial = {not after}\n    dependencies = [{waits}]\n"
            f"    operations = [\n{operations}\n    ]\n"
        )

    def loader(self, database):
        return MigrationLoader([MigrationSource("shop", self.folder)], database)

    def executor(self, database, progress=None):
        loader = self.loader(database)
        if progress is None:
            return MigrationExecutor(loader, database)
        return MigrationExecutor(loader, database, progress)

    def migrate(self, database, name: str | None = "", **options):
        """To that migration, to the latest, or for None to before the first."""
        executor = self.executor(database)
        if name == "":
            targets = executor.loader.graph.leaf_nodes("shop")
        else:
            targets = [("shop", name)]
        return executor.migrate(targets, **options)


BOOK = f"""
        migrations.CreateModel(
            'Book', [{ID}, ('title', models.CharField(max_length=9))]
        ),
"""
