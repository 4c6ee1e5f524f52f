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
        with pytest.raises(ExpressionError):
            session.evaluate("import os")


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
        ("postgresql", [("Sort",), ("  ->  Seq Scan on users",)], 1),
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
    nested = [each for step in steps for each in (step, *step["children"])]
    assert len([step for step in nested if step["is_scan"]]) == scans
    assert len(nested) == len(rows)


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
    for trace, scans in ((by_key, None), (by_age, True)):
        (span,) = trace.spans("sql")
        plan = span.attributes["fwtrace.query.plan"]
        assert plan
        if scans:
            assert any(step["is_scan"] for step in plan)
