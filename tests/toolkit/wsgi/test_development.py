"""The development server: an ordinary wsgiref, but for Ctrl-C and long lines."""

import contextlib
import socket
import threading

import pytest

from fwtrace.toolkit.wsgi.development import make_server


def ask(server, request):
    """One request, sent while the server handles one."""
    answer = []

    def client():
        with socket.create_connection(server.server_address, timeout=5) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                while data := connection.recv(4096):
                    answer.append(data)

    thread = threading.Thread(target=client)
    thread.start()
    try:
        server.handle_request()
    finally:
        server.server_close()
        thread.join(5)
    return b"".join(answer)


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def test_serves_an_app():
    server = make_server("127.0.0.1", 0, hello)
    assert ask(server, b"GET / HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nhello")


def test_an_interrupt_in_the_middle_of_a_request_stops_the_server(capfd):
    def interrupted(environ, start_response):
        raise KeyboardInterrupt

    server = make_server("127.0.0.1", 0, interrupted)
    with pytest.raises(KeyboardInterrupt):
        ask(server, b"GET / HTTP/1.0\r\n\r\n")
    assert "Traceback" not in capfd.readouterr().err


def test_another_error_is_reported_and_answered(capfd):
    def failing(environ, start_response):
        raise ValueError("no")

    server = make_server("127.0.0.1", 0, failing)
    assert b" 500 " in ask(server, b"GET / HTTP/1.0\r\n\r\n")
    assert "ValueError: no" in capfd.readouterr().err


def test_a_request_line_past_64_KiB_is_refused():
    server = make_server("127.0.0.1", 0, hello)
    line = b"GET /" + b"a" * 70_000 + b" HTTP/1.0\r\n\r\n"
    assert b" 414 " in ask(server, line)
