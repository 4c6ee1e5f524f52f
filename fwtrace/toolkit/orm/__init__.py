"""The ORM (project 3): models, lazy querysets, and the SQL they become.

    from fwtrace.toolkit.orm import CharField, ForeignKey, Model, connect

    connect("sqlite:///library.db")

    class Author(Model):
        name = CharField(max_length=100)

    Author.create_table()
    Author.objects.create(name="Alice")
    Author.objects.filter(name__startswith="A").order_by("-id")

Names and behaviour are Django's. It stands alone.
"""

from fwtrace.toolkit.orm.database import Database, atomic, connect, get_database
from fwtrace.toolkit.orm.deletion import CASCADE, DO_NOTHING, PROTECT, RESTRICT, SET, SET_DEFAULT, SET_NULL
from fwtrace.toolkit.orm.exceptions import (
    DatabaseError,
    FieldError,
    IntegrityError,
    MultipleObjectsReturned,
    NotConnected,
    NotSupportedError,
    ObjectDoesNotExist,
    ProtectedError,
    RestrictedError,
)
from fwtrace.toolkit.orm.fields import (
    AutoField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    Field,
    FloatField,
    IntegerField,
    TextField,
)
from fwtrace.toolkit.orm.manager import Manager
from fwtrace.toolkit.orm.models import Model
from fwtrace.toolkit.orm.query import QuerySet
from fwtrace.toolkit.orm.many import ManyToManyField
from fwtrace.toolkit.orm.prefetch import Prefetch, prefetch_related_objects
from fwtrace.toolkit.orm.related import ForeignKey, OneToOneField
from fwtrace.toolkit.orm.expressions import *
from fwtrace.toolkit.orm.functions import *
from fwtrace.toolkit.orm.aggregates import *
from fwtrace.toolkit.orm.signals import (
    class_prepared,
    m2m_changed,
    post_delete,
    post_init,
    post_save,
    pre_delete,
    pre_init,
    pre_save,
)
from fwtrace.toolkit.orm.where import Q

__all__ = [
    "CASCADE",
    "DO_NOTHING",
    "PROTECT",
    "SET_NULL",
    "AutoField",
    "BooleanField",
    "CharField",
    "Database",
    "DatabaseError",
    "DateTimeField",
    "Field",
    "FieldError",
    "ForeignKey",
    "IntegerField",
    "IntegrityError",
    "Manager",
    "Model",
    "MultipleObjectsReturned",
    "NotConnected",
    "ObjectDoesNotExist",
    "ProtectedError",
    "Q",
    "QuerySet",
    "TextField",
    "atomic",
    "connect",
    "get_database",
    "post_delete",
    "post_init",
    "post_save",
    "pre_delete",
    "pre_init",
    "pre_save",
]
