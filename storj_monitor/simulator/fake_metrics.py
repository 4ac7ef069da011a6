"""`/metrics` of a simulated node: the series that a monitor reads, in the node's spelling, among some that it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storj_monitor.simulator.fake_payouts import Ledger
from storj_monitor.simulator.ground_truth import Audits, Counts, LogFigures
from storj_monitor.simulator.profile import SATELLITES, NodeProfile

_SHARES = {"success": 0.965, "cancel": 0.03, "failure": 0.005}
_ACTIONS = {"GET": 0.72, "GET_AUDIT": 0.06, "GET_REPAIR": 0.22}
_PIECESTORE = "storj_io_storj_storagenode_piecestore"
_REPUTATION = "storj_io_storj_storagenode_reputation"
_NODE = "storj_io_storj_storagenode"
_TRANSFERS_A_SECOND = 6.0
_TIMINGS = 120

_WORDS = {"started": "started", "success": "success", "canceled": "cancel", "failed": "failure"}
Labels = Mapping[str, str]
Moved = dict[tuple[str, str], dict[str, tuple[int, int]]]
"""(upload or download, action or "") -> started, success, cancel or failure -> (number, bytes)."""


def metrics_text(
    profile: NodeProfile, ledger: Ledger, now: float, uptime_s: float, minor: int, moved: Moved, audits: Mapping[str, Audits]
) -> str:
    """One answer; counters count since `uptime_s` ago."""
    families = {**_process(profile, uptime_s), **_transfers(moved), **_space(ledger, now), **_scores(ledger, audits)}
    if profile.hashstore and minor >= 145:
        families["hashstore"] = list(_hashstore(ledger, now))
    families["function_times"] = [
        line
        for number in range(_TIMINGS)
        for line in _spread({"name": f"function{number}", "kind": "success", "scope": _NODE}, 1000, 0.001)
    ]
    return "".join(f"# TYPE {name} gauge\n" + "".join(f"{name}{line}\n" for line in lines) for name, lines in families.items())


def _line(labels: Labels, field: str, value: float) -> str:
    pairs = ",".join(f'{key}="{text}"' for key, text in {**labels, "field": field}.items())
    return f"{{{pairs}}} {value:.10g}"


def _counter(labels: Labels, value: float) -> list[str]:
    return [_line(labels, field, number) for field, number in (("high", value), ("low", min(1.0, value)), ("value", value))]


def _spread(labels: Labels, count: int, usual: float) -> list[str]:
    fields = {
        "count": count,
        "sum": count * usual * 1.4,
        "min": usual / 9,
        "max": usual * 30,
        "rmin": usual / 8,
        "ravg": usual * 1.4,
        "r10": usual / 4,
        "r50": usual,
        "r90": usual * 3,
        "r99": usual * 11,
        "rmax": usual * 25,
        "recent": usual * 1.1,
    }
    return [_line(labels, field, value) for field, value in (fields if count else {"count": 0}).items()]


def _process(profile: NodeProfile, uptime_s: float) -> dict[str, list[str]]:
    major, minor, patch = profile.version[1:].split(".")
    disk = {"ReadCount": uptime_s * 40, "WriteCount": uptime_s * 20, "ReadBytes": uptime_s * 3e6, "WriteBytes": uptime_s * 4e6}
    return {
        "process": [_line({"scope": "env"}, "uptime", uptime_s)],
        "version_info": [
            _line({"scope": "env"}, field, float(text)) for field, text in (("major", major), ("minor", minor), ("patch", patch))
        ],
        "diskio": [_line({"scope": _NODE}, field, int(value)) for field, value in disk.items()],
        "readability_check": _spread({"scope": f"{_NODE}_monitor"}, int(uptime_s // 60) + 1, 0.0004),
        "writability_check": _spread({"scope": f"{_NODE}_monitor"}, int(uptime_s // 300) + 1, 0.0007),
    }


class Counters:
    """Counters of a log's transfers that begin anew when the node starts."""

    def __init__(self) -> None:
        self._started_s: float | None = None
        self._before: tuple[Counts, Counts] | None = None

    def since(self, started_s: float, figures: LogFigures) -> Moved:
        """What the log has added since it is written as it happens, or since the node's last start where that was seen."""
        if figures.before is None:
            return {}
        if self._before is None:
            self._started_s, self._before = started_s, figures.before
        elif started_s != self._started_s:
            self._started_s, self._before = started_s, (figures.transfers, figures.sizes)
        return _moved(_more(figures.transfers, self._before[0]), _more(figures.sizes, self._before[1]))


def transfers_by_time(uptime_s: float) -> Moved:
    """At a steady rate."""
    ways: list[tuple[str, str, float]] = [("upload", "", 0.4)]
    ways += [("download", action, 0.6 * share) for action, share in _ACTIONS.items()]
    moved: Moved = {}
    for way, action, share in ways:
        started = int(uptime_s * _TRANSFERS_A_SECOND * share)
        results = {outcome: int(started * part) for outcome, part in _SHARES.items()}
        moved[way, action] = {"started": (started, 0), **{outcome: (count, count * 310_000) for outcome, count in results.items()}}
    return moved


def _more(now: Counts, before: Counts) -> Counts:
    return {key: count - before.get(key, 0) for key, count in now.items()}


def _moved(counts: Counts, sizes: Counts) -> Moved:
    """The node does not tell its uploads apart."""
    moved: Moved = {}
    for key, count in counts.items():
        action, direction, outcome = key.split(" ")
        up = direction == "up"
        of = moved.setdefault(("upload" if up else "download", "" if up else action), {})
        word = _WORDS[outcome]
        number, size = of.get(word, (0, 0))
        of[word] = (number + count, size + sizes.get(key, 0))
    for of in moved.values():
        of["started"] = (max(of.get("started", (0, 0))[0], sum(number for word, (number, _) in of.items() if word != "started")), 0)
    return moved


def _transfers(moved: Moved) -> dict[str, list[str]]:
    families: dict[str, list[str]] = {}
    for (way, action), results in moved.items():
        labels: Labels = {**({"action": action} if action else {}), "scope": _PIECESTORE}
        families.setdefault(f"{way}_started_count", []).extend(_counter(labels, results["started"][0]))
        for outcome, (count, size) in results.items():
            if not count or outcome == "started":
                continue
            families.setdefault(f"{way}_{outcome}_count", []).extend(_counter(labels, count))
            families.setdefault(f"{way}_{outcome}_byte_meter", []).append(_line(labels, "total", size))
            families.setdefault(f"{way}_{outcome}_duration_ns", []).extend(_spread(labels, count, 9e7))
    return families


def _space(ledger: Ledger, now: float) -> dict[str, list[str]]:
    pieces = int(ledger.stored_all(now))
    used = int(pieces * 1.055)
    values = {
        "allocated_space": ledger.allocated_bytes,
        "used_space": used,
        "available_space": ledger.allocated_bytes - used,
        "reserved_space": 0,
    }
    labels = {"scope": f"{_NODE}_monitor"}
    return {name: [_line(labels, "count", 1), _line(labels, "recent", value)] for name, value in values.items()}


def _scores(ledger: Ledger, told: Mapping[str, Audits]) -> dict[str, list[str]]:
    families: dict[str, list[str]] = {}
    for satellite in SATELLITES:
        labels = {"satellite_id": f"_{satellite.id}", "scope": _REPUTATION}
        audits = told[satellite.id]
        figures = {
            "audit_reputation_score": audits.score,
            "suspension_score": 1.0,
            "online_score": ledger.online,
            "audit_total_count": audits.total,
            "audit_success_count": audits.total - audits.missed,
        }
        for name, value in figures.items():
            families.setdefault(name, []).extend((_line(labels, "count", 1), _line(labels, "recent", value)))
        ages = {"satellite": f"_{satellite.id}", "scope": _REPUTATION}
        for name in ("reputation_dq_age", "reputation_suspension_age"):
            families.setdefault(name, []).append(_line(ages, "recent", 0))
    return families


def _hashstore(ledger: Ledger, now: float) -> Iterator[str]:
    for satellite in SATELLITES:
        live = int(ledger.stored(satellite, now))
        for labels, part in (({}, 1.0), ({"db": "s0"}, 0.5), ({"db": "s1"}, 0.5)):
            prefix = "Table_" if labels else ""
            logs, held = int(live * 1.05 * part), int(live * 1.02 * part)
            figures = {
                f"{prefix}NumSet": held // 350_000,
                f"{prefix}LenSet": held,
                f"{prefix}LenTrash": int(live * 0.02 * part),
                "NumLogs": logs // 10**9 + 1,
                "LenLogs": logs,
                f"{prefix}TableSize": held // 350_000 * 64,
                f"{prefix}Load": 0.41,
                "Compacting": 0,
                "Compactions": 12,
            }
            for field, value in figures.items():
                yield _line({"satellite": f"_{satellite.id}", **labels, "scope": _NODE}, field, value)
