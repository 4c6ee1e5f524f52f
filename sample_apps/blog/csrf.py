"""No form is taken that this client was not given: each carries the session's token."""

from __future__ import annotations

import hmac
import secrets

from fwtrace.frameworks.flask import Blueprint, abort, request, session

__all__ = ["bp", "csrf_token"]

bp = Blueprint("csrf", __name__)

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")


@bp.app_template_global()
def csrf_token() -> str:
    """The token of the session, made when the first form asks for it."""
    if "csrf_token" not in session:
        session["csrf_token"] = secrets.token_urlsafe(32)
    return str(session["csrf_token"])


@bp.before_app_request
def check_token() -> None:
    """Answer 400 to a form without the token; other answers come before it."""
    if request.method in SAFE_METHODS or request.url_rule is None:
        return
    expected = session.get("csrf_token", "")
    given = request.form.get("csrf_token", "")
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        abort(400, "The form is out of date. Go back, reload the page, send it again.")
