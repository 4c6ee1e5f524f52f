"""Project 1's three commands, under gunicorn with several workers, and in-process."""

import contextlib
import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from wsgiref.validate import validator

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit.wsgi.client import Client, build_environ, run_app

ROOT = Path(__file__).parents[2]
GUNICORN = [
    *(sys.executable, "-m", "gunicorn", "sample_apps.wsgi_hello:application"),
    *("--bind", "127.0.0.1:0", "--workers", "3"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a gunicorn that serves the app, stopped afterwards."""
    folder = tmp_path_factory.mktemp("hello")
    environ = os.environ | {
        "SESSION_FILE": str(folder / "sessions.sqlite"),
        "PYTHONPATH": str(ROOT),
    }
    with subprocess.Popen(
        GUNICORN, cwd=folder, env=environ, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield address_of(process)
        finally:
            process.terminate()
            process.communicate(timeout=10)


def address_of(process):
    for line in process.stderr:
        found = re.search(r"Listening at: (http://\S+)", line)
        if found:
            return found[1]
    raise AssertionError("gunicorn did not start")


@pytest.fixture
def curl(server):
    if shutil.which("curl") is None:
        pytest.skip("needs curl")

    def curl(*arguments, path):
        command = ["curl", "--silent", "--max-time", "10", *arguments, server + path]
        return subprocess.run(command, capture_output=True, text=True).stdout

    return curl


def test_the_three_commands_answer_as_shown(curl):
    assert curl(path="/hello?name=World") == "Hello, World!\n"
    welcome = curl("-X", "POST", "-d", "username=alice", path="/login")
    found = re.fullmatch(r"Welcome, alice! Session ID: (\S+)\n", welcome)
    assert found is not None
    profile = curl("-b", f"session_id={found[1]}", path="/profile")
    assert profile == "Profile for alice (authenticated)\n"


def test_session_is_known_to_every_worker(curl):
    welcome = curl("-d", "username=bob", path="/login")
    cookie = f"session_id={welcome.split()[-1]}"
    seen = {curl("-b", cookie, path="/profile") for _ in range(8)}
    assert seen == {"Profile for bob (authenticated)\n"}


def test_profile_of_nobody_is_401(curl):
    only_status = ("-o", os.devnull, "-w", "%{http_code}")
    assert curl(*only_status, path="/profile") == "401"
    assert curl(*only_status, "-b", "session_id=abc123", path="/profile") == "401"


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    """The app, its sessions in a file of the test's."""
    with pytest.MonkeyPatch.context() as patch:
        file = tmp_path_factory.mktemp("sessions") / "sessions.sqlite"
        patch.setenv("SESSION_FILE", str(file))
        patch.delitem(sys.modules, "sample_apps.wsgi_hello", raising=False)
        module = importlib.import_module("sample_apps.wsgi_hello")
    with contextlib.closing(module.application.store):
        yield module.application


@pytest.fixture
def client(application):
    return Client(validator(application))


def test_hello_greets_the_world_by_default(client):
    assert client.get("/hello").text == "Hello, World!\n"
    assert client.get("/hello", query={"name": "Zoë"}).text == "Hello, Zoë!\n"
    assert client.head("/hello").body == b""


def test_hello_is_plain_text(client):
    response = client.get("/hello", query={"name": "<script>"})
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_login_sets_the_cookie_it_names(client):
    response = client.post("/login", data={"username": "alice"})
    assert response.text.split()[-1] == client.cookies["session_id"]
    assert "HttpOnly" in response.headers["Set-Cookie"]
    assert client.get("/profile").text == "Profile for alice (authenticated)\n"


def test_login_gives_a_new_id(client):
    client.post("/login", data={"username": "alice"})
    before = client.cookies["session_id"]
    client.post("/login", data={"username": "bob"})
    assert client.cookies["session_id"] != before
    client.set_cookie("session_id", before)
    assert client.get("/profile").status_code == 401


@pytest.mark.parametrize("form", [{}, {"username": " "}, {"user": "alice"}])
def test_login_without_a_name_is_400(client, form):
    assert client.post("/login", data=form).status_code == 400


def test_wrong_method_and_path_are_named(client):
    assert client.get("/login").headers["Allow"] == "OPTIONS, POST"
    assert client.get("/nowhere").status_code == 404


def test_sessions_of_a_user_are_in_a_folder_of_theirs(tmp_path, monkeypatch):
    module = importlib.import_module("sample_apps.wsgi_hello")
    monkeypatch.delenv("SESSION_FILE", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    file = module.session_file()
    assert os.stat(os.path.dirname(file)).st_mode & 0o777 == 0o700
    monkeypatch.setattr("os.getuid", lambda: 12345)
    os.mkdir(tmp_path / "fwtrace-12345")
    with pytest.raises(PermissionError, match="is not yours: set SESSION_FILE"):
        module.session_file()


LATIN = st.text(st.characters(codec="latin-1"), max_size=40)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["hello", "login", "profile"]), LATIN, LATIN, st.binary())
def test_no_request_is_the_servers_fault(application, path, query, cookie, body):
    for method in ("GET", "POST"):
        kind = ("Content-Type", "application/x-www-form-urlencoded")
        environ = build_environ(method, f"/{path}", body=body, headers=[kind])
        environ |= {"QUERY_STRING": query, "HTTP_COOKIE": f"session_id={cookie}"}
        assert int(run_app(application, environ)[0][:3]) < 500
