"""Every test here runs twice: on our toolkit, and on Starlette as its oracle."""

from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

TOOLKIT = "fwtrace.toolkit.asgi"


@pytest.fixture(params=["ours", pytest.param("starlette", marks=pytest.mark.oracle)])
def root(request: pytest.FixtureRequest) -> str:
    """The package that is tested: its modules have the same names in both."""
    return TOOLKIT if request.param == "ours" else "starlette"


@pytest.fixture
def part(root: str) -> Any:
    """``part("responses")``: a module of the package that is tested."""

    def load(name: str) -> ModuleType:
        return import_module(f"{root}.{name}")

    return load
