"""Models: classes that are tables, instances that are rows."""

import datetime
from typing import Any, ClassVar

import pytest

from fwtrace.toolkit.orm import (
    SET_NULL,
    AutoField,
    BooleanField,
    CharField,
    DateTimeField,
    FieldError,
    ForeignKey,
    IntegerField,
    IntegrityError,
    Manager,
    Model,
    ProtectedError,
    post_delete,
    post_init,
    post_save,
    pre_delete,
    pre_init,
    pre_save,
)
from tests.toolkit.orm.servers import only_sqlite


def test_meta_knows_fields_table_and_key(models):
    Author, Book, _ = models
    assert [f.name for f in Book._meta.fields][:3] == ["id", "title", "author"]
    assert isinstance(Book._meta.pk, AutoField)
    assert Book._meta.get_field("author_id") is Book._meta.get_field("author")
    assert [rel.query_name for rel in Author._meta.related_objects] == [
        "book",
        "edited",
    ]
    with pytest.raises(FieldError, match="Did you mean 'title'"):
        Book._meta.get_field("titel")


def test_save_inserts_then_updates(database, models, statements):
    Author, _, _ = models
    author = Author(name="Ann")
    author.save()
    author.name = "Anne"
    author.save()
    assert [sql.split()[0] for sql, _ in statements] == ["INSERT", "UPDATE"]
    assert Author.objects.get(pk=author.pk).name == "Anne"


def test_saving_with_a_key_updates_or_inserts(database, models):
    Author, _, _ = models
    Author(id=7, name="Ann").save()
    Author(pk=7, name="Anne").save()
    assert [(a.id, a.name) for a in Author.objects.all()] == [(7, "Anne")]


def test_values_come_back_as_they_were(library, models):
    Author, Book, _ = models
    now = datetime.datetime.now(datetime.UTC)
    book = Book.objects.get(title="A")
    assert book.in_print is True
    assert abs(book.added - now) < datetime.timedelta(minutes=1)
    assert book.added.tzinfo is datetime.UTC
    assert Author.objects.get(name="Bob").age is None


def test_defaults_and_unknown_names(models):
    Author, Book, _ = models
    assert (Book().pages, Book().in_print, Book().title) == (0, True, "")
    assert (Book().author_id, Author().age) == (None, None)
    with pytest.raises(TypeError, match="Did you mean 'title'"):
        Book(titel="x")


def test_instances_are_equal_by_key(library, models):
    Author, _, _ = models
    alice, bob = library
    assert Author.objects.get(name="Alice") == alice != bob
    assert len({alice, Author.objects.get(name="Alice")}) == 1
    assert Author() != Author()


def test_reverse_relation_finds_and_creates(library, models):
    alice, _ = library
    assert [b.title for b in alice.book_set.order_by("title")] == ["A", "B"]
    made = alice.book_set.create(title="D")
    assert made.author is alice
    assert alice.book_set.count() == 3


def test_reverse_relation_knows_its_owner(library, statements):
    alice, _ = library
    assert {b.author.name for b in alice.book_set.all()} == {"Alice"}
    assert len(statements) == 1


def test_related_instance_saved_after_assignment_gives_its_key(database, models):
    Author, Book, _ = models
    author = Author(name="Ann")
    book = Book(title="x", author=author)
    author.save()
    book.save()
    assert Book.objects.get().author_id == author.pk


def test_unsaved_instance_cannot_be_referred_to(database, models):
    Author, Book, _ = models
    ann = Author.objects.create(name="Ann")
    with pytest.raises(ValueError, match="Save the Author before the Book"):
        Book(title="x", author=ann, editor=Author(name="nobody")).save()
    with pytest.raises(ValueError, match="has no key yet"):
        list(Author().book_set.all())


def test_another_key_means_another_instance(library, models, statements):
    _, Book, _ = models
    alice, bob = library
    book = Book.objects.select_related("author").get(title="A")
    assert (book.author, len(statements)) == (alice, 1)
    book.author_id = bob.pk
    assert book.author.name == "Bob"
    book.editor = alice
    book.editor_id = None
    book.save()
    assert Book.objects.get(title="A").editor is None


def test_create_never_overwrites(database, models):
    Author, _, _ = models
    Author.objects.create(pk=1, name="Ann")
    with pytest.raises(IntegrityError, match="(?i)unique|duplicate"):
        Author.objects.create(pk=1, name="Bob")
    assert Author.objects.get().name == "Ann"


def test_assigning_something_else_says_what_is_wanted(models):
    _, Book, _ = models
    with pytest.raises(ValueError, match="must be a Author instance"):
        Book(author=3)


def test_delete_cascades_and_counts(library, models):
    Author, Book, _ = models
    alice, _ = library
    assert alice.delete() == (3, {"Book": 2, "Author": 1})
    assert alice.pk is None
    assert [b.title for b in Book.objects.all()] == ["C"]


def test_delete_sets_null_where_asked(library, models):
    _, Book, _ = models
    _, bob = library
    bob.delete()
    assert Book.objects.get(title="B").editor is None


def test_protected_row_is_kept_and_nothing_else_is_deleted(library, models):
    Author, Book, Loan = models
    alice, _ = library
    Loan.objects.create(book=Book.objects.get(title="A"))
    with pytest.raises(ProtectedError, match="Loan"):
        alice.delete()
    assert (Author.objects.count(), Book.objects.count()) == (2, 3)


def test_broken_constraint_is_an_integrity_error(library, models):
    _, Book, _ = models
    with pytest.raises(IntegrityError, match="author_id"):
        Book.objects.create(title="no author")


def test_refresh_reads_the_row_again(library, models):
    Author, _, _ = models
    alice, _ = library
    Author.objects.filter(pk=alice.pk).update(age=31)
    alice.refresh_from_db()
    assert alice.age == 31


def test_signals_are_sent_in_order(database, models):
    Author, _, _ = models
    heard: list[tuple[str, Any]] = []
    signals = {
        "pre_init": pre_init,
        "post_init": post_init,
        "pre_save": pre_save,
        "post_save": post_save,
        "pre_delete": pre_delete,
        "post_delete": post_delete,
    }
    receivers = []
    for name, signal in signals.items():

        def receiver(sender, name=name, **named):
            heard.append((name, named.get("created")))

        receivers.append(receiver)
        signal.connect(receiver, sender=Author)
    author = Author(name="Ann")
    author.save()
    author.save()
    author.delete()
    for receiver, signal in zip(receivers, signals.values(), strict=True):
        signal.disconnect(receiver, sender=Author)
    assert heard == [
        ("pre_init", None),
        ("post_init", None),
        ("pre_save", None),
        ("post_save", True),
        ("pre_save", None),
        ("post_save", False),
        ("pre_delete", None),
        ("post_delete", None),
    ]


def test_rows_from_the_database_send_init_signals_too(library, models):
    Author, _, _ = models
    seen = []
    with post_init.connected_to(
        lambda sender, instance, **n: seen.append(instance.name)
    ):
        list(Author.objects.all())
    assert seen == ["Alice", "Bob"]


@only_sqlite
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2024-01-02T03:04:05+02:00", "2024-01-02 01:04:05+00:00"),
        (datetime.datetime(5, 1, 1), "0005-01-01 00:00:00+00:00"),
        (datetime.date(2024, 2, 3), "2024-02-03 00:00:00+00:00"),
    ],
)
def test_moments_are_kept_in_utc(database, given, kept):
    class Event(Model):
        at: Any = DateTimeField(null=True)

    Event.create_table()
    Event.objects.create(at=given)
    event = Event.objects.get(at=given)
    assert str(event.at) == kept
    database.execute("UPDATE event SET at = ?", ["2024-05-06T07:08:09+02:00"])
    event.refresh_from_db()
    assert str(event.at) == "2024-05-06 05:08:09+00:00"


def test_abstract_base_gives_its_fields(database):
    class Stamped(Model):
        created = DateTimeField(auto_now_add=True)
        changed = DateTimeField(auto_now=True)

        class Meta:
            abstract = True

    class Page(Stamped):
        slug = CharField(max_length=50, primary_key=True)

    Page.create_table()
    page = Page.objects.create(slug="home")
    before = page.changed
    page.save()
    assert page.changed >= before
    assert Page.objects.get(pk="home").created == page.created


def test_abstract_bases_relations_managers_and_meta_are_each_models_own(database):
    class Person(Model):
        age: Any = IntegerField()

    class Adults(Manager):
        def get_queryset(self):
            return super().get_queryset().filter(owner__age__gte=18)

    class Owned(Model):
        owner = ForeignKey(Person)
        objects: ClassVar[Manager] = Adults()

        class Meta:
            abstract = True
            ordering = ["owner_id"]

    class Car(Owned):
        pass

    assert [rel.query_name for rel in Person._meta.related_objects] == ["car"]
    assert Car._meta.ordering == ["owner_id"]
    assert not Car._meta.abstract
    assert isinstance(Car.objects, Adults)
    assert "age" in str(Car.objects.all().query)


def test_reference_finds_rows_that_a_manager_hides(database):
    class Shown(Manager):
        def get_queryset(self):
            return super().get_queryset().filter(hidden=False)

    class Room(Model):
        hidden: Any = BooleanField(default=True)
        objects: ClassVar[Manager] = Shown()

    class Door(Model):
        room: Any = ForeignKey(Room, related_name="+")

    Room.create_table()
    Door.create_table()
    room = Room.objects.create()
    door = Door.objects.create(room=room)
    room.save()
    assert Door.objects.get().room == room
    assert Room.objects.count() == 0
    assert room.delete() == (2, {"Door": 1, "Room": 1})
    assert not Door.objects.filter(pk=door.pk).exists()


def test_two_ways_back_of_one_name_are_refused():
    class Person(Model):
        age: Any = IntegerField()

    with pytest.raises(TypeError, match="related_name of its own"):

        class Letter(Model):
            sender = ForeignKey(Person)
            receiver = ForeignKey(Person)

    with pytest.raises(TypeError, match="the field 'age'"):

        class Age(Model):
            person = ForeignKey(Person)


@only_sqlite
def test_reference_by_name_and_to_itself(database):
    class Leaf(Model):
        branch = ForeignKey("Branch")

    class Branch(Model):
        parent = ForeignKey("self", SET_NULL, null=True, related_name="children")
        name: Any = CharField(max_length=10, default="")
        children: Any

    Branch.create_table()
    Leaf.create_table()
    trunk = Branch.objects.create(name="trunk")
    twig = Branch.objects.create(parent=trunk)
    Leaf.objects.create(branch=twig)
    assert list(trunk.children.all()) == [twig]
    assert Leaf.objects.filter(branch__parent__name="trunk").exists()


def test_mistakes_in_a_model_are_found_when_it_is_made():
    with pytest.raises(TypeError, match="null=True"):
        ForeignKey("x", SET_NULL)
    with pytest.raises(TypeError, match="unknown options: tabel"):

        class Wrong(Model):
            class Meta:
                tabel = "x"

    with pytest.raises(TypeError, match="double underscore"):

        class Underscored(Model):
            a__b = IntegerField()


@pytest.mark.parametrize(
    ("field", "value"),
    [(IntegerField(), "x"), (BooleanField(), "maybe"), (DateTimeField(), "soon")],
)
def test_value_that_a_field_cannot_hold_is_refused(models, field, value):
    field.name, field.model = "it", models[0]
    with pytest.raises(ValueError, match="'it' of Author expected"):
        field.get_prep_value(value)


@only_sqlite
def test_signals_take_a_model_by_its_name(connected):
    heard = []

    @post_save.connect(sender="LateComer")
    def note(sender, instance, **named):
        heard.append(instance)

    class LateComer(Model):
        text: Any = CharField(max_length=5, default="")

    LateComer.create_table()
    made = LateComer.objects.create()
    assert heard == [made]
    assert post_save.disconnect(note, sender="LateComer")
