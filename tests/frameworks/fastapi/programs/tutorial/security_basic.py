"""Security: HTTP Basic, and keys in a header, a query and a cookie."""

import secrets
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPBasic,
    HTTPBasicCredentials,
)

app = FastAPI()
basic = HTTPBasic(realm="shed")


@app.get("/basic")
def only_ann(given: Annotated[HTTPBasicCredentials, Depends(basic)]):
    if not secrets.compare_digest(given.password.encode(), b"pass:word"):
        raise HTTPException(401, "No.", {"WWW-Authenticate": "Basic"})
    return given.username


@app.get("/header")
def by_header(key: Annotated[str, Depends(APIKeyHeader(name="X-Key"))]):
    return key


@app.get("/query")
def by_query(
    key: Annotated[str | None, Depends(APIKeyQuery(name="key", auto_error=False))],
):
    return key


@app.get("/cookie")
def by_cookie(key: Annotated[str, Depends(APIKeyCookie(name="key"))]):
    return key


ASK = [
    (401, "GET", "/basic"),
    (200, "GET", "/basic", {"auth": ("ann", "pass:word")}),
    (401, "GET", "/basic", {"auth": ("ann", "other")}),
    (401, "GET", "/basic", {"headers": {"Authorization": "Basic ?"}}),
    (401, "GET", "/header"),
    (200, "GET", "/header", {"headers": {"X-Key": "k"}}),
    (200, "GET", "/query"),
    (200, "GET", "/query?key=k"),
    (401, "GET", "/cookie"),
    (200, "GET", "/cookie", {"headers": {"Cookie": "key=k"}}),
]
