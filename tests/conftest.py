"""Fixtures of the whole suite."""

import os

import pytest

from fwtrace.tracer.seam import attached


@pytest.fixture(autouse=True)
def no_probe_left_behind():
    """Fail a test that leaves an attribute of a framework replaced."""
    yield
    assert attached() == 0, "a probe stayed attached"


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch):
    """Drop what the developer's own terminal says about colour and width."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    if "DATABASE_URL" in os.environ:
        monkeypatch.delenv("DATABASE_URL")
