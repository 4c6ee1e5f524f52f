"""Options whose values are a few known words: checked, and completed by the shell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fwtrace.cli.errors import UsageError, did_you_mean

__all__ = ["complete", "complete_stage", "format_of", "stages_of"]


def complete(words: Iterable[str]) -> Callable[[str], list[str]]:
    """What completes one of these words."""
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


def complete_stage(incomplete: str) -> list[str]:
    from fwtrace.tracer.model import STAGES

    return complete(STAGES)(incomplete)


def format_of(name: str, formats: Sequence[str]) -> str:
    """The name; UsageError where there is no such format."""
    if name not in formats:
        hint = did_you_mean(name, formats)
        raise UsageError(
            f"There is no format {name!r}.{hint} Formats: {', '.join(formats)}."
        )
    return name


def stages_of(given: Sequence[str]) -> frozenset[str] | None:
    """The stages of ``["sql,view", "signal"]``; None for all of them.

    Raises UsageError for one that there is not.
    """
    from fwtrace.tracer.model import STAGES

    names = [name.strip() for each in given for name in each.split(",") if name.strip()]
    for name in names:
        if name not in STAGES:
            hint = did_you_mean(name, STAGES)
            raise UsageError(
                f"There is no stage {name!r}.{hint} Stages: {', '.join(STAGES)}."
            )
    return frozenset(names) or None
