"""The operations that a migration is made of."""

from fwtrace.toolkit.orm.migrations.operations.base import Operation
from fwtrace.toolkit.orm.migrations.operations.fields import (
    AddField,
    AlterField,
    RemoveField,
    RenameField,
)
from fwtrace.toolkit.orm.migrations.operations.indexes import (
    AddConstraint,
    AddIndex,
    AlterConstraint,
    RemoveConstraint,
    RemoveIndex,
    RenameIndex,
)
from fwtrace.toolkit.orm.migrations.operations.models import (
    CreateModel,
    DeleteModel,
    RenameModel,
)
from fwtrace.toolkit.orm.migrations.operations.options import (
    AlterModelManagers,
    AlterModelOptions,
    AlterModelTable,
    AlterModelTableComment,
    AlterOrderWithRespectTo,
    AlterUniqueTogether,
)
from fwtrace.toolkit.orm.migrations.operations.special import (
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
]
