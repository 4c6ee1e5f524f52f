"""Form bodies: parsed in pieces, bounded, and nothing left open."""

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit.http.errors import BadRequest, ContentTooLarge, HTTPError
from fwtrace.toolkit.http.forms import Limits, MultipartParser, parse_urlencoded
from fwtrace.toolkit.wsgi.client import encode_multipart


def parse(body, content_type, limits=None, step=7):
    parser = MultipartParser(content_type, limits or Limits())
    for start in range(0, len(body), step):
        parser.feed(body[start : start + step])
    return parser.finish()


def test_fields_and_files_of_a_multipart_form(tmp_path):
    kind, body = encode_multipart(
        {"name": "Ann", "tag": ["a", "b"], "file": ("a.txt", b"hello", "text/plain")}
    )
    fields, files = parse(body, kind)
    assert fields.to_dict(flat=False) == {"name": ["Ann"], "tag": ["a", "b"]}
    file = files["file"]
    assert (file.filename, file.content_type, file.size) == ("a.txt", "text/plain", 5)
    assert file.read() == b"hello"
    file.save(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == b"".join(file) == b"hello"
    file.close()


def test_large_file_goes_to_disk():
    kind, body = encode_multipart({"file": ("a", b"x" * 1000)})
    _, files = parse(body, kind, Limits(spool=100))
    assert files["file"].file._rolled
    files["file"].close()


def test_path_of_a_filename_is_dropped():
    kind, body = encode_multipart({"file": ("..\\..\\etc/passwd", b"")})
    _, files = parse(body, kind)
    assert files["file"].filename == "passwd"
    files["file"].close()


@pytest.mark.parametrize(
    "limits",
    [
        Limits(file_size=10),
        Limits(field_size=2),
        Limits(files=0),
        Limits(parts=1),
        Limits(header_size=20),
    ],
)
def test_form_past_a_limit_is_413(limits):
    kind, body = encode_multipart({"name": "Ann", "file": ("a", b"x" * 100)})
    with pytest.raises(ContentTooLarge):
        parse(body, kind, limits)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=", b""),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"nonsense"),
        ("multipart/form-data; boundary=x", b"--x\r\nA: b\r\n\r\nv\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--\r\n',
        ),
    ],
    ids=["no boundary", "empty", "nothing", "cut", "nonsense", "no name", "no utf-8"],
)
def test_malformed_multipart_is_a_bad_request(kind, body):
    with pytest.raises(BadRequest):
        parse(body, kind)


@given(st.binary(max_size=200), st.integers(1, 20))
@settings(deadline=None)
def test_any_body_is_a_form_or_a_4xx(junk, step):
    kind, body = encode_multipart({"a": "1", "f": ("n", b"data")})
    middle = len(body) // 2
    try:
        _, files = parse(body[:middle] + junk + body[middle:], kind, step=step)
        for _, file in files.items(multi=True):
            file.close()
        status = 200
    except HTTPError as error:
        status = error.status
    assert status == 200 or 400 <= status < 500


def test_urlencoded_form():
    form = parse_urlencoded(b"name=Ann+Lee&email=a%40b")
    assert form.to_dict() == {"name": "Ann Lee", "email": "a@b"}
