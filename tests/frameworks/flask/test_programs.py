"""Whole programs: the seeds', the quickstart's, and extensions from PyPI, on both."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "programs"
ROOT = Path(__file__).parents[3]
CLONE = "fwtrace.frameworks.flask"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def run(*arguments):
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("login", "flask_login"),
        ("wtf", "flask_wtf"),
        ("cors", "flask_cors"),
        ("talisman", "flask_talisman"),
        ("quickstart", "flask"),
    ],
)
def test_a_program_does_on_the_clone_what_it_does_on_flask(name, module):
    pytest.importorskip(module)
    program = HERE / f"{name}.py"
    on_flask = run(program)
    assert on_flask
    assert run(HERE / "as_clone.py", program) == on_flask


class Server:
    """A process that serves on a port of its choice, and says which."""

    def __init__(self, arguments, folder):
        self.output = folder / "printed.txt"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                env=ENVIRONMENT,
                cwd=folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def printed(self):
        return self.output.read_text()

    def address(self, start=1):
        """Where it listens, after that many starts."""
        for _ in range(400):
            found = re.findall(r"(?:Running on|Listening at:) (\S+)", self.printed)
            if len(found) >= start:
                return found[-1]
            assert self.process.poll() is None, self.printed
            time.sleep(0.05)
        raise AssertionError(f"the server did not start: {self.printed}")

    def stop(self):
        os.killpg(self.process.pid, 15)
        self.process.wait(timeout=10)


@pytest.fixture
def serve(tmp_path):
    """Start a program's server: ``serve(*arguments)``."""
    started = []

    def start(*arguments):
        started.append(Server(arguments, tmp_path))
        return started[-1]

    yield start
    for server in started:
        server.stop()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def ask(url, data=None):
    opener = urllib.request.build_opener(NoRedirect)
    try:
        with opener.open(url, data, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read().decode()


def test_the_program_of_the_seeds_runs_with_its_import_line_changed(serve, tmp_path):
    source = (HERE / "seed.py").read_text()
    (tmp_path / "seed.py").write_text(source.replace("from flask", f"from {CLONE}"))
    (tmp_path / "templates").mkdir()
    page = (HERE / "templates/login.html").read_text()
    (tmp_path / "templates/login.html").write_text(page)
    site = serve("-m", CLONE, "--app", "seed.py", "run", "--port", "0").address()

    assert ask(f"{site}/auth/login")[2] == page.strip()
    status, headers, _ = ask(f"{site}/auth/login", b"username=ann")
    assert (status, headers["Location"]) == (302, "/")
    assert ask(f"{site}/auth/login", b"user=ann")[0] == 400
    assert ask(f"{site}/")[0] == 404


def test_app_run_reloads_when_its_file_changes(serve, tmp_path):
    file = tmp_path / "hello.py"

    def write(text):
        file.write_text(
            f"from {CLONE} import Flask\n\napp = Flask(__name__)\n\n"
            f'@app.get("/")\ndef index():\n    return "{text}"\n\n'
            f'if __name__ == "__main__":\n    app.run(port=0, debug=True)\n'
        )

    write("first")
    server = serve("hello.py")
    assert ask(server.address())[2] == "first"
    write("second")
    # What changed before the watcher looked for the first time is no change to it.
    for moment in range(1, 200):
        if "hello.py changed: reloading" in server.printed:
            break
        os.utime(file, (time.time() + moment, time.time() + moment))
        time.sleep(0.1)
    assert ask(server.address(start=2))[2] == "second"


def test_an_error_in_debug_mode_is_a_page_for_its_developer(serve, tmp_path):
    (tmp_path / "app.py").write_text(
        f"from {CLONE} import Flask\n\napp = Flask(__name__)\n\n"
        '@app.get("/")\ndef index():\n    wanted = 7\n    return 1 / 0\n'
    )
    command = ("-m", CLONE, "run", "--debug", "--no-reload", "--port", "0")
    status, _, page = ask(serve(*command).address())
    assert status == 500
    assert "ZeroDivisionError" in page
    assert re.search("wanted", page)


def test_a_port_in_use_is_one_sentence(tmp_path):
    (tmp_path / "app.py").write_text(f"from {CLONE} import Flask\napp = Flask('x')\n")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", CLONE, "run", "--port", port],
            env=ENVIRONMENT,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert done.returncode == 1
    assert done.stderr.strip().endswith("Address already in use. Try another port.")


def test_gunicorn_serves_it(serve, tmp_path):
    (tmp_path / "app.py").write_text(
        f"from {CLONE} import Flask, request\n\napp = Flask(__name__)\n\n"
        '@app.post("/")\ndef index():\n    return request.form["a"] * 2\n'
    )
    server = serve("-m", "gunicorn", "-b", "127.0.0.1:0", "app:app")
    assert ask(server.address(), b"a=ab")[2] == "abab"
