from wsgiref.validate import validator

import pytest

from fwtrace.toolkit.http.errors import HTTPError, NotFound, abort
from fwtrace.toolkit.routing import Router, include, path, re_path
from fwtrace.toolkit.wsgi.client import Client, build_environ, run_app
from fwtrace.toolkit.wsgi.dispatch import (
    Dispatcher,
    ViewApp,
    error_response,
    shift_path,
)
from fwtrace.toolkit.wsgi.request import Request
from fwtrace.toolkit.wsgi.response import JsonResponse, Response


def show(request, **params):
    return JsonResponse({"path": request.path, "params": params})


def create(request):
    return Response("created", 201)


def failing(request):
    raise LookupError("ours")


def refusing(request):
    abort(403, "Not you.")


def upload(request):
    response = Response(request.files["f"].filename)
    request.environ["file"] = request.files["f"]
    return response


URLS = [
    path("", show),
    path("users/<int:id>", show),
    path("users", show, methods=["GET"]),
    path("users", create, methods=["POST"]),
    path("folder/", show),
    re_path(r"^year/(?P<year>[0-9]{4})$", show),
    path("blog/", include([path("<slug:name>/", show)])),
    path("fail", failing),
    path("refuse", refusing),
    path("upload", upload),
]


@pytest.fixture
def client():
    return Client(validator(Dispatcher(URLS)))


@pytest.mark.parametrize(
    ("target", "params"),
    [
        ("/", {}),
        ("/users/7", {"id": 7}),
        ("/year/2026", {"year": "2026"}),
        ("/blog/a-b/", {"name": "a-b"}),
    ],
)
def test_dispatcher_calls_the_view_with_the_parameters(client, target, params):
    assert client.get(target).json == {"path": target, "params": params}


def test_dispatcher_chooses_by_method(client):
    assert client.post("/users").status_code == 201
    assert client.get("/users").status_code == 200
    assert client.head("/users").body == b""


def test_dispatcher_answers_404_405_and_options(client):
    assert client.get("/nope").status == "404 Not Found"
    response = client.delete("/users")
    assert response.status == "405 Method Not Allowed"
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    response = client.options("/users")
    assert response.status == "204 No Content"
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_dispatcher_redirects_to_the_trailing_slash(client):
    response = client.get("/folder?q=%C3%A9")
    assert response.status == "308 Permanent Redirect"
    assert response.headers["Location"] == "/folder/?q=%C3%A9"
    assert client.get("/folder", follow_redirects=True).json["path"] == "/folder/"


def test_dispatcher_redirect_keeps_the_mount_and_encodes():
    environ = build_environ("GET", "/blog/%C3%A9")
    environ["SCRIPT_NAME"] = "/a b"
    app = Dispatcher([path("blog/<str:name>/", show)])
    location = dict(run_app(app, environ)[1])["Location"]
    assert location == "/a%20b/blog/%C3%A9/"


@pytest.mark.parametrize("target", ["/%ff", "/users/%00", "//evil.com", "/%5Cevil.com"])
def test_dispatcher_refuses_paths_that_lead_nowhere(client, target):
    response = client.get(target)
    assert 400 <= response.status_code < 500


def test_dispatcher_answers_an_http_error_and_lets_others_out(client):
    response = client.get("/refuse")
    assert (response.status, response.text) == (
        "403 Forbidden",
        "403 Forbidden\nNot you.\n",
    )
    with pytest.raises(LookupError, match="ours"):
        client.get("/fail")


def test_dispatcher_passes_a_mount_the_rest_of_the_path():
    def inner(environ, start_response):
        seen = f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}"
        return Response(seen)(environ, start_response)

    app = Dispatcher(URLS)
    app.mount("/é", inner)
    client = Client(validator(app))
    shown = "/é".encode().decode("latin-1")
    assert client.get("/%C3%A9/a/b").text == f"{shown}|/a/b"
    assert client.get("/%C3%A9").text == f"{shown}|"
    assert client.get("/%C3%A9x").status_code == 404


def test_dispatcher_takes_a_router_with_its_mounts():
    router = Router()
    router.add("/users/<int:id>", show)
    router.mount("/raw", Response("raw"))
    client = Client(validator(Dispatcher(router)))
    assert client.get("/users/1").json["params"] == {"id": 1}
    assert client.get("/raw/x").text == "raw"


def test_dispatcher_resolve_raises_why_there_is_no_route():
    with pytest.raises(NotFound, match="/nope"):
        Dispatcher(URLS).resolve(Request(build_environ("GET", "/nope")))


def test_view_app_takes_its_parameters_from_the_routing_args():
    environ = build_environ()
    environ["wsgiorg.routing_args"] = ((), {"id": 7})
    app = ViewApp(show)
    assert b'"params":{"id":7}' in run_app(validator(app), environ)[2]
    assert b'"params":{}' in run_app(validator(app), build_environ())[2]


def test_view_app_closes_uploads_once_the_body_is_sent():
    seen = []

    def keep(request):
        seen.append(request.files["f"])
        return Response(str(seen[0].file.closed))

    client = Client(ViewApp(keep))
    assert client.post("/", data={"f": ("n", b"x")}).text == "False"
    assert seen[0].file.closed


def test_view_app_closes_uploads_when_the_view_raises():
    seen = []

    def keep(request):
        seen.append(request.files["f"])
        raise LookupError

    with pytest.raises(LookupError):
        Client(ViewApp(keep)).post("/", data={"f": ("n", b"x")})
    assert seen[0].file.closed


@pytest.mark.parametrize(
    ("accept", "kind", "is_json"),
    [
        ("", "", False),
        ("*/*", "", False),
        ("*/*", "application/json", True),
        ("application/json", "", True),
        ("text/html, application/json;q=0.9", "application/json", False),
        ("application/json;q=0", "", False),
    ],
)
def test_error_response_is_json_for_those_who_like_it(accept, kind, is_json):
    environ = {"HTTP_ACCEPT": accept, "CONTENT_TYPE": kind}
    response = error_response(environ, HTTPError(404, "Gone <b>."))
    if is_json:
        assert response.body == b'{"error":"Not Found","detail":"Gone <b>."}'
    else:
        assert response.content_type == "text/plain; charset=utf-8"


def test_shift_path_leaves_the_outer_environ_alone():
    environ = build_environ("GET", "/a/b")
    inner = shift_path(environ, "/b")
    assert (inner["SCRIPT_NAME"], inner["PATH_INFO"]) == ("/a", "/b")
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("", "/a/b")
