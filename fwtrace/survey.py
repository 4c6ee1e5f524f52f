"""What frameworks offer, what they are made of, and what a request costs on them.

The facts that nobody can measure are the comparison tables of the project's plan; the
rest is counted and timed here, on the sample service that runs on each of them.
"""

from __future__ import annotations

import importlib.util
import io
import time
import tokenize
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fwtrace.hosts.inprocess import send_wsgi
from fwtrace.hosts.locate import KNOWN, Located, locate

__all__ = ["LANGUAGES", "PYTHON", "SUBJECTS", "Survey", "Table", "survey"]


@dataclass(frozen=True, slots=True)
class Table:
    """A title, the names of the columns, and rows of an aspect and its cells."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


PYTHON = Table(
    "Python frameworks",
    ("Django", "Flask", "FastAPI"),
    (
        ("philosophy", "batteries included", "micro framework", "modern, async first"),
        ("ORM", "its own", "SQLAlchemy (external)", "SQLAlchemy, Tortoise (external)"),
        ("admin", "built in, powerful", "extensions", "extensions"),
        ("templates", "its own", "Jinja2", "Jinja2"),
        ("forms", "its own", "WTForms (external)", "Pydantic"),
        ("authentication", "built in", "Flask-Login (external)", "libraries"),
        ("async", "ASGI since 3.0", "limited", "native async/await"),
        (
            "API docs",
            "DRF (extension)",
            "Flask-RESTX (extension)",
            "automatic (Swagger)",
        ),
        ("type hints", "optional", "optional", "required, they validate"),
        ("learning curve", "moderate to steep", "easy", "easy to moderate"),
        ("best for", "full-stack web apps", "APIs, microservices", "fast APIs"),
    ),
)

LANGUAGES = Table(
    "Across languages",
    ("Django (Python)", "Rails (Ruby)", "Laravel (PHP)", "Phoenix (Elixir)"),
    (
        (
            "ORM pattern",
            "close to Active Record",
            "Active Record",
            "Active Record (Eloquent)",
            "Repository (Ecto)",
        ),
        (
            "philosophy",
            "explicit, batteries",
            "convention over configuration",
            "elegant, expressive",
            "functional, fault tolerant",
        ),
        ("admin", "built in", "gems (ActiveAdmin)", "Nova (paid)", "custom"),
        (
            "real time",
            "Channels (ASGI)",
            "Action Cable",
            "Laravel Echo",
            "Channels (built in)",
        ),
        (
            "concurrency",
            "processes, ASGI",
            "processes",
            "PHP-FPM",
            "BEAM (millions of processes)",
        ),
        ("performance", "good", "good", "good", "excellent"),
        ("community", "large", "large, declining", "very large", "growing"),
    ),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A framework, the app that runs on it, and its own packages.

    ``features`` says where each feature is, as ``module:attribute``.
    """

    app: str
    packages: tuple[str, ...]
    features: dict[str, str]


def _flask(root: str, exceptions: str, routing: str) -> dict[str, str]:
    return {
        "routes by decorator": f"{root}:Flask.route",
        "URL building": f"{root}:url_for",
        "host and subdomain matching": f"{routing}:Subdomain",
        "middleware": f"{root}:Flask.wsgi_app",
        "request hooks": f"{root}:Flask.before_request",
        "error handlers": f"{root}:Flask.errorhandler",
        "HTTP exceptions": f"{exceptions}:NotFound",
        "templates": f"{root}:render_template",
        "sessions": f"{root}.sessions:SecureCookieSessionInterface",
        "flashed messages": f"{root}:flash",
        "signals": f"{root}:request_started",
        "blueprints": f"{root}:Blueprint",
        "class-based views": f"{root}.views:MethodView",
        "async views": f"{root}:Flask.ensure_sync",
        "uploads": f"{root}:Request.files",
        "streaming": f"{root}:stream_with_context",
        "files with ranges": f"{root}:send_file",
        "test client": f"{root}.testing:FlaskClient",
        "commands": f"{root}.cli:AppGroup",
    }


def _fastapi(root: str, asgi: str) -> dict[str, str]:
    return {
        "routes by decorator": f"{root}:FastAPI.get",
        "URL building": f"{root}:FastAPI.url_path_for",
        "host and subdomain matching": f"{asgi}.routing:Host",
        "middleware": f"{root}:FastAPI.add_middleware",
        "error handlers": f"{root}:FastAPI.exception_handler",
        "HTTP exceptions": f"{root}:HTTPException",
        "templates": f"{root}.templating:Jinja2Templates",
        "sessions": f"{asgi}.middleware.sessions:SessionMiddleware",
        "blueprints": f"{root}:APIRouter",
        "class-based views": f"{asgi}.endpoints:HTTPEndpoint",
        "async views": f"{root}:FastAPI.get",
        "uploads": f"{root}:UploadFile",
        "streaming": f"{root}.responses:StreamingResponse",
        "files with ranges": f"{root}.responses:FileResponse",
        "test client": f"{root}.testclient:TestClient",
        "typed parameters": f"{root}:Query",
        "dependencies": f"{root}:Depends",
        "OpenAPI": f"{root}:FastAPI.openapi",
        "WebSockets": f"{root}:WebSocket",
        "server-sent events": f"{root}.sse:EventSourceResponse",
        "background tasks": f"{root}:BackgroundTasks",
    }


_WSGI = "fwtrace.toolkit.wsgi"
_MICRO = "fwtrace.frameworks.micro"
_CLONE = "fwtrace.frameworks.flask"
_FASTAPI = "fwtrace.frameworks.fastapi"

SUBJECTS: dict[str, Subject] = {
    "wsgi": Subject(
        "wsgi",
        ("fwtrace.toolkit.http", "fwtrace.toolkit.routing", _WSGI),
        {
            "URL building": "fwtrace.toolkit.routing.router:Router.url_for",
            "middleware": f"{_WSGI}.middleware:stack",
            "HTTP exceptions": "fwtrace.toolkit.http.errors:NotFound",
            "sessions": f"{_WSGI}.middleware.session:SessionMiddleware",
            "signals": "fwtrace.toolkit.signals:Signal",
            "uploads": f"{_WSGI}.request:Request.files",
            "streaming": f"{_WSGI}.response:Response.stream",
            "files with ranges": f"{_WSGI}.response:FileResponse",
            "test client": f"{_WSGI}.client:Client",
        },
    ),
    "micro": Subject(
        "micro",
        (_MICRO,),
        {
            "routes by decorator": f"{_MICRO}:App.route",
            "URL building": f"{_MICRO}:url_for",
            "middleware": f"{_MICRO}:App.add_middleware",
            "error handlers": f"{_MICRO}:App.error_handler",
            "HTTP exceptions": f"{_MICRO}:HTTPError",
            "templates": f"{_MICRO}:render_template",
            "sessions": f"{_WSGI}.middleware.session:SessionMiddleware",
            "signals": "fwtrace.toolkit.signals:Signal",
            "uploads": f"{_MICRO}:Request.FILES",
            "streaming": f"{_MICRO}:Response.stream",
            "files with ranges": f"{_MICRO}:FileResponse",
            "test client": f"{_MICRO}:App.test_client",
        },
    ),
    "flask": Subject(
        "flask",
        (_CLONE,),
        _flask(_CLONE, f"{_CLONE}.exceptions", f"{_CLONE}.routing"),
    ),
    "flask:original": Subject(
        "flask:original",
        ("flask", "werkzeug"),
        _flask("flask", "werkzeug.exceptions", "werkzeug.routing"),
    ),
    "fastapi": Subject(
        "fastapi",
        (_FASTAPI, "fwtrace.toolkit.asgi"),
        _fastapi(_FASTAPI, "fwtrace.toolkit.asgi"),
    ),
    "fastapi:original": Subject(
        "fastapi:original",
        ("fastapi", "starlette"),
        _fastapi("fastapi", "starlette"),
    ),
}


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found of one framework.

    ``lines`` are those with code in them, comments and docstrings left out;
    ``microseconds`` is the time of one ``GET /users/1`` of the sample service, with
    its two SQL statements, at best.
    """

    name: str
    summary: str
    packages: tuple[str, ...]
    files: int
    lines: int
    features: tuple[str, ...]
    microseconds: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def survey(names: Sequence[str] = tuple(SUBJECTS)) -> Iterator[Survey]:
    """Look at each of the frameworks; those that are not installed are left out."""
    for name in names:
        subject = SUBJECTS[name]
        needed = (subject.packages[0], KNOWN[subject.app].needs or "fwtrace")
        if any(importlib.util.find_spec(each) is None for each in needed):
            continue
        files = [file for package in subject.packages for file in _files(package)]
        yield Survey(
            name,
            KNOWN[subject.app].summary,
            subject.packages,
            len(files),
            sum(map(_lines, files)),
            tuple(f for f, where in subject.features.items() if is_there(where)),
            _microseconds(locate(subject.app)),
        )


def _files(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations if spec else None) or []
    return [file for folder in folders for file in sorted(Path(folder).rglob("*.py"))]


_WITHOUT_CODE = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
)


def _lines(file: Path) -> int:
    """How many lines have code in them."""
    lines: set[int] = set()
    begins = True  # a string that begins a statement is a docstring
    for token in tokenize.tokenize(io.BytesIO(file.read_bytes()).readline):
        if token.type in _WITHOUT_CODE:
            begins = begins or token.type == tokenize.NEWLINE
        elif not (begins and token.type == tokenize.STRING):
            lines.update(range(token.start[0], token.end[0] + 1))
            begins = False
    return len(lines)


def is_there(where: str) -> bool:
    """Whether ``"module:attribute"`` can be imported."""
    place, _, attribute = where.partition(":")
    with warnings.catch_warnings(), suppress(ImportError, AttributeError):
        warnings.simplefilter("ignore")  # what is old may be there nevertheless
        found: Any = importlib.import_module(place)
        for name in attribute.split("."):
            found = getattr(found, name)
        return True
    return False


ROUNDS, CALLS = 5, 40


def _microseconds(located: Located) -> float:
    """The best of some rounds of requests, without the first, which warms up.

    An ASGI app starts up once for all of them, as behind a server.
    """
    if located.protocol == "asgi":
        from fwtrace.hosts.asgi import Host

        with Host(located.app) as host:
            return _best(host.send)
    return _best(partial(send_wsgi, located.app))


def _best(send: Callable[..., Any]) -> float:
    best = float("inf")
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        for _ in range(CALLS):
            send("GET", "/users/1")
        best = min(best, time.perf_counter() - started)
    return best / CALLS * 1e6
