"""Path operation configuration: tags, summaries, descriptions, deprecation."""

from enum import Enum

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Tag(Enum):
    birds = "birds"
    fish = "fish"


class Bird(BaseModel):
    name: str
    sings: bool = True


@app.post(
    "/birds",
    response_model=Bird,
    tags=[Tag.birds],
    summary="Ring a bird",
    response_description="The bird with its ring",
    status_code=201,
)
async def ring(bird: Bird):
    """
    Ring it gently:

    - **name**: what it is called
    \f
    This part is for colleagues only.
    """
    return bird


@app.get("/fish", tags=[Tag.fish, "water"], deprecated=True, operation_id="all_fish")
async def fish():
    """All fish."""
    return []


@app.get("/hidden", include_in_schema=False, name="secret")
async def hidden():
    return app.url_path_for("secret")


@app.get(
    "/more",
    description="Said in the decorator",
    openapi_extra={"x-kind": "more", "requestBody": {"required": False}},
)
async def more():
    return []


ASK = [
    (201, "POST", "/birds", {"json": {"name": "Wren"}}),
    (200, "GET", "/fish"),
    (200, "GET", "/hidden"),
    (200, "GET", "/more"),
]
