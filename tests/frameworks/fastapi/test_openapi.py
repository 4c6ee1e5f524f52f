"""app.openapi(): the clone's schema is the original's, feature by feature."""

from collections.abc import AsyncIterable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

import pytest
from openapi_spec_validator import validate
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    computed_field,
)

pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx. with")

T = TypeVar("T")


class Color(StrEnum):
    """What it looks like."""

    red = "red"
    blue = "blue"


class Level(IntEnum):
    low = 1
    high = 2


class Tag(Enum):
    things = "things"


class Base(BaseModel):
    """A model with every sort of field."""

    id: UUID
    name: str = Field(min_length=1, max_length=20, title="The name", examples=["pen"])
    price: Decimal = Field(gt=0, description="In euros")
    made: date | None = None
    at: datetime = datetime(2020, 1, 2, tzinfo=UTC)
    every: timedelta = timedelta(seconds=5)
    color: Color = Color.red
    level: Level = Level.low
    words: list[str] = []
    unique: set[int] = Field(default_factory=set, max_length=3)
    pair: tuple[int, str] = (1, "a")
    scores: dict[str, float] = {}
    link: HttpUrl | None = None
    secret: SecretStr = SecretStr("x")
    anything: Any = None
    raw: bytes = b""
    kind: Literal["a", "b", 3] = "a"


class InOut(BaseModel):
    """One whose input and output schema differ."""

    needed: int
    optional: int = 1

    @computed_field
    def total(self) -> int:
        return self.needed + self.optional


class Tree(BaseModel):
    value: int
    children: list["Tree"] = []


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str]


class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", title="Strictly")
    x_token: str
    limit: int = Field(10, ge=1, le=100)
    order_by: Literal["name", "price"] = "name"


class Aliased(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"fullName": "A"}]})
    full_name: str = Field(alias="fullName")
    read_as: int = Field(0, validation_alias="in", serialization_alias="out")


class Upload(BaseModel):
    title: str
    note: str | None = None


class Problem(BaseModel):
    message: str


@dataclass
class Point:
    x: int
    y: int = 0


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


# Small applications: each takes the module and an application, and adds to it.


def path_parameters(fastapi, app):
    @app.get("/a/{n}/{rest:path}")
    def many(
        n: Annotated[int, fastapi.Path(ge=1, lt=9, title="Number", examples=[3])],
        rest: str,
    ):
        """Shown as the description.

        In two paragraphs.\f
        Not shown.
        """

    @app.get("/b/{key}")
    def other(key: UUID | Color):
        pass


def query_parameters(fastapi, app):
    query = fastapi.Query

    @app.get("/")
    def index(
        required: int,
        *,
        default: str = "x",
        nullable: float | None = None,
        flag: bool = False,
        several: Annotated[list[str], query(min_length=1)] = ["a"],  # noqa: B006
        unique: Annotated[set[int] | None, query()] = None,
        aliased: Annotated[str, query(alias="a-b", title="T", description="D")] = "",
        pattern: Annotated[
            str, query(pattern="^x+$", min_length=2, max_length=5)
        ] = "xx",
        bounds: Annotated[float, query(gt=0, le=1, multiple_of=0.5)] = 1,
        old: Annotated[str | None, query(deprecated=True)] = None,
        hidden: Annotated[str, query(include_in_schema=False)] = "",
        examples: Annotated[str, query(examples=["a", "b"])] = "",
        extra: Annotated[int, query(json_schema_extra={"x-extra": 1})] = 0,
        factory: Annotated[int, query(default_factory=lambda: 5)],
        color: Color = Color.blue,
        level: Level | None = None,
        choice: Literal["a", "b"] = "a",
        day: date = date(2020, 1, 2),
        validated: Annotated[int, query(validation_alias="v")] = 0,
    ):
        pass


def header_and_cookie_parameters(fastapi, app):
    @app.get("/")
    def index(
        user_agent: Annotated[str | None, fastapi.Header()] = None,
        under_score: Annotated[str, fastapi.Header(convert_underscores=False)] = "",
        several: Annotated[list[int] | None, fastapi.Header(alias="X-N")] = None,
        session: Annotated[str | None, fastapi.Cookie(description="Who")] = None,
        token: Annotated[str, fastapi.Cookie(alias="tok", min_length=3)] = "abc",
    ):
        pass


def parameter_models(fastapi, app):
    @app.get("/query")
    def query(params: Annotated[Strict, fastapi.Query()]):
        pass

    @app.get("/header")
    def header(params: Annotated[Strict, fastapi.Header()]):
        pass

    @app.get("/cookie")
    def cookie(params: Annotated[Strict, fastapi.Cookie()]):
        pass


def openapi_examples(fastapi, app):
    examples = {"one": {"summary": "One", "value": 1}, "two": {"value": 2}}

    @app.put("/{n}")
    def index(
        n: Annotated[int, fastapi.Path(openapi_examples=examples)],
        q: Annotated[int, fastapi.Query(openapi_examples=examples)],
        h: Annotated[int, fastapi.Header(openapi_examples=examples)],
        c: Annotated[int, fastapi.Cookie(openapi_examples=examples)],
        b: Annotated[int, fastapi.Body(openapi_examples=examples)],
    ):
        pass


def bodies(fastapi, app):
    body = fastapi.Body

    @app.post("/one")
    def one(base: Base) -> Base:
        pass

    @app.post("/two")
    def two(base: Base, aliased: Aliased, n: Annotated[int, body(gt=1)] = 2):
        pass

    @app.post("/embedded")
    def embedded(base: Annotated[Base, body(embed=True, title="T")]):
        pass

    @app.post("/optional")
    def optional(aliased: Aliased | None = None):
        pass

    @app.post("/list")
    def several(bases: list[Base], q: int = 0) -> dict[str, list[Base]]:
        pass

    @app.post("/scalar")
    def scalar(n: Annotated[int, body(examples=[1, 2], description="D")]):
        pass

    @app.post("/media")
    def media(n: Annotated[dict[str, Any], body(media_type="application/x+json")]):
        pass

    @app.post("/point")
    def point(point: Point) -> list[Point]:
        pass

    @app.delete("/with-body")
    def delete(tree: Tree) -> Tree:
        pass


def input_and_output(fastapi, app):
    @app.post("/", response_model=list[InOut])
    def index(item: InOut):
        pass


def one_schema_for_input_and_output(fastapi, app):
    app.separate_input_output_schemas = False
    input_and_output(fastapi, app)


def unions_and_generics(fastapi, app):
    @app.post("/pet")
    def pet(pet: Pet) -> Pet:
        pass

    @app.post("/either")
    def either(thing: Cat | list[Dog] | int) -> Cat | Dog | None:
        pass

    @app.get("/page")
    def page() -> Page[Cat]:
        pass

    @app.get("/pages", response_model=dict[str, Page[int]])
    def pages():
        pass


def forms_and_files(fastapi, app):
    form, file = fastapi.Form, fastapi.File

    @app.post("/form")
    def one(name: Annotated[str, form(min_length=2)], n: Annotated[int, form()] = 1):
        pass

    @app.post("/model")
    def model(upload: Annotated[Upload, form()]):
        pass

    @app.post("/model-and-field")
    def both(upload: Annotated[Upload, form()], extra: Annotated[str, form()]):
        pass

    @app.post("/file")
    def upload(file: fastapi.UploadFile):
        pass

    @app.post("/bytes")
    def raw(data: Annotated[bytes | None, file(description="D")] = None):
        pass

    @app.post("/files")
    def files(
        files: list[fastapi.UploadFile],
        more: Annotated[list[bytes], file()],
        note: Annotated[str, form()] = "",
    ):
        pass

    @app.post("/multipart")
    def multipart(a: Annotated[str, form(media_type="multipart/form-data")]):
        pass


def responses(fastapi, app):
    @app.get(
        "/",
        status_code=201,
        response_description="Made",
        responses={
            404: {"model": Problem, "description": "Gone"},
            "4XX": {"description": "Any"},
            "default": {"model": list[Problem]},
            422: {"description": "Mine", "model": Problem},
            201: {
                "description": "Replaced",
                "content": {"image/png": {}},
                "headers": {"X-A": {"schema": {"type": "string"}}},
                "links": {"self": {"operationId": "index"}},
            },
        },
    )
    def index(q: int) -> Cat:
        pass

    @app.get("/empty", status_code=204)
    def empty() -> None:
        pass

    @app.get("/304", status_code=304)
    def unchanged():
        pass

    @app.get("/without", response_model=None)
    def without() -> Cat:
        pass

    @app.get("/any")
    def any_type() -> Any:
        pass

    @app.get("/filtered", response_model=Cat, response_model_exclude={"lives"})
    def filtered():
        pass

    @app.post("/by-name", response_model=Aliased, response_model_by_alias=False)
    def by_name():
        pass


def response_classes(fastapi, app):
    module = import_module(f"{fastapi.__name__}.responses")
    for name in (
        "Response",
        "HTMLResponse",
        "PlainTextResponse",
        "JSONResponse",
        "RedirectResponse",
        "FileResponse",
        "StreamingResponse",
        "EventSourceResponse",
    ):
        response_class = getattr(module, name)

        def by_argument():
            pass

        def by_annotation():
            pass

        by_annotation.__annotations__["return"] = response_class
        app.get(f"/{name}", response_class=response_class)(by_argument)
        app.post(f"/{name}")(by_annotation)


def streams(fastapi, app):
    sse = import_module(f"{fastapi.__name__}.sse")

    @app.get("/lines")
    def lines() -> Iterable[Cat]:
        yield

    @app.get("/untyped")
    async def untyped():
        yield

    @app.get("/events", response_class=sse.EventSourceResponse)
    async def events() -> AsyncIterable[Dog]:
        yield

    @app.get("/server", response_class=sse.EventSourceResponse)
    async def server() -> AsyncIterable[sse.ServerSentEvent]:
        yield


def security(fastapi, app):
    module = import_module(f"{fastapi.__name__}.security")
    oauth = module.OAuth2PasswordBearer(
        "token", scopes={"a": "A", "b": "B"}, description="Log in"
    )
    code = module.OAuth2AuthorizationCodeBearer("login", "token", refreshUrl="again")
    key = module.APIKeyCookie(name="key", scheme_name="Key")

    def user(token: Annotated[str, fastapi.Security(oauth, scopes=["a"])]):
        pass

    @app.get("/a")
    def a(user: Annotated[Any, fastapi.Security(user, scopes=["b"])]):
        pass

    @app.get("/b", dependencies=[fastapi.Depends(key), fastapi.Depends(code)])
    def b(basic: Annotated[Any, fastapi.Depends(module.HTTPBasic())]):
        pass

    @app.post("/token")
    def token(form: Annotated[module.OAuth2PasswordRequestForm, fastapi.Depends()]):
        pass

    @app.post("/strict")
    def strict(
        form: Annotated[module.OAuth2PasswordRequestFormStrict, fastapi.Depends()],
    ):
        pass


def metadata_of_operations(fastapi, app):
    @app.get("/", tags=["a", Tag.things], summary="S", description="D", deprecated=True)
    def index():
        """Not shown."""

    @app.post("/", operation_id="mine", include_in_schema=True, name="named-this way")
    def named():
        """Shown.

        Indented:
            yes
        """

    @app.get("/hidden", include_in_schema=False)
    def hidden():
        pass

    @app.api_route("/both", methods=["GET"])
    def snake_case_name_2():
        pass

    for method in ("put", "delete", "options", "head", "patch", "trace"):
        getattr(app, method)("/methods")(snake_case_name_2)


def openapi_extra(fastapi, app):
    @app.post(
        "/",
        openapi_extra={
            "x-mine": [1],
            "parameters": [{"in": "query", "name": "more", "schema": {}}],
            "requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}},
            "tags": ["extra"],
            "responses": {"200": {"x-r": 1}},
        },
        tags=["given"],
    )
    def index(q: int, cat: Cat):
        pass


def callbacks_and_webhooks(fastapi, app):
    router = fastapi.APIRouter()

    @router.post("{$request.body.url}/done", responses={400: {"model": Problem}})
    def done(cat: Cat) -> Dog:
        pass

    @app.post("/", callbacks=router.routes)
    def index(url: HttpUrl):
        pass

    @app.webhooks.post("new-cat", tags=["hooks"])
    def hook(cat: Cat, q: int = 0):
        """Sent for every cat."""


def dependencies(fastapi, app):
    def deep(a: int, x_b: Annotated[str, fastapi.Header()] = ""):
        pass

    def common(below: Annotated[None, fastapi.Depends(deep)], q: int = 0):
        pass

    def item(cat: Cat):
        pass

    @app.post("/", dependencies=[fastapi.Depends(item)])
    def index(
        c: Annotated[None, fastapi.Depends(common)],
        d: Annotated[None, fastapi.Depends(deep)],
        dog: Dog,
        last: int,
    ):
        pass


def routers(fastapi, app):
    inner = fastapi.APIRouter(prefix="/inner", tags=["inner"], deprecated=True)
    outer = fastapi.APIRouter(responses={418: {"model": Problem}})

    @inner.get("/{n}")
    def index(n: int) -> Cat:
        pass

    outer.include_router(inner, prefix="/between", tags=["between"])
    app.include_router(outer, prefix="/v1", generate_unique_id_function=unique)
    app.include_router(outer, prefix="/v2", responses={404: {"description": "Gone"}})


def unique(route) -> str:
    return f"{route.name}-{'-'.join(sorted(route.methods))}-{route.path_format}"


def same_names(fastapi, app):
    def make_model(kind):
        class Twin(BaseModel):
            value: kind  # type: ignore[valid-type]

        Twin.__module__ = f"twins.{kind.__name__}"
        return Twin

    @app.post("/")
    def index(a: make_model(int), b: make_model(str)):
        pass


FEATURES: list[Callable[[Any, Any], None]] = [
    path_parameters,
    query_parameters,
    header_and_cookie_parameters,
    parameter_models,
    openapi_examples,
    bodies,
    input_and_output,
    one_schema_for_input_and_output,
    unions_and_generics,
    forms_and_files,
    responses,
    response_classes,
    streams,
    security,
    metadata_of_operations,
    openapi_extra,
    callbacks_and_webhooks,
    dependencies,
    routers,
    same_names,
]

# itemSchema is of OpenAPI 3.2, the schema says it is 3.1.
NOT_VALID = [streams]

METADATA: list[dict[str, Any]] = [
    {"title": "T", "version": "2", "summary": "S", "description": "D"},
    {"terms_of_service": "https://x.org/terms"},
    {"contact": {"name": "Ann", "email": "a@x.org", "url": "https://x.org"}},
    {"license_info": {"name": "MIT", "identifier": "MIT"}},
    {"servers": [{"url": "https://x.org", "description": "D"}, {"url": "/api"}]},
    {"openapi_tags": [{"name": "a", "description": "D"}]},
    {"openapi_external_docs": {"url": "https://x.org", "description": "More"}},
    {"responses": {500: {"description": "Broken", "model": Problem}}},
    {"deprecated": True},
    {"include_in_schema": False},
    {"generate_unique_id_function": unique},
    {"separate_input_output_schemas": False},
]


def make(fastapi: ModuleType) -> Any:
    """One application with every feature, each in a router of its own."""
    app = fastapi.FastAPI(
        title="Everything",
        version="1.2.3",
        description="All of it",
        contact={"name": "Ann"},
        servers=[{"url": "https://x.org"}],
        openapi_tags=[{"name": "inner"}],
    )
    for feature in FEATURES:
        if feature in (one_schema_for_input_and_output, callbacks_and_webhooks):
            continue
        router = fastapi.APIRouter()
        feature(fastapi, router)
        app.include_router(router, prefix=f"/{feature.__name__}")
    callbacks_and_webhooks(fastapi, app)
    return app


@pytest.fixture
def schema(fastapi) -> Callable[..., dict[str, Any]]:
    """The schema that a feature gives, checked against the original's."""

    def build(feature: Callable[[Any, Any], None], **options: Any) -> dict[str, Any]:
        schemas = []
        for name in (fastapi.__name__, "fastapi"):
            module = import_module(name)
            app = module.FastAPI(**options)
            feature(module, app)
            schemas.append(app.openapi())
        found, expected = schemas
        assert found == expected
        return found

    return build


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.__name__)
def test_feature(schema, feature):
    found = schema(feature)
    assert found["paths"]
    if feature not in NOT_VALID:
        validate(found)


@pytest.mark.parametrize("options", METADATA, ids=lambda options: next(iter(options)))
def test_metadata(schema, options):
    validate(schema(input_and_output, **options))


def test_everything_at_once(fastapi):
    found = make(fastapi).openapi()
    assert found == make(import_module("fastapi")).openapi()
    assert sum(len(item) for item in found["paths"].values()) > 60


def test_paths_and_schemas_are_in_the_same_order(fastapi):
    found = make(fastapi).openapi()
    expected = make(import_module("fastapi")).openapi()
    assert list(found["paths"]) == list(expected["paths"])
    assert list(found["components"]["schemas"]) == list(
        expected["components"]["schemas"]
    )


def test_a_small_schema_in_full(fastapi, app):
    @app.get("/items/{item_id}", tags=["items"])
    def read_item(item_id: int, q: str | None = None) -> Cat:
        """Read one."""

    error = {"$ref": "#/components/schemas/HTTPValidationError"}
    found = app.openapi()
    assert found["openapi"] == "3.1.0"
    assert found["info"] == {"title": "FastAPI", "version": "0.1.0"}
    assert found["paths"] == {
        "/items/{item_id}": {
            "get": {
                "tags": ["items"],
                "summary": "Read Item",
                "description": "Read one.",
                "operationId": "read_item_items__item_id__get",
                "parameters": [
                    {
                        "name": "item_id",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "integer", "title": "Item Id"},
                    },
                    {
                        "name": "q",
                        "in": "query",
                        "required": False,
                        "schema": {
                            "anyOf": [{"type": "string"}, {"type": "null"}],
                            "title": "Q",
                        },
                    },
                ],
                "responses": {
                    "200": {
                        "description": "Successful Response",
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Cat"}
                            }
                        },
                    },
                    "422": {
                        "description": "Validation Error",
                        "content": {"application/json": {"schema": error}},
                    },
                },
            }
        }
    }
    assert list(found["components"]["schemas"]) == [
        "Cat",
        "HTTPValidationError",
        "ValidationError",
    ]


def test_an_empty_application(app):
    assert app.openapi() == {
        "openapi": "3.1.0",
        "info": {"title": "FastAPI", "version": "0.1.0"},
        "paths": {},
    }


# Where it is


def test_the_schema_is_served_and_kept(app, client):
    @app.get("/")
    def index():
        return 1

    response = client.get("/openapi.json")
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == app.openapi()
    assert app.openapi() is app.openapi() is app.openapi_schema


def test_a_route_added_later_is_in_the_schema(app):
    assert app.openapi()["paths"] == {}

    @app.get("/")
    def index():
        return 1

    assert list(app.openapi()["paths"]) == ["/"]


@pytest.mark.parametrize(
    ("options", "found", "missing"),
    [
        ({}, ["/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"], []),
        (
            {"openapi_url": None},
            [],
            ["/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"],
        ),
        (
            {"docs_url": None},
            ["/openapi.json", "/redoc"],
            ["/docs", "/docs/oauth2-redirect"],
        ),
        ({"redoc_url": None}, ["/openapi.json", "/docs"], ["/redoc"]),
        (
            {"swagger_ui_oauth2_redirect_url": None},
            ["/docs"],
            ["/docs/oauth2-redirect"],
        ),
        (
            {"openapi_url": "/o", "docs_url": "/d", "redoc_url": "/r"},
            ["/o", "/d", "/r"],
            ["/openapi.json", "/docs", "/redoc"],
        ),
    ],
)
def test_documentation_urls(fastapi, part, options, found, missing):
    client = part("testclient").TestClient(fastapi.FastAPI(**options))
    statuses = {path: client.get(path).status_code for path in [*found, *missing]}
    assert statuses == {path: 200 if path in found else 404 for path in statuses}


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_documentation_pages_name_title_and_schema(fastapi, part, path):
    app = fastapi.FastAPI(title="My & API", openapi_url="/schema.json")
    response = part("testclient").TestClient(app).get(path)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "/schema.json" in response.text
    assert "<title>My" in response.text


def test_swagger_parameters_of_the_application_appear(fastapi, part):
    app = fastapi.FastAPI(
        swagger_ui_parameters={"deepLinking": False, "docExpansion": "none"},
        swagger_ui_init_oauth={"clientId": "my-client"},
    )
    text = part("testclient").TestClient(app).get("/docs").text
    for expected in (
        '"deepLinking": false',
        '"docExpansion": "none"',
        '"layout": "BaseLayout"',
        '"clientId": "my-client"',
        "/docs/oauth2-redirect",
    ):
        assert expected in text


def test_swagger_html_contains_its_arguments(part):
    arguments = {
        "openapi_url": "/my/openapi",
        "title": "My title",
        "swagger_js_url": "/my/swagger.js",
        "swagger_css_url": "/my/swagger.css",
        "swagger_favicon_url": "/my/icon.png",
        "oauth2_redirect_url": "/my/redirect",
    }
    response = part("openapi.docs").get_swagger_ui_html(
        **arguments,
        init_oauth={"clientId": "</script>"},
        swagger_ui_parameters={"filter": True},
    )
    text = response.body.decode()
    assert [value for value in arguments.values() if value not in text] == []
    assert '"filter": true' in text
    assert '"clientId": "\\u003c/script\\u003e"' in text


@pytest.mark.parametrize("fonts", [True, False])
def test_redoc_html_contains_its_arguments(part, fonts):
    arguments = {
        "openapi_url": "/my/openapi",
        "title": "My title",
        "redoc_js_url": "/my/redoc.js",
        "redoc_favicon_url": "/my/icon.png",
    }
    response = part("openapi.docs").get_redoc_html(**arguments, with_google_fonts=fonts)
    text = response.body.decode()
    assert [value for value in arguments.values() if value not in text] == []
    assert ("fonts.googleapis.com" in text) is fonts


def test_the_oauth2_redirect_page_is_html(part):
    response = part("openapi.docs").get_swagger_ui_oauth2_redirect_html()
    assert response.media_type == "text/html"
    assert b"oauth2" in response.body


def test_openapi_can_be_replaced(fastapi, part, app, client):
    @app.get("/")
    def index():
        return 1

    def mine():
        if not app.openapi_schema:
            schema = part("openapi.utils").get_openapi(
                title="Mine",
                version="9",
                summary="Short",
                description="Long",
                routes=app.routes,
            )
            schema["info"]["x-logo"] = "logo.png"
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = mine
    schema = client.get("/openapi.json").json()
    assert schema["info"] == {
        "title": "Mine",
        "summary": "Short",
        "description": "Long",
        "version": "9",
        "x-logo": "logo.png",
    }
    assert list(schema["paths"]) == ["/"]


def test_the_openapi_version_is_an_attribute(app):
    app.openapi_version = "3.0.2"
    assert app.openapi()["openapi"] == "3.0.2"


def test_an_application_needs_a_title_and_a_version(fastapi):
    for name in ("title", "version"):
        with pytest.raises(AssertionError, match=f"A {name} must be provided"):
            fastapi.FastAPI(**{name: ""})
        assert fastapi.FastAPI(**{name: ""}, openapi_url=None)


def test_invalid_metadata_is_refused(fastapi):
    app = fastapi.FastAPI(contact={"url": 5})
    with pytest.raises(ValueError, match="contact.url"):
        app.openapi()
