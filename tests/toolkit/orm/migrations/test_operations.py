"""Operations: what they say of themselves, as Django's do, and what they refuse."""

from typing import Any, cast

import pytest

from fwtrace.toolkit.orm import migrations as ours, models as our_models
from fwtrace.toolkit.orm.migrations.state import ModelState, ProjectState


def every_operation(m, models):
    """One of each kind, or two where it can be said in two ways."""
    char = models.CharField(max_length=9)
    return [
        m.CreateModel("Book", [("title", char)], {"ordering": ["title"]}),
        m.CreateModel("Thick", [], {"proxy": True}, bases=("shop.book",)),
        m.DeleteModel("Book"),
        m.RenameModel("Book", "Tome"),
        m.AlterModelTable("Book", "tomes"),
        m.AlterModelTable("Book", None),
        m.AlterModelTableComment("Book", "all of them"),
        m.AlterUniqueTogether("Book", {("a", "b")}),
        m.AlterOrderWithRespectTo("Book", "author"),
        m.AlterModelOptions("Book", {"verbose_name": "tome"}),
        m.AlterModelManagers("Book", []),
        m.AddField("Book", "isbn", char),
        m.AddField("Book", "isbn", char, preserve_default=False),
        m.RemoveField("Book", "isbn"),
        m.AlterField("Book", "isbn", char),
        m.RenameField("Book", "isbn", "number"),
        m.AddIndex("Book", models.Index(fields=["a", "-b"], name="by_a")),
        m.RemoveIndex("Book", "by_a"),
        m.RenameIndex("Book", new_name="by_b", old_name="by_a"),
        m.RenameIndex("Book", new_name="by_b", old_fields=("a", "b")),
        m.AddConstraint("Book", models.UniqueConstraint(fields=["a"], name="one_a")),
        m.RemoveConstraint("Book", "one_a"),
        m.RunSQL("SELECT 1", "SELECT 2", hints={"a": 1}),
        m.RunSQL("SELECT 1"),
        m.SeparateDatabaseAndState([m.RemoveIndex("Book", "a")], []),
    ]


def told(operation):
    kind, args, kwargs = operation.deconstruct()
    plain = {k: v for k, v in kwargs.items() if isinstance(v, (str, bool, dict, set))}
    return {
        "kind": kind,
        "args": len(args),
        "names": sorted(kwargs),
        "values": plain,
        "description": operation.describe(),
        "fragment": operation.migration_name_fragment,
        "reversible": operation.reversible,
        "reduces_to_sql": operation.reduces_to_sql,
        "elidable": operation.elidable,
        "category": operation.category and operation.category.value,
    }


@pytest.mark.oracle
def test_they_say_of_themselves_what_djangos_do():
    from django.db import migrations, models

    for mine, theirs in zip(
        every_operation(ours, our_models),
        every_operation(migrations, models),
        strict=True,
    ):
        assert told(mine) == told(theirs)


@pytest.mark.parametrize("operation", every_operation(ours, our_models), ids=repr)
def test_they_are_made_again_of_what_they_say(operation):
    kind, args, kwargs = operation.deconstruct()
    made = getattr(ours, kind)(*args, **kwargs)
    assert told(made) == told(operation)
    assert operation.formatted_description()[1:] == f" {operation.describe()}"


def test_python_is_called_by_its_name():
    assert ours.RunPython(print).describe() == "Raw Python operation print()"


CHAR = our_models.CharField(max_length=9)
REFUSED = {
    "field twice": (
        lambda: ours.CreateModel("A", [("x", CHAR), ("x", CHAR)]),
        "CreateModel 'A' names the field 'x' twice",
    ),
    "base twice": (
        lambda: ours.CreateModel("A", [], bases=("a.b", "a.b")),
        "names the base 'a.b' twice",
    ),
    "index without a name": (
        lambda: ours.AddIndex("A", our_models.Index(fields=["x"])),
        "needs a name",
    ),
    "index with two old names": (
        lambda: ours.RenameIndex("A", new_name="b", old_name="a", old_fields=("x",)),
        "one of old_name and old_fields",
    ),
    "no function": (
        lambda: ours.RunPython(cast("Any", "code")),
        "takes functions, not 'code'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_meant_is_refused(name):
    make, said = REFUSED[name]
    with pytest.raises(ValueError, match=said):
        make()


# The state.


def state_of(*operations):
    state = ProjectState()
    for operation in operations:
        operation.state_forwards("shop", state)
    return state


AUTHOR = ours.CreateModel("Author", [("name", our_models.CharField(max_length=9))])
BOOK = ours.CreateModel(
    "Book",
    [
        ("title", our_models.CharField(max_length=9)),
        ("author", our_models.ForeignKey("shop.author", our_models.CASCADE)),
        ("friends", our_models.ManyToManyField("shop.Author", related_name="+")),
    ],
    {
        "unique_together": [("title", "author")],
        "indexes": [our_models.Index(fields=["-title"], name="by_title")],
    },
)


def test_a_renamed_model_is_followed_by_what_refers_to_it():
    state = state_of(AUTHOR, BOOK, ours.RenameModel("Author", "Writer"))
    book = state.model("shop", "book")
    assert book.fields["author"].to == "shop.writer"
    assert book.fields["friends"].to == "shop.writer"
    assert ("shop", "author") not in state.models
    assert list(state.models) == [("shop", "writer"), ("shop", "book")]


def test_a_renamed_field_is_followed_by_what_names_it():
    state = state_of(AUTHOR, BOOK, ours.RenameField("Book", "title", "name"))
    options = state.model("shop", "book").options
    assert options["unique_together"] == {("name", "author")}
    assert options["indexes"][0].fields == ["-name"]
    assert list(state.model("shop", "book").fields) == ["name", "author", "friends"]


def test_a_clone_does_not_change_with_the_original():
    state = state_of(AUTHOR)
    before = state.clone()
    state_forwards = ours.AddField("Author", "age", our_models.IntegerField())
    state_forwards.state_forwards("shop", state)
    assert list(before.model("shop", "author").fields) == ["name"]
    assert before != state
    assert before.apps.get_model("shop", "Author")._meta.fields[-1].name == "name"


def test_models_are_made_when_they_are_asked_for():
    apps = state_of(AUTHOR, BOOK).apps
    book = apps.get_model("shop", "Book")
    author = book._meta.get_field("author").related_model
    assert author is apps.get_model("shop.author")
    assert book._meta.get_field("friends").through._meta.db_table == "shop_book_friends"
    assert book._meta.db_table == "shop_book"


def test_ways_back_are_there_for_python():
    apps = state_of(AUTHOR, BOOK).apps
    apps.complete()
    author = apps.get_model("shop", "Author")
    assert [rel.name for rel in author._meta.related_objects if not rel.hidden] == [
        "book"
    ]


def test_a_model_that_is_not_there_is_named():
    state = state_of(AUTHOR)
    with pytest.raises(LookupError, match=r"There is no model shop\.shelf"):
        state.apps.get_model("shop", "Shelf")
    with pytest.raises(KeyError, match="no field 'age'"):
        ours.RemoveField("Author", "age").state_forwards("shop", state)
    with pytest.raises(KeyError, match="no model shop.Shelf"):
        ours.DeleteModel("Shelf").state_forwards("shop", state)


def test_a_field_of_a_class_is_refused():
    class Thing(our_models.Model):
        name = our_models.CharField(max_length=9)

    with pytest.raises(ValueError, match="is one of a class"):
        ModelState("shop", "Thing", [("name", Thing._meta.get_field("name"))])


def test_what_classes_say():
    class Shelf(our_models.Model):
        name = our_models.CharField(max_length=9)

        class Meta:
            ordering = ["name"]
            indexes = [our_models.Index(fields=["name"])]

    class Wide(Shelf):
        up = our_models.ForeignKey("self", our_models.CASCADE, related_name="+")

    state = ProjectState.from_models([Shelf, Wide], "shop")
    shelf, wide = state.model("shop", "shelf"), state.model("shop", "wide")
    up: Any = wide.fields["up"]
    assert shelf.options["db_table"] == "shelf", "the class says so, having no app"
    assert shelf.options["indexes"][0].name.endswith("_idx")
    assert wide.bases == ("shop.shelf",)
    assert up.to == "shop.wide"
    assert list(wide.fields) == ["shelf_ptr", "up"]
