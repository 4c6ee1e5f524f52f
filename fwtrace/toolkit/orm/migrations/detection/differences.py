"""What is different between two states, as the steps from one to the other."""

from __future__ import annotations

from collections.abc import Iterator

from fwtrace.toolkit.orm.migrations.detection.alterations import Alterations
from fwtrace.toolkit.orm.migrations.detection.comparison import Recipes
from fwtrace.toolkit.orm.migrations.detection.references import base_keys
from fwtrace.toolkit.orm.migrations.detection.renames import Renames
from fwtrace.toolkit.orm.migrations.detection.steps import Step, gone
from fwtrace.toolkit.orm.migrations.detection.wholes import creation, deletion
from fwtrace.toolkit.orm.migrations.questioner import MigrationQuestioner
from fwtrace.toolkit.orm.migrations.state import Key, ModelState, ProjectState

__all__ = ["differences"]


def differences(
    old: ProjectState, new: ProjectState, questioner: MigrationQuestioner
) -> list[Step]:
    """The steps, in an order that depends on the states alone.

    The questioner is asked whatever the states do not say.
    """
    steps = list(_Differences(old.clone(), new, questioner).steps())
    for number, step in enumerate(steps):
        step.number = number
    return steps


class _Differences:
    """Between two states, of which ``old`` is changed by every rename."""

    def __init__(
        self, old: ProjectState, new: ProjectState, questioner: MigrationQuestioner
    ) -> None:
        self.old = old
        self.new = new
        self.questioner = questioner
        self.recipes = Recipes()

    def steps(self) -> list[Step]:
        found = list(self._renames())
        for state in self._created():
            found += creation(state)
        for key in self._kept():
            found += self._alterations(key)
        deleted = sorted(key for key in self.old.models if not self._is_kept(key))
        for key in deleted:
            found += deletion(self.old.models[key], set(deleted))
        self._keep_names_apart(found)
        return found

    def _renames(self) -> Iterator[Step]:
        renames = Renames(self.old, self.new, self.questioner, self.recipes)
        before, after = (
            {key for key, state in each.models.items() if state.is_managed}
            for each in (self.old, self.new)
        )
        removed, added = before - self.new.models.keys(), after - self.old.models.keys()
        yield from renames.models(removed, added)
        for key in self._kept():
            if self.old.models[key].is_managed and self.new.models[key].is_managed:
                yield from renames.fields(key)

    def _kept(self) -> list[Key]:
        return sorted(key for key in self.new.models if self._is_kept(key))

    def _is_kept(self, key: Key) -> bool:
        """Whether it was there and is: a proxy is another than one with a table."""
        old, new = self.old.models.get(key), self.new.models.get(key)
        return old is not None and new is not None and _is_proxy(old) == _is_proxy(new)

    def _created(self) -> list[ModelState]:
        """Models with tables first, and of an app those that a setting names."""
        created = [
            state for key, state in self.new.models.items() if not self._is_kept(key)
        ]
        return sorted(
            created,
            key=lambda state: (
                _is_proxy(state),
                state.app_label,
                "swappable" not in state.options,
                state.name_lower,
            ),
        )

    def _alterations(self, key: Key) -> Iterator[Step]:
        old, new = self.old.models[key], self.new.models[key]
        return Alterations(old, new, self.questioner, self.recipes).steps()

    # A field cannot be where another of its name still is: in the model itself, in one
    # that it inherits from, in one that inherits from it.

    def _keep_names_apart(self, steps: list[Step]) -> None:
        left: dict[str, list[Key]] = {}
        for step in steps:
            for kind, key, name in step.gives:
                if kind == "gone" and name:
                    left.setdefault(name, []).append(key)
        for step in steps if left else ():
            step.needs += [
                gone(other, name)
                for kind, key, name in step.gives
                if kind == "made"
                for other in left.get(name, ())
                if self._are_related(key, other)
            ]

    def _are_related(self, one: Key, other: Key) -> bool:
        return one in self._line(other) or other in self._line(one)

    def _line(self, key: Key) -> set[Key]:
        """The model, and all that it inherits from."""
        found: set[Key] = set()
        ahead = [key]
        while ahead:
            at = ahead.pop()
            state = self.new.models.get(at) or self.old.models.get(at)
            if state is not None and at not in found:
                found.add(at)
                ahead += base_keys(state)
        return found


def _is_proxy(state: ModelState) -> bool:
    return bool(state.options.get("proxy"))
