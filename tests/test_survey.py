"""What ``fwtrace frameworks`` tells is true."""

import io
import tokenize
from pathlib import Path

import pytest

from fwtrace.survey import LANGUAGES, PYTHON, SUBJECTS, _lines, is_there, survey

FEATURES = [
    pytest.param(where, id=f"{name}: {feature}")
    for name, subject in SUBJECTS.items()
    for feature, where in subject.features.items()
]


@pytest.mark.parametrize("where", FEATURES)
def test_every_feature_is_there(where):
    assert is_there(where)


@pytest.mark.parametrize("where", ["fwtrace.nothing:x", "flask:Nothing", "json:a.b"])
def test_what_is_not_there_is_told(where):
    assert not is_there(where)


@pytest.mark.parametrize("table", [PYTHON, LANGUAGES], ids=lambda table: table.title)
def test_every_row_has_a_cell_for_every_column(table):
    assert {len(row) for row in table.rows} == {len(table.columns) + 1}


def test_each_framework_is_counted_and_timed():
    found = {each.name: each for each in survey(["micro", "flask"])}
    micro = found["micro"]
    folder = Path("fwtrace/frameworks/micro")
    assert micro.files == len(list(folder.glob("*.py")))
    assert (
        0
        < micro.lines
        < sum(len(f.read_text().splitlines()) for f in folder.glob("*.py"))
    )
    assert "templates" in micro.features
    assert "blueprints" not in micro.features
    assert set(micro.features) < set(found["flask"].features)
    assert 1 < micro.microseconds < 100_000


def test_a_framework_that_is_not_installed_is_left_out(monkeypatch):
    monkeypatch.setitem(
        SUBJECTS, "flask", SUBJECTS["flask"].__class__("flask", ("no_package",), {})
    )
    assert [each.name for each in survey(["micro", "flask"])] == ["micro"]


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("", 0),
        ("x = 1\n", 1),
        ('"""Doc."""\n\nx = 1  # why\n# more\n', 1),
        ('def f():\n    """Doc.\n\n    More.\n    """\n    return "a"\n', 2),
        ("x = (\n    1,\n)\n", 3),
        ('x = """a\nb"""\n', 2),
    ],
)
def test_lines_of_code_leave_out_comments_and_docstrings(tmp_path, source, count):
    file = tmp_path / "module.py"
    file.write_text(source)
    assert _lines(file) == count
    assert list(tokenize.tokenize(io.BytesIO(source.encode()).readline))
