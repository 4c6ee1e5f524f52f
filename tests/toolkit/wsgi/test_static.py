import os
from wsgiref.validate import validator

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit.wsgi.client import Client, build_environ, run_app
from fwtrace.toolkit.wsgi.static import StaticFiles


@pytest.fixture
def client(tmp_path):
    folder = tmp_path / "static"
    (folder / "docs").mkdir(parents=True)
    (folder / "style.css").write_text("body{}")
    (folder / "docs" / "index.html").write_text("<h1>Docs</h1>")
    (folder / "café menu.txt").write_text("tea")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return Client(validator(StaticFiles(folder, index="index.html", max_age=60)))


def test_static_serves_a_file_with_validators(client):
    response = client.get("/style.css")
    assert (response.status_code, response.body) == (200, b"body{}")
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"
    assert response.headers["Cache-Control"] == "public, max-age=60"
    assert response.headers["Content-Length"] == "6"
    assert "ETag" in response.headers
    assert "Last-Modified" in response.headers


def test_static_answers_304_to_what_the_client_has(client):
    etag = client.get("/style.css").headers["ETag"]
    response = client.get("/style.css", headers={"If-None-Match": etag})
    assert (response.status_code, response.body) == (304, b"")


def test_static_serves_ranges(client):
    part = client.get("/style.css", headers={"Range": "bytes=1-2"})
    assert (part.status_code, part.body) == (206, b"od")
    assert part.headers["Content-Range"] == "bytes 1-2/6"
    outside = client.get("/style.css", headers={"Range": "bytes=9-"})
    assert outside.status_code == 416
    assert outside.headers["Content-Range"] == "bytes */6"


def test_static_head_has_the_headers_alone(client):
    response = client.head("/style.css")
    assert (response.status_code, response.body) == (200, b"")
    assert response.headers["Content-Length"] == "6"


def test_static_takes_get_and_head_only(client):
    response = client.post("/style.css", body=b"x")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"


def test_static_decodes_names(client):
    assert client.get("/caf%C3%A9%20menu.txt").text == "tea"


@pytest.mark.parametrize(
    "target",
    [
        "/missing.css",
        "/../secret.txt",
        "/docs/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..\\secret.txt",
        "/%5c..%5csecret.txt",
        "//etc/passwd",
        "/link.txt",
        "/style.css/",
        "/style.css/x",
        "/" + "a" * 300,
        "/" + "a/" * 3000,
    ],
)
def test_static_has_nothing_else(client, target):
    response = client.get(target)
    assert response.status_code == 404
    assert "secret" not in response.text


@pytest.mark.parametrize("target", ["/a%00b", "/%ff"], ids=["nul", "not utf-8"])
def test_static_refuses_a_path_that_is_no_text(client, target):
    assert client.get(target).status_code in (400, 404)


def test_static_serves_the_index_of_a_folder(client):
    assert client.get("/docs/").text == "<h1>Docs</h1>"
    response = client.get("/docs")
    assert (response.status_code, response.headers["Location"]) == (308, "/docs/")


def test_static_redirect_stays_on_its_host(client):
    environ = build_environ("GET", "//docs")
    status, headers, _ = run_app(client.app, environ)
    assert status.startswith("308")
    assert ("Location", "/docs/") in headers


def test_static_redirect_keeps_the_mount(client):
    environ = build_environ("GET", "/docs")
    environ["SCRIPT_NAME"] = "/static"
    _, headers, _ = run_app(client.app, environ)
    assert ("Location", "/static/docs/") in headers


def test_static_without_index_has_no_folders(tmp_path):
    (tmp_path / "docs").mkdir()
    client = Client(StaticFiles(tmp_path))
    assert [client.get(t).status_code for t in ("/", "/docs", "/docs/")] == [404] * 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_static_file_that_may_not_be_read_is_not_there(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "a.txt").chmod(0)
    assert Client(StaticFiles(tmp_path)).get("/a.txt").status_code == 404


@settings(max_examples=100, deadline=None)
@given(path=st.text(max_size=40) | st.binary(max_size=40).map(lambda b: b.decode("l1")))
def test_static_any_path_is_an_answer(tmp_path_factory, path):
    folder = tmp_path_factory.getbasetemp()
    environ = build_environ("GET", "/")
    environ["PATH_INFO"] = "/" + path.encode("utf-8", "replace").decode("latin-1")
    status, _, _ = run_app(StaticFiles(folder), environ)
    assert status[:3] in ("400", "404")
