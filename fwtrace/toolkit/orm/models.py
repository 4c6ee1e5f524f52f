"""The names of ``django.db.models``: ``from fwtrace.toolkit.orm import models``."""

from fwtrace.toolkit.orm import *  # noqa: F403
