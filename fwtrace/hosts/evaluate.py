"""Evaluating an expression step by step, as it reads from left to right.

``User.objects.filter(age__gt=30)[:5]`` is a name, an attribute, a call and a slice;
each of them is reported with its source and what it gave.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable
from typing import Any

__all__ = ["ExpressionError", "evaluate", "rows_of", "statements"]

Step = Callable[[str, Any], None]
"""``step(source, value)``"""


class ExpressionError(ValueError):
    """The text is no expression: the message says where it stops being one."""


def evaluate(source: str, names: dict[str, Any], file: str, step: Step) -> Any:
    """The value of the text's last expression, None where it ends with none.

    ``file`` is what tracebacks call it; names that it assigns are put into ``names``.
    Raises :class:`ExpressionError` for wrong syntax, and whatever it raises itself.
    """
    source = source.strip()
    try:
        body = ast.parse(source, file).body
    except (SyntaxError, ValueError) as error:
        raise ExpressionError(_syntax(source, error)) from None
    if not body:
        raise ExpressionError("There is nothing to evaluate.")
    lines = source.splitlines(keepends=True)
    linecache.cache[file] = (len(source), None, lines, file)
    evaluator = _Evaluator(names, file, step)
    *before, last = body
    evaluator.execute(before)
    if isinstance(last, ast.Expr):
        return evaluator.value(last.value)
    if isinstance(last, ast.Assign) and isinstance(last.targets[0], ast.Name):
        found = evaluator.value(last.value)
        names |= {each.id: found for each in last.targets if isinstance(each, ast.Name)}
        return found
    evaluator.execute([last])
    return None


def statements(source: str) -> list[str]:
    """The text's statements one by one: a loop is one, in its several lines.

    Raises :class:`ExpressionError` for wrong syntax.
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError) as error:
        raise ExpressionError(_syntax(source, error)) from None
    return [ast.get_source_segment(source, each) or "" for each in body]


def rows_of(value: Any, file: str) -> list[Any]:
    """The list of a queryset, as if the expression itself had asked for it."""
    found: list[Any] = eval(compile("list(rows)", file, "eval"), {"rows": value})
    return found


def _syntax(source: str, error: Exception) -> str:
    at = getattr(error, "offset", None)
    where = f" at character {at}" if at else ""
    line = getattr(error, "lineno", None) or 1
    text = source.strip()
    if "\n" in text:
        text = (getattr(error, "text", None) or text.splitlines()[0]).strip()
        where += f" of line {line}"
    message = getattr(error, "msg", None) or str(error)
    return f"{text!r} is no Python expression: {message}{where}."


class _Evaluator:
    def __init__(self, names: dict[str, Any], file: str, step: Step) -> None:
        self.names = names
        self.file = file
        self.step = step

    def execute(self, body: list[ast.stmt]) -> None:
        code = compile(ast.Module(body, []), self.file, "exec")
        exec(code, self.names)  # of what the user typed, on their own machine

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
        return eval(code, self.names)
