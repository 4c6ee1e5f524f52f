"""Finding the schema of an app, and reading its operations."""

import json
from typing import Annotated

import pytest
from pydantic import BaseModel

from fwtrace.frameworks.fastapi import Depends, FastAPI, Query
from fwtrace.frameworks.fastapi.security import OAuth2PasswordBearer
from fwtrace.hosts.openapi import find_schema, operations, type_of

SCHEMA = {"openapi": "3.0.3", "info": {}, "paths": {"/ping": {"get": {}}}}


def serve(path, body, status="200 OK"):
    """A WSGI app that serves this at one path, and nothing anywhere else."""

    def app(environ, start_response):
        found = environ["PATH_INFO"] == path
        start_response(status if found else "404 Not Found", [])
        return [body if found else b"nothing"]

    return app


Tags = Annotated[list[str] | None, Query()]


class Item(BaseModel):
    name: str


@pytest.fixture
def shop():
    app = FastAPI()
    token = Depends(OAuth2PasswordBearer("/token"))

    @app.get("/items/{item_id}", tags=["shop"], deprecated=True)
    def read_item(item_id: int, q: Tags = None, user=token):
        return {}

    @app.post("/items", status_code=201)
    def create_item(item: Item) -> list[Item]:
        return [item]

    return app


def test_an_app_may_make_its_schema(shop):
    assert find_schema(shop) == shop.openapi()


@pytest.mark.parametrize("path", ["/openapi.json", "/swagger.json"])
def test_an_app_may_serve_its_schema_at_a_usual_path(path):
    assert find_schema(serve(path, json.dumps(SCHEMA).encode())) == SCHEMA


def test_the_path_can_be_said():
    app = serve("/spec", json.dumps(SCHEMA).encode())
    with pytest.raises(LookupError, match="--path PATH"):
        find_schema(app)
    assert find_schema(app, "/spec") == SCHEMA


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"<html>", "200 OK"), (b"[]", "200 OK"), (b'{"paths": {}}', "403 Forbidden")],
)
def test_what_is_no_schema_is_none(body, status):
    with pytest.raises(LookupError, match="no OpenAPI schema at /spec"):
        find_schema(serve("/spec", body, status), "/spec")


def test_operations_say_what_they_take_and_answer(shop):
    read, create = operations(find_schema(shop))
    assert (read["method"], read["path"], read["tags"]) == (
        "GET",
        "/items/{item_id}",
        ["shop"],
    )
    assert read["deprecated"]
    assert read["parameters"] == [
        "item_id* path integer",
        "q query list[string] | null",
    ]
    assert read["security"] == ["OAuth2PasswordBearer"]
    assert (create["body"], create["summary"]) == (["Item"], "Create Item")
    assert create["responses"] == ["201 list[Item]", "422 HTTPValidationError"]


def test_references_to_parameters_and_bodies_are_followed():
    schema = {
        "paths": {
            "/a": {
                "parameters": [{"$ref": "#/components/parameters/a"}],
                "get": {"requestBody": {"$ref": "#/components/requestBodies/b"}},
            }
        },
        "components": {
            "parameters": {"a": {"name": "a", "in": "query", "type": "integer"}},
            "requestBodies": {"b": {"content": {"text/csv": {}}}},
        },
    }
    (found,) = operations(schema)
    assert (found["parameters"], found["body"]) == (["a query integer"], ["text/csv"])


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"$ref": "#/components/schemas/Item"}, "Item"),
        ({"type": "array", "items": {"type": "integer"}}, "list[integer]"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"type": "string", "format": "uuid"}, "uuid"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"enum": ["a", "b"]}, "'a' | 'b'"),
        ({"allOf": [{"$ref": "#/x/Item"}]}, "Item"),
        ({}, "any"),
        (True, "any"),
    ],
)
def test_types_in_a_word(schema, text):
    assert type_of(schema) == text
