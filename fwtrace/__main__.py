"""``fwtrace`` and ``python -m fwtrace``."""

import gc
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its code."""
    # A short life: collecting the garbage of imports costs more than it frees.
    gc.set_threshold(50_000)
    from fwtrace.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
