"""One hashstore compaction as a node logs it: beginning, rounds with their details, and the end with its statistics."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from storj_monitor.simulator.speech import Compact, Fields, Value, go_bytes, go_duration

GIB = 1 << 30
MIB = 1 << 20
DAY = 86400


@dataclass(slots=True)
class _Store:
    logs: int
    pieces: int
    trashed: int
    expired: int
    piece_bytes: int
    rewritten_logs: int = 0
    rewritten_bytes: int = 0
    reclaimed_bytes: int = 0
    last_compact: int = 0


def compaction_lines(rng: random.Random, modern: bool, satellite: str, store: str, at: float) -> Iterator[tuple[float, str, Fields]]:
    """(time, message, fields) of a whole compaction that begins at `at` (Unix seconds) and takes minutes."""
    where: list[tuple[str, Value]] = [("satellite", satellite), ("store", store)]
    begin, today = at, int(at) // DAY
    shape = _Store(rng.randint(60, 400), rng.randint(100_000, 900_000), rng.randint(500, 20_000), rng.randint(100, 2000), 250_000)
    shape.last_compact = today - 1
    yield at, "beginning compaction", [*where, ("stats", _stats(modern, shape, today))]
    rounds = rng.randint(1, 3)
    for number in range(rounds):
        took = rng.uniform(15, 150)
        yield at, "compact once started", [*where, ("today", today)]
        candidates = sorted(rng.sample(range(1, shape.logs + 1), rng.randint(2, 9)))
        rewrite = candidates[: rng.randint(1, 3)]
        yield at + took * 0.1, "compaction computed details", [*where, *_details(shape, candidates, rewrite, took * 0.1)]
        records = len(rewrite) * rng.randint(1000, 4000)
        written = records * shape.piece_bytes // 3
        took_rewrite = ("duration", go_duration(took * 0.6))
        yield at + took * 0.7, "records rewritten", [*where, ("records", records), ("bytes", go_bytes(written)), took_rewrite]
        freed = len(rewrite) * GIB - written
        shape.rewritten_logs += len(rewrite)
        shape.rewritten_bytes += written
        shape.reclaimed_bytes += freed
        table = _table(shape, records, written, freed, len(rewrite))
        yield at + took * 0.95, "hashtbl rewritten", [*where, ("duration", go_duration(took * 0.25)), *table]
        done = number == rounds - 1
        yield at + took, "compact once finished", [*where, ("duration", go_duration(took)), ("completed", done)]
        at += took
    shape.last_compact = today
    shape.trashed = 0
    yield at, "finished compaction", [*where, ("duration", go_duration(at - begin)), ("stats", _stats(modern, shape, today))]


def _details(shape: _Store, candidates: list[int], rewrite: list[int], took: float) -> Fields:
    return [
        ("nset", shape.pieces - shape.expired), ("nexist", shape.pieces), ("modifications", True),
        ("curr_log_slots", 20), ("curr logSlots size", "64.0 MiB"), ("next_log_slots", 20), ("next logSlots size", "64.0 MiB"),
        ("candidates", candidates), ("rewrite", rewrite), ("duration", go_duration(took)),
    ]  # fmt: skip


def _table(shape: _Store, records: int, written: int, freed: int, logs: int) -> Fields:
    ratio: Value = round(freed / written, 7) if written else "NaN"
    size = shape.piece_bytes
    return [
        ("total_records", shape.pieces), ("total_bytes", go_bytes(shape.pieces * size)),
        ("rewritten_records", records), ("rewritten_bytes", go_bytes(written)),
        ("trashed_records", shape.trashed), ("trashed_bytes", go_bytes(shape.trashed * size)),
        ("restored_records", 0), ("restored_bytes", "0 B"),
        ("expired_records", shape.expired), ("expired_bytes", go_bytes(shape.expired * size)),
        ("reclaimed_logs", logs), ("reclaimed_bytes", go_bytes(freed)), ("reclaim_ratio", ratio),
    ]  # fmt: skip


def _stats(modern: bool, shape: _Store, today: int) -> Compact:
    length = shape.logs * GIB
    held = shape.pieces * shape.piece_bytes
    trash = shape.trashed * shape.piece_bytes
    stats: dict[str, object] = {
        "NumLogs": shape.logs, "LenLogs": go_bytes(length), "NumLogsTTL": 6, "LenLogsTTL": go_bytes(384 * MIB),
        "SetPercent": min(1.0, held / length), "TrashPercent": trash / length, "TTLPercent": 384 * MIB / length,
        "Compacting": False, "Compactions": 9, "Today": today, "LastCompact": shape.last_compact,
        "LogsRewritten": shape.rewritten_logs, "DataRewritten": go_bytes(shape.rewritten_bytes),
        "DataReclaimed": go_bytes(shape.reclaimed_bytes), "DataReclaimable": go_bytes(max(0, length - held)),
        "Table": {
            "NumSet": shape.pieces, "LenSet": go_bytes(held), "AvgSet": shape.piece_bytes,
            "NumTrash": shape.trashed, "LenTrash": go_bytes(trash), "AvgTrash": shape.piece_bytes if shape.trashed else 0,
            "NumTTL": 733, "LenTTL": "383.5 MiB", "AvgTTL": 548592.6330150068, "NumSlots": 1 << 20, "TableSize": "64.0 MiB",
            "Load": shape.pieces / (1 << 20), "Created": today - 1, "Kind": 0,
        },
    }  # fmt: skip
    if modern:
        stats |= {"LogsSkipped": shape.logs - 4, "LogsMatched": 4, "LogsMismatched": 0, "FreeRequired": "0.8 GiB"}
    stats["Compaction"] = {"Elapsed": 0, "Remaining": 0, "TotalRecords": 0, "ProcessedRecords": 0}
    return Compact(stats)
