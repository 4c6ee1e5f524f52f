"""Security: a bearer token, and who it belongs to."""

from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, status
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel

app = FastAPI()
scheme = OAuth2PasswordBearer(tokenUrl="token")

PEOPLE = {"key-of-ann": {"name": "ann"}, "key-of-bob": {"name": "bob", "left": True}}


class Person(BaseModel):
    name: str
    left: bool = False


async def current(token: Annotated[str, Depends(scheme)]) -> Person:
    if token not in PEOPLE:
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED,
            detail="Who is that?",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return Person(**PEOPLE[token])


async def present(person: Annotated[Person, Depends(current)]):
    if person.left:
        raise HTTPException(400, "Has left.")
    return person


@app.get("/token-only")
async def token_only(token: Annotated[str, Depends(scheme)]):
    return {"token": token}


@app.get("/me")
async def me(person: Annotated[Person, Depends(present)]) -> Person:
    return person


def bearer(token):
    return {"headers": {"Authorization": f"Bearer {token}"}}


ASK = [
    (401, "GET", "/token-only"),
    (200, "GET", "/token-only", bearer("anything")),
    (401, "GET", "/token-only", {"headers": {"Authorization": "Basic YTpi"}}),
    (200, "GET", "/me", bearer("key-of-ann")),
    (400, "GET", "/me", bearer("key-of-bob")),
    (401, "GET", "/me", bearer("key-of-eve")),
]
