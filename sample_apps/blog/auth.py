"""Who is there: registering, logging in and out, and views for authors only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from fwtrace.frameworks.flask import (
    Blueprint,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from fwtrace.toolkit.orm import IntegrityError
from sample_apps.blog.database import rows
from sample_apps.blog.forms import cleaned
from sample_apps.blog.models import Author
from sample_apps.passwords import hash_password, verify_password

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.typing import ResponseReturnValue

__all__ = ["bp", "local_path", "login_required"]

P = ParamSpec("P")

bp = Blueprint("auth", __name__, url_prefix="/auth")


@bp.before_app_request
def load_user() -> None:
    """Put the author who is logged in, or None, into ``g.user``."""
    g.user = None
    if "author" in session:
        g.user = rows(Author).filter(id=session["author"]).first()


def login_required(
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Decorator: sends whoever is not logged in to the form, and back afterwards."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if g.user is not None:
            return view(*args, **kwargs)
        flash("Log in first.", "error")
        is_page = request.method in ("GET", "HEAD")
        target = request.script_root + request.path if is_page else None
        return redirect(url_for("auth.login", next=target))

    return guarded


@bp.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    if request.method == "GET":
        return render_template("auth/register.html", values={}, errors={})
    errors = check_registration(request.form)
    author = None if errors else create_author(request.form)
    if author is None:
        errors = errors or {"name": "Somebody has that name. Take another one."}
        page = render_template("auth/register.html", values=request.form, errors=errors)
        return make_response(page, 400)
    flash(f"Welcome, {author.name}. Log in to write.", "success")
    return redirect(url_for("auth.login"), 303)


@bp.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    if request.method == "GET":
        return render_template("auth/login.html", values={}, errors={})
    author = find_author(request.form)
    if author is None:
        errors = {"password": "The name or the password is wrong."}
        page = render_template("auth/login.html", values=request.form, errors=errors)
        return make_response(page, 401)
    session.clear()
    session["author"] = author.pk
    flash(f"You are logged in as {author.name}.", "success")
    target = local_path(request.args.get("next", ""))
    return redirect(target or url_for("blog.index"), 303)


@bp.route("/logout", methods=["POST"])
def logout() -> ResponseReturnValue:
    session.clear()
    flash("You are logged out.", "success")
    return redirect(url_for("blog.index"), 303)


def check_registration(form: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the form, by field."""
    errors: dict[str, str] = {}
    if not NAME.fullmatch(name_of(form)):
        errors["name"] = "A name has 2 to 30 of the letters a to z, digits, - and _."
    if not 8 <= len(form.get("password", "")) <= 200:
        errors["password"] = "A password has 8 to 200 characters."
    elif form["password"] != form.get("repeated", ""):
        errors["repeated"] = "The two passwords differ."
    return errors


def create_author(form: Mapping[str, str]) -> Any:
    """The new author; None where the name is taken."""
    password = hash_password(form["password"])
    try:
        return rows(Author).create(name=name_of(form), password=password)
    except IntegrityError:
        return None


def find_author(form: Mapping[str, str]) -> Any:
    """The author whom name and password belong to, or None."""
    author = rows(Author).filter(name=name_of(form)).first()
    password = form.get("password", "")
    if author is None or not verify_password(password, author.password):
        return None
    return author


def name_of(form: Mapping[str, str]) -> str:
    """Case does not tell authors apart, so it is not kept."""
    return cleaned(form.get("name", "")).lower()


NAME = re.compile("[a-z0-9_-]{2,30}")


def local_path(target: str) -> str | None:
    """The target, where it is a path of this site.

    Browsers take ``//host`` and ``/\\host`` for another site, and leave out line
    breaks and tabs before they look: what has any of those is refused.
    """
    return target if LOCAL.fullmatch(target) else None


LOCAL = re.compile(r"/(?!/)[!-\[\]-~]*")
