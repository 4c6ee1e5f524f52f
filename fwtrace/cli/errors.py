"""What a command tells the user in one sentence, with the exit code."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "CommandError",
    "UsageError",
    "as_sentence",
    "did_you_mean",
    "mistyped",
    "printable",
]


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


def mistyped(error: BaseException) -> str:
    """The sentence of a usage error of typer's; "" when it is something else.

    Typer gives those classes no public name, so they are known by what they have.
    """
    tell = getattr(error, "format_message", None)
    if tell is None:
        return ""
    option = getattr(error, "option_name", None)
    if option is not None and hasattr(error, "possibilities"):
        sentence = f"There is no option {option!r}."
        sentence += did_you_mean(option, error.possibilities or ())
    else:
        sentence = as_sentence(tell())
    command = getattr(getattr(error, "ctx", None), "command_path", "")
    return f"{sentence} See {command} -h." if command else sentence


def as_sentence(text: str) -> str:
    """On one line, with one full stop, safe for a terminal."""
    line = " ".join(printable(part.strip()) for part in text.splitlines())
    return line if line.endswith(("?", "!")) else line.rstrip(".") + "."


def printable(text: str) -> str:
    """The text with what a terminal would act on made visible."""
    return "".join(
        char if char.isprintable() or char == "\n" else ascii(char)[1:-1]
        for char in text
    )
