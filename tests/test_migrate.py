"""Migrations from outside: what is meant by a name, what is done, how it is told."""

import sys

import pytest

from fwtrace.migrate import (
    Mislabelled,
    Project,
    connected,
    locate,
    make_importable,
    migrate,
    statements,
)
from fwtrace.toolkit.orm import connect, disconnect
from fwtrace.toolkit.orm.introspection import table_names
from fwtrace.toolkit.orm.migrations.exceptions import (
    AmbiguityError,
    ConflictError,
    InconsistentMigrationHistory,
    IrreversibleError,
    MigrationError,
    NodeNotFoundError,
)
from fwtrace.toolkit.orm.migrations.recorder import MigrationRecorder
from tests.toolkit.orm import servers
from tests.toolkit.orm.migrations.projects import BOOK, Project as Folder

PAGES = "migrations.AddField('Book', 'pages', models.IntegerField(default=1)),"
ISBN = "migrations.AddField('Book', 'isbn', models.CharField(max_length=9, null=True)),"


@pytest.fixture(autouse=True)
def path_of_its_own(monkeypatch):
    monkeypatch.setattr(sys, "path", sys.path[:])


@pytest.fixture
def shop(tmp_path):
    made = Folder(tmp_path / "shop" / "migrations")
    made.write("0001_initial", BOOK)
    made.write("0002_pages", PAGES, "0001_initial")
    made.write("0003_isbn", ISBN, "0002_pages")
    return made


@pytest.fixture
def database():
    yield connect("sqlite://")
    disconnect()


def opened(shop, database=None, label="shop", **options):
    return Project.open(locate([shop.folder], label), database, **options)


def told(trace):
    return trace.outcome["phrase"]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("", [("shop", "0003_isbn")]),
        ("shop", [("shop", "0003_isbn")]),
        ("shop.", [("shop", "0003_isbn")]),
        ("shop.0002", [("shop", "0002_pages")]),
        ("0002", [("shop", "0002_pages")]),
        ("0002_pages", [("shop", "0002_pages")]),
        ("zero", [("shop", None)]),
        ("shop.zero", [("shop", None)]),
    ],
)
def test_target_that_is_meant(shop, text, target):
    assert opened(shop).targets(text) == target


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("0009", NodeNotFoundError, "has no migration '0009'"),
        ("000", AmbiguityError, "3 migrations of 'shop' begin with '000'"),
        ("shpo.0001", NodeNotFoundError, "no app 'shpo'. Did you mean 'shop'?"),
    ],
)
def test_target_that_cannot_be_meant(shop, text, error, said):
    with pytest.raises(error) as raised:
        opened(shop).targets(text)
    assert said in str(raised.value)


def test_number_alone_is_of_a_single_app(shop, tmp_path):
    Folder(tmp_path / "blog" / "migrations").write("0001_initial", BOOK)
    project = Project.open(locate([tmp_path]))
    assert project.targets() == [("blog", "0001_initial"), ("shop", "0003_isbn")]
    with pytest.raises(AmbiguityError, match=r"'0002' of which app\?"):
        project.targets("0002")
    with pytest.raises(AmbiguityError, match="such as blog.0001_initial"):
        project.migration("blog")


def test_two_latest_ones_are_no_target(shop):
    shop.write("0003_other", ISBN, "0002_pages")
    with pytest.raises(ConflictError, match="make --merge"):
        opened(shop).targets()
    assert opened(shop).targets("0003_other") == [("shop", "0003_other")]


def test_migration_that_was_replaced_is_no_target(shop):
    shop.write("0001_squashed", BOOK)
    file = shop.folder / "0001_squashed.py"
    replaces = "    replaces = [('shop', '0001_initial'), ('shop', '0002_pages')]\n"
    file.write_text(file.read_text() + replaces)
    project = opened(shop)
    with pytest.raises(NodeNotFoundError, match="was replaced by shop.0001_squashed"):
        project.targets("0002")
    assert project.migration("0002").name == "0002_pages"


def test_migrates_forwards_and_back(shop, database):
    project = opened(shop, database)
    events = []
    trace = migrate(
        project, project.targets("0002"), progress=lambda *each: events.append(each[0])
    )
    assert told(trace) == "2 applied"
    assert events == ["apply_start", "apply_success"] * 2
    assert trace.app == "sqlite :memory:"
    assert trace.request["target"] == "shop.0002_pages"
    assert told(migrate(project, project.targets("0001"))) == "1 undone"
    assert told(migrate(project, project.targets("0001"))) == "nothing to do"
    assert told(migrate(project, project.targets("zero"))) == "1 undone"
    assert "shop_book" not in table_names(database)


@pytest.mark.parametrize("vendor", servers.VENDORS)
def test_migrates_each_database(shop, vendor):
    database = connect(servers.url(vendor))
    try:
        project = opened(shop, database)
        trace = migrate(project, project.targets())
        assert told(trace) == "3 applied"
        inserted = [each for each in trace.spans("sql") if each.name == "BEGIN"]
        assert len(inserted) == 3
        assert told(migrate(project, project.targets("zero"))) == "3 undone"
    finally:
        servers.drop_tables(database)
        disconnect()


def test_what_stopped_it_is_the_outcome(shop, database):
    shop.write("0004_broken", "migrations.RunSQL('SELEC 1'),", "0003_isbn")
    trace = migrate(opened(shop, database), [("shop", "0004_broken")])
    assert told(trace) == "3 applied, then failed"
    assert "operation 1 of 1, 'Raw SQL operation'" in trace.outcome["error"]["message"]


def test_nothing_is_run_when_one_does_not_fit(shop, database):
    shop.write(
        "0004_lost", PAGES.replace("Book", "Bok").replace("pages", "p"), "0003_isbn"
    )
    project = opened(shop, database)
    with pytest.raises(MigrationError, match="does not fit what comes before it"):
        migrate(project, project.targets())
    assert table_names(database) == []


def test_gap_is_closed_by_recording_or_by_going_back(shop, database):
    recorder = MigrationRecorder(database)
    recorder.record_applied("shop", "0002_pages")
    project = opened(shop, database)
    with pytest.raises(InconsistentMigrationHistory):
        migrate(project, project.targets())
    trace = migrate(project, project.targets("0001"), fake=True)
    assert trace.outcome["error"] is None
    assert ("shop", "0001_initial") in recorder.applied_migrations()


def test_unknown_ones_are_those_without_a_file(shop, database):
    recorder = MigrationRecorder(database)
    recorder.record_applied("shop", "0009_gone")
    recorder.record_applied("elsewhere", "0001_initial")
    assert opened(shop, database).unknown() == [("shop", "0009_gone")]


def test_statements_of_each_dialect(shop):
    project = opened(shop)
    (found,) = statements(
        project, project.migration("0003"), ["sqlite", "mysql"], False
    )
    assert found == {
        "operation": "+ Add field isbn to Book",
        "statements": {
            "sqlite": ['ALTER TABLE "shop_book" ADD COLUMN "isbn" varchar(9);'],
            "mysql": ["ALTER TABLE `shop_book` ADD COLUMN `isbn` varchar(9);"],
        },
    }
    (back,) = statements(project, project.migration("0003"), ["postgresql"], True)
    assert back["statements"]["postgresql"] == [
        'ALTER TABLE "shop_book" DROP COLUMN "isbn";'
    ]


def test_statements_that_are_not_known(shop):
    code = (
        "def f(apps, editor): pass\n\n\nclass Own(migrations.operations.Operation):\n"
    )
    code += (
        "    reduces_to_sql = True\n    def state_forwards(self, app, state): pass\n"
    )
    code += "    def database_forwards(self, app, editor, *states):\n"
    code += "        editor.connection.nothing\n"
    shop.write("0004_code", "migrations.RunPython(f), Own(),", "0003_isbn", code)
    project = opened(shop)
    migration = project.migration("0004")
    with pytest.raises(MigrationError, match="cannot be told without a database"):
        statements(project, migration, ["sqlite"], False)
    del migration.operations[1]
    (found,) = statements(project, migration, ["sqlite"], False)
    assert found["statements"]["sqlite"][0].startswith("-- Python")
    with pytest.raises(IrreversibleError, match="says no way back"):
        statements(project, migration, ["sqlite"], True)


def test_looking_makes_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert connected("sqlite:///shop.db", reads_only=True).name == ":memory:"
    assert connected("sqlite:///shop.db").name == "shop.db"
    assert list(tmp_path.iterdir()) == []
    disconnect()


def test_app_may_be_called_otherwise_than_its_folder(shop):
    with pytest.raises(Mislabelled, match="give --label shop"):
        opened(shop, label="other")
    shop.folder.joinpath("0001_initial.py").unlink()
    with pytest.raises(Mislabelled):
        opened(shop, label="other", reads_only=True)
    with pytest.raises(NodeNotFoundError):
        opened(shop)


def test_several_folders(shop, tmp_path):
    blog = Folder(tmp_path / "blog" / "migrations")
    blog.write("0001_initial", BOOK)
    folders = [shop.folder, blog.folder]
    assert [each.app_label for each in locate(folders)] == ["shop", "blog"]
    with pytest.raises(MigrationError, match="2 folders cannot all be of one app 'x'"):
        locate(folders, "x")


@pytest.mark.parametrize(
    ("folder", "packages"),
    [
        ("shop/migrations", ["shop"]),
        ("big/shop/migrations", ["big", "big/shop"]),
        ("shop/migrations", []),
        ("shop", []),
    ],
    ids=["an app", "an app in a package", "no package", "no folder of that name"],
)
def test_package_is_found_from_elsewhere(tmp_path, folder, packages):
    (tmp_path / folder).mkdir(parents=True)
    for each in packages:
        (tmp_path / each / "__init__.py").touch()
    make_importable(tmp_path / folder)
    assert str(tmp_path) in sys.path
