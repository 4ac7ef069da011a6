"""`stats`: one pass over logs, or the sums of a database."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from storj_monitor.config import STANDARD_INPUT
from storj_monitor.database.history import statistics
from storj_monitor.database.reader import Reader
from storj_monitor.errors import MonitorError, StoreError
from storj_monitor.log_processor import LineProcessor
from storj_monitor.model.statistics import Statistics, StatisticsCounter
from storj_monitor.sources.archive_source import ArchiveSource

CHUNK_BYTES = 2 << 20


def _no_country(_address: str) -> str:
    """`stats` does not tell countries."""
    return ""


def stats_of_logs(paths: Sequence[str]) -> Statistics:
    """Totals of all logs together. Raises MonitorError when one cannot be read."""
    counter = StatisticsCounter()
    for path in paths:
        source = ArchiveSource("log", sys.stdin.buffer if path == STANDARD_INPUT else path, name=path)
        processor = LineProcessor("log", _no_country)
        try:
            while not source.finished:
                chunk = source.read(time.time(), CHUNK_BYTES)
                if chunk is not None:
                    counter.add(processor.process(chunk))
                elif not source.finished:
                    time.sleep(0.1)
            if source.error:
                raise MonitorError(source.error)
        finally:
            source.close()
    return counter.result()


def stats_of_database(path: Path, nodes: Sequence[str]) -> Statistics:
    """Totals of the named nodes (none: all) of a database. Raises StoreError."""
    if not path.is_file():
        raise StoreError(f"there is no database {path}")
    # Minutes of many nodes over a month are millions of rows; whoever asks here waits for them.
    reader = Reader(path, 1, time_limit_s=math.inf)
    try:
        return reader.ask_now(statistics, nodes)
    finally:
        reader.close()
