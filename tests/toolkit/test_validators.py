"""Validators: what they take, what they refuse, and how they say it."""

import copy
import pickle
import re
import time
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as st

from fwtrace.toolkit import validators
from fwtrace.toolkit.validators import (
    NON_FIELD_ERRORS,
    BaseValidator,
    DecimalValidator,
    EmailValidator,
    FileExtensionValidator,
    MaxLengthValidator,
    MaxValueValidator,
    MinLengthValidator,
    MinValueValidator,
    ProhibitNullCharactersValidator,
    RegexValidator,
    StepValueValidator,
    URLValidator,
    ValidationError,
    clean_ipv6_address,
    int_list_validator,
    ip_address_validators,
    validate_comma_separated_integer_list,
    validate_email,
    validate_ipv4_address,
    validate_ipv6_address,
    validate_ipv46_address,
    validate_slug,
    validate_unicode_slug,
)


def code(validate, value):
    """The code of the refusal; None when the value is taken."""
    try:
        validate(value)
    except ValidationError as error:
        return error.code
    return None


# ValidationError.


def test_one_message_has_code_and_parameters():
    error = ValidationError("%(n)d is too many.", code="many", params={"n": 3})
    assert (error.code, error.params) == ("many", {"n": 3})
    assert error.messages == list(error) == ["3 is too many."]
    assert error.error_list == [error]
    assert str(error) == "['3 is too many.']"
    assert repr(error) == "ValidationError(['3 is too many.'])"


def test_message_without_parameters_may_have_percent_signs():
    assert ValidationError("100 %").messages == ["100 %"]


def test_list_is_flat_and_has_no_code_of_its_own():
    inner = ValidationError("b", code="x")
    error = ValidationError(["a", inner, ["c", ValidationError({"f": "d"})]])
    assert error.messages == ["a", "b", "c", "d"]
    assert error.error_list[1] is inner
    assert not hasattr(error, "code")
    assert not hasattr(error, "message")


def test_dictionary_keeps_messages_by_field():
    error = ValidationError({"age": "Too young.", "name": ["a", "b"]})
    assert error.message_dict == {"age": ["Too young."], "name": ["a", "b"]}
    assert dict(error) == error.message_dict
    assert error.messages == ["Too young.", "a", "b"]
    assert str(error) == "{'age': ['Too young.'], 'name': ['a', 'b']}"
    assert [each.message for each in error.error_dict["name"]] == ["a", "b"]


def test_only_a_dictionary_has_a_message_dict():
    with pytest.raises(AttributeError, match="error_dict"):
        _ = ValidationError("x").message_dict


@pytest.mark.parametrize("given", ["m", ["a", "b"], {"f": ["a"]}])
def test_error_of_an_error_is_the_same(given):
    error = ValidationError(given)
    assert ValidationError(error) == error
    assert ValidationError(error).messages == error.messages
    assert copy.copy(error) == pickle.loads(pickle.dumps(error)) == error


def test_errors_are_collected_by_field():
    found = ValidationError({"age": "a"}).update_error_dict({})
    found = ValidationError({"age": "b", "name": "c"}).update_error_dict(found)
    found = ValidationError("d").update_error_dict(found)
    assert ValidationError(found).message_dict == {
        "age": ["a", "b"],
        "name": ["c"],
        NON_FIELD_ERRORS: ["d"],
    }


def test_errors_that_say_the_same_are_equal():
    assert ValidationError("a", "x") == ValidationError("a", "x")
    assert ValidationError("a", "x") != ValidationError("a", "y")
    assert ValidationError("%(n)s", params={"n": [1]}) != ValidationError("%(n)s")
    assert ValidationError(["a", "b"]) == ValidationError(["b", "a"])
    assert ValidationError({"f": "a"}) != ValidationError({"g": "a"})
    assert hash(ValidationError({"f": ["a"]})) == hash(ValidationError({"f": "a"}))
    assert ValidationError("a") != "a"


# Limits.


@pytest.mark.parametrize(
    ("validate", "taken", "refused", "why"),
    [
        (MaxValueValidator(3), 3, 4, "max_value"),
        (MinValueValidator(3), 3, 2, "min_value"),
        (MaxValueValidator(lambda: 3), 3, 4, "max_value"),
        (MaxLengthValidator(2), "ab", "abc", "max_length"),
        (MinLengthValidator(2), "ab", "a", "min_length"),
        (BaseValidator(None), None, 1, "limit_value"),
        (StepValueValidator(3), 9, 10, "step_size"),
        (StepValueValidator(0.1), 0.3, 0.35, "step_size"),
        (StepValueValidator(3, offset=1), 10, 9, "step_size"),
    ],
)
def test_limits(validate, taken, refused, why):
    assert code(validate, taken) is None
    assert code(validate, refused) == why


def test_messages_are_told_the_limit_and_the_value():
    with pytest.raises(ValidationError) as caught:
        MaxLengthValidator(2, "%(value)s: %(show_value)d > %(limit_value)d")("abc")
    assert caught.value.messages == ["abc: 3 > 2"]
    with pytest.raises(ValidationError, match="must be 1, 4, 7, or another"):
        StepValueValidator(3, offset=1)(2)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("999.99", None),
        ("-0.01", None),
        ("0E+5", None),
        ("1E+2", None),
        ("1E+3", "max_whole_digits"),
        ("1234", "max_whole_digits"),
        ("123456", "max_digits"),
        ("1.234", "max_decimal_places"),
        ("0.00001", "max_decimal_places"),
        ("0.000001", "max_digits"),
        ("NaN", "invalid"),
        ("-Infinity", "invalid"),
        ("1E+999999", "max_digits"),
    ],
)
def test_decimals_have_so_many_digits(number, why):
    assert code(DecimalValidator(5, 2), Decimal(number)) == why


def test_decimals_may_be_unbounded():
    assert code(DecimalValidator(None, None), Decimal("123456789.123456789")) is None
    assert code(DecimalValidator(None, 1), Decimal("123456789.12")) is not None


# Text.


def test_regex_searches_or_excludes():
    assert code(RegexValidator("b+"), "abc") is None
    assert code(RegexValidator("^b", code="begin"), "abc") == "begin"
    assert code(RegexValidator("b", inverse_match=True), "abc") == "invalid"
    assert code(RegexValidator("B", flags=re.IGNORECASE), "abc") is None
    assert code(RegexValidator(re.compile("[0-9]")), 12) is None


def test_regex_with_flags_must_be_text():
    with pytest.raises(TypeError, match=r"re\.compile"):
        RegexValidator(re.compile("x"), flags=re.IGNORECASE)


def test_regex_settings_may_come_from_a_subclass():
    class Code(RegexValidator):
        regex = "^[A-Z]{3}$"
        message = "%(value)s is no code."
        code = "no_code"

    with pytest.raises(ValidationError, match="abc is no code") as caught:
        Code()("abc")
    assert caught.value.code == "no_code"


@pytest.mark.parametrize(
    ("validate", "taken", "refused"),
    [
        (validate_slug, ["a-b_C9", "-"], ["", "a b", "é", "a\n", "ａ"]),
        (validate_unicode_slug, ["é-1", "日本"], ["", "a b", "a!", "é\n"]),
        (
            validate_comma_separated_integer_list,
            ["1", "1,22,3"],
            ["", ",", "1,", ",1", "1,,2", "-1", "1, 2", "1\n"],
        ),
        (int_list_validator("; ", allow_negative=True), ["-1; 2"], ["1;2", "--1"]),
        (ProhibitNullCharactersValidator(), ["", "a"], ["\0", "a\0b"]),
    ],
)
def test_text(validate, taken, refused):
    assert [value for value in taken if code(validate, value)] == []
    assert [value for value in refused if not code(validate, value)] == []


@pytest.mark.parametrize("sep", ["", "1", "00"])
def test_integers_are_not_told_apart_by_digits(sep):
    with pytest.raises(ValueError, match="told apart"):
        int_list_validator(sep)


def test_file_extensions():
    images = FileExtensionValidator(["PNG", "jpg"])
    assert code(images, SimpleNamespace(name="a.b.png")) is None
    assert code(images, SimpleNamespace(name="a.JPG")) is None
    assert code(FileExtensionValidator(), SimpleNamespace(name="a.exe")) is None
    assert code(FileExtensionValidator([]), SimpleNamespace(name="a")) is not None
    with pytest.raises(ValidationError, match=r"'exe' are not.*Allowed are: png, jpg"):
        images(SimpleNamespace(name="png.exe"))


# Addresses.


@pytest.mark.parametrize(
    "address",
    [
        "a@b.co",
        "first.last+tag@sub.example.com",
        '"quoted.@x"@example.com',
        "a@localhost",
        "a@[127.0.0.1]",
        "a@[::ffff:1.2.3.4]",
        "a@bücher.example",
        "a@xn--bcher-kva.xn--p1ai",
        "x" * 300 + "@example.com",
    ],
)
def test_email(address):
    assert code(validate_email, address) is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@b.co",
        "a@",
        "a@b",
        "a@b.c",
        "a@b.co.",
        "a@-b.co",
        "a@b-.co",
        "a@b..co",
        ".a@b.co",
        "a.@b.co",
        "a..b@c.de",
        "a b@c.de",
        '"a b@c.de',
        "ü@c.de",
        "a@b.co\n",
        "a@[127.0.0.256]",
        "a@[127.0.0.1",
        "a@[fe80::1%eth0]",
        "a@" + "b" * 64 + ".co",
        "x" * 320 + "@example.com",
        None,
        7,
    ],
)
def test_no_email(address):
    assert code(validate_email, address) == "invalid"


def test_email_hosts_may_be_allowed():
    assert code(EmailValidator(allowlist=["intranet"]), "a@intranet") is None
    assert code(EmailValidator("No.", "no", ["intranet"]), "a@localhost") == "no"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "HTTPS://EXAMPLE.COM/",
        "http://example.com.",
        "http://localhost:8000/a?b=c#d",
        "ftp://user:pass@example.com/x",
        "http://user@example.com",
        "http://user:@example.com",
        "http://127.0.0.1:80",
        "http://[::1]:80/",
        "http://[::ffff:1.2.3.4]",
        "http://bücher.example/ü",
        "http://example.com?@",
        "http://a.b--c.de",
        "http://" + "a" * 63 + ".com",
    ],
)
def test_url(url):
    assert code(URLValidator(), url) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com",
        "http:example.com",
        "http://",
        "http:///path",
        "git://example.com",
        "javascript:alert(1)//http://example.com",
        "http://example",
        "http://example.c",
        "http://example.123",
        "http://-a.com",
        "http://a-.com",
        "http://a_b.com",
        "http://a..com",
        "http://.com",
        "http://256.0.0.1",
        "http://01.2.3.4",
        "http://[::1",
        "http://[::1]x",
        "http://[fe80::1%eth0]",
        "http://[1.2.3.4]",
        "http://a.com:",
        "http://a.com:123456",
        "http://a.com:x",
        "http://@a.com",
        "http://a@b@c.com",
        "http://a.com/ b",
        "http://a.com\n",
        "\thttp://a.com",
        "http://a\u2100b.com",
        "http://" + "a" * 64 + ".com",
        "http://" + ".".join(["a" * 60] * 5) + ".com",
        "http://a.com/" + "x" * 2048,
        None,
        7,
    ],
)
def test_no_url(url):
    assert code(URLValidator(), url) == "invalid"


def test_url_schemes_may_be_others():
    assert code(URLValidator(schemes=["git"], code="git"), "git://a.com") is None
    assert code(URLValidator(schemes=["git"], code="git"), "http://a.com") == "git"


@pytest.mark.parametrize(
    ("address", "four", "six"),
    [
        ("1.2.3.4", True, False),
        ("::1", False, True),
        ("2001:DB8::ff00:42:8329", False, True),
        ("::ffff:1.2.3.4", False, True),
        ("01.2.3.4", False, False),
        ("1.2.3", False, False),
        ("1.2.3.4\n", False, False),
        ("1::2::3", False, False),
        ("12345::", False, False),
        ("0000:0000:0000:0000:0000:ffff:192.168.100.228", False, False),
        ("", False, False),
        (5, False, False),
        (None, False, False),
    ],
)
def test_ip_addresses(address, four, six):
    assert (code(validate_ipv4_address, address) is None) is four
    assert (code(validate_ipv6_address, address) is None) is six
    assert (code(validate_ipv46_address, address) is None) is (four or six)


def test_ip_validators_by_protocol():
    assert ip_address_validators("IPv4", False) == [validate_ipv4_address]
    assert ip_address_validators("both", True) == [validate_ipv46_address]
    with pytest.raises(ValueError, match="'both'"):
        ip_address_validators("ipv6", True)
    with pytest.raises(ValueError, match="no protocol 'ipv5'"):
        ip_address_validators("ipv5", False)


def test_ipv6_is_written_the_short_way():
    assert clean_ipv6_address("2001:0DB8::0001") == "2001:db8::1"
    assert clean_ipv6_address("fe80::1%eth0") == "fe80::1"
    assert clean_ipv6_address("::ffff:0a0a:0a0a") == "::ffff:10.10.10.10"
    assert clean_ipv6_address("::ffff:0a0a:0a0a", unpack_ipv4=True) == "10.10.10.10"
    with pytest.raises(ValueError, match="at most"):
        clean_ipv6_address("1:" * 30)


# All of them.


def test_validators_of_the_same_settings_are_equal():
    assert MaxValueValidator(3) == MaxValueValidator(limit_value=3)
    assert MaxValueValidator(3) != MaxValueValidator(4)
    assert MaxValueValidator(3) != MinValueValidator(3)
    assert MaxValueValidator(3) != MaxValueValidator(3, "No.")
    assert RegexValidator("x") == RegexValidator(re.compile("x"))
    assert len({DecimalValidator(3, 2), DecimalValidator(3, 2)}) == 1
    assert URLValidator() != "x"


def test_validators_tell_how_they_were_made():
    made = MaxLengthValidator(3, message="No.")
    path, args, kwargs = made.deconstruct()
    assert path == "fwtrace.toolkit.validators.MaxLengthValidator"
    assert getattr(validators, path.rpartition(".")[2])(*args, **kwargs) == made
    assert repr(made) == "MaxLengthValidator(3, message='No.')"
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made


PATTERNS = [
    validate_slug,
    validate_unicode_slug,
    validate_comma_separated_integer_list,
    int_list_validator("-", allow_negative=True),
    validate_email,
    URLValidator(),
    validate_ipv46_address,
]


@given(st.text() | st.text('ab1.-@:/[]%"\\ ?#,', max_size=40))
def test_any_text_is_taken_or_refused(text):
    for validate in PATTERNS:
        assert code(validate, text) in (None, "invalid")


@pytest.mark.parametrize(
    "text",
    [
        "1" * 100_000 + "!",
        "1," * 100_000,
        "-1-" * 100_000,
        "a." * 150 + "@",
        "a@" + "a-" * 150,
        '"' + "\\a" * 150 + "@b.co",
        "http://" + "a." * 1000 + "!",
        "http://" + "a-" * 1000,
        "http://" + "a:" * 1000 + "@a.com",
        "http://" + "[" * 1000,
    ],
)
def test_no_text_takes_long(text):
    started = time.thread_time()
    for validate in PATTERNS:
        code(validate, text)
    assert time.thread_time() - started < 1
