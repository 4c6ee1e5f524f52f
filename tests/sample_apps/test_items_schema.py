"""The items API against its own schema: schemathesis asks what the schema allows,
and what it does not, and compares the answers."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import allow_header_conformance

from fwtrace.frameworks.fastapi.testclient import TestClient
from sample_apps.items.main import create_app
from sample_apps.items.settings import Settings

ACCOUNT = {"name": "Ann", "password": "correct horse"}

app = create_app(Settings(database="", secret_key="test"))
config = SchemathesisConfig.from_dict({"seed": 1})
whole = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
# What /events sends has no end, and no schema says so.
schema = whole.exclude(path="/events")


@pytest.fixture(scope="module")
def client():
    with TestClient(app) as client:
        client.post("/accounts", json=ACCOUNT)
        yield client


@pytest.fixture(scope="module")
def headers(client):
    form = {"username": ACCOUNT["name"], "password": ACCOUNT["password"]}
    token = client.post("/token", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    client.post("/items", json={"name": "Lamp", "price": 1}, headers=headers)
    return headers


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_those_of_the_schema(case, headers):
    # FastAPI's Allow names the methods of one route, not of all routes of the path.
    case.call_and_validate(headers=headers, excluded_checks=[allow_header_conformance])
