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


@pytest.fixture
def serve(tmp_path):
    """Start a program's server; ``serve(arguments)`` gives its address."""
    started = []

    def start(*arguments, port, cwd=tmp_path):
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=ENVIRONMENT,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        wait_for(port, process)
        return f"http://127.0.0.1:{port}"

    yield start
    for process in started:
        os.killpg(process.pid, 15)
        process.communicate(timeout=10)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port, process):
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.1)
    raise AssertionError("the server did not start")


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
    port = free_port()
    command = ("-m", CLONE, "--app", "seed.py", "run", "--port", str(port))
    site = serve(*command, port=port)

    assert ask(f"{site}/auth/login")[2] == page.strip()
    status, headers, _ = ask(f"{site}/auth/login", b"username=ann")
    assert (status, headers["Location"]) == (302, "/")
    assert ask(f"{site}/auth/login", b"user=ann")[0] == 400
    assert ask(f"{site}/")[0] == 404


def test_app_run_reloads_when_its_file_changes(serve, tmp_path):
    port = free_port()
    file = tmp_path / "hello.py"

    def write(text):
        file.write_text(
            f"from {CLONE} import Flask\n\napp = Flask(__name__)\n\n"
            f'@app.get("/")\ndef index():\n    return "{text}"\n\n'
            f'if __name__ == "__main__":\n    app.run(port={port}, debug=True)\n'
        )

    write("first")
    site = serve("hello.py", port=port)
    assert ask(site)[2] == "first"
    time.sleep(1.5)
    write("second")
    os.utime(file, (time.time() + 5, time.time() + 5))
    for _ in range(100):
        try:
            if ask(site)[2] == "second":
                return
        except OSError:  # between two servers
            pass
        time.sleep(0.1)
    raise AssertionError("it did not reload")


def test_an_error_in_debug_mode_is_a_page_for_its_developer(serve, tmp_path):
    (tmp_path / "app.py").write_text(
        f"from {CLONE} import Flask\n\napp = Flask(__name__)\n\n"
        '@app.get("/")\ndef index():\n    wanted = 7\n    return 1 / 0\n'
    )
    port = free_port()
    command = ("-m", CLONE, "run", "--debug", "--no-reload", "--port", str(port))
    site = serve(*command, port=port)
    status, _, page = ask(site)
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
    port = free_port()
    site = serve("-m", "gunicorn", "-b", f"127.0.0.1:{port}", "app:app", port=port)
    assert ask(site, b"a=ab")[2] == "abab"
