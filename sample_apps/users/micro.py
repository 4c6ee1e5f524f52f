"""The service on the micro framework."""

from __future__ import annotations

from typing import Any

from fwtrace.frameworks.micro import (
    App,
    JsonResponse,
    Request,
    Response,
    abort,
    redirect,
    render_template,
    url_for,
)
from fwtrace.toolkit.wsgi.middleware.errors import ErrorsMiddleware
from fwtrace.toolkit.wsgi.middleware.gzip import GZipMiddleware
from fwtrace.toolkit.wsgi.middleware.request_id import RequestIdMiddleware
from fwtrace.toolkit.wsgi.middleware.security import SecurityHeadersMiddleware
from fwtrace.toolkit.wsgi.middleware.session import SessionMiddleware
from fwtrace.toolkit.wsgi.middleware.timing import TimingMiddleware
from sample_apps.users import service
from sample_apps.users.data import open_database
from sample_apps.users.models import User

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
    given = fields_of(request)
    values, errors = service.validate(given)
    if errors and is_json:
        return JsonResponse({"errors": errors}, 400)
    if errors:
        page = app.render("user_form.html", errors=errors, values=given)
        return Response(page, 400)
    user = service.create_user(values)
    location = url_for("user_detail", id=user.pk)
    if is_json:
        return JsonResponse(service.user_data(user), 201, {"Location": location})
    return redirect(location, 303)


@app.route("/users/<int:id>")
def user_detail(request: Request, id: int) -> Response:
    user = service.get_user(id)
    return JsonResponse(service.user_with_posts(user))


@app.route("/users/<int:id>", methods=["PUT", "PATCH"])
def update_user(request: Request, id: int) -> Response:
    user = service.get_user(id)
    partial = request.method == "PATCH"
    values, errors = service.validate(fields_of(request), partial)
    if errors:
        return JsonResponse({"errors": errors}, 400)
    service.update_user(user, values)
    return JsonResponse(service.user_data(user))


@app.route("/users/<int:id>", methods=["DELETE"])
def delete_user(request: Request, id: int) -> Response:
    service.get_user(id).delete()
    return Response(status=204)


@app.route("/upload", methods=["POST"])
def upload(request: Request) -> Response:
    if "file" not in request.FILES:
        abort(400, "Send a file in the field 'file' of a multipart form.")
    return JsonResponse(service.describe_upload(request.FILES["file"]))


@app.route("/go")
def go(request: Request) -> Response:
    return redirect(url_for("users"))


@app.route("/stream")
def stream(request: Request) -> Response:
    return Response(service.stream_lines(), content_type="text/plain; charset=utf-8")


@app.route("/boom")
def boom(request: Request) -> Response:
    raise RuntimeError("This route always fails.")


@app.route("/n-plus-one")
def n_plus_one(request: Request) -> Response:
    return JsonResponse(service.posts_one_by_one())


@app.route("/login", methods=["POST"])
def login(request: Request) -> Response:
    user = service.find_login(request.POST.get("name", ""))
    if user is None:
        abort(401, "Nobody has that name.")
    request.session.rotate()
    request.session["user"] = user.pk
    return JsonResponse(service.user_data(user))


@app.route("/me")
def me(request: Request) -> Response:
    if "user" not in request.session:
        abort(401, "Log in first: POST a name to /login.")
    return JsonResponse(service.user_data(service.get_user(request.session["user"])))


@app.route("/logout", methods=["POST"])
def logout(request: Request) -> Response:
    request.session.flush()
    return Response(status=204)


@app.error_handler(User.DoesNotExist)
def no_user(request: Request, error: Exception) -> Response:
    return JsonResponse(service.not_found(error), 404)


def fields_of(request: Request) -> dict[str, Any]:
    """What was sent, as a form or as JSON; an HTTPError for anything else."""
    if request.mimetype == "application/json":
        if not isinstance(request.json, dict):
            abort(400, "Send a JSON object.")
        return request.json
    if request.mimetype not in FORMS:
        abort(415, "Send a form, or JSON.")
    return request.POST.to_dict()


FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "")
