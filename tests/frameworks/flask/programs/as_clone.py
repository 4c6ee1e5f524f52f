"""Run a program in which ``flask`` is the clone: ``as_clone.py program.py``."""

import importlib
import pkgutil
import runpy
import sys

CLONE = "fwtrace.frameworks.flask"
package = importlib.import_module(CLONE)
for module in pkgutil.walk_packages(package.__path__, f"{CLONE}."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for name in [name for name in sys.modules if f"{name}.".startswith(f"{CLONE}.")]:
    sys.modules[name.replace(CLONE, "flask", 1)] = sys.modules[name]

import flask  # noqa: E402

assert flask is package
runpy.run_path(sys.argv[1], run_name="__main__")
