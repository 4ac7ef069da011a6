"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a table. A head that begins with "<" makes its column left-aligned; None is shown as a dash."""
    rule = "|" + "|".join("---" if head.startswith("<") else "--:" for head in heads) + "|"
    out = ["| " + " | ".join(head.lstrip("<") for head in heads) + " |", rule]
    return [
        *out,
        *("| " + " | ".join("–" if v is None else f"{v:.4g}" if isinstance(v, float) else str(v) for v in row) + " |" for row in rows),
        "",
    ]
