"""SQL databases: a session for each request, models in and out, pages."""

import sqlite3
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel

database = sqlite3.connect(":memory:", check_same_thread=False)
database.row_factory = sqlite3.Row


@asynccontextmanager
async def lifespan(app: FastAPI):
    database.execute("create table heroes (id integer primary key, name, age, secret)")
    yield
    database.close()


def get_session():
    with database:
        yield database


Session = Annotated[sqlite3.Connection, Depends(get_session)]
app = FastAPI(lifespan=lifespan)


class HeroBase(BaseModel):
    name: str
    age: int | None = None


class HeroCreate(HeroBase):
    secret: str


class HeroPublic(HeroBase):
    id: int


class HeroUpdate(BaseModel):
    name: str | None = None
    age: int | None = None


def find(number: int, session: Session):
    query = "select * from heroes where id = ?"
    if row := session.execute(query, [number]).fetchone():
        return dict(row)
    raise HTTPException(status_code=404, detail="No such hero")


Found = Annotated[dict, Depends(find)]


@app.post("/heroes", response_model=HeroPublic)
def create(hero: HeroCreate, session: Session):
    insert = "insert into heroes (name, age, secret) values (:name, :age, :secret)"
    number = session.execute(insert, hero.model_dump()).lastrowid
    return {"id": number, **hero.model_dump()}


@app.get("/heroes", response_model=list[HeroPublic])
def heroes(
    session: Session, offset: int = 0, limit: Annotated[int, Query(le=100)] = 100
):
    page = session.execute("select * from heroes limit ? offset ?", (limit, offset))
    return [dict(row) for row in page]


@app.get("/heroes/{number}", response_model=HeroPublic)
def hero(found: Found):
    return found


@app.patch("/heroes/{number}", response_model=HeroPublic)
def update(found: Found, change: HeroUpdate, session: Session):
    changed = {**found, **change.model_dump(exclude_unset=True)}
    session.execute("update heroes set name=:name, age=:age where id=:id", changed)
    return changed


@app.delete("/heroes/{number}")
def delete(found: Found, session: Session):
    session.execute("delete from heroes where id = ?", [found["id"]])
    return {"ok": True}


ASK = [
    (200, "POST", "/heroes", {"json": {"name": "Ann", "secret": "x"}}),
    (200, "POST", "/heroes", {"json": {"name": "Bob", "age": 3, "secret": "y"}}),
    (422, "POST", "/heroes", {"json": {"name": "Cid"}}),
    (200, "GET", "/heroes"),
    (200, "GET", "/heroes?offset=1&limit=1"),
    (422, "GET", "/heroes?limit=101"),
    (200, "PATCH", "/heroes/2", {"json": {"age": 4}}),
    (200, "GET", "/heroes/2"),
    (200, "DELETE", "/heroes/2"),
    (404, "GET", "/heroes/2"),
]
