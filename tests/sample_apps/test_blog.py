"""The blog: every page and form of it, and every way to be refused."""

import re

import pytest

from fwtrace.frameworks.flask import session
from fwtrace.toolkit.orm import disconnect
from sample_apps import passwords
from sample_apps.blog import create_app
from sample_apps.blog.auth import local_path
from sample_apps.blog.database import rows
from sample_apps.blog.models import Author, Post
from sample_apps.passwords import COST, hash_password, verify_password

PASSWORD = "correct horse"
TOKEN = re.compile('name="csrf_token" value="([^"]+)"')


@pytest.fixture
def make_app():
    """Makes apps with what is given as their settings."""
    made = []

    def make(**settings):
        app = create_app({"TESTING": True, "SECRET_KEY": "test"} | settings)
        made.append(app)
        return app

    yield make
    for app in made:
        disconnect(app.extensions["database"].alias)


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def reader(app):
    """Somebody who is not logged in."""
    return Reader(app)


@pytest.fixture
def author(app):
    """Somebody who is logged in as ann."""
    return registered(app, "ann")


class Reader:
    """A client that fills forms in as a browser does, hidden fields and all."""

    def __init__(self, app):
        self.app = app
        self.client = app.test_client()

    def get(self, path, **options):
        return self.client.get(path, **options)

    def token(self):
        return TOKEN.findall(self.get("/auth/login").text)[-1]

    def send(self, path, **fields):
        fields["csrf_token"] = self.token()
        return self.client.post(path, data=fields)

    def log_in(self, name, password=PASSWORD, path="/auth/login"):
        return self.send(path, name=name, password=password)

    def register(self, name, password=PASSWORD, repeated=None):
        repeated = password if repeated is None else repeated
        return self.send(
            "/auth/register", name=name, password=password, repeated=repeated
        )

    def write(self, title="A title", body="A text"):
        """Publish a post; the path of its page."""
        response = self.send("/posts/new", title=title, body=body)
        assert response.status_code == 303
        return response.location


class Browser(Reader):
    """A logged-in reader's token is on each page, in the form that logs out."""

    def token(self):
        return TOKEN.findall(self.get("/").text)[0]


def registered(app, name):
    reader = Reader(app)
    assert reader.register(name).status_code == 303
    assert reader.log_in(name).status_code == 303
    browser = Browser(app)
    browser.client = reader.client
    return browser


def count(app, model, **conditions):
    with app.app_context():
        return rows(model).filter(**conditions).count()


# Reading.


def test_index_shows_the_newest_posts(reader):
    page = reader.get("/").text
    assert page.startswith("<!doctype html>")
    titles = re.findall("<h2><a[^>]*>([^<]+)", page)
    assert len(titles) == 5
    assert titles[0] == "Where a redirect may lead"
    assert '<time datetime="2024-03-12T09:00:00+00:00">12 March 2024</time>' in page


@pytest.mark.parametrize(
    ("page", "shown", "links"),
    [
        ("1", 1, ["next"]),
        ("2", 2, ["prev", "next"]),
        ("3", 3, ["prev"]),
        ("4", 3, ["prev"]),
        ("0", 1, ["next"]),
        ("-1", 1, ["next"]),
        ("two", 1, ["next"]),
        ("", 1, ["next"]),
        ("9" * 50, 3, ["prev"]),
        ("9" * 5000, 1, ["next"]),
    ],
)
def test_index_keeps_to_the_pages_there_are(reader, page, shown, links):
    text = reader.get("/", query_string={"page": page}).text
    assert f"Page {shown} of 3, 12 in all" in text
    assert re.findall('<a rel="([a-z]+)"', text) == links


def test_page_size_is_a_setting(make_app):
    assert "Page 1 of 1, 12 in all" in Reader(make_app(PER_PAGE=12)).get("/").text


def test_every_post_is_on_one_page(reader):
    pages = [reader.get(f"/?page={number}").text for number in (1, 2, 3)]
    found = [
        path for page in pages for path in re.findall(r'href="(/posts/\d+)"', page)
    ]
    assert found == [f"/posts/{id}" for id in range(12, 0, -1)]


def test_search_looks_into_titles_and_texts(reader):
    assert "What a cookie knows" in reader.get("/?q=COOKIE").text
    assert "How long is a nanosecond" in reader.get("/?q=centimetres").text


def test_search_stays_in_the_links(reader):
    page = reader.get("/?q=the&page=2").text
    assert 'value="the"' in page
    assert 'href="/?q=the&amp;page=1"' in page


def test_search_finds_nothing(reader):
    page = reader.get("/?q=%3Ci%3E").text
    assert "No post has “&lt;i&gt;” in it." in page
    assert "Page 1 of 1, 0 in all" in page


@pytest.mark.parametrize("query", ["%", "_", "\\", "\0", "'", '"', "x" * 60_000])
def test_search_takes_any_text(reader, query):
    response = reader.get("/", query_string={"q": query})
    assert response.status_code == 200


def test_percent_is_no_wildcard(reader):
    assert "0 in all" in reader.get("/?q=%25").text


def test_post_has_a_page(reader):
    page = reader.get("/posts/6").text
    assert "<h1>What a cookie knows</h1>" in page
    assert "not changed.\n\nPut an id in it" in page
    assert "Edit" not in page


@pytest.mark.parametrize("id", ["0", "99", str(2**63 - 1), str(2**63), "9" * 30, "x"])
def test_missing_post_is_404(reader, author, id):
    for response in (
        reader.get(f"/posts/{id}"),
        author.get(f"/posts/{id}/edit"),
        author.send(f"/posts/{id}/edit", title="A", body="B"),
        author.send(f"/posts/{id}/delete"),
    ):
        assert response.status_code == 404
        assert "<h1>Not Found</h1>" in response.text


def test_posts_are_json_too(reader):
    response = reader.get("/posts.json?q=cookie")
    assert response.mimetype == "application/json"
    post = response.json.pop("posts")[0]
    assert post.pop("body").startswith("A signed cookie")
    assert post == {
        "id": 6,
        "title": "What a cookie knows",
        "author": "radia",
        "created": "2024-03-06T09:00:00+00:00",
        "url": "/posts/6",
    }


def test_json_has_pages(reader):
    data = reader.get("/posts.json?page=3").json
    assert [post["id"] for post in data["posts"]] == [2, 1]
    assert (data["page"], data["pages"], data["count"]) == (3, 3, 12)


def test_json_holds_no_password(reader, author):
    author.write()
    text = reader.get("/posts.json").text
    assert "ann" in text
    assert "password" not in text


def test_every_answer_has_security_headers(reader):
    for path in ("/", "/nowhere", "/posts/new", "/static/blog.css"):
        with reader.get(path) as response:
            assert "default-src 'self'" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_stylesheet_is_served(reader):
    with reader.get("/static/blog.css") as response:
        assert response.mimetype == "text/css"
        assert "prefers-color-scheme: dark" in response.text


def test_wrong_method_is_405_with_the_right_ones(reader):
    response = reader.client.post("/")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert "<h1>Method Not Allowed</h1>" in response.text


@pytest.mark.parametrize(
    "path", ["/", "/auth/login", "/auth/register", "/posts/new", "/posts/1"]
)
def test_every_field_has_a_label(author, path):
    page = author.get(path).text
    fields = re.findall('<(?:input|textarea) id="([^"]+)"', page)
    assert re.findall('<label for="([^"]+)"', page) == fields


# Registering.


def test_register_then_log_in(reader, app):
    response = reader.register(" Ann ")
    assert (response.status_code, response.location) == (303, "/auth/login")
    assert "Welcome, ann. Log in to write." in reader.get("/auth/login").text
    assert reader.log_in("ANN").location == "/"
    page = reader.get("/").text
    assert (
        '<p class="flash success" role="status">You are logged in as ann.</p>' in page
    )
    assert "Log out ann" in page
    assert count(app, Author, name="ann") == 1


def test_message_is_flashed_once(reader):
    reader.register("ann")
    assert "Welcome" in reader.get("/").text
    assert "Welcome" not in reader.get("/").text


@pytest.mark.parametrize("name", ["ann", "Ann", "ada"])
def test_register_twice_is_refused(author, app, name):
    response = author.register(name)
    assert response.status_code == 400
    assert "Somebody has that name." in response.text
    assert f'value="{name}"' in response.text
    assert count(app, Author) == 4


@pytest.mark.parametrize(
    ("name", "password", "repeated", "message"),
    [
        ("", PASSWORD, PASSWORD, "A name has 2 to 30"),
        ("a", PASSWORD, PASSWORD, "A name has 2 to 30"),
        ("a" * 31, PASSWORD, PASSWORD, "A name has 2 to 30"),
        ("an n", PASSWORD, PASSWORD, "A name has 2 to 30"),
        ("аnn", PASSWORD, PASSWORD, "A name has 2 to 30"),  # a Cyrillic а
        ("<i>", PASSWORD, PASSWORD, "A name has 2 to 30"),
        ("ann", "", "", "A password has 8 to 200"),
        ("ann", "short", "short", "A password has 8 to 200"),
        ("ann", "x" * 201, "x" * 201, "A password has 8 to 200"),
        ("ann", PASSWORD, "another", "The two passwords differ."),
        ("ann", PASSWORD, "", "The two passwords differ."),
    ],
)
def test_register_says_what_is_wrong(reader, app, name, password, repeated, message):
    response = reader.register(name, password, repeated)
    assert response.status_code == 400
    assert message in response.text
    assert 'aria-invalid="true"' in response.text
    assert "<i>" not in response.text
    assert count(app, Author) == 3


def test_password_is_never_sent_back(reader):
    response = reader.register("a", "secret password")
    assert "secret password" not in response.text
    assert "secret password" not in reader.log_in("ann", "secret password").text


def test_register_without_fields_is_400(reader):
    assert reader.send("/auth/register").status_code == 400


# Passwords.


def test_a_guess_costs_what_rfc_7914_says(monkeypatch):
    monkeypatch.setattr(passwords, "COST", COST)
    # What section 12 gives for these begins so.
    salt, answer = b"SodiumChloride", "7023bdcb3afd7348461c06cd81fd38eb"
    assert passwords._scrypt("pleaseletmein", salt).startswith(answer)


def test_password_is_kept_as_a_salted_hash(app, author):
    with app.app_context():
        kept = rows(Author).get(name="ann").password
    assert PASSWORD not in kept
    assert verify_password(PASSWORD, kept)
    assert hash_password(PASSWORD) != hash_password(PASSWORD)


@pytest.mark.parametrize("password", ["", "correct hors", "correct horse ", "ñ❤"])
def test_other_passwords_do_not_fit(password):
    assert not verify_password(password, hash_password(PASSWORD))


def test_any_characters_make_a_password():
    assert verify_password("ñ❤ \0", hash_password("ñ❤ \0"))


@pytest.mark.parametrize("kept", ["", "$", "00$"])
def test_no_password_fits_an_empty_one(kept):
    assert not verify_password("", kept)


# Logging in and out.


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ann", "wrong password"),
        ("ann", ""),
        ("nobody", PASSWORD),
        ("", ""),
        ("ada", ""),
        ("ann\0\0", "wrong"),
    ],
)
def test_wrong_login_is_401(reader, name, password):
    reader.register("ann")
    response = reader.log_in(name, password)
    assert response.status_code == 401
    assert "The name or the password is wrong." in response.text
    assert "Log out" not in reader.get("/").text


def test_logout_forgets_the_author(author):
    response = author.send("/auth/logout")
    assert (response.status_code, response.location) == (303, "/")
    page = author.get("/").text
    assert "You are logged out." in page
    assert "Log out" not in page
    assert author.get("/posts/new").status_code == 302


def test_logout_takes_a_post(author):
    assert author.get("/auth/logout").status_code == 405
    assert "Log out ann" in author.get("/").text


def test_login_starts_a_new_session(reader):
    reader.register("ann")
    before = reader.token()
    reader.log_in("ann")
    assert Browser.token(reader) != before


def test_session_of_a_deleted_author_is_nobodys(app, author):
    with app.app_context():
        rows(Author).filter(name="ann").delete()
    assert author.get("/").status_code == 200
    assert author.get("/posts/new").status_code == 302


def test_changed_session_cookie_is_nobodys(author):
    name = author.app.config["SESSION_COOKIE_NAME"]
    cookie = author.client.get_cookie(name)
    author.client.set_cookie(name, cookie.value[:-2] + "xx")
    assert "Log out" not in author.get("/").text


def test_session_holds_an_id_and_a_token(author):
    with author.client as client:
        client.get("/")
        assert set(session) <= {"author", "csrf_token", "_flashes"}


@pytest.mark.parametrize("path", ["/posts/new", "/posts/1/edit"])
def test_login_is_required_and_leads_back(reader, path):
    reader.register("ann")
    response = reader.get(path)
    assert response.status_code == 302
    assert response.location == f"/auth/login?next={path}"
    form = reader.get(response.location).text
    assert '<p class="flash error" role="status">Log in first.</p>' in form
    assert f'action="/auth/login?next={path}"' in form
    assert reader.log_in("ann", path=response.location).location == path


@pytest.mark.parametrize("path", ["/posts/new", "/posts/1/edit", "/posts/1/delete"])
def test_login_is_required_to_post(app, reader, path):
    response = reader.send(path, title="A", body="B")
    assert (response.status_code, response.location) == (302, "/auth/login")
    assert count(app, Post) == 12


def test_login_leads_back_below_a_mount(reader):
    mounted = {"SCRIPT_NAME": "/blog"}
    response = reader.get("/posts/new", environ_overrides=mounted)
    assert response.location == "/blog/auth/login?next=/blog/posts/new"


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\/evil.example/",
    "/\t/evil.example/",
    "/\n/evil.example/",
    "/ok\r\nLocation: https://evil.example/",
    " //evil.example/",
    " /posts/new",
    "javascript:alert(1)",
    "evil.example",
    "/ä",
    "\0",
]


@pytest.mark.parametrize("target", ELSEWHERE, ids=ascii)
def test_login_leads_nowhere_else(reader, target):
    reader.register("ann")
    token = reader.token()
    form = {"name": "ann", "password": PASSWORD, "csrf_token": token}
    response = reader.client.post(
        "/auth/login", query_string={"next": target}, data=form
    )
    assert (response.status_code, response.location) == (303, "/")


def test_next_is_escaped(reader):
    page = reader.get("/auth/login", query_string={"next": '"><script>'}).text
    assert "<script>" not in page


@pytest.mark.parametrize("target", ["/", "/posts/1?a=b#c", "/a//b", "/%2F"])
def test_local_path_stays(target):
    assert local_path(target) == target


# Writing.


def test_write_shows_the_post(app, author, reader):
    path = author.write("On tests", "First line\r\nsecond line")
    assert path == "/posts/13"
    page = author.get(path).text
    assert "Your post is published." in page
    assert '<div class="body">First line\nsecond line</div>' in page
    assert f'href="{path}/edit"' in page
    assert f'href="{path}/edit"' not in reader.get(path).text
    assert "On tests" in reader.get("/").text


@pytest.mark.parametrize("path", ["/posts/new", "edit"])
@pytest.mark.parametrize(
    ("title", "body", "message"),
    [
        ("", "B", "Give a title."),
        ("  ", "B", "Give a title."),
        ("\0", "B", "Give a title."),
        ("A", "", "Give a text."),
        ("A" * 121, "B", "Give at most 120 characters."),
        ("A", "B" * 20_001, "Give at most 20,000 characters."),
    ],
)
def test_post_that_is_wrong_comes_back(app, author, path, title, body, message):
    if path == "edit":
        path = author.write("Old", "Old") + "/edit"
    before = count(app, Post)
    response = author.send(path, title=title, body=body)
    assert response.status_code == 400
    assert message in response.text
    assert f"{body}</textarea>" in response.text
    assert count(app, Post) == before
    assert count(app, Post, title=title) == 0


def test_edit_starts_from_what_there_is(author):
    path = author.write('A "title"', "\n  Two\nlines")
    form = author.get(f"{path}/edit").text
    assert 'value="A &#34;title&#34;"' in form
    assert ">\nTwo\nlines</textarea>" in form


def test_edit_changes_the_post(author):
    path = author.write()
    response = author.send(f"{path}/edit", title="Another", body="Text")
    assert (response.status_code, response.location) == (303, path)
    page = author.get(path).text
    assert "Your post is changed." in page
    assert "<h1>Another</h1>" in page


def test_delete_takes_the_post_away(app, author):
    path = author.write("Short life")
    response = author.send(f"{path}/delete")
    assert (response.status_code, response.location) == (303, "/")
    assert "“Short life” is deleted." in author.get("/").text
    assert author.get(path).status_code == 404
    assert count(app, Post) == 12


def test_delete_takes_a_post(author):
    assert author.get(author.write() + "/delete").status_code == 405


def test_somebody_elses_post_is_forbidden(app, author):
    path = author.write("Hers")
    other = registered(app, "bob")
    for response in (
        other.get(f"{path}/edit"),
        other.send(f"{path}/edit", title="Mine", body="Mine"),
        other.send(f"{path}/delete"),
    ):
        assert response.status_code == 403
        assert "Only its author can change a post." in response.text
    assert count(app, Post, title="Hers") == 1


def test_form_cannot_choose_the_author(app, author):
    path = author.write()
    author.send(f"{path}/edit", title="A", body="B", author="1", author_id="1", id="1")
    assert count(app, Post, title="A", author__name="ann") == 1
    assert count(app, Post, author__name="ada") == 4


XSS = "</textarea><script>alert('1')</script>\"><img src=x onerror=alert(1)>"


def test_markup_is_escaped_everywhere(author):
    path = author.write(XSS, XSS)
    deleted = author.write(XSS)
    pages = [author.get(each).text for each in (path, "/", f"{path}/edit")]
    pages.append(author.get("/", query_string={"q": XSS}).text)
    pages.append(author.send("/posts/new", title=XSS, body="").text)
    author.send(f"{deleted}/delete")
    pages.append(author.get("/").text)
    for page in pages:
        assert "&lt;script&gt;" in page
        assert "<script" not in page
        assert "<img" not in page


# Forms.


@pytest.mark.parametrize("token", [None, "", "wrong", "ä" * 43, "x" * 100_000])
@pytest.mark.parametrize(
    "path",
    ["/auth/register", "/auth/login", "/auth/logout", "/posts/new", "/posts/1/delete"],
)
def test_form_without_the_token_is_400(app, author, path, token):
    form = {} if token is None else {"csrf_token": token}
    response = author.client.post(path, data=form)
    assert response.status_code == 400
    assert "The form is out of date." in response.text
    assert "Log out ann" in response.text
    assert count(app, Post) == 12


def test_token_of_another_client_is_400(app, reader):
    token = Reader(app).token()
    reader.token()
    response = reader.client.post("/auth/login", data={"csrf_token": token})
    assert response.status_code == 400


def test_token_without_a_session_is_400(reader):
    for token in ("", "None"):
        response = reader.client.post("/auth/login", data={"csrf_token": token})
        assert response.status_code == 400


def test_token_in_the_address_is_400(reader):
    response = reader.client.post(f"/auth/login?csrf_token={reader.token()}")
    assert response.status_code == 400


def test_form_that_is_too_large_is_413(author):
    form = {"csrf_token": author.token(), "body": "x" * 300_000}
    assert author.client.post("/posts/new", data=form).status_code == 413


def test_post_to_nowhere_is_404(reader):
    assert reader.client.post("/nowhere").status_code == 404


# The app.


def test_failure_is_a_page(make_app, caplog):
    app = make_app(TESTING=False)

    @app.route("/boom")
    def boom():
        raise RuntimeError("a secret of the server")

    response = app.test_client().get("/boom")
    assert response.status_code == 500
    assert "<h1>Internal Server Error</h1>" in response.text
    assert "a secret" not in response.text
    assert "a secret" in caplog.text


def test_apps_have_databases_of_their_own(make_app):
    one, other = make_app(), make_app()
    registered(one, "ann").write("Only here")
    assert count(one, Post, title="Only here") == 1
    assert count(other, Post, title="Only here") == 0
    assert count(other, Author, name="ann") == 0
    assert Reader(other).log_in("ann").status_code == 401


def test_file_is_kept_and_filled_once(make_app, tmp_path):
    url = f"sqlite:///{tmp_path}/blog.db"
    registered(make_app(DATABASE=url), "ann").write()
    again = make_app(DATABASE=url)
    assert (count(again, Author), count(again, Post)) == (4, 13)
    assert Reader(again).log_in("ann").status_code == 303


def test_database_of_the_environment_is_the_default(make_app, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/blog.db")
    app = make_app()
    assert (tmp_path / "blog.db").exists()
    assert count(app, Post) == 12


def test_init_db_starts_again(app, author):
    author.write()
    result = app.test_cli_runner().invoke(args=["init-db"])
    assert (result.exit_code, result.output) == (0, "The database is as new.\n")
    assert (count(app, Author), count(app, Post)) == (3, 12)
    assert "Log out" not in author.get("/").text


def test_init_db_has_help(app):
    result = app.test_cli_runner().invoke(args=["init-db", "--help"])
    assert "Delete all authors and posts" in result.output


def test_wsgi_is_an_app():
    from sample_apps.blog.wsgi import app

    assert app.test_client().get("/").status_code == 200
    disconnect(app.extensions["database"].alias)
