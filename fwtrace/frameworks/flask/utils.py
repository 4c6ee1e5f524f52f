"""What applications use of ``werkzeug.utils``."""

from __future__ import annotations

import os
import re
import unicodedata

from fwtrace.frameworks.flask.config import import_string
from fwtrace.frameworks.flask.helpers import _redirect as redirect

__all__ = ["import_string", "redirect", "secure_filename"]


def secure_filename(filename: str) -> str:
    """A client's file name as one that is safe in a folder; may come out empty.

    "../../etc/passwd" -> "etc_passwd"      "My house.jpg" -> "My_house.jpg"
    """
    text = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    for separator in filter(None, (os.sep, os.altsep)):
        text = text.replace(separator, " ")
    text = re.sub(r"[^A-Za-z0-9_.-]", "", "_".join(text.split())).strip("._")
    # Windows opens devices by these names, whatever their extension.
    device = re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)", text.split(".")[0].lower())
    return f"_{text}" if device else text
