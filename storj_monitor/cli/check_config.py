"""`check-config`: looks at each node of the settings and says what is wrong; every mistake of the settings at once. Secrets stay hidden."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from argparse import Namespace
from collections.abc import Iterator, Sequence

from storj_monitor.app.exposure import tls_context
from storj_monitor.cli.arguments import given_flags
from storj_monitor.cli.streams import Exit
from storj_monitor.clock import SystemClock
from storj_monitor.commands.database_care import why_not_usable
from storj_monitor.commands.node_check import Grade, NodeCheck, check_nodes
from storj_monitor.config import Loaded, Settings, load, table
from storj_monitor.config.document import setting_values

_MARKS = {Grade.OK: "ok", Grade.NOTE: "note", Grade.WARNING: "warning", Grade.TROUBLE: "TROUBLE"}
_WIDTH = max(map(len, _MARKS.values()))


def main(arguments: Namespace) -> int:
    loaded = load(environ=os.environ, flags=given_flags(arguments), node_texts=arguments.nodes, config_path=arguments.config)
    tls_context(loaded.settings.server)  # a certificate that cannot be used is a mistake of the settings
    checks = asyncio.run(check_nodes(loaded.settings.nodes, SystemClock()))
    database = why_not_usable(loaded.settings.database)
    print("\n".join(_report(loaded, checks, database, with_settings=arguments.all)))
    return Exit.FAILED if database or any(check.is_in_trouble for check in checks) else Exit.OK


def _report(loaded: Loaded, checks: Sequence[NodeCheck], database: str, *, with_settings: bool) -> Iterator[str]:
    for check in checks:
        yield f"node {check.name}"
        yield from (f"  {_MARKS[grade]:{_WIDTH}}  {text}" for grade, text in check.remarks)
    if database:
        yield f"{_MARKS[Grade.TROUBLE]}: database: {database}"
    yield from (f"warning: {warning}" for warning in loaded.settings.warnings)
    yield from (f"note: {note}" for note in _notes(loaded.settings))
    if with_settings:
        yield ""
        for node in loaded.settings.nodes:
            yield f"node {node}  [{loaded.origins['node']}]"
        for name, value in setting_values(loaded.settings):
            yield f"{name} = {value}  [{loaded.origins[name]}]"
    yield ""
    yield _verdict(loaded, checks, database)


def _verdict(loaded: Loaded, checks: Sequence[NodeCheck], database: str) -> str:
    bad = [*(check.name for check in checks if check.is_in_trouble), *(["the database"] if database else [])]
    if bad:
        return f"The settings can be read, but there is trouble with {', '.join(bad)}: see above."
    if loaded.settings.warnings or any(grade is Grade.WARNING for check in checks for grade, _ in check.remarks):
        return "The settings are right; see the warnings above."
    return "The settings are right." + ("" if checks else " No node is named yet.")


def _notes(settings: Settings) -> Iterator[str]:
    """What is allowed but worth knowing."""
    if not settings.nodes:
        yield "no node is named; `run` would have nothing to watch"
    if settings.perf.baseline:
        yield f"{table.BASELINE.name} is on: every optimisation is off, whatever its own setting says"
    if settings.perf.use_orjson and importlib.util.find_spec("orjson") is None:
        how = "pip install 'storj-monitor[fast]'"
        yield f"{table.USE_ORJSON.name} is on, but the package orjson is not installed ({how}): msgspec is used"
