"""Every test here runs twice: on the clone, and on the original as its oracle."""

from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

CLONE = "fwtrace.frameworks.fastapi"


@pytest.fixture(params=["clone", pytest.param("original", marks=pytest.mark.oracle)])
def fastapi(request: pytest.FixtureRequest) -> ModuleType:
    """The framework: ``fastapi.FastAPI``, ``fastapi.Depends``, ..."""
    return import_module(CLONE if request.param == "clone" else "fastapi")


@pytest.fixture
def part(fastapi: ModuleType) -> Any:
    """``part("responses")``: a module of the framework."""

    def load(name: str) -> ModuleType:
        return import_module(f"{fastapi.__name__}.{name}")

    return load


@pytest.fixture
def app(fastapi: ModuleType) -> Any:
    return fastapi.FastAPI()


@pytest.fixture
def client(app: Any, part: Any) -> Any:
    return part("testclient").TestClient(app)
