"""Evaluating an expression step by step, as it reads from left to right.

``User.objects.filter(age__gt=30)[:5]`` is a name, an attribute, a call and a slice;
each of them is reported with its source and what it gave.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable
from typing import Any

__all__ = ["ExpressionError", "evaluate"]

Step = Callable[[str, Any], None]
"""``step(source, value)``"""


class ExpressionError(ValueError):
    """The text is no expression: the message says where it stops being one."""


def evaluate(source: str, names: dict[str, Any], file: str, step: Step) -> Any:
    """The value of the expression; ``file`` is what tracebacks call it.

    Raises :class:`ExpressionError` for wrong syntax, and whatever it raises itself.
    """
    try:
        tree = ast.parse(source.strip(), file, "eval")
    except (SyntaxError, ValueError) as error:
        raise ExpressionError(_syntax(source, error)) from None
    lines = source.strip().splitlines(keepends=True)
    linecache.cache[file] = (len(source), None, lines, file)
    return _Evaluator(source.strip(), names, file, step).value(tree.body)


def _syntax(source: str, error: Exception) -> str:
    at = getattr(error, "offset", None)
    where = f" at character {at}" if at else ""
    message = getattr(error, "msg", None) or str(error)
    return f"{source.strip()!r} is no Python expression: {message}{where}."


class _Evaluator:
    def __init__(
        self, source: str, names: dict[str, Any], file: str, step: Step
    ) -> None:
        self.source = source
        self.names = {"__builtins__": __builtins__, **names}
        self.file = file
        self.step = step

    def value(self, node: ast.expr) -> Any:
        """The value of a chain, link by link; of anything else, at once."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            holder = self.value(node.func.value)
            if isinstance(
                node.func.value, (ast.Attribute, ast.Call, ast.Subscript, ast.Name)
            ):
                return self._call(node, node.func, holder)
        if isinstance(node, ast.Attribute):
            holder = self.value(node.value)
            found = getattr(holder, node.attr)
            self.step(f".{node.attr}", found)
            return found
        if isinstance(node, ast.Subscript):
            holder = self.value(node.value)
            found = holder[self._slice(node.slice)]
            self.step(f"[{ast.unparse(node.slice)}]", found)
            return found
        found = self._run(node)
        self.step(ast.unparse(node), found)
        return found

    def _call(self, node: ast.Call, func: ast.Attribute, holder: Any) -> Any:
        args: list[Any] = []
        for each in node.args:
            if isinstance(each, ast.Starred):
                args += self._run(each.value)
            else:
                args.append(self._run(each))
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            given = self._run(keyword.value)
            named |= given if keyword.arg is None else {keyword.arg: given}
        found = getattr(holder, func.attr)(*args, **named)
        inner = ast.unparse(node)[len(ast.unparse(func)) :]
        self.step(f".{func.attr}{inner}", found)
        return found

    def _slice(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Slice):
            parts = (node.lower, node.upper, node.step)
            return slice(*(None if each is None else self._run(each) for each in parts))
        return self._run(node)

    def _run(self, node: ast.expr) -> Any:
        code = compile(ast.Expression(node), self.file, "eval")
        return eval(code, self.names)  # of what the user typed, on their own machine
