"""What a node says about its hashstore: opening, damage, and the steps of a compaction.

The same rules as in node_events: -1 stands for a number that the line did not have; tags are stored and never renamed.
"""

from __future__ import annotations

import msgspec

from storj_monitor.model.events import NodeEvent

UNKNOWN_NUMBER = -1


class ByteAmount(msgspec.Struct, frozen=True):
    """An amount that the node has rounded for people: its text, and about how many bytes that is (-1 when unreadable)."""

    text: str
    approx_bytes: int


NO_AMOUNT = ByteAmount("", UNKNOWN_NUMBER)


class StoreStats(msgspec.Struct, frozen=True, kw_only=True):
    """Statistics of one hashstore half, as logged before and after a compaction. Fractions are 0..1."""

    logs: int = UNKNOWN_NUMBER
    log_amount: ByteAmount = NO_AMOUNT
    set_fraction: float = 0.0
    trash_fraction: float = 0.0
    ttl_fraction: float = 0.0
    compactions: int = UNKNOWN_NUMBER
    logs_rewritten: int = UNKNOWN_NUMBER
    rewritten: ByteAmount = NO_AMOUNT
    reclaimed: ByteAmount = NO_AMOUNT
    reclaimable: ByteAmount = NO_AMOUNT
    free_required: ByteAmount = NO_AMOUNT
    records_set: int = UNKNOWN_NUMBER
    set_amount: ByteAmount = NO_AMOUNT
    records_trash: int = UNKNOWN_NUMBER
    trash_amount: ByteAmount = NO_AMOUNT
    records_ttl: int = UNKNOWN_NUMBER
    ttl_amount: ByteAmount = NO_AMOUNT
    table_amount: ByteAmount = NO_AMOUNT
    table_load: float = 0.0


# ---- hashstore: opening and damage ----


class HashstoreOpened(NodeEvent, frozen=True, kw_only=True, tag="hashstore_opened"):
    open_ms: int = UNKNOWN_NUMBER
    logs_skipped: int = UNKNOWN_NUMBER
    logs_matched: int = UNKNOWN_NUMBER
    logs_mismatched: int = UNKNOWN_NUMBER


class UncleanShutdown(NodeEvent, frozen=True, kw_only=True, tag="unclean_shutdown"):
    store: str


class LogTailMismatched(NodeEvent, frozen=True, kw_only=True, tag="log_tail_mismatched"):
    store: str
    log_id: int = UNKNOWN_NUMBER
    path: str = ""


class LogReconciled(NodeEvent, frozen=True, kw_only=True, tag="log_reconciled"):
    """After an unclean shutdown: `invalid_count` pieces of this log are lost and are reported to the satellite."""

    store: str
    log_id: int = UNKNOWN_NUMBER
    path: str = ""
    invalid_count: int = UNKNOWN_NUMBER


class TrashedRecordRead(NodeEvent, frozen=True, kw_only=True, tag="trashed_record_read"):
    """A piece that was in the trash was asked for and has been revived (`error` is "") or could not be."""

    store: str
    record: str = ""
    error: str = ""


# ---- hashstore: compaction ----


class CompactionStarted(NodeEvent, frozen=True, kw_only=True, tag="compaction_started"):
    store: str
    stats: StoreStats | None = None


class CompactionRoundStarted(NodeEvent, frozen=True, kw_only=True, tag="compaction_round_started"):
    store: str
    today: int = UNKNOWN_NUMBER


class CompactionWaited(NodeEvent, frozen=True, kw_only=True, tag="compaction_waited"):
    """The compaction had to wait more than a second for its locks."""

    store: str
    duration_ms: int = UNKNOWN_NUMBER


class CompactionLogIncluded(NodeEvent, frozen=True, kw_only=True, tag="compaction_log_included"):
    store: str
    log_id: int = UNKNOWN_NUMBER
    path: str = ""
    dead: ByteAmount = NO_AMOUNT


class CompactionPlanned(NodeEvent, frozen=True, kw_only=True, tag="compaction_planned"):
    """`candidates` and `rewrite` are numbers of log files."""

    store: str
    records: int = UNKNOWN_NUMBER
    existing_records: int = UNKNOWN_NUMBER
    modifications: bool = False
    candidates: int = 0
    rewrite: int = 0
    duration_ms: int = UNKNOWN_NUMBER


class CompactionRecordsRewritten(NodeEvent, frozen=True, kw_only=True, tag="compaction_records_rewritten"):
    store: str
    records: int = UNKNOWN_NUMBER
    amount: ByteAmount = NO_AMOUNT
    duration_ms: int = UNKNOWN_NUMBER


class CompactionTableRewritten(NodeEvent, frozen=True, kw_only=True, tag="compaction_table_rewritten"):
    """`reclaim_ratio` is None when the node printed NaN or infinity, or nothing."""

    store: str
    duration_ms: int = UNKNOWN_NUMBER
    total_records: int = UNKNOWN_NUMBER
    total: ByteAmount = NO_AMOUNT
    rewritten_records: int = UNKNOWN_NUMBER
    rewritten: ByteAmount = NO_AMOUNT
    trashed_records: int = UNKNOWN_NUMBER
    trashed: ByteAmount = NO_AMOUNT
    restored_records: int = UNKNOWN_NUMBER
    restored: ByteAmount = NO_AMOUNT
    expired_records: int = UNKNOWN_NUMBER
    expired: ByteAmount = NO_AMOUNT
    reclaimed_logs: int = UNKNOWN_NUMBER
    reclaimed: ByteAmount = NO_AMOUNT
    reclaim_ratio: float | None = None


class CompactionRoundFinished(NodeEvent, frozen=True, kw_only=True, tag="compaction_round_finished"):
    """`completed` is false when another round follows."""

    store: str
    duration_ms: int = UNKNOWN_NUMBER
    completed: bool = False
    error: str = ""


class CompactionFinished(NodeEvent, frozen=True, kw_only=True, tag="compaction_finished"):
    store: str
    duration_ms: int = UNKNOWN_NUMBER
    error: str = ""
    stats: StoreStats | None = None


class CompactionFailed(NodeEvent, frozen=True, kw_only=True, tag="compaction_failed"):
    """Said in addition to the finished line, without the store."""

    error: str = ""
