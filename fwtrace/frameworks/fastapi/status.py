"""Names of status codes: ``HTTP_404_NOT_FOUND``, ``WS_1008_POLICY_VIOLATION``."""

from fwtrace.toolkit.asgi.status import *  # noqa: F403
