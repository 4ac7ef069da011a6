"""Recorded answers of real nodes as the model's types, read without the room that asks nodes, so that each can be tested alone."""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from storj_monitor.model.figures import Source
from storj_monitor.model.reputation import NEVER, AddressScores, AuditWindow, HealthAnswer, HealthStatus, ReputationSnapshot
from storj_monitor.model.space import BlobsUsage, DiskSpace, HashstoreUsage, SatelliteUsage, SpaceMetrics, UsageDay

HERE = Path(__file__).parent / "reputation_tracker" / "recorded"
NODES = sorted(folder.name for folder in HERE.iterdir())


def at(text: str | None) -> float:
    """Unix seconds of an ISO time, NEVER for null."""
    # Python keeps microseconds only, the node writes nanoseconds
    return NEVER if text is None else datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", text).replace("Z", "+00:00")).timestamp()


def taken_at(node: str) -> float:
    return at("2026-11-23T08:04:00Z" if node == "v1.162-new-node" else "2026-11-23T08:43:40Z")


@cache
def answer(node: str, name: str) -> Any:
    return json.loads((HERE / node / f"{name}.json").read_text())


def disk_space(node: str) -> DiskSpace:
    said = answer(node, "sno")["diskSpace"]
    return DiskSpace(
        taken_at=taken_at(node),
        used_bytes=said["used"],
        available_bytes=said["available"],
        trash_bytes=said["trash"],
        overused_bytes=said["overused"],
        allocated_bytes=said.get("allocated"),
        reclaimable_bytes=said.get("reclaimable"),
    )


def usages(node: str) -> tuple[SatelliteUsage, ...]:
    return tuple(
        SatelliteUsage(
            taken_at=taken_at(node),
            satellite=one["id"],
            days=tuple(
                UsageDay(
                    at(d["intervalStart"]), d["atRestTotal"], d["atRestTotalBytes"], d.get("intervalInHours"), d.get("calculated", False)
                )
                for d in one["storageDaily"] or ()
            ),
            month_byte_hours=one["storageSummary"],
            average_bytes=one["averageUsageBytes"],
        )
        for one in (answer(node, "satellite-0"), answer(node, "satellite-1"))
    )


def api_snapshots(node: str) -> list[ReputationSnapshot]:
    """From /api/sno/ (dates) and /api/sno/satellite/{id} (scores and windows)."""
    now = taken_at(node)
    found = [
        ReputationSnapshot(
            satellite=one["id"],
            source=Source.API,
            taken_at=now,
            address=one["url"],
            disqualified_at=at(one["disqualified"]),
            suspended_at=at(one["suspended"]),
            vetted_at=at(one["vettedAt"]) if "vettedAt" in one else None,
        )
        for one in answer(node, "sno")["satellites"] or ()
    ]
    for name in ("satellite-0", "satellite-1"):
        one = answer(node, name)
        found.append(
            ReputationSnapshot(
                satellite=one["id"],
                source=Source.API,
                taken_at=now,
                audit_score=one["audits"]["auditScore"],
                suspension_score=one["audits"]["suspensionScore"],
                online_score=one["audits"]["onlineScore"],
                joined_at=at(one["nodeJoinedAt"]),
                windows=tuple(
                    AuditWindow(at(w["windowStart"]), w["totalCount"], w["onlineCount"]) for w in one["auditHistory"]["windows"] or ()
                ),
            )
        )
    return found


def address_scores(node: str) -> list[AddressScores]:
    scores = answer(node, "satellites")["audits"] or ()
    return [AddressScores(s["satelliteName"], s["auditScore"], s["suspensionScore"], s["onlineScore"]) for s in scores]


def health(node: str) -> HealthAnswer:
    said = answer(node, "healthcheck")
    statuses = tuple(
        HealthStatus(s["SatelliteID"], s["OnlineScore"], at(s["DisqualifiedAt"]), at(s["SuspendedAt"])) for s in said["Statuses"] or ()
    )
    return HealthAnswer(taken_at=taken_at(node), all_healthy=said["AllHealthy"], statuses=statuses)


@cache
def samples(node: str) -> dict[tuple[str, str, str], float]:
    """(family, satellite, field) to value of the kept lines of /metrics."""
    found = {}
    for line in (HERE / node / "metrics.txt").read_text().splitlines():
        family, labels, value = re.findall(r"^(\w+)\{(.*)\} (\S+)$", line)[0]
        named: dict[str, str] = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        satellite = named.get("satellite_id", named.get("satellite", ""))[1:]
        found[family, satellite, named["field"]] = float(value)
    return found


def space_metrics(node: str) -> SpaceMetrics:
    said = samples(node)

    def recent(family: str) -> int | None:
        value = said.get((family, "", "recent"))
        return None if value is None else int(value)

    blobs = sorted(s for f, s, field in said if f == "blobs_usage" and field == "total_size")
    hashstores = sorted(s for f, s, field in said if f == "hashstore" and field == "LenSet")
    return SpaceMetrics(
        taken_at=taken_at(node),
        allocated_bytes=recent("allocated_space"),
        used_bytes=recent("used_space"),
        available_bytes=recent("available_space"),
        reserved_bytes=recent("reserved_space"),
        reported_capacity_bytes=recent("reported_capacity"),
        blobs=tuple(BlobsUsage(s, int(said["blobs_usage", s, "total_size"]), int(said["blobs_usage", s, "content_size"])) for s in blobs),
        hashstore=tuple(
            HashstoreUsage(s, *(int(said["hashstore", s, field]) for field in ("LenSet", "LenTrash", "LenLogs", "TableSize")))
            for s in hashstores
        ),
    )


def metrics_snapshots(node: str) -> list[ReputationSnapshot]:
    said, now = samples(node), taken_at(node)
    found = []
    for satellite in sorted(s for family, s, _ in said if family == "audit_reputation_score"):
        dq_age, suspension_age = (said[f, satellite, "recent"] for f in ("reputation_dq_age", "reputation_suspension_age"))
        found.append(
            ReputationSnapshot(
                satellite=satellite,
                source=Source.METRICS,
                taken_at=now,
                audit_score=said["audit_reputation_score", satellite, "recent"],
                suspension_score=said["suspension_score", satellite, "recent"],
                online_score=said["online_score", satellite, "recent"],
                total_audits=int(said["audit_total_count", satellite, "recent"]),
                successful_audits=int(said["audit_success_count", satellite, "recent"]),
                disqualified_at=now - dq_age if dq_age else NEVER,
                suspended_at=now - suspension_age if suspension_age else NEVER,
            )
        )
    return found
