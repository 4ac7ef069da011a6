"""`check-config`: every mistake at once, or every setting with its value and where it came from. Secrets stay hidden."""

from __future__ import annotations

import glob
import importlib.util
import os
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from storj_monitor.cli.arguments import given_flags
from storj_monitor.config import FileLog, Loaded, Settings, load, table
from storj_monitor.config.show import setting_values


def main(arguments: Namespace) -> int:
    loaded = load(environ=os.environ, flags=given_flags(arguments), node_texts=arguments.nodes, config_path=arguments.config)
    print("\n".join(_report(loaded)))
    return 0


def _report(loaded: Loaded) -> Iterator[str]:
    settings = loaded.settings
    yield "The settings are right."
    yield ""
    for node in settings.nodes:
        yield f"node {node}  [{loaded.origins['node']}]"
    for name, value in setting_values(settings):
        yield f"{name} = {value}  [{loaded.origins[name]}]"
    notes = list(_notes(settings))
    if notes:
        yield ""
        yield from (f"note: {note}" for note in notes)


def _notes(settings: Settings) -> Iterator[str]:
    """What is allowed but worth knowing: a log may well appear later."""
    if not settings.nodes:
        yield "no node is named; `run` would have nothing to watch"
    if settings.perf.baseline:
        yield f"{table.BASELINE.name} is on: every optimisation is off, whatever its own setting says"
    if settings.perf.use_orjson and importlib.util.find_spec("orjson") is None:
        how = "pip install 'storj-monitor[fast]'"
        yield f"{table.USE_ORJSON.name} is on, but the package orjson is not installed ({how}): Python's own json is used"
    for node in settings.nodes:
        if node.storage is not None and not node.storage.is_dir():
            yield f"node {node.name}: storage {node.storage} is not a folder that this user can see; its disk will not be shown"
        if isinstance(node.log, FileLog):
            path = Path(node.log.pattern)
            found = [path] if path.exists() else [Path(match) for match in glob.glob(node.log.pattern)]
            if not found:
                yield f"node {node.name}: {node.log} is not there now; `run` waits for it"
            elif not any(os.access(match, os.R_OK) for match in found):
                yield f"node {node.name}: {node.log} may not be read by this user"
            elif path.is_dir():
                yield f"node {node.name}: {node.log} is a folder; a log file or a glob is wanted"
