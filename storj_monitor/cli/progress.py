"""Progress bars, on standard error, and only where somebody looks at it.

`ingest`: bytes, lines a second, time to go. `nodes remove`: which table, how many rows so far. `database`: how much is read or copied.
"""

from __future__ import annotations

import time
from pathlib import PurePath
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, ProgressColumn, TaskID, TextColumn, TimeRemainingColumn

from storj_monitor.config import STANDARD_INPUT, IngestProgress
from storj_monitor.database.nodes import RemovalProgress


def _progress(*columns: ProgressColumn, console: Console | None, transient: bool = False) -> Progress:
    """Nothing at all where standard error is no terminal: a file or a pipe gets results and troubles only."""
    console = console or Console(stderr=True)
    return Progress(*columns, console=console, refresh_per_second=4, transient=transient, disable=not console.is_terminal)


class ProgressBar:
    """A context; `update` takes what the app reports. `done_bytes`, `total_bytes` and `lines` are those of all inputs together."""

    def __init__(self, console: Console | None = None) -> None:
        self._progress = _progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TextColumn("{task.fields[lines]:,} lines"),
            TextColumn("{task.fields[rate]:,.0f} lines/s"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task: TaskID | None = None
        self._began = 0.0

    def __enter__(self) -> ProgressBar:
        self._began = time.monotonic()
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    def update(self, report: IngestProgress) -> None:
        name = "standard input" if report.path == STANDARD_INPUT else PurePath(report.path).name
        total = report.total_bytes or None
        rate = report.lines / max(time.monotonic() - self._began, 0.001)
        if self._task is None:
            self._task = self._progress.add_task(name, total=total, lines=0, rate=0.0)
        self._progress.update(self._task, description=name, completed=report.done_bytes, total=total, lines=report.lines, rate=rate)


class RemovalBar:
    """A context; `update` takes what the removal of a node reports. The bar counts tables, the text rows."""

    def __init__(self, console: Console | None = None) -> None:
        self._progress = _progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[rows]:,} rows"),
            console=console,
        )
        self._task = self._progress.add_task("looking", total=None, rows=0)

    def __enter__(self) -> RemovalBar:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    def update(self, report: RemovalProgress) -> None:
        description = f"removing from {report.table}" if report.table else "giving space back"
        self._progress.update(self._task, description=description, completed=report.tables_done, total=report.tables, rows=report.rows)


class PagesBar:
    """A context; `update` takes how much is done of how much, in whatever unit. Told more often than it is drawn."""

    def __init__(self, what: str, total: int = 0, console: Console | None = None) -> None:
        self._progress = _progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task(what, total=total or None)

    def __enter__(self) -> PagesBar:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    def update(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total or None)
