"""StaticFiles: the files of a directory, as a mounted app."""

import asyncio
import os
from email.utils import formatdate

import pytest

# Starlette would rather have httpx2 under its test client.
pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx.")

LAST_MODIFIED = 1_700_000_000


@pytest.fixture
def site(tmp_path):
    """A directory with a few files; ``secret.txt`` lies next to it."""
    root = tmp_path / "site"
    files = {
        "hello.txt": b"0123456789",
        "style.css": b"body {}",
        "data.unknown": b"\x00\x01",
        "empty.txt": b"",
        "two words.txt": b"two",
        "docs/index.html": b"<h1>docs</h1>",
        "docs/page.html": b"<h1>page</h1>",
        "bare/file.txt": b"bare",
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (LAST_MODIFIED, LAST_MODIFIED))
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "site-private").mkdir()
    (tmp_path / "site-private" / "secret.txt").write_text("secret")
    return root


@pytest.fixture
def static(part):
    return part("staticfiles").StaticFiles


@pytest.fixture
def serve(part, static):
    """``serve(directory)``: a client whose ``/static`` are the files in there."""

    def build(directory, **options):
        app = part("applications").Starlette()
        app.mount("/static", static(directory=directory, **options), name="static")
        return part("testclient").TestClient(app, follow_redirects=False)

    return build


@pytest.mark.parametrize(
    ("path", "content", "media_type"),
    [
        ("hello.txt", b"0123456789", "text/plain"),
        ("style.css", b"body {}", "text/css"),
        ("data.unknown", b"\x00\x01", "application/octet-stream"),
        ("empty.txt", b"", "text/plain"),
        ("two%20words.txt", b"two", "text/plain"),
        ("docs/page.html", b"<h1>page</h1>", "text/html"),
        ("docs//page.html", b"<h1>page</h1>", "text/html"),
    ],
)
def test_files_are_served(serve, site, path, content, media_type):
    response = serve(site).get(f"/static/{path}")
    assert response.status_code == 200
    assert response.content == content
    assert response.headers["content-type"].partition(";")[0] == media_type
    assert response.headers["content-length"] == str(len(content))
    assert response.headers["last-modified"] == formatdate(LAST_MODIFIED, usegmt=True)
    assert response.headers["etag"].startswith('"')
    assert response.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    "path",
    [
        "missing.txt",
        "HELLO.txt",
        "docs",
        "docs/",
        "",
        "bare/",
        "hello.txt/deeper",
        "x" * 300,
        "nul%00byte",
    ],
)
def test_anything_else_is_not_found(serve, site, path):
    assert serve(site).get(f"/static/{path}").status_code == 404


def test_a_slash_after_the_name_of_a_file_is_ignored(serve, site):
    assert serve(site).get("/static/hello.txt/").content == b"0123456789"


def test_a_file_that_changes_is_read_again(serve, site):
    web = serve(site)
    before = web.get("/static/hello.txt")
    (site / "hello.txt").write_text("new")
    after = web.get("/static/hello.txt")
    assert after.text == "new"
    assert after.headers["etag"] != before.headers["etag"]


def test_the_directory_may_be_a_string(serve, site):
    assert serve(str(site)).get("/static/hello.txt").content == b"0123456789"


def test_files_have_urls(part, static, site):
    app = part("applications").Starlette()
    app.mount("/static", static(directory=site), name="static")
    assert app.url_path_for("static", path="/docs/page.html") == (
        "/static/docs/page.html"
    )


def test_several_directories_can_be_searched_in_order(static, site, tmp_path, part):
    other = tmp_path / "other"
    other.mkdir()
    (other / "hello.txt").write_text("other")
    (other / "only.txt").write_text("only")

    class TwoPlaces(static):
        def get_directories(self, directory=None, packages=None):
            return [site, other]

    web = part("testclient").TestClient(TwoPlaces(directory=site))
    assert web.get("/hello.txt").text == "0123456789"
    assert web.get("/only.txt").text == "only"


# HTML mode


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("docs/", 200, "<h1>docs</h1>"),
        ("docs/index.html", 200, "<h1>docs</h1>"),
        ("docs/page.html", 200, "<h1>page</h1>"),
        ("hello.txt", 200, "0123456789"),
    ],
)
def test_html_mode_serves_the_index(serve, site, path, status, text):
    response = serve(site, html=True).get(f"/static/{path}")
    assert (response.status_code, response.text) == (status, text)


def test_html_mode_sends_a_directory_to_its_slash(serve, site):
    response = serve(site, html=True).get("/static/docs?a=b")
    assert response.status_code == 307
    assert response.headers["location"] == "http://testserver/static/docs/?a=b"


@pytest.mark.parametrize("path", ["missing", "bare/", "bare", ""])
def test_html_mode_without_a_page_for_missing_ones(serve, site, path):
    assert serve(site, html=True).get(f"/static/{path}").status_code == 404


@pytest.mark.parametrize("path", ["missing", "missing/deep", "bare/", "docs/missing"])
def test_html_mode_answers_with_404_html(serve, site, path):
    (site / "404.html").write_text("<h1>lost</h1>")
    (site / "docs" / "404.html").write_text("<h1>never used</h1>")
    response = serve(site, html=True).get(f"/static/{path}")
    assert (response.status_code, response.text) == (404, "<h1>lost</h1>")
    assert response.headers["content-type"].startswith("text/html")


def test_404_html_is_only_a_file_without_html_mode(serve, site):
    (site / "404.html").write_text("<h1>lost</h1>")
    web = serve(site)
    assert web.get("/static/missing").text != "<h1>lost</h1>"
    assert web.get("/static/404.html").status_code == 200


def test_404_html_is_never_not_modified(serve, site):
    (site / "404.html").write_text("<h1>lost</h1>")
    web = serve(site, html=True)
    response = web.get("/static/missing", headers={"if-none-match": "*"})
    assert (response.status_code, response.text) == (404, "<h1>lost</h1>")


def test_html_mode_at_the_root(part, static, site):
    (site / "index.html").write_text("<h1>home</h1>")
    web = part("testclient").TestClient(static(directory=site, html=True))
    assert web.get("/").text == "<h1>home</h1>"
    assert web.get("/docs/").text == "<h1>docs</h1>"


# The directory


def test_a_missing_directory_is_told_at_once(static, tmp_path):
    with pytest.raises(RuntimeError):
        static(directory=tmp_path / "missing")
    with pytest.raises(RuntimeError):
        static(directory="")


def test_a_missing_directory_is_told_at_the_first_request(serve, tmp_path):
    web = serve(tmp_path / "missing", check_dir=False)
    with pytest.raises(RuntimeError):
        web.get("/static/hello.txt")


def test_a_directory_may_come_into_being_later(serve, tmp_path):
    web = serve(tmp_path / "later", check_dir=False)
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "hello.txt").write_text("hello")
    assert web.get("/static/hello.txt").text == "hello"


def test_a_directory_that_is_a_file(serve, static, site):
    with pytest.raises(RuntimeError):
        static(directory=site / "hello.txt")
    web = serve(site / "hello.txt", check_dir=False)
    with pytest.raises(RuntimeError):
        web.get("/static/x")


# Breaking out


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/docs/../../secret.txt",
        "/../site-private/secret.txt",
        "//etc/passwd",
        "/\\..\\secret.txt",
        "/....//secret.txt",
        "/..",
    ],
)
@pytest.mark.parametrize("follow", [True, False])
def test_nothing_outside_the_directory_is_served(part, static, site, path, follow):
    error = part("exceptions").HTTPException
    app = static(directory=site, follow_symlink=follow)
    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    with pytest.raises(error) as caught:
        asyncio.run(app(scope, None, None))
    assert caught.value.status_code == 404


def test_the_absolute_path_of_a_file_is_no_way_to_it(serve, site):
    web = serve(site)
    for path in (f"/static/{site}/hello.txt", f"/static//{site}/hello.txt"):
        assert web.get(path).status_code == 404


def test_dots_inside_the_directory_are_resolved(part, static, site):
    app = static(directory=site)
    sent = []

    async def receive():
        return await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    path = "/docs/../bare/./file.txt"
    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    asyncio.run(app(scope, receive, send))
    assert b"".join(message.get("body", b"") for message in sent) == b"bare"


@pytest.mark.parametrize(
    ("follow", "name", "status"),
    [
        (False, "out.txt", 404),
        (True, "out.txt", 200),
        (False, "outdir/secret.txt", 404),
        (True, "outdir/secret.txt", 200),
        (False, "in.txt", 200),
        (True, "in.txt", 200),
        (True, "broken.txt", 404),
    ],
)
def test_symlinks(serve, site, follow, name, status):
    (site / "out.txt").symlink_to(site.parent / "secret.txt")
    (site / "outdir").symlink_to(site.parent / "site-private")
    (site / "in.txt").symlink_to(site / "hello.txt")
    (site / "broken.txt").symlink_to(site / "nowhere")
    web = serve(site, follow_symlink=follow)
    assert web.get(f"/static/{name}").status_code == status


def test_the_directory_itself_may_be_a_symlink(serve, site):
    link = site.parent / "link"
    link.symlink_to(site)
    for follow in (True, False):
        web = serve(link, follow_symlink=follow)
        assert web.get("/static/hello.txt").content == b"0123456789"


def test_a_file_that_may_not_be_read_needs_authorisation(part, static, site):
    class Guarded(static):
        def lookup_path(self, path):
            raise PermissionError

    app = part("applications").Starlette()
    app.mount("/", Guarded(directory=site))
    assert part("testclient").TestClient(app).get("/hello.txt").status_code == 401


# Methods


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["hello.txt", "missing.txt"])
def test_only_get_and_head_are_allowed(serve, site, method, path):
    response = serve(site).request(method, f"/static/{path}")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"


def test_head_has_the_headers_of_get(serve, site):
    web = serve(site)
    head, get = web.head("/static/hello.txt"), web.get("/static/hello.txt")
    assert (head.status_code, head.content) == (200, b"")
    assert dict(head.headers) == dict(get.headers)


def test_a_websocket_is_closed(serve, site, part):
    closed = part("websockets").WebSocketDisconnect
    web = serve(site)
    with pytest.raises(closed), web.websocket_connect("/static/hello.txt"):
        pass


# Not modified


@pytest.fixture
def etag(serve, site):
    return serve(site).get("/static/hello.txt").headers["etag"]


@pytest.mark.parametrize(
    ("template", "status"),
    [
        ("{}", 304),
        ("W/{}", 304),
        ('"other", {}', 304),
        ('W/"other",W/{}', 304),
        ("*", 304),
        (" * ", 304),
        ('"other"', 200),
        ("", 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_if_none_match(serve, site, etag, template, status, method):
    headers = {"if-none-match": template.format(etag)}
    response = serve(site).request(method, "/static/hello.txt", headers=headers)
    assert response.status_code == status
    assert response.headers["etag"] == etag
    if status == 304:
        assert response.content == b""
        assert "content-length" not in response.headers
        assert "content-type" not in response.headers
        assert "last-modified" not in response.headers


@pytest.mark.parametrize(
    ("date", "status"),
    [
        (formatdate(LAST_MODIFIED, usegmt=True), 304),
        (formatdate(LAST_MODIFIED + 60, usegmt=True), 304),
        (formatdate(LAST_MODIFIED - 60, usegmt=True), 200),
        ("yesterday", 200),
        ("", 200),
    ],
)
def test_if_modified_since(serve, site, date, status):
    headers = {"if-modified-since": date}
    response = serve(site).get("/static/hello.txt", headers=headers)
    assert response.status_code == status


def test_the_etag_counts_more_than_the_date(serve, site):
    headers = {
        "if-none-match": '"other"',
        "if-modified-since": formatdate(LAST_MODIFIED + 60, usegmt=True),
    }
    assert serve(site).get("/static/hello.txt", headers=headers).status_code == 200


# Ranges


@pytest.mark.parametrize(
    ("asked", "content", "told"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=4-", b"456789", "bytes 4-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=9-9", b"9", "bytes 9-9/10"),
        ("bytes=5-100", b"56789", "bytes 5-9/10"),
        ("bytes=-100", b"0123456789", "bytes 0-9/10"),
        ("BYTES=0-0", b"0", "bytes 0-0/10"),
        ("bytes=0-2,2-4", b"01234", "bytes 0-4/10"),
        ("bytes=3-4,0-2", b"01234", "bytes 0-4/10"),
        ("bytes=0-1,x-y", b"01", "bytes 0-1/10"),
    ],
)
def test_a_range_of_a_file(serve, site, asked, content, told):
    response = serve(site).get("/static/hello.txt", headers={"range": asked})
    assert response.status_code == 206
    assert response.content == content
    assert response.headers["content-range"] == told
    assert response.headers["content-length"] == str(len(content))


def test_several_ranges_of_a_file(serve, site):
    headers = {"range": "bytes=0-1, 7-"}
    response = serve(site).get("/static/hello.txt", headers=headers)
    assert response.status_code == 206
    media_type, _, boundary = response.headers["content-type"].partition("; boundary=")
    assert media_type == "multipart/byteranges"
    assert response.headers["content-length"] == str(len(response.content))
    parts = response.content.split(f"--{boundary}".encode())
    assert [part.strip().rpartition(b"\r\n\r\n")[2] for part in parts] == [
        *(b"", b"01", b"789", b"--")
    ]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bytes=10-", 416),
        ("bytes=20-30", 416),
        ("bytes=3-1", 400),
        ("lines=0-1", 400),
        ("bytes", 400),
        ("bytes=a-b", 400),
    ],
)
def test_a_range_that_cannot_be_served(serve, site, asked, status):
    response = serve(site).get("/static/hello.txt", headers={"range": asked})
    assert response.status_code == status
    if status == 416:
        assert response.headers["content-range"] == "bytes */10"


@pytest.mark.parametrize(
    ("validator", "status"),
    [
        ("{etag}", 206),
        ("{date}", 206),
        ('"other"', 200),
        ("W/{etag}", 200),
        (formatdate(LAST_MODIFIED + 60, usegmt=True), 200),
    ],
)
def test_a_range_if_the_file_is_still_the_same(serve, site, etag, validator, status):
    date = formatdate(LAST_MODIFIED, usegmt=True)
    headers = {
        "range": "bytes=0-3",
        "if-range": validator.format(etag=etag, date=date),
    }
    response = serve(site).get("/static/hello.txt", headers=headers)
    assert response.status_code == status


def test_a_range_of_head_has_no_body(serve, site):
    response = serve(site).head("/static/hello.txt", headers={"range": "bytes=0-3"})
    assert (response.status_code, response.content) == (206, b"")
    assert response.headers["content-length"] == "4"
