"""The tokens of SQL, and what they make of the text of a table."""

import sqlite3

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit.orm.introspection.sqlite_text import (
    Clause,
    IndexText,
    folded,
    mentioned,
    normalised,
    read_index,
    read_table,
    tokens,
    unwrapped,
)

QUOTES = {'"': '"', "`": "`", "'": "'", "[": "]"}
BLANKS = (" ", "\n", "\t ", " -- it's (a \"comment\n", " /* it's )\n[one */ ", "\f\r\n")

anything = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
names = st.text(
    st.one_of(
        st.sampled_from("\"'`[](),;-*/ \n%$_.aZé"),
        st.characters(codec="utf-8", exclude_characters="\0"),
    ),
    min_size=1,
)
blanks = st.sampled_from(BLANKS)


def quoted(name, quote):
    if quote == "[":
        return f"[{name}]"
    return quote + name.replace(quote, quote * 2) + quote


@st.composite
def written(draw, styles='"`[', name=None):
    """A name and one way to write it."""
    name = draw(names) if name is None else name
    styles = styles.replace("[", "") if "]" in name else styles
    return name, quoted(name, draw(st.sampled_from(styles)))


def spelled(sql):
    return [(token.kind, token.text) for token in tokens(sql)]


@given(anything)
def test_tokens_stand_where_they_say_and_leave_only_blanks_out(sql):
    at = 0
    for token in tokens(sql):
        assert token.text
        assert sql[token.start : token.end] == token.text
        assert tokens(sql[at : token.start]) == []
        at = token.end
    assert tokens(sql[at:]) == []


@given(st.text(st.sampled_from("'\"`[]()-/* ax1.\n,")))
def test_tokens_are_the_same_however_far_apart(sql):
    assert spelled("\n".join(token.text for token in tokens(sql))) == spelled(sql)


@given(written("\"`['"), blanks, blanks)
def test_a_quoted_name_is_one_token(pair, before, after):
    name, text = pair
    (token,) = tokens(before + text + after)
    assert token.kind == ("string" if text[0] == "'" else "name")
    assert token.value == name
    assert token.word == ""


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a1$é", ["word"]),
        ("\N{NO-BREAK SPACE}x", ["word"]),
        ("1.5e-3", ["number"]),
        (".5", ["number"]),
        ("0xFf", ["number"]),
        ("x'ab'", ["string"]),
        ("'it''s'", ["string"]),
        ("a||b", ["word", "sign", "word"]),
        ("a->>'$.x'", ["word", "sign", "string"]),
        ("a--b", ["word"]),
        ("a/*b*/c/*", ["word", "word"]),
        ("'open", ["sign", "word"]),
    ],
)
def test_kinds_of_tokens(sql, expected):
    assert [token.kind for token in tokens(sql)] == expected


def test_only_ascii_letters_have_no_case():
    assert folded("AbÉ") == "abÉ"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("((a > 0))", "a > 0"),
        (" ( a ) ", "a"),
        ("(a) = (b)", "(a) = (b)"),
        ("('(' || a)", "'(' || a"),
        ("(a", "(a"),
        ("()", ""),
        ("", ""),
    ],
)
def test_unwrapped_takes_away_what_is_around_it_all(sql, expected):
    assert unwrapped(sql) == expected


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ('"Age"  >0', "(age > 0)"),
        ("`age` is NOT null", "[age] IS not /* really */ NULL"),
        ('"we ird" = 1', "`we ird`=1"),
    ],
)
def test_normalised_leaves_out_how_it_is_written(left, right):
    assert normalised(left) == normalised(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a = 'X'", "a = 'x'"),
        ('"a b" > 0', "a b > 0"),
        ("tags = ARRAY['A']", "tags = ARRAY['a']"),
        ("a = '(b)'", "a = 'b'"),
        ('"a" = 1', "'a' = 1"),
    ],
)
def test_normalised_keeps_what_it_means(left, right):
    assert normalised(left) != normalised(right)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0[")))
def test_normalised_is_so_already(sql):
    assert normalised(normalised(sql)) == normalised(sql)


def test_mentioned_columns_are_neither_strings_nor_functions():
    sql = "lower(\"Name\") <> 'title' AND AGE > length(`x`)"
    columns = ["name", "title", "lower", "age", "length", "x", "y"]
    assert mentioned(sql, columns) == ("name", "age", "x")


@pytest.mark.parametrize(
    ("sql", "definition", "where"),
    [
        ("CREATE INDEX i ON t (a, b DESC)", "", ""),
        ('CREATE INDEX "i(" ON "t USING (" ("a, )" ASC)', "", ""),
        ("CREATE UNIQUE INDEX i ON t(lower(a), b)", "lower(a), b", ""),
        ("CREATE INDEX i ON t (a COLLATE nocase)", "a COLLATE nocase", ""),
        ("CREATE INDEX i ON t (a) WHERE (a > (1))", "", "a > (1)"),
        ("CREATE INDEX i ON s.t USING btree (a DESC)", "", ""),
        ("CREATE INDEX i ON t USING gin (a) WHERE b", "USING gin (a)", "b"),
        (
            "CREATE INDEX i ON t USING btree (a) INCLUDE (b) WHERE c",
            "USING btree (a) INCLUDE (b)",
            "c",
        ),
    ],
)
def test_read_index(sql, definition, where):
    index = read_index(sql)
    assert (index.definition, index.where) == (definition, where)


def test_read_index_of_no_index():
    assert read_index("nonsense") == IndexText()


def test_read_table_names_its_constraints():
    table = read_table(
        """CREATE TABLE "t (" ( -- a comment, with (
            id integer CONSTRAINT pk PRIMARY KEY ON CONFLICT FAIL AUTOINCREMENT,
            'a' decimal(10, -2) CONSTRAINT n NOT NULL DEFAULT (1 + (2)) CHECK (a > 0),
            b text DEFAULT -1 COLLATE NOCASE CONSTRAINT ub UNIQUE
                CONSTRAINT fb REFERENCES p (x) ON DELETE SET DEFAULT ON UPDATE CASCADE
                MATCH simple NOT DEFERRABLE INITIALLY IMMEDIATE NOT NULL,
            [c d] "check" GENERATED ALWAYS AS ((a) + (1)) STORED,
            e REFERENCES q NOT NULL CHECK (e) DEFERRABLE INITIALLY DEFERRED,
            f AS (a) NULL,
            CONSTRAINT "u""1" UNIQUE (a, "b" COLLATE binary DESC) ON CONFLICT IGNORE
            CHECK ('(' <> b), CONSTRAINT fk FOREIGN KEY (a, `b`) REFERENCES t
            ON DELETE NO ACTION NOT DEFERRABLE
        ) WITHOUT ROWID"""
    )
    assert table.clauses == [
        Clause("primary", "pk", ("id",)),
        Clause("check", "", (), "a > 0"),
        Clause("unique", "ub", ("b",)),
        Clause("foreign", "fb", ("b",)),
        Clause("foreign", "", ("e",), deferrable=True),
        Clause("check", "", (), "e"),
        Clause("unique", 'u"1', ("a", "b")),
        Clause("check", "", (), "'(' <> b"),
        Clause("foreign", "fk", ("a", "b")),
    ]
    assert table.auto
    assert table.collations == {"b": "NOCASE"}
    assert table.generated == {"c d": "(a) + (1)", "f": "a"}


def test_read_table_finds_autoincrement_in_a_key_of_the_table():
    assert read_table(
        "CREATE TABLE t (id integer, PRIMARY KEY (id AUTOINCREMENT))"
    ).auto


@pytest.mark.parametrize(
    "sql", ["", "CREATE TABLE t", "CREATE VIRTUAL TABLE t USING fts5(a UNIQUE)"]
)
def test_read_table_of_what_has_no_columns(sql):
    assert read_table(sql).clauses == []


WORDS = (
    *("CONSTRAINT", "PRIMARY", "KEY", "UNIQUE", "CHECK", "FOREIGN", "REFERENCES"),
    *("ON", "DELETE", "SET", "NULL", "NOT", "DEFERRABLE", "DEFAULT", "COLLATE", "AS"),
    *("(", ")", ",", "a", "'b'", '"c"', "1", "-"),
)


@given(st.lists(st.sampled_from(WORDS)).map(" ".join), anything)
def test_reading_goes_through_any_text(sql, rest):
    read_table(f"CREATE TABLE t ({sql} {rest}")
    read_index(f"CREATE INDEX i ON t ({sql} {rest}")


@st.composite
def statements(draw):
    """A CREATE TABLE that SQLite takes, and the clauses that it has."""
    found = draw(st.lists(names, min_size=2, max_size=4, unique_by=folded))
    columns = [draw(written(name=name)) for name in found]
    parts, clauses = [], []

    def clause(kind, of, rest, *more, named=None):
        name, text = draw(written("\"`['", named))
        clauses.append(Clause(kind, name, of, *more))
        return f"CONSTRAINT{draw(blanks)}{text} {rest}"

    for name, text in columns:
        part = f"{text} varchar(10, 2)"
        for kind in draw(st.lists(st.sampled_from("rcdnu"), unique=True)):
            part += draw(blanks)
            if kind == "r":
                later = " DEFERRABLE INITIALLY DEFERRED" if draw(st.booleans()) else ""
                rest = f'REFERENCES "x" (y) ON DELETE SET NULL{later}'
                part += clause("foreign", (name,), rest, "", bool(later))
            elif kind == "c":
                condition = f"{text} <> 'it''s ('"
                part += clause("check", (), f"CHECK (({condition}))", condition)
            elif kind == "u":
                part += clause("unique", (name,), "UNIQUE")
            else:
                part += {"d": "DEFAULT (1 + (2))", "n": "NOT NULL"}[kind]
        parts.append(part)
    both = tuple(found[:2])
    pair = f"({draw(blanks)}{columns[0][1]},{draw(blanks)}{columns[1][1]} )"
    parts.append(clause("unique", both, f"UNIQUE {pair}"))
    parts.append(clause("foreign", both, f"FOREIGN KEY {pair} REFERENCES x (y, z)"))
    separator = draw(blanks) + ","
    sql = f"CREATE TABLE t{draw(blanks)}({separator.join(parts)}{draw(blanks)})"
    return sql, found, clauses


@settings(deadline=None)
@given(statements())
def test_read_table_reads_what_sqlite_does(made):
    sql, columns, clauses = made
    connection = sqlite3.connect(":memory:")
    connection.execute(sql)
    (kept,) = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table'")
    told = [row[1] for row in connection.execute("PRAGMA table_xinfo(t)")]
    keys = connection.execute("PRAGMA foreign_key_list(t)").fetchall()
    connection.close()
    assert read_table(kept[0]).clauses == clauses
    assert told == columns
    foreign = [clause for clause in clauses if clause.kind == "foreign"]
    first = [row[3] for row in sorted(keys, key=lambda row: -row[0]) if row[1] == 0]
    assert first == [clause.columns[0] for clause in foreign]
