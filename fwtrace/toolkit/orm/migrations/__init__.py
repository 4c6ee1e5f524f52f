"""Migrations: the history of the models, and the way of a database along it.

    from fwtrace.toolkit.orm import migrations, models

    class Migration(migrations.Migration):
        dependencies = [("blog", "0001_initial")]
        operations = [
            migrations.AddField("Post", "views", models.IntegerField(default=0)),
        ]

Names and the format of files are Django's.

state         the models at one point of the history
operations    the steps of a migration
migration     Migration
"""

from fwtrace.toolkit.orm.migrations.migration import Migration, swappable_dependency
from fwtrace.toolkit.orm.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterConstraint,
    AlterField,
    AlterModelManagers,
    AlterModelOptions,
    AlterModelTable,
    AlterModelTableComment,
    AlterOrderWithRespectTo,
    AlterUniqueTogether,
    CreateModel,
    DeleteModel,
    Operation,
    RemoveConstraint,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameIndex,
    RenameModel,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)

__all__ = [
    "AddConstraint",
    "AddField",
    "AddIndex",
    "AlterConstraint",
    "AlterField",
    "AlterModelManagers",
    "AlterModelOptions",
    "AlterModelTable",
    "AlterModelTableComment",
    "AlterOrderWithRespectTo",
    "AlterUniqueTogether",
    "CreateModel",
    "DeleteModel",
    "Migration",
    "Operation",
    "RemoveConstraint",
    "RemoveField",
    "RemoveIndex",
    "RenameField",
    "RenameIndex",
    "RenameModel",
    "RunPython",
    "RunSQL",
    "SeparateDatabaseAndState",
    "swappable_dependency",
]
