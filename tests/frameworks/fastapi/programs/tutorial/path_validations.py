"""Path parameters and numeric validations."""

from typing import Annotated

from fastapi import FastAPI, Path, Query

app = FastAPI()


@app.get("/floors/{floor}")
async def floor(
    *,
    floor: Annotated[int, Path(title="The floor", ge=-2, lt=40)],
    height: Annotated[float, Query(gt=0, le=5.5)] = 3,
    step: int = Query(default=2, multiple_of=2),
):
    return {"floor": floor, "height": height, "step": step}


ASK = [
    (200, "GET", "/floors/-2"),
    (422, "GET", "/floors/-3"),
    (422, "GET", "/floors/40"),
    (200, "GET", "/floors/39?height=5.5&step=4"),
    (422, "GET", "/floors/0?height=0&step=3"),
    (422, "GET", "/floors/0?height=nan"),
]
