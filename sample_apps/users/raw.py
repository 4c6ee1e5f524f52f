"""The service on the raw toolkit: a table of URLs, and middleware folded by hand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fwtrace.toolkit.http.errors import abort
from fwtrace.toolkit.routing import path
from fwtrace.toolkit.templates.jinja import Templates
from fwtrace.toolkit.wsgi.dispatch import Dispatcher
from fwtrace.toolkit.wsgi.middleware import stack
from fwtrace.toolkit.wsgi.middleware.errors import ErrorsMiddleware
from fwtrace.toolkit.wsgi.middleware.gzip import GZipMiddleware
from fwtrace.toolkit.wsgi.middleware.request_id import RequestIdMiddleware
from fwtrace.toolkit.wsgi.middleware.security import SecurityHeadersMiddleware
from fwtrace.toolkit.wsgi.middleware.session import SessionMiddleware
from fwtrace.toolkit.wsgi.middleware.timing import TimingMiddleware
from fwtrace.toolkit.wsgi.request import Request
from fwtrace.toolkit.wsgi.response import JsonResponse, Response, redirect
from fwtrace.toolkit.wsgi.types import Environ, StartResponse, WSGIApp
from sample_apps.users import service
from sample_apps.users.data import open_database
from sample_apps.users.models import User

__all__ = ["application"]

open_database()


def render(name: str, status: int = 200, **context: Any) -> Response:
    return Response(templates.render(name, context), status)


def index(request: Request) -> Response:
    return render("index.html", count=User.objects.count())


def users(request: Request) -> Response:
    page = request.query.get("page", 1, type=int)
    return render("users.html", **service.list_users(request.query.get("q", ""), page))


def new_user(request: Request) -> Response:
    return render("user_form.html", errors={}, values={})


def create_user(request: Request) -> Response:
    is_json = request.mimetype == "application/json"
    given = fields_of(request)
    values, errors = service.validate(given)
    if errors and is_json:
        return JsonResponse({"errors": errors}, 400)
    if errors:
        return render("user_form.html", 400, errors=errors, values=given)
    user = service.create_user(values)
    location = url_for("user_detail", id=user.pk)
    if is_json:
        return JsonResponse(service.user_data(user), 201, {"Location": location})
    return redirect(location, 303)


def user_detail(request: Request, id: int) -> Response:
    user = service.get_user(id)
    return JsonResponse(service.user_with_posts(user))


def update_user(request: Request, id: int) -> Response:
    user = service.get_user(id)
    partial = request.method == "PATCH"
    values, errors = service.validate(fields_of(request), partial)
    if errors:
        return JsonResponse({"errors": errors}, 400)
    service.update_user(user, values)
    return JsonResponse(service.user_data(user))


def delete_user(request: Request, id: int) -> Response:
    service.get_user(id).delete()
    return Response(status=204)


def upload(request: Request) -> Response:
    if "file" not in request.files:
        abort(400, "Send a file in the field 'file' of a multipart form.")
    return JsonResponse(service.describe_upload(request.files["file"]))


def go(request: Request) -> Response:
    return redirect(url_for("users"))


def stream(request: Request) -> Response:
    return Response(service.stream_lines(), content_type="text/plain; charset=utf-8")


def boom(request: Request) -> Response:
    raise RuntimeError("This route always fails.")


def n_plus_one(request: Request) -> Response:
    return JsonResponse(service.posts_one_by_one())


def login(request: Request) -> Response:
    user = service.find_login(request.form.get("name", ""))
    if user is None:
        abort(401, "Nobody has that name.")
    request.session.rotate()
    request.session["user"] = user.pk
    return JsonResponse(service.user_data(user))


def me(request: Request) -> Response:
    if "user" not in request.session:
        abort(401, "Log in first: POST a name to /login.")
    return JsonResponse(service.user_data(service.get_user(request.session["user"])))


def logout(request: Request) -> Response:
    request.session.flush()
    return Response(status=204)


def fields_of(request: Request) -> dict[str, Any]:
    """What was sent, as a form or as JSON; an HTTPError for anything else."""
    if request.mimetype == "application/json":
        if not isinstance(request.json, dict):
            abort(400, "Send a JSON object.")
        return request.json
    if request.mimetype not in FORMS:
        abort(415, "Send a form, or JSON.")
    return request.form.to_dict()


FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "")


class NoUserMiddleware:
    """404 for a user who is not there: an error handler is one more layer."""

    def __init__(self, app: WSGIApp) -> None:
        self.app = app

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            return self.app(environ, start_response)
        except User.DoesNotExist as error:
            response = JsonResponse(service.not_found(error), 404)
        return response(environ, start_response)


urlpatterns = [
    path("", index, name="index", methods=["GET"]),
    path("users", users, name="users", methods=["GET"]),
    path("users/new", new_user, name="new_user", methods=["GET"]),
    path("users", create_user, name="create_user", methods=["POST"]),
    path("users/<int:id>", user_detail, name="user_detail", methods=["GET"]),
    path("users/<int:id>", update_user, name="update_user", methods=["PUT", "PATCH"]),
    path("users/<int:id>", delete_user, name="delete_user", methods=["DELETE"]),
    path("upload", upload, name="upload", methods=["POST"]),
    path("go", go, name="go", methods=["GET"]),
    path("stream", stream, name="stream", methods=["GET"]),
    path("boom", boom, name="boom", methods=["GET"]),
    path("n-plus-one", n_plus_one, name="n_plus_one", methods=["GET"]),
    path("login", login, name="login", methods=["POST"]),
    path("me", me, name="me", methods=["GET"]),
    path("logout", logout, name="logout", methods=["POST"]),
]

dispatcher = Dispatcher(urlpatterns)
url_for = dispatcher.router.url_for
templates = Templates([Path(__file__).parent / "templates"], url_for=url_for)

application: WSGIApp = stack(
    dispatcher,
    [
        RequestIdMiddleware,
        TimingMiddleware,
        SecurityHeadersMiddleware,
        GZipMiddleware,
        ErrorsMiddleware,
        SessionMiddleware,
        NoUserMiddleware,
    ],
)
