"""Every probe there is, in the order in which they are attached."""

from fwtrace.probes.jinja2 import JINJA2
from fwtrace.probes.micro import MICRO
from fwtrace.probes.orm import ORM
from fwtrace.probes.routing import ROUTING
from fwtrace.probes.signals import SIGNALS
from fwtrace.probes.wsgi import WSGI

__all__ = ["PROBES"]

PROBES = (WSGI, ROUTING, MICRO, ORM, SIGNALS, JINJA2)
