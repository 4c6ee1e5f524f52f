"""The start-up of the command line, against `python -c "import typer"`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

from tests.benchmarks.harness import Aim, Result, show

ROUNDS = 11

COMMANDS = {
    "import typer": ["-c", "import typer"],
    "fwtrace --version": ["-m", "fwtrace", "--version"],
    "fwtrace request GET /users/1": ["-m", "fwtrace", "request", "GET", "/users/1"],
}


def _once(arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )
    return time.perf_counter() - started


def startup() -> Result:
    """Medians of whole processes, run in turn."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, arguments in COMMANDS.items():
            taken[name].append(_once(arguments))
    seconds = {name: statistics.median(times) for name, times in taken.items()}
    result = Result("Start-up, whole processes", seconds)
    show(
        result,
        (
            Aim("fwtrace --version", "import typer", 1.3),
            Aim("fwtrace request GET /users/1", "import typer", 2.5),
        ),
    )
    return result


def importing(title: str, roots: dict[str, str], aim: Aim) -> Result:
    """Whole processes that import one package, less the one that imports nothing."""
    programs = {name: ["-c", f"import {root}"] for name, root in roots.items()}
    programs["nothing"] = ["-c", ""]
    best = dict.fromkeys(programs, float("inf"))
    for _ in range(15):
        for name, arguments in programs.items():
            best[name] = min(best[name], _once(arguments))
    idle = best.pop("nothing")
    seconds = {name: taken - idle for name, taken in best.items()}
    result = Result(title, seconds)
    show(result, (aim,))
    return result
