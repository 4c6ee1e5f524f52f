"""Request and Response as an application sees them.

Both are the toolkit's, with the names and the rules of Flask's.
"""

from __future__ import annotations

from fwtrace.frameworks.flask.request import Request
from fwtrace.frameworks.flask.response import BaseResponse, Response

__all__ = ["BaseResponse", "Request", "Response"]
