"""Meta: what it passes on, what is kept of it, managers by name, keys that are made."""

from typing import Any

import pytest

from fwtrace.toolkit.orm import (
    CASCADE,
    CharField,
    CheckConstraint,
    DateField,
    ForeignKey,
    Index,
    IntegerField,
    Manager,
    Model,
    OneToOneField,
    Q,
)
from tests.toolkit.orm import oracle
from tests.toolkit.orm.servers import only_sqlite

DEFAULTS: dict[str, Any] = {
    "base_manager_name": None,
    "db_table_comment": "",
    "db_tablespace": "",
    "default_manager_name": None,
    "default_permissions": ("add", "change", "delete", "view"),
    "order_with_respect_to": None,
    "permissions": [],
    "required_db_features": [],
    "required_db_vendor": None,
    "select_on_save": False,
    "swappable": None,
}
GIVEN = {
    "base_manager_name": "objects",
    "db_table_comment": "Read me",
    "db_tablespace": "fast",
    "default_manager_name": "objects",
    "default_permissions": ("read",),
    "permissions": [("burn", "Can burn")],
    "required_db_features": ["supports_json_field"],
    "required_db_vendor": "sqlite",
    "select_on_save": True,
    "swappable": "BOOK_MODEL",
}


def options(meta, names):
    return {name: getattr(meta, name) for name in names}


def test_options_are_kept():
    class Plain(Model):
        pass

    class Book(Model):
        Meta = type("Meta", (), GIVEN)

    assert options(Plain._meta, DEFAULTS) == DEFAULTS
    assert options(Book._meta, GIVEN) == GIVEN
    assert Book._meta.original_attrs == GIVEN
    assert Plain._meta.original_attrs == {}


def test_lists_are_not_shared():
    class One(Model):
        pass

    class Two(Model):
        pass

    One._meta.permissions.append(("burn", "Can burn"))
    assert Two._meta.permissions == []


def test_options_are_told_as_they_were_given():
    index = Index(fields=["title"], name="by_title")
    check = CheckConstraint(condition=Q(title="a"), name="only_a")

    class Book(Model):
        title: Any = CharField(max_length=9)

        class Meta:
            unique_together = ("title", "id")
            ordering = ("-title",)
            indexes = (index,)
            constraints = [check]
            verbose_name = "volume"

    assert Book._meta.original_attrs == {
        "unique_together": ("title", "id"),
        "ordering": ("-title",),
        "indexes": (index,),
        "constraints": [check],
        "verbose_name": "volume",
    }
    assert Book._meta.unique_together == (("title", "id"),)


def test_unknown_options_are_refused():
    with pytest.raises(TypeError, match=r"unknown options: tablespace.*db_tablespace"):

        class Book(Model):
            class Meta:
                tablespace = "fast"


# What is passed on.


class Dated(Model):
    day: Any = DateField()

    class Meta:
        abstract = True
        ordering = ["day"]
        get_latest_by = "day"


class Concert(Dated):
    class Meta:
        db_table = "concerts"
        verbose_name = "gig"
        ordering = ["-day"]
        get_latest_by = "day"
        permissions = [("play", "Can play")]


class Opera(Concert):
    pass


class Ballet(Concert):
    class Meta:
        verbose_name = "dance"
        ordering: list[str] = []


def test_abstract_class_passes_its_meta_on():
    class Party(Dated):
        pass

    class Fair(Dated):
        class Meta(Dated.Meta):
            verbose_name = "fun fair"

    assert Dated._meta.original_attrs["abstract"] is True
    for model in (Party, Fair):
        assert (model._meta.ordering, model._meta.get_latest_by) == (["day"], "day")
        assert model._meta.original_attrs["abstract"] is model._meta.abstract is False
    assert Fair._meta.verbose_name == "fun fair"


def test_model_with_a_table_passes_on_its_order_alone():
    meta = Concert._meta
    assert (meta.db_table, meta.verbose_name, meta.ordering) == (
        "concerts",
        "gig",
        ["-day"],
    )
    assert Opera._meta.db_table == "opera"
    assert Ballet._meta.verbose_name == "dance"
    assert Opera._meta.permissions == Ballet._meta.permissions == []
    assert Ballet._meta.ordering == []
    assert Ballet._meta.get_latest_by == "day"
    assert "db_table" not in Opera._meta.original_attrs


def test_proxies_have_the_order_of_their_model():
    class Gig(Concert):
        class Meta:
            proxy = True

    assert (Gig._meta.ordering, Gig._meta.get_latest_by) == (["-day"], "day")
    assert Gig._meta.original_attrs == {"proxy": True}


# Managers by name.


class Living(Manager):
    def get_queryset(self):
        return super().get_queryset().filter(died=None)


class Animal(Model):
    name: Any = CharField(max_length=9)
    died: Any = IntegerField(null=True)
    everyone = Manager()
    living = Living()

    class Meta:
        base_manager_name = "living"
        default_manager_name = "living"


class Keeper(Model):
    animal: Any = ForeignKey(Animal)


@pytest.fixture
def animals(connected):
    Animal.create_table()
    Keeper.create_table()
    return [
        Animal.everyone.create(name=name, died=died)
        for name, died in (("cat", None), ("dodo", 1662))
    ]


def test_managers_are_those_that_are_named(animals):
    cat, dodo = animals
    assert Animal._default_manager is Animal.living
    assert Animal._meta.base_manager is Animal._base_manager is Animal.living
    assert list(Animal._default_manager.all()) == [cat]
    assert Keeper.objects.create(animal=cat).animal == cat
    keeper = Keeper.objects.get(pk=Keeper.objects.create(animal_id=dodo.pk).pk)
    with pytest.raises(Animal.DoesNotExist):
        keeper.animal  # noqa: B018
    with pytest.raises(Animal.DoesNotExist):
        dodo.refresh_from_db()


def test_named_managers_are_inherited(animals):
    class Pet(Animal):
        class Meta:
            proxy = True

    class Wild(Animal):
        own = Manager()

        class Meta:
            proxy = True

    assert Pet._default_manager.model is Pet._base_manager.model is Pet
    assert type(Pet._default_manager) is type(Pet._base_manager) is Living
    assert type(Wild._default_manager) is Manager
    assert type(Wild._base_manager) is Living
    assert [each.name for each in Pet._default_manager.all()] == ["cat"]


def test_first_manager_is_the_default_where_none_is_named():
    class Thing(Model):
        first = Living()
        second = Manager()

    assert Thing._default_manager is Thing.first
    assert type(Thing._base_manager) is Manager
    assert Thing._base_manager is not Thing.second


@pytest.mark.parametrize("option", ["base_manager_name", "default_manager_name"])
def test_manager_that_is_not_there_is_refused(option):
    with pytest.raises(ValueError, match=f"Thing has no manager 'alive', its {option}"):

        class Thing(Model):
            Meta = type("Meta", (), {option: "alive"})


# Keys that are made for the user.


class Place(Model):
    name: Any = CharField(max_length=9)


class Station(Model):
    code: Any = CharField(max_length=3, primary_key=True)


class Cafe(Place, Station):
    pass


def test_keys_tell_how_they_were_made():
    key = Place._meta.get_field("id")
    assert key.deconstruct() == (
        "id",
        "fwtrace.toolkit.orm.AutoField",
        [],
        {
            "verbose_name": "ID",
            "primary_key": True,
            "serialize": False,
            "auto_created": True,
        },
    )
    assert key < Place._meta.get_field("name")
    link = Cafe._meta.get_field("place_ptr")
    assert (link.auto_created, link.parent_link, link.primary_key) == (True,) * 3
    assert (link.serialize, link.on_delete) == (False, CASCADE)
    other = Cafe._meta.get_field("station_ptr")
    assert (other.auto_created, other.primary_key, other.serialize) == (
        True,
        False,
        True,
    )


def test_link_of_the_users_own_is_the_key():
    class Bar(Place):
        place: Any = OneToOneField(Place, CASCADE, parent_link=True)

    link = Bar._meta.get_field("place")
    assert Bar._meta.pk is link
    assert (link.auto_created, link.primary_key, link.serialize) == (False, True, False)


@only_sqlite
def test_key_of_the_users_own_is_the_only_one(connected):
    class Shop(Place):
        code: Any = CharField(max_length=3, primary_key=True)

    Place.create_table()
    Shop.create_table()
    Shop.objects.create(name="a", code="x")
    shop = Shop.objects.get(pk="x")
    assert (shop.name, shop.place_ptr_id) == ("a", 1)
    assert Shop._meta.get_field("place_ptr").primary_key is False


def test_key_of_the_users_own_is_in_no_file_twice():
    code = Station._meta.get_field("code")
    assert code.deconstruct()[3] == {
        "max_length": 3,
        "primary_key": True,
        "serialize": False,
    }


# As Django does it.


def metas(models, create):
    class Base(models.Model):  # type: ignore[misc, name-defined]
        class Meta:
            abstract = True
            app_label = "oracle"
            ordering = ["pk"]

    class Inheriting(Base):
        class Meta(Base.Meta):
            permissions = [("a", "b")]
            unique_together = ("x", "y")

        x = models.IntegerField()
        y = models.IntegerField(primary_key=True)

    class Bare(Base):
        pass

    class Below(Inheriting):
        class Meta:
            app_label = "oracle"
            required_db_vendor = "sqlite"

    class Proxy(Bare):
        class Meta:
            app_label = "oracle"
            proxy = True
            default_permissions = ("view",)

    names = [*DEFAULTS, "original_attrs", "ordering", "get_latest_by", "abstract"]
    found = {}
    for model in (Base, Inheriting, Bare, Below, Proxy):
        meta = model._meta
        found[model.__name__] = [
            {name: getattr(meta, name) for name in names},
            [(f.name, sorted(f.deconstruct()[3])) for f in meta.local_fields],
        ]
    return found


@only_sqlite
@pytest.mark.oracle
def test_all_is_as_in_django(connected):
    assert oracle.ours(metas) == oracle.djangos(metas)
