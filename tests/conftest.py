"""Fixtures of the whole suite."""

import gc
import os

import pytest

from fwtrace.toolkit.orm import connect, database as database_module, disconnect
from fwtrace.tracer.seam import attached
from sample_apps.users import data


def pytest_collection_finish():
    """Let the collector of garbage pass over the thousands of tests."""
    gc.collect()
    gc.freeze()


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


@pytest.fixture
def users_database(monkeypatch):
    """The users' database as it is at the start, for one test alone."""
    data.open_database()  # Not again by the first app that the test imports.
    monkeypatch.setattr(database_module, "_databases", {})
    data.fill(connect("sqlite://"))
    yield
    disconnect()
