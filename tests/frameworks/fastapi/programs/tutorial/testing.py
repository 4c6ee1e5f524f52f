"""Testing: a client, dependencies that are replaced, WebSockets, the lifespan."""

from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, WebSocket
from fastapi.testclient import TestClient

STORE: dict[str, str] = {}


@asynccontextmanager
async def lifespan(app: FastAPI):
    STORE["key"] = "open"
    yield
    STORE.clear()


app = FastAPI(lifespan=lifespan)


async def paging(limit: int = 100):
    return limit


@app.get("/items/{key}")
async def item(
    key: str, limit: Annotated[int, Depends(paging)], x_token: str = Header()
):
    if x_token != "sesame":
        raise HTTPException(400, "Invalid X-Token.")
    return {"value": STORE.get(key), "limit": limit}


@app.websocket("/ws")
async def ws(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_json({"is": "open"})
    await websocket.close()


def test_item():
    with TestClient(app) as client:
        response = client.get("/items/key", headers={"X-Token": "sesame"})
        assert response.status_code == 200
        assert response.json() == {"value": "open", "limit": 100}
    assert STORE == {}


def test_wrong_token():
    response = TestClient(app).get("/items/key", headers={"X-Token": "no"})
    assert response.status_code == 400
    assert response.json() == {"detail": "Invalid X-Token."}


def test_overridden():
    app.dependency_overrides[paging] = lambda: 3
    client = TestClient(app, headers={"X-Token": "sesame"})
    assert client.get("/items/key").json() == {"value": None, "limit": 3}
    app.dependency_overrides = {}


def test_websocket():
    with TestClient(app).websocket_connect("/ws") as websocket:
        assert websocket.receive_json() == {"is": "open"}


for test in (test_item, test_wrong_token, test_overridden, test_websocket):
    test()

ASK = [(200, "GET", "/items/key", {"headers": {"X-Token": "sesame"}})]
