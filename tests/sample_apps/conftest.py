"""Fixtures of the sample apps."""

import pytest

from sample_apps import passwords


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch):
    """What makes a guess dear makes each login of a test slow."""
    monkeypatch.setattr(passwords, "COST", 2)
