"""One migration for many, and migrations that join branches."""

import sys
import textwrap
from pathlib import Path

import pytest

from fwtrace.toolkit.orm import IntegerField, migrations
from fwtrace.toolkit.orm.migrations.exceptions import (
    AmbiguityError,
    CircularDependencyError,
    ConflictError,
    MigrationError,
)
from fwtrace.toolkit.orm.migrations.loader import MigrationLoader, find_sources
from fwtrace.toolkit.orm.migrations.squash import merge, squash
from fwtrace.toolkit.orm.migrations.touched import touched
from fwtrace.toolkit.orm.migrations.writer import MigrationWriter

CREATE = 'migrations.CreateModel("Post", [("id", models.AutoField(primary_key=True))])'


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    known = set(sys.modules)
    yield Project(tmp_path)
    for name in set(sys.modules) - known:
        del sys.modules[name]


class Project:
    def __init__(self, root):
        self.root = root

    def add(self, key, *operations, head="", **attributes):
        app, _, name = key.partition(".")
        lines = [f"{k} = {v!r}" for k, v in attributes.items()]
        lines += ["operations = [", *(f"    {each}," for each in operations), "]"]
        path = self.root / app / "migrations" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            "from fwtrace.toolkit.orm import migrations, models\n"
            f"{textwrap.dedent(head)}\n"
            "class Migration(migrations.Migration):\n"
            f"{textwrap.indent(chr(10).join(lines), '    ')}\n"
        )

    def load(self):
        return MigrationLoader(find_sources(Path(".")))


def field(name, model="Post"):
    return f'migrations.AddField("{model}", "{name}", models.IntegerField(default=0))'


@pytest.fixture
def blog(project):
    """Four in a row; the third needs one of auth, and runs Python."""
    project.add("auth.0001_initial")
    project.add("blog.0001_initial", CREATE, initial=True)
    project.add("blog.0002_a", field("a"), dependencies=[("blog", "0001_initial")])
    project.add(
        "blog.0003_b",
        field("b"),
        "migrations.RunPython(fill)",
        head="def fill(apps, schema_editor):\n    pass\n",
        dependencies=[("blog", "0002_a"), ("auth", "0001_initial")],
    )
    project.add(
        "blog.0004_c",
        field("c"),
        'migrations.RunSQL("SELECT 1", elidable=True)',
        dependencies=[("blog", "0003_b")],
        run_before=[("shop", "0001_initial")],
    )
    project.add("shop.0001_initial")
    return project


def kinds(migration):
    return [type(each).__name__ for each in migration.operations]


def test_squashes_from_the_first(blog):
    found = squash(blog.load(), "blog", "", "0004")
    made = found.migration
    assert made.name == "0001_squashed_0004_c"
    names = ("0001_initial", "0002_a", "0003_b", "0004_c")
    assert made.replaces == [("blog", name) for name in names]
    assert made.initial is True
    assert made.atomic is True
    assert made.dependencies == [("auth", "0001_initial")]
    assert made.run_before == [("shop", "0001_initial")]
    assert kinds(made) == ["CreateModel", "RunPython", "AddField"]
    assert list(dict(made.operations[0].fields)) == ["id", "a", "b"]
    assert found.before == 6
    assert [each.name for each in found.replaced] == list(names)


def test_what_cannot_be_left_out_is_listed(blog):
    found = squash(blog.load(), "blog", None, "0004")
    ((migration, operation),) = found.kept
    assert migration.name == "0003_b"
    assert isinstance(operation, migrations.RunPython)
    assert operation.code.__name__ == "fill"
    assert found.notes[0] == (
        "Nothing is reduced past Raw Python operation fill() (0003_b): mark with "
        "elidable=True what a new database has no need of."
    )


def test_squashes_a_part(blog):
    made = squash(blog.load(), "blog", "0002", "0003_b").migration
    assert made.name == "0002_a_squashed_0003_b"
    assert made.replaces == [("blog", "0002_a"), ("blog", "0003_b")]
    assert made.dependencies == [("blog", "0001_initial"), ("auth", "0001_initial")]
    assert not made.initial
    assert kinds(made) == ["AddField", "AddField", "RunPython"]


def test_squashes_without_optimizing(blog):
    found = squash(blog.load(), "blog", "", "0004", no_optimize=True)
    assert len(found.migration.operations) == found.before == 6
    assert [each.name for each, _ in found.kept] == ["0003_b", "0004_c"]


@pytest.mark.parametrize(
    ("start", "expected"), [("", "0001_short"), ("0002", "0002_short")]
)
def test_name_that_is_given_gets_the_number(blog, start, expected):
    made = squash(blog.load(), "blog", start, "0004", "short").migration
    assert made.name == expected


def test_state_is_the_same_before_and_after(blog):
    loader = blog.load()
    before = loader.project_state()
    made = squash(loader, "blog", "", "0004").migration
    path = blog.root / f"blog/migrations/{made.name}.py"
    path.write_text(MigrationWriter(made).as_string())
    loader = blog.load()
    assert [key for key in loader.graph.nodes if key[0] == "blog"] == [made.key]
    assert loader.project_state() == before


def test_elidable_ones_alone_are_left_out(project):
    project.add("a.0001_x", 'migrations.RunSQL("", elidable=True)')
    project.add("a.0002_y", dependencies=[("a", "0001_x")])
    assert squash(project.load(), "a", "", "0002").migration.operations == []


def test_part_of_an_app_that_begins_later_is_not_initial(project):
    project.add("a.0001_x", initial=False)
    project.add("a.0002_y", dependencies=[("a", "0001_x"), ("a", "__first__")])
    made = squash(project.load(), "a", "", "0002").migration
    assert made.initial is False
    assert made.dependencies == []


def test_swappable_dependency_stays_one(project):
    project.add("auth.0001_x")
    text = 'dependencies = [migrations.swappable_dependency("auth.User")]\n'
    project.add("a.0001_x")
    path = project.root / "a/migrations/0001_x.py"
    path.write_text(
        path.read_text().replace("operations = [", f"{text}    operations = [")
    )
    project.add("a.0002_y", dependencies=[("a", "0001_x")])
    (found,) = squash(project.load(), "a", "", "0002").migration.dependencies
    assert found == ("auth", "__first__", "auth.User")


def test_one_that_is_not_atomic(project):
    project.add("a.0001_x", atomic=False)
    project.add("a.0002_y", dependencies=[("a", "0001_x")])
    found = squash(project.load(), "a", "", "0002")
    assert found.migration.atomic is False
    assert found.notes == [
        "0001_squashed_0002_y runs outside of a transaction, as 0001_x did: put what "
        "needs that into a migration of its own."
    ]


def test_squashed_ones_are_squashed_again(blog):
    first = squash(blog.load(), "blog", "", "0003").migration
    blog.root.joinpath(f"blog/migrations/{first.name}.py").write_text(
        MigrationWriter(first).as_string()
    )
    loader = blog.load()
    before = loader.project_state()
    second = squash(loader, "blog", "", "0004").migration
    assert second.replaces == [first.key, ("blog", "0004_c")]
    path = blog.root / f"blog/migrations/{second.name}.py"
    path.write_text(MigrationWriter(second).as_string())
    loader = blog.load()
    assert [key for key in loader.graph.nodes if key[0] == "blog"] == [second.key]
    assert loader.project_state() == before


# What is refused.


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("0003", "0002", "blog.0003_b does not come before blog.0002_a: squash from"),
        (
            "0002",
            "0002",
            "There is only blog.0002_a to squash: name one further apart.",
        ),
        ("", "0001", "There is only blog.0001_initial to squash"),
        ("", "0009", "The app 'blog' has no migration '0009'."),
        ("", "00", "4 migrations of 'blog' begin with '00'"),
    ],
)
def test_range_that_is_none(blog, start, end, said):
    with pytest.raises((MigrationError, AmbiguityError)) as caught:
        squash(blog.load(), "blog", start, end)
    assert str(caught.value).startswith(said)


def test_name_that_is_taken(blog):
    with pytest.raises(MigrationError, match=r"migration blog.0001_initial already"):
        squash(blog.load(), "blog", "", "0004", "initial")


def test_other_app_in_between_is_a_circle(project):
    project.add("a.0001_x")
    project.add("b.0001_x", dependencies=[("a", "0001_x")])
    project.add("a.0002_y", dependencies=[("a", "0001_x"), ("b", "0001_x")])
    with pytest.raises(CircularDependencyError) as caught:
        squash(project.load(), "a", "", "0002")
    assert str(caught.value) == (
        "a.0001_squashed_0002_y would wait for itself: it comes after b.0001_x, which "
        "comes after a.0001_x. Squash what lies before and what lies after one by one."
    )


# What is left to people.

HELPERS = """
from functools import partial


def check(value, limit):
    pass


small = partial(check, limit=1)


class Big(models.IntegerField):
    pass


class Tools:
    @classmethod
    def run(cls, apps, schema_editor):
        pass


def fill(apps, schema_editor):
    pass
"""


def with_helpers(project):
    project.add(
        "a.0001_x",
        'migrations.CreateModel("A", [("n", Big(validators=[small]))])',
        "migrations.RunPython(fill, migrations.RunPython.noop)",
        "migrations.RunPython(Tools.run)",
        head=HELPERS,
    )
    project.add("a.0002_y", dependencies=[("a", "0001_x")])
    return squash(project.load(), "a", "", "0002")


def test_functions_are_to_be_copied_by_hand(project):
    said = with_helpers(project).notes[1:]
    assert said == [
        f"Copy {name} from a/migrations/0001_x.py, line {line}, into "
        "0001_squashed_0002_y: Python cannot import it from there."
        for name, line in (("Big", 13), ("check", 6), ("fill", 23), ("Tools", 17))
    ]


def test_functions_are_called_where_they_can_be_imported(project, monkeypatch):
    monkeypatch.syspath_prepend(str(project.root))
    said = with_helpers(project).notes[1:]
    assert said == [
        f"a.migrations.0001_x.{name} is called by 0001_squashed_0002_y: copy it there "
        "before 0001_x is deleted."
        for name in ("Big", "check", "fill", "Tools")
    ]


# Branches.


@pytest.fixture
def branches(project):
    project.add("a.0001_x", CREATE, 'migrations.CreateModel("Tag", [])')

    def grow(right, left=field("l")):  # noqa: B008
        project.add("a.0002_left", left, dependencies=[("a", "0001_x")])
        project.add("a.0002_right", right, dependencies=[("a", "0001_x")])
        return project.load()

    return grow


def test_merges_branches(branches):
    made = merge(branches(field("r")), "a")
    assert made.name == "0003_merge_left_right"
    assert made.dependencies == [("a", "0002_left"), ("a", "0002_right")]
    assert made.operations == []


def test_merges_those_that_are_named(branches, project):
    project.add("a.0002_third", dependencies=[("a", "0001_x")])
    made = merge(branches(field("r")), "a", ["0002_third", "0002_l"])
    assert made.dependencies == [("a", "0002_left"), ("a", "0002_third")]


def test_long_name_is_cut(project):
    for letter in "ab":
        project.add(f"a.0009_{letter * 40}")
    assert merge(project.load(), "a").name == "0010_merge"


def test_number_of_a_squashed_one_is_the_last(project):
    project.add("a.0001_squashed_0007_x")
    project.add("a.0002_y")
    assert merge(project.load(), "a").name == "0008_merge_squashed_0007_x_y"


def test_nothing_to_merge(blog):
    with pytest.raises(MigrationError, match="has no two latest migrations"):
        merge(blog.load(), "blog")


CLASHES = {
    field("l"): "post.l",
    'migrations.RemoveField("Post", "l")': "post.l",
    'migrations.RenameField("Post", "x", "l")': "post.l",
    'migrations.AddIndex("Post", models.Index(fields=["-l"], name="i"))': "post.l",
    'migrations.DeleteModel("Post")': "post.l",
    'migrations.RenameModel("Post", "Text")': "post.l",
    "migrations.SeparateDatabaseAndState("
    'state_operations=[migrations.RemoveField("Post", "l")])': "post.l",
    f'migrations.RunSQL("", state_operations=[{field("l")}])': "post.l",
}


@pytest.mark.parametrize("operation", CLASHES)
def test_branches_that_touch_the_same(branches, operation):
    with pytest.raises(ConflictError) as caught:
        merge(branches(operation), "a")
    said = str(caught.value)
    assert said.startswith("0002_left (Add field l to Post) and 0002_right (")
    assert said.endswith(
        f") both have to do with {CLASHES[operation]}, and neither comes after the "
        "other: let one of them depend on the other."
    )


LINK = 'migrations.AddField("Post", "t", models.ForeignKey("a.Tag", models.CASCADE))'


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (LINK, 'migrations.AddField("Tag", "n", models.IntegerField(default=0))'),
        (field("l"), 'migrations.AlterModelOptions("Post", {})'),
        (
            'migrations.AlterModelOptions("Post", {})',
            'migrations.AlterModelTable("Post", "x")',
        ),
        (
            'migrations.AddIndex("Post", models.Index(fields=["l"], name="i"))',
            'migrations.AddIndex("Post", models.Index(fields=["l"], name="j"))',
        ),
        ('migrations.CreateModel("B", [])', 'migrations.CreateModel("C", [])'),
        (field("l"), 'migrations.RunSQL("SELECT 1")'),
    ],
)
def test_branches_that_get_along(branches, left, right):
    assert merge(branches(right, left), "a").name == "0003_merge_left_right"


@pytest.mark.parametrize(
    ("left", "right", "what"),
    [
        (LINK, 'migrations.DeleteModel("Tag")', "tag"),
        (LINK, 'migrations.RenameModel("Tag", "Word")', "tag"),
        (
            'migrations.CreateModel("B", [], bases=("a.tag",))',
            'migrations.DeleteModel("Tag")',
            "tag",
        ),
        ('migrations.CreateModel("B", [])', 'migrations.CreateModel("b", [])', "b"),
        (
            'migrations.AlterModelOptions("Post", {})',
            'migrations.AlterModelOptions("post", {})',
            "post.options",
        ),
        (
            'migrations.RemoveIndex("Post", "i")',
            'migrations.RenameIndex("Post", new_name="j", old_name="i")',
            "post.i",
        ),
    ],
)
def test_branches_that_do_not_get_along(branches, left, right, what):
    with pytest.raises(ConflictError, match=f"both have to do with {what}, and"):
        merge(branches(right, left), "a")


def test_what_an_operation_touches():
    found = touched(migrations.AddField("Post", "N", IntegerField()))
    assert found.changed == {("post", "n")}
    assert touched(migrations.RunPython(migrations.RunPython.noop)).changed == set()
