"""What came back from several apps: in what it differs, and what is told of it."""

import gzip

import pytest

from fwtrace.tracer.answers import Answer, difference


def answer(body=b"", status="200 OK", **headers):
    named = tuple((k.replace("_", "-"), v) for k, v in headers.items())
    return Answer(status, named, body)


def between(*answers, others=None):
    return difference(answers, others or [[] for _ in answers])


def test_equal_answers_do_not_differ():
    found = between(answer(b"a", X_A="1"), answer(b"a", X_A="1"))
    assert (found.differs, found.headers, found.bodies[1].verdict) == ([], (), "same")


@pytest.mark.parametrize(
    ("first", "second", "differs"),
    [
        (answer(status="200 OK"), answer(status="404 Not Found"), ["status"]),
        (answer(status="404 NOT FOUND"), answer(status="404 Not Found"), []),
        (answer(X_A="1"), answer(X_A="2"), ["headers"]),
        (answer(X_A="1"), answer(), ["headers"]),
        (answer(b"a"), answer(b"b"), ["body"]),
        (answer(b"a"), None, ["status", "body"]),
    ],
)
def test_it_says_in_what_they_differ(first, second, differs):
    assert between(first, second).differs == differs


def test_json_is_compared_by_what_it_says():
    same = between(answer(b'{"a": 1, "b": 2}'), answer(b'{"b":2,"a":1}'))
    assert same.bodies[1].verdict == "same JSON"
    other = between(answer(b'{"a": 1}'), answer(b'{"a": 2}')).bodies[1]
    assert other.verdict == "different"
    assert {line for line in other.diff if line[0] in "+-"} == {
        '-  "a": 1',
        '+  "a": 2',
    }


def test_a_packed_body_is_unpacked():
    packed = answer(gzip.compress(b"one\ntwo"), Content_Encoding="gzip")
    found = between(answer(b"one\nthree"), packed).bodies[1]
    assert [line for line in found.diff if line[0] in "+-"] == ["-three", "+two"]


def test_bytes_that_are_no_text_have_no_diff():
    found = between(answer(b"\xff\x00"), answer(b"\xff\x01")).bodies[1]
    assert (found.verdict, found.diff, found.note) == ("different", (), "not text")


def test_secrets_are_compared_but_not_told():
    found = between(
        answer(b'{"token": "a"}', Set_Cookie="s=1"),
        answer(b'{"token": "b"}', Set_Cookie="s=2"),
    )
    (header,) = found.headers
    assert set(header.values) == {"[redacted]"}
    assert found.bodies[1].verdict == "different"
    assert '"a"' not in "".join(found.bodies[1].diff)


def test_what_changes_with_every_request_is_no_difference():
    found = between(
        answer(X_Id="1"), answer(X_Id="2"), others=[[answer(X_Id="3")], [answer()]]
    )
    (header,) = found.headers
    assert header.is_of_the_moment
    assert found.differs == []


def test_a_long_diff_is_bounded():
    first = b"\n".join(b"%d" % n for n in range(1000))
    second = b"\n".join(b"x%d" % n for n in range(1000))
    found = between(answer(first), answer(second)).bodies[1]
    assert len(found.diff) == 200
    assert found.hidden > 1000
