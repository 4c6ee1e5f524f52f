"""The HTTP request that the words of a command line describe."""

from contextlib import suppress

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.cli.errors import CommandError, UsageError
from fwtrace.cli.message import build_message


@pytest.mark.parametrize(
    ("words", "method", "target"),
    [
        (["/users"], "GET", "/users"),
        (["post", "/users"], "POST", "/users"),
        (["/users", "name=x"], "POST", "/users"),
        (["users/1", "q==a b"], "GET", "/users/1?q=a+b"),
        (["/x?a=1", "b==2"], "GET", "/x?a=1&b=2"),
        (["http://localhost:8000/x?a=1#f"], "GET", "/x?a=1"),
        (["/é"], "GET", "/%C3%A9"),
        (["DELETE", "/users/1"], "DELETE", "/users/1"),
        (["users"], "GET", "/users"),
        (["users", "name=Ann"], "POST", "/users"),
        (["get", "users"], "GET", "/users"),
        (["M-Search", "/users"], "M-SEARCH", "/users"),
    ],
)
def test_method_and_target(words, method, target):
    message = build_message(words)
    assert (message.method, message.target) == (method, target)


def test_method_without_a_path_says_what_is_missing():
    with pytest.raises(UsageError, match="fwtrace request POST /users/1"):
        build_message(["post"])


def test_bodies_json_form_multipart_and_raw(tmp_path):
    assert build_message(["/", "a=1"]).body == b'{"a": "1"}'
    form = build_message(["/", "a=1", "b=x y"], form=True)
    assert form.body == b"a=1&b=x+y"
    assert dict(form.headers)["Content-Type"] == "application/x-www-form-urlencoded"
    file = tmp_path / "up.txt"
    file.write_bytes(b"hello")
    upload = build_message(["/", f"f@{file}"])
    assert b'filename="up.txt"' in upload.body
    assert dict(upload.headers)["Content-Type"].startswith("multipart/form-data")
    assert build_message(["/"], body=f"@{file}").body == b"hello"
    with pytest.raises(UsageError, match="not both"):
        build_message(["/", "a=1"], body="x")


def test_headers_replace_and_remove_ours():
    headers = build_message(
        ["/", "accept:text/html", "User-Agent:", "X:1", "X:2"]
    ).headers
    assert headers == [("accept", "text/html"), ("X", "1"), ("X", "2")]


def test_cookies_are_sent_together():
    headers = build_message(["/"], cookies=["a=1", "b=2"]).headers
    assert ("Cookie", "a=1; b=2") in headers
    with pytest.raises(UsageError, match="name=value"):
        build_message(["/"], cookies=["nonsense"])


@pytest.mark.parametrize("word", ["X:a\r\nb", "X Y:1", "X:☃"])
def test_header_that_http_cannot_carry_is_one_sentence(word):
    with pytest.raises(UsageError):
        build_message(["/", word])


@given(st.lists(st.text(max_size=15), min_size=1, max_size=4))
@settings(deadline=None)
def test_any_words_are_a_request_or_one_sentence(words):
    target = "/"
    with suppress(CommandError):
        target = build_message(words).target
    assert target.startswith("/")
    assert target.isascii()


@pytest.mark.parametrize(
    ("words", "sends", "target"),
    [
        (["WS", "/ws"], (), "/ws"),
        (["ws", "/ws?a=1", "b==2"], ("hi",), "/ws?a=1&b=2"),
        (["ws://localhost/ws"], (), "/ws"),
        (["wss://localhost/ws"], (), "/ws"),
        (["/ws"], ("hi", "there"), "/ws"),
    ],
)
def test_websocket_is_a_method_a_scheme_or_what_is_sent(words, sends, target):
    message = build_message(words, sends=sends)
    assert (message.method, message.target) == ("WS", target)
    assert message.messages == sends
    assert message.body == b""


def test_message_may_be_a_file_of_text_or_of_bytes(tmp_path):
    (tmp_path / "text").write_text("é", encoding="utf-8")
    (tmp_path / "data").write_bytes(b"\xff\x00")
    sends = [f"@{tmp_path}/text", f"@{tmp_path}/data", "\udcff"]
    found = build_message(["WS", "/"], sends=sends).messages
    assert found == ("é", b"\xff\x00", b"\xff")


@pytest.mark.parametrize(
    ("words", "options", "said"),
    [
        (["WS", "/", "a=1"], {}, "no body"),
        (["WS", "/"], {"body": "x"}, "no body"),
        (["WS", "/"], {"form": True}, "no body"),
        (["GET", "/"], {"sends": ["x"]}, "write WS /"),
        (["WS"], {}, "a path is missing"),
    ],
)
def test_what_a_websocket_cannot_take(words, options, said):
    with pytest.raises(UsageError, match=said):
        build_message(words, **options)


def test_headers_of_a_websocket_are_items_too():
    message = build_message(["WS", "/", "Sec-WebSocket-Protocol:chat"], cookies=["a=b"])
    assert dict(message.headers)["Sec-WebSocket-Protocol"] == "chat"
    assert dict(message.headers)["Cookie"] == "a=b"
