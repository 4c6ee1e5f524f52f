"""Changes of models, and the migrations that they lead to: a table to read, and to run
on ours and on Django's.

Each is a function of a side: it gives the models before and after, and its docstring
has the migrations. Where ours are better on purpose, ``django`` has what Django makes
of it, and a comment says why.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.toolkit.orm.migrations.sides import Side, told

Models = list[Any]


@dataclass
class Change:
    """``answers`` are the questioner's."""

    models: Callable[[Any], tuple[Models, Models]]
    django: str | None = None
    answers: dict[str, bool] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        return inspect.cleandoc(self.models.__doc__ or "")

    @property
    def expected_of_django(self) -> str:
        return self.expected if self.django is None else inspect.cleandoc(self.django)

    def detected(self, side: Side) -> str:
        before, after = self.models(side)
        return told(side.changes(before, after, self.answers))


CHANGES: dict[str, Change] = {}


def change(django: str | None = None, **answers: bool) -> Callable[[Any], Any]:
    def added(models: Any) -> Any:
        CHANGES[models.__name__] = Change(models, django, answers)
        return models

    return added


def author(m: Any, options: Any = None, **fields: Any) -> Any:
    return m.model("blog.Author", options, name=m.CharField(max_length=9), **fields)


def book(m: Any, options: Any = None, **fields: Any) -> Any:
    return m.model(
        "blog.Book", options, **{"title": m.CharField(max_length=9), **fields}
    )


def fan(m: Any) -> Any:
    return m.model("blog.Fan", {"proxy": True}, ["blog.author"])


def bar(m: Any, **fields: Any) -> Any:
    """A model that inherits from Place."""
    options = {"parent_link": True, "primary_key": True}
    link = m.OneToOneField("blog.Place", m.CASCADE, **options)
    return m.model("blog.Bar", bases=["blog.place"], place_ptr=link, **fields)


def pages_index(m: Any, name: str = "by_pages", field: str = "pages") -> Any:
    return m.Index(fields=[field], name=name)


def title_constraint(m: Any, **options: Any) -> Any:
    return m.UniqueConstraint(fields=["title"], name="one_title", **options)


def doubled(m: Any, times: int = 2) -> Any:
    """A field that is worked out of ``width``."""
    return m.GeneratedField(
        expression=m.F("width") * times,
        output_field=m.IntegerField(),
        db_persist=True,
    )


def group(m: Any, **options: Any) -> Any:
    members = m.ManyToManyField("blog.Person", **options)
    return m.model("blog.Group", members=members)


def membership(m: Any) -> Any:
    return m.model("blog.Membership", group=m.fk("blog.Group"), who=m.fk("blog.Person"))


# Models that are made.


@change()
def nothing(m: Any) -> Any:
    """Nothing."""
    return [book(m)], [book(m)]


@change()
def a_first_model(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Author(id, name)
    """
    return [], [author(m)]


@change()
def a_model_after_what_it_refers_to(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Bee(id)
        CreateModel Zebra(id)
        CreateModel Ant(id, owner)
    """
    owner = m.model("blog.Zebra")
    return [], [
        m.model("blog.Ant", owner=m.fk("blog.Zebra")),
        m.model("blog.Bee"),
        owner,
    ]


# Django makes the model, and adds its relations where another one came between them.
@change(
    django="""
    blog.0001_initial
        CreateModel Author(id, name)
        CreateModel Book(id, title, author)
    """
)
def fields_in_the_order_of_the_class(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Author(id, name)
        CreateModel Book(id, author, title)
    """
    ordered = {"author": m.fk("blog.Author"), "title": m.CharField(max_length=9)}
    return [], [author(m), m.model("blog.Book", **ordered)]


@change()
def relations_to_several(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Author(id, name)
        CreateModel Tag(id)
        CreateModel Book(id, title, author, tags)
        CreateModel Review(id, book)
    """
    tags = m.ManyToManyField("blog.Tag")
    return [], [
        author(m),
        book(m, author=m.fk("blog.Author"), tags=tags),
        m.model("blog.Review", book=m.fk("blog.Book")),
        m.model("blog.Tag"),
    ]


# Django sorts the relations of a model.
@change(
    django="""
    blog.0001_initial
        CreateModel Node(id, friends, up)
    """
)
def a_model_that_refers_to_itself(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Node(id, up, friends)
    """
    friends = m.ManyToManyField("self")
    return [], [m.model("blog.Node", up=m.fk("self", null=True), friends=friends)]


@change()
def models_that_refer_to_each_other(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Egg(id)
        CreateModel Hen(id, egg)
        AddField egg.hen
    """
    return [], [
        m.model("blog.Hen", egg=m.fk("blog.Egg")),
        m.model("blog.Egg", hen=m.fk("blog.Hen")),
    ]


@change()
def apps_that_refer_to_each_other(m: Any) -> Any:
    """
    farm.0001_initial
        CreateModel Hen(id)
    farm.0002_initial after shop.0001_initial
        AddField hen.egg
    shop.0001_initial after farm.0001_initial
        CreateModel Egg(id, hen)
    """
    return [], [
        m.model("farm.Hen", egg=m.fk("shop.Egg")),
        m.model("shop.Egg", hen=m.fk("farm.Hen")),
    ]


# The app that goes ahead is one without which the others cannot follow, and no other.
@change(
    django="""
    desk.0001_initial
        CreateModel Note(id)
        CreateModel Pen(id)
    desk.0002_initial after farm.0001_initial
        AddField note.hen
    farm.0001_initial
        CreateModel Hen(id)
    farm.0002_initial after shop.0001_initial
        AddField hen.egg
    shop.0001_initial after farm.0001_initial
        CreateModel Egg(id, hen)
    """
)
def apps_beside_others_that_refer_to_each_other(m: Any) -> Any:
    """
    desk.0001_initial after farm.0001_initial
        CreateModel Note(id, hen)
        CreateModel Pen(id)
    farm.0001_initial
        CreateModel Hen(id)
    farm.0002_initial after shop.0001_initial
        AddField hen.egg
    shop.0001_initial after farm.0001_initial
        CreateModel Egg(id, hen)
    """
    return [], [
        m.model("desk.Note", hen=m.fk("farm.Hen")),
        m.model("desk.Pen"),
        m.model("farm.Hen", egg=m.fk("shop.Egg")),
        m.model("shop.Egg", hen=m.fk("farm.Hen")),
    ]


@change()
def pairs_with_a_model_of_their_own(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Group(id)
        CreateModel Person(id)
        CreateModel Membership(id, group, who)
        AddField group.members
    """
    people = m.model("blog.Person")
    return [], [group(m, through="blog.Membership"), membership(m), people]


# A field of pairs is no column: it is cheaper to add it later than the foreign keys.
@change()
def pairs_with_a_model_that_comes_first(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Group(id)
        CreateModel Person(id)
        CreateModel Belonging(id, group, who)
        AddField group.members
    """
    members = m.ManyToManyField("blog.Person", through="blog.Belonging")
    return [], [
        m.model("blog.Belonging", group=m.fk("blog.Group"), who=m.fk("blog.Person")),
        m.model("blog.Group", members=members),
        m.model("blog.Person"),
    ]


@change()
def a_model_that_inherits(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Place(id)
        CreateModel Bar(place_ptr)
    """
    return [], [bar(m), m.model("blog.Place")]


@change()
def a_proxy(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Author(id, name)
        CreateModel Fan()
            proxy: True
    """
    return [], [author(m), fan(m)]


@change()
def a_key_that_is_a_relation(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Author(id, name)
        CreateModel Address(author)
    """
    key = m.OneToOneField("blog.Author", m.CASCADE, primary_key=True)
    return [], [m.model("blog.Address", author=key), author(m)]


# Django sorts the relations behind the other fields.
@change(
    django="""
    blog.0001_initial
        CreateModel Order(id)
        CreateModel Line(pk, place, order)
    """
)
def a_key_of_several_columns(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Order(id)
        CreateModel Line(pk, order, place)
    """
    key = m.CompositePrimaryKey("order_id", "place")
    fields = {"order": m.fk("blog.Order"), "place": m.IntegerField()}
    return [], [m.model("blog.Line", pk=key, **fields), m.model("blog.Order")]


@change()
def a_model_with_a_generated_field(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Box(id, width, area)
    """
    return [], [m.model("blog.Box", width=m.IntegerField(), area=doubled(m))]


@change()
def a_model_with_indexes_and_constraints(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Author(id, name)
        CreateModel Book(id, title, author)
            constraints: late
            indexes: by_pages
            order_with_respect_to: author
            unique_together: (author, title)
    """
    options = {
        "unique_together": {("author", "title")},
        "indexes": [pages_index(m, field="author")],
        "constraints": [m.CheckConstraint(condition=m.Q(title__gt="a"), name="late")],
        "order_with_respect_to": "author",
    }
    return [], [author(m), book(m, options, author=m.fk("blog.Author"))]


# What names a field that comes later comes later. (Within that, ours have one order of
# kinds of operations, Django another for models that are made.)
@change(
    django="""
    farm.0001_initial
        CreateModel Hen(id)
    farm.0002_initial after shop.0001_initial
        AddField hen.egg
        AddIndex hen.by_egg
        AddConstraint hen.one_egg
        AlterUniqueTogether hen to (egg, id)
    shop.0001_initial after farm.0001_initial
        CreateModel Egg(id, hen)
    """
)
def an_index_of_a_field_that_comes_later(m: Any) -> Any:
    """
    farm.0001_initial
        CreateModel Hen(id)
    farm.0002_initial after shop.0001_initial
        AddField hen.egg
        AlterUniqueTogether hen to (egg, id)
        AddIndex hen.by_egg
        AddConstraint hen.one_egg
    shop.0001_initial after farm.0001_initial
        CreateModel Egg(id, hen)
    """
    hen_options = {
        "unique_together": {("egg", "id")},
        "indexes": [m.Index(fields=["egg"], name="by_egg")],
        "constraints": [m.UniqueConstraint(fields=["egg"], name="one_egg")],
    }
    return [], [
        m.model("farm.Hen", hen_options, egg=m.fk("shop.Egg")),
        m.model("shop.Egg", hen=m.fk("farm.Hen")),
    ]


# Django leaves the relations out, which code that is to read the table needs.
@change(
    django="""
    blog.0001_initial
        CreateModel Book(id, title)
        CreateModel Author(id, name)
    """
)
def a_model_whose_table_is_there(m: Any) -> Any:
    """
    blog.0001_initial
        CreateModel Author(id, name)
        CreateModel Book(id, title, author)
    """
    options = {"managed": False}
    return [], [author(m), book(m, options, author=m.fk("blog.Author"))]


# Of a plain name Django cannot tell that a setting may put another model there.
@change(
    django="""
    accounts.0001_initial
        CreateModel User(id)
            swappable: AUTH_USER_MODEL
    blog.0001_initial after accounts.0001_initial
        CreateModel Book(id, title, user)
    """
)
def a_relation_to_a_model_that_can_be_replaced(m: Any) -> Any:
    """
    accounts.0001_initial
        CreateModel User(id)
            swappable: AUTH_USER_MODEL
    blog.0001_initial after accounts.__first__
        CreateModel Book(id, title, user)
    """
    user = m.model("accounts.User", {"swappable": "AUTH_USER_MODEL"})
    return [], [user, book(m, user=m.fk("accounts.User"))]


# New models come first, as they were made.
@change(
    django="""
    blog.0002_book_pages_tag
        AddField book.pages
        CreateModel Tag(id, book)
    """
)
def a_model_and_a_field(m: Any) -> Any:
    """
    blog.0002_tag_book_pages
        CreateModel Tag(id, book)
        AddField book.pages
    """
    tag = m.model("blog.Tag", book=m.fk("blog.Book"))
    return [book(m)], [book(m, pages=m.IntegerField(null=True)), tag]


# Models that are deleted.


@change()
def a_model_is_deleted(m: Any) -> Any:
    """
    blog.0002_delete_author
        DeleteModel Author
    """
    return [author(m)], []


# A table is dropped with its columns.
@change(
    django="""
    blog.0002_remove_book_author_delete_author_delete_book
        RemoveField book.author
        DeleteModel Author
        DeleteModel Book
    """
)
def a_model_is_deleted_with_what_refers_to_it(m: Any) -> Any:
    """
    blog.0002_delete_book_delete_author
        DeleteModel Book
        DeleteModel Author
    """
    return [author(m), book(m, author=m.fk("blog.Author"))], []


@change()
def models_that_refer_to_each_other_are_deleted(m: Any) -> Any:
    """
    blog.0002_remove_hen_egg_delete_egg_delete_hen
        RemoveField hen.egg
        DeleteModel Egg
        DeleteModel Hen
    """
    hen, egg = m.fk("blog.Egg"), m.fk("blog.Hen")
    return [m.model("blog.Egg", hen=egg), m.model("blog.Hen", egg=hen)], []


@change()
def a_model_is_deleted_after_what_referred_to_it(m: Any) -> Any:
    """
    blog.0002_remove_book_author_book_pages_delete_author
        RemoveField book.author
        AddField book.pages
        DeleteModel Author
    """
    pages = m.IntegerField(default=0)
    return [author(m), book(m, author=m.fk("blog.Author"))], [book(m, pages=pages)]


@change()
def a_model_is_deleted_that_another_app_referred_to(m: Any) -> Any:
    """
    blog.0002_delete_author after shop.0002_remove_sale_author
        DeleteModel Author
    shop.0002_remove_sale_author
        RemoveField sale.author
    """
    sale = m.model("shop.Sale", author=m.fk("blog.Author"))
    return [author(m), sale], [m.model("shop.Sale")]


# What loses rows comes last.
@change(
    django="""
    blog.0002_delete_author_book_pages
        DeleteModel Author
        AddField book.pages
    """
)
def a_model_is_deleted_and_a_field_added(m: Any) -> Any:
    """
    blog.0002_book_pages_delete_author
        AddField book.pages
        DeleteModel Author
    """
    return [author(m), book(m)], [book(m, pages=m.IntegerField(default=0))]


@change()
def a_model_is_deleted_before_the_one_that_it_inherits_from(m: Any) -> Any:
    """
    blog.0002_delete_bar_delete_place
        DeleteModel Bar
        DeleteModel Place
    """
    return [m.model("blog.Place"), bar(m)], []


@change()
def a_proxy_is_deleted(m: Any) -> Any:
    """
    blog.0002_delete_fan
        DeleteModel Fan
    """
    return [author(m), fan(m)], [author(m)]


@change()
def a_proxy_becomes_a_model(m: Any) -> Any:
    """
    blog.0002_delete_fan_fan
        DeleteModel Fan
        CreateModel Fan(id)
    """
    return [author(m), fan(m)], [author(m), m.model("blog.Fan")]


# Models that are renamed.


@change(ask_rename_model=True)
def a_model_is_renamed(m: Any) -> Any:
    """
    blog.0002_rename_author_writer
        RenameModel Author to Writer
    """
    writer = m.model("blog.Writer", name=m.CharField(max_length=9))
    return (
        [author(m), book(m, author=m.fk("blog.Author"))],
        [writer, book(m, author=m.fk("blog.Writer"))],
    )


@change()
def a_model_that_is_not_renamed(m: Any) -> Any:
    """
    blog.0002_writer_delete_author
        CreateModel Writer(id, name)
        DeleteModel Author
    """
    return [author(m)], [m.model("blog.Writer", name=m.CharField(max_length=9))]


@change(ask_rename_model=True, ask_rename=True)
def a_model_and_the_relation_to_it_are_renamed(m: Any) -> Any:
    """
    blog.0002_rename_author_writer_rename_author_book_writer
        RenameModel Author to Writer
        RenameField book.author to writer
    """
    writer = m.model("blog.Writer", name=m.CharField(max_length=9))
    return (
        [author(m), book(m, author=m.fk("blog.Author"))],
        [writer, book(m, writer=m.fk("blog.Writer"))],
    )


@change(ask_rename_model=True, ask_rename=True)
def a_model_and_a_field_of_it_are_renamed(m: Any) -> Any:
    """
    blog.0002_rename_author_writer_rename_name_writer_pen_name
        RenameModel Author to Writer
        RenameField writer.name to pen_name
    """
    writer = m.model("blog.Writer", pen_name=m.CharField(max_length=9))
    return [author(m)], [writer]


@change(ask_rename_model=True, ask_rename=True)
def a_model_is_renamed_that_another_inherits_from(m: Any) -> Any:
    """
    blog.0002_rename_place_spot_rename_place_ptr_bar_spot_ptr
        RenameModel Place to Spot
        RenameField bar.place_ptr to spot_ptr
    """
    options = {"parent_link": True, "primary_key": True}
    link = m.OneToOneField("blog.Spot", m.CASCADE, **options)
    return (
        [m.model("blog.Place"), bar(m)],
        [
            m.model("blog.Bar", bases=["blog.spot"], spot_ptr=link),
            m.model("blog.Spot"),
        ],
    )


@change(ask_rename_model=True)
def a_model_is_renamed_that_another_app_refers_to(m: Any) -> Any:
    """
    blog.0002_rename_author_writer after shop.0001_initial
        RenameModel Author to Writer
    """
    writer = m.model("blog.Writer", name=m.CharField(max_length=9))
    return (
        [author(m), m.model("shop.Sale", author=m.fk("blog.Author"))],
        [writer, m.model("shop.Sale", author=m.fk("blog.Writer"))],
    )


@change(ask_rename_model=True)
def a_new_model_refers_to_a_renamed_one(m: Any) -> Any:
    """
    blog.0002_rename_author_writer_note
        RenameModel Author to Writer
        CreateModel Note(id, text, writer)
    """
    writer = m.model("blog.Writer", name=m.CharField(max_length=9))
    note = m.model("blog.Note", text=m.TextField(), writer=m.fk("blog.Writer"))
    return [author(m)], [note, writer]


# Fields.


@change()
def a_field_is_added(m: Any) -> Any:
    """
    blog.0002_book_pages
        AddField book.pages
    """
    return [book(m)], [book(m, pages=m.IntegerField(null=True))]


@change()
def a_field_is_added_that_needs_a_value(m: Any) -> Any:
    """
    blog.0002_book_pages
        AddField book.pages once
    """
    return [book(m)], [book(m, pages=m.IntegerField())]


@change()
def a_field_is_added_that_may_be_blank(m: Any) -> Any:
    """
    blog.0002_book_isbn
        AddField book.isbn
    """
    return [book(m)], [book(m, isbn=m.CharField(max_length=13, blank=True))]


@change()
def a_moment_of_adding_is_added(m: Any) -> Any:
    """
    blog.0002_book_added
        AddField book.added once
    """
    return [book(m)], [book(m, added=m.DateTimeField(auto_now_add=True))]


@change()
def a_moment_of_saving_is_added(m: Any) -> Any:
    """
    blog.0002_book_saved
        AddField book.saved
    """
    return [book(m)], [book(m, saved=m.DateTimeField(auto_now=True))]


@change()
def a_relation_to_a_new_model_is_added(m: Any) -> Any:
    """
    blog.0002_author_book_author
        CreateModel Author(id, name)
        AddField book.author
    """
    return [book(m)], [author(m), book(m, author=m.fk("blog.Author", null=True))]


@change()
def a_relation_to_another_app_is_added(m: Any) -> Any:
    """
    blog.0002_book_user after accounts.0001_initial
        AddField book.user
    """
    user = m.model("accounts.User")
    return [book(m), user], [user, book(m, user=m.fk("accounts.User", null=True))]


@change()
def a_field_is_removed(m: Any) -> Any:
    """
    blog.0002_remove_book_pages
        RemoveField book.pages
    """
    return [book(m, pages=m.IntegerField())], [book(m)]


@change()
def a_field_is_altered(m: Any) -> Any:
    """
    blog.0002_alter_book_pages
        AlterField book.pages
    """
    return (
        [book(m, pages=m.IntegerField())],
        [book(m, pages=m.IntegerField(help_text="All of them."))],
    )


@change()
def a_field_may_be_null_no_more(m: Any) -> Any:
    """
    blog.0002_alter_book_pages
        AlterField book.pages once
    """
    return [book(m, pages=m.IntegerField(null=True))], [book(m, pages=m.IntegerField())]


@change()
def a_relation_leads_to_another_model(m: Any) -> Any:
    """
    blog.0002_alter_book_by_delete_author
        AlterField book.by
        DeleteModel Author
    """
    editor = m.model("blog.Editor")
    return (
        [author(m), editor, book(m, by=m.fk("blog.Author"))],
        [editor, book(m, by=m.fk("blog.Editor"))],
    )


@change()
def a_relation_becomes_pairs(m: Any) -> Any:
    """
    blog.0002_remove_book_authors_book_authors
        RemoveField book.authors
        AddField book.authors
    """
    authors = m.ManyToManyField("blog.Author")
    return (
        [author(m), book(m, authors=m.fk("blog.Author"))],
        [author(m), book(m, authors=authors)],
    )


# Django alters it, and refuses to when the migration runs.
@change(
    django="""
    blog.0002_membership_alter_group_members
        CreateModel Membership(id, group, who)
        AlterField group.members
    """
)
def pairs_get_a_model_of_their_own(m: Any) -> Any:
    """
    blog.0002_membership_remove_group_members_group_members
        CreateModel Membership(id, group, who)
        RemoveField group.members
        AddField group.members
    """
    people = m.model("blog.Person")
    return (
        [group(m), people],
        [group(m, through="blog.Membership"), membership(m), people],
    )


@change()
def a_field_moves_to_a_model_that_inherits(m: Any) -> Any:
    """
    blog.0002_remove_place_name_bar
        RemoveField place.name
        CreateModel Bar(place_ptr, name)
    """
    return (
        [m.model("blog.Place", name=m.IntegerField())],
        [m.model("blog.Place"), bar(m, name=m.IntegerField())],
    )


# Both models have the field for a while in Django, which no state can have.
@change(
    django="""
    aaa.0002_place_name
        AddField place.name
    zzz.0002_remove_bar_name
        RemoveField bar.name
    """
)
def a_field_moves_to_the_model_that_is_inherited_from(m: Any) -> Any:
    """
    aaa.0002_place_name after zzz.0002_remove_bar_name
        AddField place.name
    zzz.0002_remove_bar_name
        RemoveField bar.name
    """
    return (
        [m.model("aaa.Place"), bar_of_aaa(m, name=m.IntegerField())],
        [m.model("aaa.Place", name=m.IntegerField(null=True)), bar_of_aaa(m)],
    )


def bar_of_aaa(m: Any, **fields: Any) -> Any:
    options = {"parent_link": True, "primary_key": True}
    link = m.OneToOneField("aaa.Place", m.CASCADE, **options)
    return m.model("zzz.Bar", bases=["aaa.place"], place_ptr=link, **fields)


@change()
def a_generated_field_and_what_it_is_of_are_added(m: Any) -> Any:
    """
    blog.0002_box_width_box_area
        AddField box.width
        AddField box.area
    """
    box = m.model("blog.Box", area=doubled(m), width=m.IntegerField(null=True))
    return [m.model("blog.Box")], [box]


@change()
def a_generated_field_and_what_it_is_of_are_removed(m: Any) -> Any:
    """
    blog.0002_remove_box_area_remove_box_width
        RemoveField box.area
        RemoveField box.width
    """
    box = m.model("blog.Box", area=doubled(m), width=m.IntegerField(null=True))
    return [box], [m.model("blog.Box")]


# Django alters it, and refuses to when the migration runs.
@change(
    django="""
    blog.0002_alter_box_area
        AlterField box.area
    """
)
def a_generated_field_is_worked_out_otherwise(m: Any) -> Any:
    """
    blog.0002_remove_box_by_pages_remove_box_area_box_area_and_more
        RemoveIndex box.by_pages
        RemoveField box.area
        AddField box.area
        AddIndex box.by_pages
    """
    width = m.IntegerField()
    indexes = {"indexes": [pages_index(m, field="area")]}
    return (
        [m.model("blog.Box", indexes, width=width, area=doubled(m))],
        [m.model("blog.Box", indexes, width=width, area=doubled(m, 3))],
    )


# Fields that are renamed.


@change(ask_rename=True)
def a_field_is_renamed(m: Any) -> Any:
    """
    blog.0002_rename_pages_book_length
        RenameField book.pages to length
    """
    return [book(m, pages=m.IntegerField())], [book(m, length=m.IntegerField())]


@change()
def a_field_that_is_not_renamed(m: Any) -> Any:
    """
    blog.0002_remove_book_pages_book_length
        RemoveField book.pages
        AddField book.length once
    """
    return [book(m, pages=m.IntegerField())], [book(m, length=m.IntegerField())]


@change(ask_rename=True)
def a_field_is_renamed_whose_column_stays(m: Any) -> Any:
    """
    blog.0002_alter_book_pages_rename_pages_book_length
        AlterField book.pages
        RenameField book.pages to length
    """
    length = m.IntegerField(db_column="pages")
    return [book(m, pages=m.IntegerField())], [book(m, length=length)]


@change(ask_rename=True)
def a_relation_is_renamed_whose_column_stays(m: Any) -> Any:
    """
    blog.0002_alter_book_author_rename_author_book_writer
        AlterField book.author
        RenameField book.author to writer
    """
    writer = m.fk("blog.Author", db_column="author_id")
    return (
        [author(m), book(m, author=m.fk("blog.Author"))],
        [author(m), book(m, writer=writer)],
    )


@change(ask_rename=True)
def a_field_is_renamed_that_another_refers_to(m: Any) -> Any:
    """
    blog.0002_rename_code_author_number
        RenameField author.code to number
    """
    code, by_code = m.IntegerField(unique=True), m.fk("blog.Author", to_field="code")
    by_number = m.fk("blog.Author", to_field="number")
    return (
        [author(m, code=code), book(m, author=by_code)],
        [author(m, number=code), book(m, author=by_number)],
    )


# The index follows the field.
@change(
    ask_rename=True,
    django="""
    blog.0002_remove_book_by_pages_rename_pages_book_length_and_more
        RemoveIndex book.by_pages
        RenameField book.pages to length
        AlterUniqueTogether book to (title, length)
        AddIndex book.by_pages
    """,
)
def a_field_is_renamed_that_an_index_names(m: Any) -> Any:
    """
    blog.0002_rename_pages_book_length
        RenameField book.pages to length
    """

    def options(name: str) -> dict[str, Any]:
        indexes = [pages_index(m, field=name)]
        return {"indexes": indexes, "unique_together": {("title", name)}}

    pages = m.IntegerField()
    return (
        [book(m, options("pages"), pages=pages)],
        [book(m, options("length"), length=pages)],
    )


# Ours follows the name into conditions.
@change(
    ask_rename=True,
    django="""
    blog.0002_remove_book_some_rename_pages_book_length_book_some
        RemoveConstraint book.some
        RenameField book.pages to length
        AddConstraint book.some
    """,
)
def a_field_is_renamed_that_a_condition_names(m: Any) -> Any:
    """
    blog.0002_rename_pages_book_length
        RenameField book.pages to length
    """

    def options(name: str) -> dict[str, Any]:
        condition = m.Q(**{f"{name}__gt": 0})
        return {"constraints": [m.CheckConstraint(condition=condition, name="some")]}

    pages = m.IntegerField()
    return (
        [book(m, options("pages"), pages=pages)],
        [book(m, options("length"), length=pages)],
    )


# Indexes and constraints.


@change()
def an_index_is_added(m: Any) -> Any:
    """
    blog.0002_book_by_pages
        AddIndex book.by_pages
    """
    indexes = {"indexes": [pages_index(m, field="title")]}
    return [book(m)], [book(m, indexes)]


@change()
def an_index_of_a_new_field_is_added(m: Any) -> Any:
    """
    blog.0002_book_pages_book_by_pages
        AddField book.pages
        AddIndex book.by_pages
    """
    pages = m.IntegerField(null=True)
    return [book(m)], [book(m, {"indexes": [pages_index(m)]}, pages=pages)]


@change()
def an_index_is_removed_with_its_field(m: Any) -> Any:
    """
    blog.0002_remove_book_by_pages_remove_book_pages
        RemoveIndex book.by_pages
        RemoveField book.pages
    """
    return [book(m, {"indexes": [pages_index(m)]}, pages=m.IntegerField())], [book(m)]


@change()
def an_index_is_renamed(m: Any) -> Any:
    """
    blog.0002_rename_old_new
        RenameIndex book.old to new
    """
    return (
        [book(m, {"indexes": [pages_index(m, "old", "title")]})],
        [book(m, {"indexes": [pages_index(m, "new", "title")]})],
    )


@change()
def an_index_is_changed(m: Any) -> Any:
    """
    blog.0002_remove_book_kept_book_kept
        RemoveIndex book.kept
        AddIndex book.kept
    """
    return (
        [book(m, {"indexes": [pages_index(m, "kept", "title")]})],
        [book(m, {"indexes": [pages_index(m, "kept", "-title")]})],
    )


@change()
def a_constraint_is_added(m: Any) -> Any:
    """
    blog.0002_book_one_title
        AddConstraint book.one_title
    """
    return [book(m)], [book(m, {"constraints": [title_constraint(m)]})]


@change()
def a_constraint_is_changed(m: Any) -> Any:
    """
    blog.0002_remove_book_one_title_book_one_title
        RemoveConstraint book.one_title
        AddConstraint book.one_title
    """
    condition = m.Q(title__gt="a")
    return (
        [book(m, {"constraints": [title_constraint(m)]})],
        [book(m, {"constraints": [title_constraint(m, condition=condition)]})],
    )


@change()
def a_constraint_says_something_else(m: Any) -> Any:
    """
    blog.0002_alter_book_one_title
        AlterConstraint book.one_title
    """
    words = {"violation_error_message": "There is one.", "violation_error_code": "two"}
    return (
        [book(m, {"constraints": [title_constraint(m)]})],
        [book(m, {"constraints": [title_constraint(m, **words)]})],
    )


@change()
def a_constraint_is_removed(m: Any) -> Any:
    """
    blog.0002_remove_book_one_title
        RemoveConstraint book.one_title
    """
    return [book(m, {"constraints": [title_constraint(m)]})], [book(m)]


# Groups of fields.


@change()
def a_group_is_unique(m: Any) -> Any:
    """
    blog.0002_alter_book_unique_together
        AlterUniqueTogether book to (id, title)
    """
    return [book(m)], [book(m, {"unique_together": {("id", "title")}})]


@change()
def a_group_is_unique_no_more(m: Any) -> Any:
    """
    blog.0002_alter_book_unique_together
        AlterUniqueTogether book to nothing
    """
    return [book(m, {"unique_together": {("id", "title")}})], [book(m)]


@change()
def a_group_loses_a_field(m: Any) -> Any:
    """
    blog.0002_alter_book_unique_together_remove_book_pages
        AlterUniqueTogether book to (id, title)
        RemoveField book.pages
    """
    before = {"unique_together": {("pages", "title")}}
    after = {"unique_together": {("id", "title")}}
    return [book(m, before, pages=m.IntegerField())], [book(m, after)]


# The groups of before need not go first.
@change(
    django="""
    blog.0002_alter_book_unique_together_book_pages_and_more
        AlterUniqueTogether book to nothing
        AddField book.pages
        AlterUniqueTogether book to (pages, title)
    """
)
def a_group_gets_a_new_field(m: Any) -> Any:
    """
    blog.0002_book_pages_alter_book_unique_together
        AddField book.pages
        AlterUniqueTogether book to (pages, title)
    """
    before = {"unique_together": {("id", "title")}}
    after = {"unique_together": {("pages", "title")}}
    return [book(m, before)], [book(m, after, pages=m.IntegerField(null=True))]


# Django names the new field before it is there.
@change(
    django="""
    blog.0002_alter_book_unique_together_book_size_and_more
        AlterUniqueTogether book to (size, title)
        AddField book.size
        RemoveField book.pages
    """
)
def a_group_changes_one_field_for_another(m: Any) -> Any:
    """
    blog.0002_alter_book_unique_together_remove_book_pages_and_more
        AlterUniqueTogether book to nothing
        RemoveField book.pages
        AddField book.size
        AlterUniqueTogether book to (size, title)
    """
    before = {"unique_together": {("pages", "title")}}
    after = {"unique_together": {("size", "title")}}
    size = m.CharField(max_length=4, null=True)
    return [book(m, before, pages=m.IntegerField())], [book(m, after, size=size)]


@change()
def rows_get_an_order(m: Any) -> Any:
    """
    blog.0002_alter_book_order_with_respect_to
        AlterOrderWithRespectTo book to author
    """
    ordered, by = {"order_with_respect_to": "author"}, m.fk("blog.Author")
    return [author(m), book(m, author=by)], [author(m), book(m, ordered, author=by)]


@change()
def rows_get_an_order_by_a_new_field(m: Any) -> Any:
    """
    blog.0002_book_author_alter_book_order_with_respect_to
        AddField book.author
        AlterOrderWithRespectTo book to author
    """
    by = m.fk("blog.Author", null=True)
    ordered = book(m, {"order_with_respect_to": "author"}, author=by)
    return [author(m), book(m)], [author(m), ordered]


@change()
def rows_lose_their_order_with_its_field(m: Any) -> Any:
    """
    blog.0002_alter_book_order_with_respect_to_remove_book_author
        AlterOrderWithRespectTo book to None
        RemoveField book.author
    """
    by = m.fk("blog.Author", null=True)
    ordered = book(m, {"order_with_respect_to": "author"}, author=by)
    return [author(m), ordered], [author(m), book(m)]


# Options.


@change()
def a_table_is_renamed(m: Any) -> Any:
    """
    blog.0002_alter_book_table
        AlterModelTable book
    """
    return [book(m)], [book(m, {"db_table": "books"})]


@change()
def a_table_gets_a_comment(m: Any) -> Any:
    """
    blog.0002_alter_book_table_comment
        AlterModelTableComment book
    """
    return [book(m)], [book(m, {"db_table_comment": "Books."})]


@change()
def options_change(m: Any) -> Any:
    """
    blog.0002_alter_book_options
        AlterModelOptions book
            ordering: title
    """
    return [book(m, {"verbose_name": "tome"})], [book(m, {"ordering": ["title"]})]


@change()
def a_table_is_no_longer_for_migrations_to_make(m: Any) -> Any:
    """
    blog.0002_alter_book_options
        AlterModelOptions book
    """
    return [book(m)], [book(m, {"managed": False}, pages=m.IntegerField(null=True))]


@change()
def a_model_whose_table_is_there_changes(m: Any) -> Any:
    """
    blog.0002_alter_book_table
        AlterModelTable book
    """
    before, after = {"managed": False}, {"managed": False, "db_table": "books"}
    return [book(m, before)], [book(m, after, pages=m.IntegerField(null=True))]


@change()
def several_things_change(m: Any) -> Any:
    """
    blog.0002_tag_alter_book_options_remove_book_pages_author_age_and_more
        CreateModel Tag(id)
        AlterModelOptions book
            ordering: title
        RemoveField book.pages
        AddField author.age
        AddField book.isbn
        AlterField book.title
        AddIndex book.by_isbn
    """
    indexes = [m.Index(fields=["isbn"], name="by_isbn")]
    return (
        [author(m), book(m, pages=m.IntegerField())],
        [
            author(m, age=m.IntegerField(null=True)),
            book(
                m,
                {"indexes": indexes, "ordering": ["title"]},
                title=m.CharField(max_length=20),
                isbn=m.CharField(max_length=9, default=""),
            ),
            m.model("blog.Tag"),
        ],
    )


def main() -> None:
    """What Django makes of all changes, as JSON: in a process with its settings."""
    import django
    from django.conf import settings

    settings.configure()
    django.setup()
    side = Side("django")
    print(json.dumps({name: each.detected(side) for name, each in CHANGES.items()}))


if __name__ == "__main__":
    main()
