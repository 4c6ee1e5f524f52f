"""``fwtrace migrations`` as its users run it."""

import json
import os
import re
import select
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress

import pytest

from fwtrace.cli.app import run
from fwtrace.cli.migrations import group
from fwtrace.toolkit.orm import connect, disconnect
from fwtrace.toolkit.orm.migrations.recorder import MigrationRecorder
from fwtrace.toolkit.orm.migrations.running.journal import Entry, Journal
from tests.cli.test_app import PROGRAM, ROOT, fwtrace

HEAD = "from fwtrace.toolkit.orm import migrations, models\n\n\n"
CLASS = "class Migration(migrations.Migration):\n"
INTEGER = "models.IntegerField(null=True)"
CTRL_C = b"\x03"
DATABASE = ["--database", "sqlite:///data.db"]

BOOK = """
from fwtrace.toolkit.orm import models

class Book(models.Model):
    title = models.CharField(max_length=20)
    {}
"""


def create(model, *fields):
    key = "('id', models.AutoField(primary_key=True))"
    return f"migrations.CreateModel({model!r}, [{', '.join([key, *fields])}])"


def add(model, field):
    return f"migrations.AddField({model!r}, {field!r}, {INTEGER})"


def files(app):
    """What stands in its folder of migrations."""
    return sorted(each for each in os.listdir(f"{app}/migrations") if "." in each)


class Place:
    """A folder to work in, and the program in this process."""

    def __init__(self, folder, capsys):
        self.folder = folder
        self.capsys = capsys

    def write(self, name, *operations, after=(), replaces=(), code=""):
        """``blog.0001_initial``; ``after`` and ``replaces`` are such names too."""
        app, _, file = name.partition(".")
        folder = self.folder / app / "migrations"
        folder.mkdir(parents=True, exist_ok=True)
        lines = "".join(
            f"    {attribute} = {[tuple(each.split('.')) for each in names]!r}\n"
            for attribute, names in (("dependencies", after), ("replaces", replaces))
        )
        text = (
            f"{HEAD}{code}\n\n{CLASS}{lines}    operations = [{', '.join(operations)}]"
        )
        (folder / f"{file}.py").write_text(text + "\n")

    def models(self, app, *fields):
        (self.folder / app).mkdir(exist_ok=True)
        (self.folder / app / "__init__.py").touch()
        text = BOOK.format("\n    ".join(fields))
        (self.folder / app / "models.py").write_text(text)
        # Python takes a file of the same second and size for the one that it compiled.
        shutil.rmtree(self.folder / app / "__pycache__", ignore_errors=True)
        for name in [app, f"{app}.models"]:
            sys.modules.pop(name, None)

    def run(self, *arguments, code=0):
        """The lines of standard output and error."""
        assert run(["migrations", *arguments]) == code
        return tuple(each.splitlines() for each in self.capsys.readouterr())

    def data(self, *arguments):
        assert run(["migrations", *arguments, "--json"]) == 0
        return json.loads(self.capsys.readouterr().out)


@pytest.fixture
def place(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "path", sys.path[:])
    yield Place(tmp_path, capsys)
    apps = os.listdir(tmp_path)
    for name in [each for each in sys.modules if each.partition(".")[0] in apps]:
        del sys.modules[name]


@pytest.fixture
def history(place):
    """Two apps; one has branches, the other a squashed one."""
    place.write("accounts.0001_initial", create("User"))
    place.write(
        "accounts.0002_age", add("User", "age"), after=["accounts.0001_initial"]
    )
    place.write("blog.0001_initial", create("Post"), after=["accounts.0001_initial"])
    place.write("blog.0002_left", add("Post", "l"), after=["blog.0001_initial"])
    place.write(
        "blog.0002_right",
        add("Post", "r"),
        after=["blog.0001_initial", "accounts.0002_age"],
    )
    place.write("blog.0003_both", after=["blog.0002_left", "blog.0002_right"])
    place.write("blog.0004_more", add("Post", "m"), after=["blog.0003_both"])
    return place


@pytest.fixture
def shop(place):
    """An app of two migrations."""
    place.write("shop.0001_initial", create("Book"))
    place.write("shop.0002_pages", add("Book", "pages"), after=["shop.0001_initial"])
    return place


# show


def test_show_draws_branches_where_they_begin(history):
    shown, said = history.run("show")
    assert shown == [
        "accounts  2 migrations",
        "├─ 0001_initial",
        "╰─ 0002_age",
        "",
        "blog  5 migrations",
        "├─ 0001_initial   after accounts.0001_initial",
        "│  ├─ 0002_left",
        "│  ╰─ 0002_right  after accounts.0002_age",
        "├─ 0003_both      joins 0002_left, 0002_right",
        "╰─ 0004_more",
        "",
        "Name a --database to see what is applied to it.",
    ]
    assert said == []


def test_show_tells_what_is_applied_and_what_waits(history):
    history.run("run", "blog.0002_left", "--quiet", *DATABASE)
    database = connect("sqlite:///data.db")
    for app, name in (("blog", "0009_gone"), ("auth", "0001_initial")):
        MigrationRecorder(database).record_applied(app, name)
    Journal(database).open(Entry("accounts", "0002_age", False, 0))
    disconnect()
    shown, _ = history.run("show", *DATABASE)
    assert [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "TODAY", line) for line in shown] == [
        "accounts  2 migrations, 1 applied",
        "├─ [X] 0001_initial  TODAY",
        "╰─ [/] 0002_age      stopped half-way, 0 of 1 operations done: "
        "run again to go on",
        "",
        "auth  1 applied; its folder is not among those named",
        "",
        "blog  5 migrations, 2 applied",
        "├─ [X] 0001_initial   TODAY · after accounts.0001_initial",
        "│  ├─ [X] 0002_left   TODAY",
        "│  ╰─ [ ] 0002_right  waits for accounts.0002_age",
        "├─ [ ] 0003_both      joins 0002_left, 0002_right",
        "├─ [ ] 0004_more",
        "╰─ [?] 0009_gone      applied, but its file is not here",
    ]


def test_show_of_a_squashed_one(shop):
    replaced = ["shop.0001_initial", "shop.0002_pages"]
    shop.write("shop.0001_squashed", create("Book"), replaces=replaced)
    assert shop.run("show")[0][1] == (
        "╰─ 0001_squashed  squashes 0001_initial, 0002_pages"
    )
    database = connect("sqlite:///data.db")
    MigrationRecorder(database).record_applied("shop", "0001_initial")
    disconnect()
    shown, _ = shop.run("show", *DATABASE)
    assert shown[2:] == [
        "├─ [ ] 0002_pages",
        "╰─ [-] 0001_squashed  squashes 0001_initial, 0002_pages"
        " · not used while 0002_pages is not applied",
    ]


def test_show_of_two_latest_ones(shop):
    shop.write("shop.0002_other", add("Book", "x"), after=["shop.0001_initial"])
    shown, _ = shop.run("show")
    assert "0002_other, 0002_pages all want to be the latest" in shown[4]
    (app,) = shop.data("show")["apps"]
    assert app["conflict"] == ["0002_other", "0002_pages"]


def test_show_as_data(shop):
    found = shop.data("show", *DATABASE)
    assert found["database"] == {"system": "sqlite", "name": ":memory:"}
    (app,) = found["apps"]
    assert app["folder"] == "shop/migrations"
    assert app["migrations"][1] == {
        "name": "0002_pages",
        "file": "shop/migrations/0002_pages.py",
        "applied": None,
        "half_way": None,
        "after": ["0001_initial"],
        "waits_for": [],
        "replaces": [],
        "missing": [],
        "operations": ["+ Add field pages to Book"],
    }


def test_looking_makes_no_database(shop):
    for command in ("show", "plan"):
        _, said = shop.run(command, *DATABASE)
        assert said == ["'data.db' is not there: it is taken as empty."]
    assert not os.path.exists("data.db")


# plan


def test_plan_there_and_back(shop):
    shown, _ = shop.run("plan")
    assert shown[:4] == [
        "apply shop.0001_initial",
        "╰─ + Create model Book",
        "apply shop.0002_pages",
        "╰─ + Add field pages to Book",
    ]
    shop.run("run", "--quiet", *DATABASE)
    assert shop.run("plan", *DATABASE)[0] == [
        "Nothing to do: the database is there already."
    ]
    assert shop.run("plan", "0001", *DATABASE)[0] == [
        "undo shop.0002_pages",
        "╰─ + Add field pages to Book  loses what it holds",
    ]


def test_plan_as_data(shop):
    shop.write(
        "shop.0003_sql", "migrations.RunSQL('SELECT 1')", after=["shop.0002_pages"]
    )
    found = shop.data("plan")
    assert (found["database"], found["half_way"]) == (None, None)
    assert [each["name"] for each in found["steps"]][2] == "0003_sql"
    assert found["steps"][2]["operations"] == [
        {
            "kind": "RunSQL",
            "text": "s Raw SQL operation",
            "reversible": False,
            "loses_data": True,
        }
    ]
    assert shop.run("plan")[0][5] == "╰─ s Raw SQL operation  no way back"


# run


def test_run_draws_each_operation_with_its_statements(shop):
    shown, said = shop.run("run", *DATABASE)
    assert shown[0].startswith("MIGRATE shop.0002_pages · sqlite data.db · 2 applied ·")
    tree = [re.split(r"   +\d|  tests/", line)[0] for line in shown[2:]]
    second = tree.index("├─ migration shop.0002_pages")
    assert tree[second : tree.index("")] == [
        "├─ migration shop.0002_pages",
        "│  ├─ bookkeeping setting, transaction",
        "│  ├─ migration 1 of 1: + Add field pages to Book",
        "│  │  ╰─ sql ALTER shop_book",
        '│  │        ALTER TABLE "shop_book" ADD COLUMN "pages" integer',
        "│  ╰─ bookkeeping record, transaction, setting",
        "╰─ bookkeeping setting",
    ]
    assert said[0].startswith("Applying shop.0001_initial ... done in ")
    assert len(said) == 2


def test_run_unfolds_and_narrows(shop):
    everything, _ = shop.run("run", "--all", *DATABASE)
    assert "│  │     BEGIN IMMEDIATE" in [line.rstrip() for line in everything]
    few, _ = shop.run("run", "zero", "--stage", "migration", *DATABASE)
    assert [line[:57].rstrip() for line in few[2:]] == [
        "├─ migration shop.0002_pages, undone",
        "│  ╰─ migration 1 of 1: undo + Add field pages to Book",
        "╰─ migration shop.0001_initial, undone",
        "   ╰─ migration 1 of 1: undo + Create model Book",
    ]


def test_run_as_data_is_the_trace(shop):
    trace = shop.data("run", *DATABASE)
    assert trace["outcome"] == {"status": None, "phrase": "2 applied", "error": None}
    assert trace["root"]["attributes"] == {
        "fwtrace.migration.targets": ["shop.0002_pages"]
    }
    assert "bookkeeping" not in {each["stage"] for each in trace["root"]["children"]}


def test_run_again_has_nothing_to_do(shop):
    shop.run("run", "--quiet", *DATABASE)
    assert shop.run("run", "--quiet", *DATABASE) == (
        [],
        ["Nothing to do: the database is there already."],
    )


def test_what_a_migration_prints_is_no_data(shop):
    code = "print('loaded')\ndef talk(apps, editor):\n    print('hello')"
    shop.write(
        "shop.0003_talk",
        "migrations.RunPython(talk)",
        after=["shop.0002_pages"],
        code=code,
    )
    assert run(["migrations", "run", "--json", *DATABASE]) == 0
    shown, said = shop.capsys.readouterr()
    json.loads(shown)
    assert "loaded\n" in said
    assert "Applying shop.0003_talk ...\nhello\nshop.0003_talk done in " in said


def test_run_that_fails_says_where_and_draws_it(shop):
    broken = "migrations.RunSQL('SELEC 1')"
    shop.write("shop.0003_bad", add("Book", "x"), broken, after=["shop.0002_pages"])
    shown, said = shop.run("run", *DATABASE, code=1)
    assert "2 applied, then failed" in shown[0]
    assert sum("raised" in line for line in shown) == 2  # operation and statement
    assert said[2:] == [
        "Applying shop.0003_bad ... failed.",
        "Error: shop.0003_bad was not applied: operation 2 of 2, 'Raw SQL operation': "
        'near "SELEC": syntax error. Nothing was changed.',
    ]


def test_run_tells_of_a_database_that_is_ahead(shop):
    shop.run("run", "--quiet", *DATABASE)
    (shop.folder / "shop" / "migrations" / "0002_pages.py").unlink()
    _, said = shop.run("run", "--quiet", *DATABASE)
    assert said[0] == "shop.0002_pages is applied, but its file is not here."


def test_database_of_the_environment_is_not_for_the_sample(place, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///data.db")
    _, said = place.run("run", code=2)
    assert "DATABASE_URL is not taken for those of the users service" in said[0]
    assert not os.path.exists("data.db")


# sql


def test_sql_of_one_dialect_can_be_piped(shop):
    shown, _ = shop.run("sql", "0002", "--dialect", "postgresql")
    assert shown == [
        "-- + Add field pages to Book",
        'ALTER TABLE "shop_book" ADD COLUMN "pages" integer;',
    ]
    with closing(sqlite3.connect(":memory:")) as base:
        for number in ("0001", "0002"):
            base.executescript("\n".join(shop.run("sql", number)[0]))
        assert len(base.execute("PRAGMA table_info(shop_book)").fetchall()) == 2


def test_sql_of_three_dialects_side_by_side(place, monkeypatch):
    words = ["sql", "0002", "--dialect", "sqlite,postgresql,mysql"]
    shown, said = place.run(*words)
    assert said == ["There are no migrations here: these are of the users service."]
    assert shown[1].split() == ["sqlite", "postgresql", "mysql"]
    assert max(map(len, shown)) <= 100
    assert 'CREATE TABLE "posts" (  ' in shown[7]
    monkeypatch.setenv("COLUMNS", "80")
    below, _ = place.run(*words)
    assert [line for line in below if " " not in line][:3] == [
        "sqlite",
        "postgresql",
        "mysql",
    ]


def test_sql_as_data(shop):
    found = shop.data("sql", "0002", "--dialect", "mysql", "--backwards")
    assert found == {
        "app": "shop",
        "name": "0002_pages",
        "backwards": True,
        "operations": [
            {
                "operation": "+ Add field pages to Book",
                "statements": {
                    "mysql": ["ALTER TABLE `shop_book` DROP COLUMN `pages`;"]
                },
            }
        ],
    }


# squash


def test_squash_writes_one_file(shop):
    shown, said = shop.run("squash", "0002", "--dry-run")
    assert "    replaces = [" in shown
    assert said[0] == "2 migrations with 2 operations became one with 1."
    shown, _ = shop.run("squash", "0002", "--name", "0007_all")
    assert shown == ["shop/migrations/0001_all.py"]
    shown, said = shop.run("squash", "0002", code=2)
    assert "shop.0002_pages was replaced by shop.0001_all" in said[0]


def test_squash_as_data(shop):
    found = shop.data("squash", "0002", "--dry-run")
    assert found["replaces"] == ["shop.0001_initial", "shop.0002_pages"]
    assert (found["operations_before"], len(found["operations"])) == (2, 1)
    assert found["written"] is False


def test_nothing_is_written_to_the_sample(place):
    for words in (["squash", "0003"], ["make", "--empty"]):
        _, said = place.run(*words, code=2)
        assert "nothing is written to those of the users service" in said[-1]


# make


def test_make_writes_what_is_missing(place):
    place.models("made_first")
    shown, _ = place.run("make", "--folder", "made_first")
    assert shown == [
        "made_first/migrations/0001_initial.py",
        "  + Create model Book",
    ]
    assert (place.folder / "made_first" / "migrations" / "__init__.py").exists()
    none = ["No changes: the migrations make what the models say."]
    assert place.run("make") == (none, [])
    assert place.run("make", "--check") == (none, [])


def test_make_asks_for_what_it_cannot_know(place):
    place.models("made_flags", "pages = models.IntegerField(default=0)")
    place.run("make", "-f", "made_flags")
    place.models(
        "made_flags",
        "page_count = models.IntegerField(default=0)",
        "isbn = models.CharField(max_length=13)",
    )
    shown, said = place.run("make", "--check", code=1)
    assert "  - Remove field pages from book" in shown
    assert said == [
        "If that is a rename, say so with --rename made_flags.book.pages=page_count.",
        "Error: A migration is missing: write what is with 'fwtrace migrations make'.",
    ]
    _, said = place.run("make", code=1)
    assert "as in --default book.isbn=" in said[0]
    rename, default = "book.pages=page_count", "book.isbn=''"
    words = ["make", "--rename", rename, "--default", default]
    shown, _ = place.run(*words, "--dry-run")
    assert shown[0].startswith("# made_flags/migrations/0002_rename_pages")
    (made,) = place.data(*words)
    assert made["operations"] == [
        "~ Rename field pages on book to page_count",
        "+ Add field isbn to book",
    ]
    assert made["written"] is True
    assert (place.folder / made["file"]).read_text() == made["text"]


def test_make_of_flags_that_fit_nothing(place):
    place.models("made_unused", "pages = models.IntegerField(default=0)")
    place.run("make", "-f", "made_unused")
    place.models("made_unused", "count = models.IntegerField(default=0)")
    _, said = place.run("make", "--rename", "book.page=count", code=2)
    assert said == [
        "Error: Nothing has changed that fits --rename book.page. There could be "
        "--rename made_unused.book.pages=count."
    ]
    assert files("made_unused") == ["0001_initial.py", "__init__.py"]


def test_make_for_several_apps(place):
    for app in ("made_a", "made_b"):
        place.models(app)
        place.run("make", "-f", app)
        place.models(app, "n = models.IntegerField(null=True)")
    shown, _ = place.run("make")
    assert shown == [
        "made_a/migrations/0002_book_n.py",
        "  + Add field n to book",
        "made_b/migrations/0002_book_n.py",
        "  + Add field n to book",
    ]


def test_make_empty_and_merge(shop):
    shop.write("shop.0002_other", add("Book", "x"), after=["shop.0001_initial"])
    _, said = shop.run("make", code=1)
    assert "Join them with 'fwtrace migrations make --merge' first" in said[0]
    shown, _ = shop.run("make", "--merge")
    assert shown == ["shop/migrations/0003_merge_other_pages.py"]
    shown, _ = shop.run("make", "--empty", "--name", "fill")
    assert shown == ["shop/migrations/0004_fill.py"]


def test_make_refuses_what_no_file_can_hold(place):
    place.models("made_lambda", "n = models.IntegerField(default=lambda: 3)")
    _, said = place.run("make", "-f", "made_lambda", code=1)
    assert "a lambda has no name to import it by" in said[0]
    assert not os.path.exists("made_lambda/migrations")


def terminal(folder, *arguments, answers=()):
    """What the program shows on a terminal, and its exit code; each answer is typed
    when it has asked something, and Ctrl-C is the signal that it becomes."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [*PROGRAM, "migrations", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    os.close(theirs)
    shown, left = b"", list(answers)
    with suppress(OSError):  # it has ended
        while select.select([ours], [], [], 30)[0]:
            shown += os.read(ours, 4096)
            if left and shown.endswith((b"] ", b"Number: ", b"Value: ")):
                answer = left.pop(0)
                if answer == CTRL_C:
                    process.send_signal(signal.SIGINT)
                else:
                    os.write(ours, answer)
    os.close(ours)
    return shown.decode(), process.wait(30)


@pytest.mark.parametrize(
    ("flags", "answers"),
    [
        ([], [b"what\n", b"y\n", b"1\n", b"''\n"]),
        (["--rename", "book.pages=page_count"], [b"1\n", b"''\n"]),
    ],
    ids=["asked", "by a flag"],
)
def test_make_asks_on_a_terminal(place, flags, answers):
    place.models("asked", "pages = models.IntegerField(default=0)")
    place.run("make", "-f", "asked")
    place.models(
        "asked",
        "page_count = models.IntegerField(default=0)",
        "isbn = models.CharField(max_length=13)",
    )
    shown, code = terminal(place.folder, "make", *flags, answers=answers)
    assert code == 0
    assert ("Was book.pages renamed to book.page_count" in shown) == (not flags)
    assert "  ~ Rename field pages on book to page_count\r\n" in shown
    assert "  + Add field isbn to book\r\n" in shown


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (CTRL_C, 130, "Stopped: nothing was written."),
        (b"\x04", 1, "Error: Nobody is there to answer: Was book.pages renamed"),
        (b"quit\n", 1, "Error: You quit: no migration was made."),
    ],
    ids=["Ctrl-C", "Ctrl-D", "quit"],
)
def test_make_that_is_broken_off_writes_nothing(place, answer, code, said):
    place.models("broken_off", "pages = models.IntegerField(default=0)")
    place.run("make", "-f", "broken_off")
    place.models("broken_off", "page_count = models.IntegerField(default=0)")
    shown, exit_code = terminal(place.folder, "make", answers=[answer])
    assert (exit_code, said in shown) == (code, True)
    assert files("broken_off") == ["0001_initial.py", "__init__.py"]


# Mistakes


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("show -f nowhere", 2, "nowhere is not there"),
        ("show -f file.txt", 2, "file.txt is a file"),
        ("show -f empty", 2, "There are no migrations in empty"),
        ("show --label other", 2, "says that its app is 'shop', and not 'other'"),
        ("plan 0009", 2, "has no migration '0009'"),
        ("plan 000", 2, "2 migrations of 'shop' begin with '000'"),
        ("plan shpo.0001", 2, "Did you mean 'shop'?"),
        ("run", 2, "Which database?"),
        ("run -d oracle://x", 2, "Cannot connect to 'oracle://x'"),
        ("run -d sqlite:///nowhere/x.db", 1, "unable to open database file"),
        ("run -d postgresql://127.0.0.1:1/x?connect_timeout=1", 1, "Cannot connect"),
        ("run -d sqlite:// --format tre", 2, "Did you mean 'tree'?"),
        ("run -d sqlite:// --stage sqll", 2, "Did you mean 'sql'?"),
        ("run -d sqlite:// --wait -1", 2, "'--wait'"),
        ("sql", 2, "Missing argument"),
        ("sql shop", 2, "Which migration of 'shop'?"),
        ("sql 0001 --dialect postgres", 2, "Did you mean 'postgresql'?"),
        ("squash 0001", 2, "There is only shop.0001_initial to squash"),
        ("squash 0001 --first 0002", 2, "does not come before"),
        ("make", 2, "There are no models of fwtrace's ORM in 'shop.models'"),
        ("make --models json", 2, "There are no models of fwtrace's ORM in 'json'"),
        ("make -f nowhere", 2, "'nowhere' is not there"),
        ("make -f file.txt", 2, "is a file"),
        ("make --rename x", 2, "--rename takes OLD=NEW, not 'x'"),
        ("make --default x=", 2, "--default takes FIELD=VALUE"),
        ("make --default x=y+", 1, "is no Python expression"),
        ("make --rename a=b --rename a=c", 2, "says two things of 'a'"),
        ("make --empty --merge", 2, "do not go together"),
        ("make --empty --rename a=b", 2, "leave --rename out"),
        ("make --merge", 2, "There is nothing to merge"),
        ("make --empty --name 'my change'", 2, "letters, digits and underscores"),
        ("sho", 2, "Did you mean 'show'?"),
    ],
)
def test_mistake_is_one_sentence(shop, words, code, said):
    (shop.folder / "file.txt").touch()
    (shop.folder / "empty").mkdir()
    shown, told = shop.run(*shlex.split(words), code=code)
    assert shown == []
    assert said in told[-1]
    assert told[-1].startswith("Error: ")
    assert len(told) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("class Migration(\n", "0003_x.py, line 1 is not Python, or half-written"),
        ("import migrations_of_no_one\n", "line 1: No module named"),
        (HEAD, "has no class Migration: is it half-written?"),
        (f"{HEAD}{CLASS}    dependencies = ['a']\n", "is no pair of an app and a name"),
        (
            f"{HEAD}{CLASS}    dependencies = [('shop', '0002_page')]\n",
            "Did you mean '0002_pages'?",
        ),
    ],
    ids=["syntax", "import", "no class", "no pair", "missing dependency"],
)
def test_mistake_in_a_file_is_one_sentence(shop, text, said):
    (shop.folder / "shop" / "migrations" / "0003_x.py").write_text(text)
    for command in ("show", "plan", "make"):
        shown, told = shop.run(command, code=1)
        assert (shown, len(told)) == ([], 1)
        assert said in told[0]


def test_circle_and_gap_are_one_sentence(shop):
    shop.write("shop.0001_initial", create("Book"), after=["shop.0002_pages"])
    _, said = shop.run("show", code=1)
    assert "shop.0001_initial -> shop.0002_pages -> shop.0001_initial" in said[0]
    shop.write("shop.0001_initial", create("Book"), after=["auth.0001_initial"])
    assert "after auth.0001_initial" in shop.run("show")[0][1]
    _, said = shop.run("run", "-d", "sqlite://", code=1)
    assert "there are no migrations of the app 'auth'" in said[0]


def test_file_that_cannot_be_written_is_one_sentence(shop, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("fwtrace.cli.migrations.files.open", refuse, raising=False)
    _, said = shop.run("make", "--empty", code=1)
    assert said == [
        "Error: Cannot write 'shop/migrations/0003_custom.py': Permission denied."
    ]


def test_make_check_never_looks_at_the_sample(place):
    _, said = place.run("make", "--check", code=2)
    assert "There are no migrations here to check" in said[-1]
    place.models("begun")
    _, said = place.run("make", code=2)
    assert said == [
        "Error: No app has migrations here yet. Say which is to have its first ones: "
        "--folder begun."
    ]


# As a program


@pytest.mark.parametrize("command", ["", *(c.name for c in group.registered_commands)])
def test_help_has_an_example_that_runs(place, command):
    shown, _ = place.run(*filter(None, [command]), "--help")
    (start,) = [n for n, line in enumerate(shown) if "Example: fwtrace " in line]
    example = " ".join(map(str.strip, shown[start : shown.index("", start)]))
    if command == "make":
        place.models("shop", "pages = models.IntegerField(default=0)")
        place.run("make", "-f", "shop")
        place.models("shop", "length = models.IntegerField(default=0)")
    assert run(shlex.split(example.removeprefix("Example: fwtrace "))) == 0


def test_in_a_pipe_nothing_but_data(tmp_path):
    result = fwtrace("migrations", "show", "--json", cwd=tmp_path)
    assert json.loads(result.stdout)["apps"][0]["app"] == "users"
    assert result.stderr == (
        "There are no migrations here: these are of the users service.\n"
    )
    plain = fwtrace("migrations", "plan", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert "`- + Create model Member" in plain.stdout
