"""The table of URLs, in-process and under wsgiref."""

import http.client
import socket
import subprocess
import sys
from wsgiref.validate import validator

import pytest

from fwtrace.toolkit.wsgi.client import Client
from sample_apps.url_table import application

COMMAND = [sys.executable, "-m", "sample_apps.url_table"]


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/index/", 200, "index"),
        ("/login/", 200, "login"),
        ("/", 404, "404 Not Found\nNothing is at /.\n"),
        ("/index", 308, ""),
    ],
)
def test_table_says_what_is_where(path, status, text):
    response = Client(validator(application)).get(path)
    assert (response.status_code, response.text) == (status, text)


def test_wsgiref_serves_it():
    with subprocess.Popen(
        [*COMMAND, "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().split()[-2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/index/")
        assert connection.getresponse().read() == b"index"
        connection.close()
        process.kill()
        process.communicate(timeout=10)


def test_port_in_use_is_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, port], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        f"Cannot serve on port {port}: Address already in use. Give another.\n"
    )


def test_port_that_is_none_is_a_sentence():
    done = subprocess.run([*COMMAND, "x"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "'x' is no port: give a number from 0 to 65535.\n"
