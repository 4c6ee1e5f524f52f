"""The autodetector, from two states to migrations: most is in the table of changes."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from fwtrace.toolkit.deconstruct import deconstructible
from fwtrace.toolkit.orm import connect, models
from fwtrace.toolkit.orm.editor import schema_editor
from fwtrace.toolkit.orm.fields import NOT_PROVIDED
from fwtrace.toolkit.orm.migrations.autodetector import MigrationAutodetector
from fwtrace.toolkit.orm.migrations.detection.comparison import same
from fwtrace.toolkit.orm.migrations.exceptions import CircularDependencyError
from fwtrace.toolkit.orm.migrations.graph import MigrationGraph
from fwtrace.toolkit.orm.migrations.migration import Migration
from fwtrace.toolkit.orm.migrations.optimizer import MigrationOptimizer
from fwtrace.toolkit.orm.migrations.questioner import MigrationQuestioner
from fwtrace.toolkit.orm.migrations.state import ProjectState
from fwtrace.toolkit.orm.migrations.writer import MigrationWriter
from tests.toolkit.orm.migrations.changes import CHANGES, author, book
from tests.toolkit.orm.migrations.random_states import check, is_alike, renames, states
from tests.toolkit.orm.migrations.sides import Side, told

ROOT = Path(__file__).parents[4]
m = Side("ours")


def detect(before: list[Any], after: list[Any], **answers: Any) -> dict[str, Any]:
    return m.changes(before, after, answers)


def operations(before: list[Any], after: list[Any], **answers: Any) -> list[Any]:
    """Those of all migrations."""
    changes = in_order(detect(before, after, **answers))
    return [operation for each in changes for operation in each.operations]


def in_order(changes: dict[str, list[Any]]) -> list[Any]:
    """The migrations, each after those that it depends on."""
    left = {each.key: each for found in changes.values() for each in found}
    ordered: list[Any] = []
    while left:
        ready = [m for m in left.values() if not any(d in left for d in m.dependencies)]
        assert ready, f"{list(left)} wait for each other"
        ordered += ready
        for each in ready:
            del left[each.key]
    return ordered


# The table.


@pytest.mark.parametrize("name", CHANGES)
def test_change(name):
    expected = CHANGES[name].expected
    assert CHANGES[name].detected(m) == ("" if expected == "Nothing." else expected)


@pytest.fixture(scope="module")
def djangos():
    """What Django makes of the same changes."""
    pytest.importorskip("django")
    command = [sys.executable, "-m", "tests.toolkit.orm.migrations.changes"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.oracle
@pytest.mark.parametrize("name", CHANGES)
def test_change_on_django(name, djangos):
    expected = CHANGES[name].expected_of_django
    assert djangos[name] == ("" if expected == "Nothing." else expected)


@pytest.mark.parametrize("name", CHANGES)
def test_nothing_is_left_to_optimize(name):
    before, after = CHANGES[name].models(m)
    for each in in_order(detect(before, after, **CHANGES[name].answers)):
        found = MigrationOptimizer().optimize(each.operations, each.app_label)
        assert found == each.operations


@pytest.mark.parametrize("name", CHANGES)
def test_a_second_time_nothing_is_found(name):
    before, after = CHANGES[name].models(m)
    state = m.state(before)
    for each in in_order(detect(before, after, **CHANGES[name].answers)):
        each.mutate_state(state, preserve=False)
    again = detect([*state.models.values()], after, **CHANGES[name].answers)
    assert told(again) == ""


# Running them.


@pytest.fixture
def migrate():
    """Run migrations, each written and read before, on an empty database."""
    database, state = connect("sqlite:///:memory:"), ProjectState()

    def run(after: list[Any], **answers: Any) -> None:
        changes = detect([*state.models.values()], after, **answers)
        for migration in in_order(changes):
            for operation in written_and_read(migration).operations:
                before = state.clone()
                operation.state_forwards(migration.app_label, state)
                with schema_editor(database) as editor:
                    states = before, state.clone()
                    operation.database_forwards(migration.app_label, editor, *states)
        assert detect([*state.models.values()], after, **answers) == {}

    yield run
    database.close()


def written_and_read(migration: Migration) -> Any:
    namespace: dict[str, Any] = {}
    exec(MigrationWriter(migration).as_string(), namespace)
    return namespace["Migration"](migration.name, migration.app_label)


@pytest.mark.parametrize("name", CHANGES)
def test_the_migrations_run(name, migrate):
    before, after = CHANGES[name].models(m)
    migrate(before)
    migrate(after, **CHANGES[name].answers)


# What may come of random states.


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=states(), after=states(), is_told=st.booleans())
def test_the_migrations_lead_from_one_state_to_the_other(before, after, is_told):
    answers = {"ask_rename": is_told, "ask_rename_model": is_told}
    detector = MigrationAutodetector(before, after, MigrationQuestioner(answers))
    state = before.clone()
    for migration in in_order(detector._detect_changes()):
        for operation in migration.operations:
            operation.state_forwards(migration.app_label, state)
            check(state)
        optimizer = MigrationOptimizer()
        found = optimizer.optimize(migration.operations, migration.app_label)
        assert found == migration.operations
    assert is_alike(state, after)
    assert MigrationAutodetector(state, after)._detect_changes() == {}


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), is_told=st.booleans())
def test_the_migrations_lead_to_other_names(data, is_told):
    before = data.draw(states())
    after = data.draw(renames(before))
    answers = {"ask_rename": is_told, "ask_rename_model": is_told}
    detector = MigrationAutodetector(before, after, MigrationQuestioner(answers))
    state = before.clone()
    for migration in in_order(detector._detect_changes()):
        migration.mutate_state(state, preserve=False)
    assert is_alike(state, after)
    assert MigrationAutodetector(state, after)._detect_changes() == {}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=states(), after=states(), seed=st.randoms())
def test_the_order_of_the_states_does_not_matter(before, after, seed):
    def shuffled(state: ProjectState) -> ProjectState:
        found = list(state.models.items())
        seed.shuffle(found)
        return ProjectState(dict(found))

    first = MigrationAutodetector(before, after)._detect_changes()
    other = MigrationAutodetector(shuffled(before), shuffled(after))._detect_changes()
    assert told(first) == told(other)


# What operations hold.


def test_a_field_is_the_one_of_the_model():
    field = models.IntegerField(null=True)
    (added,) = operations([book(m)], [book(m, pages=field)])
    assert added.field is field
    assert added.preserve_default is True


def test_a_default_for_once_is_no_default_of_the_model():
    field = models.IntegerField()
    (added,) = operations([book(m)], [book(m, pages=field)])
    assert (added.field.default, added.preserve_default) == (7, False)
    assert field.default is NOT_PROVIDED


def test_a_column_that_may_be_null_no_more_needs_no_default_that_it_has():
    before = book(m, pages=models.IntegerField(null=True))
    (altered,) = operations([before], [book(m, pages=models.IntegerField(default=1))])
    assert altered.preserve_default is True


def test_a_column_that_may_be_null_no_more_may_be_left_to_the_user():
    before = book(m, pages=models.IntegerField(null=True))
    after = book(m, pages=models.IntegerField())
    detector = MigrationAutodetector(m.state([before]), m.state([after]))
    (altered,) = detector._detect_changes()["blog"][0].operations
    assert (altered.field.default, altered.preserve_default) == (NOT_PROVIDED, True)


def test_managers_are_altered():
    class Rows(models.Manager):
        use_in_migrations = True

    def with_manager(name: str) -> Any:
        return m.model("blog.Book", managers=[(name, Rows())])

    before, after = with_manager("objects"), with_manager("rows")
    assert operations([before], [with_manager("objects")]) == []
    (altered,) = operations([before], [after])
    assert altered.describe() == "Change managers on book"
    assert altered.managers == after.managers


def test_the_column_is_named_before_the_field_is_renamed():
    before = book(m, pages=models.IntegerField())
    after = book(m, length=models.IntegerField(db_column="pages"))
    altered, renamed = operations([before], [after], ask_rename=True)
    assert altered.field.db_column == "pages"
    assert (renamed.old_name, renamed.new_name) == ("pages", "length")


def test_a_proxy_and_its_options_are_compared():
    def fan(**options: Any) -> Any:
        return m.model("blog.Fan", {"proxy": True, **options}, ["blog.author"])

    before, after = [author(m), fan()], [author(m), fan(ordering=["name"])]
    (altered,) = operations(before, after)
    assert altered.options == {"ordering": ["name"]}


# What is the same.


@deconstructible
class Longer:
    def __init__(self, than: int) -> None:
        self.than = than

    def __call__(self, value: Any) -> None:
        pass


def first_title(*args: Any) -> str:
    return "Untitled"


def values() -> list[dict[str, Any]]:
    """Made anew each time."""
    return [
        {"default": partial(first_title)},
        {"default": partial(int, "7", base=8)},
        {"default": first_title},
        {"default": float("nan")},
        {"validators": [Longer(3)]},
        {"choices": [("a", "A"), ("Group", [("b", "B")])]},
        {"default": datetime.date(2026, 1, 2), "help_text": "When.", "null": True},
        {"error_messages": {"null": "No."}},
        {"limit": re.compile("a+", re.IGNORECASE)},
        {"output_field": models.DecimalField(max_digits=4, decimal_places=2)},
        {"condition": models.Q(a__gt=models.F("b")) | ~models.Q(c__in=[1, 2])},
    ]


DIFFERENT = [
    {"default": partial(first_title, 1)},
    {"default": partial(int, "7", base=9)},
    {"default": str},
    {"default": 1.0},
    {"validators": [Longer(4)]},
    {"choices": [("a", "A"), ("Group", [("b", "C")])]},
    {"null": True, "help_text": "Then.", "default": datetime.date(2026, 1, 2)},
    {"error_messages": {"null": "Never."}},
    {"limit": re.compile("a+")},
    {"output_field": models.DecimalField(max_digits=5, decimal_places=2)},
    {"condition": models.Q(a__gt=models.F("b")) | ~models.Q(c__in=[1, 3])},
]


@pytest.mark.parametrize("number", range(len(DIFFERENT)))
def test_values_are_the_same_if_they_are_made_alike(number):
    assert same(values()[number], values()[number])
    assert not same(values()[number], DIFFERENT[number])


def test_a_function_is_the_same_that_was_read_again():
    namespace: dict[str, Any] = {"__name__": __name__}
    exec("def first_title(*args): return 'Untitled'", namespace)
    assert same(first_title, namespace["first_title"])
    assert not same(lambda: 1, lambda: 1)


@pytest.mark.parametrize(
    "options",
    [
        {"default": partial(first_title)},
        {"validators": [Longer(3)]},
        {"choices": [("a", "A")]},
        {"help_text": "What."},
        {"db_comment": "What."},
        {"verbose_name": "what"},
        {"unique": True},
    ],
    ids=lambda options: next(iter(options)),
)
def test_every_option_of_a_field_counts(options):
    def title(**more: Any) -> Any:
        return book(m, title=models.CharField(max_length=9, **more))

    assert operations([title(**options)], [title(**options)]) == []
    (altered,) = operations([title()], [title(**options)])
    assert altered.describe() == "Alter field title on book"


@pytest.mark.parametrize("to", ["Author", "blog.author", "blog.Author"])
def test_a_relation_is_the_same_by_any_name_of_the_model(to):
    before = [author(m), book(m, by=m.fk("blog.Author"))]
    assert operations(before, [author(m), book(m, by=m.fk(to))]) == []


def test_a_relation_to_itself_is_the_same_by_name():
    before, after = (m.model("blog.Node", up=m.fk(to)) for to in ("self", "blog.node"))
    assert operations([before], [after]) == []


def test_a_class_of_fields_counts():
    (altered,) = operations(
        [book(m, pages=models.IntegerField())], [book(m, pages=models.FloatField())]
    )
    assert isinstance(altered.field, models.FloatField)


# Names, numbers and dependencies.


def graph(*keys: tuple[str, str]) -> MigrationGraph:
    made = MigrationGraph()
    for app_label, name in keys:
        made.add_node((app_label, name), Migration(name, app_label))
    return made


def changes(
    before: list[Any], after: list[Any], *keys: tuple[str, str], **options: Any
) -> Any:
    questioner = MigrationQuestioner({"ask_initial": True})
    detector = MigrationAutodetector(m.state(before), m.state(after), questioner)
    return detector.changes(graph(*keys), **options)


def names(found: dict[str, list[Migration]]) -> list[str]:
    return [str(each) for migrations in found.values() for each in migrations]


@pytest.mark.parametrize(
    ("last", "number"),
    [
        ("0001_initial", "0002"),
        ("0041_squashed_0049_more", "0050"),
        ("custom", "0001"),
        ("9999_x", "10000"),
    ],
)
def test_numbers_go_on(last, number):
    after = book(m, pages=models.IntegerField(null=True))
    (made,) = changes([book(m)], [after], ("blog", last))["blog"]
    assert made.name == f"{number}_book_pages"
    assert made.dependencies == [("blog", last)]


def test_a_name_may_be_given():
    found = changes([], [book(m)], migration_name="books")
    assert names(found) == ["blog.0001_books"]


def test_the_first_ones_of_an_app_are_initial():
    hen = m.model("farm.Hen", egg=m.fk("shop.Egg"))
    egg = m.model("shop.Egg", hen=m.fk("farm.Hen"))
    found = changes([], [hen, egg])
    assert [each.initial for each in found["farm"]] == [True, True]
    assert names(found)[1] == "farm.0002_initial"
    assert found["farm"][1].dependencies == [
        ("farm", "0001_initial"),
        ("shop", "0001_initial"),
    ]


def test_an_app_that_is_to_have_none_is_left_out():
    sale = m.model("shop.Sale", book=m.fk("blog.Book"))
    questioner = MigrationQuestioner(specified_apps={"shop"})
    states = m.state([]), m.state([book(m), sale])
    found = MigrationAutodetector(*states, questioner).changes(graph())
    assert names(found) == ["shop.0001_initial"]
    assert found["shop"][0].dependencies == [("blog", "__first__")]
    converted = MigrationAutodetector(*states).changes(graph(), convert_apps={"blog"})
    assert names(converted) == ["blog.0001_initial"]


def test_the_latest_of_another_app_is_depended_on():
    user = m.model("accounts.User")
    after = [user, book(m, user=m.fk("accounts.User", null=True))]
    keys = ("accounts", "0007_more"), ("blog", "0001_initial")
    (found,) = changes([user, book(m)], after, *keys)["blog"]
    assert found.dependencies == [*keys]


def test_a_change_that_is_not_needed_is_not_depended_on():
    user = m.model("accounts.User")
    changed = m.model("accounts.User", {"ordering": ["id"]})
    after = [changed, book(m, user=m.fk("accounts.User", null=True))]
    keys = ("accounts", "0001_initial"), ("blog", "0001_initial")
    found = changes([user, book(m)], after, *keys)
    assert found["blog"][0].dependencies == [*keys]


def test_other_apps_are_left_out_unless_they_are_needed():
    sale = m.model("shop.Sale", book=m.fk("blog.Book"))
    after = [book(m), sale, m.model("zoo.Ape")]
    found = changes([], after, trim_to_apps=["shop"])
    assert names(found) == ["blog.0001_initial", "shop.0001_initial"]
    found = changes([], after, trim_to_apps=["blog"])
    assert names(found) == ["blog.0001_initial"]


def test_a_model_that_can_be_replaced_is_depended_on_by_name():
    user = m.model("accounts.User", {"swappable": "AUTH_USER_MODEL"})
    found = changes([], [user, book(m, user=m.fk("accounts.User"))])
    (dependency,) = found["blog"][0].dependencies
    assert dependency == ("accounts", "__first__", "accounts.User")


def test_one_app_goes_ahead_for_all_that_need_it():
    """Whichever comes first by name: only the hub is cut."""
    before = [m.model("hub.Hub", **{f"to_{x}": m.fk(f"{x}.X") for x in "abyz"})]
    others = [m.model(f"{x}.X", hub=m.fk("hub.Hub")) for x in "abyz"]
    found = changes([], [*before, *others])
    cuts = [name for name in names(found) if "0002" in name]
    assert cuts == ["hub.0002_initial"]


def test_a_long_chain_is_one_migration():
    chain = [
        m.model(f"blog.M{n:03}", next=m.fk(f"blog.M{n + 1:03}")) for n in range(300)
    ]
    (made,) = changes([], [*chain, m.model("blog.M300")])["blog"]
    created = [each.name for each in made.operations]
    assert created == [f"M{n:03}" for n in range(300, -1, -1)]


def test_a_long_circle_is_cut_once():
    circle = [
        m.model(f"blog.M{n:03}", next=m.fk(f"blog.M{(n + 1) % 200:03}"))
        for n in range(200)
    ]
    (made,) = changes([], circle)["blog"]
    *created, added = made.operations
    assert len(created) == 200
    assert added.describe() == "Add field next to m000"


def test_what_cannot_be_untied_is_told():
    def tied(label: str, to: str) -> Any:
        return m.model(label, key=m.OneToOneField(to, m.CASCADE, primary_key=True))

    with pytest.raises(CircularDependencyError) as raised:
        changes([], [tied("blog.A", "blog.B"), tied("blog.B", "blog.A")])
    assert str(raised.value) == (
        "These changes wait for each other: blog: Create model A; blog: Create model "
        "B. Make them in two steps."
    )
    with pytest.raises(CircularDependencyError, match=r"a: Create model A; b: Create"):
        changes([], [tied("a.A", "b.B"), tied("b.B", "a.A")])


def test_only_a_graph_is_needed_to_know_what_is_latest():
    leaves = SimpleNamespace(leaf_nodes=lambda app=None: [])
    detector = MigrationAutodetector(
        m.state([]), m.state([book(m)]), MigrationQuestioner({"ask_initial": True})
    )
    assert names(detector.changes(leaves)) == ["blog.0001_initial"]
