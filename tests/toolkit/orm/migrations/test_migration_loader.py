"""Reading migrations: folders, files, what is wrong with them, squashed ones."""

import inspect
import os
import pickle
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

import pytest

from fwtrace.toolkit.orm import CharField, connect
from fwtrace.toolkit.orm.migrations.exceptions import (
    AmbiguityError,
    BadMigrationError,
    InconsistentMigrationHistory,
    MigrationError,
    NodeNotFoundError,
)
from fwtrace.toolkit.orm.migrations.loader import (
    MigrationLoader,
    MigrationSource,
    find_sources,
)
from fwtrace.toolkit.orm.migrations.recorder import MigrationRecorder

HEAD = """\
from fwtrace.toolkit.orm import migrations, models


class Migration(migrations.Migration):
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Writes files below a folder, and loads what is in it."""
    monkeypatch.chdir(tmp_path)
    known = set(sys.modules)
    yield Project(tmp_path)
    for name in set(sys.modules) - known:
        del sys.modules[name]


class Project:
    def __init__(self, root):
        self.root = root

    def write(self, path, text=""):
        whole = self.root / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(textwrap.dedent(text))
        return whole

    def migration(self, key, **attributes):
        """``migration("blog.0001_initial", dependencies=[...])``"""
        app, _, name = key.partition(".")
        lines = [f"    {k} = {v!r}\n" for k, v in attributes.items()] or ["    pass\n"]
        self.write(f"{app}/migrations/{name}.py", HEAD + "".join(lines))

    def load(self, database=None, **options):
        return MigrationLoader(find_sources(Path(".")), database, **options)


def message(caught):
    return str(caught.value)


def plan(loader):
    return [f"{app}.{name}" for app, name in loader.graph.plan()]


# Folders.


def labels(path, label=""):
    return [(each.app_label, str(each.folder)) for each in find_sources(path, label)]


def test_folder_called_migrations_is_of_the_app_around_it(project):
    project.write("blog/migrations/__init__.py")
    assert labels(Path("blog/migrations")) == [("blog", "blog/migrations")]
    assert labels(Path("blog/migrations"), "news") == [("news", "blog/migrations")]
    assert labels(Path("blog")) == [("blog", "blog/migrations")]


def test_folder_of_numbered_files_has_a_name_of_its_own(project):
    project.write("history/0001_initial.py")
    assert labels(Path("history")) == [("history", "history")]


def test_project_holds_the_folders_of_its_apps(project):
    for folder in ("blog", "shop/cart", "src/a/b", ".git/x", "env/y", "node_modules/z"):
        project.write(f"{folder}/migrations/0001_initial.py")
    project.write("deep/a/b/c/migrations/0001_initial.py")
    project.write("other/pyvenv.cfg")
    project.write("other/app/migrations/0001_initial.py")
    project.write("alembic/migrations/env.py")
    (project.root / "fresh/migrations").mkdir(parents=True)
    assert labels(Path(".")) == [
        ("blog", "blog/migrations"),
        ("fresh", "fresh/migrations"),
        ("cart", "shop/cart/migrations"),
        ("b", "src/a/b/migrations"),
    ]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (".", "There are no migrations in .: name a folder of them, or a project with"),
        ("gone", "gone is not there: name a folder of migrations."),
        ("file.py", "file.py is a file: name a folder of migrations."),
    ],
)
def test_no_migrations(project, path, said):
    project.write("file.py")
    with pytest.raises(MigrationError) as caught:
        find_sources(Path(path))
    assert message(caught).startswith(said)


def test_label_is_for_one_app(project):
    project.migration("a.0001_x")
    assert labels(Path("."), "b") == [("b", "a/migrations")]
    project.migration("c.0001_x")
    with pytest.raises(MigrationError, match="the migrations of 2 apps"):
        find_sources(Path("."), "b")


def test_package_is_the_name_below_a_folder_that_python_imports_from(
    project, monkeypatch
):
    project.migration("blog.0001_x")
    assert find_sources(Path("."))[0].package == ""
    monkeypatch.syspath_prepend(str(project.root))
    assert find_sources(Path("."))[0].package == "blog.migrations"
    assert find_sources(project.root / "blog/migrations")[0].package == (
        "blog.migrations"
    )


def test_two_folders_of_one_app(project):
    project.migration("a.0001_x")
    sources = [MigrationSource("a", Path("a/migrations"))] * 2
    other = MigrationSource("a", Path("b/migrations"))
    with pytest.raises(BadMigrationError) as caught:
        MigrationLoader([*sources[:1], other])
    assert message(caught) == (
        "a/migrations and b/migrations are both of the app 'a': give one of them "
        "another label."
    )


def test_folder_that_is_yet_to_be_made(project):
    loader = MigrationLoader([MigrationSource("new", Path("new/migrations"))])
    assert loader.disk_migrations == {}
    assert loader.migrated_apps == {"new"}


# Files.


def test_reads_what_the_classes_hold(project):
    project.migration("auth.0001_initial", initial=True)
    project.write(
        "blog/migrations/0001_initial.py",
        f"""{HEAD}
            initial = True
            dependencies = [["auth", "0001_initial"]]
            operations = (
                migrations.CreateModel("Post", [("title", models.CharField())]),
            )
        """,
    )
    loader = project.load()
    found = loader.get_migration("blog", "0001_initial")
    assert found.path == Path("blog/migrations/0001_initial.py")
    assert found.initial
    assert found.dependencies == [("auth", "0001_initial")]
    assert plan(loader) == ["auth.0001_initial", "blog.0001_initial"]
    field = loader.project_state().models["blog", "post"].fields["title"]
    assert isinstance(field, CharField)


def test_helpers_are_no_migrations(project):
    project.migration("a.0001_x")
    project.write("a/migrations/_helpers.py", "raise SystemExit")
    project.write("a/migrations/~0002_y.py", "raise SystemExit")
    project.write("a/migrations/.#0002_y.py", "raise SystemExit")
    project.write("a/migrations/0002_y.orig.py", "raise SystemExit")
    project.write("a/migrations/clean_up.py", "raise SystemExit")
    project.write("a/migrations/talk.py", "# of a Migration\n")
    project.write("a/migrations/notes.txt")
    (project.root / "a/migrations/0003_folder.py").mkdir()
    assert list(project.load().disk_migrations) == [("a", "0001_x")]


def test_migration_may_be_called_anything(project):
    project.write("a/migrations/start.py", f"{HEAD}    pass")
    assert list(project.load().disk_migrations) == [("a", "start")]


BROKEN = {
    "": "0001_x.py has no class Migration: is it half-written? A file that only helps "
    "others begins with an underscore.",
    "x = 1": "0001_x.py has no class Migration",
    "class Migration: pass": "0001_x.py: Migration is no class of migrations: write "
    "'class Migration(migrations.Migration)'.",
    "Migration = 3": "0001_x.py: Migration is no class of migrations",
    f"{HEAD}    operations = [\n        migrations.RunSQL('": "0001_x.py, line 6 is "
    "not Python, or half-written: unterminated string literal (detected at line 6).",
    f"{HEAD}    operations = [": "0001_x.py, line 5 is not Python, or half-written: "
    "'[' was never closed.",
    "a\0b": "0001_x.py",
    f"import nowhere\n{HEAD}    pass": "0001_x.py, line 1: No module named 'nowhere'.",
    "from os import nothing": "0001_x.py, line 1: cannot import name 'nothing' from",
    "\n\n1 / 0": "0001_x.py, line 3: ZeroDivisionError: division by zero.",
    "raise SystemExit(3)": "0001_x.py, line 1: SystemExit: 3.",
    "assert False": "0001_x.py, line 1: AssertionError.",
    "def f():\n    f()\nf()": "0001_x.py, line 2: RecursionError: maximum",
    f"{HEAD}    operations = [\n        migrations.AddField('A'),\n    ]": "0001_x.py, "
    "line 6: TypeError: ",
    f"{HEAD}    x = models.CharField(max_length=-1)": "0001_x.py, line 5: ValueError: "
    "CharField needs a positive whole max_length, not -1.",
    f"{HEAD}    x = models.CharFeld()": "0001_x.py, line 5: AttributeError: ",
    f"{HEAD}    operations = None": "0001_x.py, line 5: operations is a list, not "
    "None.",
    f"{HEAD}    operations = migrations.RunSQL('')": "0001_x.py, line 5: operations is "
    "a list, not <RunSQL ''>.",
    f"{HEAD}    operations = [\n        migrations.RunSQL(''),\n        'x',\n    ]": (
        "0001_x.py, line 7: 'x' is no operation."
    ),
    f"{HEAD}    operations = [migrations.RunSQL]": "0001_x.py, line 5: an operation is "
    "made by calling its class: write RunSQL(...).",
    f"{HEAD}    dependencies = ['blog.0001_x']": "0001_x.py, line 5: 'blog.0001_x' is "
    "no pair of an app and a name: ('blog', '0001_initial').",
    f"{HEAD}    dependencies = [\n        ('a', 'b'),\n        ('a', 2),\n    ]": (
        "0001_x.py, line 7: ('a', 2) is no pair"
    ),
    f"{HEAD}    x = ['b']\n    dependencies: list = x": "0001_x.py, line 6: 'b' is no "
    "pair",
    f"{HEAD}    run_before = [3]": "0001_x.py, line 5: 3 is no pair",
    f"{HEAD}    replaces = [None]": "0001_x.py, line 5: None is no pair",
}


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_broken_file_is_one_sentence(project, text):
    path = project.root / "a/migrations/0001_x.py"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(BadMigrationError) as caught:
        project.load()
    assert message(caught).startswith(f"a/migrations/{BROKEN[text]}")
    assert "\n" not in message(caught)


@pytest.mark.parametrize("size", range(0, 620, 7))
def test_half_of_a_file_never_ends_in_a_traceback(project, size):
    text = HEAD + textwrap.indent(
        textwrap.dedent(
            """
            dependencies = []
            operations = [
                migrations.CreateModel(
                    name="Post",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True)),
                        ("title", models.CharField(max_length=100, default="a (b")),
                    ],
                    options={"ordering": ["title"], "unique_together": {("id", "x")}},
                ),
                migrations.AddField("Post", "n", models.IntegerField(default=0)),
                migrations.RunSQL("SELECT 1", migrations.RunSQL.noop),
            ]
            """
        ),
        "    ",
    )
    project.write("a/migrations/0001_x.py").write_text(text[:size])
    with suppress(BadMigrationError):
        project.load().project_state()


def test_file_that_cannot_be_read(project, monkeypatch):
    project.migration("a.0001_x")

    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(BadMigrationError) as caught:
        project.load()
    assert message(caught) == (
        "a/migrations/0001_x.py cannot be read: Permission denied."
    )


def test_file_in_another_encoding(project):
    text = f"# coding: latin-1\nX = 'é'\n{HEAD}    pass\n"
    path = project.write("a/migrations/0001_x.py")
    path.write_bytes(text.encode("latin-1"))
    migration = project.load().get_migration("a", "0001_x")
    assert sys.modules[type(migration).__module__].X == "é"
    path.write_bytes(text.replace("latin-1", "nowhere-1").encode())
    with pytest.raises(BadMigrationError, match="unknown encoding: nowhere-1"):
        project.load()


# Modules.

WITH_FUNCTION = f"""\
class Helper:
    pass


def fill(apps, schema_editor):
    raise ValueError("here")


{HEAD}    operations = [migrations.RunPython(fill)]
"""


def function(loader):
    return loader.get_migration("blog", "0001_x").operations[0].code


def test_module_has_the_name_of_its_package(project, monkeypatch):
    monkeypatch.syspath_prepend(str(project.root))
    project.write("blog/__init__.py")
    project.write("blog/migrations/__init__.py")
    project.write("blog/migrations/0001_x.py", WITH_FUNCTION)
    code = function(project.load())
    assert code.__module__ == "blog.migrations.0001_x"
    assert pickle.loads(pickle.dumps(code)) is code


def test_module_of_a_folder_that_is_no_package(project):
    project.write("blog/migrations/0001_x.py", WITH_FUNCTION)
    code = function(project.load())
    assert code.__module__ in sys.modules
    assert pickle.loads(pickle.dumps(code)) is code
    assert inspect.getsource(code).startswith("def fill(apps, schema_editor):")
    helper = sys.modules[code.__module__].Helper
    assert inspect.getsource(helper) == "class Helper:\n    pass\n"
    with pytest.raises(ValueError, match="here") as caught:
        code(None, None)
    assert caught.traceback[-1].path == project.root / "blog/migrations/0001_x.py"


def test_package_of_the_same_name_elsewhere_is_another(project, monkeypatch):
    monkeypatch.syspath_prepend(str(project.root / "elsewhere"))
    project.write("elsewhere/blog/migrations/__init__.py")
    project.write("blog/migrations/0001_x.py", WITH_FUNCTION)
    source = MigrationSource("blog", Path("blog/migrations"), "blog.migrations")
    code = function(MigrationLoader([source]))
    assert code.__module__ != "blog.migrations.0001_x"


def test_apps_of_the_same_name_do_not_mix(project):
    for folder in ("one", "two"):
        text = WITH_FUNCTION.replace("here", folder)
        project.write(f"{folder}/blog/migrations/0001_x.py", text)
    codes = [
        function(MigrationLoader(find_sources(Path(folder))))
        for folder in ("one", "two")
    ]
    assert codes[0].__module__ != codes[1].__module__
    assert all(pickle.loads(pickle.dumps(code)) is code for code in codes)


@pytest.mark.parametrize("is_package", [True, False])
def test_imports_of_helpers(project, monkeypatch, is_package):
    if is_package:
        monkeypatch.syspath_prepend(str(project.root))
        project.write("blog/migrations/__init__.py")
    project.write(
        "blog/migrations/_helpers.py", "from django.db.models import F\nX = 1"
    )
    project.write(
        "blog/migrations/0001_x.py", f"from ._helpers import X, F\n{HEAD}    atomic = X"
    )
    assert project.load().get_migration("blog", "0001_x").atomic == 1
    project.write("blog/migrations/_helpers.py", "X = 2\nF = 1")
    assert project.load().get_migration("blog", "0001_x").atomic == 2
    project.write("blog/migrations/_helpers.py", "\nX = 2 / 0")
    with pytest.raises(BadMigrationError) as caught:
        project.load()
    assert message(caught) == (
        "blog/migrations/_helpers.py, line 2: ZeroDivisionError: division by zero."
    )


def test_one_migration_may_import_another(project, monkeypatch):
    monkeypatch.syspath_prepend(str(project.root))
    project.write("blog/migrations/__init__.py")
    project.write("blog/migrations/0002_y.py", WITH_FUNCTION.replace("raise", "return"))
    project.write(
        "blog/migrations/0001_x.py",
        f"""from importlib import import_module\n{HEAD}
            operations = [
                migrations.RunPython(import_module("blog.migrations.0002_y").fill),
            ]
        """,
    )
    loader = project.load()
    second = loader.get_migration("blog", "0002_y")
    assert function(loader) is second.operations[0].code


@pytest.mark.parametrize("has_bytecode", [True, False])
def test_file_edited_within_the_second_is_read_again(
    project, monkeypatch, has_bytecode
):
    monkeypatch.setattr(sys, "dont_write_bytecode", not has_bytecode)
    path = project.write("a/migrations/0001_x.py", f"{HEAD}    atomic = 1")
    stamp = path.stat().st_mtime
    assert project.load().get_migration("a", "0001_x").atomic == 1
    path.write_text(f"{HEAD}    atomic = 2")
    os.utime(path, (stamp, stamp))
    assert project.load().get_migration("a", "0001_x").atomic == 2
    assert (project.root / "a/migrations/__pycache__").exists() is has_bytecode


def test_bytecode_is_kept_and_used(project, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    project.migration("a.0001_x", atomic=1)
    project.load()
    (kept,) = (project.root / "a/migrations/__pycache__").iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole.replace(b"atomic", b"atomik"))
    assert project.load().get_migration("a", "0001_x").atomic is True
    for broken in (whole[:40], whole[:9], b"", b"\0" * 99):
        kept.write_bytes(broken)
        assert project.load().get_migration("a", "0001_x").atomic == 1


def test_error_in_a_file_with_bytecode_names_the_file_where_it_is(project, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    project.write("a/migrations/0001_x.py", "1 / 0")
    for folder in ("a", "b"):
        with pytest.raises(BadMigrationError, match=rf"^{folder}/migrations/0001_x.py"):
            project.load()
        if folder == "a":
            (project.root / "a").rename(project.root / "b")


# The graph.


def test_dependencies_on_the_first_and_the_latest(project):
    project.migration("a.0001_x")
    project.migration("a.0002_y", dependencies=[("a", "0001_x"), ("a", "__first__")])
    project.migration("b.0001_x", dependencies=[("a", "__first__")])
    project.migration("c.0001_x", dependencies=[("a", "__latest__")])
    graph = project.load().graph
    assert graph.parents["b", "0001_x"] == {("a", "0001_x")}
    assert graph.parents["c", "0001_x"] == {("a", "0002_y")}
    assert graph.parents["a", "0002_y"] == {("a", "0001_x")}


def test_first_of_an_app_that_has_none_yet(project):
    project.migration("a.0001_x", dependencies=[("b", "__first__")])
    project.write("b/migrations/__init__.py")
    assert plan(project.load()) == ["a.0001_x"]


def test_first_of_an_unknown_app(project):
    project.migration("a.0001_x", dependencies=[("auth", "__first__")])
    with pytest.raises(NodeNotFoundError) as caught:
        project.load()
    assert message(caught) == (
        "a/migrations/0001_x.py depends on auth.__first__: there are no migrations of "
        "the app 'auth'. Add the folder that they are in, or take the dependency out."
    )
    assert plan(project.load(ignore_missing=True)) == ["a.0001_x"]


def test_missing_ones_of_a_known_app_are_not_ignored(project):
    project.migration("a.0001_x", dependencies=[("a", "0000_gone")])
    with pytest.raises(NodeNotFoundError, match="depends on a.0000_gone"):
        project.load(ignore_missing=True)


def test_run_before(project):
    project.migration("a.0001_x", run_before=[("b", "0001_x")])
    project.migration("b.0001_x")
    project.migration("c.0001_x", run_before=[("auth", "0001_x")])
    with pytest.raises(NodeNotFoundError, match="c/migrations/0001_x.py depends on"):
        project.load()
    loader = project.load(ignore_missing=True)
    assert loader.graph.parents["b", "0001_x"] == {("a", "0001_x")}


def test_project_state_in_the_middle(project):
    model = 'migrations.CreateModel("{}", [])'
    for number, name in ((1, "One"), (2, "Two")):
        after = [("a", "0001_x")] if number == 2 else []
        body = f"    dependencies = {after}\n    operations = [{model.format(name)}]"
        project.write(f"a/migrations/000{number}_x.py", HEAD + body)
    loader = project.load()
    assert list(loader.project_state().models) == [("a", "one"), ("a", "two")]
    assert list(loader.project_state(("a", "0001_x")).models) == [("a", "one")]
    before = loader.project_state([("a", "0002_x")], at_end=False)
    assert list(before.models) == [("a", "one")]


def test_conflicts(project):
    project.migration("a.0001_x")
    for name in ("0002_z", "0002_y"):
        project.migration(f"a.{name}", dependencies=[("a", "0001_x")])
    project.migration("b.0001_x")
    assert project.load().detect_conflicts() == {"a": ["0002_y", "0002_z"]}


# By name.


@pytest.fixture
def named(project):
    for name in ("0001_initial", "0002_tags", "0002_tags_again", "0003_more"):
        project.migration(f"blog.{name}")
    project.migration("shop.0001_initial")
    return project.load()


def test_by_prefix(named):
    assert named.get_migration_by_prefix("blog", "0003").name == "0003_more"
    assert named.get_migration_by_prefix("blog", "0002_tags").name == "0002_tags"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (
            ("blog", "0002"),
            "2 migrations of 'blog' begin with '0002': 0002_tags, 0002_tags_again. "
            "Write more of the name.",
        ),
        (
            ("blog", "0001_intial"),
            "The app 'blog' has no migration '0001_intial'. Did you mean "
            "'0001_initial'?",
        ),
        (
            ("blog", "x"),
            "The app 'blog' has no migration 'x'. There is 0001_initial, 0002_tags, "
            "0002_tags_again, 0003_more.",
        ),
        (("blogs", "1"), "There is no app 'blogs'. Did you mean 'blog'?"),
        (("zzz", "1"), "There is no app 'zzz'. There is blog, shop."),
    ],
)
def test_nothing_or_too_much_by_prefix(named, key, said):
    with pytest.raises((AmbiguityError, KeyError)) as caught:
        named.get_migration_by_prefix(*key)
    assert message(caught) == said


def test_by_whole_name(named):
    assert named.get_migration("shop", "0001_initial").key == ("shop", "0001_initial")
    with pytest.raises(KeyError, match="no migration '0001'"):
        named.get_migration("shop", "0001")


# What is applied.


@pytest.fixture
def database():
    made = connect("sqlite://")
    yield made
    made.close()


@pytest.fixture
def applied(database):
    """Records migrations, given as ``"blog.0001_x"``."""
    recorder = MigrationRecorder(database)

    def record(*names):
        for name in names:
            recorder.record_applied(*name.split("."))

    return record


def test_applied_ones_are_those_of_the_database(project, database, applied):
    project.migration("a.0001_x")
    loader = project.load(database)
    assert loader.applied_migrations == {}
    applied("a.0001_x", "gone.0001_x")
    loader.build_graph()
    assert list(loader.applied_migrations) == [("a", "0001_x"), ("gone", "0001_x")]
    loader.check_consistent_history()


def test_inconsistent_history(project, database, applied):
    project.migration("a.0001_x")
    project.migration("b.0001_x", dependencies=[("a", "0001_x")])
    applied("b.0001_x")
    with pytest.raises(InconsistentMigrationHistory) as caught:
        project.load(database).check_consistent_history()
    assert message(caught) == (
        "b.0001_x is applied to 'default', and a.0001_x is not, which it depends on. "
        "Migrate 'b' back to before 0001_x, or record a.0001_x with --fake where its "
        "tables are there."
    )
    project.load().check_consistent_history()
    with pytest.raises(InconsistentMigrationHistory):
        project.load().check_consistent_history(database)


# Squashed ones.


@pytest.fixture
def squashed(project):
    """1, 2, 3, 4 in a row, and 1-3 for the first three; b depends on 2, c on 1-3."""
    for number in (1, 2, 3, 4):
        after = [("a", str(number - 1))] if number > 1 else []
        project.migration(f"a.{number}", dependencies=after)
    project.migration("a.1-3", replaces=[("a", each) for each in "123"])
    project.migration("b.1", dependencies=[("a", "2")])
    project.migration("c.1", dependencies=[("a", "1-3")])
    return project


REPLACED = ["a.1-3", "a.4", "b.1", "c.1"]
ORIGINAL = ["a.1", "a.2", "a.3", "a.4", "b.1", "c.1"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("", REPLACED),
        ("a.1 a.2 a.3", REPLACED),
        ("a.1 a.2 a.3 a.1-3", REPLACED),
        ("a.1", ORIGINAL),
        ("a.1 a.2", ORIGINAL),
        ("a.1 a.1-3", ORIGINAL),
    ],
)
def test_squashed_one_is_used_if_all_or_none_is_applied(
    squashed, database, applied, names, expected
):
    applied(*names.split())
    loader = squashed.load(database)
    assert plan(loader) == expected
    is_all = {"a.1", "a.2", "a.3"} <= set(names.split())
    assert (("a", "1-3") in loader.applied_migrations) is is_all
    loader.check_consistent_history()


def test_partly_applied_says_what_is_missing(squashed, database, applied):
    applied("a.1")
    loader = squashed.load(database)
    assert loader.partly_applied == {("a", "1-3"): [("a", "2"), ("a", "3")]}
    assert loader.graph.parents["c", "1"] == {("a", "3")}


def test_partly_applied_and_the_files_are_gone(squashed, database, applied):
    applied("a.1")
    (squashed.root / "a/migrations/2.py").unlink()
    with pytest.raises(NodeNotFoundError) as caught:
        squashed.load(database)
    assert message(caught) == (
        "a/migrations/1-3.py cannot be used: of what it replaces, a.2, a.3 is not "
        "applied, the rest is. The file of a.2 is needed to go on: bring it back."
    )


def test_squashed_one_whose_originals_are_deleted(squashed, database, applied):
    for name in "123":
        (squashed.root / f"a/migrations/{name}.py").unlink()
    assert plan(squashed.load(database)) == REPLACED
    applied("a.1", "a.2", "a.3")
    loader = squashed.load(database)
    assert plan(loader) == REPLACED
    assert ("a", "1-3") in loader.applied_migrations


def test_replacing_can_be_left_out(squashed):
    loader = squashed.load(replace_migrations=False)
    assert plan(loader) == ["a.1-3", *ORIGINAL]


def test_one_that_replaces_itself(project):
    project.migration("a.1", replaces=[("a", "2")])
    project.migration("a.2", replaces=[("a", "1")])
    with pytest.raises(BadMigrationError, match="replaces itself: take a.1 out"):
        project.load()


@pytest.fixture
def nested(squashed):
    """1-4 for 1-3 and 4."""
    squashed.migration("a.1-4", replaces=[("a", "1-3"), ("a", "4")])
    return squashed


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("", ["a.1-4", "b.1", "c.1"]),
        ("a.1 a.2 a.3 a.4", ["a.1-4", "b.1", "c.1"]),
        ("a.1-3 a.4", ["a.1-4", "b.1", "c.1"]),
        ("a.1 a.2 a.3", REPLACED),
        ("a.1-3", REPLACED),
        ("a.1", ORIGINAL),
        ("a.4", REPLACED),
    ],
)
def test_squashed_ones_of_squashed_ones(nested, database, applied, names, expected):
    applied(*names.split())
    loader = nested.load(database)
    assert plan(loader) == expected
    assert loader.replaced(("a", "1-4")) == [("a", n) for n in ("1-3", *"1234")]


def test_squashed_ones_that_both_name_the_originals(squashed, database, applied):
    squashed.migration("a.1-4", replaces=[("a", each) for each in "1234"])
    assert plan(squashed.load(database)) == ["a.1-4", "b.1", "c.1"]
    applied("a.1", "a.2", "a.3")
    assert plan(squashed.load(database)) == REPLACED
