"""The application, and what it opens and closes with."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from fwtrace.frameworks.fastapi import FastAPI, Request, Response
from fwtrace.frameworks.fastapi.exceptions import RequestValidationError
from sample_apps.items.database import create_tables
from sample_apps.items.feed import Feed
from sample_apps.items.needs import problems
from sample_apps.items.routers import accounts, items, live
from sample_apps.items.settings import Settings

__all__ = ["app", "create_app"]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """A database while the server runs: a new one, where the settings name none."""
    with TemporaryDirectory(prefix="items-") as folder:
        settings: Settings = app.state.settings
        app.state.database = settings.database or str(Path(folder) / "items.sqlite3")
        app.state.feed = Feed()
        create_tables(app.state.database)
        yield


def create_app(settings: Settings | None = None) -> FastAPI:
    app = FastAPI(
        title="Items",
        version="1.0.0",
        summary="Items for sale, and who offers them.",
        lifespan=lifespan,
        # A body that is no JSON, or no form.
        responses=problems(400),
    )
    app.state.settings = settings or Settings()
    app.add_exception_handler(RequestValidationError, wrong_input)
    for module in (accounts, items, live):
        app.include_router(module.router)
    return app


async def wrong_input(request: Request, error: Exception) -> Response:
    """What is wrong, but not what was sent: that may be a password."""
    assert isinstance(error, RequestValidationError)
    told = ("type", "loc", "msg")
    errors = [{name: each[name] for name in told} for each in error.errors()]
    # In ASCII: half a surrogate pair in a field's name is JSON, but no UTF-8.
    return Response(json.dumps({"detail": errors}), 422, media_type="application/json")


app = create_app()
