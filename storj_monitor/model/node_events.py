"""What a node says about itself, beside transfers: one frozen type for each kind of line that an operator cares about.

Every event has `time_ms` (the line's own time), `level` and `satellite` ("" when node-wide) from NodeEvent. Text comes from
logs and is data. -1 stands for a number that the line did not have, None for one that it may not have.
Tags are stored: append new types, never rename a tag.
"""

from __future__ import annotations

from storj_monitor.model.events import NodeEvent
from storj_monitor.model.hashstore_events import (
    UNKNOWN_NUMBER,
    CompactionFailed,
    CompactionFinished,
    CompactionLogIncluded,
    CompactionPlanned,
    CompactionRecordsRewritten,
    CompactionRoundFinished,
    CompactionRoundStarted,
    CompactionStarted,
    CompactionTableRewritten,
    CompactionWaited,
    HashstoreOpened,
    LogReconciled,
    LogTailMismatched,
    TrashedRecordRead,
    UncleanShutdown,
)

# ---- garbage, trash, expiry ----


class BloomFilterReceived(NodeEvent, frozen=True, kw_only=True, tag="bloom_filter_received"):
    created_ms: int = UNKNOWN_NUMBER


class BloomFilterFailed(NodeEvent, frozen=True, kw_only=True, tag="bloom_filter_failed"):
    """A filter came and could not be stored: this round of garbage collection does not take place."""

    error: str = ""


class RetainQueued(NodeEvent, frozen=True, kw_only=True, tag="retain_queued"):
    pass


class RetainStarted(NodeEvent, frozen=True, kw_only=True, tag="retain_started"):
    created_before_ms: int = UNKNOWN_NUMBER
    filter_size_bytes: int = UNKNOWN_NUMBER


class RetainFinished(NodeEvent, frozen=True, kw_only=True, tag="retain_finished"):
    deleted_pieces: int = UNKNOWN_NUMBER
    failed_to_delete: int = UNKNOWN_NUMBER
    pieces_failed_to_read: int = UNKNOWN_NUMBER
    pieces: int = UNKNOWN_NUMBER
    duration_ms: int = UNKNOWN_NUMBER
    status: str = ""


class RetainFailed(NodeEvent, frozen=True, kw_only=True, tag="retain_failed"):
    error: str = ""


class TrashEmptying(NodeEvent, frozen=True, kw_only=True, tag="trash_emptying"):
    """`state`: started, finished or failed (failed lines may lack the satellite)."""

    state: str
    duration_ms: int = UNKNOWN_NUMBER
    error: str = ""


class TrashRestoring(NodeEvent, frozen=True, kw_only=True, tag="trash_restoring"):
    state: str
    error: str = ""


class ExpiredCollection(NodeEvent, frozen=True, kw_only=True, tag="expired_collection"):
    state: str
    pieces: int = UNKNOWN_NUMBER
    error: str = ""


class ExpiredPieceFailed(NodeEvent, frozen=True, kw_only=True, tag="expired_piece_failed"):
    """An expired piece could not be deleted, most often because it is gone already."""

    piece_id: str = ""
    error: str = ""


class Filewalker(NodeEvent, frozen=True, kw_only=True, tag="filewalker"):
    """A walk over all pieces. `walker`: used-space, gc or trash; `state`: started, finished or failed.

    `pieces` were looked at (trash: deleted), `trashed_pieces` moved to trash, `total_bytes` found (trash: freed).
    """

    walker: str
    state: str
    lazy: bool = False
    pieces: int = UNKNOWN_NUMBER
    trashed_pieces: int = UNKNOWN_NUMBER
    skipped_pieces: int = UNKNOWN_NUMBER
    total_bytes: int = UNKNOWN_NUMBER
    duration_ms: int = UNKNOWN_NUMBER
    error: str = ""


# ---- migration of pieces to the hashstore ----


class MigrationQueued(NodeEvent, frozen=True, kw_only=True, tag="migration_queued"):
    error: str = ""


class MigrationIdle(NodeEvent, frozen=True, kw_only=True, tag="migration_idle"):
    """All is queued; `active` are the satellites that are being migrated."""

    active: tuple[str, ...] = ()
    interval_ms: int = UNKNOWN_NUMBER


class MigrationProgress(NodeEvent, frozen=True, kw_only=True, tag="migration_progress"):
    """Cumulative since the node process started."""

    pieces: int = UNKNOWN_NUMBER
    total_bytes: int = UNKNOWN_NUMBER
    error: str = ""


class MigrationCleaned(NodeEvent, frozen=True, kw_only=True, tag="migration_cleaned"):
    removed: int = UNKNOWN_NUMBER
    remaining: int = UNKNOWN_NUMBER


class MigrationFinished(NodeEvent, frozen=True, kw_only=True, tag="migration_finished"):
    """The directory of one satellite is empty and gone; its name is the satellite id in lower-case base32."""

    path: str = ""


class MigrationPieceFailed(NodeEvent, frozen=True, kw_only=True, tag="migration_piece_failed"):
    piece_id: str = ""
    error: str = ""


# ---- satellites: orders, contact, reputation, leaving ----


class OrdersSettled(NodeEvent, frozen=True, kw_only=True, tag="orders_settled"):
    """Also printed when the settlement has failed: see OrdersFailed."""

    count: int = UNKNOWN_NUMBER


class OrdersFailed(NodeEvent, frozen=True, kw_only=True, tag="orders_failed"):
    step: str
    error: str = ""


class PingFailed(NodeEvent, frozen=True, kw_only=True, tag="ping_failed"):
    """The node could not check in at a satellite; during a shutdown that is no network trouble."""

    step: str
    attempts: int = UNKNOWN_NUMBER
    error: str = ""


class PingWarned(NodeEvent, frozen=True, kw_only=True, tag="ping_warned"):
    """Online, but something is wrong, usually QUIC."""

    error: str = ""


class LostPiecesReported(NodeEvent, frozen=True, kw_only=True, tag="lost_pieces_reported"):
    pieces: int = UNKNOWN_NUMBER
    error: str = ""


class LostPiece(NodeEvent, frozen=True, kw_only=True, tag="lost_piece"):
    """A piece that the node found to be missing or damaged and tells its satellite of; `error` when it could not."""

    piece_id: str = ""
    error: str = ""


class ClockChecked(NodeEvent, frozen=True, kw_only=True, tag="clock_checked"):
    """`state`: in_sync, out_of_sync or unknown (the satellite could not be asked)."""

    state: str
    error: str = ""


class ScoresReported(NodeEvent, frozen=True, kw_only=True, tag="scores_reported"):
    """Scores are 0..1. `total_audits - successful_audits` includes audits missed while offline."""

    worsened: bool
    total_audits: int = UNKNOWN_NUMBER
    successful_audits: int = UNKNOWN_NUMBER
    audit_score: float = -1.0
    online_score: float = -1.0
    suspension_score: float = -1.0
    audit_score_delta: float = 0.0
    online_score_delta: float = 0.0
    suspension_score_delta: float = 0.0


class SatelliteForgotten(NodeEvent, frozen=True, kw_only=True, tag="satellite_forgotten"):
    step: str
    error: str = ""


class GracefulExit(NodeEvent, frozen=True, kw_only=True, tag="graceful_exit"):
    """`step` is the node's own message; `state`: begun, completed, failed or "" (something went wrong on the way)."""

    step: str
    reason: str = ""
    state: str = ""


# ---- transfers: what is no result line ----


class FoundInTrash(NodeEvent, frozen=True, kw_only=True, tag="found_in_trash"):
    """A piece was served from the trash; the download has its own result line."""

    piece_id: str = ""
    action: str = ""
    offset: int = UNKNOWN_NUMBER
    size_bytes: int = UNKNOWN_NUMBER
    remote_address: str = ""


class AuditUnfinished(NodeEvent, frozen=True, kw_only=True, tag="audit_unfinished"):
    """An audit began and no line tells of its end: the satellite asks again, and counts it as failed in the end."""

    piece_id: str = ""
    started_ms: int = UNKNOWN_NUMBER
    node_stopped: bool = False


class UploadRejected(NodeEvent, frozen=True, kw_only=True, tag="upload_rejected"):
    live_requests: int = UNKNOWN_NUMBER
    request_limit: int = UNKNOWN_NUMBER


# ---- the process and its machine ----


class ConfigurationLoaded(NodeEvent, frozen=True, kw_only=True, tag="configuration_loaded"):
    """First line of a process (`storagenode` or `storagenode-updater`), also of one that fails: the node is up from NodeStarted on.

    `previous_ms`: the last sign of life before it, by the same node; -1 where that is not known.
    """

    process: str = ""
    path: str = ""
    previous_ms: int = UNKNOWN_NUMBER


class ConfigurationInvalid(NodeEvent, frozen=True, kw_only=True, tag="configuration_invalid"):
    """A key of the node's configuration that it does not know, or a value that it cannot read: the setting has no effect."""

    what: str
    key: str = ""


class NodeStarted(NodeEvent, frozen=True, kw_only=True, tag="node_started"):
    """`previous_ms`: as in ConfigurationLoaded."""

    node_id: str
    previous_ms: int = UNKNOWN_NUMBER


class SignalReceived(NodeEvent, frozen=True, kw_only=True, tag="signal_received"):
    """`signal` is "" for a Windows service that is told to stop."""

    process: str = ""
    signal: str = ""


class ServiceStopped(NodeEvent, frozen=True, kw_only=True, tag="service_stopped"):
    """A part of the node ended unexpectedly; the node then exits."""

    name: str = ""
    error: str = ""


class ServiceSlow(NodeEvent, frozen=True, kw_only=True, tag="service_slow"):
    name: str = ""


class NodeFailed(NodeEvent, frozen=True, kw_only=True, tag="node_failed"):
    """The process ends: `failure during run`, `Unrecoverable error`, `Failed preflight check.`, and any line at FATAL or PANIC."""

    what: str
    error: str = ""


class Panic(NodeEvent, frozen=True, kw_only=True, tag="panic"):
    """A Go panic or fatal runtime error. It has no time of its own: `time_ms` is that of the line before (0 when none)."""

    first_line: str


class PlainError(NodeEvent, frozen=True, kw_only=True, tag="plain_error"):
    """`Error: …` on stderr: the last that a start says which fails, often the only line that says why. Without a time, as Panic."""

    text: str


class ProcessEnded(NodeEvent, frozen=True, kw_only=True, tag="process_ended"):
    """What watches over a node's process says when it ended, or (`final` False) that it will not be started again. Time as in Panic."""

    text: str
    final: bool = True


class SpaceWarning(NodeEvent, frozen=True, kw_only=True, tag="space_warning"):
    what: str
    bytes_available: int = UNKNOWN_NUMBER
    error: str = ""


class DiskCheckFailed(NodeEvent, frozen=True, kw_only=True, tag="disk_check_failed"):
    """The storage directory could not be read, written or recognised in time; the node stops unless told otherwise."""

    what: str
    timeout_ms: int = UNKNOWN_NUMBER
    error: str = ""


class VersionSeen(NodeEvent, frozen=True, kw_only=True, tag="version_seen"):
    """The version that the node runs, without a leading v."""

    version: str


class VersionMinimum(NodeEvent, frozen=True, kw_only=True, tag="version_minimum"):
    minimum: str


class VersionOutdated(NodeEvent, frozen=True, kw_only=True, tag="version_outdated"):
    current: str = ""
    minimum: str = ""
    error: str = ""


class UpdaterStep(NodeEvent, frozen=True, kw_only=True, tag="updater_step"):
    """What storagenode-updater did: its message, and versions or files when it named them."""

    message: str
    service: str = ""
    binary_version: str = ""
    error: str = ""


AnyNodeEvent = (
    HashstoreOpened | UncleanShutdown | LogTailMismatched | LogReconciled | TrashedRecordRead
    | CompactionStarted | CompactionRoundStarted | CompactionWaited | CompactionLogIncluded | CompactionPlanned
    | CompactionRecordsRewritten | CompactionTableRewritten | CompactionRoundFinished | CompactionFinished | CompactionFailed
    | BloomFilterReceived | BloomFilterFailed | RetainQueued | RetainStarted | RetainFinished | RetainFailed
    | TrashEmptying | TrashRestoring | ExpiredCollection | ExpiredPieceFailed | Filewalker
    | MigrationQueued | MigrationIdle | MigrationProgress | MigrationCleaned | MigrationFinished | MigrationPieceFailed
    | OrdersSettled | OrdersFailed | PingFailed | PingWarned | LostPiecesReported | LostPiece | ClockChecked | ScoresReported
    | SatelliteForgotten | GracefulExit | FoundInTrash | AuditUnfinished | UploadRejected
    | ConfigurationLoaded | ConfigurationInvalid | NodeStarted | SignalReceived | ServiceStopped | ServiceSlow | NodeFailed | Panic
    | PlainError | ProcessEnded
    | SpaceWarning | DiskCheckFailed | VersionSeen | VersionMinimum | VersionOutdated | UpdaterStep
)  # fmt: skip
"""All types, for `msgspec.json.Decoder(AnyNodeEvent)`: the tag says which one."""
