"""Body: what pydantic's Field says of a model's fields."""

from fastapi import FastAPI
from pydantic import BaseModel, Field, field_validator

app = FastAPI()


class Boat(BaseModel):
    name: str = Field(alias="boatName", title="What is painted on it", max_length=9)
    length: float = Field(gt=0, description="In metres")

    @field_validator("name")
    @classmethod
    def is_not_titanic(cls, value: str) -> str:
        if value == "Titanic":
            raise ValueError("rather not")
        return value


@app.post("/boats")
async def launch(boat: Boat) -> Boat:
    return boat


ASK = [
    (200, "POST", "/boats", {"json": {"boatName": "Ann", "length": 4}}),
    (422, "POST", "/boats", {"json": {"name": "Ann", "length": 4}}),
    (422, "POST", "/boats", {"json": {"boatName": "Titanic", "length": 0}}),
]
