"""Which lines become which typed events. A known line that has no builder here is understood and needs none."""

from __future__ import annotations

import re
from collections.abc import Mapping

from storj_monitor.log_processor.fields import (
    EventBuilder,
    Getter,
    LogRecord,
    always,
    amount,
    duration,
    event,
    length,
    message,
    moment,
    number,
    positive_ratio,
    ratio,
    store_stats,
    text,
    truth,
    version,
)
from storj_monitor.model import hashstore_events as hs
from storj_monitor.model import node_events as ev

# ---- Lines of the hashstore become typed events.


_STORE = text("store")
_DURATION = duration("duration")
_ERROR = text("error")
_TRASHED_READ = event(hs.TrashedRecordRead, store=_STORE, record=text("record"), error=_ERROR)

HASHSTORE_EVENT_BUILDERS: Mapping[str, EventBuilder] = {
    "hashstore opened successfully": event(
        hs.HashstoreOpened,
        open_ms=duration("open_time"),
        logs_skipped=number("logs_skipped"),
        logs_matched=number("logs_matched"),
        logs_mismatched=number("logs_mismatched"),
    ),
    "unclean shutdown detected: reconciling logs": event(hs.UncleanShutdown, store=_STORE),
    "mismatched log tail": event(hs.LogTailMismatched, store=_STORE, log_id=number("id"), path=text("path")),
    "reconciled log with invalid records": event(
        hs.LogReconciled, store=_STORE, log_id=number("id"), path=text("path"), invalid_count=number("invalid_count")
    ),
    "trashed record was read": _TRASHED_READ,
    "unable to revive record": _TRASHED_READ,
    "beginning compaction": event(hs.CompactionStarted, store=_STORE, stats=store_stats),
    "finished compaction": event(hs.CompactionFinished, store=_STORE, duration_ms=_DURATION, error=_ERROR, stats=store_stats),
    "compact once started": event(hs.CompactionRoundStarted, store=_STORE, today=number("today")),
    "compact once finished": event(
        hs.CompactionRoundFinished, store=_STORE, duration_ms=_DURATION, completed=truth("completed"), error=_ERROR
    ),
    "compaction acquired locks": event(hs.CompactionWaited, store=_STORE, duration_ms=_DURATION),
    "including log due to no rewrite candidates": event(
        hs.CompactionLogIncluded, store=_STORE, log_id=number("id"), path=text("path"), dead=amount("dead")
    ),
    "compaction computed details": event(
        hs.CompactionPlanned,
        store=_STORE,
        records=number("nset"),
        existing_records=number("nexist"),
        modifications=truth("modifications"),
        candidates=length("candidates"),
        rewrite=length("rewrite"),
        duration_ms=_DURATION,
    ),
    "records rewritten": event(
        hs.CompactionRecordsRewritten, store=_STORE, records=number("records"), amount=amount("bytes"), duration_ms=_DURATION
    ),
    "hashtbl rewritten": event(
        hs.CompactionTableRewritten,
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
    "compaction failed": event(hs.CompactionFailed, error=_ERROR),
}
"""By message of logger `hashstore`."""


# ---- Which lines become which typed events. A known line that has no builder here is understood and needs none.


def _in_message(pattern: str) -> Getter:
    """A value that the message itself carries."""
    compiled = re.compile(pattern)

    def get(record: LogRecord) -> str:
        match = compiled.fullmatch(record.message)
        return match[1][:100] if match else ""

    return get


def _walk_is_lazy(record: LogRecord) -> bool:
    return record.fields.truth("lazy_file_walker") or record.logger.startswith("lazyfilewalker")


def _migrating(record: LogRecord) -> tuple[str, ...]:
    active = record.fields.nested("active") or {}
    return tuple(satellite for satellite, on in active.items() if on is True)


def _trash(state: str) -> EventBuilder:
    return event(ev.TrashEmptying, state=always(state), duration_ms=duration("elapsed"), error=_ERROR)


def _restore(state: str) -> EventBuilder:
    return event(ev.TrashRestoring, state=always(state), error=_ERROR)


def _expired(state: str) -> EventBuilder:
    return event(ev.ExpiredCollection, state=always(state), pieces=number("count"), error=_ERROR)


def _exit(state: str) -> EventBuilder:
    return event(ev.GracefulExit, step=message, reason=_reason_or_error, state=always(state))


def _reason_or_error(record: LogRecord) -> str:
    return record.fields.short("reason") or record.fields.short("error")


def _clock(state: str) -> EventBuilder:
    return event(ev.ClockChecked, state=always(state), error=_ERROR)


def _walker(walker: str, state: str) -> EventBuilder:
    return event(
        ev.Filewalker,
        walker=always(walker),
        state=always(state),
        lazy=_walk_is_lazy,
        pieces=number("total_pieces_count", "pieces_count", "num_keys_deleted"),
        trashed_pieces=number("trashed_pieces"),
        skipped_pieces=number("pieces_skipped"),
        total_bytes=number("total_pieces_size", "pieces_total", "bytes_deleted"),
        duration_ms=duration("duration"),
        error=_ERROR,
    )


def _scores(worsened: bool) -> EventBuilder:
    return event(
        ev.ScoresReported,
        worsened=always(worsened),
        total_audits=number("total_audits"),
        successful_audits=number("successful_audits"),
        audit_score=ratio("audit_score", -1.0),
        online_score=ratio("online_score", -1.0),
        suspension_score=ratio("suspension_score", -1.0),
        audit_score_delta=ratio("audit_score_delta"),
        online_score_delta=ratio("online_score_delta"),
        suspension_score_delta=ratio("suspension_score_delta"),
    )


UPDATER_STEP = event(ev.UpdaterStep, message=message, service=text("service"), binary_version=version("version"), error=_ERROR)
"""Any line of the updater, whatever it says."""

_ORDERS_FAILED = event(ev.OrdersFailed, step=message, error=_ERROR)
_FORGOTTEN = event(ev.SatelliteForgotten, step=message, error=_ERROR)
_LOST_PIECE = event(ev.LostPiece, piece_id=text("piece_id"), error=_ERROR)
_CONFIGURATION_INVALID = event(ev.ConfigurationInvalid, what=message, key=text("key"))
_DISK_CHECK = event(ev.DiskCheckFailed, what=message, timeout_ms=duration("timeout"), error=_ERROR)
_SPACE = event(ev.SpaceWarning, what=message, bytes_available=number("bytes"), error=_ERROR)
NODE_FAILED = event(ev.NodeFailed, what=message, error=_ERROR)
_PING_FAILED = event(ev.PingFailed, step=message, attempts=number("attempts"), error=_ERROR)
_LOST_PIECES = event(ev.LostPiecesReported, pieces=number("piece_count"), error=_ERROR)
_MIGRATION_QUEUED = event(ev.MigrationQueued, error=_ERROR)
_VERSION_SEEN = event(ev.VersionSeen, version=version("version"))
_VERSION_OUTDATED = event(ev.VersionOutdated, current=version("current_version"), minimum=version("minimum_allowed_version"), error=_ERROR)

_ORDER_FAILURES = (
    "listing orders",
    "unable to get satellite address",
    "failed to settle orders for satellite",
    "skipping order settlement for untrusted satellite. Order will be archived",
    "failed to archive orders",
    "rpc client when sending new orders settlements",
    "rpc client error when closing sender",
)
_CLEANER_STEPS = (
    "cleanup failed",
    "Failed to update satellite status.",
    "failed to get satellite info",
    "failed to remove satellite from trust cache",
    "cleaning up satellite data",
    "cleanup completed",
)
_DISK_CHECKS = (
    "timed out while verifying readability of storage directory",
    "error verifying location and/or readability of storage directory",
    "timed out while verifying writability of storage directory",
    "error verifying writability of storage directory",
)
_SPACE_WARNINGS = (
    "Disk space is less than requested. Allocated space is",
    "Used more space than allocated. Allocated space is",
    "Total disk space is less than required minimum",
    "Total disk space (minus reserved bytes) is less than required minimum",
    "unable to get disk space info, using zeros",
)
_RUN_FAILURES = ("failure during run", "Unrecoverable error", "Failed preflight check.", "Service failed.", "PANIC")
_EXIT_STEPS = {
    ("gracefulexit:endpoint", "initialize graceful exit: start"): "begun",
    ("gracefulexit:chore", "graceful exit completed."): "completed",
    ("gracefulexit:chore", "graceful exit failed."): "failed",
    ("gracefulexit:chore", "unknown graceful exit message."): "",
    ("gracefulexit:chore", "worker failed"): "",
    ("gracefulexit:service", "failed to delete all pieces"): "",
}
_STATES = ("started", "completed", "failed")


def _event_state(word: str) -> str:
    return "finished" if word == "completed" else word


EVENT_BUILDERS: Mapping[tuple[str, str], EventBuilder] = {
    **{("hashstore", what): build for what, build in HASHSTORE_EVENT_BUILDERS.items()},
    **{("orders", what): _ORDERS_FAILED for what in _ORDER_FAILURES},
    **{("forgetsatellite:cleaner", what): _FORGOTTEN for what in _CLEANER_STEPS},
    **{(logger, what): _exit(state) for (logger, what), state in _EXIT_STEPS.items()},
    **{("piecestore:monitor", what): _DISK_CHECK for what in _DISK_CHECKS},
    **{(logger, what): _SPACE for what in _SPACE_WARNINGS for logger in ("", "piecestore:monitor")},
    **{("", what): NODE_FAILED for what in _RUN_FAILURES},
    **{
        (logger, f"{walker}-filewalker {word}"): _walker(walker, _event_state(word))
        for walker in ("used-space", "gc", "trash")
        for word in _STATES
        for logger in ("pieces", "lazyfilewalker")
    },
    ("piecestore", "failed to set bloom filter"): event(ev.BloomFilterFailed, error=_ERROR),
    ("piecestore", "New bloomfilter is received"): event(ev.BloomFilterReceived, created_ms=moment("creation")),
    ("piecestore", "file found in trash"): event(
        ev.FoundInTrash,
        piece_id=text("piece_id"),
        action=text("action"),
        offset=number("offset"),
        size_bytes=number("size"),
        remote_address=text("remote_address"),
    ),
    ("piecestore", "upload rejected, too many requests"): event(
        ev.UploadRejected, live_requests=number("live_requests"), request_limit=number("request_limit")
    ),
    ("retain", "Retain job queued"): event(ev.RetainQueued),
    ("piecestore", "Retain job queued"): event(ev.RetainQueued),
    **{("piecestore", f"restore trash {state}"): _restore(state) for state in ("started", "finished", "failed")},
    ("retain", "Prepared to run a Retain request."): event(
        ev.RetainStarted, created_before_ms=moment("created_before"), filter_size_bytes=number("filter_size")
    ),
    ("retain", "Moved pieces to trash during retain"): event(
        ev.RetainFinished,
        deleted_pieces=number("deleted_pieces", "num_deleted"),
        failed_to_delete=number("failed_to_delete"),
        pieces_failed_to_read=number("pieces_failed_to_read"),
        pieces=number("pieces_count"),
        duration_ms=duration("duration"),
        status=text("retain_status"),
    ),
    ("retain", "retain pieces failed"): event(ev.RetainFailed, error=_ERROR),
    ("pieces:trash", "emptying trash started"): _trash("started"),
    ("pieces:trash", "emptying trash finished"): _trash("finished"),
    ("pieces:trash", "emptying trash failed"): _trash("failed"),
    ("pieces:trash", "restore trash started"): _restore("started"),
    ("pieces:trash", "restore trash finished"): _restore("finished"),
    ("pieces:trash", "restore trash failed"): _restore("failed"),
    ("collector", "expired pieces collection started"): _expired("started"),
    ("collector", "expired pieces collection completed"): _expired("finished"),
    ("collector", "collect"): _expired("finished"),
    ("collector", "error during expired pieces collection"): _expired("failed"),
    ("collector", "unable to delete piece"): event(ev.ExpiredPieceFailed, piece_id=text("piece_id"), error=_ERROR),
    ("piecemigrate:chore", "enqueued for migration"): _MIGRATION_QUEUED,
    ("piecemigrate:chore", "failed to enqueue for migration"): _MIGRATION_QUEUED,
    ("piecemigrate:chore", "all enqueued for migration; will sleep before next pooling"): event(
        ev.MigrationIdle, active=_migrating, interval_ms=duration("interval")
    ),
    ("piecemigrate:chore", "processed a bunch of pieces"): event(
        ev.MigrationProgress, pieces=number("successes"), total_bytes=number("size"), error=_ERROR
    ),
    ("piecemigrate:chore", "cleanup removed empty prefix directories"): event(
        ev.MigrationCleaned, removed=number("removed"), remaining=number("remaining")
    ),
    ("piecemigrate:chore", "removed empty satellite directory"): event(ev.MigrationFinished, path=text("dir")),
    ("piecemigrate:chore", "couldn't migrate"): event(ev.MigrationPieceFailed, piece_id=text("id"), error=_ERROR),
    ("orders", "finished"): event(ev.OrdersSettled, count=number("count")),
    ("contact:service", "ping satellite failed"): _PING_FAILED,
    ("contact:service", "failed PingMe request to satellite"): _PING_FAILED,
    ("contact:service", "Your node is still considered to be online but encountered an error."): event(ev.PingWarned, error=_ERROR),
    ("contact:amnesty", "sending amnesty batch to satellite"): _LOST_PIECES,
    ("contact:amnesty", "failed to send amnesty report"): _LOST_PIECES,
    ("contact:amnesty", "failed to dial satellite for amnesty report"): _LOST_PIECES,
    ("contact:amnesty", "failed to get satellite URL for amnesty report"): _LOST_PIECES,
    ("contact:amnesty", "adding bad piece to batch"): _LOST_PIECE,
    ("hashstore", "failed to report bad piece to amnesty"): _LOST_PIECE,
    ("preflight:localtime", "local system clock is in sync with trusted satellites' system clock."): _clock("in_sync"),
    ("preflight:localtime", "system clock is out of sync with satellite"): _clock("out_of_sync"),
    ("preflight:localtime", "unable to get satellite system time"): _clock("unknown"),
    ("reputation:service", "node scores worsened"): _scores(True),
    ("reputation:service", "node scores updated"): _scores(False),
    ("", "Configuration loaded"): event(ev.ConfigurationLoaded, process=text("process"), path=text("location")),
    ("", "Invalid configuration file key"): _CONFIGURATION_INVALID,
    ("", "Invalid configuration file value for key"): _CONFIGURATION_INVALID,
    ("", "Node * started"): event(ev.NodeStarted, node_id=_in_message(r"Node (\S+) started")),
    ("", "Got a signal from the OS: *"): event(
        ev.SignalReceived, process=text("process"), signal=_in_message(r"Got a signal from the OS: \"(.*)\"")
    ),
    ("", "Stop/Shutdown request received."): event(ev.SignalReceived, process=text("process")),
    ("services", "unexpected shutdown of a runner"): event(ev.ServiceStopped, name=text("name"), error=_ERROR),
    ("services", "service takes long to shutdown"): event(ev.ServiceSlow, name=text("name")),
    ("services", "slow shutdown"): event(ev.ServiceSlow, name=text("name")),
    ("", "Version info"): _VERSION_SEEN,
    ("version", "Running on allowed version."): _VERSION_SEEN,
    ("version", "Allowed minimum version from control server."): event(ev.VersionMinimum, minimum=version("minimum_version")),
    ("version", "version not allowed/outdated"): _VERSION_OUTDATED,
    ("version:chore", "outdated software version"): _VERSION_OUTDATED,
}
"""By canonical logger (all lazy filewalkers are one) and canonical message."""
