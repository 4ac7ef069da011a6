"""What the nodes of fake_server.py say about themselves: every standing, a node without API, one with too little data."""

from __future__ import annotations

import random
from typing import Any

from e2e.made_up_figures import DAY_S, SATELLITES, Row
from e2e.made_up_findings import Findings
from e2e.made_up_money import Money
from e2e.made_up_space import Space


def help_text(what: str) -> Row:
    return {"what": what, "normal": "What it was yesterday.", "do": "Look again tomorrow."}


HELP = {
    "reputation": {
        name: help_text(f"About {name}.") for name in ("standing", "audit_score", "failures_allowed", "downtime_budget", "disqualified_at")
    },
    "storage": {
        name: help_text(f"About {name}.") for name in ("allocated", "used", "pieces", "trash", "free", "reported", "unpaid", "growth")
    },
    "earnings": {name: help_text(f"About {name}.") for name in ("now", "expected", "held", "balance", "comparison")},
    "analytics": {name: help_text(f"About {name}.") for name in ("silence", "success", "rate", "latency", "space")},
    "health": {name: help_text(f"About {name}.") for name in ("version", "quic", "last_contact", "wallet", "endpoints", "downtimes")},
}


class Sayings(Space, Money, Findings):
    """Rows of these topics, fixed at the start so that only what changes is sent."""

    def reputation(self, view: list[str]) -> dict[str, Row]:
        rows = [self._standing(node, place, satellite) for node in view for place, satellite in enumerate(SATELLITES)]
        order = ["disqualified", "suspended", "at_risk", "watch", "unknown", "vetting", "healthy"]
        rows.sort(key=lambda row: (order.index(row["standing"]), row["node"]))
        return {f"{row['node']}/{row['satellite']}": row | {"rank": rank} for rank, row in enumerate(rows)}

    def _standing(self, node: str, place: int, satellite: str) -> Row:
        row = self._healthy(node, satellite)
        kind = (node, place)
        if kind == ("cellar", 2):
            row |= {
                "standing": "disqualified",
                "reason": "Disqualified. The scores beside it are the last ones before that and no longer count.",
                "disqualified_at": self.figure(self.began - 40 * DAY_S),
            }
        if kind == ("garage-8tb", 0):
            row |= {
                "standing": "at_risk",
                "reason": "Only 11 more audits in a row may fail." + self.evil,
                "audit_score": self.figure(0.97118, "metrics", 40),
                "disqualification_margin": row["disqualification_margin"]
                | {
                    "distance": 0.01118,
                    "failures_allowed": 11,
                    "trend": "falling",
                    "hours_to_disqualification": 61.5,
                    "settles_at_score": 0.953,
                },
                "failures": self._failures(),
            }
        if kind == ("garage-8tb", 1):
            row |= {
                "standing": "vetting",
                "reason": "New at this satellite; it sends more when 100 audits and 504 hours are over.",
                "vetting": {"done": False, "audits": 62, "at_least": False, "audits_left": 38, "hours": 311.4, "hours_left": 192.6},
                "vetted_at": self.figure(None),
            }
        if node == "office":
            row |= {
                "standing": "unknown",
                "reason": "No audit score is known yet.",
                "audit_score": None,
                "suspension_score": None,
                "online_score": self.figure(0.8312, "log", 9000),
                "disqualification_margin": None,
                "suspension_allowed": None,
                "total_audits": None,
                "successful_audits": None,
                "missed_audits": None,
                "disqualified_at": None,
                "suspended_at": None,
                "vetted_at": None,
                "joined_at": None,
                "windows": [],
                "budget": {
                    "hours": 166.0,
                    "state": "counted",
                    "away_since": None,
                    "score": None,
                    "windows": 0,
                    "full": False,
                    "estimated": True,
                    "limited_by": "online_score",
                },
            }
        return row

    def _healthy(self, node: str, satellite: str) -> Row:
        chance = random.Random(node + satellite)
        windows = [[self.began - DAY_S / 2 * (60 - i), 30, 30 if chance.random() < 0.95 else chance.randint(4, 29)] for i in range(60)]
        return {
            "node": node,
            "satellite": satellite,
            "name": SATELLITES[satellite],
            "address": f"{SATELLITES[satellite]}.storj.io:7777",
            "standing": "healthy",
            "unknown": None,
            "exit": None,
            "offline_suspended_at": None,
            "refused_audits": None,
            "reason": "All scores are well above their limits.",
            "audit_score": self.figure(1),
            "suspension_score": self.figure(1),
            "online_score": self.figure(0.99871),
            "total_audits": self.figure(21_544),
            "successful_audits": self.figure(21_517),
            "disqualified_at": self.figure(None),
            "suspended_at": self.figure(None),
            "vetted_at": self.figure(self.began - 600 * DAY_S),
            "joined_at": self.figure(self.began - 700 * DAY_S),
            "disqualification_margin": {
                "distance": 0.04,
                "failures_allowed": 40,
                "trend": "steady",
                "settles_at_score": 1.0,
                "hours_to_disqualification": None,
                "rate": {"from": self.began - DAY_S, "to": self.began, "change": 0.0, "audits": 110.0, "failed": 0.0},
            },
            "suspension_allowed": 12,
            "missed_audits": 27,
            "vetting": {"done": True, "audits": 21_544, "at_least": False, "audits_left": None, "hours": 16_800.0, "hours_left": None},
            "windows": windows,
            "offline_windows": [
                {
                    "start": at,
                    "length_s": 43_200.0,
                    "total": total,
                    "missed": total - good,
                    "offline_s": round(43_200 * (total - good) / total),
                }
                for at, total, good in windows
                if good < total
            ],
            "budget": {
                "hours": 287.25,
                "state": "counted",
                "away_since": None,
                "score": 0.9987,
                "windows": 59,
                "full": True,
                "estimated": False,
                "limited_by": "online_score",
            },
            "failures": {"audits": 0, "repairs": 0, "in_trash": 0, "more": 0, "pieces": []},
        }

    def _failures(self) -> Row:
        pieces = [
            {
                "piece_id": f"{letter}GQ7B4K5VZ2MHTW3YJNRLPDGFSAEC6OIUX7QKMWZB2VHT3YJNRLA"[:52],
                "cause": "missing",
                "cause_text": "the piece is not on the disk",
                "reason": "hashstore: file does not exist" + self.evil,
                "audits": 6 - place,
                "repairs": place,
                "in_trash": 0,
                "first": self.began - 60_000,
                "last": self.began - 1200 * (place + 1),
            }
            for place, letter in enumerate("ABC")
        ]
        return {"audits": 15, "repairs": 3, "in_trash": 1, "more": 4, "pieces": pieces}

    def reputation_history(self, view: list[str], start: float, end: float) -> Row:
        columns = ["at", "until", "audit_score", "suspension_score", "online_score", "total_audits", "successful_audits", "source"]
        points: dict[str, list[list[Any]]] = {"office": []}
        points["garage-8tb"] = [
            [start, end - 4 * DAY_S, 1, 1, 0.9992, 21_000, 21_000, "api"],
            [end - 3 * DAY_S, end - 2 * DAY_S, 0.98541, 1, 0.9988, 21_200, 21_184, "metrics"],
            [end - DAY_S, end, 0.97118, 1, 0.99871, 21_544, 21_517, "metrics"],
        ]
        steady = [[start, end, 1, 1, 0.99871, 21_544, 21_517, "api"]]
        history = [
            {"node": node, "satellite": satellite, "name": name, "points": points.get(node, steady)}
            for node in view
            for satellite, name in SATELLITES.items()
        ]
        return {"from": start, "to": end, "as_of": end, "nodes": view, "rows": [], "help": {}, "columns": columns, "history": history}

    def health(self, view: list[str]) -> dict[str, Row]:
        return {node: self._health(node) for node in view}

    def _health(self, node: str) -> Row:
        began = self.began
        row: Row = {
            "node": node,
            "node_id": "1JaJqUigxRoRD55tHWisbaGoyE9FQ8WbUgyx59px5BiecTSPAZ",
            "wallet": "0x71C7656EC7ab88b098defB751B7401B5f6d8976F",
            "wallet_features": ["zksync-era"],
            "version": self.figure("v1.162.3"),
            "minimum_version": self.figure("v1.120.4"),
            "up_to_date": self.figure(True),
            "quic": self.figure("OK"),
            "quic_at": self.figure(began - 2000),
            "last_contact": self.figure(began - 95),
            "started_at": self.figure(began - 11.4 * DAY_S),
            "uptime_s": self.figure(11.4 * DAY_S),
            "all_healthy": self.figure(True, "probe", 50),
            "clock_ahead_s": self.figure(0),
            "bandwidth_bytes": self.figure(1_734_000_000_000),
            "endpoints": [
                {
                    "endpoint": "api",
                    "status": "ok",
                    "since": began - 9 * DAY_S,
                    "detail": "",
                    "url": "http://192.0.2.7:14002/",
                    "found": False,
                    "routes": [],
                },
                {
                    "endpoint": "metrics",
                    "status": "unknown",
                    "since": began - 9 * DAY_S,
                    "detail": "",
                    "url": "",
                    "found": False,
                    "routes": [],
                },
                {
                    "endpoint": "health",
                    "status": "ok",
                    "since": began - 9 * DAY_S,
                    "detail": "",
                    "url": "http://192.0.2.7:28967/",
                    "found": False,
                    "routes": [],
                },
            ],
            "warnings": [],
            "uptime": {
                "state": "up",
                "since": None,
                "certain": False,
                "reason": "",
                "witnesses": [],
                "last_messages": [],
                "failed_starts": 0,
            },
            "downtimes": [
                {"from": began - 200_000, "until": began - 199_000, "witnesses": ["log", "probe"], "certain": True, "duration_s": 1000}
            ],
            "down_hours_30d": 0.28,
            "notifications": [],
            "transfers": None,
        }
        if node == "cellar":
            row |= {
                "version": self.figure("v1.104.5" + self.evil),
                "up_to_date": self.figure(False),
                "quic": self.figure("Misconfigured"),
                "wallet": row["wallet"] + self.evil,
                "all_healthy": self.figure(False, "probe", 50),
                "notifications": [
                    {
                        "kind": 2,
                        "title": "Your node was disqualified" + self.evil,
                        "message": "On ap1.",
                        "at": began - 40 * DAY_S,
                    }
                ],
            }
            row["transfers"] = {
                "source": "metrics",
                "since": began - DAY_S,
                "rows": [
                    {"action": "GET", "direction": "down", "outcome": "success", "count": 180_211, "bytes": 412 * 10**9, "mean_ms": 812.4}
                ],
            }
        if node == "office":
            row |= dict.fromkeys(
                (
                    "minimum_version",
                    "up_to_date",
                    "quic",
                    "quic_at",
                    "last_contact",
                    "started_at",
                    "uptime_s",
                    "all_healthy",
                    "clock_ahead_s",
                    "bandwidth_bytes",
                )
            )
            row |= {
                "node_id": "",
                "wallet": "",
                "wallet_features": [],
                "version": self.figure("v1.145.3", "log", 7200),
                "endpoints": [
                    {
                        "endpoint": "api",
                        "status": "unreachable",
                        "since": began - 5400,
                        "detail": "connection refused" + self.evil,
                        "url": "http://192.0.2.9:14002/",
                        "found": True,
                        "routes": [],
                    }
                ],
                "warnings": ["Its API is found on this machine by itself; name it in the settings to be sure." + self.evil],
                "uptime": {
                    "state": "down",
                    "since": began - 600,
                    "certain": True,
                    "reason": "Does not start: 4 starts failed. hashstore: logSlots calculation mismatch" + self.evil,
                    "witnesses": ["process"],
                    "last_messages": [
                        {"at": began - 90, "text": "hashstore: logSlots calculation mismatch" + self.evil, "cause": True},
                        {"at": began - 600, "text": 'Stopped by signal "terminated".', "cause": False},
                    ],
                    "failed_starts": 4,
                },
                "downtimes": [{"from": began - 600, "until": None, "witnesses": ["api"], "certain": False, "duration_s": None}],
            }
        return row
