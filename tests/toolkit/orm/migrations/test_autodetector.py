"""The autodetector: from two states to migrations."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from fwtrace.toolkit.orm.migrations.autodetector import MigrationAutodetector
from fwtrace.toolkit.orm.migrations.questioner import MigrationQuestioner
from tests.toolkit.orm.migrations.random_states import check, is_alike, renames, states


def in_order(changes: Any) -> list[Any]:
    """The migrations, each after those that it depends on."""
    left = {each.key: each for found in changes.values() for each in found}
    ordered: list[Any] = []
    while left:
        ready = [m for m in left.values() if not any(d in left for d in m.dependencies)]
        assert ready, f"{list(left)} wait for each other"
        ordered += ready
        for each in ready:
            del left[each.key]
    return ordered


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=states(), after=states(), renamed=st.booleans())
def test_the_migrations_lead_from_one_state_to_the_other(before, after, renamed):
    answers = {"ask_rename": renamed, "ask_rename_model": renamed}
    detector = MigrationAutodetector(before, after, MigrationQuestioner(answers))
    state = before.clone()
    for migration in in_order(detector._detect_changes()):
        for operation in migration.operations:
            operation.state_forwards(migration.app_label, state)
            check(state)
    assert is_alike(state, after)
    assert MigrationAutodetector(state, after)._detect_changes() == {}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), is_told=st.booleans())
def test_the_migrations_lead_to_other_names(data, is_told):
    before = data.draw(states())
    after = data.draw(renames(before))
    answers = {"ask_rename": is_told, "ask_rename_model": is_told}
    detector = MigrationAutodetector(before, after, MigrationQuestioner(answers))
    state = before.clone()
    for migration in in_order(detector._detect_changes()):
        migration.mutate_state(state, preserve=False)
    assert is_alike(state, after)
    assert MigrationAutodetector(state, after)._detect_changes() == {}
