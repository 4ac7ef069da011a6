"""How a node of a given version spells a line: byte for byte what zap's console and json encoders write.

A composed line holds TIME where its time stamp belongs: callers fill it in for whole blocks of lines at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

TIME = b"\x00"
"""Stands for the time stamp in a composed line; no log line ever holds this byte otherwise."""

PIECE = "\x01"
"""Stands for a piece id in the fields of a composed line."""


class Compact(NamedTuple):
    """A struct field: encoding/json writes it without spaces, in both encodings."""

    value: Mapping[str, object]


Value = str | int | float | bool | Compact | Mapping[str, object] | Sequence[object]
Fields = Sequence[tuple[str, Value]]

VERSIONS = ("v1.162.3", "v1.145.3", "v1.120.4")

# Old spellings (up to v1.145); what is not listed is spelled as today. First the exceptions of one logger, then the rest.
_OLD_OF_LOGGER: dict[str, dict[str, str]] = {
    "lazyfilewalker": {
        "satellite_id": "satelliteID",
        "date_before": "dateBefore",
        "bytes_deleted": "bytesDeleted",
        "num_keys_deleted": "numKeysDeleted",
        "created_before": "createdBefore",
        "bloom_filter_size": "bloomFilterSize",
        "pieces_count": "piecesCount",
        "piece_id": "pieceID",
    },
    "hashstore": {
        "duration": "duration",
        "curr_log_slots": "curr logSlots",
        "next_log_slots": "next logSlots",
        "reclaim_ratio": "reclaim ratio",
        **{
            f"{what}_{unit}": f"{what} {unit}"
            for what in ("total", "rewritten", "trashed", "restored", "expired", "reclaimed")
            for unit in ("records", "bytes", "logs")
        },
    },
}
_OLD: dict[str, str] = {
    "process": "Process",
    "piece_id": "Piece ID",
    "satellite_id": "Satellite ID",
    "action": "Action",
    "size": "Size",
    "offset": "Offset",
    "remote_address": "Remote Address",
    "available_space": "Available Space",
    "location": "Location",
    "address": "Address",
    "cache_path": "cachePath",
    "created_before": "Created Before",
    "filter_size": "Filter Size",
    "deleted_pieces": "Deleted pieces",
    "failed_to_delete": "Failed to delete",
    "pieces_failed_to_read": "Pieces failed to read",
    "pieces_count": "Pieces count",
    "duration": "Duration",
    "retain_status": "Retain Status",
    "lazy_file_walker": "Lazy File Walker",
    "total_pieces_size": "Total Pieces Size",
    "total_pieces_content_size": "Total Pieces Content Size",
    "total_pieces_count": "Total Pieces Count",
    "total_pieces_to_trash": "Total Pieces To Trash",
    "trashed_pieces": "Trashed Pieces",
    "pieces_skipped": "Pieces Skipped",
    "total_audits": "Total Audits",
    "successful_audits": "Successful Audits",
    "audit_score": "Audit Score",
    "online_score": "Online Score",
    "suspension_score": "Suspension Score",
    "audit_score_delta": "Audit Score Delta",
    "online_score_delta": "Online Score Delta",
    "suspension_score_delta": "Suspension Score Delta",
    "version": "Version",
    "commit_hash": "Commit Hash",
    "build_timestamp": "Build Timestamp",
    "release_build": "Release Build",
    "minimum_version": "Minimum Version",
    "src_addr": "srcAddr",
    "bytes": "bytes",
}
# Components that already spelled some of these keys the modern way.
_KEPT: dict[str, frozenset[str]] = {
    "db.migration": frozenset({"version"}),
    "db": frozenset({"version"}),
    "piecemigrate:chore": frozenset({"size"}),
    "hashstore": frozenset({"bytes", "size"}),
}


class LogFormatter:
    """Composes lines in the words of one node version and one log encoding ("console" or "json")."""

    def __init__(self, version: str, encoding: str) -> None:
        if version not in VERSIONS or encoding not in ("console", "json"):
            raise ValueError(f"no such vocabulary or encoding: {version} {encoding}")
        self.version = version
        self.modern = version == VERSIONS[0]
        self.json = encoding == "json"

    def key(self, logger: str, name: str) -> str:
        """The spelling of a field's name in this version; `name` is today's."""
        if self.modern:
            return name
        family = logger.partition(".")[0]
        if name in _KEPT.get(logger, ()):
            return name
        return _OLD_OF_LOGGER.get(family, {}).get(name) or _OLD.get(name, name)

    def line(self, level: str, logger: str, message: str, fields: Fields = ()) -> bytes:
        """One line with its line end; field names are today's, `process` is added. Duplicate names are kept."""
        pairs = [(self.key(logger, "process"), '"storagenode"')]
        pairs += [(self.key(logger, name), self._encode(value)) for name, value in fields]
        if self.json:
            head = f'{{"L":"{level}","T":"\0",' + (f'"N":"{logger}",' if logger else "") + f'"M":{_text(message)}'
            return (head + "".join(f",{_text(name)}:{value}" for name, value in pairs) + "}\n").encode()
        context = ", ".join(f"{_text(name)}: {value}" for name, value in pairs)
        columns = ["\0", level, *([logger] if logger else []), message, "{" + context + "}"]
        return ("\t".join(columns) + "\n").encode()

    def _encode(self, value: Value) -> str:
        if isinstance(value, str):
            return _text(value)
        if isinstance(value, Compact):
            return _json(value.value, spaced=False)
        return _json(value, spaced=not self.json)


def _text(value: str) -> str:
    # The placeholder of a piece id must pass unescaped; json.dumps would write it as a \u escape.
    return json.dumps(value, ensure_ascii=False).replace("\\u0001", PIECE)


def _json(value: object, *, spaced: bool) -> str:
    separators = (", ", ": ") if spaced else (",", ":")
    return json.dumps(_plain(value), ensure_ascii=False, separators=separators)


def _plain(value: object) -> object:
    """Whole floats as integers, as Go writes them."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return value


def stamp(at_s: float) -> bytes:
    """RFC 3339 in whole seconds, UTC: the time column of every node since v1.83."""
    return datetime.fromtimestamp(int(at_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()


def go_duration(seconds: float) -> str:
    """Go's Duration.String(): `1h12m44.207331902s`, `812.460091ms`, `41.2µs`."""
    nanos = round(seconds * 1e9)
    if nanos == 0:
        return "0s"
    if nanos < 1_000_000:
        return f"{_decimal(nanos, 3)}µs"
    if nanos < 1_000_000_000:
        return f"{_decimal(nanos, 6)}ms"
    minutes, rest = divmod(nanos, 60_000_000_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(rest, 9)}s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


def _decimal(value: int, places: int) -> str:
    whole, rest = divmod(value, 10**places)
    return f"{whole}.{rest:0{places}d}".rstrip("0").rstrip(".")


def go_bytes(count: int) -> str:
    """memory.Size.String() of base 2: one decimal, the unit switches at two thirds of the next (`0.7 GiB`)."""
    for unit, size in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count * 3 >= size * 2:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
