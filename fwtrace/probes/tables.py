"""Every probe there is, in the order in which they are attached."""

from fwtrace.probes.fastapi import EXIT_STACKS, FASTAPI
from fwtrace.probes.flask import BLINKER, FLASK
from fwtrace.probes.jinja2 import JINJA2
from fwtrace.probes.micro import MICRO
from fwtrace.probes.orm import ORM
from fwtrace.probes.routing import ROUTING
from fwtrace.probes.signals import SIGNALS
from fwtrace.probes.starlette import STARLETTE
from fwtrace.probes.threads import THREADS
from fwtrace.probes.wsgi import WSGI

__all__ = ["PROBES"]

PROBES = (
    *(WSGI, ROUTING, MICRO, FLASK, STARLETTE, FASTAPI, EXIT_STACKS, THREADS),
    *(ORM, SIGNALS, BLINKER, JINJA2),
)
