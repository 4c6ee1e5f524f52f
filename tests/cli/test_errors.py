"""One sentence for whatever went wrong."""

import pytest

from fwtrace.cli.errors import as_sentence, did_you_mean, mistyped, printable


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("It failed", "It failed."),
        ("It failed..", "It failed."),
        ("Did you mean 'x'?", "Did you mean 'x'?"),
        ("bad:\n  a\n  b", "bad: a b."),
        ("a \x1b[31m b", r"a \x1b[31m b."),
    ],
)
def test_sentence_is_one_line_with_one_stop(text, sentence):
    assert as_sentence(text) == sentence


def test_printable_shows_what_a_terminal_would_act_on():
    assert printable("é\x07\u202e\n") == "é\\x07\\u202e\n"


def test_did_you_mean_names_the_nearest_or_nothing():
    assert did_you_mean("sqll", ["sql", "view"]) == " Did you mean 'sql'?"
    assert did_you_mean("zzz", ["sql", "view"]) == ""


def test_other_exceptions_are_not_mistyped():
    assert mistyped(ValueError("x")) == ""
