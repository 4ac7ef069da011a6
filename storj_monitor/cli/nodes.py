"""`nodes`: list, rename or remove the nodes that a database has."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from storj_monitor.cli.arguments import given_flags
from storj_monitor.cli.progress import RemovalBar
from storj_monitor.cli.streams import Exit
from storj_monitor.cli.table import console_for_output, plain
from storj_monitor.commands.database_care import list_nodes, remove_node, rename_node
from storj_monitor.config import load
from storj_monitor.config.nodes import NodeMistake, parse_name
from storj_monitor.database.nodes import NodeSummary
from storj_monitor.errors import ConfigError
from storj_monitor.units import format_bytes


def main(arguments: Namespace) -> int:
    database = load(environ=os.environ, flags=given_flags(arguments), config_path=arguments.config).settings.database
    if arguments.deed == "rename":
        return _rename(database, arguments.old, arguments.new)
    if arguments.deed == "remove":
        return _remove(database, arguments.name, arguments.yes)
    return _list(database)


def _list(database: Path) -> int:
    nodes, unfinished = list_nodes(database)
    console_for_output().print(_table(nodes) if nodes else f"{database} has no nodes yet.")
    for name in unfinished:
        print(f'note: the removal of "{name}" was interrupted; finish it with: storj_monitor nodes remove "{name}"')
    return Exit.OK


def _rename(database: Path, old: str, new: str) -> int:
    try:
        name = parse_name(new)
    except NodeMistake as mistake:
        raise ConfigError([str(mistake)]) from mistake
    rename_node(database, old, name)
    print(f'"{old}" is "{name}" now. Use the new name in your settings too: under the old one its log would be a new node.')
    return Exit.OK


def _remove(database: Path, name: str, sure: bool) -> int:
    nodes, unfinished = list_nodes(database)
    known = {node.name: node for node in nodes}
    if name in known and not sure and not _confirmed(database, known[name]):
        print("Nothing was removed.")
        return Exit.FAILED
    with RemovalBar() as bar:
        rows = remove_node(database, name, bar.update)
    print(f'"{name}" is removed ({rows:,} rows). Take it out of your settings too: a monitor that follows its log reads it again.')
    return Exit.OK


def _confirmed(database: Path, node: NodeSummary) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError([f'this removes all that is kept of "{node.name}" for good; say that you are sure with --yes'])
    print(f'{database} has of "{node.name}": {node.transfers:,} transfers and {node.lines:,} lines, {_time(node.first_ms)} to', end=" ")
    print(f"{_time(node.newest_ms)} UTC. All of it will be gone for good.")
    return input("Remove it? [y/N] ").strip().lower() in ("y", "yes")


def _table(nodes: Iterable[NodeSummary]) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
    for title in ("Name", "Node id", "Version"):
        table.add_column(title, overflow="fold")
    for title in ("First line", "Last line", "Lines", "Transfers", "Single events"):
        table.add_column(title, justify="right", no_wrap=True)
    for node in nodes:
        table.add_row(
            plain(node.name),
            plain(node.node_id or "–"),
            plain(node.version or "–"),
            _time(node.first_ms),
            _time(node.newest_ms),
            f"{node.lines:,}",
            f"{node.transfers:,}",
            format_bytes(node.events_bytes),
        )
    return table


def _time(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M") if time_ms else "never"
