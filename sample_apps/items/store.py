"""What is asked of the database; knows nothing of requests."""

from __future__ import annotations

import sqlite3
from typing import Any

from sample_apps.items.database import Session
from sample_apps.items.schemas import Account, Item, NewItem, Paging

__all__ = [
    "NameTaken",
    "account",
    "add_account",
    "add_item",
    "change_item",
    "delete_item",
    "image",
    "item",
    "items",
    "password_of",
    "set_image",
]


class NameTaken(Exception):
    """There is an account of that name."""


def add_account(session: Session, name: str, password: str) -> Account:
    """A new account; ``password`` is what to keep of it. Raises NameTaken."""
    statement = "insert into accounts (name, password) values (?, ?)"
    try:
        id = session.execute(statement, (name, password)).lastrowid
    except sqlite3.IntegrityError:
        raise NameTaken(f"The name {name!r} is taken.") from None
    return Account(id=id or 0, name=name)


def account(session: Session, id: int) -> Account | None:
    found = _first(session, "select id, name from accounts where id = ?", id)
    return Account(**found) if found else None


def password_of(session: Session, name: str) -> tuple[int, str]:
    """``(id, what is kept of the password)``, or ``(0, "")`` for nobody."""
    found = _first(session, "select id, password from accounts where name = ?", name)
    return (found["id"], found["password"]) if found else (0, "")


ITEMS = """
select items.id, accounts.name as owner, items.name, price, description,
    exists (select 1 from images where item = items.id) as has_image
from items join accounts on accounts.id = items.owner
"""


def items(session: Session, paging: Paging) -> tuple[list[Item], int]:
    """The items of the page, and how many there are in all."""
    wanted = "where instr(lower(items.name), lower(?))" if paging.q else "where ? = ''"
    count = f"select count(*) as total from items {wanted}"
    total = session.execute(count, [paging.q]).fetchone()["total"]
    page = f"{ITEMS} {wanted} order by items.id limit ? offset ?"
    rows = session.execute(page, (paging.q, paging.limit, paging.offset))
    return [Item(**row) for row in rows], total


def item(session: Session, id: int) -> Item | None:
    found = _first(session, f"{ITEMS} where items.id = ?", id)
    return Item(**found) if found else None


def add_item(session: Session, owner: Account, new: NewItem) -> Item:
    statement = (
        "insert into items (owner, name, price, description) values (?, ?, ?, ?)"
    )
    values = (owner.id, new.name, new.price, new.description)
    id = session.execute(statement, values).lastrowid
    return Item(id=id or 0, owner=owner.name, has_image=False, **new.model_dump())


def change_item(session: Session, item: Item, changes: dict[str, Any]) -> Item:
    """The item with these fields changed."""
    changed = item.model_copy(update=changes)
    session.execute(
        "update items set name = ?, price = ?, description = ? where id = ?",
        (changed.name, changed.price, changed.description, item.id),
    )
    return changed


def delete_item(session: Session, item: Item) -> None:
    session.execute("delete from items where id = ?", [item.id])


def set_image(session: Session, item: Item, kind: str, content: bytes) -> None:
    statement = "insert or replace into images (item, kind, content) values (?, ?, ?)"
    session.execute(statement, (item.id, kind, content))


def image(session: Session, item: Item) -> tuple[str, bytes] | None:
    """``(media type, content)``."""
    found = _first(session, "select kind, content from images where item = ?", item.id)
    return (found["kind"], found["content"]) if found else None


def _first(session: Session, query: str, value: Any) -> sqlite3.Row | None:
    found: sqlite3.Row | None = session.execute(query, [value]).fetchone()
    return found
