"""Sessions: a dict for each client, kept in a signed cookie.

The client can read its session but not change it. Replace ``app.session_interface`` to
keep it elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from fwtrace.frameworks.flask.datastructures.mappings import CallbackDict
from fwtrace.frameworks.flask.json.tag import TaggedJSONSerializer

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.app import Flask
    from fwtrace.frameworks.flask.wrappers import Request, Response

__all__ = [
    "NullSession",
    "SecureCookieSession",
    "SecureCookieSessionInterface",
    "SessionInterface",
    "SessionMixin",
]


class SessionMixin(MutableMapping[str, Any]):
    """What a session has besides being a dict.

    ``new``       there was none before this request
    ``modified``  whether it has to be saved
    ``accessed``  whether anything looked at it: the answer then varies by cookie
    """

    new = False
    modified = True
    accessed = True

    @property
    def permanent(self) -> bool:
        """Whether it outlives the browser: for PERMANENT_SESSION_LIFETIME."""
        return bool(self.get("_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)


def _on_update(session: Any) -> None:
    session.modified = session.accessed = True


class SecureCookieSession(CallbackDict, SessionMixin):
    """The session of a signed cookie.

    Changes of the dict itself are noticed; after one inside a value set ``modified``.
    """

    modified = False
    accessed = False

    def __init__(self, initial: Any = None) -> None:
        super().__init__(initial, _on_update)


class NullSession(SecureCookieSession):
    """The session of an app without a secret key: it can be read, and is empty."""

    def _fail(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(
            "The session cannot be written, because the app has no secret key to sign "
            "it with. Set app.secret_key to something that nobody else knows."
        )

    __setitem__ = __delitem__ = clear = pop = popitem = update = setdefault = _fail


class SessionInterface:
    """How sessions are kept: subclass it and give open_session and save_session."""

    null_session_class = NullSession
    pickle_based = False

    def make_null_session(self, app: Flask) -> NullSession:
        return self.null_session_class()

    def is_null_session(self, obj: object) -> bool:
        return isinstance(obj, self.null_session_class)

    def get_cookie_name(self, app: Flask) -> str:
        name: str = app.config["SESSION_COOKIE_NAME"]
        return name

    def get_cookie_domain(self, app: Flask) -> str | None:
        domain: str | None = app.config["SESSION_COOKIE_DOMAIN"]
        return domain

    def get_cookie_path(self, app: Flask) -> str:
        found = app.config["SESSION_COOKIE_PATH"] or app.config["APPLICATION_ROOT"]
        return str(found)

    def get_cookie_httponly(self, app: Flask) -> bool:
        return bool(app.config["SESSION_COOKIE_HTTPONLY"])

    def get_cookie_secure(self, app: Flask) -> bool:
        return bool(app.config["SESSION_COOKIE_SECURE"])

    def get_cookie_samesite(self, app: Flask) -> str | None:
        found: str | None = app.config["SESSION_COOKIE_SAMESITE"]
        return found

    def get_cookie_partitioned(self, app: Flask) -> bool:
        return bool(app.config["SESSION_COOKIE_PARTITIONED"])

    def get_expiration_time(self, app: Flask, session: Any) -> datetime | None:
        """When the cookie ends; None for when the browser does."""
        if session.permanent:
            lifetime: timedelta = app.permanent_session_lifetime
            return datetime.now(UTC) + lifetime
        return None

    def should_set_cookie(self, app: Flask, session: Any) -> bool:
        """Whether to send it: it changed, or it is permanent and kept fresh."""
        return session.modified or (
            session.permanent and bool(app.config["SESSION_REFRESH_EACH_REQUEST"])
        )

    def open_session(self, app: Flask, request: Request) -> Any:
        """The session of this request; None where there can be none."""
        raise NotImplementedError

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Keep it, once the response is made."""
        raise NotImplementedError


def _sha1(data: bytes = b"") -> Any:
    import hashlib

    return hashlib.sha1(data)


class SecureCookieSessionInterface(SessionInterface):
    """Signed cookies by itsdangerous, in Flask's own format."""

    salt = "cookie-session"
    digest_method = staticmethod(_sha1)
    key_derivation = "hmac"
    serializer: Any = TaggedJSONSerializer()
    session_class: type[SecureCookieSession] = SecureCookieSession

    def get_signing_serializer(self, app: Flask) -> Any:
        """What signs and reads; None without a secret key. Old keys still read."""
        if not app.secret_key:
            return None
        keys = [*(app.config["SECRET_KEY_FALLBACKS"] or ()), app.secret_key]
        kept = self.__dict__.get("_signer")
        if kept is None or kept[0] != keys:
            from itsdangerous import URLSafeTimedSerializer

            signer = URLSafeTimedSerializer(
                keys,
                salt=self.salt,
                serializer=self.serializer,
                signer_kwargs={
                    "key_derivation": self.key_derivation,
                    "digest_method": self.digest_method,
                },
            )
            kept = self.__dict__["_signer"] = (keys, signer)
        return kept[1]

    def open_session(self, app: Flask, request: Request) -> Any:
        if not app.secret_key:
            return None
        value = "HTTP_COOKIE" in request.environ and request.cookies.get(
            self.get_cookie_name(app)
        )
        if not value:
            return self.session_class()
        from itsdangerous import BadSignature

        age = int(app.permanent_session_lifetime.total_seconds())
        try:
            found = self.get_signing_serializer(app).loads(value, max_age=age)
        except BadSignature:
            return self.session_class()
        return self.session_class(found if isinstance(found, Mapping) else None)

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        if not (session or session.accessed or session.modified):
            return
        if session.accessed:
            response.vary.add("Cookie")
        place: dict[str, Any] = {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "httponly": self.get_cookie_httponly(app),
            "samesite": self.get_cookie_samesite(app),
            "partitioned": self.get_cookie_partitioned(app),
        }
        name = self.get_cookie_name(app)
        if not session:
            if session.modified:
                response.delete_cookie(name, **place)
                response.vary.add("Cookie")
        elif self.should_set_cookie(app, session):
            value = self.get_signing_serializer(app).dumps(dict(session))
            expires = self.get_expiration_time(app, session)
            response.set_cookie(name, value, expires=expires, **place)
            response.vary.add("Cookie")
