"""Settings: read once, as a dependency that tests may replace."""

from functools import lru_cache
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel

app = FastAPI()


class Settings(BaseModel):
    app_name: str = "Awning"
    items_per_user: int = 50


@lru_cache
def get_settings():
    return Settings()


@app.get("/info")
async def info(settings: Annotated[Settings, Depends(get_settings)]):
    return settings


def smaller():
    return Settings(items_per_user=5)


@app.post("/shrink")
async def shrink():
    app.dependency_overrides[get_settings] = smaller


ASK = [(200, "GET", "/info"), (200, "POST", "/shrink"), (200, "GET", "/info")]
