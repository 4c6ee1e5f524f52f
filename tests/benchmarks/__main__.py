"""Run the benchmarks named on the command line, or all of them."""

import sys

from tests.benchmarks import (
    apps,
    fastapi,
    flask,
    matching,
    migrations,
    orm,
    recording,
    signals,
    startup,
)

BENCHMARKS = {
    "plain": apps.plain,
    "json": apps.json_route,
    "middleware": apps.middleware,
    "page": apps.page,
    "form": apps.form,
    "fastapi": fastapi.everything,
    "flask": flask.flask,
    "routes": matching.routes,
    "build": matching.build,
    "attach": recording.attaching,
    "record": recording.record,
    "orm": orm.orm,
    "migrations": migrations.migrations,
    "signals": signals.signals,
    "startup": startup.startup,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"No benchmark {unknown[0]!r}. There are {', '.join(BENCHMARKS)}.")
        return 2
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
