"""Password hashes in the format of ``werkzeug.security``: ``method$salt$hash``."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string

__all__ = ["check_password_hash", "generate_password_hash"]

_CHARS = string.ascii_letters + string.digits


def generate_password_hash(
    password: str, method: str = "scrypt", salt_length: int = 16
) -> str:
    """The hash to keep of a password.

    ``method`` is ``scrypt[:n:r:p]`` or ``pbkdf2[:hash[:rounds]]``; ValueError for
    another and for an empty salt.
    """
    if salt_length <= 0:
        raise ValueError("The salt needs at least one character.")
    salt = "".join(secrets.choice(_CHARS) for _ in range(salt_length))
    digest, full_method = _hash(method, salt, password)
    return f"{full_method}${salt}${digest}"


def check_password_hash(pwhash: str, password: str) -> bool:
    """Whether the password is the one whose hash was kept; in constant time."""
    try:
        method, salt, digest = pwhash.split("$", 2)
    except ValueError:
        return False
    return hmac.compare_digest(_hash(method, salt, password)[0], digest)


def _hash(method: str, salt: str, password: str) -> tuple[str, str]:
    """``(hex digest, the method with all its parameters)``."""
    name, *args = method.split(":")
    raw, secret = salt.encode(), password.encode()
    if name == "scrypt":
        n, r, p = map(int, args) if args else (2**15, 8, 1)
        found = hashlib.scrypt(secret, salt=raw, n=n, r=r, p=p, maxmem=132 * n * r * p)
        return found.hex(), f"scrypt:{n}:{r}:{p}"
    if name == "pbkdf2" and len(args) <= 2:
        kind = args[0] if args else "sha256"
        rounds = int(args[1]) if len(args) > 1 else 1_000_000
        found = hashlib.pbkdf2_hmac(kind, secret, raw, rounds)
        return found.hex(), f"pbkdf2:{kind}:{rounds}"
    raise ValueError(f"There is no password hash {method!r}: use scrypt or pbkdf2.")
