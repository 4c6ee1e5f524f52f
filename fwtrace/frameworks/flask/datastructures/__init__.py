"""What a request and a response are read and written through.

mappings      MultiDict and its immutable and combined forms, CallbackDict
headers       Headers, EnvironHeaders
negotiation   Accept and its kinds
directives    CacheControl, HeaderSet, ETags, Range, ContentRange
auth          Authorization, WWWAuthenticate
files         FileStorage
"""

from fwtrace.frameworks.flask.datastructures.auth import Authorization, WWWAuthenticate
from fwtrace.frameworks.flask.datastructures.directives import (
    ContentRange,
    ETags,
    HeaderSet,
    IfRange,
    Range,
    RequestCacheControl,
    ResponseCacheControl,
)
from fwtrace.frameworks.flask.datastructures.files import FileStorage
from fwtrace.frameworks.flask.datastructures.headers import EnvironHeaders, Headers
from fwtrace.frameworks.flask.datastructures.mappings import (
    CallbackDict,
    CombinedMultiDict,
    ImmutableDict,
    ImmutableMultiDict,
    MultiDict,
    TypeConversionDict,
)
from fwtrace.frameworks.flask.datastructures.negotiation import (
    Accept,
    CharsetAccept,
    LanguageAccept,
    MIMEAccept,
)

__all__ = [
    "Accept",
    "Authorization",
    "CallbackDict",
    "CharsetAccept",
    "CombinedMultiDict",
    "ContentRange",
    "ETags",
    "EnvironHeaders",
    "FileStorage",
    "HeaderSet",
    "Headers",
    "IfRange",
    "ImmutableDict",
    "ImmutableMultiDict",
    "LanguageAccept",
    "MIMEAccept",
    "MultiDict",
    "Range",
    "RequestCacheControl",
    "ResponseCacheControl",
    "TypeConversionDict",
    "WWWAuthenticate",
]
