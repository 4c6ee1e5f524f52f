"""The file server: its pages, and what it will not hand out."""

import re
from wsgiref.validate import validator

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit.wsgi.client import Client, build_environ, run_app
from sample_apps.file_server import app, config


@pytest.fixture
def client():
    return Client(validator(app))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of files in the place of the sample ones."""
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.setattr(config, "FILE_DIR", folder)
    return folder


def test_home_pages(client):
    assert client.get("/").text == "<h1>Hello World</h1>"
    assert "<h1>Welcome</h1>" in client.get("/home").text


@pytest.mark.parametrize("path", ["/", "/home", "/files/"])
def test_post_answers_the_time(client, path):
    response = client.post(path)
    assert response.headers["Content-Type"] == "application/json"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", response.json["time"])


def test_listing_has_names_and_sizes(client):
    page = client.get("/files/").text
    assert '<a href="/files/hello.txt">hello.txt</a></td>' in page
    assert '<a href="/files/notes/ranges.txt">notes/ranges.txt</a>' in page
    size = (config.FILE_DIR / "hello.txt").stat().st_size
    assert f'<td class="size">{size}</td>' in page


def test_listing_links_to_every_file_it_names(client, folder):
    for name in ("ä b.txt", "100%.txt", "a&b?c#d.txt", "<b>.txt"):
        (folder / name).write_text(name)
    page = client.get("/files/").text
    assert "<b>" not in page
    links = re.findall('href="(/files/[^"]+)"', page)
    bodies = {client.get(link.replace("&amp;", "&")).text for link in links}
    assert bodies == {"ä b.txt", "100%.txt", "a&b?c#d.txt", "<b>.txt"}


def test_listing_of_an_empty_and_of_no_folder(client, folder):
    assert "There are none yet." in client.get("/files/").text
    folder.rmdir()
    assert client.get("/files/").status_code == 404


def test_download_has_validators(client):
    response = client.get("/files/people.csv")
    assert response.body == (config.FILE_DIR / "people.csv").read_bytes()
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    again = client.get(
        "/files/people.csv", headers={"If-None-Match": response.headers["ETag"]}
    )
    assert (again.status_code, again.body) == (304, b"")


def test_download_of_a_range(client):
    response = client.get("/files/notes/ranges.txt", headers={"Range": "bytes=11-20"})
    assert (response.status_code, response.body) == (206, b"abcdefghij")
    assert response.headers["Content-Range"].startswith("bytes 11-20/")
    past = client.get("/files/hello.txt", headers={"Range": "bytes=9999-"})
    assert past.status_code == 416


def test_download_head_has_the_size(client):
    response = client.head("/files/hello.txt")
    assert response.body == b""
    size = (config.FILE_DIR / "hello.txt").stat().st_size
    assert response.headers["Content-Length"] == str(size)


@pytest.mark.parametrize(
    "target",
    [
        "/files/../config.py",
        "/files/%2e%2e/config.py",
        "/files/notes/../../config.py",
        "/files/..%5cconfig.py",
        "/files//etc/passwd",
        "/files/%2fetc/passwd",
        "/files/notes",
        "/files/nothing.txt",
        "/files/" + "x" * 5000,
        "/files/" + "x/" * 3000,
    ],
    ids=lambda target: target[:40],
)
def test_download_outside_of_the_folder_is_404(client, target):
    assert client.get(target).status_code == 404


def test_download_through_a_link_out_of_the_folder_is_404(client, folder):
    (folder.parent / "secret").write_text("secret")
    (folder / "link").symlink_to(folder.parent / "secret")
    assert client.get("/files/link").status_code == 404
    assert "link" not in client.get("/files/").text.partition("<h1>")[2]


def test_download_of_a_name_with_nul_is_400(client):
    assert client.get("/files/a%00b").status_code == 400


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=40)
    | st.lists(st.sampled_from([b"..", b"/", b"."])).map(b"".join)
)
def test_no_path_is_the_servers_fault(path):
    environ = build_environ() | {"PATH_INFO": "/files/" + path.decode("latin-1")}
    assert int(run_app(app, environ)[0][:3]) < 500
