"""Operation ids by one's own rule, a schema that is changed, separate schemas."""

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel


def short_id(route: APIRoute):
    return f"{route.tags[0]}-{route.name}"


app = FastAPI(generate_unique_id_function=short_id, separate_input_output_schemas=False)


class Node(BaseModel):
    name: str
    note: str | None = None


@app.post("/nodes", tags=["nodes"])
async def add(node: Node) -> list[Node]:
    return [node]


def with_logo():
    if not app.openapi_schema:
        schema = get_openapi(title="Nodes", version="3", routes=app.routes)
        schema["info"]["x-logo"] = {"url": "https://example.org/logo.png"}
        app.openapi_schema = schema
    return app.openapi_schema


app.openapi = with_logo

ASK = [
    (200, "POST", "/nodes", {"json": {"name": "a"}}),
    (200, "GET", "/openapi.json"),
]
