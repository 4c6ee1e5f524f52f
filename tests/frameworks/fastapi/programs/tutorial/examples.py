"""Examples for the documentation: of a model, of a field, of a body."""

from typing import Annotated

from fastapi import Body, FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


class Tea(BaseModel):
    name: str = Field(examples=["Assam"])
    minutes: int = 3

    model_config = {"json_schema_extra": {"examples": [{"name": "Sencha"}]}}


@app.put("/teas/{number}")
async def brew(
    number: int,
    tea: Annotated[
        Tea,
        Body(
            openapi_examples={
                "usual": {"summary": "As usual", "value": {"name": "Assam"}},
                "wrong": {"description": "Refused", "value": {"minutes": "long"}},
            }
        ),
    ],
):
    return tea


ASK = [(200, "PUT", "/teas/1", {"json": {"name": "Assam"}})]
