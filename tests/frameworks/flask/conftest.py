"""Every test here runs twice: on the clone, and on the original as its oracle."""

from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

CLONE = "fwtrace.frameworks.flask"
# Where the original keeps what the clone has in one package.
_WERKZEUG = ("datastructures", "exceptions", "routing")


@pytest.fixture(params=["clone", pytest.param("original", marks=pytest.mark.oracle)])
def flask(request: pytest.FixtureRequest) -> ModuleType:
    """The framework: ``flask.Flask``, ``flask.request``, ..."""
    return import_module(CLONE if request.param == "clone" else "flask")


@pytest.fixture
def part(flask: ModuleType) -> Any:
    """``part("sessions")``, ``part("exceptions")``: a module of the framework."""

    def load(name: str) -> ModuleType:
        if flask.__name__ == "flask" and name in _WERKZEUG:
            return import_module(f"werkzeug.{name}")
        return import_module(f"{flask.__name__}.{name}")

    return load


@pytest.fixture
def app(flask: ModuleType) -> Any:
    """An app in testing mode with a secret key."""
    made = flask.Flask("tested_app", root_path=".")
    made.config.update(TESTING=True, SECRET_KEY="a key for tests")
    return made


@pytest.fixture
def client(app: Any) -> Any:
    return app.test_client()
