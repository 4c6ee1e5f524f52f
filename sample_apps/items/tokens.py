"""Tokens: the id of an account and a time, signed; nothing of them is kept."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeTimedSerializer

from sample_apps.items.settings import Settings

__all__ = ["read_token", "write_token"]


def write_token(settings: Settings, id: int) -> str:
    token: str | bytes = _serializer(settings).dumps(id)
    return str(token)


def read_token(settings: Settings, token: str) -> int | None:
    """The id of the account; None where the token is forged or expired."""
    try:
        id = _serializer(settings).loads(token, max_age=settings.token_age)
    except BadSignature:
        return None
    return int(id)


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret_key, salt="items.token")
