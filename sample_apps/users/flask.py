"""The service on Flask."""

from __future__ import annotations

import os
from time import perf_counter
from typing import Any, NoReturn

from fwtrace.frameworks.flask import (
    Flask,
    Response,
    abort,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from fwtrace.frameworks.flask.exceptions import BadRequest, HTTPException, NotFound
from fwtrace.frameworks.flask.json.provider import DefaultJSONProvider
from fwtrace.toolkit.http.forms import UploadedFile
from sample_apps.users import service
from sample_apps.users.data import open_database
from sample_apps.users.models import User

__all__ = ["app"]


class JSONProvider(DefaultJSONProvider):
    """JSON as the other frameworks write it: no line break at its end."""

    compact = True
    ensure_ascii = False
    sort_keys = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return super().loads(s, parse_constant=refuse_constant, **kwargs)
        except RecursionError:
            raise ValueError("The JSON is nested too deeply.") from None

    def response(self, *args: Any, **kwargs: Any) -> Response:
        response = make_response(super().response(*args, **kwargs))
        response.data = response.get_data().rstrip(b"\n")
        return response


def refuse_constant(name: str) -> NoReturn:
    """RFC 8259 has no NaN and no Infinity."""
    raise ValueError(f"{name} is not JSON.")


open_database()

app = Flask(__name__, template_folder="templates", static_folder=None)
app.config.from_mapping(
    SECRET_KEY=os.environ.get("SECRET_KEY") or "for development only",
    SESSION_COOKIE_SAMESITE="Lax",
)
app.json = JSONProvider(app)


SAFE = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@app.before_request
def start_timer() -> None:
    g.started = perf_counter()


@app.before_request
def give_request_id() -> None:
    """An id for the request: the client's own, when it is short and plain."""
    given = request.headers.get("X-Request-ID", "")
    is_good = 0 < len(given) <= 64 and SAFE.issuperset(given)
    g.request_id = given if is_good else os.urandom(16).hex()


@app.after_request
def add_request_id(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    return response


@app.after_request
def add_timing(response: Response) -> Response:
    took = (perf_counter() - g.started) * 1000
    response.headers["Server-Timing"] = f"app;dur={took:.2f}"
    return response


@app.after_request
def add_security_headers(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


@app.route("/")
def index() -> str:
    return render_template("index.html", count=User.objects.count())


@app.route("/users")
def users() -> str:
    page = request.args.get("page", 1, type=int)
    context = service.list_users(request.args.get("q", ""), page)
    return render_template("users.html", **context)


@app.route("/users/new")
def new_user() -> str:
    return render_template("user_form.html", errors={}, values={})


@app.route("/users", methods=["POST"])
def create_user() -> Response:
    is_json = request.mimetype == "application/json"
    given = fields_of_request()
    values, errors = service.validate(given)
    if errors and is_json:
        return make_response(jsonify(errors=errors), 400)
    if errors:
        page = render_template("user_form.html", errors=errors, values=given)
        return make_response(page, 400)
    user = service.create_user(values)
    location = url_for("user_detail", id=user.pk)
    if is_json:
        body = jsonify(service.user_data(user))
        return make_response(body, 201, {"Location": location})
    return redirect_to(location, 303)


@app.route("/users/<int:id>")
def user_detail(id: int) -> Response:
    user = service.get_user(id)
    return jsonify(service.user_with_posts(user))


@app.route("/users/<int:id>", methods=["PUT", "PATCH"])
def update_user(id: int) -> Response:
    user = service.get_user(id)
    partial = request.method == "PATCH"
    values, errors = service.validate(fields_of_request(), partial)
    if errors:
        return make_response(jsonify(errors=errors), 400)
    service.update_user(user, values)
    return jsonify(service.user_data(user))


@app.route("/users/<int:id>", methods=["DELETE"])
def delete_user(id: int) -> Response:
    service.get_user(id).delete()
    return no_content()


@app.route("/upload", methods=["POST"])
def upload() -> Response:
    if "file" not in request.files:
        abort(400, "Send a file in the field 'file' of a multipart form.")
    return jsonify(service.describe_upload(uploaded_file("file")))


@app.route("/go")
def go() -> Response:
    return redirect_to(url_for("users"))


@app.route("/stream")
def stream() -> Response:
    return Response(service.stream_lines(), content_type="text/plain; charset=utf-8")


@app.route("/boom")
def boom() -> Response:
    raise RuntimeError("This route always fails.")


@app.route("/n-plus-one")
def n_plus_one() -> Response:
    return jsonify(service.posts_one_by_one())


@app.route("/login", methods=["POST"])
def login() -> Response:
    user = service.find_login(request.form.get("name", ""))
    if user is None:
        abort(401, "Nobody has that name.")
    session.clear()
    session["user"] = user.pk
    return jsonify(service.user_data(user))


@app.route("/me")
def me() -> Response:
    if "user" not in session:
        abort(401, "Log in first: POST a name to /login.")
    return jsonify(service.user_data(service.get_user(session["user"])))


@app.route("/logout", methods=["POST"])
def logout() -> Response:
    session.clear()
    return no_content()


@app.errorhandler(User.DoesNotExist)
def no_user(error: Exception) -> Response:
    return make_response(jsonify(service.not_found(error)), 404)


@app.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    """The error as the client likes it: JSON where it asks for that, else text."""
    response = make_response(error.get_response())
    detail = detail_of(error)
    if prefers_json():
        response.data = jsonify(error=error.name, detail=detail).data
        response.content_type = "application/json"
    else:
        lines = [f"{error.code} {error.name}", detail]
        response.data = "".join(f"{line}\n" for line in lines if line)
        response.content_type = "text/plain; charset=utf-8"
    return response


def detail_of(error: HTTPException) -> str:
    """What :func:`abort` was told, or which path leads nowhere."""
    if error is request.routing_exception and isinstance(error, NotFound):
        return f"Nothing is at {request.path}."
    is_usual = error.description == type(error).description
    return "" if is_usual else error.description or ""


def prefers_json() -> bool:
    """By Accept; where that leaves it open, who sends JSON gets JSON."""
    if request.headers.get("Accept", "") in ("", "*/*"):
        return request.mimetype == "application/json"
    offers = ("text/plain", "text/html", "application/json")
    return request.accept_mimetypes.best_match(offers) == "application/json"


def redirect_to(location: str, status: int = 302) -> Response:
    """A redirect without the page that Flask puts into it."""
    response = make_response(redirect(location, status))
    response.data = b""
    return response


def no_content() -> Response:
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def uploaded_file(name: str) -> UploadedFile:
    """The form's file as the service takes it."""
    given = request.files[name]
    file = UploadedFile(name, given.filename or "", {}, spool=0)
    file.close()
    file.file = given.stream
    file.size = given.stream.seek(0, os.SEEK_END)
    return file


def fields_of_request() -> dict[str, Any]:
    """What was sent, as a form or as JSON; an HTTPException for anything else."""
    if request.mimetype == "application/json":
        return json_of_request()
    if request.mimetype not in FORMS:
        abort(415, "Send a form, or JSON.")
    fields: dict[str, Any] = request.form.to_dict()
    return fields


def json_of_request() -> dict[str, Any]:
    try:
        data = request.get_json()
    except BadRequest:
        abort(400, "The body is not valid JSON.")
    if not isinstance(data, dict):
        abort(400, "Send a JSON object.")
    return data


FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "")
