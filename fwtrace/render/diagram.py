"""Models as text for a diagram: Graphviz's dot, or Mermaid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["dot", "mermaid"]

_ENDS = {
    "ForeignKey": ("*", "1"),
    "OneToOneField": ("1", "1"),
    "ManyToManyField": ("*", "*"),
}
_MERMAID = {
    "ForeignKey": "}o--||",
    "OneToOneField": "|o--||",
    "ManyToManyField": "}o--o{",
}


def dot(models: Sequence[dict[str, Any]]) -> str:
    """For ``dot -Tsvg``."""
    lines = ["digraph models {", "  rankdir=LR;", "  node [shape=record];"]
    for model in models:
        rows = [f"{field['name']}: {field['kind']}" for field in model["fields"]]
        rows += [f"{rel['name']}: {rel['kind']}" for rel in model["relations"]]
        label = "|".join([model["name"], "\\l".join([*rows, ""])])
        lines.append(f'  {model["name"]} [label="{{{label}}}"];')
    for model in models:
        for rel in model["relations"]:
            tail, head = _ENDS.get(rel["kind"], ("*", "1"))
            lines.append(
                f"  {model['name']} -> {rel['to']} "
                f'[label="{rel["name"]}", taillabel="{tail}", headlabel="{head}"];'
            )
    return "\n".join([*lines, "}"])


def mermaid(models: Sequence[dict[str, Any]]) -> str:
    """For a page that draws ``erDiagram``."""
    lines = ["erDiagram"]
    for model in models:
        lines.append(f"  {model['name']} {{")
        lines += [f"    {field['kind']} {field['name']}" for field in model["fields"]]
        lines += [f"    {rel['kind']} {rel['name']}" for rel in model["relations"]]
        lines.append("  }")
    for model in models:
        for rel in model["relations"]:
            line = _MERMAID.get(rel["kind"], "}o--||")
            lines.append(f"  {model['name']} {line} {rel['to']} : {rel['name']}")
    return "\n".join(lines)
