"""Models: classes that are tables, instances that are rows."""

import datetime
from typing import Any

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
    Model,
    ProtectedError,
    post_delete,
    post_init,
    post_save,
    pre_delete,
    pre_init,
    pre_save,
)


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
    _, Book, _ = models
    assert (Book().pages, Book().in_print, Book().title) == (0, True, None)
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


@pytest.mark.parametrize(
    ("field", "value"),
    [(IntegerField(), "x"), (BooleanField(), "maybe"), (DateTimeField(), "soon")],
)
def test_value_that_a_field_cannot_hold_is_refused(models, field, value):
    field.name, field.model = "it", models[0]
    with pytest.raises(FieldError, match="'it' of Author expected"):
        field.get_prep_value(value)
