"""Every kind of node event in one plain sentence, with how loudly it is to be said. A kind that is stored and not here does not exist:
the tests make each once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from storj_monitor.model import hashstore_events as h
from storj_monitor.model import node_events as ev
from storj_monitor.model.events import NodeEvent
from storj_monitor.model.severity import Severity, SeverityClass, classify
from storj_monitor.views.event_phrases import at, day, many, of, short, size, took, why

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL


class EventSentence(NamedTuple):
    """One event for people."""

    severity: Severity
    text: str


class Kind(NamedTuple):
    """One kind of events: its name, the group that filters offer it under, and the severities that its events can have."""

    label: str
    group: str
    severities: tuple[Severity, ...]
    say: Callable[[Any], EventSentence]


class _Words(dict[str, object]):
    """Parts of a sentence about one event: `of`, `at` (its satellite), `took`, `why`, and its fields."""

    def __init__(self, event: NodeEvent) -> None:
        self._event = event
        error = getattr(event, "error", "")
        super().__init__(of=of(event.satellite), at=at(event.satellite), took=took(getattr(event, "duration_ms", -1)), why=why(error))

    def __missing__(self, name: str) -> object:
        return _Field(getattr(self._event, name))


class _Field:
    """A field in a sentence: `:size`, `:day`, `:int`, `:amount` (the node's rounded text), `:n piece`, or text as it is."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __format__(self, spec: str) -> str:
        value = self._value
        if spec.startswith("n "):
            return many(value, spec[2:])
        match spec:
            case "size":
                return size(value)
            case "day":
                return day(value) if value > 0 else "an unknown day"
            case "int":
                return f"{max(value, 0):,}"
            case "amount":
                return value.text or "an unknown amount"
        return short(str(value)) or "not named"


def _filled(words: str, event: NodeEvent) -> str:
    text = words.format_map(_Words(event))
    return text[:1].upper() + text[1:]


def _always(severity: Severity, label: str, group: str, words: str) -> Kind:
    """Said the same way every time; a text that names a severe fault is critical nevertheless (see model.severity)."""

    def render(event: Any) -> EventSentence:
        return EventSentence(_raised(severity, event), _filled(words, event))

    return Kind(label, group, tuple(dict.fromkeys((severity, CRITICAL))) if severity is not INFO else (INFO, CRITICAL), render)


def _by_error(label: str, group: str, words: str, trouble: Severity = WARNING) -> Kind:
    """Information when all went well, `trouble` with an error; a stop of the node on the way is no error."""

    def render(event: Any) -> EventSentence:
        error = event.error
        severity = INFO if not error or "context cancel" in error else _raised(trouble, event)
        return EventSentence(severity, _filled(words, event))

    return Kind(label, group, tuple(dict.fromkeys((INFO, trouble, CRITICAL))), render)


def _raised(severity: Severity, event: Any) -> Severity:
    error = getattr(event, "error", "") or getattr(event, "reason", "")
    return CRITICAL if error and classify("INFO", "", "", error) is SeverityClass.DATA else severity


def _stepped(label: str, group: str, words: Mapping[str, str], trouble: Severity = WARNING) -> Kind:
    """Events with a `state`: words by state; `failed` is trouble."""

    def render(event: Any) -> EventSentence:
        failed = event.state == "failed" and "context cancel" not in event.error
        text = _filled(words.get(event.state, label), event)
        return EventSentence(_raised(trouble, event) if failed else INFO, text + why(event.error))

    return Kind(label, group, tuple(dict.fromkeys((INFO, trouble, CRITICAL))), render)


def _retained(e: ev.RetainFinished) -> EventSentence:
    found = f"looked at {many(e.pieces, 'piece')}" if e.pieces >= 0 else "looked at the pieces"
    failed = max(e.failed_to_delete, 0) + max(e.pieces_failed_to_read, 0)
    trouble = f" {many(failed, 'piece')} could not be moved or read." if failed else ""
    if e.status.lower() in ("debug", "disabled"):
        text = f"Garbage collection{of(e.satellite)} ran in status {e.status} and moved nothing: it {found}{took(e.duration_ms)}"
        return EventSentence(WARNING, f"{text}, {many(max(e.deleted_pieces, 0), 'piece')} of them garbage.{trouble}")
    moved = f"moved {e.deleted_pieces:,} of {many(e.pieces, 'piece')} to the trash" if e.deleted_pieces >= 0 else found
    return EventSentence(WARNING if failed else INFO, f"Garbage collection{of(e.satellite)} {moved}{took(e.duration_ms)}.{trouble}")


_WALKS = {"used-space": "Counting of used space", "gc": "Walk for garbage", "trash": "Walk through the trash"}
_ENDS = {"started": "started", "finished": "finished", "failed": "failed"}


def _walked(e: ev.Filewalker) -> EventSentence:
    what = f"{_WALKS.get(e.walker, f'Walk ({e.walker})')}{of(e.satellite)} {_ENDS.get(e.state, e.state)}{took(e.duration_ms)}"
    figures = [
        many(e.pieces, "piece") if e.pieces >= 0 else "",
        f"{e.trashed_pieces:,} to the trash" if e.trashed_pieces >= 0 else "",
        size(e.total_bytes) if e.total_bytes >= 0 else "",
    ]
    found = ", ".join(figure for figure in figures if figure)
    broken = e.state == "failed" and "context cancel" not in e.error
    text = f"{what}{f': {found}' if found else ''}"
    return EventSentence(_raised(WARNING, e) if broken else INFO, text + why(e.error))


def _scored(e: ev.ScoresReported) -> EventSentence:
    scores = [
        f"{name} {value:.1%}".replace("%", " %")
        for name, value in (("audit", e.audit_score), ("suspension", e.suspension_score), ("online", e.online_score))
        if value >= 0
    ]
    how = "got worse" if e.worsened else "changed"
    return EventSentence(CRITICAL if e.worsened and e.audit_score_delta < 0 else WARNING if e.worsened else INFO,
                f"Scores{at(e.satellite)} {how}: {', '.join(scores) or 'no figures'}.")  # fmt: skip


def _exited(e: ev.GracefulExit) -> EventSentence:
    if e.state == "begun" or "start" in e.step:
        return EventSentence(WARNING, f"Graceful exit{at(e.satellite)} began: the node hands its pieces over and leaves the satellite.")
    if e.state == "completed" or "completed" in e.step:
        return EventSentence(WARNING, f"Graceful exit{at(e.satellite)} is complete: the node has left this satellite.")
    if e.state == "failed" or "graceful exit failed" in e.step:
        return EventSentence(CRITICAL, f"Graceful exit{at(e.satellite)} failed: the held amount may be lost{why(e.reason)}")
    return EventSentence(WARNING, f"Graceful exit{at(e.satellite)}: {e.step.rstrip('.')}{why(e.reason)}")


def _clock(e: ev.ClockChecked) -> EventSentence:
    if e.state == "in_sync":
        return EventSentence(INFO, "The clock agrees with the satellites'.")
    if e.state == "out_of_sync":
        return EventSentence(CRITICAL, f"The clock differs from the one{of(e.satellite)}: orders and audits fail{why(e.error)}")
    return EventSentence(INFO, f"The clock could not be compared with the one{of(e.satellite)}{why(e.error)}")


def _unfinished(e: ev.AuditUnfinished) -> EventSentence:
    cause = "the node stopped before it ended" if e.node_stopped else "no line tells of its end within ten minutes"
    return EventSentence(
        WARNING, f"An audit{of(e.satellite)} began and {cause}: the satellite asks again, and counts it as failed in the end."
    )


def _compacted(e: h.CompactionFinished) -> EventSentence:
    words = "Compaction of {store}{at} " + ("failed{took}{why}" if e.error else "finished{took}.")
    return EventSentence(_raised(WARNING, e) if e.error else INFO, _filled(words, e))


def _table(e: h.CompactionTableRewritten) -> EventSentence:
    parts = [
        f"{word} {amount.text}"
        for word, amount in (("reclaimed", e.reclaimed), ("trashed", e.trashed), ("expired", e.expired), ("restored", e.restored))
        if amount.text
    ]
    what = _filled("Compaction of {store}{at} wrote its table anew{took}", e)
    return EventSentence(INFO, f"{what}: {', '.join(parts) or 'no amounts'}.")


def _opened(e: h.HashstoreOpened) -> EventSentence:
    bad = max(e.logs_mismatched, 0)
    text = f"Hashstore{of(e.satellite)} opened{took(e.open_ms)}"
    return EventSentence(CRITICAL if bad else INFO, f"{text}; {many(bad, 'log')} did not match." if bad else f"{text}.")


def _lost(e: ev.LostPiece) -> EventSentence:
    text = _filled("Piece {piece_id}{of} is missing or damaged", e)
    return EventSentence(
        CRITICAL, f"{text} and could not be reported{why(e.error)}" if e.error else f"{text}; the node tells its satellite."
    )


def _reported(e: ev.LostPiecesReported) -> EventSentence:
    words = "{pieces:n lost or damaged piece} could not be reported{at}{why}" if e.error else "The node reports {pieces:n lost piece}{at}."
    return EventSentence(CRITICAL, _filled(words, e))


def _seen(e: ev.ConfigurationLoaded) -> EventSentence:
    return EventSentence(INFO, f"{'The updater' if 'updater' in e.process else 'The node'} began to start: its configuration is loaded.")


def _signalled(e: ev.SignalReceived) -> EventSentence:
    who = "The updater" if "updater" in e.process else "The node"
    return EventSentence(INFO, f"{who} was told to stop ({e.signal})." if e.signal else f"{who} was told to stop.")


def _updated(e: ev.UpdaterStep) -> EventSentence:
    about = ", ".join(part for part in (e.service, f"v{e.binary_version}" if e.binary_version else "") if part)
    trouble = bool(e.error) or e.level in ("WARN", "ERROR", "FATAL")
    return EventSentence(WARNING if trouble else INFO, f"Updater{f' ({about})' if about else ''}: {e.message.rstrip('.')}{why(e.error)}")


def _outdated(e: ev.VersionOutdated) -> EventSentence:
    version = f" v{e.current}" if e.current else ""
    least = f", at least v{e.minimum} is needed" if e.minimum else ""
    return EventSentence(CRITICAL, f"The node's version{version} is too old{least}{why(e.error)}")


_GC, _TRASH, _WALK = "Garbage collection", "Trash and expiry", "Filewalkers"
_MOVE, _STORE, _ORDER = "Migration", "Hashstore", "Orders"
_REACH, _SCORE, _DISK = "Reachability", "Reputation", "Disk and space"
_RUN, _UPDATE, _TRAFFIC = "Starts and stops", "Versions and updates", "Traffic"

_GARBAGE: Mapping[type[NodeEvent], Kind] = {
    ev.BloomFilterReceived: _always(INFO, "Bloom filter received", _GC, "A bloom filter{of} came, made on {created_ms:day}."),
    ev.BloomFilterFailed: _always(
        WARNING, "Bloom filter lost", _GC, "A bloom filter{of} could not be stored; this garbage collection does not take place{why}"
    ),
    ev.RetainQueued: _always(INFO, "Garbage collection queued", _GC, "Garbage collection{of} waits for its turn."),
    ev.RetainStarted: _always(
        INFO,
        "Garbage collection started",
        _GC,
        "Garbage collection{of} started with a filter of {filter_size_bytes:size} for pieces from before {created_before_ms:day}.",
    ),
    ev.RetainFinished: Kind("Garbage collection finished", _GC, (INFO, WARNING), _retained),
    ev.RetainFailed: _by_error("Garbage collection failed", _GC, "Garbage collection{of} failed{why}"),
    ev.TrashEmptying: _stepped(
        "Trash emptied",
        _TRASH,
        {
            "started": "Emptying the trash{of} started",
            "finished": "The trash{of} was emptied{took}",
            "failed": "Emptying the trash{of} failed",
        },
    ),
    ev.TrashRestoring: _stepped(
        "Trash restored",
        _TRASH,
        {
            "started": "Restore of the trash{of} started: a satellite wants trashed pieces back",
            "finished": "The trash{of} was restored",
            "failed": "Restore of the trash{of} failed",
        },
        CRITICAL,
    ),
    ev.ExpiredCollection: _stepped(
        "Expired pieces deleted",
        _TRASH,
        {
            "started": "Deleting expired pieces started",
            "finished": "{pieces:n piece} that had expired were deleted",
            "failed": "Deleting expired pieces failed",
        },
    ),
    ev.ExpiredPieceFailed: _always(
        INFO, "Expired piece not deleted", _TRASH, "An expired piece{of} could not be deleted, most often because it is gone already{why}"
    ),
    ev.FoundInTrash: _always(
        WARNING, "Piece found in the trash", _TRASH, "A piece{of} was asked for ({action}) and had to be taken from the trash."
    ),
    ev.Filewalker: Kind("Filewalker", _WALK, (INFO, WARNING, CRITICAL), _walked),
}

_MIGRATION: Mapping[type[NodeEvent], Kind] = {
    ev.MigrationQueued: _by_error("Migration queued", _MOVE, "Pieces{of} are queued for their move to the hashstore{why}"),
    ev.MigrationIdle: _always(INFO, "Migration waits", _MOVE, "All pieces that can move to the hashstore are queued."),
    ev.MigrationProgress: _by_error(
        "Migration progress", _MOVE, "{pieces:n piece} ({total_bytes:size}) moved to the hashstore since the node started{why}"
    ),
    ev.MigrationCleaned: _always(INFO, "Migration cleaned up", _MOVE, "{removed:n empty folder}{of} removed, {remaining:int} left."),
    ev.MigrationFinished: _always(INFO, "Migration finished", _MOVE, "The migration of a satellite{of} is over: its old folder is gone."),
    ev.MigrationPieceFailed: _always(WARNING, "Piece not migrated", _MOVE, "A piece{of} could not move to the hashstore{why}"),
}

_SATELLITES: Mapping[type[NodeEvent], Kind] = {
    ev.OrdersSettled: _always(INFO, "Orders settled", _ORDER, "{count:n order} sent for settlement{at}."),
    ev.OrdersFailed: _by_error("Orders not settled", _ORDER, "Orders{at} could not be settled ({step}){why}"),
    ev.PingFailed: _by_error("Check-in failed", _REACH, "The node could not check in{at}{why}"),
    ev.PingWarned: _by_error("Check-in warning", _REACH, "The node is online{at}, but not all of it can be reached{why}"),
    ev.LostPiecesReported: Kind("Lost pieces reported", _SCORE, (CRITICAL,), _reported),
    ev.LostPiece: Kind("Lost piece", _SCORE, (CRITICAL,), _lost),
    ev.ScoresReported: Kind("Scores", _SCORE, (INFO, WARNING, CRITICAL), _scored),
    ev.SatelliteForgotten: _by_error("Satellite forgotten", _SCORE, "Forget satellite{of}: {step}{why}"),
    ev.GracefulExit: Kind("Graceful exit", _SCORE, (WARNING, CRITICAL), _exited),
    ev.AuditUnfinished: Kind("Audit without an end", _SCORE, (WARNING,), _unfinished),
    ev.UploadRejected: _always(
        WARNING,
        "Upload rejected",
        _TRAFFIC,
        "An upload was refused: {live_requests:int} at once, the node's own limit is {request_limit:int}.",
    ),
}

_LIFE: Mapping[type[NodeEvent], Kind] = {
    ev.ConfigurationLoaded: Kind("Start began", _RUN, (INFO,), _seen),
    ev.ConfigurationInvalid: _always(
        WARNING,
        "Configuration mistake",
        _RUN,
        "The node does not understand the key '{key}' of its configuration, or its value: the setting has no effect.",
    ),
    ev.NodeStarted: _always(INFO, "Node started", _RUN, "The node started."),
    ev.SignalReceived: Kind("Stop asked for", _RUN, (INFO,), _signalled),
    ev.ServiceStopped: _always(CRITICAL, "Part of the node ended", _RUN, "'{name}' ended by itself, and the node with it{why}"),
    ev.ServiceSlow: _always(WARNING, "Slow shutdown", _RUN, "The node takes long to shut down: it waits for '{name}'."),
    ev.NodeFailed: _always(CRITICAL, "Node failed", _RUN, "The node ends with an error: {what}{why}"),
    ev.Panic: _always(CRITICAL, "Panic", _RUN, "The node crashed: {first_line}."),
    ev.PlainError: _always(CRITICAL, "Last words", _RUN, "The node ended and said: {text}."),
    ev.ProcessEnded: _always(WARNING, "Process ended", _RUN, "What watches over the node says: {text}."),
    ev.ClockChecked: Kind("Clock", _RUN, (INFO, CRITICAL), _clock),
    ev.SpaceWarning: _always(WARNING, "Space warning", _DISK, "{what}: {bytes_available:size}{why}"),
    ev.DiskCheckFailed: _always(CRITICAL, "Disk check failed", _DISK, "Check of the storage folder: {what}{why}"),
    ev.VersionSeen: _always(INFO, "Version", _UPDATE, "The node runs v{version}."),
    ev.VersionMinimum: _always(INFO, "Minimum version", _UPDATE, "The least version that satellites allow is v{minimum}."),
    ev.VersionOutdated: Kind("Version too old", _UPDATE, (CRITICAL,), _outdated),
    ev.UpdaterStep: Kind("Updater", _UPDATE, (INFO, WARNING), _updated),
}

_COMPACTION = "Compaction of {store}{at}"
_HASHSTORE: Mapping[type[NodeEvent], Kind] = {
    h.HashstoreOpened: Kind("Hashstore opened", _STORE, (INFO, CRITICAL), _opened),
    h.UncleanShutdown: _always(
        CRITICAL, "Unclean shutdown", _STORE, "Store {store}{of} was not closed properly; its logs are checked and put right."
    ),
    h.LogTailMismatched: _always(CRITICAL, "Log tail wrong", _STORE, "The end of a log of {store}{of} is not what its table says."),
    h.LogReconciled: _always(
        CRITICAL, "Records lost", _STORE, "{invalid_count:n record} of {store}{of} were incomplete after an unclean stop and are lost."
    ),
    h.TrashedRecordRead: _always(WARNING, "Trashed record read", _STORE, "A record of {store}{of} was read out of the trash{why}"),
    h.CompactionStarted: _always(INFO, "Compaction started", _STORE, f"{_COMPACTION} started."),
    h.CompactionRoundStarted: _always(INFO, "Compaction round started", _STORE, f"{_COMPACTION} began a round."),
    h.CompactionWaited: _always(INFO, "Compaction waited", _STORE, f"{_COMPACTION} got its locks{{took}}."),
    h.CompactionLogIncluded: _always(
        INFO, "Compaction takes a log", _STORE, f"{_COMPACTION} rewrites a log with {{dead:amount}} of dead data, for want of better ones."
    ),
    h.CompactionPlanned: _always(INFO, "Compaction planned", _STORE, f"{_COMPACTION} rewrites {{rewrite:int}} of {{candidates:n log}}."),
    h.CompactionRecordsRewritten: _always(
        INFO, "Compaction wrote records", _STORE, f"{_COMPACTION} wrote {{records:n record}} ({{amount:amount}}) anew."
    ),
    h.CompactionTableRewritten: Kind("Compaction wrote its table", _STORE, (INFO,), _table),
    h.CompactionRoundFinished: _by_error("Compaction round finished", _STORE, f"{_COMPACTION} ended a round{{took}}{{why}}"),
    h.CompactionFinished: Kind("Compaction finished", _STORE, (INFO, WARNING, CRITICAL), _compacted),
    h.CompactionFailed: _always(WARNING, "Compaction failed", _STORE, "A compaction{of} failed{why}"),
}

KINDS: Mapping[type[NodeEvent], Kind] = {**_GARBAGE, **_MIGRATION, **_HASHSTORE, **_SATELLITES, **_LIFE}
"""By type, in the order of the filter."""

KIND_NAMES: Mapping[str, Kind] = {str(cls.__struct_config__.tag): kind for cls, kind in KINDS.items()}
"""By tag, as it is stored and as it goes on the wire."""


def say(event: NodeEvent) -> EventSentence:
    """The sentence of an event."""
    return KINDS[type(event)].say(event)


__all__ = ["KINDS", "KIND_NAMES", "Kind", "EventSentence", "say"]
