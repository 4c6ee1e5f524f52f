"""``fwtrace sql`` and ``fwtrace models`` as their users run them."""

import json

import pytest

from tests.cli.test_app import fwtrace

MODELS = """
from fwtrace.toolkit.orm import CharField, ForeignKey, ManyToManyField, Model

class Tag(Model):
    word = CharField(max_length=20, unique=True)

class Page(Model):
    title = CharField(max_length=20)
    parent = ForeignKey("self", null=True)
    tags = ManyToManyField(Tag, related_name="pages")
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "wiki.py").write_text(MODELS)
    return tmp_path


def test_an_expression_travels_to_its_rows():
    result = fwtrace("sql", "User.objects.filter(age__gt=60).order_by('name')")
    assert (result.returncode, result.stderr) == (0, "")
    for part in ("methods", "query", "sql  sqlite", "plan", "'Donald'", "'Grace'"):
        assert part in result.stdout


def test_several_expressions_share_a_session():
    result = fwtrace("sql", "User.objects.all().delete()", "User.objects.count()")
    assert "  0\n" in result.stdout
    assert result.returncode == 0


def test_reads_statements_from_a_pipe():
    loop = "rows = Post.objects.all()\n# each\nfor post in rows[:3]:\n    post.author\n"
    result = fwtrace("sql", "-", typed=loop + "print('hello')\n1 + 1\n")
    assert result.returncode == 0
    assert "    post.author\nsql  sqlite · 3 times" in result.stdout
    assert "hello\n" in result.stdout
    data = fwtrace("sql", "-", "--json", typed="print('hello')\n")
    assert len(json.loads(data.stdout)) == 1
    assert data.stderr == "hello\n"
    wrong = fwtrace("sql", "-", typed="1\nfor x in:\n")
    assert (wrong.returncode, "at character 9 of line 2" in wrong.stderr) == (2, True)


def test_json_is_a_list_of_traces():
    result = fwtrace("sql", "User.objects.all()[:1]", "--json")
    (trace,) = json.loads(result.stdout)
    assert trace["root"]["attributes"]["fwtrace.result.count"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["User.objects.filter(nmae=1)"], 1, "Did you mean 'name'"),
        (["User.objects.filter(name__contians='x')"], 1, "Did you mean 'contains'"),
        (["Usr.objects.all()"], 1, "name 'Usr' is not defined"),
        (["User.objects.filter("], 2, "is no Python expression"),
        ([], 2, "What shall be evaluated?"),
        (["User.objects.all()", "--dialect", "postgres"], 2, "mean 'postgresql'"),
        (["1 + 1", "--dialect", "mysql"], 1, "compiles a queryset"),
        (["--models", "nowhere", "1"], 2, "There is no module 'nowhere'"),
        (["1", "--database", "postgresql://127.0.0.1:1/x?connect_timeout=1",
          "--models", "sample_apps.users.models"], 1, "Cannot connect to 'x'"),
        (["1", "--database", "oracle://x", "--models", "sample_apps.users.models"], 1,
         "Cannot connect"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(arguments, code, said):
    result = fwtrace("sql", *arguments)
    assert result.returncode == code
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1


def test_raw_statement_and_dialects_and_times():
    raw = fwtrace("sql", "--raw", "SELECT name FROM users WHERE id = 1")
    assert "'Ada'" in raw.stdout
    both = fwtrace("sql", "User.objects.all()[:3]", "--dialect", "sqlite,postgresql")
    assert both.stdout.count("LIMIT 3") == 2
    times = fwtrace("sql", "User.objects.all()", "--repeat", "3")
    assert "execute" in times.stdout


def test_changes_of_a_named_database_need_commit(folder):
    url = "sqlite:///wiki.db"
    make = ["Tag.create_table()", "Tag.objects.create(word='x')"]
    options = ["--models", "wiki", "--database", url]
    result = fwtrace("sql", *make, *options, cwd=folder)
    assert "Rolled back: nothing was changed. Add --commit" in result.stderr
    fwtrace("sql", *make, *options, "--commit", cwd=folder)
    kept = fwtrace("sql", "Tag.objects.get().word", *options, cwd=folder)
    assert "  'x'\n" in kept.stdout
    assert kept.stderr == ""


def test_models_as_a_tree_and_as_diagrams(folder):
    tree = fwtrace("models", "--models", "wiki", cwd=folder).stdout
    assert "tags ManyToManyField → Tag  and back as Tag.pages" in tree
    assert "parent ForeignKey → Page  and back as Page.page_set" in tree
    dot = fwtrace("models", "--models", "wiki", "--format", "dot", cwd=folder).stdout
    assert 'Page -> Tag [label="tags", taillabel="*", headlabel="*"];' in dot
    drawn = fwtrace("models", "--models", "wiki", "--format", "mermaid", cwd=folder)
    assert "Page }o--o{ Tag : tags" in drawn.stdout
    data = json.loads(fwtrace("models", "--json", cwd=folder).stdout)
    assert [model["name"] for model in data] == ["User", "Post"]
    wrong = fwtrace("models", "--format", "dott")
    assert "Did you mean 'dot'" in wrong.stderr
