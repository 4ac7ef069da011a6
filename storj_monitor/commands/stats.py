"""`stats`: one pass over logs, or the sums of a database."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from storj_monitor.config import STANDARD_INPUT
from storj_monitor.database.history import statistics
from storj_monitor.database.reader import Reader
from storj_monitor.errors import MonitorError, StoreError
from storj_monitor.log_processor import LineProcessor
from storj_monitor.model.events import LineKind
from storj_monitor.model.log_character import LEAST_LEVELLED, LogCharacter
from storj_monitor.model.statistics import Statistics, StatisticsCounter
from storj_monitor.sources.archive_source import ArchiveSource

CHUNK_BYTES = 2 << 20
MOSTLY = 0.9
_ABOVE_INFO = (
    "Nearly all lines are warnings and errors, and none is of a successful transfer: the log was above INFO, "
    "so success rates and bytes are unknown."
)


def _no_country(_address: str) -> str:
    """`stats` does not tell countries."""
    return ""


def stats_of_logs(paths: Sequence[str]) -> Statistics:
    """Totals of all logs together. Raises MonitorError when one cannot be read."""
    counter = StatisticsCounter()
    characters: list[tuple[str, LogCharacter]] = []
    for path in paths:
        source = ArchiveSource("log", sys.stdin.buffer if path == STANDARD_INPUT else path, name=path)
        processor = LineProcessor("log", _no_country)
        try:
            while not source.finished:
                chunk = source.read(time.time(), CHUNK_BYTES)
                if chunk is not None:
                    counter.add(processor.process(chunk))
                elif not source.finished and not source.busy:
                    time.sleep(0.1)
            if source.error:
                raise MonitorError(source.error)
        finally:
            source.close()
        characters.append((path, processor.character))
    return _with_remarks(counter.result(), characters)


def _with_remarks(found: Statistics, characters: Sequence[tuple[str, LogCharacter]]) -> Statistics:
    """What kind of logs they are; each remark names its log where there are several."""
    remarks = [
        remark.text if len(characters) == 1 else f"{path}: {remark.text}"
        for path, character in characters
        for remark in character.warnings()
    ]
    # counts are of the whole log: the newest lines may be fewer than what is not understood
    remarks += [text for text in _unread(found) if not any(text[:20] in remark for remark in remarks)]
    tells = any(character.tells_transfers for _, character in characters) or any(" success" in key for key in found.transfers)
    return replace(found, remarks=tuple(remarks), tells_success=tells)


def _unread(found: Statistics) -> list[str]:
    """That next to nothing is understood, told by sums."""
    reason = max((one for one in found.reasons if one.kind == LineKind.NOT_UNDERSTOOD), key=lambda one: one.number, default=None)
    whole = LogCharacter(
        lines=found.lines,
        understood=found.understood,
        ignored=found.ignored,
        not_understood=found.not_understood,
        unread_reason=reason.message if reason else "",
    )
    return [remark.text for remark in whole.warnings()]


def _only_trouble(found: Statistics) -> bool:
    """There is no success, and next to nothing but warnings and errors: so is a log above INFO."""
    if found.understood < LEAST_LEVELLED or any(key.endswith(" success") for key in found.transfers):
        return False
    return sum(error.number for error in found.errors) >= MOSTLY * found.understood


def stats_of_database(path: Path, nodes: Sequence[str]) -> Statistics:
    """Totals of the named nodes (none: all) of a database. Raises StoreError."""
    if not path.is_file():
        raise StoreError(f"there is no database {path}")
    # Minutes of many nodes over a month are millions of rows; whoever asks here waits for them.
    reader = Reader(path, 1, time_limit_s=math.inf)
    try:
        found = reader.ask_now(statistics, nodes)
        remarks, is_mute = _unread(found), _only_trouble(found)
        return replace(found, remarks=(*remarks, *([_ABOVE_INFO] if is_mute else [])), tells_success=not is_mute)
    finally:
        reader.close()
