"""The service on FastAPI."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, NoReturn
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader
from pydantic import BaseModel, ValidationError, WrapValidator

from fwtrace.frameworks.fastapi import (
    Depends,
    FastAPI,
    Form,
    HTTPException,
    Request,
    Response,
    UploadFile,
)
from fwtrace.frameworks.fastapi.exceptions import RequestValidationError
from fwtrace.frameworks.fastapi.middleware.gzip import GZipMiddleware
from fwtrace.frameworks.fastapi.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    StreamingResponse,
)
from fwtrace.frameworks.fastapi.templating import Jinja2Templates
from fwtrace.toolkit.asgi.exceptions import HTTPException as HTTPError
from fwtrace.toolkit.asgi.middleware.sessions import SessionMiddleware
from fwtrace.toolkit.http.accept import Accept
from fwtrace.toolkit.http.forms import UploadedFile
from sample_apps.users import service
from sample_apps.users.data import open_database
from sample_apps.users.models import User

__all__ = ["app"]

open_database()

app = FastAPI(title="Users and posts", redirect_slashes=False)


# What goes out.


class UserData(BaseModel):
    id: int
    name: str
    age: int | None
    email: str


class PostTitle(BaseModel):
    id: int
    title: str


class UserWithPosts(UserData):
    posts: list[PostTitle]


class PostLine(BaseModel):
    title: str
    author: str


class Upload(BaseModel):
    name: str
    size: int
    sha256: str


# What comes in.


class UserFields(BaseModel):
    """For the documentation: what is wrong with a field, the service says itself."""

    name: str
    age: int | None = None
    email: str = ""


JSON = "application/json"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "")
SCHEMA = UserFields.model_json_schema()
BODY = {
    "requestBody": {"content": {kind: {"schema": SCHEMA} for kind in (JSON, FORMS[0])}}
}


def mimetype_of(request: Request) -> str:
    kind: str = request.headers.get("Content-Type", "")
    return kind.partition(";")[0].strip().lower()


async def fields_of(request: Request) -> dict[str, Any]:
    """What was sent, as a form or as JSON; an HTTPException for anything else."""
    kind = mimetype_of(request)
    if kind == JSON:
        return json_of(await request.body())
    if kind not in FORMS:
        raise HTTPException(415, "Send a form, or JSON.")
    async with request.form() as form:
        # Of several under one name, the first counts.
        sent = reversed(form.multi_items())
        return {name: value for name, value in sent if isinstance(value, str)}


def json_of(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        raise HTTPException(400, "The body is not valid JSON.") from None
    if not isinstance(data, dict):
        raise HTTPException(400, "Send a JSON object.")
    return data


def refuse_constant(name: str) -> NoReturn:
    """RFC 8259 has no NaN and no Infinity."""
    raise ValueError(f"{name} is not JSON.")


def or_first(value: Any, validate: Callable[[Any], int]) -> int:
    """Who asks for no page that could be gets the first."""
    try:
        return validate(value)
    except ValidationError:
        return 1


Fields = Annotated[dict[str, Any], Depends(fields_of)]
Page = Annotated[int, WrapValidator(or_first)]


# Templates.


def url_for(name: str, **values: Any) -> str:
    """The path of a route; whatever is no id goes into the query."""
    place = {key: values.pop(key) for key in ("id",) if key in values}
    query = {key: value for key, value in values.items() if value is not None}
    path = str(app.url_path_for(name, **place))
    return f"{path}?{urlencode(query)}" if query else path


environment = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True
)
environment.globals["url_for"] = url_for
templates = Jinja2Templates(env=environment)


# Around every request.


SAFE = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

app.add_middleware(
    SessionMiddleware,
    secret_key=os.environ.get("SECRET_KEY") or "for development only",
)
app.add_middleware(GZipMiddleware)


@app.middleware("http")
async def watch(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    request.state.started = perf_counter()
    request.state.id = request_id(request.headers.get("X-Request-ID", ""))
    return finish(request, await call_next(request))


def request_id(given: str) -> str:
    """An id for the request: the client's own, when it is short and plain."""
    is_good = 0 < len(given) <= 64 and SAFE.issuperset(given)
    return given if is_good else os.urandom(16).hex()


def finish(request: Request, response: Response) -> Response:
    """Add the headers that every answer has."""
    took = (perf_counter() - request.state.started) * 1000
    response.headers["Server-Timing"] = f"app;dur={took:.2f}"
    response.headers["X-Request-ID"] = request.state.id
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.url.scheme == "https":
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


# The routes. They ask the database, which blocks; FastAPI runs a plain ``def`` in a
# thread, so that other requests go on meanwhile. An ``async def`` would hold them up.


@app.get("/", response_class=HTMLResponse)
def index(request: Request) -> Response:
    context = {"count": User.objects.count()}
    return templates.TemplateResponse(request, "index.html", context)


@app.get("/users", response_class=HTMLResponse)
def users(request: Request, q: str = "", page: Page = 1) -> Response:
    context = service.list_users(q, page)
    return templates.TemplateResponse(request, "users.html", context)


@app.get("/users/new", response_class=HTMLResponse)
def new_user(request: Request) -> Response:
    context: dict[str, Any] = {"errors": {}, "values": {}}
    return templates.TemplateResponse(request, "user_form.html", context)


@app.post("/users", status_code=201, response_model=UserData, openapi_extra=BODY)
def create_user(request: Request, given: Fields) -> Response:
    is_json = mimetype_of(request) == JSON
    values, errors = service.validate(given)
    if errors and is_json:
        return JSONResponse({"errors": errors}, 400)
    if errors:
        context = {"errors": errors, "values": given}
        return templates.TemplateResponse(request, "user_form.html", context, 400)
    user = service.create_user(values)
    location = url_for("user_detail", id=user.pk)
    if is_json:
        return JSONResponse(service.user_data(user), 201, {"Location": location})
    return RedirectResponse(location, 303)


@app.get("/users/{id:int}", response_model=UserWithPosts)
def user_detail(id: int) -> dict[str, Any]:
    return service.user_with_posts(service.get_user(id))


@app.put("/users/{id:int}", response_model=UserData, openapi_extra=BODY)
@app.patch("/users/{id:int}", response_model=UserData, openapi_extra=BODY)
def update_user(request: Request, id: int, given: Fields) -> Any:
    user = service.get_user(id)
    values, errors = service.validate(given, partial=request.method == "PATCH")
    if errors:
        return JSONResponse({"errors": errors}, 400)
    service.update_user(user, values)
    return service.user_data(user)


@app.delete("/users/{id:int}", status_code=204)
def delete_user(id: int) -> None:
    service.get_user(id).delete()


@app.post("/upload", response_model=Upload)
def upload(file: UploadFile) -> dict[str, Any]:
    return service.describe_upload(uploaded_file(file))


@app.get("/go")
def go() -> RedirectResponse:
    return RedirectResponse(url_for("users"), 302)


@app.get("/stream", response_class=PlainTextResponse)
def stream() -> StreamingResponse:
    return StreamingResponse(service.stream_lines(), media_type="text/plain")


@app.get("/boom")
def boom() -> None:
    raise RuntimeError("This route always fails.")


@app.get("/n-plus-one", response_model=list[PostLine])
def n_plus_one() -> list[dict[str, Any]]:
    return service.posts_one_by_one()


@app.post("/login", response_model=UserData)
def login(request: Request, name: Annotated[str, Form()] = "") -> dict[str, Any]:
    user = service.find_login(name)
    if user is None:
        raise HTTPException(401, "Nobody has that name.")
    request.session.clear()
    request.session["user"] = user.pk
    return service.user_data(user)


@app.get("/me", response_model=UserData)
def me(request: Request) -> dict[str, Any]:
    if "user" not in request.session:
        raise HTTPException(401, "Log in first: POST a name to /login.")
    return service.user_data(service.get_user(request.session["user"]))


@app.post("/logout", status_code=204)
def logout(request: Request) -> None:
    request.session.clear()


def uploaded_file(given: UploadFile) -> UploadedFile:
    """The form's file as the service takes it."""
    file = UploadedFile("file", given.filename or "", {}, spool=0)
    file.close()
    file.file, file.size = given.file, given.size or 0
    return file


# Errors.


HINTS = {"file": "Send a file in the field 'file' of a multipart form."}


@app.exception_handler(User.DoesNotExist)
async def no_user(request: Request, error: Exception) -> Response:
    return JSONResponse(service.not_found(error), 404)


@app.exception_handler(RequestValidationError)
async def wrong_input(request: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    field = str(first["loc"][-1])
    return problem(request, 400, HINTS.get(field, f"{field}: {first['msg']}"))


@app.exception_handler(HTTPError)
async def http_error(request: Request, error: HTTPError) -> Response:
    is_usual = error.detail == HTTPStatus(error.status_code).phrase
    detail = "" if is_usual else error.detail
    if is_usual and error.status_code == 404:
        detail = f"Nothing is at {request.url.path}."
    return problem(request, error.status_code, detail, error.headers)


@app.exception_handler(Exception)
async def failed(request: Request, error: Exception) -> Response:
    """No middleware sees this answer any more."""
    return finish(request, problem(request, 500))


def problem(
    request: Request, status: int, detail: str = "", headers: Any = None
) -> Response:
    """The error as the client likes it: JSON where it asks for that, else text."""
    name = HTTPStatus(status).phrase
    if prefers_json(request):
        return JSONResponse({"error": name, "detail": detail}, status, headers)
    lines = [f"{status} {name}", detail]
    text = "".join(f"{line}\n" for line in lines if line)
    return PlainTextResponse(text, status, headers)


def prefers_json(request: Request) -> bool:
    """By Accept; where that leaves it open, who sends JSON gets JSON."""
    accept = request.headers.get("Accept", "")
    if accept in ("", "*/*"):
        return mimetype_of(request) == JSON
    return Accept(accept).best(("text/plain", "text/html", JSON)) == JSON
