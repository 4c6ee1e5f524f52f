"""Security: the password flow with hashed passwords, signed tokens and scopes."""

import hashlib
import hmac
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Security
from fastapi.security import (
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    SecurityScopes,
)
from itsdangerous import BadSignature, URLSafeSerializer

app = FastAPI()
scheme = OAuth2PasswordBearer(
    tokenUrl="token", scopes={"read": "Look at things.", "write": "Change things."}
)
serializer = URLSafeSerializer("not a secret")


def digest(password: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt", 1000).hex()


KEPT = {"ann": digest("correct horse")}


@app.post("/token")
async def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends()]):
    if not hmac.compare_digest(KEPT.get(form.username, ""), digest(form.password)):
        raise HTTPException(400, "Wrong name or password.")
    token = serializer.dumps([form.username, form.scopes])
    return {"access_token": token, "token_type": "bearer"}


def current(wanted: SecurityScopes, token: Annotated[str, Depends(scheme)]):
    challenge = f'Bearer scope="{wanted.scope_str}"' if wanted.scopes else "Bearer"
    try:
        name, scopes = serializer.loads(token)
    except BadSignature:
        raise HTTPException(401, "Forged.", {"WWW-Authenticate": challenge}) from None
    if set(wanted.scopes) - set(scopes):
        raise HTTPException(401, "Not allowed.", {"WWW-Authenticate": challenge})
    return name


Reader = Annotated[str, Security(current, scopes=["read"])]


@app.get("/things")
async def things(name: Reader):
    return {"of": name}


@app.post("/things")
async def add(name: Annotated[str, Security(current, scopes=["read", "write"])]):
    return {"by": name}


def bearer(*scopes):
    token = serializer.dumps(["ann", scopes])
    return {"headers": {"Authorization": f"Bearer {token}"}}


FORM = {"username": "ann", "password": "correct horse", "scope": "read write"}
ASK = [
    (200, "POST", "/token", {"data": FORM}),
    (200, "POST", "/token", {"data": FORM | {"grant_type": "password"}}),
    (422, "POST", "/token", {"data": FORM | {"grant_type": "code"}}),
    (400, "POST", "/token", {"data": FORM | {"password": "wrong"}}),
    (200, "GET", "/things", bearer("read")),
    (401, "GET", "/things", bearer()),
    (401, "POST", "/things", bearer("read")),
    (200, "POST", "/things", bearer("read", "write")),
    (401, "GET", "/things", {"headers": {"Authorization": "Bearer x.y"}}),
    (401, "GET", "/things"),
]
