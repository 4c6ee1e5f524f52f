"""Querysets as data: what a chain of methods has put into a query.

Duck-typed on the shape that the ORM's queries have: ``where``, ``joins``, ``order``.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from fwtrace.tracer.redaction import REDACTED, is_secret
from fwtrace.tracer.values import show

__all__ = [
    "count_instances",
    "describe_plan",
    "describe_queryset",
    "is_queryset",
    "new_parts",
]


def is_queryset(value: Any) -> bool:
    """Whether the value is a queryset, not evaluated by asking."""
    return hasattr(type(value), "as_statement") and hasattr(value, "plan")


def describe_queryset(rows: Any) -> dict[str, Any]:
    """The query behind a queryset: ``{"model", "tables", "where", "order", ...}``.

    ``where`` is a tree: text for a condition, ``{"AND": [...]}`` for several.
    """
    query, values = rows.plan.query, rows.slot_values()
    low, high = rows.limits
    described: dict[str, Any] = {
        "model": query.model.__name__,
        "table": query.base,
        "joins": [_join(join, query) for join in query.joins.values()],
        "where": [describe_node(node, values) for node in query.where],
        "annotations": [
            f"{name} = {REDACTED if is_secret(name) else describe_node(node, values)}"
            for name, node in query.annotations.items()
        ],
        "group by": _group(query, values),
        "order": [_order(each, values) for each in query.clone().ordering()],
        "columns": [column.name for column in query.columns or ()],
        "related": list(query.related),
        "distinct": bool(query.distinct),
        "limits": [low, high],
    }
    empty: tuple[Any, ...] = ([], False, [0, None])
    return {name: value for name, value in described.items() if value not in empty}


def _join(join: Any, query: Any) -> str:
    hop = join.hop
    kind = "LEFT OUTER" if join.alias in query.outer_aliases() else "INNER"
    table = hop.model._meta.db_table
    name = table if table == join.alias else f"{table} as {join.alias}"
    ours, theirs = hop.ours.column, hop.theirs.column
    return f"{kind} {name} on {join.parent}.{ours} = {join.alias}.{theirs}"


def _group(query: Any, values: Any) -> list[str]:
    if query.group_by is False:
        return []
    if query.group_by is True:
        return [f"{query.base}.{f.column}" for f in query.model._meta.pk_fields]
    return [str(describe_node(node, values)) for node in query.group_by]


def _order(order: Any, values: Any) -> str:
    inner = describe_node(order.args[0], values)
    return f"{inner} {'descending' if order.descending else 'ascending'}"


def describe_node(node: Any, values: Any) -> Any:
    """An expression or a condition of a query, with the values in their places."""
    if hasattr(node, "nodes"):
        parts = [describe_node(each, values) for each in node.nodes]
        found: Any = parts[0] if len(parts) == 1 else {node.connector: parts}
        return {"NOT": [found]} if node.negated else found
    lookup = getattr(node, "lookup_name", "")
    if lookup and hasattr(node, "rhs"):
        left, names = describe_node(node.lhs, values), _column_names(node.lhs)
        right = describe_node(node.rhs, values)
        if any(map(is_secret, names)) and hasattr(node.rhs, "place"):
            right = REDACTED
        return f"{left} {lookup} {right}"
    return _leaf(node, values)


def _column_names(node: Any) -> list[str]:
    """That of a column; of a key of several columns, those of all."""
    cols = getattr(node, "cols", (node,))
    return [getattr(getattr(col, "field", None), "name", "") or "" for col in cols]


def _leaf(node: Any, values: Any) -> str:
    if hasattr(node, "alias") and hasattr(node, "field"):
        return f"{node.alias}.{node.field.column}"
    if hasattr(node, "place"):
        place = node.place
        return show(values[place]) if place < len(values) else "?"
    if hasattr(node, "value"):
        return show(node.value)
    if type(node).__name__ == "Combined":
        left, right = (describe_node(each, values) for each in node.args)
        return f"{left} {node.connector} {right}"
    name = getattr(node, "name", None)
    if isinstance(name, str) and not list(node.children()):
        return name
    if hasattr(node, "query"):
        return f"EXISTS({node.query.base})"
    if hasattr(node, "queryset"):
        return f"{type(node).__name__}({node.queryset.model.__name__})"
    inner = ", ".join(str(describe_node(each, values)) for each in node.children())
    return f"{type(node).__name__}({inner})"


def new_parts(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What a method has added to the query, or changed in it."""
    found: dict[str, Any] = {}
    for name, value in after.items():
        old = before.get(name)
        if value == old:
            continue
        if isinstance(value, list) and isinstance(old, list) and name != "limits":
            value = [each for each in value if each not in old] or value
        found[name] = value
    return found


def count_instances(rows: list[Any]) -> dict[str, int]:
    """How many instances of each model the rows are, and what was fetched with them."""
    seen: dict[int, str] = {}
    waiting = [row for row in rows if hasattr(row, "_meta")]
    while waiting:
        row = waiting.pop()
        if id(row) in seen:
            continue
        seen[id(row)] = type(row).__name__
        state = getattr(row, "_state", None)
        kept = [each[1] for each in getattr(state, "fields_cache", {}).values()]
        for several in row.__dict__.get("_prefetched_objects_cache", {}).values():
            kept += getattr(several, "_cache", None) or ()
        waiting += [each for each in kept if hasattr(each, "_meta")]
    return dict(Counter(seen.values()))


def describe_plan(rows: list[tuple[Any, ...]], system: str) -> list[dict[str, Any]]:
    """EXPLAIN's rows as a tree: ``[{"text", "is_scan", "children"}]``."""
    if system == "mysql":
        return [_table_step(row) for row in rows]
    if system != "sqlite":
        return _indented([str(text) for (text,) in rows])
    top: list[dict[str, Any]] = []
    steps: dict[int, dict[str, Any]] = {}
    for number, parent, _, text in rows:
        steps[number] = step = _step(str(text))
        steps[parent]["children"].append(step) if parent in steps else top.append(step)
    return top


def _indented(lines: list[str]) -> list[dict[str, Any]]:
    """PostgreSQL's plan: what belongs to a step is indented below it."""
    top: list[dict[str, Any]] = []
    above: list[tuple[int, dict[str, Any]]] = []
    for line in lines:
        text = line.lstrip()
        indent = len(line) - len(text)
        while above and above[-1][0] >= indent:
            above.pop()
        step = _step(text.removeprefix("->").lstrip())
        (above[-1][1]["children"] if above else top).append(step)
        above.append((indent, step))
    return top


def _table_step(row: tuple[Any, ...]) -> dict[str, Any]:
    """One line of MySQL's EXPLAIN: a table, how it is read, by which key."""
    _, _, table, how, _, key, _, _, count, extra = (*row, *[None] * 10)[:10]
    text = f"{table}: {how}, {f'key {key}' if key else 'no key'}, {count} rows"
    step = _step(f"{text}; {extra}" if extra else text)
    step["is_scan"] = how in ("ALL", "index")
    return step


def _step(text: str) -> dict[str, Any]:
    words = text.upper()
    searched = "USING INDEX" in words or "USING COVERING" in words
    is_scan = (words.startswith("SCAN ") and not searched) or "SEQ SCAN" in words
    return {"text": text, "is_scan": is_scan, "children": []}
