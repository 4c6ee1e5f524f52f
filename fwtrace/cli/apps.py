"""``fwtrace apps``: the apps that come with fwtrace."""

from __future__ import annotations

from fwtrace.cli.options import AsJson

__all__ = ["command"]


def command(as_json: AsJson = False) -> None:
    """List the apps that --app knows by name.

    Example: fwtrace apps
    """
    from fwtrace.cli.output import print_json, print_table
    from fwtrace.hosts.locate import KNOWN

    if as_json:
        print_json(
            [
                {"name": name, "target": known.target, "summary": known.summary}
                for name, known in KNOWN.items()
            ]
        )
        return
    print_table(
        ("name", "what it is", "target"),
        ((name, known.summary, known.target) for name, known in KNOWN.items()),
        folds="what it is",
        styles=("bold", "", "dim"),
    )
