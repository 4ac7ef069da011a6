"""The one place where the command line calls the app."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from storj_monitor.config import DemoOptions, IngestInput, ProgressCallback, Settings
from storj_monitor.errors import MonitorError
from storj_monitor.model.statistics import Statistics


def run(settings: Settings, demo: DemoOptions | None) -> int:
    raise MonitorError("this version cannot run yet")


def ingest(settings: Settings, inputs: Sequence[IngestInput], progress: ProgressCallback) -> int:
    raise MonitorError("this version cannot ingest yet")


def stats_of_logs(paths: Sequence[str]) -> Statistics:
    raise MonitorError("this version cannot read logs yet")


def stats_of_database(path: Path, nodes: Sequence[str]) -> Statistics:
    raise MonitorError("this version cannot read a database yet")
