"""Exploring: an expression of the ORM as a trace of its methods, SQL, rows and plan."""

import pytest

from fwtrace.explore import exploring
from fwtrace.hosts.errors import AppNotFound
from fwtrace.hosts.evaluate import ExpressionError
from fwtrace.probes.queries import describe_plan
from fwtrace.toolkit.orm import connect, database as database_module
from fwtrace.tracer.model import Trace
from fwtrace.tracer.seam import attached
from sample_apps.users import data
from sample_apps.users.models import User
from tests.toolkit.orm import servers


@pytest.fixture(autouse=True)
def service(monkeypatch):
    """The users' database, made anew."""
    monkeypatch.setattr(database_module, "_databases", {})
    monkeypatch.setattr(data, "_opened", None)
    data.open_database()


def test_each_method_tells_what_it_adds():
    with exploring("micro") as session:
        trace = session.evaluate(
            "User.objects.filter(age__gt=40).exclude(posts__title='x')"
            ".order_by('-name')[1:3]"
        )
    steps = trace.root.attributes["fwtrace.query.steps"]
    assert [step["source"] for step in steps] == [
        "User",
        ".objects",
        ".filter(age__gt=40)",
        ".exclude(posts__title='x')",
        ".order_by('-name')",
        "[1:3]",
    ]
    assert steps[2]["adds"]["where"] == ["users.age gt 40"]
    assert steps[4]["adds"] == {"order": ["users.name descending"]}
    assert steps[5]["adds"] == {"limits": [1, 3]}
    query = trace.root.attributes["fwtrace.query"]
    assert query["model"] == "User"
    assert {"NOT": ["EXISTS(posts)"]} in query["where"]


def test_statement_has_rows_parameters_and_the_plan():
    with exploring("micro") as session:
        trace = session.evaluate("User.objects.filter(posts__title__contains='loops')")
    (span,) = trace.spans("sql")
    assert span.attributes["db.query.parameter.0"] == "%loops%"
    plan = span.attributes["fwtrace.query.plan"]
    assert any(step["is_scan"] for step in plan)
    assert trace.root.attributes["fwtrace.result.type"] == "QuerySet"
    assert trace.root.attributes["fwtrace.result.rows"][0]["name"] == "'Ada'"
    assert Trace.from_json(trace.to_json()).to_dict() == trace.to_dict()


def test_loop_shows_each_statement_that_it_causes():
    with exploring("micro") as session:
        trace = session.evaluate("[p.author.name for p in Post.objects.all()[:3]]")
    places = [str(span.location) for span in trace.spans("sql")]
    assert len(places) == 4
    assert set(places) == {"expression 1:1"}


def test_what_is_changed_is_rolled_back_unless_committed():
    with exploring("micro") as session:
        session.evaluate("User.objects.create(name='Eve')")
        found = session.evaluate("User.objects.filter(name='Eve').count()")
        assert found.root.attributes["fwtrace.result"] == "1"
        assert session.changed
    assert not User.objects.filter(name="Eve").exists()
    with exploring("micro", commit=True) as session:
        session.evaluate("User.objects.create(name='Eve')")
    assert User.objects.filter(name="Eve").exists()
    assert attached() == 0


def test_failure_of_an_expression_is_in_its_outcome():
    with exploring("micro") as session:
        trace = session.evaluate("User.objects.filter(nmae='x')")
        assert "Did you mean 'name'" in trace.outcome["error"]["message"]
        with pytest.raises(ExpressionError, match="no Python expression"):
            session.evaluate("User.objects.filter(")
        with pytest.raises(ExpressionError, match="nothing to evaluate"):
            session.evaluate("# a comment")
        trace = session.evaluate("User.objects.create(name='Eve') and 1 / 0")
        assert trace.outcome["error"]["type"] == "ZeroDivisionError"
        found = session.evaluate("User.objects.filter(name='Eve').count()")
    assert found.root.attributes["fwtrace.result"] == "0"  # what failed was undone


def test_session_keeps_names_and_runs_loops():
    with exploring("micro") as session:
        session.evaluate("rows = Post.objects.all()[:3]")
        trace = session.evaluate("for post in rows:\n    post.author.name")
        two = session.evaluate("import math; math.floor(2.5)")
    assert [str(span.location) for span in trace.spans("sql")] == ["expression 2:2"] * 3
    assert "fwtrace.result" not in trace.root.attributes
    assert two.root.attributes["fwtrace.result"] == "2"


def test_instances_are_counted_with_what_was_fetched_with_them():
    source = "Post.objects.select_related('author').filter(author__name='Ada')"
    with exploring("micro") as session:
        joined = session.evaluate(source)
        fetched = session.evaluate("User.objects.prefetch_related('posts')[:1]")
    assert joined.root.attributes["fwtrace.result.instances"] == {"Post": 4, "User": 4}
    assert fetched.root.attributes["fwtrace.result.instances"] == {"User": 1, "Post": 4}


def test_plan_with_and_without_an_index():
    rows = "User.objects.filter(name='Ada')"
    with exploring("micro") as session:
        before = session.evaluate(rows)
        session.evaluate("database.execute('CREATE INDEX by_name ON users (name)')")
        after = session.evaluate(rows)
        deleted = session.evaluate("User.objects.filter(age=1)._raw_delete()")

    def plan(trace):
        (span,) = trace.spans("sql")
        return span.attributes["fwtrace.query.plan"]

    assert [step["is_scan"] for step in plan(before)][0]
    assert "USING INDEX by_name" in plan(after)[0]["text"]
    assert not plan(after)[0]["is_scan"]
    assert plan(deleted)[0]["is_scan"]


def test_raw_statements_have_the_names_of_their_columns():
    with exploring("micro") as session:
        trace = session.evaluate("raw('SELECT id AS number FROM users WHERE id < 3')")
        none = session.evaluate("raw('UPDATE users SET age = 1')")
    attributes = trace.root.attributes
    assert attributes["fwtrace.result.rows"] == [{"number": "1"}, {"number": "2"}]
    assert none.root.attributes.get("fwtrace.result.rows") is None


def test_compiles_for_several_databases_without_a_server():
    with exploring("micro") as session:
        source = "User.objects.filter(name__icontains='a')[:2]"
        compiled = session.compiled(source, ["sqlite", "postgresql", "mysql"])
    assert [each["dialect"] for each in compiled] == ["sqlite", "postgresql", "mysql"]
    assert 'UPPER("users"."name"::text) LIKE UPPER(%s)' in compiled[1]["sql"]
    assert "`users`.`name`" in compiled[2]["sql"]
    assert compiled[0]["parameters"] == ["'%a%'"]


def test_times_each_phase():
    with exploring("micro") as session:
        times = session.times("User.objects.all()", 3)
    assert times["rows"] == 12
    assert all(times[name] > 0 for name in ("compile", "bind", "execute", "load"))


def test_secret_columns_stay_out():
    with exploring("micro") as session:
        trace = session.evaluate("User.objects.annotate(password=Value('abc'))[:1]")
    assert "abc" not in str(trace.root.attributes["fwtrace.query"])


def test_module_without_models_is_named():
    with pytest.raises(AppNotFound, match="no module 'nowhere_at_all'"):
        exploring(models="nowhere_at_all")
    with pytest.raises(AppNotFound, match="no models"):
        exploring(models="json")


@pytest.mark.parametrize(
    ("system", "rows", "scans"),
    [
        (
            "sqlite",
            [(2, 0, 0, "SCAN users"), (5, 2, 0, "SEARCH posts USING INDEX x")],
            1,
        ),
        ("sqlite", [(2, 0, 0, "SCAN users USING COVERING INDEX y")], 0),
        (
            "postgresql",
            [("Sort",), ("  Sort Key: age",), ("  ->  Seq Scan on users",)],
            1,
        ),
        (
            "mysql",
            [(1, "SIMPLE", "users", "ALL", None, None, None, None, 12, "Using where")],
            1,
        ),
        ("mysql", [(1, "SIMPLE", "users", "ref", "a", "a", "4", "const", 1, None)], 0),
    ],
)
def test_plans_point_out_full_scans(system, rows, scans):
    steps = describe_plan(rows, system)
    assert len([step for step in flat(steps) if step["is_scan"]]) == scans
    assert len(flat(steps)) == len(rows)


@pytest.fixture
def connected(request):
    database = connect(servers.url(request.param))
    yield database
    servers.drop_tables(database)
    database.close()


@servers.only_servers
def test_explores_servers_too(connected):
    """The plan of each is told, with an index and without."""
    User.create_table()
    User.objects.create(name="Ann", age=1)
    with exploring(models="sample_apps.users.models") as session:
        by_key = session.evaluate("User.objects.get(pk=1)")
        by_age = session.evaluate("User.objects.filter(age__gt=0)")
        session.evaluate("raw('SELECT nothing FROM nowhere')")
        assert session.evaluate("User.objects.get().name").outcome["error"] is None
    for trace, scans in ((by_key, None), (by_age, True)):
        (span,) = trace.spans("sql")
        plan = span.attributes["fwtrace.query.plan"]
        assert plan
        if scans:
            assert any(step["is_scan"] for step in flat(plan))


def flat(steps):
    return [each for step in steps for each in (step, *flat(step["children"]))]
