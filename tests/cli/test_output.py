"""Pictures, tables and JSON on streams of every kind."""

import io
import json

import pytest

from fwtrace.cli.errors import CommandError
from fwtrace.cli.output import (
    draw_text,
    print_json,
    print_table,
    save,
    show_user_traceback,
    write,
)

ROWS = [("micro", "users and posts on it", "sample_apps.users.micro:app")]


def ascii_stdout(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)
    return stream


def test_table_folds_the_column_that_may(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "54")
    print_table(("name", "what", "target"), ROWS, folds="what")
    assert capsys.readouterr().out.splitlines() == [
        "name   what                target",
        "micro  users and posts on  sample_apps.users.micro:app",
        "       it",
    ]


def test_table_too_narrow_for_that_loses_nothing(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "20")
    print_table(("name", "what", "target"), ROWS, folds="what")
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 20
    letters = [each for row in ROWS for cell in row for each in cell if each.isalpha()]
    assert sorted(each for each in shown if each.isalpha()) == sorted(
        [*letters, *"namewhattarget"]
    )


def test_table_shows_markup_and_control_characters_as_they_are(capsys):
    print_table(("a",), [("[bold]x[/bold] \x1b[31m",)])
    assert r"[bold]x[/bold] \x1b[31m" in capsys.readouterr().out


def test_json_is_ascii_where_the_stream_is(monkeypatch):
    stream = ascii_stdout(monkeypatch)
    print_json({"name": "Zoë"})
    stream.seek(0)
    assert json.loads(stream.read()) == {"name": "Zoë"}
    stream.close()


def test_json_of_undecodable_arguments_is_written(capsys):
    print_json("a\udcff")
    assert json.loads(capsys.readouterr().out) == "a\udcff"


def test_closed_stream_takes_nothing(monkeypatch):
    monkeypatch.setattr("sys.stdout", None)
    write("lost")
    print_table(("a",), [("b",)])


def test_failing_stream_is_one_sentence():
    class Full(io.StringIO):
        def flush(self):
            raise OSError(28, "No space left on device")

    with pytest.raises(CommandError, match="No space left"):
        write("text", Full())


def test_saved_text_is_plain_utf8(tmp_path, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    file = tmp_path / "picture"
    save(draw_text("→ \udcff"), str(file))
    assert file.read_text(encoding="utf-8") == "→ \\udcff\n"
    with pytest.raises(CommandError, match="Cannot write"):
        save("x", str(tmp_path))


def test_users_traceback_tells_the_cause_first(capsys):
    def fail():
        try:
            raise KeyError("first [bold]")
        except KeyError as error:
            raise ValueError("second") from error

    try:
        fail()
    except ValueError as error:
        failed = RuntimeError("cannot be imported")
        failed.__cause__ = error
    show_user_traceback(failed)
    shown = capsys.readouterr().err
    assert shown.index("first [bold]") < shown.index("which led to")
    assert "test_output.py" in shown
    assert "raise ValueError" in shown
