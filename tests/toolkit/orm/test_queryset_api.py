"""The rest of what a queryset can do: many at once, combined, raw, async, pickled."""

import asyncio
import pickle
from typing import Any

import pytest

from fwtrace.toolkit.orm import (
    CharField,
    Count,
    DatabaseError,
    F,
    FieldError,
    ForeignKey,
    IntegerField,
    IntegrityError,
    Lookup,
    Manager,
    Model,
    NotSupportedError,
    Q,
    QuerySet,
    Transform,
    Value,
    aprefetch_related_objects,
    atomic,
)
from tests.toolkit.orm.servers import only_sqlite


class Team(Model):
    name: Any = CharField(max_length=20, unique=True)


class PlayerRows(QuerySet[Any]):
    def strong(self):
        return self.filter(points__gte=10)


class Player(Model):
    name: Any = CharField(max_length=20)
    points: Any = IntegerField(default=0)
    team: Any = ForeignKey(Team, null=True, related_name="players")

    objects = PlayerRows.as_manager()

    class Meta:
        ordering = ["name"]
        get_latest_by = "points"


@pytest.fixture
def players(connected):
    for model in (Team, Player):
        model.create_table()
    red, blue = Team.objects.bulk_create([Team(name="red"), Team(name="blue")])
    Player.objects.bulk_create(
        [
            Player(name="ann", points=12, team=red),
            Player(name="bob", points=5, team=blue),
            Player(name="cid", points=30, team=red),
            Player(name="dee", points=1),
        ]
    )
    return Player.objects


def names(rows):
    return [row.name for row in rows]


def test_managers_have_the_methods_of_their_queryset(players):
    assert names(players.strong()) == ["ann", "cid"]
    assert names(Team.objects.get(name="red").players.strong()) == ["ann", "cid"]
    assert isinstance(Player.objects, Manager)
    with pytest.raises(AttributeError, match="isn't accessible via"):
        _ = Player().objects


def test_bulk_create_gives_keys_and_minds_conflicts(players):
    made = Team.objects.bulk_create(
        [Team(name=f"t{n}") for n in range(5)], batch_size=2
    )
    assert [team.pk for team in made] == [3, 4, 5, 6, 7]
    with pytest.raises(IntegrityError):
        Team.objects.bulk_create([Team(name="t1")])
    Team.objects.bulk_create([Team(name="t1"), Team(name="new")], ignore_conflicts=True)
    assert Team.objects.count() == 8
    Team.objects.bulk_create(
        [Team(id=3, name="other")],
        update_conflicts=True,
        update_fields=["name"],
        unique_fields=["id"],
    )
    assert Team.objects.get(pk=3).name == "other"
    with pytest.raises(ValueError, match="positive"):
        Team.objects.bulk_create([Team(name="z")], batch_size=0)


def test_bulk_update(players):
    rows = list(players.all())
    for row in rows:
        row.points += 1
    rows[0].points = F("points") + 100
    assert players.bulk_update(rows, ["points"]) == 4
    assert list(players.values_list("points", flat=True)) == [112, 6, 31, 2]
    with pytest.raises(ValueError, match="primary key"):
        players.bulk_update(rows, ["id"])


def test_get_or_create_and_update_or_create(players):
    row, created = players.update_or_create({"points": 50}, name="ann")
    assert (row.points, created) == (50, False)
    row, created = players.update_or_create(
        {"points": 1}, {"points": lambda: 7}, name="eve"
    )
    assert (row.points, created) == (7, True)
    row, created = players.get_or_create({"points": 3}, name="fay", team__isnull=True)
    assert (row.points, created) == (3, True)


def test_in_bulk_contains_latest(players):
    assert names(players.in_bulk([1, 3]).values()) == ["ann", "cid"]
    assert list(Team.objects.in_bulk(["red"], field_name="name")) == ["red"]
    assert players.in_bulk([]) == {}
    ann = players.get(name="ann")
    assert players.strong().contains(ann)
    assert not players.filter(points=1).contains(ann)
    assert (players.latest().name, players.earliest("points").name) == ("cid", "dee")
    with pytest.raises(ValueError, match="must be a unique field"):
        players.in_bulk(["ann"], field_name="name")
    with pytest.raises(ValueError, match="get_latest_by"):
        Team.objects.latest()


def test_combinations(players):
    strong, red = players.strong(), players.filter(team__name="red")
    weak = players.filter(points__lt=6)
    assert names(strong.union(weak).order_by("-name")) == ["dee", "cid", "bob", "ann"]
    assert strong.union(red, all=True).count() == 4
    assert names(players.all().intersection(weak).order_by("name")) == ["bob", "dee"]
    assert names(players.all().difference(weak).order_by("name")) == ["ann", "cid"]
    rows = strong.values_list("name").union(weak.values_list("name")).order_by("name")
    assert list(rows[1:3]) == [("bob",), ("cid",)]
    assert names(strong | weak) == ["ann", "bob", "cid", "dee"]
    assert names(strong & players.filter(name="ann")) == ["ann"]
    assert names(strong ^ players.filter(name__in=["ann", "bob"])) == ["bob", "cid"]
    assert names(strong.union(players.none())) == ["ann", "cid"]
    with pytest.raises(NotImplementedError, match="after union"):
        strong.union(weak).filter(name="ann")


def test_only_and_defer_fetch_the_rest_when_it_is_looked_at(players, statements):
    row = players.only("name").get(name="ann")
    assert row.get_deferred_fields() == {"points", "team_id"}
    assert "points" not in statements[-1][0].partition("FROM")[0]
    assert (row.points, len(statements)) == (12, 2)
    row = players.defer("name").get(name="bob")
    row.points = 6
    row.save()
    assert '"name"' not in statements[-1][0]
    assert players.get(name="bob").points == 6
    assert (
        players.defer("name").defer(None).get(name="bob").get_deferred_fields() == set()
    )
    with pytest.raises(FieldError, match="Did you mean 'name'"):
        players.only("nmae")


def test_only_and_defer_of_rows_that_a_join_fetches(players, statements):
    with_team = players.select_related("team")
    row = with_team.only("name", "team__id").get(name="ann")
    assert row.get_deferred_fields() == {"points"}
    assert row.team.get_deferred_fields() == {"name"}
    assert (len(statements), row.team.name, len(statements)) == (1, "red", 2)
    row = with_team.defer("points", "team__name").get(name="bob")
    assert (row.get_deferred_fields(), row.team.get_deferred_fields()) == (
        {"points"},
        {"name"},
    )
    assert with_team.only("name", "team").get(name="dee").team is None
    assert names(players.only("team__name")) == ["ann", "bob", "cid", "dee"]
    with pytest.raises(FieldError, match="cannot be both deferred and traversed"):
        list(with_team.only("name"))
    with pytest.raises(FieldError, match="A field is wanted"):
        players.only("team__name__lower")


def test_values_of_several_kinds(players):
    top = players.order_by("-points")
    assert top.values("name", "team__name")[0] == {"name": "cid", "team__name": "red"}
    assert top.values_list("name", flat=True)[0] == "cid"
    named = top.values_list("name", "points", named=True)[0]
    assert (named.name, named.points) == ("cid", 30)
    assert top.values(double=F("points") * 2)[0] == {"double": 60}
    assert top.values("name", kind=Value("x"))[1] == {"name": "ann", "kind": "x"}
    assert set(players.values()[0]) == {"id", "name", "points", "team_id"}
    counted = players.order_by().values("team__name").annotate(n=Count("id"))
    assert {(row["team__name"], row["n"]) for row in counted} == {
        ("red", 2),
        ("blue", 1),
        (None, 1),
    }


def test_save_of_some_fields_and_forced(players):
    ann = players.get(name="ann")
    players.filter(pk=ann.pk).update(points=99)
    ann.name = "anna"
    ann.save(update_fields=["name"])
    ann.refresh_from_db()
    assert (ann.name, ann.points) == ("anna", 99)
    with pytest.raises(DatabaseError, match="did not affect"):
        Player(id=77, name="x").save(force_update=True)
    with pytest.raises(ValueError, match="force both"):
        ann.save(force_insert=True, force_update=True)
    with pytest.raises(ValueError, match="do not exist in this model"):
        ann.save(update_fields=["nmae"])


def test_iterator_keeps_nothing(players, statements):
    rows = players.all()
    assert names(rows.iterator(chunk_size=3)) == ["ann", "bob", "cid", "dee"]
    assert rows._cache is None
    assert names(players.prefetch_related("team").iterator(2))[0] == "ann"


def test_raw_rows_are_instances(players):
    rows = players.raw(
        "SELECT id, name, points * 2 AS twice FROM player WHERE points > %s", [10]
    )
    assert [(row.name, row.twice, row.points) for row in rows] == [
        ("ann", 24, 12),
        ("cid", 60, 30),
    ]
    named = players.raw("SELECT * FROM player WHERE name = %(name)s", {"name": "bob"})
    assert names(named) == ["bob"]
    with pytest.raises(FieldError, match="primary key"):
        list(players.raw("SELECT name FROM player"))


def test_async_forms(players):
    async def main():
        ann = await players.aget(name="ann")
        made = await players.acreate(name="zoe", points=ann.points)
        seen = [row.name async for row in players.filter(points=12)]
        counted = await players.acount(), await players.filter(points=0).aexists()
        first, last = await players.afirst(), await players.alast()
        await made.adelete()
        await ann.arefresh_from_db()
        return seen, counted, first.name, last.name

    assert asyncio.run(main()) == (["ann", "zoe"], (5, False), "ann", "zoe")


def test_querysets_can_be_pickled(players, statements):
    rows = pickle.loads(pickle.dumps(players.strong()))
    del statements[:]
    assert names(rows) == ["ann", "cid"]
    assert statements == []
    assert names(rows.filter(name="cid")) == ["cid"]


def test_explain_tells_the_plan(players):
    assert "player" in players.filter(points=1).explain()


def test_distinct_on_and_locks_where_there_are_none(players, connected):
    firsts = players.order_by("team_id", "-points").distinct("team_id")
    if connected.vendor == "postgresql":
        assert names(firsts) == ["cid", "bob", "dee"]
    else:
        with pytest.raises(NotSupportedError, match="DISTINCT ON"):
            list(firsts)
    with atomic():
        assert players.select_for_update().get(name="ann").points == 12


def test_lookups_of_text_and_ranges(players):
    assert names(players.filter(name__regex="^[ab]")) == ["ann", "bob"]
    assert names(players.filter(name__iregex="^A")) == ["ann"]
    assert names(players.filter(name__iendswith="D")) == ["cid"]
    assert names(players.filter(points__range=(5, 12))) == ["ann", "bob"]
    assert names(players.filter(points__in=[F("id"), 12])) == ["ann"]
    assert names(players.filter(name__contains=F("name"))) == [
        "ann",
        "bob",
        "cid",
        "dee",
    ]
    assert names(players.filter(Q(points=5) ^ Q(name="bob") ^ Q(name="cid"))) == ["cid"]
    many = list(range(40_000))
    assert players.filter(pk__in=many).count() == 4
    assert players.exclude(pk__in=many).count() == 0


def test_rows_of_a_slice_are_a_value(players):
    two = players.order_by("-points")[:2]
    assert names(players.filter(pk__in=two)) == ["ann", "cid"]
    assert names(players.exclude(pk__in=two.values("pk"))) == ["bob", "dee"]


def test_generators_and_unusual_values(players):
    assert names(players.filter(pk__in=(n for n in (1, 2)))) == ["ann", "bob"]
    assert names(players.filter(pk__in={1: "x"})) == ["ann"]
    assert players.filter(points=10**30).count() == 0
    assert players.filter(points__lt=10**30).count() == 4
    assert players.filter(points__in=[10**30]).count() == 0
    for number in (12, 10**30, 5):  # one plan, and one that is none of its kind
        assert players.filter(points=number).count() == (number < 100)


def test_plans_are_shared_by_shape_not_by_value(players):
    one, two = players.filter(points=1), players.filter(points=2)
    assert one.plan is two.plan
    assert players.filter(points__gt=1).plan is not one.plan
    assert players.filter(Q(points=1)).plan is players.filter(Q(points=9)).plan
    assert players.annotate(x=F("points") + 1).plan is (
        players.annotate(x=F("points") + 2).plan
    )
    assert players.filter(points=None).plan is not one.plan


@only_sqlite
def test_iterating_many_rows_takes_little_memory(players):
    import tracemalloc

    Player.objects.bulk_create([Player(name=f"p{n}") for n in range(20_000)])
    rows = players.order_by("id").iterator(chunk_size=500)
    next(rows)
    tracemalloc.start()
    try:
        count = sum(1 for _ in rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 20_003
    assert peak < 1_500_000


def test_async_forms_of_related_managers(players):
    red = Team.objects.get(name="red")

    async def main():
        made = await red.players.acreate(name="eve")
        _, created = await red.players.aget_or_create(name="eve")
        dee = await Player.objects.aget(name="dee")
        await red.players.aadd(dee)
        await aprefetch_related_objects([red], "players")
        with_dee = names(red.players.all())
        await red.players.aremove(dee, made)
        now = await red.players.acount()
        await red.players.aset([dee])
        last = [each.name async for each in red.players.all()]
        await red.players.aclear()
        return created, with_dee, now, last, await red.players.aexists()

    assert asyncio.run(main()) == (
        False,
        ["ann", "cid", "dee", "eve"],
        2,
        ["dee"],
        False,
    )


def test_extra_puts_sql_into_the_statement(players):
    rows = players.extra(
        select={"twice": "points * %s"},
        select_params=[2],
        where=["points > %s", "name <> 'cid'"],
        params=[4],
    )
    assert [(row.name, row.twice) for row in rows] == [("ann", 24), ("bob", 10)]
    joined = players.extra(
        tables=["team"],
        where=["team.id = team_id", "team.name = %s"],
        params=["red"],
        order_by=["-points"],
    )
    assert names(joined) == ["cid", "ann"]


def test_lookups_and_transforms_of_ones_own(players):
    class NotEqual(Lookup):
        lookup_name = "differs"

        def as_sql(self, compiler):
            left, params = compiler.compile(self.lhs)
            right, more = compiler.compile(self.rhs)
            return f"{left} <> {right}", [*params, *more]

    @CharField.register_lookup
    class Initial(Transform):
        lookup_name = "initial"

        def as_sql(self, compiler):
            sql, params = compiler.compile(self.args[0])
            return f"SUBSTR({sql}, 1, 1)", params

    IntegerField.register_lookup(NotEqual)
    assert names(players.filter(points__differs=5)) == ["ann", "cid", "dee"]
    assert names(players.filter(name__initial__gte="c")) == ["cid", "dee"]
    assert names(players.order_by("-name__initial")[:1]) == ["dee"]
    assert Player._meta.get_field("name").get_lookup("initial") is Initial
    with pytest.raises(FieldError, match="Unsupported lookup 'differs'"):
        players.filter(name__differs="ann")
