"""Lines of the hashstore become typed events."""

from __future__ import annotations

from collections.abc import Mapping

from storj_monitor.log_processor.making import (
    Maker,
    amount,
    duration,
    event,
    length,
    number,
    positive_ratio,
    store_stats,
    text,
    truth,
)
from storj_monitor.model import hashstore_events as ev

_STORE = text("store")
_DURATION = duration("duration")
_ERROR = text("error")
_TRASHED_READ = event(ev.TrashedRecordRead, store=_STORE, record=text("record"), error=_ERROR)

HASHSTORE_MAKERS: Mapping[str, Maker] = {
    "hashstore opened successfully": event(
        ev.HashstoreOpened,
        open_ms=duration("open_time"),
        logs_skipped=number("logs_skipped"),
        logs_matched=number("logs_matched"),
        logs_mismatched=number("logs_mismatched"),
    ),
    "unclean shutdown detected: reconciling logs": event(ev.UncleanShutdown, store=_STORE),
    "mismatched log tail": event(ev.LogTailMismatched, store=_STORE, log_id=number("id"), path=text("path")),
    "reconciled log with invalid records": event(
        ev.LogReconciled, store=_STORE, log_id=number("id"), path=text("path"), invalid_count=number("invalid_count")
    ),
    "trashed record was read": _TRASHED_READ,
    "unable to revive record": _TRASHED_READ,
    "beginning compaction": event(ev.CompactionStarted, store=_STORE, stats=store_stats),
    "finished compaction": event(ev.CompactionFinished, store=_STORE, duration_ms=_DURATION, error=_ERROR, stats=store_stats),
    "compact once started": event(ev.CompactionRoundStarted, store=_STORE, today=number("today")),
    "compact once finished": event(
        ev.CompactionRoundFinished, store=_STORE, duration_ms=_DURATION, completed=truth("completed"), error=_ERROR
    ),
    "compaction acquired locks": event(ev.CompactionWaited, store=_STORE, duration_ms=_DURATION),
    "including log due to no rewrite candidates": event(
        ev.CompactionLogIncluded, store=_STORE, log_id=number("id"), path=text("path"), dead=amount("dead")
    ),
    "compaction computed details": event(
        ev.CompactionPlanned,
        store=_STORE,
        records=number("nset"),
        existing_records=number("nexist"),
        modifications=truth("modifications"),
        candidates=length("candidates"),
        rewrite=length("rewrite"),
        duration_ms=_DURATION,
    ),
    "records rewritten": event(
        ev.CompactionRecordsRewritten, store=_STORE, records=number("records"), amount=amount("bytes"), duration_ms=_DURATION
    ),
    "hashtbl rewritten": event(
        ev.CompactionTableRewritten,
        store=_STORE,
        duration_ms=_DURATION,
        total_records=number("total_records"),
        total=amount("total_bytes"),
        rewritten_records=number("rewritten_records"),
        rewritten=amount("rewritten_bytes"),
        trashed_records=number("trashed_records"),
        trashed=amount("trashed_bytes"),
        restored_records=number("restored_records"),
        restored=amount("restored_bytes"),
        expired_records=number("expired_records"),
        expired=amount("expired_bytes"),
        reclaimed_logs=number("reclaimed_logs"),
        reclaimed=amount("reclaimed_bytes"),
        reclaim_ratio=positive_ratio("reclaim_ratio"),
    ),
    "compaction failed": event(ev.CompactionFailed, error=_ERROR),
}
"""By message of logger `hashstore`."""
