"""The items API: accounts, items, pictures, announcements; on both FastAPIs."""

import asyncio
import json
import sys
from importlib import import_module
from unittest import mock

import pytest

from sample_apps.items import main
from sample_apps.items.database import create_tables, session
from sample_apps.items.feed import Feed
from sample_apps.items.settings import Settings
from sample_apps.items.tokens import read_token, write_token
from sample_apps.passwords import hash_password, verify_password

pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx. with")

CLONE = "fwtrace.frameworks.fastapi"
PARTS = (
    "",
    ".exceptions",
    ".requests",
    ".security",
    ".sse",
    ".testclient",
    ".websockets",
)
LAMP = {"name": "Lamp", "price": 9.5, "description": "Green"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture(
    scope="module", params=["clone", pytest.param("original", marks=pytest.mark.oracle)]
)
def framework(request):
    return CLONE if request.param == "clone" else "fastapi"


@pytest.fixture(scope="module")
def create_app(framework):
    """The sample's own; for the original its modules are loaded a second time."""
    if framework == CLONE:
        return main.create_app
    theirs = {CLONE + part: import_module(framework + part) for part in PARTS}
    with mock.patch.dict(sys.modules, theirs):
        for name in [name for name in sys.modules if name.startswith(main.__package__)]:
            del sys.modules[name]
        return import_module(main.__name__).create_app


@pytest.fixture
def settings(tmp_path):
    return Settings(database=str(tmp_path / "items.sqlite3"), secret_key="test")


@pytest.fixture
def app(create_app, settings):
    return create_app(settings)


@pytest.fixture
def client(app, framework):
    make = import_module(f"{framework}.testclient").TestClient
    with make(app) as client:
        yield client


def log_in(client, name):
    """Headers with the token of an account, which is made where there is none."""
    client.post("/accounts", json={"name": name, "password": "correct horse"})
    form = {"username": name, "password": "correct horse"}
    token = client.post("/token", data=form).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def ann(client):
    return log_in(client, "Ann")


@pytest.fixture
def lamp(client, ann):
    """The address of an item of Ann's."""
    return client.post("/items", json=LAMP, headers=ann).headers["location"]


# Accounts and tokens


def test_registered_account_has_a_token_that_says_who_it_is(client):
    account = {"name": "Ann", "password": "correct horse"}
    made = client.post("/accounts", json=account)
    assert (made.status_code, made.json()) == (201, {"id": 1, "name": "Ann"})
    assert client.get("/me", headers=log_in(client, "Ann")).json() == made.json()


def test_name_is_taken_once(client, ann):
    again = client.post("/accounts", json={"name": "Ann", "password": "12345678"})
    assert again.status_code == 409
    assert again.json() == {"detail": "The name 'Ann' is taken."}


def test_password_is_kept_as_a_hash_only(client, ann, settings):
    with session(settings.database) as connection:
        (kept,) = connection.execute("select password from accounts").fetchone()
    assert "correct horse" not in kept
    assert verify_password("correct horse", kept)
    assert kept != hash_password("correct horse")


@pytest.mark.parametrize("account", [{}, {"name": "", "password": "1234567"}])
def test_registration_names_each_wrong_field(client, account):
    response = client.post("/accounts", json=account)
    assert response.status_code == 422
    where = [error["loc"] for error in response.json()["detail"]]
    assert where == [["body", "name"], ["body", "password"]]


@pytest.mark.parametrize("name", ["Ann", "Nobody"])
def test_wrong_name_or_password_is_401(client, ann, name):
    response = client.post("/token", data={"username": name, "password": "wrong"})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json() == {"detail": "Nobody has that name and password."}


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x.y.z", "Basic QQ=="])
def test_without_a_valid_token_it_is_401(client, header):
    headers = {"Authorization": header} if header else {}
    response = client.get("/me", headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_token_of_a_deleted_account_is_401(client, ann, settings):
    with session(settings.database) as connection:
        connection.execute("delete from accounts")
    assert client.get("/me", headers=ann).status_code == 401


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(secret_key="a"), 7),
        (Settings(secret_key="b"), None),
        (Settings(secret_key="a", token_age=-1), None),
    ],
)
def test_token_is_read_by_its_key_and_in_its_time(settings, expected):
    token = write_token(Settings(secret_key="a"), 7)
    assert read_token(settings, token) == expected
    assert read_token(settings, token + "x") is None


# Items


def test_offered_item_is_there_for_all(client, ann):
    response = client.post("/items", json=LAMP, headers=ann)
    assert response.status_code == 201
    assert response.headers["location"] == "http://testserver/items/1"
    assert response.json() == {"id": 1, "owner": "Ann", **LAMP, "has_image": False}
    assert client.get("/items/1").json() == response.json()


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": -1},
        {"price": "much"},
        {"price": 1e9},
        {"name": ""},
        {"name": None},
        {"name": "x" * 101},
        {"owner": "Bob"},
    ],
)
def test_offer_of_a_wrong_item_is_422(client, ann, wrong):
    response = client.post("/items", json=LAMP | wrong, headers=ann)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", *wrong]


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "Lamp", "price": NaN}',
        b'{"name": "Lamp", "price": 1e999}',
        b'{"name": "\\ud800", "price": 1}',
        b'{"name": "Lamp", "price": 1, "\\ud800": 1}',
    ],
)
def test_offer_that_could_not_be_repeated_is_422(client, ann, body):
    headers = ann | {"Content-Type": "application/json"}
    response = client.post("/items", content=body, headers=headers)
    assert response.status_code == 422
    assert len(response.json()["detail"]) == 1


def test_wrong_password_is_not_sent_back(client):
    account = {"name": "Ann", "password": "hunter2"}
    response = client.post("/accounts", json=account)
    assert response.status_code == 422
    assert "hunter2" not in response.text


@pytest.mark.parametrize(("id", "status"), [("2", 404), ("0", 422), (2**63, 422)])
def test_item_that_is_not_there(client, id, status):
    assert client.get(f"/items/{id}").status_code == status


def test_change_leaves_the_rest(client, ann, lamp):
    changed = client.patch(lamp, json={"price": 8}, headers=ann).json()
    assert changed == {**client.get(lamp).json(), "price": 8.0}
    cleared = client.patch(lamp, json={"description": None}, headers=ann).json()
    assert (cleared["description"], cleared["price"]) == (None, 8.0)


def test_item_taken_back_is_gone_with_its_image(client, ann, lamp):
    client.put(f"{lamp}/image", files={"file": ("a.png", PNG)}, headers=ann)
    response = client.delete(lamp, headers=ann)
    assert (response.status_code, response.content) == (204, b"")
    assert client.get(lamp).status_code == 404
    assert client.get(f"{lamp}/image").status_code == 404


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_item_of_another_is_not_to_be_changed(client, lamp, method):
    bob = log_in(client, "Bob")
    response = client.request(method, lamp, headers=bob, json={})
    assert response.status_code == 403
    assert response.json() == {"detail": "Item 1 is not yours."}


def test_list_comes_in_pages_that_lead_on(client, ann):
    for number in range(5):
        offer = {"name": f"Lamp {number}", "price": number}
        client.post("/items", json=offer, headers=ann)
    page = client.get("/items", params={"limit": 2, "q": "lamp"}).json()
    seen = [item["id"] for item in page["items"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        seen += [item["id"] for item in page["items"]]
    assert (seen, page["total"]) == ([1, 2, 3, 4, 5], 5)


@pytest.mark.parametrize(
    ("query", "total"), [("?q=lamp", 1), ("?q=%25", 0), ("", 1), ("?offset=9", 1)]
)
def test_list_searches_by_name(client, lamp, query, total):
    assert client.get(f"/items{query}").json()["total"] == total


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "offset=-1", "limit=x"])
def test_list_refuses_pages_that_cannot_be(client, query):
    assert client.get(f"/items?{query}").status_code == 422


# Images


def test_image_is_shown_as_it_came(client, ann, lamp):
    assert client.get(f"{lamp}/image").status_code == 404
    file = ("a.png", PNG, "image/png")
    response = client.put(f"{lamp}/image", files={"file": file}, headers=ann)
    assert response.status_code == 204
    shown = client.get(f"{lamp}/image")
    assert (shown.headers["content-type"], shown.content) == ("image/png", PNG)
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get(lamp).json()["has_image"]


@pytest.mark.parametrize(
    ("file", "status"),
    [
        (("a.html", b"<p>", "text/html"), 415),
        (("a.png", bytes(1024 * 1024 + 1), "image/png"), 413),
    ],
)
def test_image_of_a_wrong_kind_or_size_is_refused(client, ann, lamp, file, status):
    response = client.put(f"{lamp}/image", files={"file": file}, headers=ann)
    assert response.status_code == status


def test_image_is_missing(client, ann, lamp):
    response = client.put(f"{lamp}/image", headers=ann)
    assert response.status_code == 422


# What stays open


def test_echo_answers_by_name(client, ann):
    token = ann["Authorization"].removeprefix("Bearer ")
    with client.websocket_connect(f"/echo?token={token}") as websocket:
        websocket.send_text("hello")
        assert websocket.receive_text() == "Ann: hello"
        websocket.send_text("ä ❤")
        assert websocket.receive_text() == "Ann: ä ❤"


@pytest.mark.parametrize("query", ["", "?token=forged"])
def test_echo_is_for_those_with_a_token(client, framework, query):
    closed = import_module(f"{framework}.websockets").WebSocketDisconnect
    with pytest.raises(closed) as refused, client.websocket_connect(f"/echo{query}"):
        pass
    assert refused.value.code == 1008


def listen(app, last_event_id, count):
    """The first so many events after that one, as ``(event, id, data)``."""

    async def run():
        heard, enough = [], asyncio.Event()
        messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive():
            for message in messages:
                return message
            await enough.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            heard.append(message.get("body", b""))
            if b"".join(heard).count(b"\n\n") >= count:
                enough.set()

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/events",
            "raw_path": b"/events",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"last-event-id", str(last_event_id).encode())],
        }
        async with app.router.lifespan_context(app):
            feed = app.state.feed
            listening = asyncio.create_task(app(scope, receive, send))
            for number in (1, 2, 3):
                await asyncio.sleep(0)
                await feed.announce("offered", number)
            await asyncio.wait_for(listening, 5)
        return b"".join(heard).decode()

    events = asyncio.run(run()).strip().split("\n\n")
    lines = (dict(line.split(": ", 1) for line in e.splitlines()) for e in events)
    return [(each["event"], each["id"], json.loads(each["data"])) for each in lines]


@pytest.mark.parametrize("last", [0, 1])
def test_events_are_those_after_the_last_one_seen(app, last):
    expected = [("offered", str(n), {"item": n}) for n in (1, 2, 3) if n > last]
    assert listen(app, last, 3 - last) == expected


def test_offer_is_announced_once_the_answer_is_out(app, client, ann, lamp):
    assert app.state.feed.count == 1
    client.delete(lamp, headers=ann)
    assert app.state.feed.count == 2


def test_feed_keeps_the_newest_only():
    async def run():
        feed = Feed(kept=2)
        for item in (7, 8, 9):
            await feed.announce("offered", item)
        announcements = feed.after(0)
        return [(await anext(announcements)).item for _ in range(2)]

    assert asyncio.run(run()) == [8, 9]


# The database


def test_session_undoes_what_an_error_leaves(settings):
    create_tables(settings.database)
    insert = "insert into accounts (name, password) values ('Ann', '')"

    def fail():
        with session(settings.database) as connection:
            connection.execute(insert)
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        fail()
    with session(settings.database) as connection:
        assert connection.execute("select * from accounts").fetchall() == []


def test_temporary_database_goes_with_the_server(create_app, framework):
    app = create_app(Settings(database=""))
    make = import_module(f"{framework}.testclient").TestClient
    with make(app) as client:
        assert client.get("/items").json() == {"items": [], "total": 0, "next": None}
        file = app.state.database
    with pytest.raises(OSError, match="No such file"):
        open(file)


def test_both_frameworks_describe_it_alike(create_app):
    assert create_app().openapi() == main.app.openapi()
