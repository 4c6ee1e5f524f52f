"""An e-mail address, checked where the package ``email-validator`` is installed."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Annotated

from pydantic import WithJsonSchema

if TYPE_CHECKING or importlib.util.find_spec("email_validator"):
    from pydantic import EmailStr
else:
    EmailStr = Annotated[str, WithJsonSchema({"type": "string", "format": "email"})]

__all__ = ["EmailStr"]
