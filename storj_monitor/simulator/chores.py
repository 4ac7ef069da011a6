"""Everything a node logs beside transfers: start-up, compactions, retains, trash, scores, orders, contact, restarts.

A chore is a plan: given its beginning it says which lines come when, and when it happens again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from storj_monitor.simulator.ground_truth import LogFigures
from storj_monitor.simulator.log_formatter import VERSIONS, Compact, Fields, LogFormatter, Value, go_bytes, go_duration, stamp
from storj_monitor.simulator.profile import SATELLITES, NodeProfile, online_score

# ---- One hashstore compaction as a node logs it: beginning, rounds with their details, and the end with its statistics.


GIB = 1 << 30
MIB = 1 << 20
_DAY_S = 86400


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
    begin, today = at, int(at) // _DAY_S
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


# ---- Everything a node logs beside transfers: start-up, compactions, retains, trash, scores, orders, contact, restarts.


HOUR = 3600.0
DAY = 86400.0

_SERVICES = [
    "version:chore", "trust", "contact:chore", "bandwidth", "pieces:trash", "hashstore", "piecestore:cache",
    "piecestore:monitor", "retain", "ordersfilestore", "piecemigrate:chore", "orders", "reputation:chore", "nodestats:cache",
    "console:endpoint", "gracefulexit:blobscleaner", "gracefulexit:chore", "forgetsatellite:chore", "collector",
]  # fmt: skip
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Chores:
    """Lines that are due, in order of time. Equal seeds give equal lines, however often `due` is called."""

    def __init__(
        self, profile: NodeProfile, seed: int, begin_s: float, *, start_up: bool = True, figures: LogFigures | None = None
    ) -> None:
        self._rng = random.Random(f"chores {seed} {profile.name}")
        self.profile = profile
        self.speech = LogFormatter(profile.version, profile.encoding)
        self.node_id = "1" + "".join(self._rng.choices(_BASE58, k=49))
        self._heap: list[tuple[float, int, bytes | Callable[[float], None]]] = []
        self._order = 0
        self._figures = figures or LogFigures()
        self._told = dict.fromkeys((s.id for s in SATELLITES), 1.0)
        self._schedule(begin_s, start_up)

    def due(self, now_s: float) -> list[tuple[float, bytes]]:
        """(time, composed line) of everything up to now; lines hold TIME for the time stamp."""
        ready: list[tuple[float, bytes]] = []
        heap = self._heap
        while heap and heap[0][0] <= now_s:
            at, _, what = heappop(heap)
            if isinstance(what, bytes):
                ready.append((at, what))
            else:
                what(at)
        return ready

    def _push(self, at_s: float, what: bytes | Callable[[float], None]) -> None:
        self._order += 1
        heappush(self._heap, (at_s, self._order, what))

    def _say(self, at_s: float, level: str, logger: str, message: str, *fields: tuple[str, Value]) -> None:
        if level != "DEBUG" or self.profile.debug:
            self._push(at_s, self.speech.line(level, logger, message, fields))

    def _schedule(self, begin_s: float, start_up: bool) -> None:
        rng, busy = self._rng, self.profile.busy_chores
        if start_up:
            self._push(begin_s, self._start_up)
        plans: list[tuple[Callable[[float], None], float]] = [
            (self._hourly, HOUR), (self._scores, 4 * HOUR), (self._trash, DAY),
            (self._contact, 5 * HOUR), (self._retain, 2 * HOUR if busy else DAY),
        ]  # fmt: skip
        if self.profile.hashstore:
            plans.append((self._compaction, HOUR / 4 if busy else DAY / 8))
        if self.profile.debug:
            plans.append((self._debug_noise, 600.0))
        for plan, every_s in plans:
            self._push(begin_s + 60 + rng.random() * min(every_s, HOUR), self._repeat(plan, every_s))
        if self.profile.restart_every_s:
            every = float(self.profile.restart_every_s)
            self._push(begin_s + every, self._repeat(self._restart, every))

    def _start_up(self, at: float) -> None:
        say, speech = self._say, self.speech
        version = self.profile.version if speech.modern else self.profile.version[1:]
        say(at, "INFO", "", "Configuration loaded", ("location", "/mnt/storj/node/config.yaml"))
        say(at, "DEBUG", "", "Anonymized tracing disabled")
        say(at, "INFO", "", "Operator email", ("address", "op@example.com"))
        say(at, "INFO", "", "Operator wallet", ("address", "0x1234567890123456789012345678901234567890"))
        build: Fields = [
            ("version", version), ("commit_hash", "5c4141f99e"),
            ("build_timestamp", "2026-07-25 17:20:00 +0000 UTC"), ("release_build", True),
        ]  # fmt: skip
        say(at, "DEBUG", "", "Version info", *build)
        say(at, "DEBUG", "version", "Running on allowed version.", ("version", version))
        say(at + 1, "INFO", "db.migration", "Database Version", ("version", 62))
        say(at + 1, "INFO", "server", "existing kernel support for server-side tcp fast open detected")
        if self.profile.hashstore:
            for satellite in SATELLITES:
                self._hashstore_open(at + 1, satellite.id)
            old_blobs = ("old_blobs_path", f"{self.profile.storage_path}/blobs")
            if speech.modern:
                say(at + 2, "INFO", "piecemigrate:chore", "piece migration chore initialized", old_blobs, ("cleanup_enabled", True))
        clock = "preflight:localtime"
        say(at + 2, "INFO", clock, "start checking local system clock with trusted satellites' system clock.")
        say(at + 3, "INFO", clock, "local system clock is in sync with trusted satellites' system clock.")
        say(at + 3, "DEBUG", "services", "started", ("items", _SERVICES))
        say(at + 3, "INFO", "", f"Node {self.node_id} started")
        say(at + 3, "INFO", "", "Public server started on [::]:28967")
        say(at + 3, "INFO", "", "Private server started on 127.0.0.1:7778")
        say(at + 3, "INFO", "trust", "Scheduling next refresh", ("after", go_duration(self._rng.uniform(4, 8) * HOUR)))
        self._used_space(at + 4)

    def _hashstore_open(self, at: float, satellite: str) -> None:
        opened: list[tuple[str, Value]] = [("satellite", satellite), ("open_time", go_duration(self._rng.uniform(0.03, 0.9)))]
        if self.speech.modern:
            opened += [("logs_skipped", self._rng.randint(100, 1500)), ("logs_matched", 4), ("logs_mismatched", 0)]
        self._say(at, "INFO", "hashstore", "hashstore opened successfully", *opened)

    def _used_space(self, at: float) -> None:
        say = self._say
        for satellite in SATELLITES:
            sat = ("satellite_id", satellite.id)
            took = self._rng.uniform(2, 40)
            say(at, "INFO", "pieces", "used-space-filewalker started", sat)
            self._subprocess(at, "used-space-filewalker", satellite.id, took, [])
            size = int(self._rng.uniform(2e11, 2e12) * satellite.share)
            say(
                at + took, "INFO", "pieces", "used-space-filewalker completed", sat, ("lazy_file_walker", True),
                ("total_pieces_size", size), ("total_pieces_content_size", size - size // 2000),
                ("total_pieces_count", size // 190_000), ("duration", go_duration(took)),
            )  # fmt: skip
            at += took

    def _subprocess(self, at: float, name: str, satellite: str, took: float, walk: list[tuple[float, str, Fields]]) -> None:
        """The six lines around a lazy filewalker; its own lines carry `process` twice."""
        logger, sat = f"lazyfilewalker.{name}", ("satellite_id", satellite)
        again = (self.speech.key(logger, "process"), "storagenode")
        self._say(at, "INFO", logger, "starting subprocess", sat)
        self._say(at, "INFO", logger, "subprocess started", sat)
        self._say(at, "INFO", f"{logger}.subprocess", "Database started", sat, again)
        for after, message, fields in walk:
            self._say(at + after, "INFO", f"{logger}.subprocess", message, sat, again, *fields)
        self._say(at + took, "INFO", logger, "subprocess finished successfully", sat)

    def _hourly(self, at: float) -> None:
        say, rng = self._say, self._rng
        say(at, "INFO", "collector", "expired pieces collection started")
        say(at, "INFO", "bandwidth", "Persisting bandwidth usage cache to db")
        say(at + 1 + rng.random() * 5, "INFO", "collector", "expired pieces collection completed", ("count", rng.randint(0, 2500)))
        for satellite in SATELLITES:
            count = int(rng.uniform(2000, 9000) * satellite.share)
            say(at + 30 + rng.random() * 30, "INFO", "orders", "finished", ("satellite_id", satellite.id), ("count", count))

    def _scores(self, at: float) -> None:
        rng, online = self._rng, online_score(self.profile)
        for satellite in SATELLITES:
            total, missed, score = self._figures.audits[satellite.id]
            delta, self._told[satellite.id] = score - self._told[satellite.id], score
            level, message = ("WARN", "node scores worsened") if delta < 0 else ("INFO", "node scores updated")
            self._say(
                at + rng.random() * 3, level, "reputation:service", message, ("satellite_id", satellite.id), ("total_audits", total),
                ("successful_audits", total - missed), ("audit_score", score), ("online_score", online),
                ("suspension_score", 1), ("audit_score_delta", round(delta, 6)), ("online_score_delta", 0), ("suspension_score_delta", 0),
            )  # fmt: skip

    def _trash(self, at: float) -> None:
        for satellite in SATELLITES:
            took = self._rng.uniform(1, 200)
            sat = ("satellite_id", satellite.id)
            self._say(at, "INFO", "pieces:trash", "emptying trash started", sat)
            freed = self._rng.randint(10**8, 4 * 10**10)
            walk: list[tuple[float, str, Fields]] = [
                (0.0, "trash-filewalker started", [("date_before", stamp(at - 7 * DAY).decode())]),
                (took, "trash-filewalker completed", [("bytes_deleted", freed), ("num_keys_deleted", freed // 200_000)]),
            ]
            self._subprocess(at, "trash-cleanup-filewalker", satellite.id, took, walk)
            self._say(at + took, "INFO", "pieces:trash", "emptying trash finished", sat, ("elapsed", go_duration(took)))
            at += took + 1

    def _retain(self, at: float) -> None:
        rng = self._rng
        (satellite,) = rng.choices(SATELLITES, [s.share for s in SATELLITES])
        sat, cache = ("satellite_id", satellite.id), ("cache_path", "/mnt/storj/node/retain")
        created, took = at - 5 * DAY, rng.uniform(60, 1500)
        before = ("created_before", stamp(created - 3 * DAY).decode())
        filter_bytes = rng.randint(400_000, 7_500_000)
        pieces = rng.randint(10**5, 10**7)
        gone = pieces // rng.randint(50, 400)
        born = ("creation", stamp(created).decode())
        self._say(at, "INFO", "piecestore", "New bloomfilter is received", ("satellite", satellite.id), born)
        self._say(at, "INFO", "retain", "Retain job queued", cache, sat)
        self._say(at + 1, "INFO", "retain", "Prepared to run a Retain request.", cache, before, ("filter_size", filter_bytes), sat)
        counts: Fields = [
            ("pieces_count", pieces), ("total_pieces_to_trash", gone), ("trashed_pieces", gone), ("pieces_skipped", 0),
        ]  # fmt: skip
        walk: list[tuple[float, str, Fields]] = [
            (0.0, "gc-filewalker started", [before, ("bloom_filter_size", filter_bytes)]), (took, "gc-filewalker completed", counts),
        ]  # fmt: skip
        self._subprocess(at + 1, "gc-filewalker", satellite.id, took, walk)
        self._say(
            at + 1 + took, "INFO", "retain", "Moved pieces to trash during retain", cache, ("deleted_pieces", gone),
            ("failed_to_delete", 0), ("pieces_failed_to_read", rng.randint(0, 3)), ("pieces_count", pieces), sat,
            ("duration", go_duration(took)), ("retain_status", "enabled"),
        )  # fmt: skip

    def _compaction(self, at: float) -> None:
        (satellite,) = self._rng.choices(SATELLITES, [s.share for s in SATELLITES])
        store = self._rng.choice(("s0", "s1"))
        for when, message, fields in compaction_lines(self._rng, self.speech.modern, satellite.id, store, at):
            self._say(when, "INFO", "hashstore", message, *fields)

    def _contact(self, at: float) -> None:
        satellite = self._rng.choice(SATELLITES)
        address = f"{satellite.name}.storj.io:7777"
        text = f"ping satellite: rpc: tcp connector failed: rpc: dial tcp: lookup {address.partition(':')[0]}: i/o timeout"
        verbose = f"{text}\n\tstorj.io/storj/storagenode/contact.(*Service).pingSatelliteOnce:227"
        self._say(
            at, "ERROR", "contact:service", "ping satellite failed ", ("satellite_id", satellite.id), ("attempts", 1),
            ("error", text), ("errorVerbose", verbose),
        )  # fmt: skip
        quic = 'contact: failed to ping storage node using QUIC, your node indicated error code: 0, "rpc: quic: timeout"'
        self._say(
            at + 90, "WARN", "contact:service", "Your node is still considered to be online but encountered an error.",
            ("satellite_id", satellite.id), ("error" if self.profile.version != VERSIONS[2] else "Error", quic),
        )  # fmt: skip

    def _debug_noise(self, at: float) -> None:
        say, rng = self._say, self._rng
        for satellite in SATELLITES:
            say(at, "DEBUG", "contact:chore", "Starting cycle", ("satellite_id", satellite.id))
            say(at + 1, "DEBUG", "contact:endpoint", "pinged", ("by", satellite.id), ("src_addr", f"34.68.1.9:{rng.randint(2000, 60000)}"))
        say(at + 2, "DEBUG", "piecestore:monitor", "readability check done", ("duration", go_duration(rng.uniform(2e-5, 2e-4))))
        say(at + 3, "DEBUG", "orders", "sending")
        say(at + 3, "DEBUG", "orders", "no orders to send")
        say(at + 4, "DEBUG", "orders", "cleaning")
        say(at + 4, "DEBUG", "orders", "cleanup finished")

    def _restart(self, at: float) -> None:
        self._say(at, "INFO", "", 'Got a signal from the OS: "terminated"')
        self._start_up(at + 12)

    def _repeat(self, plan: Callable[[float], None], every_s: float) -> Callable[[float], None]:
        """Run the plan, and again after about `every_s` (±10 %)."""

        def run(at: float) -> None:
            plan(at)
            self._push(at + every_s * self._rng.uniform(0.9, 1.1), run)

        return run
