"""Validators: called with a value, they raise ValidationError or return nothing.

    validate_email("ann@example.com")    (nothing)
    validate_email("ann")                ValidationError, code "invalid"
    MaxValueValidator(10)(11)            ValidationError, code "max_value"

Names, codes and parameters of messages are Django's. Model fields and form fields
stand on this; it stands on nothing, and knows neither of them.
"""

from fwtrace.toolkit.validators.addresses import (
    EmailValidator,
    URLValidator,
    clean_ipv6_address,
    ip_address_validators,
    validate_email,
    validate_ipv4_address,
    validate_ipv6_address,
    validate_ipv46_address,
)
from fwtrace.toolkit.validators.base import Validator
from fwtrace.toolkit.validators.errors import NON_FIELD_ERRORS, ValidationError
from fwtrace.toolkit.validators.limits import (
    BaseValidator,
    DecimalValidator,
    MaxLengthValidator,
    MaxValueValidator,
    MinLengthValidator,
    MinValueValidator,
    StepValueValidator,
)
from fwtrace.toolkit.validators.text import (
    FileExtensionValidator,
    ProhibitNullCharactersValidator,
    RegexValidator,
    int_list_validator,
    validate_comma_separated_integer_list,
    validate_slug,
    validate_unicode_slug,
)

__all__ = [
    "NON_FIELD_ERRORS",
    "BaseValidator",
    "DecimalValidator",
    "EmailValidator",
    "FileExtensionValidator",
    "MaxLengthValidator",
    "MaxValueValidator",
    "MinLengthValidator",
    "MinValueValidator",
    "ProhibitNullCharactersValidator",
    "RegexValidator",
    "StepValueValidator",
    "URLValidator",
    "ValidationError",
    "Validator",
    "clean_ipv6_address",
    "int_list_validator",
    "ip_address_validators",
    "validate_comma_separated_integer_list",
    "validate_email",
    "validate_ipv46_address",
    "validate_ipv4_address",
    "validate_ipv6_address",
    "validate_slug",
    "validate_unicode_slug",
]
