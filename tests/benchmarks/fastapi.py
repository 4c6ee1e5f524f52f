"""The FastAPI clone beside FastAPI, Starlette, Litestar, BlackSheep and a bare app.

All are driven in one event loop, by the same scope and messages, without a server.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel

from tests.benchmarks import startup
from tests.benchmarks.harness import Aim, Result, compare, show

CLONE, ORIGINAL = "clone", "fastapi"
ROOTS = {CLONE: "fwtrace.frameworks.fastapi", ORIGINAL: "fastapi"}
AIM = Aim(CLONE, ORIGINAL, 0.18)
AHEAD = (Aim(CLONE, "starlette", 1.0), Aim(CLONE, "litestar", 1.0))

App: TypeAlias = Callable[..., Awaitable[None]]


class Item(BaseModel):
    name: str
    price: float
    tags: list[str] = []


BODY = b'{"name": "a cup", "price": 4.5, "tags": ["kitchen", "blue"]}'


class Row(BaseModel):
    id: int
    name: str
    price: float


MODELS = [Row(id=n, name=f"name {n}", price=n / 4) for n in range(1000)]


def caller(
    loop: asyncio.AbstractEventLoop,
    app: App,
    target: str,
    method: str = "GET",
    body: bytes = b"",
) -> Callable[[], Any]:
    """One request to the app, without a server; its status is checked once."""
    path, _, query = target.partition("?")
    headers = [(b"host", b"localhost")]
    if body:
        headers += [(b"content-type", b"application/json")]
        headers += [(b"content-length", b"%d" % len(body))]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1234),
        "server": ("localhost", 80),
    }
    message = {"type": "http.request", "body": body, "more_body": False}
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return message

    async def check(sent: dict[str, Any]) -> None:
        if "status" in sent:
            statuses.append(sent["status"])

    async def send(sent: dict[str, Any]) -> None:
        pass

    async def many(count: int) -> None:
        for _ in range(count):
            await app({**scope}, receive, send)

    loop.run_until_complete(app({**scope}, receive, check))
    if statuses != [200]:
        raise AssertionError(f"{app!r} answers {statuses} to {method} {target}.")
    # Starting the loop costs as much as a request: so a batch of them at once.
    return lambda: loop.run_until_complete(many(BATCH))


BATCH = 50


# The apps.


def fastapi_app(fastapi: Any, routes: int = 0) -> App:
    app = fastapi.FastAPI(docs_url=None, redoc_url=None)
    responses = import_module(f"{fastapi.__name__}.responses")

    @app.get("/plain")
    async def plain() -> Any:
        return responses.PlainTextResponse("Hello, World!")

    @app.get("/typed/{number}")
    async def typed(number: int, size: int = 10, name: str | None = None) -> Any:
        return {"number": number, "size": size, "name": name}

    @app.post("/items")
    async def create(item: Item) -> Item:
        return item

    async def one(a: int = 1) -> int:
        return a

    async def two(x: Annotated[int, fastapi.Depends(one)]) -> int:
        return x + 1

    async def three(x: Annotated[int, fastapi.Depends(two)]) -> int:
        return x + 1

    async def four(x: Annotated[int, fastapi.Depends(three)]) -> int:
        return x + 1

    async def five(
        x: Annotated[int, fastapi.Depends(four)],
        y: Annotated[int, fastapi.Depends(one)],
    ) -> int:
        return x + y

    @app.get("/nested")
    async def nested(x: Annotated[int, fastapi.Depends(five)]) -> Any:
        return {"x": x}

    @app.get("/rows")
    async def rows() -> list[Row]:
        return MODELS

    @app.get("/sync")
    def in_thread() -> Any:
        return {"x": 1}

    for number in range(routes):
        app.get(f"/r{number}/{{x}}")(_answer)
    return app  # type: ignore[no-any-return]


async def _answer(x: int) -> Any:
    return {"x": x}


def starlette_app(routes: int = 0) -> App:
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import JSONResponse, PlainTextResponse, Response
    from starlette.routing import Route

    async def plain(request: Request) -> Response:
        return PlainTextResponse("Hello, World!")

    async def typed(request: Request) -> Response:
        query = request.query_params
        found = {"number": request.path_params["number"]}
        found |= {"size": int(query.get("size", 10)), "name": query.get("name")}
        return JSONResponse(found)

    async def create(request: Request) -> Response:
        item = Item.model_validate(await request.json())
        return JSONResponse(item.model_dump())

    async def rows(request: Request) -> Response:
        return JSONResponse([row.model_dump() for row in MODELS])

    async def answer(request: Request) -> Response:
        return JSONResponse({"x": request.path_params["x"]})

    def sync() -> Any:
        return {"x": 1}

    async def in_thread(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(sync))

    return Starlette(
        routes=[
            Route("/plain", plain),
            Route("/typed/{number:int}", typed),
            Route("/items", create, methods=["POST"]),
            Route("/rows", rows),
            Route("/sync", in_thread),
            *(Route(f"/r{number}/{{x:int}}", answer) for number in range(routes)),
        ]
    )


def litestar_app() -> App:
    from litestar import Litestar, MediaType, get, post
    from litestar.di import Provide

    @get("/plain", media_type=MediaType.TEXT)
    async def plain() -> str:
        return "Hello, World!"

    @get("/typed/{number:int}")
    async def typed(
        number: int, size: int = 10, name: str | None = None
    ) -> dict[str, Any]:
        return {"number": number, "size": size, "name": name}

    @post("/items", status_code=200)
    async def create(data: Item) -> Item:
        return data

    async def one(a: int = 1) -> int:
        return a

    async def two(one: int) -> int:
        return one + 1

    async def three(two: int) -> int:
        return two + 1

    async def four(three: int) -> int:
        return three + 1

    async def five(four: int, one: int) -> int:
        return four + one

    provided = {f.__name__: Provide(f) for f in (one, two, three, four, five)}

    @get("/nested", dependencies=provided)
    async def nested(five: int) -> dict[str, int]:
        return {"x": five}

    @get("/rows")
    async def rows() -> list[Row]:
        return MODELS

    @get("/sync", sync_to_thread=True)
    def in_thread() -> dict[str, int]:
        return {"x": 1}

    return Litestar(
        [plain, typed, create, nested, rows, in_thread], openapi_config=None
    )


def blacksheep_app(loop: asyncio.AbstractEventLoop) -> App:
    from blacksheep import Application, json, text

    app = Application()

    @app.router.get("/plain")
    async def plain() -> Any:
        return text("Hello, World!")

    @app.router.get("/typed/{number}")
    async def typed(number: int, size: int = 10, name: str | None = None) -> Any:
        return json({"number": number, "size": size, "name": name})

    @app.router.post("/items")
    async def create(item: Item) -> Any:
        return json(item.model_dump())

    @app.router.get("/rows")
    async def rows() -> Any:
        return json([row.model_dump() for row in MODELS])

    loop.run_until_complete(app.start())
    return app


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """What no framework can beat."""
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"13")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hello, World!"})


# What is measured.


def _compare(
    title: str,
    target: str,
    method: str = "GET",
    body: bytes = b"",
    *,
    others: tuple[str, ...] = ("starlette", "litestar", "blacksheep"),
    aims: tuple[Aim, ...] = (AIM, *AHEAD),
) -> Result:
    loop = asyncio.new_event_loop()
    apps: dict[str, App] = {
        name: fastapi_app(import_module(root)) for name, root in ROOTS.items()
    }
    if "starlette" in others:
        apps["starlette"] = starlette_app()
    if "litestar" in others:
        apps["litestar"] = litestar_app()
    if "blacksheep" in others:
        apps["blacksheep"] = blacksheep_app(loop)
    if "bare" in others:
        apps["bare ASGI"] = bare
    runs = {name: caller(loop, app, target, method, body) for name, app in apps.items()}
    found = compare(f"FastAPI: {title} (batches of {BATCH})", runs)
    loop.close()
    show(found, aims)
    return found


def plain() -> Result:
    others = ("starlette", "litestar", "blacksheep", "bare")
    return _compare("plain text", "/plain", others=others, aims=AHEAD)


def typed() -> Result:
    return _compare("typed path and query", "/typed/7?size=3&name=ann")


def body() -> Result:
    return _compare("a model in, a model out", "/items", "POST", BODY)


def nested() -> Result:
    aims = (AIM, Aim(CLONE, "litestar", 1.0))
    others = ("litestar",)
    return _compare("five nested dependencies", "/nested?a=3", others=others, aims=aims)


def rows() -> Result:
    return _compare("a list of 1,000 models", "/rows", aims=AHEAD)


def in_thread() -> Result:
    aims = (Aim(CLONE, ORIGINAL, 0.6), *AHEAD)
    others = ("starlette", "litestar")
    return _compare("a sync endpoint", "/sync", others=others, aims=aims)


def many_routes() -> Result:
    """The last of 1,000 routes, and of 10: routing should not show."""
    loop = asyncio.new_event_loop()
    runs = {}
    for name, root in ROOTS.items():
        for count in (10, 1000):
            app = fastapi_app(import_module(root), count)
            target = f"/r{count - 1}/7"
            runs[f"{name}, {count} routes"] = caller(loop, app, target)
    runs["starlette, 1000 routes"] = caller(loop, starlette_app(1000), "/r999/7")
    found = compare("FastAPI: the last route", runs)
    loop.close()
    aims = (
        Aim("clone, 1000 routes", "clone, 10 routes", 1.2),
        Aim("clone, 1000 routes", "starlette, 1000 routes", 1.0),
    )
    show(found, aims)
    return found


def start_up() -> list[Result]:
    """An app of 500 routes: adding them, and its schema."""
    built: dict[str, float] = {}
    schemas: dict[str, float] = {}
    for name, root in [*ROOTS.items()] * 3:
        fastapi = import_module(root)
        begun = time.perf_counter()
        app: Any = fastapi.FastAPI()
        for number in range(500):
            app.post(f"/r{number}/{{x}}")(_operation(number))
        middle = time.perf_counter()
        app.openapi()
        ended = time.perf_counter()
        built[name] = min(built.get(name, 9e9), middle - begun)
        schemas[name] = min(schemas.get(name, 9e9), ended - middle)
    results = [
        Result("FastAPI: adding 500 routes", built),
        Result("FastAPI: the schema of 500 routes", schemas),
    ]
    for result in results:
        show(result, (Aim(CLONE, ORIGINAL, 1.0),))
    return results


def _operation(number: int) -> Any:
    async def operation(x: int, item: Item, q: str | None = None) -> Item:
        return item

    operation.__name__ = f"operation_{number}"
    return operation


def importing() -> Result:
    aim = Aim("clone", "fastapi", 0.5)
    return startup.importing("FastAPI: importing it", ROOTS, aim)


def everything() -> list[Result]:
    """All of these."""
    found = [plain(), typed(), body(), nested(), rows(), in_thread(), many_routes()]
    return [*found, *start_up(), importing()]


if __name__ == "__main__":
    everything()
