"""Accounts: register, log in, and who one is."""

from __future__ import annotations

from typing import Annotated

from fwtrace.frameworks.fastapi import APIRouter, Depends, HTTPException, status
from fwtrace.frameworks.fastapi.security import OAuth2PasswordRequestForm
from sample_apps.items import store
from sample_apps.items.needs import (
    CurrentAccount,
    CurrentSession,
    CurrentSettings,
    problems,
)
from sample_apps.items.schemas import Account, NewAccount, Token
from sample_apps.items.tokens import write_token
from sample_apps.passwords import hash_password, verify_password

__all__ = ["router"]

router = APIRouter(tags=["accounts"])

# Compared where nobody has the name: that takes as long as for somebody.
NOBODY = hash_password("nobody's")


@router.post("/accounts", status_code=201, responses=problems(409))
def register(new: NewAccount, session: CurrentSession) -> Account:
    try:
        return store.add_account(session, new.name, hash_password(new.password))
    except store.NameTaken as error:
        raise HTTPException(status.HTTP_409_CONFLICT, str(error)) from None


@router.post("/token", responses=problems(401))
def log_in(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    settings: CurrentSettings,
    session: CurrentSession,
) -> Token:
    id, kept = store.password_of(session, form.username)
    if not verify_password(form.password, kept or NOBODY) or not id:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED,
            "Nobody has that name and password.",
            {"WWW-Authenticate": "Bearer"},
        )
    return Token(access_token=write_token(settings, id))


@router.get("/me", responses=problems(401))
def me(account: CurrentAccount) -> Account:
    return account
