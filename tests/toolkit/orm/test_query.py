"""Querysets: lazy, immutable, chainable, cached; and the rows they find."""

import datetime

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit.orm import CharField, FieldError, ForeignKey, Model, Q, connect
from tests.toolkit.orm.servers import only_sqlite


def titles(rows):
    return [row.title for row in rows]


def test_nothing_is_asked_until_rows_are_and_then_once(library, models, statements):
    _, Book, _ = models
    books = Book.objects.filter(pages__gt=100).filter(author__name="Alice")
    books = books.order_by("-pages").limit(10)
    assert statements == []
    assert titles(books) == titles(books) == ["B"]
    assert len(statements) == 1


@only_sqlite
def test_query_shows_its_sql(library, models):
    _, Book, _ = models
    books = Book.objects.filter(pages__gt=100, author__name="Alice").order_by("-pages")
    sql = str(books.limit(10).query)
    assert 'INNER JOIN "author" ON ("book"."author_id" = "author"."id")' in sql
    assert sql.endswith('ORDER BY "book"."pages" DESC LIMIT 10')


def test_values_are_parameters_never_text(library, models, statements):
    _, Book, _ = models
    evil = "x'; DROP TABLE book; --"
    assert list(Book.objects.filter(title=evil)) == []
    sql, params = statements[-1]
    assert evil not in sql
    assert params[0] == evil
    assert Book.objects.count() == 3


def test_narrowing_leaves_the_original_alone(library, models):
    _, Book, _ = models
    every = Book.objects.all()
    assert titles(every.filter(pages=100)) == ["A"]
    assert titles(every) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"pages": 100}, "A"),
        ({"pages__exact": 100}, "A"),
        ({"pages__in": [100, 200]}, "AC"),
        ({"pages__in": []}, ""),
        ({"pages__gt": 100}, "BC"),
        ({"pages__gte": 200}, "BC"),
        ({"pages__lt": 200}, "A"),
        ({"pages__lte": 200}, "AC"),
        ({"title__iexact": "a"}, "A"),
        ({"title__contains": "B"}, "B"),
        ({"title__startswith": "C"}, "C"),
        ({"editor__isnull": True}, "AC"),
        ({"editor": None}, "AC"),
        ({"editor__isnull": False}, "B"),
        ({"author__name": "Alice"}, "AB"),
        ({"author__age__gt": 20}, "AB"),
        ({"author__age__isnull": True}, "C"),
        ({"editor__name": "Bob"}, "B"),
        ({"author__id": 1}, "AB"),
        ({"author_id": 2}, "C"),
        ({"author__pk__in": [2]}, "C"),
        ({"author__book__pages": 300}, "AB"),
        ({"pk": 1}, "A"),
        ({"in_print": False}, ""),
    ],
)
def test_filter(library, models, conditions, expected):
    _, Book, _ = models
    assert "".join(titles(Book.objects.filter(**conditions).distinct())) == expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"pages": 100}, "BC"),
        ({"editor__name": "Bob"}, "AC"),
        ({"editor": 2}, "AC"),
        ({"author__age": 30}, "C"),
        ({"author__age__gt": 99}, "ABC"),
        ({"pages": 100, "title": "B"}, "ABC"),
        ({"editor__isnull": True}, "B"),
    ],
)
def test_exclude_keeps_rows_whose_value_is_null(library, models, conditions, expected):
    _, Book, _ = models
    assert "".join(titles(Book.objects.exclude(**conditions))) == expected


def test_exclude_across_a_reverse_relation_means_has_none_such(library, models):
    Author, _, _ = models
    assert [a.name for a in Author.objects.exclude(book__pages=300)] == ["Bob"]


def test_one_filter_is_about_one_related_row_two_filters_about_any(library, models):
    Author, _, _ = models
    one = Author.objects.filter(book__title="A", book__pages=300)
    two = Author.objects.filter(book__title="A").filter(book__pages=300)
    assert list(one) == []
    assert [a.name for a in two] == ["Alice"]


def test_q_objects_combine(library, models):
    _, Book, _ = models
    either = Q(pages=100) | Q(author__name="Bob")
    assert titles(Book.objects.filter(either)) == ["A", "C"]
    assert titles(Book.objects.filter(~either)) == ["B"]
    assert titles(Book.objects.filter(Q(pages=100) ^ Q(title="A"))) == []
    assert titles(Book.objects.filter(Q(pages=300) | Q(editor__name="x"))) == ["B"]


def test_ordering_across_a_relation_and_reversed(library, models):
    _, Book, _ = models
    assert titles(Book.objects.order_by("-author__name", "pages")) == ["C", "A", "B"]
    assert titles(Book.objects.order_by("pages").reverse()) == ["B", "C", "A"]
    assert titles(Book.objects.all().reverse()) == ["C", "B", "A"]


def test_slices_compose(library, models):
    _, Book, _ = models
    books = Book.objects.all()
    assert titles(books[1:]) == ["B", "C"]
    assert titles(books[1:][1:]) == ["C"]
    assert titles(books[:2][1:5]) == ["B"]
    assert titles(books.offset(1).limit(1)) == titles(books.limit(1).offset(1)) == ["B"]
    assert books[2].title == "C"
    assert titles(books[::2]) == ["A", "C"]
    with pytest.raises(IndexError):
        books[3]
    for refused in (lambda: books[-1], lambda: books[:-1], lambda: books.offset(-1)):
        with pytest.raises(ValueError, match="Negative"):
            refused()
    with pytest.raises(TypeError, match="integer"):
        books[1.5:]


def test_sliced_queryset_cannot_be_narrowed(library, models):
    _, Book, _ = models
    sliced = Book.objects.all()[:1]
    for refused in (lambda: sliced.filter(pages=1), lambda: sliced.order_by("pages")):
        with pytest.raises(TypeError, match="slice"):
            refused()


def test_get_first_last_count_exists(library, models, statements):
    _, Book, _ = models
    assert Book.objects.get(title="A").pages == 100
    assert Book.objects.first().title == "A"
    assert Book.objects.last().title == "C"
    assert Book.objects.filter(pages__gt=100).count() == 2
    assert Book.objects.all()[:2].count() == 2
    assert Book.objects.filter(title="A").exists()
    assert not Book.objects.none().exists()
    assert "COUNT(*)" in statements[3][0]


def test_get_of_none_or_many_raises_the_models_own_exception(library, models):
    Author, Book, _ = models
    with pytest.raises(Book.DoesNotExist, match="Book matching query"):
        Book.objects.get(title="Z")
    with pytest.raises(Book.MultipleObjectsReturned, match="returned 3"):
        Book.objects.get()
    assert not issubclass(Book.DoesNotExist, Author.DoesNotExist)


def test_select_related_takes_one_query(library, models, statements):
    _, Book, _ = models
    books = list(Book.objects.select_related("author", "editor"))
    assert [b.author.name for b in books] == ["Alice", "Alice", "Bob"]
    assert [b.editor and b.editor.name for b in books] == [None, "Bob", None]
    assert len(statements) == 1


def test_without_select_related_each_relation_is_fetched_once(
    library, models, statements
):
    _, Book, _ = models
    book = Book.objects.get(title="A")
    assert book.author.name == book.author.name == "Alice"
    assert len(statements) == 2


def test_alternatives_stay_together_beside_other_conditions(library, models):
    _, Book, _ = models
    either = Book.objects.filter(Q(pages=100) | Q(pages=300))
    assert titles(either.filter(title="A")) == ["A"]
    assert titles(Book.objects.filter(Q(either_q()), title="B")) == ["B"]
    assert "(" in str(either.filter(title="A").query).partition("WHERE")[2]


def either_q():
    return Q(pages=100) | Q(pages=300)


@only_sqlite
def test_foreign_key_orders_as_its_rows_do(library, models):
    _, Book, _ = models

    class Shelf(Model):
        label = CharField(max_length=10)

        class Meta:
            ordering = ["-label"]

    class Item(Model):
        shelf = ForeignKey(Shelf)

    assert str(Item.objects.order_by("shelf").query).endswith('"shelf"."label" DESC')
    assert str(Item.objects.order_by("-shelf").query).endswith('"shelf"."label" ASC')
    assert str(Item.objects.order_by("shelf_id").query).endswith('"shelf_id" ASC')
    with pytest.raises(FieldError, match="lookup: 'title__exact'"):
        Book.objects.order_by("title__exact")


def test_ordering_uses_the_rows_that_were_filtered(library, models):
    Author, _, _ = models
    authors = Author.objects.filter(book__pages__gt=50).order_by("-book__pages")
    assert [a.name for a in authors] == ["Alice", "Bob", "Alice"]


def test_related_rows_are_given_as_instances(library, models):
    Author, Book, _ = models
    alice, _ = library
    book = Book.objects.get(title="A")
    assert list(Author.objects.filter(book=book)) == [alice]
    assert list(Author.objects.filter(book__in=[book])) == [alice]
    assert list(Author.objects.filter(pk=alice)) == [alice]
    with pytest.raises(ValueError, match="an instance or a key"):
        Book.objects.filter(author=book)


def test_fractions_of_pages_round_to_the_right_side(library, models):
    _, Book, _ = models
    assert titles(Book.objects.filter(pages__gte=100.5)) == ["B", "C"]
    assert titles(Book.objects.filter(pages__lt=100.5)) == ["A"]
    with pytest.raises(ValueError, match="expected a number but got inf"):
        Book.objects.filter(pages=float("inf"))


@only_sqlite
@pytest.mark.parametrize("lookup", ["iexact", "contains", "startswith", "endswith"])
def test_text_that_like_cannot_take_is_searched_all_the_same(database, models, lookup):
    Author, _, _ = models
    for name in ("x" * 60_000, "a\0b"):
        Author.objects.create(name=name)
        (found,) = Author.objects.filter(**{f"name__{lookup}": name.upper()})
        assert found.name == name
        assert not Author.objects.filter(**{f"name__{lookup}": name + "\0!"}).exists()


def test_values_and_values_list(library, models):
    _, Book, _ = models
    books = Book.objects.filter(pages=100)
    assert list(books.values("title", "author__name")) == [
        {"title": "A", "author__name": "Alice"}
    ]
    assert list(books.values_list("title", "pages")) == [("A", 100)]
    assert list(Book.objects.values_list("title", flat=True)) == ["A", "B", "C"]
    (added,) = books.values_list("added", flat=True)
    assert added.tzinfo is datetime.UTC
    assert Book.objects.values("author").distinct().count() == 2
    pairs = Book.objects.values_list("author", "author_id").distinct()
    assert pairs.order_by("title")[0] == (1, 1)


def test_subquery_as_a_value(library, models, statements):
    Author, Book, _ = models
    young = Author.objects.filter(age__lt=50)
    assert titles(Book.objects.filter(author__in=young.order_by("name"))) == ["A", "B"]
    assert len(statements) == 1
    assert "name" not in statements[0][0].partition("WHERE")[2]


def test_update_and_delete_of_many(library, models):
    _, Book, _ = models
    assert Book.objects.filter(author__name="Alice").update(pages=1) == 2
    assert Book.objects.filter(pages=1).count() == 2
    for refused in (Book.objects.all()[:1], Book.objects.values("title")):
        with pytest.raises(TypeError, match="limit|values"):
            refused.delete()
    assert Book.objects.filter(pages=1).delete() == (2, {"Book": 2})
    assert titles(Book.objects.all()) == ["C"]


def test_get_or_create(library, models):
    Author, _, _ = models
    first, created = Author.objects.get_or_create({"age": 5}, name="Cleo")
    again, not_created = Author.objects.get_or_create({"age": 9}, name="Cleo")
    assert (created, not_created, first, again.age) == (True, False, again, 5)


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ({"titel": 1}, "Did you mean 'title'\\? Choices are: .*author.*title"),
        ({"author__nmae": 1}, "Did you mean 'name'"),
        ({"title__contians": 1}, "Did you mean 'contains'"),
        ({"title__year": 1}, "Unsupported lookup 'year'"),
        ({"pages": "many"}, "expected a number but got 'many'"),
        ({"pages__isnull": 1}, "True or False"),
        ({"pages__in": 3}, "a list or a queryset"),
        ({"title__x__y": 3}, "Unsupported lookup 'x'"),
        ({"author__contains": "x"}, "Unsupported lookup 'contains' for ForeignKey"),
        ({"pages__gt": None}, "takes no None: use pages__isnull"),
    ],
)
def test_error_names_the_field_and_the_choices(library, models, conditions, said):
    _, Book, _ = models
    with pytest.raises((FieldError, TypeError, ValueError), match=said):
        Book.objects.filter(**conditions)


def test_order_by_and_select_related_name_their_choices(library, models):
    _, Book, _ = models
    with pytest.raises(FieldError, match="Did you mean 'pages'"):
        Book.objects.order_by("pges")
    with pytest.raises(FieldError, match="Choices are: author, editor"):
        Book.objects.select_related("title")


def test_repr_shows_a_few_rows(library, models):
    Author, _, _ = models
    assert repr(Author.objects.all()) == (
        "<QuerySet [<Author: Author object (1)>, <Author: Author object (2)>]>"
    )


class Word(Model):
    text = CharField(max_length=100)


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6
) | st.text("aAbB%_\\'\"", min_size=1, max_size=6)


def lower(text):
    """As SQLite's LIKE has it: ASCII letters only."""
    return "".join(c.lower() if c.isascii() else c for c in text)


@given(st.lists(TEXTS, max_size=6, unique=True), TEXTS)
@settings(max_examples=60, deadline=None)
def test_text_lookups_agree_with_python(words, wanted):
    database = connect("sqlite://")
    Word.create_table()
    for word in words:
        Word.objects.create(text=word)
    checks = {
        "exact": lambda w: w == wanted,
        "iexact": lambda w: lower(w) == lower(wanted),
        "contains": lambda w: lower(wanted) in lower(w),
        "startswith": lambda w: lower(w).startswith(lower(wanted)),
        "in": lambda w: w == wanted,
    }
    for lookup, holds in checks.items():
        value = [wanted] if lookup == "in" else wanted
        rows = Word.objects.filter(**{f"text__{lookup}": value})
        assert {row.text for row in rows} == set(filter(holds, words)), lookup
        rest = Word.objects.exclude(**{f"text__{lookup}": value})
        assert {row.text for row in rest} == set(words) - set(filter(holds, words))
    database.close()
