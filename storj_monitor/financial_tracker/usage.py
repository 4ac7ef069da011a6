"""Paid usage of one month with one satellite, out of its days: by the node's own formula, which differs by its version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from storj_monitor.financial_tracker.months import DAY_MS, HOUR_MS, end_ms, start_ms
from storj_monitor.model.earnings import BandwidthDay, MonthPayout, SatelliteUsage, StorageDay
from storj_monitor.model.estimates import MONTH_H, MonthUsage, StorageFormula
from storj_monitor.model.kept import KeptDay

MOST_BYTES = 10**16
"""More than any node stores or sends in a day: an answer that says more is wrong."""


def storage_formula(days: Iterable[StorageDay]) -> StorageFormula:
    """The formula of the node that gave these days: since v1.162 they say which of them were filled in."""
    return StorageFormula.AREA if any(day.calculated is not None for day in days) else StorageFormula.REPORTED


def storage_byte_hours(days: Iterable[StorageDay], period: str, through_ms: int, formula: StorageFormula) -> float:
    """Byte-hours of one month; days with impossible figures are left out.

    AREA: average of each day × its hours that lie in the month and before `through_ms`; after the last day its average goes on, as the
    node does it, so that an answer from before midnight is as good as a new one.
    REPORTED: what the satellite has reported for days of the month, `through_ms` or not.
    """
    first_ms, last_ms = start_ms(period), end_ms(period)
    counted = sorted((day for day in days if first_ms <= day.start_ms < last_ms and believable_storage(day)), key=lambda day: day.start_ms)
    if formula is StorageFormula.REPORTED:
        return sum(day.byte_hours for day in counted)
    total = 0.0
    for place, day in enumerate(counted, start=1):
        midnight_ms = day.start_ms - day.start_ms % DAY_MS
        until_ms = midnight_ms + DAY_MS if place < len(counted) else last_ms
        hours = (min(until_ms, through_ms) - midnight_ms) / HOUR_MS
        if hours > 0:
            total += (day.average_bytes or 0.0) * hours
    return total


def reported_hours(day: StorageDay) -> float:
    """The hours that a report is about.

    Nodes before v1.162 (no key `calculated`) cut them to whole ones: 23:59 h is told as 23, and 24:01 h as 24. Reports follow each other
    day by day, so either is a day; of any other number the middle is taken.
    """
    told = day.interval_h
    if told is None:
        return 24.0
    if day.calculated is not None or not float(told).is_integer():
        return told
    return 24.0 if told in (23.0, 24.0) else told + 0.5


def believable_storage(day: StorageDay) -> bool:
    """Whether a disk can hold that."""
    return 0 <= (day.average_bytes or 0.0) <= MOST_BYTES and 0 <= day.byte_hours <= MOST_BYTES * MONTH_H


def believable_traffic(day: BandwidthDay) -> bool:
    """Whether a line can carry that."""
    return all(0 <= size <= MOST_BYTES for size in (day.egress_usage_bytes, day.egress_repair_bytes, day.egress_audit_bytes))


def month_usage(bandwidth: Sequence[BandwidthDay], storage: Sequence[StorageDay], period: str, through_ms: int) -> MonthUsage:
    """Usage of one month up to a moment. Days of other months are left out, so an answer from before midnight counts right."""
    first_ms, last_ms = start_ms(period), end_ms(period)
    days = [day for day in bandwidth if first_ms <= day.start_ms < last_ms and believable_traffic(day)]
    byte_hours = storage_byte_hours(storage, period, through_ms, storage_formula(storage))
    return MonthUsage(
        egress_bytes=sum(day.egress_usage_bytes for day in days),
        repair_bytes=sum(day.egress_repair_bytes for day in days),
        audit_bytes=sum(day.egress_audit_bytes for day in days),
        storage_byte_months=byte_hours / MONTH_H,
    )


def usage_from_totals(totals: MonthPayout) -> MonthUsage:
    """Usage as the node's own estimate has it: the only word on the previous month where we were not there to see it.

    The node does not tell repair from audit there; both are paid alike, and all is put under repair.
    """
    return MonthUsage(
        egress_bytes=totals.egress_bytes, repair_bytes=totals.repair_audit_bytes, storage_byte_months=totals.storage_byte_months
    )


def merge_days(stored: SatelliteUsage | None, answer: SatelliteUsage, keep_from_ms: int) -> SatelliteUsage:
    """One satellite's days, of the answer where it has them, else as stored; days before `keep_from_ms` are dropped.

    The node answers the current month only; what was stored keeps the previous month alive after the turn.
    """
    if stored is None:
        return answer
    bandwidth = {day.start_ms: day for day in (*stored.bandwidth, *answer.bandwidth) if day.start_ms >= keep_from_ms}
    storage = {day.start_ms: day for day in (*stored.storage, *answer.storage) if day.start_ms >= keep_from_ms}
    return SatelliteUsage(
        satellite=answer.satellite,
        bandwidth=tuple(bandwidth[start] for start in sorted(bandwidth)),
        storage=tuple(storage[start] for start in sorted(storage)),
        storage_byte_hours=answer.storage_byte_hours,
        average_usage_bytes=answer.average_usage_bytes,
        prices=answer.prices if answer.prices is not None else stored.prices,
        joined_ms=answer.joined_ms if answer.joined_ms is not None else stored.joined_ms,
        vetted_ms=answer.vetted_ms if answer.vetted_ms is not None else stored.vetted_ms,
    )


def usage_days(usage: SatelliteUsage) -> Iterator[KeptDay]:
    """Each day of traffic and storage as one record."""
    traffic = {day.start_ms: day for day in usage.bandwidth}
    stored = {day.start_ms: day for day in usage.storage}
    for begin_ms in sorted({*traffic, *stored}):
        yield KeptDay(usage.satellite, begin_ms, traffic.get(begin_ms), stored.get(begin_ms))
