"""Money of a simulated node, by the node's own formulas: estimates in cents, paystubs and histories in micro-dollars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storj_monitor.simulator.fake_ledger import (
    DAY_S,
    EGRESS_CENTS,
    MONTH_H,
    STORAGE_CENTS,
    TB,
    Ledger,
    Month,
    end_of,
    is_tally_lost,
    month_start,
    parse_period,
    utc,
)
from storj_monitor.simulator.profile import SATELLITES, Satellite

Json = object
_PAID_AFTER_S = 12 * DAY_S
"""Payments of a month are sent by the middle of the next."""


class Payouts:
    """`filled`: the estimate counts storage up to now and fills gaps (since 1.162); before, only what satellites have reported."""

    def __init__(self, ledger: Ledger, addresses: Mapping[str, str], *, filled: bool) -> None:
        self._ledger = ledger
        self._addresses = addresses
        self._filled = filled

    def pricing(self, satellite: Satellite) -> dict[str, Json]:
        return {
            "satelliteID": satellite.id,
            "egressBandwidth": EGRESS_CENTS,
            "repairBandwidth": EGRESS_CENTS,
            "auditBandwidth": EGRESS_CENTS,
            "diskSpace": STORAGE_CENTS,
        }

    def estimate(self, satellites: Iterable[Satellite], now: float) -> Json:
        """This month, the last one, and what this one is expected to bring (whole cents)."""
        at = utc(now)
        last = utc(month_start(at.year, at.month) - 1)
        several = list(satellites)
        current = [self._estimate(one, at.year, at.month, now) for one in several]
        previous = [self._estimate(one, last.year, last.month, month_start(at.year, at.month)) for one in several]
        return {
            "currentMonth": _sum(current),
            "previousMonth": _sum(previous),
            "currentMonthExpectations": sum(self._expected(month["payout"], now) for month in current),
        }

    def _expected(self, payout: float, now: float) -> int:
        at = utc(now)
        begun = max(month_start(at.year, at.month), self._ledger.joined_s)
        end = end_of(f"{at.year:04d}-{at.month:02d}")
        return int(payout / max(60.0, now - begun) * (end - begun))

    def _estimate(self, satellite: Satellite, year: int, month: int, until: float) -> dict[str, float]:
        days = list(self._ledger.days(satellite, year, month, until))
        if self._filled:
            # The last rate that a satellite told goes on until now; on a month's first day there is none yet.
            told = [day for day in days if day.start_s + DAY_S <= until]
            byte_hours = sum(day.average_bytes * 24.0 for day in told[:-1])
            byte_hours += sum(day.average_bytes * (until - day.start_s) / 3600 for day in told[-1:])
        else:
            byte_hours = sum(
                day.average_bytes * day.tally_h for day in days if day.start_s + DAY_S <= until and not is_tally_lost(day.start_s)
            )
        egress, repair_audit = sum(day.egress for day in days), sum(day.repair + day.audit for day in days)
        cents = (
            round(egress * EGRESS_CENTS / TB, 2),
            round(repair_audit * EGRESS_CENTS / TB, 2),
            round(byte_hours / MONTH_H * STORAGE_CENTS / TB, 2),
        )
        rate = self._ledger.held_percent(year, month)
        held = sum(cents) * rate / 100
        return {
            "egressBandwidth": egress,
            "egressBandwidthPayout": cents[0],
            "egressRepairAudit": repair_audit,
            "egressRepairAuditPayout": cents[1],
            "diskSpace": byte_hours / MONTH_H,
            "diskSpacePayout": cents[2],
            "heldRate": rate,
            "payout": round(sum(cents) - held, 2),
            "held": held,
        }

    def paystubs(self, first: str, last: str, satellite: str, now: float) -> Json:
        """A list, or one object where one month of one satellite is asked; null where there is nothing."""
        periods = [period for period in self._ledger.periods(now) if first <= period <= last]
        stubs = [self._paystub(one, period, now) for period in periods for one in SATELLITES if satellite in ("", one.id)]
        if satellite and first == last:
            return stubs[0] if stubs else None
        return stubs or None

    def history(self, period: str, now: float) -> Json:
        if period not in self._ledger.periods(now):
            return None
        rows = []
        for satellite in SATELLITES:
            stub = self._paystub(satellite, period, now)
            earned = sum(_int(stub[key]) for key in ("compAtRest", "compGet", "compGetRepair", "compGetAudit"))
            joined, at = utc(self._ledger.joined_s), utc(now)
            rows.append(
                {
                    "satelliteID": satellite.id,
                    "satelliteURL": self._addresses[satellite.name],
                    "age": (at.year - joined.year) * 12 + at.month - joined.month,
                    "earned": earned,
                    "surge": earned,
                    "surgePercent": 100,
                    "held": stub["held"],
                    "heldPercent": self._ledger.held_percent(*parse_period(period)),
                    "afterHeld": earned - _int(stub["held"]),
                    "disposed": 0,
                    "paid": stub["paid"],
                    "isExitComplete": False,
                    "distributed": stub["distributed"],
                    "receipt": f"zksync-era:0x{int(end_of(period)):064x}" if stub["distributed"] else "",
                }
            )
        return rows

    def held_history(self, now: float) -> Json:
        periods = self._ledger.periods(now)
        if not periods:
            return None
        rows = []
        for satellite in SATELLITES:
            held = [_int(self._paystub(satellite, period, now)["held"]) for period in periods[:9]]
            parts = [sum(held[at : at + 3]) for at in (0, 3, 6)]
            joined = utc(self._ledger.joined_s).replace(second=0, microsecond=0).isoformat().replace("+00:00", "Z")
            rows.append(
                {
                    "satelliteID": satellite.id,
                    "satelliteName": self._addresses[satellite.name],
                    "holdForFirstPeriod": parts[0],
                    "holdForSecondPeriod": parts[1],
                    "holdForThirdPeriod": parts[2],
                    "totalHeld": sum(parts),
                    "totalDisposed": 0,
                    "joinedAt": joined,
                }
            )
        return rows

    def _paystub(self, satellite: Satellite, period: str, now: float) -> dict[str, Json]:
        year, month = parse_period(period)
        end = end_of(period)
        used: Month = self._ledger.month(satellite, year, month, end)
        micros = {
            "compAtRest": int(used.byte_hours / MONTH_H * STORAGE_CENTS / TB * 10_000),
            "compGet": int(used.egress * EGRESS_CENTS / TB * 10_000),
            "compGetRepair": int(used.repair * EGRESS_CENTS / TB * 10_000),
            "compGetAudit": int(used.audit * EGRESS_CENTS / TB * 10_000),
        }
        earned = sum(micros.values())
        held = earned * self._ledger.held_percent(year, month) // 100
        created = utc(end + 3 * DAY_S + 62_411).isoformat().replace("+00:00", "Z")
        return {
            "satelliteId": satellite.id,
            "period": period,
            "created": created,
            "codes": "E" if held else "",
            "usageAtRest": used.byte_hours / MONTH_H,
            "usageGet": used.egress,
            "usagePut": used.ingress,
            "usageGetRepair": used.repair,
            "usagePutRepair": used.repair_in,
            "usageGetAudit": used.audit,
            "compPut": 0,
            "compPutRepair": 0,
            **micros,
            "surgePercent": 0,
            "held": held,
            "owed": earned - held,
            "disposed": 0,
            "paid": earned - held,
            "distributed": earned - held if now >= end + _PAID_AFTER_S else 0,
        }


def _sum(months: list[dict[str, float]]) -> dict[str, float]:
    if len(months) == 1:
        return months[0]
    total = {key: sum(month[key] for month in months) for key in months[0]}
    return total | {"heldRate": 0}  # as a node does it


def _int(value: Json) -> int:
    assert isinstance(value, int)
    return value
