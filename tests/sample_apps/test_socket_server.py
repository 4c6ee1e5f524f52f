"""The server over real sockets: what a client may send, and how fast."""

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from wsgiref.validate import validator

import pytest
from hypothesis import given, settings, strategies as st

from sample_apps.socket_server import Limits, Server, load_app

LIMITS = Limits(
    header_bytes=2000,
    body_bytes=100_000,
    connections=8,
    header_seconds=5,
    body_seconds=5,
    idle_seconds=5,
    linger_seconds=0.2,
)
SHORT = replace(LIMITS, header_seconds=0.3, body_seconds=0.3, idle_seconds=0.5)
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def echo(environ, start_response):
    """Answers with the request line and the body as the app saw them."""
    body = environ["wsgi.input"].read(1_000_000)
    line = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    content = f"{line} {environ['QUERY_STRING']} ".encode("latin-1") + body
    length = ("Content-Length", str(len(content)))
    start_response("200 OK", [("Content-Type", "text/plain"), length])
    return [content]


def application(environ, start_response):
    known = environ["REQUEST_METHOD"] in ("GET", "HEAD", "POST")
    checked = validator(echo) if known else echo  # it warns of other methods
    return APPS.get(environ["PATH_INFO"], checked)(environ, start_response)


def streamed(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return iter([b"one ", b"", b"two"])


def broken(environ, start_response):
    raise OSError("of the app's own")


def broken_late(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"begun"
    raise ValueError("too late")


def replaced(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    try:
        raise ValueError("on the way")
    except ValueError:
        start_response("503 Busy", [("Content-Type", "text/plain")], sys.exc_info())
    return [b"busy"]


def with_header(name, value, status="200 OK"):
    def app(environ, start_response):
        start_response(status, [(name, value)])
        return [b"0123456789"]

    return app


def silent(environ, start_response):
    return [b"no status"]


APPS = {
    "/streamed": streamed,
    "/broken": broken,
    "/broken-late": broken_late,
    "/replaced": replaced,
    "/silent": silent,
    "/hop": with_header("Connection", "keep-alive"),
    "/newline": with_header("X-A", "a\r\nb: c"),
    "/short": with_header("Content-Length", "3"),
    "/long": with_header("Content-Length", "30"),
    "/whole": with_header("X-A", "a"),
    "/204": with_header("X-A", "a", "204 No Content"),
}


@contextlib.contextmanager
def serving(app, **options):
    server = Server(app, port=0, **options)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def server():
    with serving(application, limits=LIMITS) as server:
        yield server


@pytest.fixture(scope="module")
def hasty():
    """A server that waits for nothing long."""
    with serving(application, limits=SHORT) as server:
        yield server


@pytest.fixture
def connect(server):
    with contextlib.ExitStack() as stack:
        yield lambda server=server: stack.enter_context(
            socket.create_connection(("127.0.0.1", server.port), timeout=5)
        )


@pytest.fixture
def talk(server):
    return lambda data: talk_to(server, data)


def talk_to(server, data):
    """Everything that comes back for some bytes, after which the client is done."""
    address = ("127.0.0.1", server.port)
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_WR)
        return read_all(client)


def read_all(client):
    return b"".join(iter(lambda: client.recv(65536), b""))


def read_until(client, end):
    data = b""
    while not data.endswith(end):
        chunk = client.recv(65536)
        assert chunk, data
        data += chunk
    return data


def status_of(answer):
    assert answer.startswith(b"HTTP/1.1 "), answer
    return int(answer[9:12])


def test_request_reaches_the_app_and_its_answer_comes_back(talk):
    answer = talk(b"GET /a%20b?c=d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status_of(answer) == 200
    assert body == b"GET /a b c=d "
    assert b"Content-Length: 13" in head
    assert b"Date: " in head


def test_connection_is_kept_for_the_next_request(connect):
    client = connect()
    for _ in range(3):
        client.sendall(GET)
        assert status_of(read_until(client, b"GET /  ")) == 200


def test_pipelined_requests_are_answered_in_order(talk):
    lines = b"".join(
        b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n%d" % (n, n)
        for n in range(5)
    )
    answer = talk(lines)
    assert answer.count(b"HTTP/1.1 200 OK") == 5
    found = [answer.index(b"POST /%d  %d" % (n, n)) for n in range(5)]
    assert found == sorted(found)


def test_request_may_come_in_pieces(connect):
    client = connect()
    for number in range(len(GET)):
        client.sendall(GET[number : number + 1])
    assert status_of(read_until(client, b"GET /  ")) == 200


def test_http_1_0_is_answered_and_closed(talk):
    assert talk(b"GET / HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nGET /  ")


def test_empty_lines_before_a_request_are_passed_over(talk):
    assert status_of(talk(b"\r\n\r\n" + GET)) == 200


def test_body_in_chunks_arrives_whole(talk):
    answer = talk(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n"
    )
    assert answer.endswith(b"POST /  abcde")


def test_chunked_body_has_a_length_for_the_app():
    lengths = []

    def app(environ, start_response):
        lengths.append(environ["CONTENT_LENGTH"])
        assert "HTTP_TRANSFER_ENCODING" not in environ
        return echo(environ, start_response)

    with serving(app) as server:
        talk_to(
            server,
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n0\r\n\r\n",
        )
    assert lengths == ["3"]


def test_large_body_is_kept_on_disk_and_arrives():
    content = b"0123456789abcdef" * 100_000
    with serving(lambda e, s: echo(e, s)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        with contextlib.closing(connection):
            connection.request("POST", "/", body=content)
            body = connection.getresponse().read()
    assert body == b"POST /  " + content[:1_000_000]


def test_continue_is_said_before_the_body(connect):
    client = connect()
    client.sendall(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
        b"Expect: 100-continue\r\n\r\n"
    )
    assert read_until(client, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"ab")
    assert status_of(read_until(client, b"POST /  ab")) == 200


def test_continue_is_not_said_to_a_body_too_large(connect):
    client = connect()
    client.sendall(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n"
        b"Expect: 100-continue\r\n\r\n"
    )
    assert status_of(read_all(client)) == 413


def test_answer_that_is_all_there_gets_its_length(talk):
    answer = talk(b"GET /whole HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"Content-Length: 10\r\n" in answer
    assert answer.endswith(b"\r\n\r\n0123456789")


def test_answer_of_unknown_length_is_chunked(talk):
    answer = talk(b"GET /streamed HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n")


@pytest.mark.parametrize("path", [b"/", b"/streamed"])
def test_head_has_the_head_only(connect, path):
    client = connect()
    client.sendall(b"HEAD %b HTTP/1.1\r\nHost: a\r\n\r\n" % path)
    head = read_until(client, b"\r\n\r\n")
    assert status_of(head) == 200
    client.sendall(LAST)
    assert read_all(client).startswith(b"HTTP/1.1 200")


def test_no_content_has_none(talk):
    answer = talk(b"GET /204 HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n")
    assert b"Content-Length" not in answer


def test_close_is_honoured(connect):
    client = connect()
    client.sendall(LAST + GET)
    assert read_all(client).count(b"HTTP/1.1") == 1


def test_whole_url_as_a_target_names_the_host():
    hosts = []

    def app(environ, start_response):
        hosts.append(environ["HTTP_HOST"])
        return echo(environ, start_response)

    with serving(app) as server:
        line = b"GET http://example.org:81/p?q=1 HTTP/1.1\r\nHost: a\r\n\r\n"
        assert talk_to(server, line).endswith(b"GET /p q=1 ")
    assert hosts == ["example.org:81"]


def test_headers_with_an_underscore_are_left_out():
    seen = []

    def app(environ, start_response):
        seen.append((environ.get("HTTP_X_USER"), environ["HTTP_COOKIE"]))
        return echo(environ, start_response)

    with serving(app) as server:
        talk_to(
            server,
            b"GET / HTTP/1.1\r\nHost: a\r\nX_User: root\r\nCookie: a=1\r\n"
            b"Cookie: b=2\r\n\r\n",
        )
    assert seen == [(None, "a=1; b=2")]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
        (b"GET a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET http://u@h/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET http://[/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
            b"Content-Length: 2\r\n\r\nab",
            400,
        ),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\n",
            400,
        ),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
            501,
        ),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            400,
        ),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nshort", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n", 413),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n"
            b"\r\n",
            413,
        ),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"186A0\r\n"
            + b"x" * 100_000
            + b"\r\n1\r\nx\r\n0\r\n\r\n",
            413,
        ),
        (b"GET /" + b"a" * 2000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 2000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 400 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 1_000_000, 431),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_bad_request_is_refused_and_closed(talk, data, status):
    answer = talk(data)
    assert status_of(answer) == status
    assert b"Connection: close" in answer


def test_refusal_reaches_a_client_that_is_still_sending(connect):
    client = connect()
    client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
    with contextlib.suppress(OSError):
        client.sendall(b"x" * 2_000_000)
    assert status_of(client.recv(65536)) == 413


def test_refusal_after_a_good_request_leaves_its_answer(talk):
    answer = talk(GET + b"nonsense\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 1
    assert answer.count(b"HTTP/1.1 400 Bad Request") == 1


def test_slow_headers_have_one_deadline_in_all(connect, hasty):
    client = connect(hasty)
    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
    begun = time.monotonic()
    client.settimeout(0.05)
    answer = b""
    while not answer:
        client.sendall(b"X: a\r\n")
        with contextlib.suppress(TimeoutError):
            answer = client.recv(65536)
    assert status_of(answer) == 408
    assert time.monotonic() - begun < 3


def test_slow_body_is_408(connect, hasty):
    client = connect(hasty)
    client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    assert status_of(read_all(client)) == 408


@pytest.mark.parametrize("before", [b"", GET, b"\r\n"])
def test_idle_connection_is_closed_without_a_word(connect, hasty, before):
    client = connect(hasty)
    client.sendall(before)
    assert read_all(client).count(b"HTTP/1.1") == len(before) // len(GET)


@pytest.mark.parametrize("path", [b"/broken", b"/silent", b"/hop", b"/newline"])
def test_app_that_fails_is_500_and_printed(talk, capfd, path):
    answer = talk(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path)
    assert status_of(answer) == 500
    assert b"of the app's own" not in answer
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize("path", [b"/broken-late", b"/short", b"/long"])
def test_app_that_fails_late_ends_the_connection(talk, capfd, path):
    answer = talk(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path + GET)
    assert b"GET / " not in answer
    assert not answer.endswith(b"0\r\n\r\n")
    assert "Traceback" in capfd.readouterr().err


def test_error_takes_the_place_of_a_response_not_sent(talk):
    answer = talk(b"GET /replaced HTTP/1.1\r\nHost: a\r\n\r\n")
    assert status_of(answer) == 503


def test_body_is_closed_when_the_client_leaves():
    closed = threading.Event()

    class Endless:
        def __iter__(self):
            return self

        def __next__(self):
            return b"x" * 65536

        def close(self):
            closed.set()

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Endless()

    with serving(app) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(GET)
            client.recv(100)
        assert closed.wait(5)


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=300)
    | st.builds(
        lambda a, b, c: b"%b /%b HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % (a, b, c),
        st.sampled_from([b"GET", b"POST", b"HEAD"]) | st.binary(max_size=5),
        st.binary(max_size=20),
        st.binary(max_size=40),
    )
)
def test_garbage_is_refused_or_answered(server, data):
    answer = talk_to(server, data)
    assert answer == b"" or status_of(answer) < 500 or status_of(answer) == 501


def test_clients_are_served_at_the_same_time(server):
    meeting = threading.Barrier(4)

    def app(environ, start_response):
        meeting.wait(5)
        return echo(environ, start_response)

    with serving(app) as server, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: talk_to(server, GET), range(4)))
    assert [status_of(answer) for answer in answers] == [200] * 4


def test_more_clients_than_slots_wait_for_their_turn(server):
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda _: talk_to(server, GET + LAST), range(48)))
    assert {answer.count(b"200 OK") for answer in answers} == {2}


def test_idle_client_gives_its_slot_to_one_that_asks():
    with serving(echo, limits=Limits(connections=1)) as server:
        address = ("127.0.0.1", server.port)
        with socket.create_connection(address, timeout=3) as idle:
            idle.sendall(GET)
            read_until(idle, b"GET /  ")
            assert status_of(talk_to(server, GET)) == 200
            assert idle.recv(1) == b""


def test_stop_lets_a_request_end():
    begun, go_on = threading.Event(), threading.Event()

    def app(environ, start_response):
        begun.set()
        go_on.wait(5)
        return echo(environ, start_response)

    with serving(app) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(GET)
            assert begun.wait(5)
            server.stop()
            go_on.set()
            answer = read_all(client)
    assert status_of(answer) == 200
    assert b"Connection: close" in answer


def test_stop_hangs_up_on_idle_clients():
    with serving(echo) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(GET)
            read_until(client, b"GET /  ")
            server.stop()
            assert client.recv(1) == b""
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port))


def test_raw_bytes_are_shown(capsys):
    with serving(echo, show_raw=True) as server:
        talk_to(server, b"GET /\x7f HTTP/1.1\r\n\r\n")
    shown = [line.split(" ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert shown == [r"b'GET /\x7f HTTP/1.1\r\n'", r"b'\r\n'"]


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("no_such_module:app", "There is no module 'no_such_module'."),
        ("sample_apps.wsgi_hello:app", "There is no app at"),
        (":app", "There is no app at"),
        ("sample_apps.wsgi_hello:urlpatterns", "cannot be called"),
    ],
)
def test_app_that_is_not_there_is_a_sentence(target, sentence):
    with pytest.raises(LookupError, match=sentence):
        load_app(target)


def run(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=20
    )


def test_port_in_use_is_a_sentence(server):
    done = run("-m", "sample_apps.socket_server", "--port", str(server.port))
    assert done.returncode == 1
    assert done.stderr == (
        f"Cannot listen on 127.0.0.1:{server.port}: Address already in use. "
        "Choose another with --host or --port.\n"
    )


@pytest.mark.parametrize("port", ["x", "65536", "9" * 5000])
def test_port_that_is_none_is_a_usage_error(port):
    done = run("-m", "sample_apps.socket_server", "--port", port)
    assert done.returncode == 2
    assert "is no port: 0 to 65535" in done.stderr


def test_missing_h11_is_a_sentence():
    code = (
        "import runpy, sys; sys.modules['h11'] = None; "
        "runpy.run_module('sample_apps.socket_server', run_name='__main__')"
    )
    done = run("-c", code)
    assert (done.returncode, done.stderr) == (
        1,
        "The socket server reads HTTP with h11, which is not installed: "
        "pip install 'fwtrace[server]'\n",
    )


def test_command_serves_until_it_is_told_to_stop():
    command = [sys.executable, "-m", "sample_apps.socket_server", "--port", "0"]
    with subprocess.Popen(
        [*command, "sample_apps.url_table:application", "--show-raw"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        port = int(line.rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/index/")
        assert connection.getresponse().read() == b"index"
        connection.close()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "b'GET /index/ HTTP/1.1\\r\\n'" in out
