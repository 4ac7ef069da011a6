"""The nodes of fake_server.py: figures that are made up, but the same whenever one second is asked for twice."""

from __future__ import annotations

import math
import random
import time
from typing import Any

from e2e.made_up_figures import EVIL
from e2e.made_up_nodes import HELP, Sayings
from e2e.made_up_states import node_state

from storj_monitor.model.severity import classify, severity_of
from storj_monitor.stats import SIZE_CLASS_BOUNDS_BYTES

SATELLITES = {
    "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S": "us1",
    "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs": "eu1",
    "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6": "ap1",
    "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE": "",
}
COUNTRIES = [("DE", 40), ("US", 32), ("FI", 17), ("FR", 12), ("GB", 9), ("SG", 7), ("JP", 5), ("BR", 3), ("AU", 2), ("", 2), ("ZA", 1)]
ACTIONS = [
    ("PUT up", 0.93, 5, 14.0),
    ("GET down", 0.81, 9, 8.0),
    ("GET_AUDIT down", 1.0, 0, 0.4),
    ("PUT_REPAIR up", 0.97, 1, 1.2),
    ("GET_REPAIR down", 0.985, 2, 2.1),
]
PIECES = [f"{seed:02d}XQ7B4K5VZ2MHTW3YJNRLPDGFSAEC6OIUX7QKMWZB2VHT3YJNRL"[:52] for seed in range(30)]


class World:
    """The made-up nodes: everything that a snapshot says."""

    def __init__(
        self, nodes: int, rate: float, hostile: bool, quiet: bool, empty: bool, young: bool = False, trouble: bool = False
    ) -> None:
        names = ["attic", "cellar", "garage-8tb", "office", "shed"]
        self.nodes = [names[i] if i < len(names) else f"node-{i + 1}" for i in range(nodes)]
        self.rate, self.hostile, self.quiet, self.empty = rate, hostile, quiet, empty
        self.trouble = trouble
        self.random = random.Random(7)
        self.began = time.time()
        self.topics: tuple[str, ...] = ()
        self.sayings = Sayings(self.nodes, self.began, hostile, young, trouble)

    def share(self, view: list[str]) -> float:
        return len(view) / len(self.nodes)

    def second(self, second: int, view: list[str]) -> tuple[int, int, int, int]:
        """Bytes and operations of one second, the same whenever it is asked."""
        if self.quiet or self.empty:
            return (0, 0, 0, 0)
        chance = random.Random(second)
        swing = 1 + 0.35 * math.sin(second / 47) + 0.2 * math.sin(second / 11)
        ups = max(0, int(self.rate * self.share(view) * 0.45 * swing * chance.uniform(0.7, 1.3)))
        downs = max(0, int(self.rate * self.share(view) * 0.55 * (2 - swing) * chance.uniform(0.7, 1.3)))
        return (int(ups * 310_000 * chance.uniform(0.8, 1.2)), int(downs * 190_000 * chance.uniform(0.8, 1.2)), ups, downs)

    def ring(self, view: list[str]) -> dict[str, Any]:
        end = int(time.time())
        cells = [self.second(second, view) for second in range(end - 299, end)] + [(0, 0, 0, 0)]
        columns = [list(column) for column in zip(*cells, strict=True)]
        return {"t": end, "step": 1, "up_bytes": columns[0], "down_bytes": columns[1], "up_ops": columns[2], "down_ops": columns[3]}

    def rows(self, topic: str, view: list[str]) -> dict[str, Any]:
        if self.empty and topic not in ("nodes", "lines"):
            return {}
        if topic in HELP:
            said: dict[str, Any] = getattr(self.sayings, topic)(view)
            return said
        rows: dict[str, Any] = getattr(self, f"_{topic}")(view, self.share(view) * (1 + (time.time() - self.began) / 900))
        return rows

    def _nodes(self, view: list[str], _grown: float) -> dict[str, Any]:
        now = time.time()
        rows = {}
        for index, name in enumerate(self.nodes):
            if name not in view:
                continue
            last = None if self.empty else now - (430 if self.quiet else 0.4 + index)
            rows[name] = {
                "state": "live",
                "detail": "",
                "last_line": last,
                "read_at": last,
                "lag_bytes": 0,
                "lines": 400_000,
                "version": "v1.162.3",
                "node_id": "1JaJqUigxRoRD55tHWisbaGoyE9FQ8WbUgyx59px5BiecTSPAZ",
                "path": f"/logs/{name}.log",
                "since": now - 86400,
            }
        if "office" in rows and not self.quiet:
            rows["office"] |= {"state": "catching_up", "lag_bytes": 41_900_000, "version": "v1.145.3"}
        if "shed" in rows:
            rows["shed"] |= {"state": "error", "detail": "/logs/shed.log: permission denied", "last_line": now - 4000}
        if self.trouble:
            rows = {name: row | node_state(name, self.began) for name, row in rows.items()}
        return rows

    def _actions(self, _view: list[str], grown: float) -> dict[str, Any]:
        rows = {}
        for key, success, failed, weight in ACTIONS:
            total = int(9000 * weight * grown)
            bad = int(total * failed / 1000)
            won = int(total * success) - bad if failed else total
            action, direction = key.split()
            rows[key] = {
                "action": action,
                "direction": direction,
                "unrated": 0,
                "counters_only": 0,
                "rejected": 0,
                "may_hide_failures": False,
                "mean_ms": 1100.0,
                "source": "log",
                "timed_source": "log",
                "success": won,
                "canceled": total - won - bad,
                "failed": bad,
                "bytes": won * 240_000,
                "all_bytes": total * 240_000,
                "timed": total,
                "p50_ms": 1000 if "AUDIT" not in key else 0,
                "p95_ms": 4000,
                "p99_ms": 11000,
                "resolution_ms": 1000,
            }
        return rows

    def _satellites(self, _view: list[str], grown: float) -> dict[str, Any]:
        rows = {}
        for index, (key, name) in enumerate(SATELLITES.items()):
            size = int(60_000 * grown / (index + 1) ** 2)
            rows[key] = {
                "name": name,
                "put": [size, size // 14, size // 300],
                "get": [size // 2, size // 9, size // 200],
                "audit": [size // 40, 0, 3 if index == 1 else 0],
                "repair": [size // 12, size // 200, 0],
                "up_bytes": size * 310_000,
                "down_bytes": size * 90_000,
            }
        return rows

    def _sizes(self, _view: list[str], grown: float) -> dict[str, Any]:
        shape = [3, 12, 22, 14, 9, 8, 11, 31]
        rows = {}
        for index, weight in enumerate(shape):
            bounds = {
                "class": index,
                "from_bytes": SIZE_CLASS_BOUNDS_BYTES[index],
                "to_bytes": SIZE_CLASS_BOUNDS_BYTES[index + 1] if index < 7 else None,
            }
            rows[f"up {index}"] = bounds | {
                "direction": "up",
                "count": int(1100 * weight * grown),
                "success": int(1050 * weight * grown),
            }
            rows[f"down {index}"] = bounds | {
                "direction": "down",
                "count": int(800 * shape[(index + 2) % 8] * grown),
                "success": int(650 * shape[(index + 2) % 8] * grown),
            }
        return rows

    def _errors(self, view: list[str], grown: float) -> dict[str, Any]:
        now = time.time()
        known = [
            ("WARN", "piecestore", "upload failed", "manager closed: read tcp *->*: read: connection reset by peer", 1312),
            ("ERROR", "piecestore", "download failed", "hashstore: file does not exist", 12),
            (
                "ERROR",
                "contact:service",
                "ping satellite failed",
                "ping satellite: rpc: tcp connector failed: rpc: context deadline exceeded",
                7,
            ),
            ("ERROR", "piecestore", "download failed", "write tcp *->*: write: broken pipe", 210),
            ("WARN", "piecestore", "upload internal error", "unexpected EOF", 64),
            ("ERROR", "orders", "failed to settle orders for satellite", "order: database is locked", 3),
            ("WARN", "piecestore", "file found in trash", "file found in trash", 2),
            ("ERROR", "hashstore", "compaction failed", "hashstore: write: no space left on device", 1),
        ]
        rows = {}
        for index, (level, logger, message, template, count) in enumerate(known):
            text = template + (EVIL if self.hostile else "")
            kind = classify(level, logger, message, template)
            rows[f"t{index}"] = {
                "class": kind.label,
                "rank": int(kind),
                "severity": severity_of(kind).value,
                "nodes": view[:20],
                "node_count": len(view),
                "level": level,
                "logger": logger,
                "message": message + (EVIL if self.hostile else ""),
                "template": text,
                "count": max(1, int(count * grown)),
                "first": now - 3000,
                "last": now - 5 * index,
                "satellite": list(SATELLITES)[index % 4],
                "sample": "2026-08-20T07:02:06Z"
                f'\t{level}\t{logger}\t{message}\t{{"process": "storagenode", "piece_id": "{PIECES[index]}", "action": "GET", '
                f'"offset": 0, "size": 2319360, "remote_address": "198.51.100.90:53110", "error": "{text}"}}',
            }
        return rows

    def _pieces(self, _view: list[str], grown: float) -> dict[str, Any]:
        return {
            f"{index:016x}": {
                "piece": f"{index:016x}",
                "piece_id": piece if index % 5 else "",
                "count": max(2, int(900 * grown / (index + 1))),
                "error": 0 if index < 6 else index,
                "bytes": int(2_319_360 * 900 * grown / (index + 1)),
                "satellite": list(SATELLITES)[index % 4],
            }
            for index, piece in enumerate(PIECES)
        }

    def _countries(self, _view: list[str], grown: float) -> dict[str, Any]:
        return {
            code: {
                "country": code,
                "up_count": int(300 * weight * grown),
                "down_count": int(500 * weight * grown),
                "up_bytes": int(9e7 * weight * grown),
                "down_bytes": int(6e7 * weight * (1 + (weight % 3) / 3) * grown),
            }
            for code, weight in COUNTRIES
        }

    def _compactions(self, view: list[str], _grown: float) -> dict[str, Any]:
        rows: dict[str, Any] = {}
        satellites = list(SATELLITES)
        empty: dict[str, Any] = {
            "finished": None,
            "duration_s": None,
            "name": "us1",
            "stage": "",
            "error": "",
            "reclaimed": None,
            "total": None,
            "rewritten": None,
            "trashed": None,
            "expired": None,
        }
        for index, name in enumerate(view[:3]):
            rows[f"{name}/{satellites[0]}/s0"] = empty | {
                "node": name,
                "satellite": satellites[0],
                "store": "s0",
                "state": "done",
                "started": self.began - 900 * (index + 2),
                "finished": self.began - 800 * (index + 1),
                "duration_s": 107.9,
                "reclaimed": "1.4 GiB",
                "total": "93.1 GiB",
                "rewritten": "612.4 MiB",
                "trashed": "391.0 MiB",
                "expired": "3.3 GiB",
            }
        rows[f"{view[0]}/{satellites[1]}/s1"] = empty | {
            "node": view[0],
            "satellite": satellites[1],
            "store": "s1",
            "state": "running",
            "started": self.began - 137,
            "stage": "rewriting records, round 2",
            "total": "120.0 GiB",
        }
        rows[f"{view[0]}/{satellites[3]}/s0"] = empty | {
            "node": view[0],
            "satellite": satellites[3],
            "store": "s0",
            "state": "failed",
            "started": self.began - 7000,
            "finished": self.began - 6990,
            "duration_s": 10.0,
            "error": "hashstore: write: no space left on device",
        }
        return rows

    def _lines(self, view: list[str], _grown: float) -> dict[str, Any]:
        rows: dict[str, Any] = {}
        for name in view:
            lines = int(400_000 + (time.time() - self.began) * self.rate)
            rows[name] = {"node": name, "lines": lines, "understood": lines - 41_004, "ignored": 41_000, "not_understood": 4}
            for count, logger, message in (
                (22_000, "piecestore", "upload started"),
                (12_000, "blobscache", "usage"),
                (7_000, "", "foreign line"),
            ):
                rows[f"{name}/ignored/{logger}/{message}"] = {
                    "node": name,
                    "kind": "ignored",
                    "logger": logger,
                    "message": message,
                    "count": count,
                    "sample": f"2026-08-20T07:00:00Z\tDEBUG\t{logger}\t{message}\t{{}}",
                }
        first = view[0]
        rows[f"{first}/not_understood/newthing/frobnicated"] = {
            "node": first,
            "kind": "not_understood",
            "logger": "newthing",
            "message": "frobnicated" + (EVIL if self.hostile else ""),
            "count": 4,
            "sample": '2026-08-20T07:00:00Z\tINFO\tnewthing\tfrobnicated\t{"process": "storagenode", "n": 4}',
        }
        return rows

    def traffic(self, start: float, end: float, view: list[str]) -> dict[str, Any]:
        bucket = next(size for size in (60, 300, 900, 3600, 21600, 86400) if (end - start) / size <= 298)
        begin, stop = math.floor(start / bucket) * bucket, math.ceil(end / bucket) * bucket
        times = list(range(begin, stop, bucket))
        up, down = [], []
        for second in times:
            day = 1 + 0.5 * math.sin(second / 86400 * 2 * math.pi)
            chance = random.Random(second)
            part = min(bucket, max(0.0, end - second)) * self.rate * self.share(view) * (0 if self.empty else 1)
            up.append(int(part * 0.45 * 310_000 * day * chance.uniform(0.8, 1.2)))
            down.append(int(part * 0.55 * 190_000 * (2.1 - day) * chance.uniform(0.8, 1.2)))
        series = [
            {"action": action, "direction": direction, "outcome": "success", "count": [value // 200_000 for value in data], "bytes": data}
            for action, direction, data in (("PUT", "up", up), ("GET", "down", down))
        ]
        return {"from": begin, "to": stop, "as_of": end, "nodes": view, "bucket_s": bucket, "times": times, "series": series}
