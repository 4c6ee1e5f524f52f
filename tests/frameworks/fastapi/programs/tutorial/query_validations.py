"""Query parameters and string validations."""

from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import AfterValidator

app = FastAPI()


def refuse_shouting(value: str) -> str:
    if value.isupper():
        raise ValueError("say it in a lower voice")
    return value


@app.get("/words")
async def words(
    q: Annotated[str | None, Query(min_length=2, max_length=5)] = None,
    code: Annotated[str, Query(pattern="^[a-z]-[0-9]+$")] = "a-1",
):
    return {"q": q, "code": code}


@app.get("/lists")
async def lists(tag: Annotated[list[str], Query(description="Any of these")] = []):  # noqa: B006
    return tag


@app.get("/alias")
async def alias(
    word: Annotated[str, Query(alias="a-word", title="A word", deprecated=True)],
    secret: Annotated[str, Query(include_in_schema=False)] = "none",
):
    return {"word": word, "secret": secret}


@app.get("/old")
async def old(q: str = Query(default="x", max_length=3)):
    return q


@app.get("/quiet")
async def quiet(q: Annotated[str, AfterValidator(refuse_shouting)]):
    return q


ASK = [
    (200, "GET", "/words"),
    (200, "GET", "/words?q=abc&code=b-22"),
    (422, "GET", "/words?q=a&code=B2"),
    (422, "GET", "/words?q=abcdef"),
    (200, "GET", "/lists"),
    (200, "GET", "/lists?tag=a&tag=b"),
    (422, "GET", "/alias?word=x"),
    (200, "GET", "/alias?a-word=x&secret=y"),
    (422, "GET", "/old?q=long"),
    (200, "GET", "/quiet?q=hush"),
    (422, "GET", "/quiet?q=HEY"),
]
