"""`nodes`: which nodes the database has, another name for one, or an end to one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from storj_monitor.database.nodes import NodeSummary, RemovalProgress, half_removed, node_care, summaries
from storj_monitor.database.reader import Reader
from storj_monitor.errors import StoreError


def list_nodes(path: Path) -> tuple[list[NodeSummary], list[str]]:
    """All nodes, and the names of those whose removal was interrupted. May run beside a monitor. Raises StoreError."""
    if not path.is_file():
        raise StoreError(f"there is no database {path}")
    reader = Reader(path, 1)
    try:
        return reader.ask_now(summaries), reader.ask_now(half_removed)
    finally:
        reader.close()


def rename_node(path: Path, old: str, new: str) -> None:
    """The node keeps its history under another name. Raises StoreError, StoreLocked while a monitor runs."""
    with node_care(path, time.time()) as care:
        care.rename(old, new)


def remove_node(path: Path, name: str, progress: Callable[[RemovalProgress], None]) -> int:
    """Delete everything of a node; returns how many rows. Raises StoreError, StoreLocked while a monitor runs."""
    with node_care(path, time.time()) as care:
        return care.remove(name, progress)
