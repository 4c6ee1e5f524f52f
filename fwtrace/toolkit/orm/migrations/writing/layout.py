"""The layout of Python in a migration: that of ``ruff format``, at 88 columns.

What fits stays on one line; else each item gets a line of its own, with a comma after
it. A comma after the last item asks for that in any case.

f(a, [1, 2], b="c")      f(a, [1, 2], b="c")
f(a, [1, 2,], b="c")     f(
                             a,
                             [
                                 1,
                                 2,
                             ],
                             b="c",
                         )
"""

from __future__ import annotations

import ast
from functools import cache
from itertools import chain
from unicodedata import category, east_asian_width

from fwtrace.toolkit.orm.migrations.writing.literals import quoted

__all__ = ["INDENT", "enclosed", "laid_out"]

WIDTH = 88
INDENT = "    "

Items = list[tuple[str, ast.expr]]
"""What stands before each item (``name=``), and the item."""
Parts = tuple[str, Items, str]
"""What opens, the items, what closes."""

_OPERATORS: dict[type[ast.AST], tuple[str, int]] = {
    ast.BitOr: ("|", 1),
    ast.BitXor: ("^", 2),
    ast.BitAnd: ("&", 3),
    ast.Add: ("+", 4),
    ast.Sub: ("-", 4),
    ast.Mult: ("*", 5),
    ast.Div: ("/", 5),
    ast.Mod: ("%", 5),
    ast.Pow: ("**", 6),
}
"""Each with its rank: those of the same rank are read from the left."""
SUM, POWER, HIGHEST = 4, 6, 7
_UNARY: dict[type[ast.AST], str] = {ast.Invert: "~", ast.USub: "-", ast.UAdd: "+"}


def laid_out(source: str, before: str = "", after: str = "", depth: int = 0) -> str:
    """An expression, so deep within blocks, between what else is on its lines."""
    tree = ast.parse(source, mode="eval").body
    return "\n".join(_Layout(source).lines(tree, INDENT * depth, before, after))


def enclosed(source: str, sign: str = "", is_left: bool = False) -> str:
    """An operand, of the operator or of a method: in parentheses if it needs them."""
    tree = ast.parse(source, mode="eval").body
    rank = dict(_OPERATORS.values()).get(sign, HIGHEST)
    return f"({source})" if _is_enclosed(tree, rank, is_left) else source


def _is_enclosed(operand: ast.expr, rank: int, is_left: bool = False) -> bool:
    """Conditions in conditions always are: few know how ``&`` and ``|`` are read."""
    if not isinstance(operand, ast.BinOp):
        return False
    own = _rank(operand)
    if own == rank:
        return not is_left or rank == POWER
    return own < rank or rank < SUM


def _rank(node: ast.BinOp) -> int:
    return _OPERATORS.get(type(node.op), ("", 0))[1]


class _Layout:
    """Lays out the nodes of one source."""

    def __init__(self, source: str) -> None:
        self.rows = source.encode().splitlines(keepends=True)

    def source_of(self, node: ast.expr) -> str:
        first, last = node.lineno - 1, (node.end_lineno or 0) - 1
        start, end = node.col_offset, node.end_col_offset
        if first == last:
            return self.rows[first][start:end].decode()
        rows = self.rows[first][start:], *self.rows[first + 1 : last]
        return b"".join([*rows, self.rows[last][:end]]).decode()

    def lines(self, node: ast.expr, pad: str, before: str, after: str) -> list[str]:
        line = f"{pad}{before}{self.flat(node)}{after}"
        if _width(line) <= WIDTH and not self.is_spread(node):
            return [line]
        return self.broken(node, pad, before, after)

    def is_spread(self, node: ast.AST) -> bool:
        """Whether it, or anything in it, has a comma after its last item."""
        return any(map(self._ends_in_comma, ast.walk(node)))

    def _ends_in_comma(self, node: ast.AST) -> bool:
        if not isinstance(node, (ast.Call, ast.List, ast.Tuple, ast.Set, ast.Dict)):
            return False
        if isinstance(node, ast.Tuple) and len(node.elts) == 1:
            return False  # there it makes the tuple
        row, end = self.rows[(node.end_lineno or 0) - 1], node.end_col_offset or 0
        while (end := end - 1) and row[end - 1 : end].isspace():
            pass
        return row[end - 1 : end] == b","

    # On one line.

    def flat(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=str() | bytes() as value):
                return quoted(value)
            case ast.Attribute(value=value, attr=attr):
                return f"{self.operand(value)}.{attr}"
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                return f"{_UNARY[type(op)]}{self.operand(operand)}"
            case ast.BinOp() if type(node.op) in _OPERATORS:
                rank, found = _rank(node), self.operands(node)
                parts = (f" {sign} {self.operand(each, rank)}" for sign, each in found)
                return "".join(parts).lstrip()
            case ast.Subscript(value=value, slice=ast.Tuple(elts=elts)):
                inner = ", ".join(map(self.flat, elts))
                return f"{self.flat(value)}[{inner}]"
            case ast.Subscript(value=value, slice=index):
                return f"{self.flat(value)}[{self.flat(index)}]"
        opening, items, closing = self.parts(node)
        inner = ", ".join(f"{before}{self.flat(item)}" for before, item in items)
        comma = "," if isinstance(node, ast.Tuple) and len(items) == 1 else ""
        return f"{opening}{inner}{comma}{closing}"

    def operand(self, node: ast.expr, rank: int = HIGHEST) -> str:
        flat = self.flat(node)
        return f"({flat})" if _is_enclosed(node, rank) else flat

    def parts(self, node: ast.expr) -> Parts:
        """How it opens, its items, how it closes; the whole where it has no items."""
        match node:
            case ast.Call(func=func, args=args, keywords=keywords):
                named = [(f"{k.arg}=" if k.arg else "**", k.value) for k in keywords]
                return f"{self.flat(func)}(", [*_unnamed(args), *named], ")"
            case ast.List(elts=elts):
                return "[", _unnamed(elts), "]"
            case ast.Tuple(elts=elts):
                return "(", _unnamed(elts), ")"
            case ast.Set(elts=elts):
                return "{", _unnamed(elts), "}"
            case ast.Dict(keys=keys, values=values):
                heads = (f"{self.flat(key)}: " if key else "**" for key in keys)
                return "{", list(zip(heads, values, strict=True)), "}"
        return self.source_of(node), [], ""

    # On several.

    def broken(self, node: ast.expr, pad: str, before: str, after: str) -> list[str]:
        match node:
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                head = before + _UNARY[type(op)]
                return self.operand_lines(operand, pad, head, after, HIGHEST)
            case ast.BinOp() if type(node.op) in _OPERATORS:
                return self.broken_operation(node, pad, before, after)
            case ast.Call(func=ast.Attribute(value=ast.Call() | ast.BinOp())):
                return self.broken_methods(node, pad, before, after)
            case ast.Call(func=func, args=[], keywords=[]):
                return self.lines(func, pad, before, f"(){after}")
            case ast.Attribute(value=value, attr=attr):
                tail = f".{attr}{after}"
                return self.operand_lines(value, pad, before, tail, HIGHEST)
        return self.spread(self.parts(node), pad, before, after)

    def spread(self, parts: Parts, pad: str, before: str, after: str) -> list[str]:
        """An item a line; what has no items stays as it is."""
        opening, items, closing = parts
        if not items:
            return [f"{pad}{before}{opening}{closing}{after}"]
        inner = pad + INDENT
        rows = [self.lines(item, inner, head, ",") for head, item in items]
        first, last = f"{pad}{before}{opening}", f"{pad}{closing}{after}"
        return [first, *chain.from_iterable(rows), last]

    def broken_methods(
        self, node: ast.Call, pad: str, before: str, after: str
    ) -> list[str]:
        """Methods of what a call or a sum gives: several below each other, one after
        the parenthesis."""
        root, calls = _methods(node)
        if len(calls) == 1:
            name = f".{calls[0][0]}("
            *found, last = self.operand_lines(root, pad, before, name, HIGHEST)
            head = last.removeprefix(pad).removesuffix("(")
            return [*found, *self.method_lines(node, pad, head, after)]
        found = self.operand_lines(root, pad, before, "", HIGHEST)
        for number, (name, call) in enumerate(calls, start=1):
            tail = after if number == len(calls) else ""
            found += self.method_lines(call, pad, f".{name}", tail)
        return found

    def method_lines(
        self, node: ast.Call, pad: str, before: str, after: str
    ) -> list[str]:
        """The arguments of a call, after its name."""
        opening, items, closing = self.parts(node)
        inner = ", ".join(f"{head}{self.flat(item)}" for head, item in items)
        line = f"{pad}{before}({inner}{closing}{after}"
        is_spread = any(self.is_spread(item) for _, item in items)
        if _width(line) <= WIDTH and not (is_spread or self._ends_in_comma(node)):
            return [line]
        return self.spread(("(", items, closing), pad, before, after)

    def broken_operation(
        self, node: ast.BinOp, pad: str, before: str, after: str
    ) -> list[str]:
        """Operands below each other, each but the first after its operator."""
        operands = self.operands(node)
        found: list[str] = []
        for number, (sign, operand) in enumerate(operands, start=1):
            head = f"{sign} " if sign else before
            tail = after if number == len(operands) else ""
            found += self.operand_lines(operand, pad, head, tail, _rank(node))
        return found

    def operand_lines(
        self, node: ast.expr, pad: str, before: str, after: str, rank: int
    ) -> list[str]:
        if not _is_enclosed(node, rank):
            return self.lines(node, pad, before, after)
        line = f"{pad}{before}({self.flat(node)}){after}"
        if _width(line) <= WIDTH and not self.is_spread(node):
            return [line]
        inner = self.lines(node, pad + INDENT, "", "")
        return [f"{pad}{before}(", *inner, f"{pad}){after}"]

    def operands(self, node: ast.BinOp) -> list[tuple[str, ast.expr]]:
        """The operands that are read from the left, with the operators before them."""
        left, sign = node.left, _OPERATORS[type(node.op)][0]
        if isinstance(left, ast.BinOp) and _rank(left) == _rank(node) != POWER:
            return [*self.operands(left), (sign, node.right)]
        return [("", left), (sign, node.right)]


def _unnamed(nodes: list[ast.expr]) -> Items:
    return [("", node) for node in nodes]


def _methods(node: ast.expr) -> tuple[ast.expr, list[tuple[str, ast.Call]]]:
    """``f(a).g(b).h(c)``: ``f(a)``, and the calls of ``g`` and ``h``."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Call() | ast.BinOp() as value, attr=name)
        ):
            root, calls = _methods(value)
            return root, [*calls, (name, node)]
    return node, []


def _width(line: str) -> int:
    return len(line) if line.isascii() else sum(map(_columns, line))


@cache
def _columns(char: str) -> int:
    if category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(char) in ("W", "F") else 1
