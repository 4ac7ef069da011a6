"""A node's API as a small world of documents by route, made of a few figures; any part of it can be changed by the test that uses it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from storj_monitor.simulator.fake_api import API, DEBUG, FakeReply

US1 = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
EU1 = "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs"
AP1 = "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6"
SALTLAKE = "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE"
ADDRESSES = {US1: "us1.storj.io:7777", EU1: "eu1.storj.io:7777", AP1: "ap1.storj.io:7777", SALTLAKE: "saltlake.tardigrade.io:7777"}
NODE_ID = "12WNQxfWyrpdB2YZrV8A6FJPAvBHUnQCjEgzbyn6rfnLs5KKyTf"
GB, TB = 10**9, 10**12
HTML = FakeReply(200, "text/html; charset=utf-8", b"<!DOCTYPE html><html><head><title>Node Dashboard</title></head></html>\n")


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class WorldAnswers:
    """`documents` by path (with `?id=`); a FakeReply in it is answered as it is. `stubs` and `history` are the paystubs and payouts.

    stored_bytes -- what each satellite counts every day of this month
    """

    def __init__(self, *, version: str = "1.162.3", stored_bytes: float = 500 * GB, disk: dict[str, int] | None = None) -> None:
        self.ahead_s = 0.0
        self.metrics = b""
        self.documents: dict[str, Any] = {}
        self.stubs: list[dict[str, Any]] = []
        self.history: dict[str, list[dict[str, Any]]] = {}
        now = datetime.now(UTC)
        self.node: dict[str, Any] = {
            "nodeID": NODE_ID,
            "wallet": "0x4d9d0e684d9d0e684d9d0e684d9d0e684d9d0e68",
            "walletFeatures": None,
            "satellites": [
                {"id": one, "url": address, "disqualified": None, "suspended": None, "vettedAt": "2025-03-21T08:14:03Z"}
                for one, address in ADDRESSES.items()
            ],
            "diskSpace": disk or {"used": 2 * TB, "available": 3 * TB, "trash": 0, "overused": 0, "allocated": 5 * TB, "reclaimable": 0},
            "bandwidth": {"used": 600 * GB, "available": 0},
            "lastPinged": iso(now - timedelta(seconds=30)),
            "version": version,
            "allowedVersion": "1.120.4",
            "upToDate": True,
            "startedAt": iso(now - timedelta(days=9)),
            "configuredPort": "28967",
            "quicStatus": "OK",
            "lastQuicPingedAt": iso(now - timedelta(seconds=600)),
        }
        self.documents["/api/sno/"] = self.node
        first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        days = [first + timedelta(days=number) for number in range(now.day)]
        for satellite, address in ADDRESSES.items():
            self.documents[f"/api/sno/satellite/{satellite}"] = self._satellite(satellite, address, days, stored_bytes)
            self.documents[f"/api/sno/estimated-payout?id={satellite}"] = estimate(25.0)
            self.documents[f"/api/sno/satellites/{satellite}/pricing"] = {"satelliteID": satellite, **PRICES}
        self.documents["/api/sno/satellites"] = {
            "storageDaily": None, "bandwidthDaily": None, "storageSummary": 0, "averageUsageBytes": 0, "earliestJoinedAt": None,
            "audits": [self.satellite(one)["audits"] for one in ADDRESSES],
        }  # fmt: skip
        self.documents["/api/sno/estimated-payout"] = estimate(100.0)
        self.documents["/api/heldamount/periods"] = None
        self.documents["/api/heldamount/held-history"] = None
        self.documents["/api/notifications/list"] = {"page": {"notifications": None}, "unreadCount": 0, "totalCount": 0}

    def satellite(self, satellite: str) -> dict[str, Any]:
        found: dict[str, Any] = self.documents[f"/api/sno/satellite/{satellite}"]
        return found

    def _satellite(self, satellite: str, address: str, days: list[datetime], stored_bytes: float) -> dict[str, Any]:
        return {
            "id": satellite,
            "storageDaily": [
                {
                    "atRestTotal": stored_bytes * 24, "atRestTotalBytes": stored_bytes, "intervalInHours": 24, "intervalStart": iso(day),
                    "calculated": False,
                }
                for day in days
            ],
            "bandwidthDaily": [
                {
                    "egress": {"repair": 1_100_000_000, "audit": 100_000, "usage": 4_950_000_000},
                    "ingress": {"repair": 550_000_000, "usage": 4_400_000_000}, "delete": 0, "intervalStart": iso(day),
                }
                for day in days
            ],
            "storageSummary": stored_bytes * 24 * len(days),
            "averageUsageBytes": stored_bytes,
            "audits": {"auditScore": 1, "suspensionScore": 1, "onlineScore": 0.998, "satelliteName": address},
            "auditHistory": {"score": 0.998, "windows": None},
            "priceModel": {"EgressBandwidth": 200, "RepairBandwidth": 200, "AuditBandwidth": 200, "DiskSpace": 149},
            "nodeJoinedAt": "2024-01-15T10:00:00Z",
        }  # fmt: skip

    def has(self, endpoint: str) -> bool:
        return endpoint == API or (endpoint == DEBUG and bool(self.metrics))

    def set_public_port(self, port: int) -> None:
        self.node["configuredPort"] = str(port)

    def answer(self, endpoint: str, path: str, now: float) -> FakeReply:
        if endpoint == DEBUG:
            return FakeReply(200, "text/plain; version=0.0.4", self.metrics)
        url = urlsplit(path)
        query = dict(parse_qsl(url.query))
        if url.path.startswith("/api/heldamount/paystubs/"):
            first, last = url.path.split("/")[4], url.path.split("/")[-1]
            return _json([one for one in self.stubs if first <= one["period"] <= last] or None)
        if url.path.startswith("/api/heldamount/payout-history/"):
            return _json(self.history.get(url.path.rsplit("/", 1)[1]) or [])
        key = url.path + (f"?id={query['id']}" if "id" in query else "")
        if key not in self.documents:
            return FakeReply(404, "application/json", b'{"error":"consoleapi: not found"}\n')
        found = self.documents[key]
        return found if isinstance(found, FakeReply) else _json(found)


PRICES = {"egressBandwidth": 200, "repairBandwidth": 200, "auditBandwidth": 200, "diskSpace": 149}


def estimate(cents: float) -> dict[str, Any]:
    month = {
        "egressBandwidth": 0, "egressBandwidthPrice": 200, "egressBandwidthPayout": 0, "egressRepairAudit": 0,
        "egressRepairAuditPrice": 200, "egressRepairAuditPayout": 0, "diskSpace": 0, "diskSpacePrice": 149, "diskSpacePayout": cents,
        "heldRate": 0, "payout": cents, "held": 0,
    }  # fmt: skip
    return {"currentMonth": month, "previousMonth": month, "currentMonthExpectations": cents}


def failing(status: int, error: str) -> FakeReply:
    return FakeReply(status, "application/json", json.dumps({"error": error}).encode() + b"\n")


def _json(value: object) -> FakeReply:
    return FakeReply(200, "application/json", json.dumps(value).encode() + b"\n")


def today() -> float:
    return time.time() // 86_400 * 86_400
