"""Money of a simulated node, by the node's own formulas: estimates in cents, paystubs and histories in micro-dollars."""

from __future__ import annotations

import math
import random
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple

from storj_monitor.simulator.ground_truth import audits_in
from storj_monitor.simulator.profile import SATELLITES, Satellite

# ---- What a simulated node stores, earns and scores at any time: rising usage, monthly paystubs, the same figures at every asking.
#
# A function of the node's name, seed and time, so that the API, the paystubs and the next month agree with each other. Rates are the
# published ones in the node's own units: 149 cents per TB and month, 200 cents per TB sent.


DAY_S: Final = 86400.0
TB: Final = 1e12
STORAGE_CENTS, EGRESS_CENTS = 149, 200
MONTH_H: Final = 720.0
GROWTH_DAYS: Final = 300.0
MOST_DAYS: Final = 256
"""That one node remembers: two months with four satellites."""
HELD_PERCENT: Final = (75, 75, 75, 50, 50, 50, 25, 25, 25)


class Day(NamedTuple):
    """One UTC day with one satellite: average bytes stored, how many hours the satellite's tally covered, bytes moved."""

    start_s: float
    average_bytes: float
    tally_h: float
    egress: int
    repair: int
    audit: int
    ingress: int
    repair_in: int


class Month(NamedTuple):
    """Sums of a month's days. `byte_hours` as tallied."""

    byte_hours: float
    egress: int
    repair: int
    audit: int
    ingress: int
    repair_in: int


def is_tally_lost(start_s: float) -> bool:
    """Days that satellites never reported to a node."""
    return int(start_s // DAY_S) % 17 == 5


@dataclass(frozen=True)
class Ledger:
    """One node. `joined_s` -- when it joined; `full_bytes` -- what it tends to; `online` -- online score where something is wrong."""

    name: str
    seed: int
    joined_s: float
    full_bytes: float = 9e12
    allocated_bytes: int = 12_000_000_000_000
    online: float = 1.0
    _whole: dict[tuple[str, float], Day] = field(default_factory=dict, init=False, repr=False, compare=False)

    def stored(self, satellite: Satellite, at_s: float) -> float:
        """Bytes of pieces of one satellite: grows quickly at first, then ever slower."""
        age_days = max(0.0, (at_s - self.joined_s) / DAY_S)
        return self.full_bytes * satellite.share * (1 - math.exp(-age_days / GROWTH_DAYS))

    def stored_all(self, at_s: float) -> float:
        """Bytes of pieces of all satellites."""
        return sum(self.stored(satellite, at_s) for satellite in SATELLITES)

    def day(self, satellite: Satellite, start_s: float, until_s: float) -> Day:
        """A UTC day from its beginning up to `until_s`. Days that are over are remembered: every answer about a month asks for all."""
        if start_s < self.joined_s or start_s + DAY_S > until_s:
            return self._made(satellite, start_s, until_s)
        known = self._whole.get((satellite.id, start_s))
        if known is None:
            if len(self._whole) >= MOST_DAYS:
                self._whole.clear()
            known = self._whole[satellite.id, start_s] = self._made(satellite, start_s, until_s)
        return known

    def _made(self, satellite: Satellite, start_s: float, until_s: float) -> Day:
        begun, end = max(start_s, self.joined_s), min(start_s + DAY_S, until_s)
        share = max(0.0, end - begun) / DAY_S
        rng = random.Random(f"day {self.seed} {self.name} {satellite.id} {int(start_s)}")
        average = self.stored(satellite, (begun + end) / 2) if share else 0.0
        tally_h = rng.uniform(22.8, 24.9) if share == 1.0 else 24.0 * share
        moved, grown = average * 0.009 * share, max(0.0, self.stored(satellite, end) - self.stored(satellite, begun))
        return Day(
            start_s,
            average,
            tally_h,
            egress=int(moved * rng.uniform(0.6, 1.5)),
            repair=int(moved * rng.uniform(0.2, 0.6)),
            audit=int(average / 4e7 * share),
            ingress=int(grown * rng.uniform(1.0, 1.6)),
            repair_in=int(grown * rng.uniform(0.05, 0.2)),
        )

    def days(self, satellite: Satellite, year: int, month: int, until_s: float) -> Iterator[Day]:
        """The days of a month since the node joined, the last one perhaps not over."""
        start_s = month_start(year, month)
        for number in range(monthrange(year, month)[1]):
            begin_s = start_s + number * DAY_S
            if begin_s < until_s and begin_s + DAY_S > self.joined_s:
                yield self.day(satellite, begin_s, until_s)

    def month(self, satellite: Satellite, year: int, month: int, until_s: float) -> Month:
        """The sums of `days`."""
        days = list(self.days(satellite, year, month, until_s))
        return Month(
            sum(day.average_bytes * day.tally_h for day in days),
            sum(day.egress for day in days),
            sum(day.repair for day in days),
            sum(day.audit for day in days),
            sum(day.ingress for day in days),
            sum(day.repair_in for day in days),
        )

    def periods(self, now_s: float) -> list[str]:
        """Months that are over and paid, oldest first."""
        joined, now = utc(self.joined_s), utc(now_s)
        first, last = joined.year * 12 + joined.month - 1, now.year * 12 + now.month - 1
        return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(first, last)]

    def held_percent(self, year: int, month: int) -> int:
        """By whole calendar months since joining."""
        joined = utc(self.joined_s)
        age = (year - joined.year) * 12 + month - joined.month
        return HELD_PERCENT[age] if 0 <= age < len(HELD_PERCENT) else 0

    def audits(self, satellite: Satellite, now_s: float) -> int:
        """Audits since joining."""
        return audits_in(satellite, now_s - self.joined_s)


def month_start(year: int, month: int) -> float:
    """Unix seconds of the first instant of a month, UTC."""
    return datetime(year, month, 1, tzinfo=UTC).timestamp()


def utc(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)


def parse_period(period: str) -> tuple[int, int]:
    """(year, month) of `YYYY-MM`."""
    return int(period[:4]), int(period[5:7])


def end_of(period: str) -> float:
    """The first instant after a month."""
    year, month = parse_period(period)
    return month_start(year + month // 12, month % 12 + 1)


# ---- Money of a simulated node, by the node's own formulas: estimates in cents, paystubs and histories in micro-dollars.


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
