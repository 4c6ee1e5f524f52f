"""Pictures of traces: exact on a fixed width, plain in a pipe, safe with any text."""

import io

import pytest
from hypothesis import given, settings, strategies as st
from rich.console import Console

from fwtrace.record import record
from fwtrace.render import RENDERERS, Options, load
from fwtrace.render.sql import Scripts, format_sql, lay_out
from fwtrace.render.text import LENIENT, clean, duration, share_bar
from fwtrace.tracer.model import Location, Span, Trace


def draw(trace, width=80, renderer="tree", options=None, **console):
    encoding = console.pop("encoding", "utf-8")
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=LENIENT)
    out = Console(file=file, width=width, highlight=False, markup=False, **console)
    out.print(load(renderer)(trace, options or Options()))
    file.flush()
    return file.buffer.getvalue().decode(file.encoding)


def draw_any(picture, width):
    file = io.StringIO()
    Console(file=file, width=width).print(picture)
    return file.getvalue()


@pytest.fixture
def small():
    """A trace made by hand, its times chosen."""
    sql = Span(
        "sql",
        "SELECT users",
        30_000,
        70_000,
        attributes={
            "db.query.text": 'SELECT "id" FROM "users" WHERE "id" = ?',
            "db.query.parameter.0": 1,
            "db.response.returned_rows": 1,
            "fwtrace.source": {"start": 7, "lines": ["    User.objects.get(id=1)"]},
        },
        location=Location("app/views.py", 7),
    )
    view = Span("view", "user", 20_000, 80_000, children=[sql])
    view.attributes = {"fwtrace.arguments": {"id": "1"}, "fwtrace.return_type": "str"}
    layer = Span("middleware", "Timing", 10_000, 90_000, children=[view])
    layer.attributes = {
        "fwtrace.middleware.out": 10_000,
        "fwtrace.changes": [
            {"half": "in", "what": "environ", "op": "added", "key": "a", "value": "1"},
            {
                "half": "out",
                "what": "header",
                "op": "changed",
                "key": "B",
                "value": "2",
            },
        ],
    }
    root = Span("server", "in-process", 0, 100_000, children=[layer])
    return Trace(
        "app",
        {"method": "GET", "target": "/users/1"},
        root,
        {"status": 200, "phrase": "OK", "error": None},
        overhead=50_000,
    )


def test_tree_is_exactly_this(small):
    assert draw(small, 70) == (
        "GET /users/1 · app · 200 OK · 0.10 ms + 50.0 µs of tracing left out\n"
        "\n"
        "╰─ middleware Timing                                           20.0 µs\n"
        "   │  + a: 1\n"
        "   ├─ view user(id=1) → str                                    20.0 µs\n"
        "   │  ╰─ sql SELECT users · 1 row  app/views.py:7              40.0 µs\n"
        '   │        SELECT "id" FROM "users" WHERE "id" = ?\n'
        "   │        with 1\n"
        "   ╰─ out of Timing 10.0 µs\n"
        "      ~ B: 2\n"
        "\n"
        "Where the time went\n"
        "  sql        ████████████▍                     40.0 µs   40%  ×1\n"
        "  server     ██████▎                           20.0 µs   20%  ×1\n"
        "  middleware ██████▎                           20.0 µs   20%  ×1\n"
        "  view       ██████▎                           20.0 µs   20%  ×1\n"
    )


def test_stages_hides_the_others_and_keeps_their_children(small):
    picture = draw(small, options=Options(stages=frozenset({"sql"})))
    assert "╰─ sql SELECT users" in picture
    assert "middleware" not in picture


def test_depth_counts_what_is_below(small):
    picture = draw(small, options=Options(depth=1))
    assert "… 2 spans below" in picture
    assert "view" not in picture.partition("Where")[0]


def test_source_shows_the_code(small):
    assert "7     User.objects.get(id=1)" in draw(small, options=Options(source=True))


@pytest.mark.usefixtures("users_database")
@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize("target", ["/users/1", "/users", "/n-plus-one", "/boom", "/x"])
def test_no_line_is_wider_than_the_terminal(renderer, width, target):
    picture = draw(record("micro", "GET", target), width, renderer)
    assert max(map(len, picture.splitlines())) <= width


@pytest.mark.parametrize("renderer", RENDERERS)
def test_pipe_is_plain_and_ascii_where_it_must_be(small, renderer):
    assert "\x1b" not in draw(small, renderer=renderer)
    plain = draw(small, renderer=renderer, encoding="ascii")
    assert plain.isascii()


@pytest.mark.usefixtures("users_database")
def test_warning_of_n_plus_one_names_the_line():
    picture = draw(record("micro", "GET", "/n-plus-one"), 160)
    assert "queries like 'SELECT users' from" in picture
    assert "select_related" in picture


def test_exception_is_shown_with_the_users_frames():
    picture = draw(record("micro", "GET", "/boom"), 120)
    assert "This route always fails." in picture
    assert 'raise RuntimeError("This route always fails.")' in picture
    assert "libraries left out" in picture


HOSTILE = "[red]x[/] \x1b[31m\x07 \u202e\r\n"


def test_text_of_a_trace_is_never_markup_nor_control(small):
    small.request["target"] = HOSTILE
    for span in small.root.walk():
        span.name = HOSTILE
    for renderer in RENDERERS:
        picture = draw(small, 120, renderer)
        assert "[red]x[/]" in picture
        assert not set("\x1b\x07\u202e\r") & set(picture)


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_sql_is_formatted(text):
    shown = format_sql(text, 40).plain
    assert "".join(shown.split()) == "".join(clean(" ".join(text.split())).split())


def test_long_sql_is_laid_out_by_clause():
    sql = "SELECT a, b FROM users INNER JOIN posts ON (x = y) WHERE a = 1 ORDER BY b"
    assert format_sql(sql, 40).plain.split("\n") == [
        "SELECT a, b FROM users",
        "INNER JOIN posts ON (x = y) WHERE a = 1",
        "ORDER BY b",
    ]


def test_a_clause_too_long_for_a_line_has_lines_of_its_own():
    sql = "SELECT name, born, died, country FROM writers"
    assert format_sql(sql, 20).plain.split("\n") == [
        "SELECT name, born,",
        "  died, country",
        "FROM writers",
    ]


TABLE = """CREATE TABLE "a" ("id" integer, "b" varchar(9) CHECK ("b" <> '),'));"""


@pytest.mark.parametrize(
    ("sql", "lines"),
    [
        (TABLE, ['CREATE TABLE "a" (', '  "id" integer,',
                 '  "b" varchar(9) CHECK ("b"', "    <> '),')", ");"]),
        ("ALTER TABLE `a, b` ADD COLUMN c int, DROP COLUMN d;",
         ["ALTER TABLE `a, b`", "  ADD COLUMN c int,", "  DROP COLUMN d;"]),
        ("ALTER TABLE a ADD c int;", ["ALTER TABLE a ADD c int;"]),
        ("DROP TABLE a;", ["DROP TABLE a;"]),
        ("-- Python: (what, it) does;", ["-- Python: (what, it) does;"]),
    ],
    ids=["create", "alter", "short", "drop", "comment"],
)  # fmt: skip
def test_a_table_has_a_line_for_each_column(sql, lines):
    assert lay_out(sql, 28).plain.split("\n") == lines


def test_scripts_stand_side_by_side_where_there_is_room():
    scripts = Scripts({"sqlite": ["DROP TABLE a;"], "mysql": ["DROP TABLE `a`;"]})
    wide, narrow = (
        [line.split() for line in draw_any(scripts, width).splitlines()]
        for width in (80, 40)
    )
    assert wide == [
        ["sqlite", "mysql"],
        ["DROP", "TABLE", "a;", "DROP", "TABLE", "`a`;"],
    ]
    assert narrow == [
        ["sqlite"],
        ["DROP", "TABLE", "a;"],
        ["mysql"],
        ["DROP", "TABLE", "`a`;"],
    ]


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (850, "0.8 µs"),
        (99_000, "99.0 µs"),
        (1_234_567, "1.23 ms"),
        (2 * 10**9, "2.00 s"),
    ],
)
def test_duration(nanoseconds, text):
    assert duration(nanoseconds) == text


def test_bar_is_never_nothing():
    assert share_bar(0.0001, 10, ascii_only=False) == "▏"
    assert share_bar(1, 4, ascii_only=False) == "████"
    assert share_bar(0.5, 4, ascii_only=True) == "##"


def conversation(close):
    root = Span("server", "in-process", 0, 100_000)
    root.attributes = {"fwtrace.running_ns": 20_000}
    start = Span("lifespan", "startup", 0, 50_000)
    event = Span("websocket", "receive", 60_000, 90_000)
    event.attributes = {"fwtrace.websocket.text": "hi", "fwtrace.websocket.size": 2}
    view = Span("view", "socket", 50_000, 95_000, children=[event])
    view.attributes = {"fwtrace.running_ns": 5_000}
    root.children = [start, view]
    outcome = {"status": 101, "phrase": "Switching Protocols", "close": close}
    return Trace("app", {"method": "WS", "target": "/ws"}, root, outcome)


def test_websocket_ends_with_its_close_and_tells_running_from_awaiting():
    trace = conversation({"code": 4000, "reason": "enough", "by": "app"})
    assert draw(trace).startswith(
        "WS /ws · app · closed 4000 by the app enough · 50.0 µs, 20.0 µs of it running"
    )
    assert "websocket receive 'hi'" in draw(trace)
    assert "5.0 µs running, 40.0 µs awaiting" in draw(trace)


def test_bars_of_a_timeline_have_room_for_the_lifespan():
    trace = conversation({"code": 1000, "reason": "", "by": "client"})
    lines = draw(trace, 80, "timeline").splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[3].count("━") == lines[2].count("━") // 2
