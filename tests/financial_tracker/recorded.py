"""Answers of real nodes, read into the model's types without the room that asks nodes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from storj_monitor.financial_tracker.months import unix_ms
from storj_monitor.model.earnings import (
    BandwidthDay,
    EstimatedPayout,
    HeldHistoryRow,
    MonthPayout,
    PayoutHistoryRow,
    Paystub,
    Pricing,
    SatelliteUsage,
    StorageDay,
)

HERE = Path(__file__).parents[1] / "corpus" / "api"
FOLDERS = sorted(answer.parent.name for answer in HERE.glob("*/estimated-payout.json"))
_AT_0843 = (
    "v1.120-debug",
    "v1.145-debug-hashstore",
    "v1.162-disqualified-offline",
    "v1.162-info",
    "v1.162-json-hashstore",
    "v1.162-payout",
)


def at(text: str) -> int:
    """Unix milliseconds of an ISO time in UTC."""
    return unix_ms(datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=UTC))


def asked_ms(folder: str) -> int:
    """When the answers were taken, to the minute; of a folder that is not noted here: when the node was last called before that."""
    asked = {"v1.162-new-node": "2026-11-23T08:02:00"} | dict.fromkeys(_AT_0843, "2026-11-23T08:43:00")
    return at(asked.get(folder) or document(folder, "sno")["lastPinged"])


@cache
def document(folder: str, name: str) -> Any:
    return json.loads((HERE / folder / f"{name}.json").read_text())


def moment(text: str | None) -> int | None:
    return None if text is None or text.startswith("0001-") else at(text)


def pricing(folder: str, number: int) -> Pricing:
    body = document(folder, f"pricing-{number}")
    return Pricing(
        satellite=body["satelliteID"],
        egress_cents_per_tb=body["egressBandwidth"],
        repair_cents_per_tb=body["repairBandwidth"],
        audit_cents_per_tb=body["auditBandwidth"],
        storage_cents_per_tb_month=body["diskSpace"],
    )


def usage(folder: str, number: int) -> SatelliteUsage:
    body = document(folder, f"satellite-{number}")
    return SatelliteUsage(
        satellite=body["id"],
        bandwidth=tuple(
            BandwidthDay(
                start_ms=at(day["intervalStart"]),
                egress_usage_bytes=day["egress"]["usage"],
                egress_repair_bytes=day["egress"]["repair"],
                egress_audit_bytes=day["egress"]["audit"],
                ingress_usage_bytes=day["ingress"]["usage"],
                ingress_repair_bytes=day["ingress"]["repair"],
            )
            for day in body["bandwidthDaily"] or ()
        ),
        storage=tuple(
            StorageDay(
                start_ms=at(day["intervalStart"]),
                byte_hours=day["atRestTotal"],
                average_bytes=day["atRestTotalBytes"],
                interval_h=day.get("intervalInHours"),
                calculated=day.get("calculated"),
            )
            for day in body["storageDaily"] or ()
        ),
        storage_byte_hours=body["storageSummary"],
        average_usage_bytes=body["averageUsageBytes"],
        joined_ms=moment(body["nodeJoinedAt"]),
    )


def _month(body: dict[str, Any]) -> MonthPayout:
    return MonthPayout(
        egress_bytes=body["egressBandwidth"],
        egress_cents=body["egressBandwidthPayout"],
        repair_audit_bytes=body["egressRepairAudit"],
        repair_audit_cents=body["egressRepairAuditPayout"],
        storage_byte_months=body["diskSpace"],
        storage_cents=body["diskSpacePayout"],
        held_percent=body["heldRate"],
        held_cents=body["held"],
        payout_cents=body["payout"],
    )


def node_estimate(folder: str, number: int | None = None) -> EstimatedPayout | None:
    """The node's own estimate of one satellite, or of all; None where it gave an error (disqualified)."""
    body = document(folder, "estimated-payout" if number is None else f"estimated-payout-{number}")
    if "error" in body:
        return None
    return EstimatedPayout(
        satellite="" if number is None else document(folder, f"satellite-{number}")["id"],
        current_month=_month(body["currentMonth"]),
        previous_month=_month(body["previousMonth"]),
        expected_cents=body["currentMonthExpectations"],
    )


def disqualified_ms(folder: str, satellite: str) -> int | None:
    for row in document(folder, "sno")["satellites"]:
        if row["id"] == satellite:
            return moment(row["disqualified"])
    return None


def paystubs(folder: str) -> list[Paystub]:
    return [
        Paystub(
            satellite=row["satelliteId"],
            period=row["period"],
            created_ms=moment(row["created"]),
            codes=row["codes"],
            usage_storage_byte_months=row["usageAtRest"],
            usage_get_bytes=row["usageGet"],
            usage_put_bytes=row["usagePut"],
            usage_get_repair_bytes=row["usageGetRepair"],
            usage_put_repair_bytes=row["usagePutRepair"],
            usage_get_audit_bytes=row["usageGetAudit"],
            storage_usd_micros=row["compAtRest"],
            get_usd_micros=row["compGet"],
            put_usd_micros=row["compPut"],
            get_repair_usd_micros=row["compGetRepair"],
            put_repair_usd_micros=row["compPutRepair"],
            get_audit_usd_micros=row["compGetAudit"],
            surge_percent=row["surgePercent"],
            held_usd_micros=row["held"],
            owed_usd_micros=row["owed"],
            disposed_usd_micros=row["disposed"],
            paid_usd_micros=row["paid"],
            distributed_usd_micros=row["distributed"],
        )
        for row in document(folder, "paystubs-2026-01_2026-10") or ()
    ]


def payout_history(folder: str) -> list[PayoutHistoryRow]:
    return [
        PayoutHistoryRow(
            satellite=row["satelliteID"],
            period="2026-10",
            satellite_address=row["satelliteURL"],
            age_months=row["age"],
            earned_usd_micros=row["earned"],
            surge_usd_micros=row["surge"],
            surge_percent=row["surgePercent"],
            held_usd_micros=row["held"],
            held_percent=row["heldPercent"],
            after_held_usd_micros=row["afterHeld"],
            disposed_usd_micros=row["disposed"],
            paid_usd_micros=row["paid"],
            distributed_usd_micros=row["distributed"],
            receipt=row["receipt"],
            is_exit_complete=row["isExitComplete"],
        )
        for row in document(folder, "payout-history-2026-10") or ()
    ]


def held_history(folder: str) -> list[HeldHistoryRow]:
    return [
        HeldHistoryRow(
            satellite=row["satelliteID"],
            satellite_address=row["satelliteName"],
            first_period_usd_micros=row["holdForFirstPeriod"],
            second_period_usd_micros=row["holdForSecondPeriod"],
            third_period_usd_micros=row["holdForThirdPeriod"],
            total_held_usd_micros=row["totalHeld"],
            total_disposed_usd_micros=row["totalDisposed"],
            joined_ms=moment(row["joinedAt"]),
        )
        for row in document(folder, "held-history") or ()
    ]
