"""A blog on Flask: authors register, log in, and write posts of their own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from fwtrace.frameworks.flask import Flask, Response, make_response, render_template
from fwtrace.frameworks.flask.exceptions import HTTPException
from sample_apps.blog import auth, blog, csrf, database

__all__ = ["create_app"]

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def create_app(test_config: Mapping[str, Any] | None = None) -> Flask:
    """A blog with a database of its own.

    ``DATABASE`` is a URL as :func:`fwtrace.toolkit.orm.connect` takes it: that of the
    environment's ``DATABASE_URL`` by default, else a database in memory.
    """
    app = Flask(__name__)
    app.config.from_mapping(
        DATABASE=os.environ.get("DATABASE_URL") or "sqlite://",
        MAX_CONTENT_LENGTH=256 * 1024,
        PER_PAGE=5,
        SECRET_KEY=os.environ.get("SECRET_KEY") or "for development only",
        SESSION_COOKIE_SAMESITE="Lax",
    )
    if test_config is not None:
        app.config.from_mapping(test_config)
    database.init_app(app)
    app.register_blueprint(auth.bp)
    app.register_blueprint(csrf.bp)
    app.register_blueprint(blog.bp)
    app.register_error_handler(HTTPException, error_page)
    app.after_request(add_security_headers)
    return app


def error_page(error: HTTPException) -> Response:
    """The error's own status and headers, with a page of the blog."""
    response = make_response(error.get_response())
    response.data = render_template("error.html", error=error)
    response.content_type = "text/html; charset=utf-8"
    return response


def add_security_headers(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
