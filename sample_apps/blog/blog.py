"""The posts: to read, to search, and for their authors to change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fwtrace.frameworks.flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from fwtrace.toolkit.orm import Q, QuerySet
from sample_apps.blog.auth import login_required
from sample_apps.blog.database import rows
from sample_apps.blog.forms import cleaned
from sample_apps.blog.models import Post
from sample_apps.blog.paging import Page, page_of

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.typing import ResponseReturnValue

__all__ = ["bp"]

LARGEST_ID = 2**63 - 1
LONGEST_QUERY = 100
# What the reader calls a field, and how long its text may be.
FIELDS = {"title": ("title", 120), "body": ("text", 20_000)}

bp = Blueprint("blog", __name__)


@bp.app_template_filter()
def day(moment: datetime) -> str:
    """``1 March 2024``"""
    return f"{moment.day} {moment:%B %Y}"


@bp.route("/")
def index() -> ResponseReturnValue:
    return render_template("blog/index.html", page=asked_page(), query=asked_query())


@bp.route("/posts.json")
def posts_json() -> ResponseReturnValue:
    page = asked_page()
    posts = [post_data(post) for post in page.items]
    return jsonify(posts=posts, page=page.number, pages=page.pages, count=page.count)


@bp.route("/posts/<int:id>")
def show(id: int) -> ResponseReturnValue:
    return render_template("blog/post.html", post=get_post(id))


@bp.route("/posts/new", methods=["GET", "POST"])
@login_required
def create() -> ResponseReturnValue:
    if request.method == "GET":
        return render_template("blog/form.html", post=None, values={}, errors={})
    values, errors = check_post(request.form)
    if errors:
        return form_again(None, errors)
    post = rows(Post).create(author=g.user, created=datetime.now(UTC), **values)
    flash("Your post is published.", "success")
    return redirect(url_for("blog.show", id=post.pk), 303)


@bp.route("/posts/<int:id>/edit", methods=["GET", "POST"])
@login_required
def update(id: int) -> ResponseReturnValue:
    post = get_own_post(id)
    if request.method == "GET":
        values = {"title": post.title, "body": post.body}
        return render_template("blog/form.html", post=post, values=values, errors={})
    values, errors = check_post(request.form)
    if errors:
        return form_again(post, errors)
    post.title, post.body = values["title"], values["body"]
    post.save()
    flash("Your post is changed.", "success")
    return redirect(url_for("blog.show", id=post.pk), 303)


@bp.route("/posts/<int:id>/delete", methods=["POST"])
@login_required
def delete(id: int) -> ResponseReturnValue:
    post = get_own_post(id)
    post.delete()
    flash(f"“{post.title}” is deleted.", "success")
    return redirect(url_for("blog.index"), 303)


def form_again(post: Any, errors: dict[str, str]) -> ResponseReturnValue:
    """The form as it was sent, with what is wrong."""
    context = {"post": post, "values": request.form, "errors": errors}
    return make_response(render_template("blog/form.html", **context), 400)


def asked_page() -> Page:
    """The page of posts that ``?q=`` and ``?page=`` ask for."""
    number = request.args.get("page", 1, type=int)
    return page_of(found_posts(asked_query()), number, current_app.config["PER_PAGE"])


def asked_query() -> str:
    return cleaned(request.args.get("q", ""))[:LONGEST_QUERY]


def found_posts(query: str) -> QuerySet[Any]:
    """The posts with the query in title or body, their authors with them."""
    posts = rows(Post).select_related("author")
    if not query:
        return posts
    return posts.filter(Q(title__icontains=query) | Q(body__icontains=query))


def get_post(id: int) -> Any:
    """The post; NotFound where there is none."""
    post = None
    if id <= LARGEST_ID:
        post = rows(Post).select_related("author").filter(id=id).first()
    if post is None:
        abort(404, f"There is no post {id}.")
    return post


def get_own_post(id: int) -> Any:
    """The post; Forbidden where somebody else wrote it."""
    post = get_post(id)
    if post.author_id != g.user.pk:
        abort(403, "Only its author can change a post.")
    return post


def check_post(form: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """``(values, errors by field)``"""
    values: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, (label, longest) in FIELDS.items():
        text = values[name] = cleaned(form.get(name, ""))
        if not text:
            errors[name] = f"Give a {label}."
        elif len(text) > longest:
            errors[name] = f"Give at most {longest:,} characters."
    return values, errors


def post_data(post: Any) -> dict[str, Any]:
    """A post as JSON has it."""
    return {
        "id": post.pk,
        "title": post.title,
        "body": post.body,
        "author": post.author.name,
        "created": post.created.isoformat(),
        "url": url_for("blog.show", id=post.pk),
    }
