"""Runs a program of the clone on the original: only its import lines differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["run_on_original"]


def run_on_original(file: Path, imports: dict[str, str], names: dict[str, Any]) -> None:
    """Run the file with its ``from`` lines exchanged, ours for theirs.

    ``names`` is the ``globals()`` of the module that stands in for it: pydantic looks
    up the names of annotations in a class's module.
    """
    source = file.read_text()
    for ours, theirs in imports.items():
        source = source.replace(f"from {ours}", f"from {theirs}")
    exec(compile(source, file, "exec", dont_inherit=True), names)
