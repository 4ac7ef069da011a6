"""Did garbage collection run and finish, for each satellite: bloom filters, starts and ends of a node put together to runs. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from storj_monitor.model import node_events as ev
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.ids import satellite_name
from storj_monitor.views.event_phrases import day, many, size, took
from storj_monitor.views.wire import events as wire

RUN_KINDS = tuple(
    str(cls.__struct_config__.tag)
    for cls in (ev.BloomFilterReceived, ev.BloomFilterFailed, ev.RetainStarted, ev.RetainFinished, ev.RetainFailed)
)
"""Tags of the events that runs are made of."""
RECEIVED, RUNNING, DONE, FAILED, NOTHING_MOVED = "received", "running", "done", "failed", "nothing_moved"


@dataclass(frozen=True, slots=True)
class GarbageRun:
    """One garbage collection of one satellite; times in Unix milliseconds, 0 or -1 = not known."""

    satellite: str
    state: str
    at_ms: int
    received_ms: int = 0
    created_ms: int = -1
    started_ms: int = 0
    finished_ms: int = 0
    filter_bytes: int = -1
    pieces: int = -1
    trashed: int = -1
    failed: int = 0
    duration_ms: int = -1
    status: str = ""
    error: str = ""


class GarbageRuns:
    """Fed with the events of one node, oldest first."""

    def __init__(self) -> None:
        self._open: dict[str, GarbageRun] = {}
        self.ended: list[GarbageRun] = []

    def every(self) -> list[GarbageRun]:
        """Newest first."""
        return sorted([*self.ended, *self._open.values()], key=lambda run: -run.at_ms)

    def on_event(self, event: NodeEvent) -> None:
        """Take in one event; others than those of RUN_KINDS are let pass."""
        satellite, at_ms = event.satellite, event.time_ms
        match event:
            case ev.BloomFilterReceived():
                self._put_by(satellite)
                self._open[satellite] = GarbageRun(satellite, RECEIVED, at_ms, received_ms=at_ms, created_ms=event.created_ms)
            case ev.BloomFilterFailed():
                # the line does not name its satellite: it follows the filter that it is about
                newest = max(self._open, key=lambda one: self._open[one].at_ms, default="")
                run = self._open.get(satellite or newest) or GarbageRun(satellite, RECEIVED, at_ms)
                self._end(replace(run, state=FAILED, finished_ms=at_ms, error=event.error))
            case ev.RetainStarted():
                run = self._open.get(satellite) or GarbageRun(satellite, RUNNING, at_ms)
                if run.started_ms:
                    self._put_by(satellite)
                    run = GarbageRun(satellite, RUNNING, at_ms)
                created = run.created_ms if run.created_ms > 0 else event.created_before_ms
                self._open[satellite] = replace(
                    run, state=RUNNING, at_ms=at_ms, started_ms=at_ms, created_ms=created, filter_bytes=event.filter_size_bytes
                )
            case ev.RetainFinished():
                self._finish(event)
            case ev.RetainFailed():
                started = next((one for one in self._open.values() if one.started_ms), GarbageRun(satellite, FAILED, at_ms))
                self._end(replace(self._open.get(satellite, started), state=FAILED, finished_ms=at_ms, error=event.error))
            case _:
                pass

    def _put_by(self, satellite: str) -> None:
        """Another one begins: the one before is told as far as it came."""
        if (run := self._open.pop(satellite, None)) is not None:
            self.ended.append(run)

    def _end(self, run: GarbageRun) -> None:
        self._open.pop(run.satellite, None)
        self.ended.append(replace(run, at_ms=run.finished_ms))

    def _finish(self, event: ev.RetainFinished) -> None:
        run = self._open.get(event.satellite) or GarbageRun(event.satellite, RUNNING, event.time_ms)
        idle = event.status.lower() in ("debug", "disabled")
        self._end(
            replace(
                run,
                state=NOTHING_MOVED if idle else DONE,
                finished_ms=event.time_ms,
                pieces=event.pieces,
                trashed=0 if idle else event.deleted_pieces,
                failed=max(event.failed_to_delete, 0) + max(event.pieces_failed_to_read, 0),
                duration_ms=event.duration_ms,
                status=event.status,
            )
        )


def run_row(node: str, run: GarbageRun) -> wire.GarbageRun:
    """One run as it goes on the wire."""
    return wire.GarbageRun(
        node=node,
        satellite=run.satellite,
        name=satellite_name(run.satellite),
        state=run.state,
        at=run.at_ms / 1000,
        filter_made=_seconds(run.created_ms),
        received=_seconds(run.received_ms),
        started=_seconds(run.started_ms),
        finished=_seconds(run.finished_ms),
        filter_bytes=_known(run.filter_bytes),
        pieces=_known(run.pieces),
        trashed=_known(run.trashed),
        kept=run.pieces - run.trashed if run.pieces >= run.trashed >= 0 else None,
        failed=run.failed,
        duration_s=run.duration_ms / 1000 if run.duration_ms >= 0 else None,
        text=run_text(run),
    )


def run_text(run: GarbageRun) -> str:
    """The run in one sentence."""
    made = f" (filter of {day(run.created_ms)})" if run.created_ms > 0 else ""
    match run.state:
        case "received":
            return f"A bloom filter came{made}. A hashstore applies it in its next compaction, other stores when its turn comes."
        case "running":
            return f"Runs with a filter of {size(run.filter_bytes)}{made}, or was broken off by a restart."
        case "failed":
            return f"Failed{made}: {run.error or 'no reason is told'}."
        case "nothing_moved":
            return f"Ran in status {run.status} and moved nothing; looked at {many(run.pieces, 'piece')}{took(run.duration_ms)}{made}."
    return f"{max(run.trashed, 0):,} of {many(run.pieces, 'piece')} moved to the trash{took(run.duration_ms)}{made}."


def runs_of(node: str, events: Iterable[NodeEvent]) -> list[wire.GarbageRun]:
    """Rows of one node's runs, newest first; `events` oldest first."""
    runs = GarbageRuns()
    for event in events:
        runs.on_event(event)
    return [run_row(node, run) for run in runs.every()]


def _seconds(time_ms: int) -> float | None:
    return time_ms / 1000 if time_ms > 0 else None


def _known(value: int) -> int | None:
    return value if value >= 0 else None
