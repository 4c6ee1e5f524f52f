"""From a path to an endpoint and back: patterns, converters, the compiled matcher."""

from fwtrace.toolkit.routing.converters import Converter, register_converter
from fwtrace.toolkit.routing.patterns import NoReverseMatch
from fwtrace.toolkit.routing.router import Match, NotAllowed, Redirect, Route, Router
from fwtrace.toolkit.routing.table import include, path, re_path

__all__ = [
    "Converter",
    "Match",
    "NoReverseMatch",
    "NotAllowed",
    "Redirect",
    "Route",
    "Router",
    "include",
    "path",
    "re_path",
    "register_converter",
]
