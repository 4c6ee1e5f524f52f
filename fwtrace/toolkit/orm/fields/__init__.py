"""Fields: what a model's attribute is in Python, and what it is in the database.

base       Field, and what all have: options, checks, defaults, deconstruction
numbers    integers, floats, decimals, and truth
text       text, short and long, and text of some form
times      dates, times, moments, durations
other      UUIDs, JSON, bytes
generated  what the database works out of other columns
proxy      the order among rows that belong to the same one
composite  the primary key of several columns
"""

from fwtrace.toolkit.orm.fields.base import NOT_PROVIDED, Field
from fwtrace.toolkit.orm.fields.composite import CompositePrimaryKey
from fwtrace.toolkit.orm.fields.generated import GeneratedField
from fwtrace.toolkit.orm.fields.numbers import (
    AutoField,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    DecimalField,
    FloatField,
    IntegerField,
    PositiveBigIntegerField,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    SmallAutoField,
    SmallIntegerField,
)
from fwtrace.toolkit.orm.fields.other import BinaryField, JSONField, UUIDField
from fwtrace.toolkit.orm.fields.proxy import OrderWrt
from fwtrace.toolkit.orm.fields.text import (
    CharField,
    EmailField,
    FilePathField,
    GenericIPAddressField,
    SlugField,
    TextField,
    URLField,
)
from fwtrace.toolkit.orm.fields.times import (
    DateField,
    DateTimeField,
    DurationField,
    TimeField,
)

__all__ = [
    "NOT_PROVIDED",
    "AutoField",
    "BigAutoField",
    "BigIntegerField",
    "BinaryField",
    "BooleanField",
    "CharField",
    "CompositePrimaryKey",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "DurationField",
    "EmailField",
    "Field",
    "FilePathField",
    "FloatField",
    "GeneratedField",
    "GenericIPAddressField",
    "IntegerField",
    "JSONField",
    "OrderWrt",
    "PositiveBigIntegerField",
    "PositiveIntegerField",
    "PositiveSmallIntegerField",
    "SlugField",
    "SmallAutoField",
    "SmallIntegerField",
    "TextField",
    "TimeField",
    "URLField",
    "UUIDField",
]
