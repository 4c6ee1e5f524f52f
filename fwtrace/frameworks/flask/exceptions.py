"""Errors that are answers: raise one, or ``abort(404)``, anywhere in a view.

Each has a code, a name and a description, and can be sent as it is. What an installed
Werkzeug or the toolkit raises counts as the class of the same code: see ``adopt``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from markupsafe import escape

from fwtrace.toolkit.http.dates import http_date
from fwtrace.toolkit.http.errors import HTTPError
from fwtrace.toolkit.http.status import PHRASES

if TYPE_CHECKING:
    from fwtrace.frameworks.flask.wrappers import Response
    from fwtrace.toolkit.wsgi.types import Environ, StartResponse

HTTP_STATUS_CODES: dict[int, str] = {
    **PHRASES,
    # The names of RFC 7231 and earlier, which applications compare with.
    413: "Request Entity Too Large",
    414: "Request URI Too Long",
    416: "Requested Range Not Satisfiable",
    418: "I'm a teapot",
    422: "Unprocessable Entity",
}


class HTTPException(Exception):
    """An answer other than the one the view would have given.

    ``description`` is text for the client, escaped when it is shown; ``response`` is
    sent instead of the page, when it is given.
    """

    code: int | None = None
    description: str | None = None

    def __init__(self, description: str | None = None, response: Any = None) -> None:
        super().__init__()
        if description is not None:
            self.description = description
        self.response = response

    @property
    def name(self) -> str:
        """The phrase of the code: ``"Not Found"``."""
        return HTTP_STATUS_CODES.get(self.code or 0, "Unknown Error")

    def get_description(self, environ: Any = None, scope: Any = None) -> str:
        """The description as HTML."""
        text = str(escape(self.description or "")).replace("\n", "<br>")
        return f"<p>{text}</p>"

    def get_body(self, environ: Any = None, scope: Any = None) -> str:
        """The page that tells of the error."""
        name = escape(self.name)
        return (
            f"<!doctype html>\n<html lang=en>\n<title>{self.code} {name}</title>\n"
            f"<h1>{name}</h1>\n{self.get_description(environ)}\n"
        )

    def get_headers(
        self, environ: Any = None, scope: Any = None
    ) -> list[tuple[str, str]]:
        return [("Content-Type", "text/html; charset=utf-8")]

    def get_response(self, environ: Any = None, scope: Any = None) -> Response:
        """The answer: ``self.response``, or a page with this code."""
        from fwtrace.frameworks.flask.wrappers import BaseResponse

        if self.response is not None:
            response: Response = self.response
            return response
        environ = getattr(environ, "environ", environ)
        body, headers = self.get_body(environ, scope), self.get_headers(environ, scope)
        return BaseResponse(body, self.code, headers)  # type: ignore[return-value]

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        return self.get_response(environ)(environ, start_response)

    def __str__(self) -> str:
        return f"{self.code or '???'} {self.name}: {self.description}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} '{self.code or '???'}: {self.name}'>"


class BadRequest(HTTPException):
    code = 400
    description = "The request is not one that this server can understand."


class BadRequestKeyError(BadRequest, KeyError):
    """A key that is missing from the form, the query, ...: a KeyError that answers.

    ``show_exception`` has the description name the key, as in debug mode.
    """

    _description = BadRequest.description
    show_exception = False

    def __init__(self, arg: object = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        KeyError.__init__(self, *(() if arg is None else (arg,)))

    @property
    def description(self) -> str:
        if self.show_exception:
            return f"{self._description}\nKeyError: {KeyError.__str__(self)}"
        return self._description

    @description.setter
    def description(self, value: str) -> None:
        self._description = value


class ClientDisconnected(BadRequest):
    """The client went away before all of its request had come."""


class SecurityError(BadRequest):
    """The request names a host that the app does not trust."""


class BadHost(BadRequest):
    """The host cannot be the name of one."""


class Unauthorized(HTTPException):
    """401; ``www_authenticate`` is one challenge, or several."""

    code = 401
    description = (
        "What you asked for needs credentials, and those that came with the request "
        "are missing or wrong."
    )

    def __init__(
        self,
        description: str | None = None,
        response: Any = None,
        www_authenticate: Any = None,
    ) -> None:
        super().__init__(description, response)
        if www_authenticate is None:
            www_authenticate = ()
        elif not isinstance(www_authenticate, (tuple, list)):
            www_authenticate = (www_authenticate,)
        self.www_authenticate = tuple(www_authenticate)

    def get_headers(
        self, environ: Any = None, scope: Any = None
    ) -> list[tuple[str, str]]:
        challenges = [("WWW-Authenticate", str(each)) for each in self.www_authenticate]
        return super().get_headers(environ, scope) + challenges


class Forbidden(HTTPException):
    code = 403
    description = "You may not have what you asked for: this server forbids it."


class NotFound(HTTPException):
    code = 404
    description = (
        "Nothing is at this URL. If you typed it yourself, look whether it is spelled "
        "right."
    )


class MethodNotAllowed(HTTPException):
    """405; RFC 9110, 15.5.6: the answer lists ``valid_methods`` in ``Allow``."""

    code = 405
    description = "This URL does not take the method of the request."

    def __init__(
        self,
        valid_methods: Iterable[str] | None = None,
        description: str | None = None,
        response: Any = None,
    ) -> None:
        super().__init__(description, response)
        self.valid_methods = valid_methods

    def get_headers(
        self, environ: Any = None, scope: Any = None
    ) -> list[tuple[str, str]]:
        headers = super().get_headers(environ, scope)
        if self.valid_methods:
            headers.append(("Allow", ", ".join(self.valid_methods)))
        return headers


class NotAcceptable(HTTPException):
    code = 406
    description = "There is no form of this resource that the Accept headers take."


class RequestTimeout(HTTPException):
    code = 408
    description = "The request took too long to arrive."


class Conflict(HTTPException):
    code = 409
    description = "The request conflicts with the state in which the resource is."


class Gone(HTTPException):
    code = 410
    description = "What was at this URL is gone, and no other address is known."


class LengthRequired(HTTPException):
    code = 411
    description = "The request needs a valid Content-Length header."


class PreconditionFailed(HTTPException):
    code = 412
    description = "A precondition of the request does not hold."


class RequestEntityTooLarge(HTTPException):
    code = 413
    description = "The body of the request is larger than is taken here."


class RequestURITooLarge(HTTPException):
    code = 414
    description = "The URL of the request is longer than is taken here."


class UnsupportedMediaType(HTTPException):
    code = 415
    description = "The body is of a media type that is not taken here."


class RequestedRangeNotSatisfiable(HTTPException):
    """416; ``length`` of the whole is told in ``Content-Range``."""

    code = 416
    description = "The range that was asked for is not within the resource."

    def __init__(
        self,
        length: int | None = None,
        units: str = "bytes",
        description: str | None = None,
        response: Any = None,
    ) -> None:
        super().__init__(description, response)
        self.length = length
        self.units = units

    def get_headers(
        self, environ: Any = None, scope: Any = None
    ) -> list[tuple[str, str]]:
        headers = super().get_headers(environ, scope)
        if self.length is not None:
            headers.append(("Content-Range", f"{self.units} */{self.length}"))
        return headers


class ExpectationFailed(HTTPException):
    code = 417
    description = "The server cannot do what the Expect header asks for."


class ImATeapot(HTTPException):
    code = 418
    description = "This server is a teapot, not a coffee machine."


class MisdirectedRequest(HTTPException):
    code = 421
    description = "This server does not answer for that host."


class UnprocessableEntity(HTTPException):
    code = 422
    description = "The request is well formed, but what it says cannot be done."


class Locked(HTTPException):
    code = 423
    description = "The resource is locked."


class FailedDependency(HTTPException):
    code = 424
    description = "Another action, on which this one depends, failed."


class PreconditionRequired(HTTPException):
    code = 428
    description = 'This request must be conditional: send a header such as "If-Match".'


class _RetryAfter(HTTPException):
    """``retry_after`` is seconds, or the moment from which to try again."""

    def __init__(
        self,
        description: str | None = None,
        response: Any = None,
        retry_after: datetime | int | None = None,
    ) -> None:
        super().__init__(description, response)
        self.retry_after = retry_after

    def get_headers(
        self, environ: Any = None, scope: Any = None
    ) -> list[tuple[str, str]]:
        headers = super().get_headers(environ, scope)
        after = self.retry_after
        if after:
            is_moment = isinstance(after, datetime)
            headers.append(
                ("Retry-After", http_date(after) if is_moment else f"{after}")
            )
        return headers


class TooManyRequests(_RetryAfter):
    code = 429
    description = "There were too many requests from you in a short time."


class RequestHeaderFieldsTooLarge(HTTPException):
    code = 431
    description = "The headers of the request are larger than is taken here."


class UnavailableForLegalReasons(HTTPException):
    code = 451
    description = "This is not available, for legal reasons."


class InternalServerError(HTTPException):
    """500; ``original_exception`` is what nobody handled."""

    code = 500
    description = "The server failed at this request. The error is in the application."

    def __init__(
        self,
        description: str | None = None,
        response: Any = None,
        original_exception: BaseException | None = None,
    ) -> None:
        self.original_exception = original_exception
        super().__init__(description, response)


class NotImplemented(HTTPException):
    code = 501
    description = "The server does not know how to do this."


class BadGateway(HTTPException):
    code = 502
    description = "A server further up gave an answer that makes no sense."


class ServiceUnavailable(_RetryAfter):
    code = 503
    description = (
        "The server cannot answer now: it is overloaded or being looked after."
    )


class GatewayTimeout(HTTPException):
    code = 504
    description = "A server further up did not answer in time."


class HTTPVersionNotSupported(HTTPException):
    code = 505
    description = "The server does not speak the request's version of HTTP."


default_exceptions: dict[int, type[HTTPException]] = {}
"""The class of each code."""

for _class in list(vars().values()):
    if isinstance(_class, type) and issubclass(_class, HTTPException):
        _code = _class.code
        if _code is not None and default_exceptions.get(_code) is None:
            default_exceptions[_code] = _class


class Aborter:
    """Raises the exception of a code: ``Aborter()(404)``.

    ``mapping`` is code -> class, ``extra`` is added to it.
    """

    def __init__(
        self,
        mapping: Mapping[int, type[HTTPException]] | None = None,
        extra: Mapping[int, type[HTTPException]] | None = None,
    ) -> None:
        base = default_exceptions if mapping is None else mapping
        self.mapping = {**base, **(extra or {})}

    def __call__(self, code: Any, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise it, made with the arguments; ``code`` may be a response to send.

        Raises LookupError for a code that has no exception.
        """
        if not isinstance(code, int):
            raise HTTPException(response=code)
        if code not in self.mapping:
            raise LookupError(f"There is no exception for the status {code!r}.")
        raise self.mapping[code](*args, **kwargs)


_aborter = Aborter()


def abort(status: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Answer with this status, or this response, from wherever the request is."""
    _aborter(status, *args, **kwargs)


def adopt(error: BaseException) -> BaseException:
    """The error as one of ours, where the toolkit or an installed Werkzeug raised it.

    The description, the response and the headers stay; ``__cause__`` is the error.
    """
    if isinstance(error, HTTPException):
        return error
    if isinstance(error, HTTPError):
        return from_toolkit(error)
    foreign = _werkzeugs()
    if foreign is None or not isinstance(error, foreign):
        return error
    ours = _of_code(error.code)
    ours.response = error.response or error.get_response()
    ours.description = error.description
    ours.__cause__ = error
    return ours


def from_toolkit(error: HTTPError) -> HTTPException:
    ours = _of_code(error.status)
    if error.detail:
        ours.description = error.detail
    if error.headers:
        from fwtrace.frameworks.flask.wrappers import BaseResponse

        headers = [*ours.get_headers(), *error.headers]
        ours.response = BaseResponse(ours.get_body(), ours.code, headers)
    ours.__cause__ = error
    return ours


def _of_code(code: int | None) -> HTTPException:
    made = default_exceptions.get(code or 0, HTTPException)()
    if made.code != code:
        made.code = code
    return made


def class_of(kind: type[BaseException]) -> type[BaseException]:
    """Our class in the place of Werkzeug's of the same code; others as they are."""
    foreign = _werkzeugs()
    if foreign is None or not issubclass(kind, foreign):
        return kind
    if kind is foreign:
        return HTTPException
    code = getattr(kind, "code", None)
    is_standard = kind.__module__ == foreign.__module__ and code is not None
    ours = default_exceptions.get(code or 0)
    return ours if is_standard and ours is not None else kind


def is_werkzeugs(kind: type[BaseException]) -> bool:
    foreign = _werkzeugs()
    return foreign is not None and issubclass(kind, foreign)


def raised_as(error: HTTPException) -> Exception:
    """What the application raised, where that is a subclass of Werkzeug's that it has
    made; else the error."""
    cause = error.__cause__
    if isinstance(cause, Exception) and is_werkzeugs(type(cause)):
        kind = type(cause)
        return cause if class_of(kind) is kind else error
    return error


def _werkzeugs() -> Any:
    """Werkzeug's HTTPException, where the application has imported it."""
    module = sys.modules.get("werkzeug.exceptions")
    return getattr(module, "HTTPException", None)
