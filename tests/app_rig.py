"""A pipeline on real files with a real database, in its own thread; what it hands over moves a real state."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from flags import all_off, flag_environment
from patience import PATIENCE_S

from storj_monitor.app.monitor import move_tables
from storj_monitor.commands.ingest import ingest
from storj_monitor.config import IngestInput, Settings, load
from storj_monitor.database import queries
from storj_monitor.database.history import hot_of_hour, node_history, statistics
from storj_monitor.database.opening import open_database
from storj_monitor.database.reader import Reader
from storj_monitor.database.retention import Retention
from storj_monitor.database.work import StoreSignals
from storj_monitor.database.writer import Writer
from storj_monitor.errors import StoreError
from storj_monitor.log_processor import LineProcessor
from storj_monitor.model.rollups import HOUR_S, HotPiece, NodeDelta, NodeHistory
from storj_monitor.model.sources import SavedPosition
from storj_monitor.model.statistics import Statistics
from storj_monitor.services.log_pipeline import Pipeline, Tick
from storj_monitor.services.node_pipeline import LineSieves, NodePipeline
from storj_monitor.sources.file_source import FileSource
from storj_monitor.state.accumulator import Accumulator
from storj_monitor.state.compactions import COMPACTION_KINDS
from storj_monitor.state.hot import HOT_OPS, KEPT, HotPieces
from storj_monitor.state.nodes import State
from storj_monitor.state.windows import WINDOW_S
from storj_monitor.tasks import repeat_on

SATELLITE = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"


def nowhere(_address: str) -> str:
    return "AQ"


def line(time_s: float, number: int, message: str = "uploaded", action: str = "PUT", more: str = "") -> bytes:
    """One result line; each number is a piece of its own, of 1000 bytes."""
    piece = "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[number >> shift & 31] for shift in range(0, 60, 5)).ljust(52, "A")
    stamp = datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    level = "ERROR" if message.endswith("failed") else "INFO"
    fields = (
        f'{{"process": "storagenode", "piece_id": "{piece}", "satellite_id": "{SATELLITE}", "action": "{action}", '
        f'"remote_address": "203.0.113.24:51322", "size": 1000{more}}}'
    )
    return f"{stamp}\t{level}\tpiecestore\t{message}\t{fields}\n".encode()


class CountingWriter(Writer):
    """Remembers how many lines each commit had."""

    def __init__(self, path: Path, on_conflict: Callable[[str], None]) -> None:
        self.sizes: list[int] = []
        super().__init__(path, Retention(), signals=StoreSignals([on_conflict]))

    def submit(self, deltas: Sequence[NodeDelta]) -> bool:
        self.sizes.append(sum(sum(delta.lines.values()) for delta in deltas))
        return super().submit(deltas)


class Rig:
    """`nodes`: name -> log. Nothing runs before `begin`. With a `loop`, calm rounds are done there; `ticks_on_loop` counts their ticks."""

    loop: asyncio.AbstractEventLoop | None = None

    def __init__(self, folder: Path, nodes: dict[str, Path], *, commit_s: float = 0.05, quiet_tick_s: float = 15.0) -> None:
        self.ticks_on_loop = 0
        self.path = folder / "monitor.db"
        assert open_database(self.path, 1.0, "stamp") is None
        self.reader = Reader(self.path, settings_for(self.path).perf.db_executor_max_workers)
        self.state = State(nodes)
        self.ticks: list[Tick] = []
        self.conflicts: list[str] = []
        self._moved = threading.Condition()
        self.unanswered = 0
        self.writer = CountingWriter(self.path, self._on_conflict)
        self.pipeline = Pipeline(
            self.writer, delay_s=0.01, commit_s=commit_s, watched=lambda: True, hand_over=self._take,
            positions=self.positions, histories=self.histories, downloads=self.downloads, quiet_tick_s=quiet_tick_s,
            run_on_loop=partial(repeat_on, self.loop) if self.loop else None, hand_over_on_loop=self._hand_over_on_loop,
        )  # fmt: skip
        for name, log in nodes.items():
            source = FileSource(name, str(log), self.positions(name))
            newest = {node.name: node.newest_ms for node in self.reader.ask_now(queries.nodes)}
            hot = HotPieces(begun_s=newest.get(name, 0) // 1000 // HOUR_S * HOUR_S or -1)
            processor = partial(LineProcessor, name, nowhere, fast=not all_off())
            sieves = LineSieves(self.reader, name, placed=True)
            self.pipeline.scheduler.add(NodePipeline(name, source, processor, Accumulator(name), source.lines_before, sieves, hot=hot))
        self._thread = threading.Thread(target=self.pipeline.run, name="pipeline")

    def begin(self) -> Rig:
        self._thread.start()
        return self

    def __enter__(self) -> Rig:
        return self.begin()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()
        self.reader.close()

    def stop(self) -> None:
        self.pipeline.stop()
        if self._thread.ident:
            self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        self.writer.close()

    def commit_every(self, commit_s: float) -> None:
        """From now on; what has been read since the last commit counts."""
        self.pipeline.commit_s = commit_s

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds; looked at after each tick, and now and then."""
        deadline = time.monotonic() + PATIENCE_S
        with self._moved:
            while not holds():
                assert time.monotonic() < deadline, what
                self._moved.wait(0.05)

    def positions(self, name: str) -> list[SavedPosition]:
        known = {node.name: node.id for node in self.reader.ask_now(queries.nodes)}
        return self.reader.ask_now(queries.positions, known[name]) if name in known else []

    def histories(self) -> list[NodeHistory]:
        if self.unanswered:
            self.unanswered -= 1
            raise StoreError("the database did not answer")
        return self.reader.ask_now(node_history, [], self.window_start(), COMPACTION_KINDS, HOT_OPS)

    def downloads(self, name: str, hour_s: int) -> dict[int, HotPiece]:
        return self.reader.ask_now(hot_of_hour, name, hour_s, HOT_OPS, KEPT)

    def window_start(self) -> int:
        return int(time.time()) - WINDOW_S

    def stored(self) -> Statistics:
        return self.reader.ask_now(statistics, [])

    def stored_lines(self) -> int:
        return self.stored().lines

    def _on_conflict(self, node: str) -> None:
        self.conflicts.append(node)
        self.pipeline.conflict(node)

    def _hand_over_on_loop(self, tick: Tick) -> None:
        self.ticks_on_loop += 1
        self._take(tick)

    def _take(self, tick: Tick) -> None:
        """What app.monitor does with a tick."""
        with self._moved:
            self.ticks.append(tick)
            move_tables(self.state, tick)
            self._moved.notify_all()


def settings_for(database: Path) -> Settings:
    """The defaults (or the flags of this test run), and this database."""
    return load(environ=flag_environment(), flags={"database": str(database)}).settings


def ingest_quietly(database: Path, *inputs: IngestInput) -> int:
    """The verb's exit code."""
    return ingest(settings_for(database), inputs, lambda _: None)
