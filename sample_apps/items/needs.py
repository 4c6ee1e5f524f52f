"""What the path operations need, each as a type that they write in their signature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fwtrace.frameworks.fastapi import (
    Depends,
    HTTPException,
    Path,
    Query,
    WebSocketException,
    status,
)
from fwtrace.frameworks.fastapi.requests import HTTPConnection
from fwtrace.frameworks.fastapi.security import OAuth2PasswordBearer
from sample_apps.items import database, store
from sample_apps.items.database import Session
from sample_apps.items.feed import Feed
from sample_apps.items.schemas import LARGEST_ID, Account, Item, Problem
from sample_apps.items.settings import Settings
from sample_apps.items.tokens import read_token

__all__ = [
    "CurrentAccount",
    "CurrentFeed",
    "CurrentSession",
    "CurrentSettings",
    "ListeningAccount",
    "OwnItem",
    "WantedItem",
    "problems",
]


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of an operation that may answer these errors."""
    return {code: {"model": Problem} for code in codes}


def get_settings(connection: HTTPConnection) -> Settings:
    settings: Settings = connection.app.state.settings
    return settings


def get_feed(connection: HTTPConnection) -> Feed:
    feed: Feed = connection.app.state.feed
    return feed


def get_session(connection: HTTPConnection) -> Iterator[Session]:
    with database.session(connection.app.state.database) as session:
        yield session


CurrentSettings = Annotated[Settings, Depends(get_settings)]
CurrentFeed = Annotated[Feed, Depends(get_feed)]
# Of the scope "function": what was changed is there before the client hears of it.
CurrentSession = Annotated[Session, Depends(get_session, scope="function")]

bearer = OAuth2PasswordBearer(tokenUrl="token")


def get_account(
    token: Annotated[str, Depends(bearer)],
    settings: CurrentSettings,
    session: CurrentSession,
) -> Account:
    """Who the token is of; 401 where it is nobody's any more."""
    account = _account_of(token, settings, session)
    if account is None:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED,
            "The token is not valid. POST name and password to /token for another.",
            {"WWW-Authenticate": "Bearer"},
        )
    return account


def get_listening_account(
    settings: CurrentSettings, session: CurrentSession, token: Annotated[str, Query()]
) -> Account:
    """The same for a WebSocket: browsers cannot give one a header."""
    account = _account_of(token, settings, session)
    if account is None:
        raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "Not a valid token.")
    return account


def _account_of(token: str, settings: Settings, session: Session) -> Account | None:
    id = read_token(settings, token)
    return None if id is None else store.account(session, id)


CurrentAccount = Annotated[Account, Depends(get_account)]
ListeningAccount = Annotated[Account, Depends(get_listening_account)]


def get_item(
    id: Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[1])], session: CurrentSession
) -> Item:
    item = store.item(session, id)
    if item is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no item {id}.")
    return item


WantedItem = Annotated[Item, Depends(get_item)]


def get_own_item(account: CurrentAccount, item: WantedItem) -> Item:
    if item.owner != account.name:
        detail = f"Item {item.id} is not yours."
        raise HTTPException(status.HTTP_403_FORBIDDEN, detail)
    return item


OwnItem = Annotated[Item, Depends(get_own_item)]
