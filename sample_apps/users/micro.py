"""The service on the micro framework."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fwtrace.frameworks.micro import (
    App,
    JsonResponse,
    Request,
    Response,
    abort,
    redirect,
    render_template,
)
from fwtrace.toolkit.wsgi.middleware.errors import ErrorsMiddleware
from fwtrace.toolkit.wsgi.middleware.gzip import GZipMiddleware
from fwtrace.toolkit.wsgi.middleware.request_id import RequestIdMiddleware
from fwtrace.toolkit.wsgi.middleware.security import SecurityHeadersMiddleware
from fwtrace.toolkit.wsgi.middleware.session import SessionMiddleware
from fwtrace.toolkit.wsgi.middleware.timing import TimingMiddleware
from sample_apps.users import service
from sample_apps.users.models import User, open_database

__all__ = ["app"]

open_database()

app = App(__name__)
app.add_middleware(RequestIdMiddleware)
app.add_middleware(TimingMiddleware)
app.add_middleware(SecurityHeadersMiddleware)
app.add_middleware(GZipMiddleware)
app.add_middleware(ErrorsMiddleware)
app.add_middleware(SessionMiddleware)


@app.route("/")
def index(request: Request) -> Response:
    return render_template("index.html", count=User.objects.count())


@app.route("/users")
def users(request: Request) -> Response:
    page = request.GET.get("page", 1, type=int)
    context = service.list_users(request.GET.get("q", ""), page)
    return render_template("users.html", **context)


@app.route("/users/new")
def new_user(request: Request) -> Response:
    return render_template("user_form.html", errors={}, values={})


@app.route("/users", methods=["POST"])
def create_user(request: Request) -> Response:
    is_json = request.mimetype == "application/json"
    values, errors = service.validate(_fields(request))
    if errors and is_json:
        return JsonResponse({"errors": errors}, 400)
    if errors:
        response = render_template(
            "user_form.html", errors=errors, values=request.form.to_dict()
        )
        response.status = "400 Bad Request"
        return response
    user = service.create_user(values)
    path = app.url_for("user_detail", id=user.pk)
    if is_json:
        return JsonResponse(service.user_data(user), 201, {"Location": path})
    return redirect(path, 303)


@app.route("/users/<int:id>")
def user_detail(request: Request, id: int) -> Response:
    return JsonResponse(service.user_with_posts(_user(id)))


@app.route("/users/<int:id>", methods=["PUT", "PATCH"])
def update_user(request: Request, id: int) -> Response:
    user = _user(id)
    partial = request.method == "PATCH"
    values, errors = service.validate(_fields(request), partial)
    if errors:
        return JsonResponse({"errors": errors}, 400)
    service.update_user(user, values)
    return JsonResponse(service.user_data(user))


@app.route("/users/<int:id>", methods=["DELETE"])
def delete_user(request: Request, id: int) -> Response:
    _user(id).delete()
    return Response(status=204)


@app.route("/upload", methods=["POST"])
def upload(request: Request) -> Response:
    if "file" not in request.FILES:
        abort(400, "Send a file in the field 'file' of a multipart form.")
    return JsonResponse(service.describe_upload(request.FILES["file"]), 201)


@app.route("/go")
def go(request: Request) -> Response:
    return redirect("/users")


@app.route("/stream")
def stream(request: Request) -> Response:
    lines: Iterator[str] = service.stream_lines()
    return Response(lines, content_type="text/plain; charset=utf-8")


@app.route("/boom")
def boom(request: Request) -> Response:
    raise RuntimeError("This route always fails.")


@app.route("/n-plus-one")
def n_plus_one(request: Request) -> Response:
    return JsonResponse(service.posts_one_by_one())


@app.route("/login", methods=["POST"])
def login(request: Request) -> Response:
    user = User.objects.filter(name=request.form.get("name", "")).first()
    if user is None:
        abort(401, "Nobody has that name.")
    request.session.rotate()
    request.session["user"] = user.pk
    return JsonResponse(service.user_data(user))


@app.route("/me")
def me(request: Request) -> Response:
    if "user" not in request.session:
        abort(401, "Log in first: POST a name to /login.")
    return JsonResponse(service.user_data(_user(request.session["user"])))


@app.route("/logout", methods=["POST"])
def logout(request: Request) -> Response:
    request.session.flush()
    return Response(status=204)


def _fields(request: Request) -> dict[str, Any]:
    if request.mimetype != "application/json":
        return request.form.to_dict()
    if not isinstance(request.json, dict):
        abort(400, "Send a JSON object.")
    return request.json


def _user(id: int) -> User:
    user = service.find_user(id)
    if user is None:
        abort(404, f"There is no user {id}.")
    return user
