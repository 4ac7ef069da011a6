"""From series of the debug port to figures: which series means what, in the words of node versions 1.120 to 1.162."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Final

from storj_monitor.errors import AnswerNotUnderstood
from storj_monitor.model.figures import Source
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.node_metrics import DiskFigures, HashstoreFigures, MigrationFigures, NodeMetrics, Spread, TransferCount
from storj_monitor.model.reputation import NEVER, ReputationSnapshot
from storj_monitor.model.space import BlobsUsage, HashstoreUsage, SpaceMetrics
from storj_monitor.node_api.wire import MOST_SATELLITES
from storj_monitor.units import plain_text

# ---- Reads the wanted series out of a node's `/metrics`, and jumps over the rest.
#
# An answer has 620 to 750 kB, of which nine tenths are timings of functions. It comes grouped: `# TYPE name gauge`, then the samples of
# that
# name; so it is cut at those comments and only the groups of wanted names are looked into. For those the result is that of a full parse.


MOST_LABEL: Final = 100

Labels = tuple[tuple[str, str], ...]
"""Label pairs sorted by name, without `scope` and `field`."""
Fields = dict[str, float]
Families = dict[str, dict[Labels, Fields]]
"""Family name -> labels -> field (recent, count, value …) -> figure. NaN is left out: the node has no figure there."""

WANTED: Final = (
    b"upload_", b"download_", b"audit_", b"suspension_score", b"online_score", b"reputation_", b"hashstore",
    b"allocated_space", b"used_space", b"available_space", b"reserved_space", b"reported_capacity",
    b"blobs_usage", b"migrating_backend", b"migration_", b"queue",
    b"processed_pieces", b"garbage_collection_", b"readability_check", b"writability_check", b"diskio", b"process", b"version_info",
    b"trash_deleted_files", b"collector_files_deleted", b"incoming_connection", b"orders_unsent_file_corrupted",
    b"orders_archive_file_corrupted", b"disk_stats", b"slow_shutdown", b"unexpected_shutdown", b"open_file_in_trash",
)  # fmt: skip
UNWANTED_ENDS: Final = (b"_rate_bytes_per_sec", b"_size_bytes", b"_orders_amount", b"_hash_count")
"""Of wanted beginnings; `_duration_ns` (transfers) stays."""
UNWANTED_FIELDS: Final = frozenset({b"high", b"low", b"rate", b"delta", b"rmin", b"rmax", b"ravg", b"r10"})

_SAMPLE = re.compile(rb"^([A-Za-z_:][A-Za-z0-9_:]*)\{(.*)\} (\S+)(?: -?\d+)?$", re.MULTILINE)
_FIELD = re.compile(rb'(?:^|,)field="([^"]*)"')
_LABEL = re.compile(rb'\b([A-Za-z_]\w*+)="([^"]*)"')
_GROUP = b"# TYPE "


def wanted(name: bytes) -> bool:
    """Whether a family is read."""
    return name.startswith(WANTED) and not name.endswith(UNWANTED_ENDS)


def read_families(body: bytes, path: str) -> Families:
    """The wanted families. AnswerNotUnderstood: cut off, no metrics at all, a value that is no number, or those of another program."""
    if not body.endswith(b"\n"):
        raise AnswerNotUnderstood(path, "$", "the answer is cut off" if _GROUP in body else "no metrics")
    groups = body.split(_GROUP)
    families: Families = {}
    memo: dict[bytes, Labels] = {}
    for group in groups[1:]:
        name, _, rest = group.partition(b" ")
        if wanted(name):
            families[name.decode()] = _read_group(name, rest.partition(b"\n")[2], memo, path)
    if not families or not any(name in families for name in ("version_info", "used_space", "process")):
        raise AnswerNotUnderstood(path, "$", "no metrics of a storage node")
    return families


def _read_group(name: bytes, text: bytes, memo: dict[bytes, Labels], path: str) -> dict[Labels, Fields]:
    series: dict[Labels, Fields] = {}
    found = 0
    for sample in _SAMPLE.finditer(text):
        found += 1
        head, field = _split(sample[2])
        if field in UNWANTED_FIELDS:
            continue
        try:
            value = float(sample[3])
        except ValueError:
            raise AnswerNotUnderstood(path, name.decode(), f"{sample[3][:40].decode('ascii', 'replace')!r} is no number") from None
        if not math.isfinite(value):
            continue
        labels = memo.get(head)
        if labels is None:
            labels = memo[head] = _labels(head)
        fields = series.get(labels)
        if fields is None:
            fields = series[labels] = {}
        fields[field.decode()] = value
    if found != sum(1 for line in text.splitlines() if line and not line.startswith(b"#")):
        raise AnswerNotUnderstood(path, name.decode(), "a line that is no sample")
    return series


def _split(labels: bytes) -> tuple[bytes, bytes]:
    """The labels without `field`, and its value. It comes last as a rule; the order of the others changes from line to line."""
    at = labels.rfind(b'field="')
    if at >= 0 and labels.endswith(b'"') and labels.find(b'"', at + 7) == len(labels) - 1:
        return labels[:at], labels[at + 7 : -1]
    match = _FIELD.search(labels)
    return (labels[: match.start()] + b"," + labels[match.end() :], match[1]) if match else (labels, b"")


def _labels(text: bytes) -> Labels:
    pairs = [(key.decode(), plain_text(value.decode("utf-8", "replace"), MOST_LABEL)) for key, value in _LABEL.findall(text)]
    return tuple(sorted(pair for pair in pairs if pair[0] != "scope"))


# ---- From series of the debug port to figures: which series means what, in the words of node versions 1.120 to 1.162.


PATH: Final = "/metrics"
_NO_FIELDS: Final[Fields] = {}
_OUTCOMES: Final = (("success", Outcome.SUCCESS), ("cancel", Outcome.CANCELED), ("failure", Outcome.FAILED))
_ACTIONS: Final = {action.name: action for action in Action if action.label != "UNKNOWN"}
MOST_DISK_FIGURES: Final = 12
_COLLECTION: Final = "garbage_collection_"
_COUNTERS: Final = (
    "trash_deleted_files", "collector_files_deleted", "download_verify_orderlimit_failed", "download_cancel_unknown_reason_v1",
    "orders_unsent_file_corrupted", "orders_archive_file_corrupted", "download_file_in_trash", "open_file_in_trash", "slow_shutdown",
    "unexpected_shutdown",
)  # fmt: skip
_HASHSTORE_KEYS: Final = (
    "NumSet", "LenSet", "NumTrash", "LenTrash", "NumTTL", "LenTTL", "NumLogs", "LenLogs", "TableSize", "Load", "Compacting", "Compactions",
    "LogsRewritten", "DataRewritten", "DataReclaimed", "DataReclaimable", "FreeRequired", "LastCompact",
)  # fmt: skip
_SWITCHES: Final = ("PassiveMigrate", "WriteToNew", "ReadNewFirst", "TTLToNew")
_SATELLITE_LABELS: Final = ("satellite", "satellite_id")
_PROGRESS: Final = ("enqueued", "processed", "successes", "errors", "remaining_directories")


def decode_metrics(body: bytes, taken_at: float) -> NodeMetrics:
    """One answer of `/metrics`. AnswerNotUnderstood when it is not that of a storage node."""
    families = read_families(body, PATH)
    _bound_satellites(families)
    disk = _one(families, "diskio")
    return NodeMetrics(
        taken_at=taken_at,
        uptime_s=_one(families, "process").get("uptime"),
        version=_version(_one(families, "version_info")),
        transfers={transfer.op: transfer for transfer in _transfers(families)},
        first_byte_sent_s=_spread(_one(families, "download_time_to_first_byte_sent")),
        first_byte_read_s=_spread(_one(families, "download_time_to_first_byte_read")),
        reputation=tuple(_reputation(families, taken_at)),
        space=_space(families, taken_at),
        hashstore=tuple(_hashstore(families)),
        migration=tuple(_migration(families)),
        migration_queue=_whole(_one(families, "queue"), "length"),
        disk=DiskFigures(
            readability_s=_spread(_one(families, "readability_check")),
            writability_s=_spread(_one(families, "writability_check")),
            read_count=_whole(disk, "ReadCount"),
            write_count=_whole(disk, "WriteCount"),
            read_bytes=_whole(disk, "ReadBytes"),
            write_bytes=_whole(disk, "WriteBytes"),
        ),
        disk_stats=dict(list(_one(families, "disk_stats").items())[:MOST_DISK_FIGURES]),
        collection=_collection(families),
        counters=_counters(families),
        samples=sum(len(fields) for series in families.values() for fields in series.values()),
    )


def _bound_satellites(families: Families) -> None:
    """AnswerNotUnderstood for more satellites than any node has."""
    for series in families.values():
        if (
            len(series) > MOST_SATELLITES
            and len({value for labels in series for name, value in labels if name in _SATELLITE_LABELS}) > MOST_SATELLITES
        ):
            raise AnswerNotUnderstood(PATH, "$", f"more than {MOST_SATELLITES} satellites")


def _one(families: Families, family: str) -> Fields:
    """The fields of a family that has one series."""
    return next(iter(families.get(family, {}).values()), _NO_FIELDS)


def _by(families: Families, family: str, label: str) -> Iterator[tuple[str, Fields]]:
    """(satellite, fields) of each series; ids lose the `_` that the node puts before a digit."""
    for labels, fields in families.get(family, {}).items():
        value = dict(labels).get(label)
        if value:
            yield (value[1:] if value[0] == "_" and value[1:2].isdigit() else value), fields


def _whole(fields: Fields, key: str) -> int | None:
    value = fields.get(key)
    return None if value is None else int(value)


def _spread(fields: Fields, scale: float = 1.0) -> Spread | None:
    count = fields.get("count")
    if not count:
        return None

    def scaled(key: str) -> float | None:
        value = fields.get(key)
        return None if value is None else value * scale

    parts = (scaled(key) for key in ("min", "max", "r50", "r90", "r99", "recent"))
    return Spread(int(count), fields.get("sum", 0.0) * scale, *parts)


def _version(fields: Fields) -> str:
    numbers = [_whole(fields, key) for key in ("major", "minor", "patch")]
    return "" if None in numbers else ".".join(map(str, numbers))


def _transfers(families: Families) -> Iterator[TransferCount]:
    for direction, nameless in (("upload", Action.UNKNOWN_UP), ("download", Action.UNKNOWN_DOWN)):
        for labels, fields in families.get(f"{direction}_started_count", {}).items():
            action = _ACTIONS.get(dict(labels).get("action", ""), nameless)
            yield TransferCount(op_code(action, Outcome.STARTED), _whole(fields, "value") or 0)
        for word, outcome in _OUTCOMES:
            meters = families.get(f"{direction}_{word}_byte_meter", {})
            durations = families.get(f"{direction}_{word}_duration_ns", {})
            for labels, fields in families.get(f"{direction}_{word}_count", {}).items():
                action = _ACTIONS.get(dict(labels).get("action", ""), nameless)
                size_bytes = _whole(meters.get(labels, _NO_FIELDS), "total") or 0
                spread = _spread(durations.get(labels, _NO_FIELDS), 1e-9)
                yield TransferCount(op_code(action, outcome), _whole(fields, "value") or 0, size_bytes, spread)


def _reputation(families: Families, taken_at: float) -> Iterator[ReputationSnapshot]:
    def latest(family: str, label: str, field: str = "recent") -> dict[str, float]:
        return {satellite: fields[field] for satellite, fields in _by(families, family, label) if field in fields}

    audit = latest("reputation_score", "satellite") | latest("audit_reputation_score", "satellite_id")
    suspension = latest("reputation_unknown_score", "satellite") | latest("suspension_score", "satellite_id")
    online = latest("reputation_online_score", "satellite") | latest("online_score", "satellite_id")
    total = latest("reputation_audits_total", "satellite", "value") | latest("audit_total_count", "satellite_id")
    successful = latest("reputation_audits_success", "satellite", "value") | latest("audit_success_count", "satellite_id")
    disqualified, suspended = latest("reputation_dq_age", "satellite"), latest("reputation_suspension_age", "satellite")
    for satellite in audit:
        yield ReputationSnapshot(
            satellite=satellite,
            source=Source.METRICS,
            taken_at=taken_at,
            audit_score=audit[satellite],
            suspension_score=suspension.get(satellite),
            online_score=online.get(satellite),
            total_audits=int(total[satellite]) if satellite in total else None,
            successful_audits=int(successful[satellite]) if satellite in successful else None,
            disqualified_at=_since(disqualified.get(satellite), taken_at),
            suspended_at=_since(suspended.get(satellite), taken_at),
        )


def _since(age_s: float | None, taken_at: float) -> float | None:
    if age_s is None:
        return None
    return taken_at - age_s if age_s > 0 else NEVER


def _space(families: Families, taken_at: float) -> SpaceMetrics:
    return SpaceMetrics(
        taken_at=taken_at,
        allocated_bytes=_whole(_one(families, "allocated_space"), "recent"),
        used_bytes=_whole(_one(families, "used_space"), "recent"),
        available_bytes=_whole(_one(families, "available_space"), "recent"),
        reserved_bytes=_whole(_one(families, "reserved_space"), "recent"),
        reported_capacity_bytes=_whole(_one(families, "reported_capacity"), "recent"),
        blobs=tuple(
            BlobsUsage(satellite, int(fields.get("total_size", 0)), int(fields.get("content_size", 0)))
            for satellite, fields in sorted(_by(families, "blobs_usage", "satellite"))
        ),
        hashstore=tuple(
            HashstoreUsage(one.satellite, one.set_bytes or 0, one.trash_bytes or 0, one.logs_bytes or 0, one.table_bytes or 0)
            for one in _hashstore(families)
            if not one.store
        ),
    )


def _hashstore(families: Families) -> Iterator[HashstoreFigures]:
    by_store: list[tuple[str, str, Fields]] = []
    for labels, fields in families.get("hashstore", {}).items():
        pairs = dict(labels)
        satellite = pairs.get("satellite", "")
        if satellite:
            by_store.append((satellite.removeprefix("_"), pairs.get("db", ""), fields))
    for satellite, store, fields in sorted(by_store, key=lambda one: one[:2]):
        values = [fields.get(key, fields.get(f"Table_{key}")) for key in _HASHSTORE_KEYS]
        figures = HashstoreFigures(satellite, store, *(None if value is None else int(value) for value in values))
        yield figures._replace(load=values[_HASHSTORE_KEYS.index("Load")])


def _migration(families: Families) -> Iterator[MigrationFigures]:
    switches = dict(_by(families, "migrating_backend", "satellite"))
    active = dict(_by(families, "migration_status", "sat"))
    progress = dict(_by(families, "migration_progress", "sat"))
    pieces: dict[str, dict[str, int]] = {}
    for labels, fields in families.get("processed_pieces", {}).items():
        pairs = dict(labels)
        counts = pieces.setdefault(pairs.get("sat", "").removeprefix("_"), {})
        counts[pairs.get("result", "")] = int(fields.get("value", fields.get("count", fields.get("total", 0.0))))
    for satellite in sorted({*switches, *active, *progress, *pieces} - {""}):
        yield MigrationFigures(
            satellite,
            *_flags(switches.get(satellite, _NO_FIELDS), _SWITCHES),
            *_flags(active.get(satellite, _NO_FIELDS), ("active",)),
            *(_whole(progress.get(satellite, _NO_FIELDS), key) for key in _PROGRESS),
            *(pieces.get(satellite, {}).get(result) for result in ("success", "error", "skipped")),
        )


def _flags(fields: Fields, keys: Iterable[str]) -> Iterator[bool | None]:
    for key in keys:
        value = fields.get(key)
        yield None if value is None else value != 0


def _collection(families: Families) -> dict[str, Spread]:
    spreads = ((name.removeprefix(_COLLECTION), _spread(_one(families, name))) for name in families if name.startswith(_COLLECTION))
    return {name: spread for name, spread in spreads if spread is not None}


def _counters(families: Families) -> dict[str, int]:
    found = {}
    for name in _COUNTERS:
        values = [fields.get("value", fields.get("total")) for fields in families.get(name, {}).values()]
        if values:
            found[name] = int(sum(value for value in values if value is not None))
    for kind, fields in _by(families, "incoming_connection", "kind"):
        found[f"connections_{kind}"] = int(fields.get("total", 0))
    return found
