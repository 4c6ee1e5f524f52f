"""URL rules: which view a URL leads to, and which URL leads to a view.

url_map = Map([Rule("/users/<int:id>", endpoint="user")])
urls = url_map.bind("example.org")
urls.match("/users/7")             -> ("user", {"id": 7})
urls.build("user", {"id": 7})      -> "/users/7"
"""

from fwtrace.frameworks.flask.routing.converters import (
    AnyConverter,
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    NumberConverter,
    PathConverter,
    UnicodeConverter,
    UUIDConverter,
)
from fwtrace.frameworks.flask.routing.errors import (
    BuildError,
    RequestRedirect,
    RoutingException,
    ValidationError,
    WebsocketMismatch,
)
from fwtrace.frameworks.flask.routing.hosts import get_host
from fwtrace.frameworks.flask.routing.map import Map, MapAdapter
from fwtrace.frameworks.flask.routing.rules import (
    EndpointPrefix,
    Rule,
    RuleFactory,
    Subdomain,
    Submount,
)

__all__ = [
    "AnyConverter",
    "BaseConverter",
    "BuildError",
    "EndpointPrefix",
    "FloatConverter",
    "IntegerConverter",
    "Map",
    "MapAdapter",
    "NumberConverter",
    "PathConverter",
    "RequestRedirect",
    "RoutingException",
    "Rule",
    "RuleFactory",
    "Subdomain",
    "Submount",
    "UUIDConverter",
    "UnicodeConverter",
    "ValidationError",
    "WebsocketMismatch",
    "get_host",
]
