"""Passwords are kept as ``salt$hash``, both in hexadecimal."""

from __future__ import annotations

import hashlib
import hmac
import os

__all__ = ["hash_password", "verify_password"]

# RFC 7914, 2: 16 MiB of memory for each guess.
COST = 2**14


def hash_password(password: str) -> str:
    """What to keep of a password; a different text each time."""
    salt = os.urandom(16)
    return f"{salt.hex()}${_scrypt(password, salt)}"


def verify_password(password: str, kept: str) -> bool:
    """Whether the text was made of this password; False for an empty one."""
    salt, _, expected = kept.partition("$")
    if not expected:
        return False
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)), expected)


def _scrypt(password: str, salt: bytes) -> str:
    return hashlib.scrypt(password.encode(), salt=salt, n=COST, r=8, p=1).hex()
