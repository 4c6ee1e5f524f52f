"""Several databases, and routers that choose between them."""

from typing import Any

import pytest

from fwtrace.toolkit.orm import (
    CharField,
    ForeignKey,
    ManyToManyField,
    Model,
    NotConnected,
    atomic,
    connect,
    create_tables,
    set_routers,
)
from fwtrace.toolkit.orm.routers import allow_migrate_model, allow_relation


class Group(Model):
    name: Any = CharField(max_length=10)


class Member(Model):
    name: Any = CharField(max_length=10)
    group: Any = ForeignKey(Group, null=True)
    tags: Any = ManyToManyField("Label", related_name="members")


class Label(Model):
    word: Any = CharField(max_length=10)


@pytest.fixture
def two():
    for alias in ("default", "other"):
        database = connect("sqlite://", alias)
        create_tables([Group, Member, Label], database)
    yield database
    set_routers([])


def names(alias):
    return [member.name for member in Member.objects.using(alias)]


def test_rows_are_asked_of_the_database_that_is_named(two):
    Member.objects.create(name="here")
    there = Member.objects.using("other").create(name="there")
    assert (names("default"), names("other")) == (["here"], ["there"])
    assert there._state.db == "other"
    there.name = "thereafter"
    there.save()
    assert names("other") == ["thereafter"]
    there.refresh_from_db()
    there.delete()
    assert names("other") == []
    Member(name="new").save(using="other")
    assert names("other") == ["new"]
    with pytest.raises(NotConnected, match="'nowhere'.*'default', 'other'"):
        names("nowhere")


def test_related_rows_are_looked_for_where_the_instance_is(two):
    group = Group.objects.using("other").create(name="g")
    Member.objects.using("other").create(name="m", group=group)
    (member,) = group.member_set.all()
    assert Member.objects.using("other").get().group == group
    assert member._state.db == "other"


def test_related_rows_are_written_where_the_instance_is(two):
    group = Group.objects.using("other").create(name="g")
    group.member_set.create(name="a")
    group.member_set.get_or_create(name="b")
    group.member_set.add(Member(name="c"), bulk=False)
    Member.objects.using("other").create(name="d")
    group.member_set.add(Member.objects.using("other").get(name="d"))
    Member(name="e", group=group).save()
    assert (names("default"), names("other")) == ([], list("abcde"))
    assert group.member_set.count() == 5
    (first, *_) = group.member_set.all()
    label = first.tags.create(word="x")
    first.tags.set([label, Label.objects.using("other").create(word="y")])
    assert [each.word for each in first.tags.order_by("word")] == ["x", "y"]
    assert label.members.get() == first
    first.tags.clear()
    assert first.tags.count() == 0
    assert Label.objects.count() == 0


def test_rows_of_two_databases_do_not_refer_to_each_other(two):
    here = Member.objects.create(name="here")
    there = Group.objects.using("other").create(name="there")
    with pytest.raises(ValueError, match="in the database 'other'"):
        here.group = there

    class Allows:
        def allow_relation(self, one, other, **hints):
            return True

    set_routers([Allows()])
    here.group = there
    assert here.group_id == there.pk


def test_router_decides(two):
    class ReadsElsewhere:
        def db_for_read(self, model, **hints):
            return "other" if model is Member else None

        def db_for_write(self, model, **hints):
            return "default"

        def allow_migrate(self, alias, app_label, model_name=None, **hints):
            return alias == "default"

    set_routers([ReadsElsewhere])
    Member.objects.create(name="m")
    assert Member.objects.count() == 0
    assert Member.objects.using("default").count() == 1
    assert Group.objects.db == "default"
    assert allow_migrate_model("default", Group)
    assert not allow_migrate_model("other", Group)
    one, other = Group(), Group()
    assert allow_relation(one, other)
    with pytest.raises(TypeError, match="is no router"):
        set_routers([object()])


def test_transactions_are_of_one_database(two):
    @atomic("other")
    def fail():
        Member.objects.using("other").create(name="gone")
        Member.objects.create(name="stays")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert (names("default"), names("other")) == (["stays"], [])
