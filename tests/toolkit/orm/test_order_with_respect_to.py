"""Meta.order_with_respect_to: answers in the order that their question gives them."""

from typing import Any

import pytest

from fwtrace.toolkit.orm import (
    CharField,
    FieldError,
    ForeignKey,
    IntegerField,
    Model,
    OrderWrt,
    connect,
)
from fwtrace.toolkit.validators import ValidationError
from tests.toolkit.orm import oracle
from tests.toolkit.orm.servers import only_sqlite


class Question(Model):
    text: Any = CharField(max_length=20)
    get_answer_order: Any
    set_answer_order: Any
    answer_set: Any


class Answer(Model):
    question: Any = ForeignKey(Question, null=True)
    text: Any = CharField(max_length=20, default="")
    question_id: Any
    _order: Any
    get_next_in_order: Any
    get_previous_in_order: Any

    class Meta:
        order_with_respect_to = "question"


@pytest.fixture
def answers(connected):
    """Of one question a, b, c, of another x; they were saved by turns."""
    Question.create_table()
    Answer.create_table()
    first, other = (Question.objects.create(text=text) for text in ("1", "2"))
    return [
        Answer.objects.create(question=question, text=text)
        for question, text in ((first, "a"), (other, "x"), (first, "b"), (first, "c"))
    ]


def texts(rows):
    return "".join(row.text for row in rows)


def test_new_rows_are_the_last(answers):
    a, x, b, c = answers
    assert [each._order for each in answers] == [0, 0, 1, 2]
    assert texts(a.question.answer_set.all()) == "abc"
    b.delete()
    assert a.question.answer_set.create(text="d")._order == 3
    assert x.question.answer_set.get_or_create(text="y")[0]._order == 1
    assert Answer.objects.create(question=a.question, _order=0)._order == 4


def test_saved_rows_stay_where_they_are(answers):
    a, x, b, c = answers
    a.text = "A"
    a.save()
    assert texts(a.question.answer_set.all()) == "Abc"
    x.question = a.question
    x.save()
    assert x._order == 0


def test_order_is_read_and_set(answers):
    a, x, b, c = answers
    question = a.question
    keys = question.get_answer_order()
    assert list(keys) == [a.pk, b.pk, c.pk]
    assert keys.filter(text__gt="a").count() == 2
    question.set_answer_order([c.pk, a.pk, b.pk])
    assert list(question.get_answer_order()) == [c.pk, a.pk, b.pk]
    assert texts(question.answer_set.all()) == "cab"
    assert texts(question.answer_set.order_by("-_order")) == "bac"
    question.set_answer_order(reversed(question.get_answer_order()))
    assert texts(question.answer_set.all()) == "bac"


def test_rows_of_another_stay_where_they_are(answers):
    a, x, b, c = answers
    a.question.set_answer_order([b.pk, x.pk, a.pk])
    x.refresh_from_db()
    assert x._order == 0
    assert texts(a.question.answer_set.all()) == "bac"


def test_order_is_set_in_one_statement(answers, statements):
    a, x, b, c = answers
    a.question.set_answer_order([c.pk, b.pk, a.pk])
    written = [sql for sql, _ in statements if sql.startswith("UPDATE")]
    assert len(written) == 1


def test_rows_know_their_neighbours(answers):
    a, x, b, c = answers
    assert a.get_next_in_order() == b
    assert b.get_next_in_order() == c
    assert c.get_previous_in_order() == b
    with pytest.raises(Answer.DoesNotExist, match="no Answer after this one"):
        c.get_next_in_order()
    with pytest.raises(Answer.DoesNotExist, match="no Answer before this one"):
        x.get_previous_in_order()


def test_neighbours_are_those_of_now(answers):
    """Whatever the instance remembers of its own place."""
    a, x, b, c = answers
    a.question.set_answer_order([b.pk, c.pk, a.pk])
    assert b.get_next_in_order() == c
    assert a.get_previous_in_order() == c
    assert a._order == 0


def test_rows_of_nobody_have_an_order_too(answers):
    one, two = (Answer.objects.create(text=text) for text in "pq")
    assert (one._order, two._order) == (0, 1)
    assert one.get_next_in_order() == two


def test_bulk_create_numbers_the_rows(answers):
    a, x, *_ = answers
    pairs = ((a, "d"), (x, "y"), (a, "e"))
    Answer.objects.bulk_create(
        [Answer(question=of.question, text=text) for of, text in pairs]
        + [Answer(question=a.question, text="0", _order=-1)]
    )
    assert texts(a.question.answer_set.all()) == "0abcde"
    assert texts(x.question.answer_set.all()) == "xy"


def test_owner_may_be_saved_after_it_was_assigned(answers):
    question = Question(text="3")
    answer = Answer(question=question)
    with pytest.raises(ValueError, match="Save the Question before"):
        answer.save()
    question.save()
    answer.save()
    assert (answer._order, answer.question_id) == (0, question.pk)


def test_order_is_of_its_database(answers):
    other = connect("sqlite://", alias="other")
    Question.create_table(using="other")
    Answer.create_table(using="other")
    question = Question.objects.using("other").create(text="1")
    assert question.answer_set.create(text="a")._order == 0
    second = Answer.objects.using("other").create(question=question, text="b")
    question.set_answer_order([second.pk, 1])
    assert texts(question.answer_set.all()) == "ba"
    answers[0].question.set_answer_order([], using="other")
    assert second.get_next_in_order().text == "a"
    other.close()


def test_column_is_hidden():
    field = Answer._meta.get_field("_order")
    assert isinstance(field, OrderWrt)
    assert (field.editable, field.column) == (False, "_order")
    assert field.deconstruct() == (
        "_order",
        "fwtrace.toolkit.orm.OrderWrt",
        [],
        {"editable": False},
    )
    assert field.clone().deconstruct()[1:] == field.deconstruct()[1:]
    assert Answer._meta.order_with_respect_to is Answer._meta.get_field("question")
    assert Answer._meta.original_attrs == {"order_with_respect_to": "question"}
    assert (Answer._meta.ordering, Question._meta.ordering) == (["_order"], [])
    assert Question._meta.order_with_respect_to is None


def test_full_clean_does_not_ask_for_it(answers):
    Answer(question=answers[0].question, text="d").full_clean()
    with pytest.raises(ValidationError) as refused:
        Answer(question=answers[0].question).full_clean()
    assert set(refused.value.message_dict) == {"text"}


@only_sqlite
def test_owner_may_be_defined_later(connected):
    class Page(Model):
        chapter: Any = ForeignKey("Chapter")
        number: Any = IntegerField()

        class Meta:
            order_with_respect_to = "chapter_id"

    class Chapter(Model):
        title: Any = CharField(max_length=9)
        get_page_order: Any
        page_set: Any

    Chapter.create_table()
    Page.create_table()
    chapter = Chapter.objects.create(title="I")
    made = [chapter.page_set.create(number=number) for number in (5, 4)]
    assert list(chapter.get_page_order()) == [each.pk for each in made]


@only_sqlite
def test_rows_may_belong_to_rows_of_their_own_model(connected):
    class Node(Model):
        parent: Any = ForeignKey("self", null=True, related_name="children")
        get_node_order: Any
        set_node_order: Any
        children: Any

        class Meta:
            order_with_respect_to = "parent"

    Node.create_table()
    root = Node.objects.create()
    left, right = root.children.create(), root.children.create()
    root.set_node_order([right.pk, left.pk])
    assert list(root.children.all()) == [right, left]
    assert list(root.get_node_order()) == [right.pk, left.pk]


@only_sqlite
def test_models_inherit_the_order(connected):
    class Note(Model):
        question: Any = ForeignKey(Question)

        class Meta:
            abstract = True
            order_with_respect_to = "question"

    class Remark(Note):
        text: Any = CharField(max_length=9)
        get_next_in_order: Any

    class Joke(Remark):
        laughs: Any = IntegerField(default=0)

    class Shown(Remark):
        class Meta:
            proxy = True

    for model in (Question, Remark, Joke):
        model.create_table()
    question: Any = Question.objects.create(text="?")
    one = Remark.objects.create(question=question, text="1")
    joke = Joke.objects.create(question=question, text="2")
    three = Shown.objects.create(question=question, text="3")
    assert [one._order, joke._order, three._order] == [0, 1, 2]
    assert one.get_next_in_order().pk == joke.pk
    assert list(question.get_remark_order()) == [one.pk, joke.pk, three.pk]
    assert Joke._meta.ordering == Shown._meta.ordering == ["_order"]
    assert not hasattr(question, "get_joke_order")
    assert [each.text for each in Shown.objects.all()] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("options", "error", "why"),
    [
        ({"order_with_respect_to": "questoin"}, FieldError, "Did you mean 'question'"),
        ({"order_with_respect_to": "text"}, FieldError, "foreign key, which 'text' is"),
        (
            {"order_with_respect_to": "question", "ordering": ["text"]},
            TypeError,
            "both ordering and order_with_respect_to: its rows can have one order",
        ),
    ],
)
def test_wrong_definitions_are_refused(options, error, why):
    with pytest.raises(error, match=why):

        class Wrong(Model):
            question = ForeignKey(Question)
            text = CharField(max_length=5)
            Meta = type("Meta", (), options)


# As Django does it.


def shelves(models, create):
    class Shelf(models.Model):  # type: ignore[misc, name-defined]
        class Meta:
            app_label = "oracle"

    class Volume(models.Model):  # type: ignore[misc, name-defined]
        shelf = models.ForeignKey(Shelf, models.CASCADE)

        class Meta:
            app_label = "oracle"
            order_with_respect_to = "shelf"

    _, volume_table, *_ = create(Shelf, Volume)
    one, two = Shelf.objects.create(), Shelf.objects.create()
    made = [Volume.objects.create(shelf=shelf) for shelf in (one, two, one, one)]
    found: dict[str, Any] = {"places": [each._order for each in made]}
    one.set_volume_order([4, 1, 3])
    found["keys"] = list(one.get_volume_order())
    found["next"] = made[0].get_next_in_order().pk
    found["previous"] = made[0].get_previous_in_order().pk
    try:
        made[1].get_next_in_order()
    except Volume.DoesNotExist:
        found["none"] = True
    made[3].delete()
    found["after"] = one.volume_set.create()._order
    meta = Volume._meta
    found["field"] = meta.order_with_respect_to.name
    found["ordering"] = list(meta.ordering)
    found["given"] = meta.original_attrs
    found["options"] = meta.get_field("_order").deconstruct()[3]
    found["names"] = [field.name for field in meta.local_fields]
    found["column"] = '"_order" integer NOT NULL' in volume_table
    return found


@only_sqlite
@pytest.mark.oracle
def test_all_is_as_in_django(connected):
    assert oracle.ours(shelves) == oracle.djangos(shelves)
