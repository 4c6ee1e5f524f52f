"""``python -m fwtrace.frameworks.flask --app hello run``."""

import sys


def main() -> None:
    try:
        from fwtrace.frameworks.flask.cli import cli
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    cli.main(prog_name="python -m fwtrace.frameworks.flask")


if __name__ == "__main__":
    main()
