"""Space of made-up nodes: full pictures, a node that only has a log, and their sum."""

from __future__ import annotations

import math
import time

from e2e.made_up_figures import DAY_S, TB, Figures, Row


class Space(Figures):
    """Space of made-up nodes: full pictures, a node that only has a log, and their sum."""

    def storage(self, view: list[str]) -> dict[str, Row]:
        rows = {node: self._space(node, place) for place, node in enumerate(view)}
        return {"": self._fleet_space(list(rows.values()))} | rows

    def _space(self, node: str, place: int) -> Row:
        if node == "office":
            bare: Row = dict.fromkeys(
                ("used", "pieces", "trash", "reclaimable", "overhead", "reserved", "overused", "file_system_total", "file_system_free")
            )
            bare |= {
                "allocated": None,
                "free": self.figure(int(0.42 * TB), "log", 300),
                "reported": None,
                "reported_month": None,
                "unpaid": None,
            }
            alone = [{"part": "free", "bytes": int(0.42 * TB)}]
            return {
                "kind": "node",
                "node": node,
                "meaning": None,
                "at": self.began - 300,
                "file_system": {"path": "/mnt/gone", "problem": "there is no such folder" + self.evil},
                **bare,
                "capacity_bytes": None,
                "bar": alone,
                "differences": [],
                "impossible": [],
                "forecasts": [self._unknown(days) for days in (7, 30, 90)],
            }
        allocated = (8 - place) * TB
        parts = {
            "pieces": int(allocated * (0.62 + 0.1 * place)),
            "trash": int(allocated * 0.04),
            "reclaimable": int(allocated * 0.05),
            "overhead": int(allocated * 0.003),
        }
        used = sum(parts.values())
        free = allocated - used
        bar = [{"part": name, "bytes": size} for name, size in (*parts.items(), ("free", free))]
        figures = {name: self.figure(size, "metrics") for name, size in parts.items()} | {
            "allocated": self.figure(allocated),
            "used": self.figure(used),
            "reserved": self.figure(10**10, "metrics"),
            "free": self.figure(free),
            "overused": self.figure(0),
            "file_system_total": self.figure(int(allocated * 1.1), "file_system", 20),
            "file_system_free": self.figure(int(allocated * 1.1) - used - 2 * 10**11, "file_system", 20),
            "reported": self.figure(int(parts["pieces"] * 0.97), "api", 40_000),
            "reported_month": self.figure(int(parts["pieces"] * 0.95), "api", 40_000),
            "unpaid": self.figure(used - int(parts["pieces"] * 0.97), "computed", 40_000),
        }
        gap = {
            "gap": "other_files",
            "difference_bytes": 2 * 10**11,
            "text": "The disk has more in use than the node knows of. The rest is other files, what the file system keeps for itself and "
            "rounding up to blocks." + self.evil,
        }
        grows = [self._unknown(7) if self.young else self._growth(used, allocated, days) for days in (7, 30, 90)]
        return {
            "kind": "node",
            "node": node,
            "meaning": "new",
            "at": time.time(),
            **figures,
            "capacity_bytes": allocated,
            "bar": bar,
            "differences": [gap] if place == 0 else [],
            "impossible": [],
            "file_system": None,
            "forecasts": grows,
        }

    def _unknown(self, days: int) -> Row:
        growth = {
            "state": "unknown",
            "bytes_per_day": None,
            "low": None,
            "high": None,
            "points": 5,
            "why": "5 points over 0.3 days; needs 8 over 3.5 days",
        }
        return {"window_days": days, "growth": growth, "levels": []}

    def _growth(self, used: int, capacity: int, days: int) -> Row:
        rate = 12.3e9 - days * 3e7
        levels = [
            {
                "level": level,
                "bytes": int(level * capacity),
                "days": max(0.0, level * capacity - used) / rate,
                "earliest": max(0.0, level * capacity - used) / (rate * 1.3),
                "latest": None if days == 90 else max(0.0, level * capacity - used) / (rate * 0.7),
                "reached": used >= level * capacity,
            }
            for level in (0.8, 0.95, 1.0)
        ]
        growth = {"state": "growing", "bytes_per_day": rate, "low": rate * 0.7, "high": rate * 1.3, "points": 400, "why": ""}
        return {"window_days": days, "growth": growth, "levels": levels}

    def _fleet_space(self, rows: list[Row]) -> Row:
        def total(name: str) -> Row | None:
            told = [row for row in rows if row.get(name) is not None]
            left_out = [row["node"] for row in rows if row.get(name) is None]
            if not told:
                return None
            return {
                "value": sum(row[name]["value"] for row in told),
                "nodes": len(told),
                "oldest_at": min(row[name]["at"] for row in told),
                "left_out": left_out,
            }

        names = (
            "allocated",
            "used",
            "pieces",
            "trash",
            "reclaimable",
            "overhead",
            "reserved",
            "free",
            "overused",
            "file_system_total",
            "file_system_free",
            "reported",
            "reported_month",
            "unpaid",
        )
        sums = {name: total(name) for name in names}
        capacity = sum(row["capacity_bytes"] or 0 for row in rows) or None
        bar = [
            {"part": name, "bytes": one["value"]} for name in ("pieces", "trash", "reclaimable", "overhead", "free") if (one := sums[name])
        ]
        used = sums["used"]
        known = used is not None and capacity is not None and not self.young
        forecasts = [
            (self._growth(used["value"], capacity, days) if known and used and capacity else self._unknown(days))
            | {"included": [], "left_out": [row["node"] for row in rows if row["node"] == "office"], "shrinking": []}
            for days in (7, 30, 90)
        ]
        return {"kind": "fleet", "node": "", "at": self.began, **sums, "capacity_bytes": capacity, "bar": bar, "forecasts": forecasts}

    def storage_history(self, view: list[str], start: float, end: float) -> Row:
        columns = [
            "at",
            "allocated_bytes",
            "used_bytes",
            "pieces_bytes",
            "trash_bytes",
            "reclaimable_bytes",
            "overhead_bytes",
            "free_bytes",
            "disk_free_bytes",
            "reported_bytes",
            "source",
        ]
        history = []
        for place, node in enumerate(view):
            points = []
            allocated = (8 - place) * TB
            for step in range(120):
                at = start + (end - start) * step / 119
                used = int(allocated * (0.71 + 0.1 * place) - (end - at) / DAY_S * 11e9 + 2e10 * math.sin(at / DAY_S))
                if node != "office":
                    points.append([at, allocated, used, None, None, None, None, allocated - used, None, int(used * 0.93), "api"])
            history.append({"node": node, "points": points})
        return {"from": start, "to": end, "as_of": end, "nodes": view, "rows": [], "help": {}, "columns": columns, "history": history}
