"""What the node's /metrics says of the same matters as its events, one sentence each: migration, disk, hashstore, shutdowns, trash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from storj_monitor.model.ids import satellite_name
from storj_monitor.model.node_events import MigrationProgress
from storj_monitor.model.node_metrics import HashstoreFigures, MigrationFigures, NodeMetrics, Spread
from storj_monitor.model.severity import Severity
from storj_monitor.views.event_phrases import at, lasting, many, size
from storj_monitor.views.wire.events import EventFigure

SLOW_CHECK_S = 10.0
"""The node gives its read and write checks a minute and then stops: a sixth of it is a warning."""
FULL_TABLE = 0.9
_COUNTED = {
    "unexpected_shutdown": ("Starts and stops", Severity.CRITICAL, "A part of the node ended unexpectedly {n} since it started."),
    "slow_shutdown": ("Starts and stops", Severity.WARNING, "A part of the node was slow to shut down {n} since it started."),
    "download_file_in_trash": ("Trash and expiry", Severity.WARNING, "Pieces were served from the trash {n} since the node started."),
    "open_file_in_trash": ("Trash and expiry", Severity.WARNING, "Pieces were opened in the trash {n} since the node started."),
    "orders_unsent_file_corrupted": ("Orders", Severity.WARNING, "A file of unsent orders was damaged {n} since the node started."),
    "orders_archive_file_corrupted": ("Orders", Severity.WARNING, "A file of archived orders was damaged {n} since the node started."),
}


def figure_rows(node: str, metrics: NodeMetrics | None, progress: Sequence[MigrationProgress]) -> list[EventFigure]:
    """Rows for one node; `progress`: its newest progress lines, oldest first, of one run of the process."""
    if metrics is None:
        return []
    found = [*_migration(metrics, progress), *_disk(metrics), *_hashstore(metrics), *_counted(metrics)]
    return [EventFigure(node=node, group=group, severity=severity.value, text=text, at=metrics.taken_at) for group, severity, text in found]


FigureSentence = tuple[str, Severity, str]


def _migration(metrics: NodeMetrics, progress: Sequence[MigrationProgress]) -> Iterator[FigureSentence]:
    left_bytes = {one.satellite: one.total_bytes for one in metrics.space.blobs}
    for one in metrics.migration:
        if one.active or one.processed or one.pieces_error:
            yield _moving(one, left_bytes.get(one.satellite))
    if metrics.migration_queue:
        yield "Migration", Severity.INFO, f"{many(metrics.migration_queue, 'piece')} wait in the queue of the migration."
    moving = {one.satellite for one in metrics.migration if one.active}
    left = sum(one for satellite, one in left_bytes.items() if satellite in moving)
    if moving and (eta_s := migration_eta_s(progress, left)) is not None:
        yield "Migration", Severity.INFO, f"At its present speed the migration needs another {lasting(eta_s)} for {size(left)}."


def migration_eta_s(progress: Sequence[MigrationProgress], left_bytes: int) -> float | None:
    """Seconds until `left_bytes` have moved, at the speed between the first and the last progress line; None when there is no speed."""
    if len(progress) < 2 or left_bytes <= 0:
        return None
    moved, took_ms = progress[-1].total_bytes - progress[0].total_bytes, progress[-1].time_ms - progress[0].time_ms
    return left_bytes * took_ms / moved / 1000 if moved > 0 and took_ms > 0 else None


def _moving(one: MigrationFigures, left_bytes: int | None) -> FigureSentence:
    parts = [
        f"{many(one.pieces_success, 'piece')} moved" if one.pieces_success is not None else "",
        f"{many(one.pieces_error, 'piece')} failed" if one.pieces_error else "",
        f"{many(one.pieces_skipped, 'piece')} skipped" if one.pieces_skipped else "",
        f"{one.remaining_directories:,} folders left" if one.remaining_directories is not None else "",
        f"{size(left_bytes)} left" if left_bytes is not None else "",
    ]
    said = ", ".join(part for part in parts if part) or "no figures yet"
    state = "runs" if one.active else "is switched on" if one.active is None else "does not run"
    return "Migration", Severity.WARNING if one.pieces_error else Severity.INFO, f"Migration{at(one.satellite)} {state}: {said}."


def _disk(metrics: NodeMetrics) -> Iterator[FigureSentence]:
    for word, spread in (("read", metrics.disk.readability_s), ("write", metrics.disk.writability_s)):
        if spread is not None:
            yield _check(word, spread)
    if stats := metrics.disk_stats:
        yield (
            "Disk and space",
            Severity.INFO,
            f"The node's figures of its disk: {', '.join(f'{k} {v:g}' for k, v in sorted(stats.items()))}.",
        )
    for word, spread in (("sent", metrics.first_byte_sent_s), ("read", metrics.first_byte_read_s)):
        if spread is not None and spread.p50 is not None and spread.p90 is not None:
            text = (
                f"The first byte of a download is {word} after {lasting(spread.p50)} (half of them), {lasting(spread.p90)} (nine of ten)."
            )
            yield "Disk and space", Severity.INFO, text


def _check(word: str, spread: Spread) -> FigureSentence:
    slow = spread.most is not None and spread.most >= SLOW_CHECK_S
    mean = f"{lasting(spread.mean)} on average" if spread.mean is not None else "an unknown time"
    most = f", {lasting(spread.most)} at most" if spread.most is not None else ""
    hint = "; the node stops itself when one takes a minute" if slow else ""
    return (
        "Disk and space",
        Severity.WARNING if slow else Severity.INFO,
        f"The {word} check of the storage folder takes {mean}{most}{hint}.",
    )


def _hashstore(metrics: NodeMetrics) -> Iterator[FigureSentence]:
    free = metrics.space.available_bytes
    for one in metrics.hashstore:
        where = f"{one.store} of {satellite_name(one.satellite)}"
        if one.store and one.load is not None and one.load >= FULL_TABLE:
            yield (
                "Hashstore",
                Severity.WARNING,
                f"The table of {where} is {one.load * 100:.0f} % full: it must grow in a compaction.",
            )
        if one.store and one.compacting:
            yield "Hashstore", Severity.INFO, f"A compaction of {where} runs."
        if not one.store and one.free_required_bytes and free is not None and one.free_required_bytes > free:
            yield _too_little(one, one.free_required_bytes, free)
    loads = [one.load for one in metrics.hashstore if one.store and one.load is not None]
    need = max((one.free_required_bytes or 0 for one in metrics.hashstore), default=0)
    if loads:
        fullest = f"The fullest of {many(len(loads), 'hashstore table')} is {max(loads) * 100:.0f} % full"
        yield "Hashstore", Severity.INFO, f"{fullest}; a compaction needs up to {size(need)} of free space."


def _too_little(one: HashstoreFigures, need: int, free: int) -> FigureSentence:
    text = f"The next compaction{at(one.satellite)} needs {size(need)} of free space; the node has {size(free)}."
    return "Hashstore", Severity.WARNING, text


def _counted(metrics: NodeMetrics) -> Iterator[FigureSentence]:
    for name, (group, severity, words) in _COUNTED.items():
        if count := metrics.counters.get(name):
            yield group, severity, words.format(n="once" if count == 1 else f"{count:,} times")
