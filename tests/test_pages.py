"""The pages, in a real browser: Debian's chromium, without a window."""

import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from fwtrace.frameworks.micro import App
from sample_apps.users.micro import app as users

SECRET = "hunter2"
CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()


@pytest.fixture(autouse=True)
def chromium():
    if CHROMIUM is None:
        reason = "There is no chromium: apt-get install chromium."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def served(app):
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def page(url, tmp_path):
    """The document as the browser has it after loading."""
    return subprocess.run(
        [str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path}", "--dump-dom", url],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


@pytest.mark.usefixtures("users_database")
def test_users_are_listed_with_a_search_and_pages(tmp_path):
    with served(users) as root:
        document = page(f"{root}/users?q=a&page=1", tmp_path)
    assert "<h1>Users</h1>" in document
    assert ">Ada</a>" in document
    assert 'value="a"' in document


def test_debug_page_shows_the_error_and_escapes_it(tmp_path):
    app = App(debug=True)

    @app.route("/fails")
    def fails(request):
        raise ValueError("<script>document.title = 'taken over'</script>")

    with served(app) as root:
        document = page(f"{root}/fails?token={SECRET}", tmp_path)
    assert "ValueError" in document
    assert "raise ValueError" in document
    assert "<title>taken over" not in document
    assert SECRET not in document
