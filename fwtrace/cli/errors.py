"""What a command tells the user in one sentence, with the exit code."""

__all__ = ["CommandError", "UsageError", "did_you_mean"]

from collections.abc import Iterable


class CommandError(Exception):
    """Something failed that the user can mend; exit code 1."""

    exit_code = 1


class UsageError(CommandError):
    """What was typed cannot be meant; exit code 2."""

    exit_code = 2


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``" Did you mean 'sql'?"`` with its leading space, or nothing."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
