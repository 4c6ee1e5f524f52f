"""What goes in and what comes out."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Account",
    "Item",
    "ItemChange",
    "ItemPage",
    "NewAccount",
    "NewItem",
    "Paging",
    "Problem",
    "Token",
]

LARGEST_ID = 2**63 - 1

Name = Annotated[str, Field(min_length=1, max_length=100)]
Price = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Description = Annotated[str, Field(max_length=1000)]


class NewAccount(BaseModel):
    name: Name
    password: Annotated[str, Field(min_length=8, max_length=100)]


class Account(BaseModel):
    id: int
    name: str


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"


class NewItem(BaseModel):
    """What an owner says of an item."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Lamp", "price": 9.99}]},
    )

    name: Name
    price: Price
    description: Description | None = None


class ItemChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    price: Price = 0
    description: Description | None = None


class Item(BaseModel):
    id: int
    owner: str
    name: str
    price: float
    description: str | None
    has_image: bool


class Paging(BaseModel):
    """Which items of a list are wanted."""

    q: Annotated[str, Field(max_length=100, description="Part of a name")] = ""
    offset: Annotated[int, Field(ge=0, le=LARGEST_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class ItemPage(BaseModel):
    items: list[Item]
    total: int
    next: str | None


class Problem(BaseModel):
    detail: str
