"""Answers of a node that does not exist: what its ledger says, spelled as a real node of 1.120, 1.145 or 1.162 does."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs, urlsplit

from storj_monitor.simulator.chores import Chores
from storj_monitor.simulator.fake_api import API, DEBUG, PUBLIC, UNKNOWN, FakeReply
from storj_monitor.simulator.fake_metrics import Counters, metrics_text, transfers_by_time
from storj_monitor.simulator.fake_payouts import DAY_S, Day, Ledger, Payouts, is_tally_lost, utc
from storj_monitor.simulator.ground_truth import Audits, LogFigures
from storj_monitor.simulator.profile import SATELLITES, NodeProfile, Satellite, online_score

_ADDRESSES: Final = {
    "us1": "us1.storj.io:7777",
    "eu1": "eu1.storj.io:7777",
    "ap1": "ap1.storj.io:7777",
    "saltlake": "saltlake.tardigrade.io:7777",
}
_WINDOW_S: Final = 43200.0
_LOG_LATE_S: Final = 120.0
_BY_ID: Final = {satellite.id: satellite for satellite in SATELLITES}
Json = object


class GeneratedAnswers:
    """One simulated node; its node id and starts are those of its simulated log (same profile, seed and begin).

    begin_s -- when its log begins; months -- how long ago it joined; ahead_s -- by how much its clock is ahead
    figures -- what its log says: audits and counters follow it; None: they follow the time
    """

    def __init__(
        self,
        profile: NodeProfile,
        seed: int,
        begin_s: float,
        *,
        months: float = 11.0,
        endpoints: tuple[str, ...] = (API, DEBUG, PUBLIC),
        figures: LogFigures | None = None,
    ) -> None:
        self.ahead_s = 0.0
        self.profile = profile
        self.node_id = Chores(profile, seed, begin_s).node_id
        rng = random.Random(f"api {seed} {profile.name}")
        self.ledger = Ledger(
            profile.name,
            seed,
            begin_s - months * 30.4 * DAY_S,
            full_bytes=rng.uniform(4e12, 10e12),
            online=online_score(profile),
        )
        self._payouts = Payouts(self.ledger, _ADDRESSES, filled=self.minor >= 162)
        self._begin_s = begin_s
        self._figures = figures
        self._counters = Counters()
        self._endpoints = endpoints
        self._public_port = 28967

    @property
    def minor(self) -> int:
        """162 of v1.162.3."""
        return int(self.profile.version.split(".")[1])

    def has(self, endpoint: str) -> bool:
        return endpoint in self._endpoints

    def set_public_port(self, port: int) -> None:
        self._public_port = port

    def started_s(self, now: float) -> float:
        """The node's last start: its log's beginning, or a restart since."""
        every = self.profile.restart_every_s
        return self._begin_s + (max(0.0, now - self._begin_s) // every * every if every else 0.0)

    def answer(self, endpoint: str, path: str, now: float) -> FakeReply:
        if endpoint == DEBUG:
            text = self._metrics(now) if path == "/metrics" else ""
            return FakeReply(200, "text/plain; charset=utf-8", text.encode()) if text else UNKNOWN
        if endpoint != API:
            return _reply(self._health(now), indent=2)
        url = urlsplit(path)
        asked = parse_qs(url.query).get("id", [""])[0]
        parts = url.path.strip("/").split("/")
        match parts:
            case ["api", "sno"]:
                return _reply(self._node(now))
            case ["api", "sno", "satellites"]:
                return _reply(self._all(now))
            case ["api", "sno", "satellite", satellite]:
                return self._of(satellite, lambda one: self._satellite(one, now))
            case ["api", "sno", "satellites", satellite, "pricing"]:
                return self._of(satellite, self._payouts.pricing)
            case ["api", "sno", "estimated-payout"]:
                return (
                    self._of(asked, lambda one: self._payouts.estimate([one], now))
                    if asked
                    else _reply(self._payouts.estimate(SATELLITES, now))
                )
            case ["api", "heldamount", "periods"]:
                return _reply(self.ledger.periods(now) or None)
            case ["api", "heldamount", "paystubs", first, *last]:
                return _reply(self._payouts.paystubs(first, last[0] if last else first, asked, now))
            case ["api", "heldamount", "payout-history", period]:
                return _reply(self._payouts.history(period, now))
            case ["api", "heldamount", "held-history"]:
                return _reply(self._payouts.held_history(now))
            case ["api", "notifications", "list"]:
                page = {"notifications": [], "offset": 0, "limit": 0, "currentPage": 0, "pageCount": 0}
                return _reply({"page": page, "unreadCount": 0, "totalCount": 0})
        return UNKNOWN

    def _metrics(self, now: float) -> str:
        started_s, figures = self.started_s(now), self._figures
        counts = transfers_by_time(now - started_s) if figures is None else self._counters.since(started_s, figures)
        return metrics_text(self.profile, self.ledger, now, now - started_s, self.minor, counts, self._audits(now))

    def _audits(self, now: float) -> Mapping[str, Audits]:
        """As the log tells them, from where it has got to; before that by the time."""
        if self._figures is not None and now >= self._figures.told_s - _LOG_LATE_S:
            return self._figures.audits
        totals = {satellite.id: self.ledger.audits(satellite, now) for satellite in SATELLITES}
        return {satellite: Audits(total, total // 900, 1.0) for satellite, total in totals.items()}

    def _of(self, satellite: str, make: Callable[[Satellite], Json]) -> FakeReply:
        if satellite not in _BY_ID:
            return FakeReply(404, "application/json", b'{"error":"consoleapi storagenode: satellite is not trusted"}\n')
        return _reply(make(_BY_ID[satellite]))

    def _node(self, now: float) -> Json:
        started = self.started_s(now)
        return {
            "nodeID": self.node_id,
            "wallet": "0x1234567890123456789012345678901234567890",
            "walletFeatures": ["zksync-era"] if self.minor >= 145 else None,
            "satellites": [self._dates(satellite, now) for satellite in SATELLITES],
            "diskSpace": self._disk(now),
            "bandwidth": {"used": sum(self._bandwidth(SATELLITES, now)), "available": 0},
            "lastPinged": self._stamp(now - now % 7),
            "version": self.profile.version[1:],
            "allowedVersion": "1.104.5",
            "upToDate": True,
            "startedAt": self._stamp(started),
            "configuredPort": str(self._public_port),
            "quicStatus": "OK",
            "lastQuicPingedAt": self._stamp(now - now % 3600),
        }

    def _dates(self, satellite: Satellite, now: float) -> Json:
        dates: dict[str, Json] = {"id": satellite.id, "url": _ADDRESSES[satellite.name], "disqualified": None, "suspended": None}
        if self.minor < 122:
            dates["currentStorageUsed"] = int(self.ledger.stored(satellite, now))
        if self.minor >= 131:
            dates["vettedAt"] = self._vetted(now)
        return dates

    def _vetted(self, now: float) -> str | None:
        at = self.ledger.joined_s + 35 * DAY_S
        return self._stamp(at) if now >= at else None

    def _disk(self, now: float) -> Json:
        pieces = int(self.ledger.stored_all(now))
        trash, dead, allocated = int(pieces * 0.021), int(pieces * 0.034) if self.profile.hashstore else 0, self.ledger.allocated_bytes
        if self.minor < 143:
            return {"used": pieces, "available": allocated, "trash": trash, "overused": 0}
        used = pieces + trash + dead
        return {
            "used": used,
            "available": max(0, allocated - used),
            "overused": max(0, used - allocated),
            "allocated": allocated,
            "trash": trash,
            "reclaimable": dead,
        }

    def _satellite(self, satellite: Satellite, now: float) -> Json:
        answer: dict[str, Json] = {"id": satellite.id, **self._month([satellite], now, single=True)}
        answer["audits"] = self._scores(satellite, now)
        answer["auditHistory"] = {"score": self.ledger.online, "windows": self._windows(satellite, now)}
        prices = self._payouts.pricing(satellite)
        keys = ("egressBandwidth", "repairBandwidth", "auditBandwidth", "diskSpace")
        answer["priceModel"] = {key[0].upper() + key[1:]: prices[key] for key in keys}
        answer["nodeJoinedAt"] = self._stamp(self.ledger.joined_s)
        if self.minor >= 131:
            answer["vettedAt"] = self._vetted(now)
        return answer

    def _all(self, now: float) -> Json:
        scores = [self._scores(satellite, now) for satellite in SATELLITES]
        return {**self._month(SATELLITES, now, single=False), "earliestJoinedAt": self._stamp(self.ledger.joined_s), "audits": scores}

    def _scores(self, satellite: Satellite, now: float) -> Json:
        audit = self._audits(now)[satellite.id].score
        return {"auditScore": audit, "suspensionScore": 1, "onlineScore": self.ledger.online, "satelliteName": _ADDRESSES[satellite.name]}

    def _windows(self, satellite: Satellite, now: float) -> Json:
        last = int(now // _WINDOW_S)
        windows = []
        for number in range(max(last - 59, int(self.ledger.joined_s // _WINDOW_S)), last + 1):
            total = max(1, int(24 + 240 * satellite.share))
            # the online score is the mean of all windows but the last
            missed = round(total * (1 - self.ledger.online) * 59) if number == last - 9 else 0
            windows.append({"windowStart": self._stamp(number * _WINDOW_S), "totalCount": total, "onlineCount": max(0, total - missed)})
        return windows

    def _month(self, satellites: Sequence[Satellite], now: float, *, single: bool) -> dict[str, Json]:
        at = utc(now)
        by_satellite = [list(self.ledger.days(satellite, at.year, at.month, now)) for satellite in satellites]
        storage, bandwidth, raw = [], [], 0.0
        for days in zip(*by_satellite, strict=True):
            start_s = days[0].start_s
            if start_s + DAY_S <= now:  # the satellites' tally of the present day comes when it is over
                reported = sum(day.average_bytes * day.tally_h for day in days)
                lost = is_tally_lost(start_s)
                raw += 0.0 if lost else reported
                entry: dict[str, Json] = {
                    "atRestTotal": 0.0 if lost else reported,
                    "atRestTotalBytes": sum(day.average_bytes for day in days),
                }
                entry |= {"intervalInHours": days[0].tally_h} if single else {}
                entry |= {"intervalStart": self._stamp(start_s)} | ({"calculated": lost} if self.minor >= 162 else {})
                if self.minor >= 162 or not lost:
                    storage.append(entry)
            bandwidth.append(self._bandwidth_day(days))
        egress, ingress = self._bandwidth(satellites, now)
        averages = [float(str(entry["atRestTotalBytes"])) for entry in storage]
        return {
            "storageDaily": storage or None,
            "bandwidthDaily": bandwidth or None,
            "storageSummary": raw,
            "averageUsageBytes": sum(averages) / len(averages) if averages else 0,
            "bandwidthSummary": egress + ingress,
            "egressSummary": egress,
            "ingressSummary": ingress,
        }

    def _bandwidth_day(self, days: tuple[Day, ...]) -> Json:
        egress = {
            "repair": sum(day.repair for day in days),
            "audit": sum(day.audit for day in days),
            "usage": sum(day.egress for day in days),
        }
        ingress = {"repair": sum(day.repair_in for day in days), "usage": sum(day.ingress for day in days)}
        return {"egress": egress, "ingress": ingress, "delete": 0, "intervalStart": self._stamp(days[0].start_s)}

    def _bandwidth(self, satellites: Sequence[Satellite], now: float) -> tuple[int, int]:
        """Egress and ingress of this month."""
        at = utc(now)
        months = [self.ledger.month(satellite, at.year, at.month, now) for satellite in satellites]
        return sum(one.egress + one.repair + one.audit for one in months), sum(one.ingress + one.repair_in for one in months)

    def _health(self, now: float) -> Json:
        statuses = [
            {"OnlineScore": self.ledger.online, "SatelliteID": satellite.id, "DisqualifiedAt": None, "SuspendedAt": None}
            for satellite in SATELLITES
        ]
        return {
            "Statuses": statuses,
            "Help": "To access Storagenode services, please use DRPC protocol!",
            "AllHealthy": self.ledger.online >= 0.9,
        }

    def _stamp(self, at_s: float) -> str:
        """By the node's clock."""
        at = datetime.fromtimestamp(at_s + self.ahead_s, UTC)
        fraction = f".{at.microsecond:06d}".rstrip("0") if at.microsecond else ""
        return at.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def _reply(value: Json, indent: int | None = None) -> FakeReply:
    text = json.dumps(_whole(value), separators=(",", ": ") if indent else (",", ":"), indent=indent)
    return FakeReply(200, "text/plain; charset=utf-8" if indent else "application/json", text.encode() + b"\n")


def _whole(value: Json) -> Json:
    """Whole floats as integers, as Go writes them."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    return [_whole(inner) for inner in value] if isinstance(value, list) else value
