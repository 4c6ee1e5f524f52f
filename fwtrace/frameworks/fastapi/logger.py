"""The logger ``fastapi``: the name that logging configurations know."""

import logging

__all__ = ["logger"]

logger = logging.getLogger("fastapi")
