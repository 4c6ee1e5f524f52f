"""Who answers what the models do not say: nobody, flags, a person."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest

from fwtrace.toolkit import timezone
from fwtrace.toolkit.orm import models
from fwtrace.toolkit.orm.fields import NOT_PROVIDED
from fwtrace.toolkit.orm.migrations.autodetector import MigrationAutodetector
from fwtrace.toolkit.orm.migrations.exceptions import MigrationError
from fwtrace.toolkit.orm.migrations.questioner import (
    FlagQuestioner,
    InteractiveQuestioner,
    MigrationQuestioner,
    NeedsAnswer,
)
from fwtrace.toolkit.orm.migrations.questioner.oneoff import evaluate
from tests.toolkit.orm.migrations.changes import author, book
from tests.toolkit.orm.migrations.sides import Side, told

m = Side("ours")
Models = list[Any]


def detect(before: Models, after: Models, questioner: Any) -> str:
    """The operations, a line each."""
    detector = MigrationAutodetector(m.state(before), m.state(after), questioner)
    lines = told(detector._detect_changes()).splitlines()
    return "\n".join(line.strip() for line in lines if line.startswith(" "))


def with_pages(**options: Any) -> Any:
    return book(m, pages=models.IntegerField(**options))


def with_length(**options: Any) -> Any:
    return book(m, length=models.IntegerField(**options))


def writer() -> Any:
    return m.model("blog.Writer", name=models.CharField(max_length=9))


# Nobody.


def test_nobody_renames_or_knows_a_default():
    found = detect([with_pages(null=True)], [with_length()], MigrationQuestioner())
    assert found == "RemoveField book.pages\nAddField book.length once"


def test_answers_may_be_given_by_question():
    yes = MigrationQuestioner({"ask_rename": True, "ask_merge": True})
    assert detect([with_pages()], [with_length()], yes) == (
        "RenameField book.pages to length"
    )
    assert yes.ask_merge("blog") is True
    assert yes.ask_rename_model(author(m), writer()) is False


def test_apps_that_may_begin():
    questioner = MigrationQuestioner(specified_apps=["blog"])
    assert [questioner.ask_initial(app) for app in ("blog", "shop")] == [True, False]


# Flags: renames.


@pytest.mark.parametrize("name", ["book.pages", "blog.book.pages", "Blog.Book.pages"])
def test_a_flag_renames_a_field(name):
    questioner = FlagQuestioner(renames={name: "length"})
    assert detect([with_pages()], [with_length()], questioner) == (
        "RenameField book.pages to length"
    )
    assert (questioner.unanswered, questioner.unused) == ([], [])


@pytest.mark.parametrize("name", ["Author", "blog.Author", "author"])
def test_a_flag_renames_a_model(name):
    questioner = FlagQuestioner(renames={name: "Writer"})
    found = detect([author(m)], [writer()], questioner)
    assert found == "RenameModel Author to Writer"


def test_a_flag_renames_what_is_altered_besides():
    questioner = FlagQuestioner(renames={"book.pages": "length"})
    found = detect([with_pages()], [with_length(null=True)], questioner)
    assert found == "RenameField book.pages to length\nAlterField book.length"
    taller = m.model("blog.Writer", age=models.IntegerField(null=True))
    questioner = FlagQuestioner(renames={"Author": "Writer"})
    assert detect([author(m)], [taller], questioner) == (
        "RenameModel Author to Writer\nRemoveField writer.name\nAddField writer.age"
    )


def test_a_column_does_not_become_pairs_by_a_flag():
    tags = models.ManyToManyField("blog.Author")
    after = [author(m), book(m, tags=tags)]
    questioner = FlagQuestioner(renames={"book.pages": "tags"})
    found = detect([author(m), with_pages()], after, questioner)
    assert found == "RemoveField book.pages\nAddField book.tags"
    assert questioner.unused == ["--rename book.pages"]


def test_a_rename_that_nobody_spoke_of_is_none():
    questioner = FlagQuestioner()
    found = detect([with_pages(null=True)], [with_length(null=True)], questioner)
    assert found == "RemoveField book.pages\nAddField book.length"
    assert [str(each) for each in questioner.unanswered] == [
        "--rename blog.book.pages=length"
    ]
    questioner = FlagQuestioner()
    detect([author(m)], [writer()], questioner)
    assert [str(each) for each in questioner.unanswered] == [
        "--rename blog.Author=Writer"
    ]


def test_a_flag_says_which_of_several():
    before = book(m, a=models.IntegerField(), b=models.IntegerField())
    after = book(m, x=models.IntegerField(null=True), y=models.IntegerField())
    questioner = FlagQuestioner(renames={"book.b": "y"})
    found = detect([before], [after], questioner)
    assert found == ("RenameField book.b to y\nRemoveField book.a\nAddField book.x")
    assert questioner.unanswered == []


def test_the_flag_of_the_app_wins():
    before = [with_pages(), m.model("shop.Book", pages=models.IntegerField())]
    after = [with_length(), m.model("shop.Book", size=models.IntegerField())]
    renames = {"book.pages": "length", "shop.book.pages": "size"}
    assert detect(before, after, FlagQuestioner(renames=renames)) == (
        "RenameField book.pages to length\nRenameField book.pages to size"
    )


def test_flags_that_fit_nothing_are_known():
    questioner = FlagQuestioner({"book.Pages": "length"}, {"Tag.isbn": "''"})
    assert detect([book(m)], [book(m)], questioner) == ""
    assert questioner.unused == ["--rename book.Pages", "--default Tag.isbn"]


# Flags: defaults.


def test_a_flag_gives_a_default():
    questioner = FlagQuestioner(defaults={"book.pages": "100"})
    states = m.state([book(m)]), m.state([with_pages()])
    changes = MigrationAutodetector(*states, questioner)._detect_changes()
    (added,) = changes["blog"][0].operations
    assert (added.field.default, added.preserve_default) == (100, False)
    assert questioner.unused == []


def test_a_needed_default_is_asked_for():
    with pytest.raises(NeedsAnswer) as raised:
        detect([book(m)], [with_pages()], FlagQuestioner())
    assert str(raised.value) == (
        "book.pages of blog is new, cannot be NULL and has no default: say what the "
        "rows that are there get, as in --default book.pages=\"''\", or give the field "
        "a default."
    )
    assert isinstance(raised.value, MigrationError)


def test_a_needed_moment_is_asked_for():
    added = book(m, added=models.DateTimeField(auto_now_add=True))
    with pytest.raises(NeedsAnswer, match=r'--default book.added="timezone.now\(\)"'):
        detect([book(m)], [added], FlagQuestioner())
    flags = FlagQuestioner(defaults={"book.added": "timezone.now()"})
    assert detect([book(m)], [added], flags) == "AddField book.added once"


def test_null_no_more_goes_on_with_a_note():
    questioner = FlagQuestioner()
    found = detect([with_pages(null=True)], [with_pages()], questioner)
    assert found == "AlterField book.pages"
    assert questioner.notes == [
        "book.pages may be NULL no more: the migration will stop at rows where it is, "
        "unless you say what to put there, as in --default book.pages=\"''\"."
    ]
    flags = FlagQuestioner(defaults={"book.pages": "0"})
    assert detect([with_pages(null=True)], [with_pages()], flags) == (
        "AlterField book.pages once"
    )


def test_a_function_for_unique_values_goes_on_with_a_note():
    code = models.UUIDField(default=uuid.uuid4, unique=True)
    questioner = FlagQuestioner()
    assert detect([book(m)], [book(m, code=code)], questioner) == "AddField book.code"
    (note,) = questioner.notes
    assert note.startswith("book.code is unique, and its default is a function, which")


def test_a_dry_run_needs_no_default():
    questioner = FlagQuestioner(dry_run=True)
    assert detect([book(m)], [with_pages()], questioner) == "AddField book.pages once"


def test_a_wrong_default_is_told_at_once():
    with pytest.raises(MigrationError) as raised:
        FlagQuestioner(defaults={"book.isbn": "none"})
    assert str(raised.value) == (
        "--default book.isbn: 'none' uses 'none', which is not known here: there are "
        "datetime, timezone, uuid, Decimal; text is written in quotes, as in 'none'."
    )


# The values of defaults.


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("''", ""),
        (" 'draft' ", "draft"),
        ("-1", -1),
        ("None", None),
        ("[1, {'a': (2.5, True)}]", [1, {"a": (2.5, True)}]),
        ("Decimal('1.50')", Decimal("1.50")),
        ("datetime.date(2026, 1, 2)", datetime.date(2026, 1, 2)),
        ("datetime.timedelta(days=1) * 2", datetime.timedelta(2)),
        ("uuid.UUID(int=0)", uuid.UUID(int=0)),
        ("uuid.uuid4", uuid.uuid4),
        ("timezone.now", timezone.now),
    ],
)
def test_a_value_is_python(text, value):
    assert evaluate(text) == value


def test_now_is_aware():
    assert evaluate("timezone.now()").tzinfo is datetime.UTC
    assert evaluate("datetime.datetime.now(timezone.utc)").tzinfo is datetime.UTC


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no Python expression"),
        ("1 +", "no Python expression"),
        ("x = 1", "no Python expression"),
        ("draft", "uses 'draft', which is not known here"),
        ("open('x')", "uses 'open', which is not known here"),
        ("__import__('os')", "uses '__import__'"),
        ("datetime.sys", "has no value"),
        ("uuid.os", "has no value"),
        ("().__class__", "does more than a default may"),
        ("Decimal.__subclasses__()", "does more than a default may"),
        ("[n for n in (1, 2)]", "does more than a default may"),
        ("[1 for _ in ()]", "does more than a default may"),
        ("(lambda: 1)()", "does more than a default may"),
        ("f'{1}'", "does more than a default may"),
        ("9 ** 9 ** 9", "does more than a default may"),
        ("1 / 0", "has no value: division by zero"),
        ("datetime.date(2026, 13, 1)", "has no value: month must be in 1..12"),
        ("'a\0b'", "no Python expression"),
    ],
)
def test_what_is_no_value_is_told_in_a_sentence(text, said):
    with pytest.raises(ValueError, match=said.replace(".", r"\.")) as raised:
        evaluate(text)
    assert "\n" not in str(raised.value)


# A person.


class Person:
    """Answers by turns, and keeps what was said."""

    def __init__(self, *answers: str, **options: Any) -> None:
        self.answers = list(answers)
        self.said: list[str] = []
        self.questioner = InteractiveQuestioner(self.ask, self.said.append, **options)

    def ask(self, question: str) -> str:
        self.said.append(question)
        if not self.answers:
            raise EOFError
        return self.answers.pop(0)

    def detects(self, before: Models, after: Models) -> str:
        found = detect(before, after, self.questioner)
        assert self.answers == []
        return found


def test_a_person_is_asked_for_renames():
    person = Person("y")
    assert person.detects([with_pages()], [with_length()]) == (
        "RenameField book.pages to length"
    )
    assert person.said == [
        "Was book.pages renamed to book.length (IntegerField)? [y/N] "
    ]
    person = Person("yes")
    assert person.detects([author(m)], [writer()]) == "RenameModel Author to Writer"
    assert person.said == ["Was the model blog.Author renamed to Writer? [y/N] "]


@pytest.mark.parametrize("answer", ["", "n", "No"])
def test_a_person_may_say_no(answer):
    person = Person(answer)
    assert person.detects([with_pages(null=True)], [with_length(null=True)]) == (
        "RemoveField book.pages\nAddField book.length"
    )


def test_a_wrong_answer_is_asked_for_again():
    person = Person("perhaps", "y")
    person.detects([with_pages()], [with_length()])
    assert person.said[1] == "Answer y or n, or quit."


def test_a_person_gives_a_default():
    person = Person("3", "1", "many", "100")
    assert person.detects([book(m)], [with_pages()]) == "AddField book.pages once"
    assert person.said == [
        "The new field book.pages cannot be NULL and has no default, so that the rows "
        "that are there need a value.",
        " 1) Give them one now",
        " 2) Quit, to give the field a default in the model",
        "Number: ",
        "Answer with a number from 1 to 2.",
        "Number: ",
        "Write it as Python; datetime, timezone, uuid, Decimal are known.",
        "Value: ",
        "'many' uses 'many', which is not known here: there are datetime, timezone, "
        "uuid, Decimal; text is written in quotes, as in 'many'.",
        "Value: ",
    ]


def test_now_is_what_enter_stands_for():
    added = book(m, added=models.DateTimeField(auto_now_add=True))
    person = Person("1", "")
    states = m.state([book(m)]), m.state([added])
    changes = MigrationAutodetector(*states, person.questioner)._detect_changes()
    assert changes["blog"][0].operations[0].field.default is timezone.now
    assert person.said[-1] == "Value [timezone.now]: "


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["1", "0"], "AlterField book.pages once"),
        (["2"], "AlterField book.pages"),
    ],
)
def test_a_person_says_what_becomes_of_null(answers, expected):
    person = Person(*answers)
    assert person.detects([with_pages(null=True)], [with_pages()]) == expected


def test_a_person_is_warned_of_a_function_for_unique_values():
    code = models.UUIDField(default=uuid.uuid4, unique=True)
    person = Person("1")
    assert person.detects([book(m)], [book(m, code=code)]) == "AddField book.code"
    assert "all rows that are there get the same value" in person.said[0]


def test_a_person_is_asked_to_merge():
    person = Person("y")
    assert person.questioner.ask_merge("blog") is True
    assert person.said[0].startswith("Do the branches of blog's migrations change")


@pytest.mark.parametrize("answers", [["2"], ["q"], ["1", "quit"], ["exit"]])
def test_a_person_may_quit(answers):
    with pytest.raises(NeedsAnswer, match="You quit: no migration was made."):
        Person(*answers).detects([book(m)], [with_pages()])


def test_nobody_is_there():
    with pytest.raises(NeedsAnswer, match="Nobody is there to answer: Number:"):
        Person().detects([book(m)], [with_pages()])


def test_a_person_is_not_asked_for_defaults_in_a_dry_run():
    code = models.UUIDField(default=uuid.uuid4, unique=True)
    added = models.DateTimeField(auto_now_add=True)
    before = book(m, pages=models.IntegerField(null=True))
    after = book(
        m,
        pages=models.IntegerField(),
        size=models.IntegerField(),
        code=code,
        added=added,
    )
    person = Person(dry_run=True)
    found = detect([before], [after], person.questioner)
    assert person.said == []
    assert person.questioner.ask_not_null_addition("a", "b") is NOT_PROVIDED
    assert found.splitlines() == [
        "AddField book.added once",
        "AddField book.code",
        "AddField book.size once",
        "AlterField book.pages",
    ]
