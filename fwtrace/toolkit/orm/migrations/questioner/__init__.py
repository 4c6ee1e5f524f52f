"""What the autodetector cannot tell from the models, and who answers it.

MigrationQuestioner         says no, and knows no defaults
FlagQuestioner              has answers that were given beforehand
InteractiveQuestioner       asks a person
"""

from fwtrace.toolkit.orm.migrations.questioner.base import (
    MigrationQuestioner,
    NeedsAnswer,
)
from fwtrace.toolkit.orm.migrations.questioner.flags import FlagQuestioner, Rename
from fwtrace.toolkit.orm.migrations.questioner.interactive import (
    InteractiveQuestioner,
)

__all__ = [
    "FlagQuestioner",
    "InteractiveQuestioner",
    "MigrationQuestioner",
    "NeedsAnswer",
    "Rename",
]
