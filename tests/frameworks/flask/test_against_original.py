"""What comes from outside, at random: clone and original answer alike."""

from importlib import import_module

import pytest
from hypothesis import example, given, settings, strategies as st

from fwtrace.frameworks.flask import cookies, datastructures, routing
from fwtrace.frameworks.flask.exceptions import HTTPException
from fwtrace.frameworks.flask.request import parse_fields
from fwtrace.toolkit.wsgi.client import build_environ, run_app

werkzeug = pytest.importorskip("werkzeug")
theirs = import_module("werkzeug.routing")
their_http = import_module("werkzeug.http")
their_data = import_module("werkzeug.datastructures")
their_sansio = import_module("werkzeug.sansio.http")

SEGMENTS = st.sampled_from(
    ["a", "b", "ab", "7", "<x>", "<int:x>", "<path:x>", "<float:x>", "<x>.<y>", "a<x>"]
    + ["<string(length=2):x>", "<any(a, ab):x>", "<int(min=3):x>", "<uuid:x>", ""]
)


@st.composite
def rules(draw):
    """``(text, endpoint, options)`` of a rule whose variables have different names."""
    parts = []
    for number, part in enumerate(draw(st.lists(SEGMENTS, max_size=3))):
        parts.append(part.replace("x>", f"x{number}>").replace("y>", f"y{number}>"))
    text = "/" + "/".join(parts) + draw(st.sampled_from(["", "/"]))
    options = {}
    if draw(st.booleans()):
        options["methods"] = draw(st.sampled_from([["GET"], ["POST"], ["GET", "PUT"]]))
    if draw(st.booleans()):
        options["strict_slashes"] = draw(st.booleans())
    return text, options


PATHS = st.lists(
    st.sampled_from(["a", "b", "ab", "7", "2", "1.5", "a.b", "x y", "ü", "", "-1"]),
    max_size=4,
).map(lambda parts: "/" + "/".join(parts))


def outcome(module, added, method, path):
    url_map = module.Map()
    for number, (text, options) in enumerate(added):
        url_map.add(module.Rule(text, endpoint=number, **options))
    urls = url_map.bind("example.org")
    try:
        return urls.match(path, method)
    except Exception as error:
        if getattr(error, "code", None) is None:
            raise
        methods = sorted(getattr(error, "valid_methods", None) or ())
        return error.code, getattr(error, "new_url", None), methods


@settings(max_examples=400, deadline=None)
@given(
    added=st.lists(rules(), min_size=1, max_size=5),
    method=st.sampled_from(["GET", "POST", "HEAD"]),
    path=PATHS,
)
@example([("/<path:x0>/", {}), ("/a", {})], "GET", "/a/b")
@example([("/<path:x0>/", {}), ("/<path:x0>", {})], "GET", "/a")
@example([("/<path:x0>", {}), ("/<path:x0>/", {})], "GET", "/a/")
@example([("/a/", {"strict_slashes": False}), ("/<x0>", {})], "GET", "/a")
def test_any_rules_take_any_path_as_werkzeugs_do(added, method, path):
    assert outcome(routing, added, method, path) == outcome(theirs, added, method, path)


VALUES = st.one_of(
    st.integers(0, 99),
    st.floats(0, 99).map(lambda f: round(f, 2)),
    st.sampled_from(["a", "7", "ab", "a/b", "ü", "x y", "%", "?", "#"]),
)


@settings(max_examples=300, deadline=None)
@given(
    rule=rules(), values=st.dictionaries(st.sampled_from("x0 y0 x1 q".split()), VALUES)
)
def test_any_values_build_the_same_url(rule, values):
    def build(module):
        text, options = rule
        url_map = module.Map([module.Rule(text, endpoint="e", **options)])
        try:
            return url_map.bind("example.org").build("e", dict(values))
        except (module.BuildError, ValueError, TypeError) as error:
            return type(error).__name__

    assert build(routing) == build(theirs)


HEADER = st.text(
    st.sampled_from('ab=;, "\\%é/*q.0159-:') | st.characters(min_codepoint=32),
    max_size=40,
).map(lambda text: text.encode("utf-8", "replace").decode("latin-1"))


@settings(max_examples=500)
@given(HEADER)
@example('a="b\\"c"; d=%20; e')
def test_any_cookie_header_is_read_alike(header):
    original = their_http.parse_cookie(header)
    assert cookies.parse_cookie(header) == {
        key: original.getlist(key) for key in original
    }


@settings(max_examples=500)
@given(st.text(st.characters(min_codepoint=32, codec="utf-8"), max_size=30))
@example("two words; and; more")
@example("ü")
def test_any_cookie_is_written_alike_and_read_back(value):
    written = their_http.dump_cookie("k", value)
    assert cookies.dump_cookie("k", value) == written
    sent = written.partition("; Path")[0].encode().decode("latin-1")
    assert cookies.parse_cookie(sent)["k"] == [value]


@settings(max_examples=500)
@given(st.text(st.sampled_from("ab=&+%2fFüx;\x00é"), max_size=30))
@example("a=%ff&b=%zz&c")
def test_any_query_string_is_read_alike(query):
    raw = query.encode().decode("latin-1")
    request = import_module("werkzeug.wrappers").Request
    original = request({"QUERY_STRING": raw, "REQUEST_METHOD": "GET"}).args
    assert parse_fields(raw) == {key: original.getlist(key) for key in original}


KINDS = [
    "text/html",
    "application/json",
    "text/*",
    "*/*",
    "a/b;c=d",
    "en",
    "en-GB",
    "*",
]
ACCEPT = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(["", ";q=0", ";q=0.5", ";q=1"])),
    max_size=4,
).map(lambda parts: ",".join(map("".join, parts)))


@settings(max_examples=300)
@given(ACCEPT)
def test_any_accept_header_is_read_alike(header):
    from fwtrace.frameworks.flask.datastructures.negotiation import parse_accept

    for name, offers in (
        ("MIMEAccept", ["text/html", "application/json", "a/b"]),
        ("LanguageAccept", ["en", "en-US", "de"]),
        ("Accept", ["gzip", "en"]),
    ):
        ours = parse_accept(header, getattr(datastructures, name))
        original = their_http.parse_accept_header(header, getattr(their_data, name))
        assert [ours.quality(o) for o in offers] == [
            original.quality(o) for o in offers
        ], name
        assert ours.best_match(offers) == original.best_match(offers), name


def is_plain(header):
    """Werkzeug takes a number with a sign of its own."""
    return "--" not in header.replace(" ", "")


RANGES = st.text(st.sampled_from("bytes=0159-, "), max_size=16)


@settings(max_examples=500)
@given((RANGES | RANGES.map("bytes=".__add__)).filter(is_plain), st.integers(0, 20))
@example("bytes=-0", 5)
@example("bytes=2-3,1-1", 5)
def test_any_range_is_read_alike(header, length):
    ours = datastructures.Range.parse(header)
    original = their_http.parse_range_header(header)
    assert (ours is None) == (original is None)
    if ours is not None:
        assert ours.ranges == original.ranges
        suffix = -ours.ranges[0][0]
        if suffix <= length:  # RFC 9110, 14.1.2: a longer one is the whole
            span = original.range_for_length(length)
            assert ours.range_for_length(length) == span


@settings(max_examples=200, deadline=None)
@given(
    kind=st.sampled_from(
        ["application/x-www-form-urlencoded", "application/json", "text/plain", "", "x"]
        + ["multipart/form-data", "multipart/form-data; boundary=b", "é/\x01"]
    ),
    body=st.binary(max_size=60)
    | st.sampled_from(
        [
            b"--b\r\n\r\n--b--",
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1',
        ]
        + [b"a=1&b=%ff", b'{"a": 1}', b"[" * 2000, b'"\\ud800"']
    ),
    query=st.text(st.sampled_from("a=&%zf;"), max_size=8),
)
def test_no_body_is_an_error_of_the_server(kind, body, query):
    flask = import_module("fwtrace.frameworks.flask")
    app = flask.Flask("tested", static_folder=None, root_path=".")
    app.config["PROPAGATE_EXCEPTIONS"] = True

    @app.post("/")
    def index():
        request = flask.request
        found = [request.args, request.form, request.files, request.values]
        request.get_json(silent=True)
        return f"{found} {request.data!r} {request.mimetype_params}"

    environ = build_environ("POST", f"/?{query}", body=body)
    environ["CONTENT_TYPE"] = kind
    try:
        status, _, _ = run_app(app, environ)
    except HTTPException as error:
        status = str(error.code)
    assert status[:3] in ("200", "400", "413", "415")
