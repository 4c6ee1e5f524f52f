"""SQL text, cut into its statements."""

from __future__ import annotations

import re

import sqlparse

__all__ = ["split_statements"]


def split_statements(sql: str) -> list[str]:
    """Each statement without its semicolon; comments that stand alone are left out."""
    found = []
    for each in sqlparse.split(sql):
        text = each.strip()
        bare = sqlparse.format(text, strip_comments=True).strip()
        if not bare.strip(";").strip():
            continue
        # A trigger ends with END; as a statement it needs no semicolon either.
        found.append(re.sub(r";\s*\Z", "", text))
    return found
