"""Endpoints that yield: server-sent events, lines of JSON and raw streams."""

import asyncio
import json
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Iterator,
)
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ValidationError

pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx. with")


class Item(BaseModel):
    name: str
    price: float | None = None


@pytest.fixture
def sse(part):
    return part("sse")


@pytest.fixture
def stream(app, client, sse):
    """The body of an endpoint that yields these items as events."""

    def send(*items: Any) -> str:
        @app.get("/", response_class=sse.EventSourceResponse)
        async def index():
            for item in items:
                yield item

        return client.get("/").text

    return send


# One event


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "\n"),
        ({"data_str": "hello"}, "data: hello\n\n"),
        ({"data_str": ""}, "data: \n\n"),
        ({"data_str": "a\nb"}, "data: a\ndata: b\n\n"),
        ({"data_str": "a\r\nb\rc"}, "data: a\ndata: b\ndata: c\n\n"),
        ({"data_str": "a\n"}, "data: a\ndata: \n\n"),
        ({"data_str": "a\u2028b"}, "data: a\u2028b\n\n"),
        ({"event": "news"}, "event: news\n\n"),
        ({"id": "7"}, "id: 7\n\n"),
        ({"id": ""}, "id: \n\n"),
        ({"retry": 0}, "retry: 0\n\n"),
        ({"comment": "ping"}, ": ping\n\n"),
        ({"comment": "a\nb"}, ": a\n: b\n\n"),
        (
            {"data_str": "d", "event": "e", "id": "i", "retry": 5, "comment": "c"},
            ": c\nevent: e\ndata: d\nid: i\nretry: 5\n\n",
        ),
    ],
)
def test_format_sse_event(sse, fields, expected):
    assert sse.format_sse_event(**fields) == expected.encode()


def test_format_sse_event_takes_keywords_only(sse):
    with pytest.raises(TypeError):
        sse.format_sse_event("data")


def test_a_server_sent_event_is_a_model_of_optional_fields(sse):
    event = sse.ServerSentEvent()
    assert event.model_dump() == {
        "data": None,
        "raw_data": None,
        "event": None,
        "id": None,
        "retry": None,
        "comment": None,
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"event": "a\nb"}, "SSE 'event' must be a single line"),
        ({"event": "a\r"}, "SSE 'event' must be a single line"),
        ({"id": "a\nb"}, "SSE 'id' must be a single line"),
        ({"id": "a\0b"}, "SSE 'id' must not contain null characters"),
        ({"retry": -1}, "greater than or equal to 0"),
        ({"retry": "soon"}, "valid integer"),
        ({"data": 1, "raw_data": "x"}, "Cannot set both 'data' and 'raw_data'"),
    ],
)
def test_invalid_events(sse, fields, message):
    with pytest.raises(ValidationError, match=message):
        sse.ServerSentEvent(**fields)


def test_the_response_class_is_in_two_modules(part, sse):
    assert part("responses").EventSourceResponse is sse.EventSourceResponse
    assert sse.EventSourceResponse.media_type == "text/event-stream"


# Endpoints that yield events


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("text", 'data: "text"\n\n'),
        (5, "data: 5\n\n"),
        (None, "data: null\n\n"),
        ({"a": [1, None]}, 'data: {"a": [1, null]}\n\n'),
        (Item(name="pen"), 'data: {"name": "pen", "price": null}\n\n'),
        ({"x": float("nan")}, 'data: {"x": null}\n\n'),
        ("é", 'data: "\\u00e9"\n\n'),
        ("a\nb", 'data: "a\\nb"\n\n'),
    ],
)
def test_plain_items_are_json_in_the_data_field(stream, item, expected):
    assert stream(item) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "\n"),
        ({"data": "text"}, 'data: "text"\n\n'),
        ({"data": {"a": 1}, "event": "e"}, 'event: e\ndata: {"a": 1}\n\n'),
        ({"data": Item(name="pen")}, 'data: {"name":"pen","price":null}\n\n'),
        ({"data": 0}, "data: 0\n\n"),
        ({"raw_data": "<p>\n</p>"}, "data: <p>\ndata: </p>\n\n"),
        ({"comment": "hi", "retry": 9, "id": "1"}, ": hi\nid: 1\nretry: 9\n\n"),
    ],
)
def test_events_are_sent_as_they_are(sse, stream, fields, expected):
    assert stream(sse.ServerSentEvent(**fields)) == expected


def test_items_and_events_can_be_mixed(sse, stream):
    body = stream(1, sse.ServerSentEvent(raw_data="two", id="2"), {"n": 3})
    assert body == 'data: 1\n\ndata: two\nid: 2\n\ndata: {"n": 3}\n\n'


def test_no_events(stream):
    assert stream() == ""


def test_headers_of_an_event_stream(app, client, sse):
    @app.get("/", response_class=sse.EventSourceResponse)
    async def index():
        yield 1

    response = client.get("/")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Accel-Buffering"] == "no"


@pytest.mark.parametrize("method", ["get", "post", "put"])
def test_generators_need_not_be_async_nor_get(app, client, sse, method):
    @getattr(app, method)("/", response_class=sse.EventSourceResponse)
    def index(n: int = 2):
        yield from range(n)

    assert client.request(method, "/?n=3").text == "data: 0\n\ndata: 1\n\ndata: 2\n\n"


def test_the_annotation_is_the_model_of_the_items(app, client, sse):
    @app.get("/", response_class=sse.EventSourceResponse)
    async def index() -> AsyncIterable[Item]:
        yield {"name": "pen", "price": "2.5", "extra": 1}
        yield sse.ServerSentEvent(data={"other": True})

    lines = client.get("/").text.split("\n\n")
    assert lines == [
        'data: {"name":"pen","price":2.5}',
        'data: {"other": true}',
        "",
    ]


def test_an_endpoint_may_return_the_response_itself(app, client, sse):
    @app.get("/")
    def index():
        return sse.EventSourceResponse(iter([b"data: own\n\n"]), status_code=202)

    response = client.get("/")
    assert (response.status_code, response.text) == (202, "data: own\n\n")
    assert response.headers["Content-Type"].startswith("text/event-stream")


def test_parameters_are_validated_before_the_stream_starts(fastapi, app, client, sse):
    @app.get("/", response_class=sse.EventSourceResponse)
    async def index(n: int, last_event_id: Annotated[int, fastapi.Header()] = 0):
        for number in range(last_event_id, n):
            yield number

    headers = {"Last-Event-ID": "1"}
    assert client.get("/?n=3", headers=headers).text == "data: 1\n\ndata: 2\n\n"
    response = client.get("/")
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", "n"]


def test_dependencies_outlive_the_stream(fastapi, app, client, sse):
    log = []

    def session(response: fastapi.Response):
        response.headers["X-Session"] = "1"
        yield "value"
        log.append("closed")

    @app.get("/", response_class=sse.EventSourceResponse)
    async def index(
        value: Annotated[str, fastapi.Depends(session)], tasks: fastapi.BackgroundTasks
    ):
        tasks.add_task(log.append, "task")
        yield value
        log.append("streamed")

    response = client.get("/")
    assert response.text == 'data: "value"\n\n'
    assert response.headers["X-Session"] == "1"
    assert log == ["streamed", "task", "closed"]


def test_events_in_an_included_router(fastapi, app, client, sse):
    router = fastapi.APIRouter(default_response_class=sse.EventSourceResponse)

    @router.get("/events", response_class=sse.EventSourceResponse, status_code=206)
    async def index():
        yield 1

    app.include_router(router, prefix="/in")
    response = client.get("/in/events")
    assert (response.status_code, response.text) == (206, "data: 1\n\n")


def test_events_in_the_schema(app, sse):
    @app.get("/", response_class=sse.EventSourceResponse)
    async def index() -> AsyncIterable[Item]:
        yield

    schema = app.openapi()
    content = schema["paths"]["/"]["get"]["responses"]["200"]["content"]
    assert content == {
        "text/event-stream": {
            "itemSchema": {
                "type": "object",
                "properties": {
                    "data": {
                        "type": "string",
                        "contentMediaType": "application/json",
                        "contentSchema": {"$ref": "#/components/schemas/Item"},
                    },
                    "event": {"type": "string"},
                    "id": {"type": "string"},
                    "retry": {"type": "integer", "minimum": 0},
                },
                "required": ["data"],
            }
        }
    }
    assert "Item" in schema["components"]["schemas"]


# Lines of JSON


def test_a_generator_without_a_response_class_sends_lines_of_json(app, client):
    @app.get("/")
    async def index():
        yield {"a": 1}
        yield Item(name="pen")
        yield None

    response = client.get("/")
    assert response.headers["Content-Type"] == "application/jsonl"
    assert response.text == '{"a": 1}\n{"name": "pen", "price": null}\nnull\n'


@pytest.mark.parametrize(
    "annotation",
    [
        AsyncIterable[Item],
        AsyncIterator[Item],
        AsyncGenerator[Item, None],
    ],
)
def test_the_items_of_async_generators_have_a_model(app, client, annotation):
    @app.get("/")
    async def index() -> annotation:
        yield {"name": "pen", "extra": 1}

    assert client.get("/").text == '{"name":"pen","price":null}\n'


@pytest.mark.parametrize(
    "annotation", [Iterable[Item], Iterator[Item], Generator[Item, None, None]]
)
def test_the_items_of_generators_have_a_model(app, client, annotation):
    @app.get("/", response_model_exclude_none=True)
    def index() -> annotation:
        yield {"name": "pen", "extra": 1}
        yield Item(name="ink", price=1)

    lines = client.get("/").text.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"name": "pen"},
        {"name": "ink", "price": 1.0},
    ]


def test_an_item_that_does_not_fit_breaks_the_stream(part, app, client):
    @app.get("/")
    def index() -> Iterable[Item]:
        yield {"title": "pen"}

    kind = part("exceptions").ResponseValidationError
    with pytest.raises(kind) as error:
        client.get("/")
    assert error.value.errors()[0]["loc"] == ("response", "name")


def test_lines_in_the_schema(app):
    @app.get("/", status_code=201)
    def index() -> Iterable[Item]:
        yield

    content = app.openapi()["paths"]["/"]["get"]["responses"]["201"]["content"]
    assert content == {
        "application/jsonl": {"itemSchema": {"$ref": "#/components/schemas/Item"}}
    }


# Raw streams


def test_a_generator_with_another_streaming_class_sends_what_it_yields(
    part, app, client
):
    class Csv(part("responses").StreamingResponse):
        media_type = "text/csv"

    @app.get("/async", response_class=Csv)
    async def is_async():
        yield "a,b\n"
        yield b"1,2\n"

    @app.get("/sync", response_class=Csv, status_code=203)
    def sync():
        yield "a,b\n"

    response = client.get("/async")
    assert response.text == "a,b\n1,2\n"
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    response = client.get("/sync")
    assert (response.status_code, response.text) == (203, "a,b\n")


@pytest.mark.parametrize("is_async", [True, False])
def test_a_streaming_response_of_json_lines(part, app, client, is_async):
    def sync_lines():
        for n in range(3):
            yield json.dumps({"n": n}) + "\n"

    async def async_lines():
        for line in sync_lines():
            yield line

    @app.get("/")
    def index():
        lines = async_lines() if is_async else sync_lines()
        return part("responses").StreamingResponse(
            lines, media_type="application/x-ndjson"
        )

    with client.stream("GET", "/") as response:
        found = [json.loads(line) for line in response.iter_lines()]
    assert found == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert response.headers["Content-Type"] == "application/x-ndjson"


def test_silence_is_filled_with_pings(fastapi, part, app, client, monkeypatch):
    is_clone = fastapi.__name__ != "fastapi"
    name = "sse.PING_INTERVAL" if is_clone else "routing._PING_INTERVAL"
    monkeypatch.setattr(f"{fastapi.__name__}.{name}", 0.05)

    @app.get("/", response_class=part("sse").EventSourceResponse)
    async def events():
        yield 1
        for _ in range(20):
            await asyncio.sleep(0.01)
        yield 2

    first, *pings, last, end = client.get("/").text.split("\n\n")
    assert (first, last, end) == ("data: 1", "data: 2", "")
    assert set(pings) == {": ping"}
