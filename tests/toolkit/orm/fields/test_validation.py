"""``clean``: what fields refuse, with which code, and whose words they use."""

import pytest

from fwtrace.toolkit.orm import (
    AutoField,
    BigIntegerField,
    BinaryField,
    CharField,
    DateField,
    DecimalField,
    EmailField,
    FilePathField,
    GenericIPAddressField,
    IntegerChoices,
    IntegerField,
    JSONField,
    PositiveBigIntegerField,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    SlugField,
    SmallIntegerField,
    TextField,
    URLField,
)
from fwtrace.toolkit.validators import (
    MaxValueValidator,
    MinValueValidator,
    ValidationError,
)


def codes(field, value):
    """The codes of all that is wrong with the value."""
    try:
        field.clean(value, None)
    except ValidationError as error:
        return [each.code for each in error.error_list]
    return []


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        (IntegerField(), 5, []),
        (IntegerField(), "x", ["invalid"]),
        (IntegerField(), None, ["null"]),
        (IntegerField(null=True), None, ["blank"]),
        (IntegerField(null=True, blank=True), None, []),
        (IntegerField(editable=False), None, []),
        (AutoField(primary_key=True), None, []),
        (CharField(), "", ["blank"]),
        (CharField(blank=True), "", []),
        (CharField(max_length=3), "abcd", ["max_length"]),
        (CharField(max_length=1), "a\0", ["null_characters_not_allowed", "max_length"]),
        (TextField(), "a\0", ["null_characters_not_allowed"]),
        (TextField(max_length=1), "ab", []),
        (EmailField(), "x", ["invalid"]),
        (EmailField(max_length=4), "ann@example.com", ["max_length"]),
        (URLField(), "example.com", ["invalid"]),
        (SlugField(), "a b", ["invalid"]),
        (SlugField(), "é", ["invalid"]),
        (SlugField(allow_unicode=True), "é", []),
        (FilePathField(), "/" * 101, ["max_length"]),
        (GenericIPAddressField(), "1.2.3", ["invalid"]),
        (GenericIPAddressField(protocol="IPv4"), "::1", ["invalid"]),
        (GenericIPAddressField(protocol="ipv6"), "::1", []),
        (DateField(), "", ["invalid"]),
        (DecimalField(max_digits=3, decimal_places=1), "1.25", ["max_decimal_places"]),
        (DecimalField(max_digits=3, decimal_places=1), "123", ["max_whole_digits"]),
        (BinaryField(editable=True), b"", ["blank"]),
        (BinaryField(max_length=1), b"ab", ["max_length"]),
        (JSONField(), {}, ["blank"]),
        (JSONField(), {1, 2}, ["invalid"]),
    ],
)
def test_clean(field, value, why):
    assert codes(field, value) == why


@pytest.mark.parametrize(
    ("field", "lowest", "highest"),
    [
        (SmallIntegerField(), -(2**15), 2**15 - 1),
        (IntegerField(), -(2**31), 2**31 - 1),
        (BigIntegerField(), -(2**63), 2**63 - 1),
        (PositiveSmallIntegerField(), 0, 2**15 - 1),
        (PositiveIntegerField(), 0, 2**31 - 1),
        (PositiveBigIntegerField(), 0, 2**63 - 1),
    ],
)
def test_integers_have_the_range_of_their_kind(field, lowest, highest):
    assert codes(field, lowest) == codes(field, highest) == []
    assert codes(field, lowest - 1) == ["min_value"]
    assert codes(field, highest + 1) == ["max_value"]
    assert field.get_prep_value(highest + 1) == highest + 1


def test_narrower_range_takes_the_place_of_the_kinds_own():
    field = IntegerField(validators=[MinValueValidator(1), MaxValueValidator(2**40)])
    assert field.validators == [
        MinValueValidator(1),
        MaxValueValidator(2**40),
        MaxValueValidator(2**31 - 1),
    ]
    assert codes(field, -(2**40)) == ["min_value"]


class Size(IntegerChoices):
    SMALL = 1
    LARGE = 2


def test_choices_are_all_there_is():
    grouped = IntegerField(choices=[("Odd", [(1, "one"), (3, "three")]), (2, "two")])
    assert [codes(grouped, value) for value in (1, "2", 3)] == [[], [], []]
    assert codes(grouped, 4) == ["invalid_choice"]
    sized = IntegerField(choices=Size)
    assert sized.clean(Size.LARGE, None) == sized.clean("2", None) == 2
    assert codes(sized, 3) == ["invalid_choice"]
    assert codes(IntegerField(choices=Size, null=True, blank=True), None) == []


def test_validators_of_a_field_come_together():
    def odd(value):
        if value % 2 == 0:
            raise ValidationError("even", code="even")

    def several(value):
        raise ValidationError([ValidationError("a", code="a"), "b"])

    field = IntegerField(validators=[odd, several])
    assert codes(field, 2**40) == ["even", "a", None, "max_value"]
    field = IntegerField(null=True, blank=True, validators=[odd])
    assert codes(field, None) == []


def test_words_may_be_ones_own():
    messages = {
        "null": "Say something.",
        "max_length": "%(show_value)d is more than %(limit_value)d.",
    }
    field = CharField(max_length=2, error_messages=messages)
    with pytest.raises(ValidationError, match=r"Say something\."):
        field.clean(None, None)
    with pytest.raises(ValidationError, match="3 is more than 2"):
        field.clean("abc", None)


def test_words_of_the_nearest_class_win():
    class Age(IntegerField):
        default_error_messages = {"invalid": "%(value)s is no age.", "old": "Old."}

    assert Age().error_messages["old"] == "Old."
    assert Age().error_messages["null"] == IntegerField().error_messages["null"]
    with pytest.raises(ValidationError, match="x is no age"):
        Age().to_python("x")
