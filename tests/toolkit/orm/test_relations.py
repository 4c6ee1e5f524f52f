"""Relations: one to one, many to many, inheritance, prefetching, deletion."""

import pickle
from typing import Any

import pytest

from fwtrace.toolkit import orm
from fwtrace.toolkit.orm import (
    CASCADE,
    DO_NOTHING,
    PROTECT,
    RESTRICT,
    SET,
    SET_DEFAULT,
    SET_NULL,
    CharField,
    Count,
    FieldError,
    ForeignKey,
    IntegerField,
    Manager,
    ManyToManyField,
    Model,
    OneToOneField,
    Prefetch,
    ProtectedError,
    Q,
    RestrictedError,
    m2m_changed,
    prefetch_related_objects,
)


class Place(Model):
    name: Any = CharField(max_length=50)
    owner: Any


class Restaurant(Place):
    stars: Any = IntegerField(default=0)


class Grill(Restaurant):
    coal: Any = CharField(max_length=10, default="oak")


class Tiny(Place):
    class Meta:
        proxy = True
        ordering = ["name"]

    def short(self):
        return self.name[:2]


class Person(Model):
    name: Any = CharField(max_length=50)
    friends: Any = ManyToManyField("self")
    follows: Any = ManyToManyField("self", symmetrical=False, related_name="followers")
    home: Any = OneToOneField(Place, SET_NULL, null=True, related_name="owner")


class Band(Model):
    name: Any = CharField(max_length=50)
    members: Any = ManyToManyField(Person, through="Membership", related_name="bands")
    fans: Any = ManyToManyField(Person, related_name="+")


class Membership(Model):
    person: Any = ForeignKey(Person)
    band: Any = ForeignKey(Band)
    plays: Any = CharField(max_length=20, default="drums")


MODELS = (Place, Restaurant, Grill, Person, Band, Membership)


@pytest.fixture
def people(connected):
    for model in MODELS:
        model.create_table()
    return [Person.objects.create(name=name) for name in ("Ann", "Bob", "Cid")]


def names(rows):
    return [row.name for row in rows]


def test_many_to_many_adds_removes_and_sets(people):
    ann, bob, cid = people
    ann.follows.add(bob, cid.pk)
    ann.follows.add(bob)
    assert names(ann.follows.order_by("name")) == ["Bob", "Cid"]
    assert names(bob.followers.all()) == ["Ann"]
    ann.follows.remove(bob)
    assert names(ann.follows.all()) == ["Cid"]
    ann.follows.set([bob, ann])
    assert names(ann.follows.order_by("name")) == ["Ann", "Bob"]
    ann.follows.clear()
    assert ann.follows.count() == 0
    dan = ann.follows.create(name="Dan")
    assert list(ann.follows.all()) == [dan]
    with pytest.raises(TypeError, match="follows.set"):
        ann.follows = [bob]
    with pytest.raises(TypeError, match="Person instance expected"):
        ann.follows.add(Place(name="x"))
    with pytest.raises(ValueError, match="has no key yet"):
        Person(name="x").follows.all()


def test_symmetrical_relation_is_on_both_sides(people):
    ann, bob, cid = people
    ann.friends.add(bob)
    assert names(bob.friends.all()) == ["Ann"]
    bob.friends.remove(ann)
    assert ann.friends.count() == 0
    ann.friends.add(bob, cid)
    cid.friends.clear()
    assert names(ann.friends.all()) == ["Bob"]


def test_many_to_many_in_queries(people):
    ann, bob, cid = people
    ann.follows.add(bob, cid)
    bob.follows.add(cid)
    assert names(Person.objects.filter(follows=bob)) == ["Ann"]
    assert names(Person.objects.filter(follows__name="Cid").order_by("name")) == [
        "Ann",
        "Bob",
    ]
    assert names(Person.objects.filter(followers__name="Ann").order_by("name")) == [
        "Bob",
        "Cid",
    ]
    assert names(Person.objects.exclude(follows=bob).order_by("name")) == ["Bob", "Cid"]
    assert names(Person.objects.filter(follows__isnull=True)) == ["Cid"]
    assert names(Person.objects.exclude(follows__isnull=True).order_by("name")) == [
        "Ann",
        "Bob",
    ]
    both = Person.objects.filter(follows=bob).filter(follows=cid)
    assert names(both) == ["Ann"]
    counted = Person.objects.annotate(n=Count("followers")).order_by("-n", "name")
    assert [(p.name, p.n) for p in counted] == [("Cid", 2), ("Bob", 1), ("Ann", 0)]


def test_through_model_and_hidden_way_back(people):
    ann, bob, _ = people
    band = Band.objects.create(name="Trio")
    band.members.add(ann, through_defaults={"plays": "bass"})
    Membership.objects.create(person=bob, band=band)
    assert names(band.members.order_by("name")) == ["Ann", "Bob"]
    assert names(ann.bands.all()) == ["Trio"]
    playing = Person.objects.filter(membership__plays="bass")
    assert names(playing) == ["Ann"]
    band.fans.add(bob)
    assert names(band.fans.all()) == ["Bob"]
    with pytest.raises(FieldError):
        Person.objects.filter(band_set=1)


def test_m2m_changed_tells_what_happens(people):
    ann, bob, _ = people
    heard = []

    def note(sender, action, pk_set, reverse, **named):
        heard.append((action, pk_set, reverse))

    with m2m_changed.connected_to(note, sender=Person.follows.through):
        ann.follows.add(bob)
        bob.followers.remove(ann)
        ann.follows.clear()
    assert heard == [
        ("pre_add", {bob.pk}, False),
        ("post_add", {bob.pk}, False),
        ("pre_remove", {ann.pk}, True),
        ("post_remove", {ann.pk}, True),
        ("pre_clear", None, False),
        ("post_clear", None, False),
    ]


def test_one_to_one_from_both_sides(people, statements):
    ann, bob, _ = people
    home = Place.objects.create(name="Home")
    ann.home = home
    ann.save()
    assert Place.objects.get(pk=home.pk).owner.name == "Ann"
    assert names(Place.objects.filter(owner__name="Ann")) == ["Home"]
    with pytest.raises(Place.owner.RelatedObjectDoesNotExist, match="has no owner"):
        _ = Place.objects.create(name="Empty").owner
    assert not hasattr(Place.objects.get(name="Empty"), "owner")
    del statements[:]
    places = list(Place.objects.select_related("owner").order_by("name"))
    assert [hasattr(place, "owner") for place in places] == [False, True]
    assert len(statements) == 1


def test_inherited_tables(people):
    oak = Grill.objects.create(name="Oak", stars=2)
    assert (oak.pk, oak.restaurant_ptr_id, oak.place_ptr_id) == (oak.id,) * 3
    found = Grill.objects.get(stars__gt=1, name__startswith="O")
    assert (found.name, found.stars, found.coal) == ("Oak", 2, "oak")
    assert Place.objects.get(name="Oak").restaurant.grill == found
    assert names(Restaurant.objects.filter(grill__coal="oak")) == ["Oak"]
    found.name, found.stars = "Ash", 3
    found.save()
    assert Place.objects.get().name == "Ash"
    assert Grill.objects.filter(name="Ash").update(stars=5, coal="ash") == 1
    assert Restaurant.objects.get().stars == 5
    assert names(Grill.objects.order_by("-name")) == ["Ash"]
    assert Grill.objects.get().delete()[0] == 3
    assert Place.objects.count() == 0


def test_proxy_is_another_class_for_the_same_rows(people):
    Place.objects.create(name="Zed")
    Tiny.objects.create(name="Abc")
    assert names(Tiny.objects.all()) == ["Abc", "Zed"]
    assert Tiny.objects.first().short() == "Ab"
    assert Place.objects.count() == 2
    assert Tiny.objects.get(name="Zed") == Place.objects.get(name="Zed")


def test_prefetch_takes_one_query_a_relation(people, statements):
    ann, bob, cid = people
    ann.follows.add(bob, cid)
    bob.follows.add(cid)
    band = Band.objects.create(name="Trio")
    band.members.add(ann)
    del statements[:]
    found = Person.objects.order_by("name").prefetch_related(
        "follows", "membership_set__band", "followers"
    )
    assert [names(p.follows.all()) for p in found] == [["Bob", "Cid"], ["Cid"], []]
    assert [names(p.followers.all()) for p in found] == [[], ["Ann"], ["Ann", "Bob"]]
    assert [m.band.name for p in found for m in p.membership_set.all()] == ["Trio"]
    assert [p.follows.count() for p in found] == [2, 1, 0]
    assert len(statements) == 5
    ann = found[0]
    ann.follows.add(ann)
    assert names(ann.follows.order_by("name")) == ["Ann", "Bob", "Cid"]


def test_prefetch_objects_narrow_name_and_slice(people, statements):
    ann, bob, cid = people
    ann.follows.add(bob, cid)
    bob.follows.add(cid)
    for place in ("b", "a"):
        Membership.objects.create(person=ann, band=Band.objects.create(name=place))
    del statements[:]
    named = Prefetch("follows", Person.objects.filter(name="Cid"), to_attr="cids")
    found = list(Person.objects.order_by("name").prefetch_related(named))
    assert [names(p.cids) for p in found] == [["Cid"], ["Cid"], []]
    assert len(statements) == 2
    first = Prefetch("membership_set", Membership.objects.order_by("band__name")[:1])
    (only,) = Person.objects.filter(name="Ann").prefetch_related(first)
    assert [m.band.name for m in only.membership_set.all()] == ["a"]
    prefetch_related_objects([ann], "bands")
    del statements[:]
    assert len(ann.bands.all()) == 2
    assert statements == []
    with pytest.raises(FieldError, match="Did you mean 'follows'"):
        Person.objects.prefetch_related("folows")


def test_reverse_manager_moves_rows(people):
    ann, bob, _ = people
    band = Band.objects.create(name="Duo")
    made = Membership.objects.create(person=ann, band=band)
    bob.membership_set.add(made)
    assert Membership.objects.get().person == bob
    with pytest.raises(AttributeError, match="cannot be NULL"):
        bob.membership_set.remove(made)
    with pytest.raises(TypeError, match="Cannot assign to membership_set"):
        bob.membership_set = []
    row, created = bob.membership_set.get_or_create(band=band)
    assert (row, created) == (made, False)


class Node(Model):
    name: Any = CharField(max_length=10)
    parent: Any = ForeignKey("self", CASCADE, null=True, related_name="children")


class Leaf(Model):
    kept: Any = ForeignKey(Node, PROTECT, null=True, related_name="+")
    held: Any = ForeignKey(Node, RESTRICT, null=True, related_name="+")
    freed: Any = ForeignKey(Node, SET_NULL, null=True, related_name="+")
    usual: Any = ForeignKey(Node, SET_DEFAULT, default=1, related_name="+")
    other: Any = ForeignKey(Node, SET(lambda: 2), null=True, related_name="+")
    left: Any = ForeignKey(
        Node, DO_NOTHING, null=True, related_name="+", db_constraint=False
    )


@pytest.fixture
def nodes(connected):
    for model in (Node, Leaf, Song):
        model.create_table()
    root, other = (Node.objects.create(name=name) for name in ("root", "other"))
    return root, other, Node.objects.create(name="child", parent=root)


def test_each_way_of_deleting(nodes):
    root, other, child = nodes
    leaf = Leaf.objects.create(freed=child, usual=child, other=child, left=child)
    assert child.delete() == (1, {"Node": 1})
    leaf.refresh_from_db()
    assert (leaf.freed_id, leaf.usual_id, leaf.other_id) == (None, 1, 2)
    assert leaf.left_id is not None
    leaf.kept = other
    leaf.save()
    with pytest.raises(ProtectedError, match="1 Leaf") as refused:
        other.delete()
    assert refused.value.protected_objects == {leaf}
    leaf.kept, leaf.held = None, other
    leaf.save()
    with pytest.raises(RestrictedError):
        Node.objects.filter(name="other").delete()
    assert Node.objects.count() == 2


def test_cascade_follows_a_model_to_itself(nodes):
    root, _, child = nodes
    Node.objects.create(name="grand", parent=child)
    assert root.delete() == (3, {"Node": 3})
    assert names(Node.objects.all()) == ["other"]


def test_conditions_across_a_self_reference(nodes):
    root, _, child = nodes
    assert names(Node.objects.filter(parent__name="root")) == ["child"]
    assert names(Node.objects.filter(children__name="child")) == ["root"]
    assert names(Node.objects.exclude(children__name="child").order_by("name")) == [
        "child",
        "other",
    ]
    assert names(
        Node.objects.filter(Q(parent__isnull=True) | Q(parent__parent__isnull=False))
        .distinct()
        .order_by("name")
    ) == ["other", "root"]
    Node.objects.update(parent=None)
    assert Node.objects.filter(parent=root).count() == 0


class Shared(Model):
    title: Any = CharField(max_length=10, default="t")
    loud = Manager()

    class Meta:
        abstract = True
        ordering = ["-title"]


class Song(Shared):
    class Meta(Shared.Meta):
        default_related_name = "tunes"

    band: Any = ForeignKey(Node, null=True)


def test_abstract_base_gives_fields_meta_and_managers(nodes):
    root, _, _ = nodes
    Song.loud.create(title="a", band=root)
    Song.loud.create(title="b")
    assert [song.title for song in Song.loud.all()] == ["b", "a"]
    assert [song.title for song in root.tunes.all()] == ["a"]
    with pytest.raises(TypeError, match="Abstract models"):
        Shared()


def test_instances_can_be_pickled(nodes):
    root, _, child = nodes
    child = Node.objects.select_related("parent").get(pk=child.pk)
    again = pickle.loads(pickle.dumps(child))
    assert (again, again.parent) == (child, root)


def define(module, source):
    """Models as a module of that name would define them."""
    names = {**vars(orm), "__name__": module}
    exec(source, names)
    return names


def test_reference_by_name_means_the_model_of_its_own_module():
    one = define("shop.models", "class Sticker(Model): pass")
    other = define(
        "blog.models",
        "class Page(Model):\n"
        "    first = ForeignKey('Sticker')\n"
        "    every = ManyToManyField('Sticker', related_name='pages')\n"
        "    shown = ForeignKey('shop.Sticker', related_name='+')\n",
    )
    page = other["Page"]._meta
    assert page.get_field("first").related_model is one["Sticker"]  # there is no other
    here = define("blog.models", "class Sticker(Model): pass")["Sticker"]
    for name in ("first", "every"):
        assert page.get_field(name).related_model is here
    assert page.get_field("shown").related_model is one["Sticker"]
    assert [rel.name for rel in one["Sticker"]._meta.related_objects] == ["+"]
    assert not hasattr(one["Sticker"], "page_set")
    assert {rel.name for rel in here._meta.related_objects if not rel.hidden} == {
        "page",
        "pages",
    }
    assert page.get_field("every").through._meta.get_field("sticker").to is here
