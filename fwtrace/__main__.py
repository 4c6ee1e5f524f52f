"""``fwtrace`` and ``python -m fwtrace``."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its code."""
    from fwtrace.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
