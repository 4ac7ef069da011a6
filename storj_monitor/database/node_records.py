"""Between what is stored of a node and rows of the database: one pair of functions a table. Times become whole milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from storj_monitor.database import node_tables as store
from storj_monitor.database.node_tables import Key, Row, Table
from storj_monitor.model.earnings import (
    BandwidthDay,
    EstimatedPayout,
    HeldHistoryRow,
    PayoutHistoryRow,
    Paystub,
    Pricing,
    SatelliteUsage,
    StorageDay,
    StubKey,
)
from storj_monitor.model.estimates import Comparison, MonthEstimate, MonthUsage, Score
from storj_monitor.model.figures import Source
from storj_monitor.model.kept import (
    Kept,
    KeptAccuracy,
    KeptDay,
    KeptEstimate,
    KeptGrowth,
    KeptHeld,
    KeptInterval,
    KeptPayout,
    KeptPaystub,
    KeptPricing,
    KeptSanction,
    KeptScore,
    KeptWindow,
    Membership,
)
from storj_monitor.model.node_answers import (
    AllSatellitesAnswer,
    Answer,
    AnswerKind,
    NodeAnswer,
    Notification,
    SatelliteAnswer,
)
from storj_monitor.model.node_metrics import CounterPosition, Growth, NodeMetrics, Spread, TransferCount
from storj_monitor.model.reputation import HealthAnswer, SanctionKind, SanctionSpan, ScorePoint
from storj_monitor.model.space import SpacePoint
from storj_monitor.model.uptime import Outage, Witness

DAY_MS = 86_400_000

KEPT_ANSWERS: Mapping[AnswerKind, Any] = {
    AnswerKind.NODE: NodeAnswer,
    AnswerKind.SATELLITE: SatelliteAnswer,
    AnswerKind.SATELLITES: AllSatellitesAnswer,
    AnswerKind.NOTIFICATIONS: tuple[Notification, ...],
    AnswerKind.ESTIMATE: EstimatedPayout,
    AnswerKind.METRICS: NodeMetrics,
    AnswerKind.HEALTH: HealthAnswer,
}
"""Kinds of which the last answer is kept, so that a restarted monitor shows figures at once. The others have tables of their own."""


def _ms(at: float) -> int:
    return round(at * 1000)


def score_row(node: str, one: KeptScore) -> Row:
    satellite, point = one
    return (node, satellite, _ms(point.at), _ms(point.until), *point[2:7], point.source.value)


def score_point(row: Row) -> ScorePoint:
    return ScorePoint._make((row[2] / 1000, row[3] / 1000, *row[4:9], Source(row[9])))


def window_row(node: str, one: KeptWindow) -> Row:
    satellite, window = one
    return (node, satellite, _ms(window.start_at), window.total, window.online)


def membership_row(node: str, one: Membership) -> Row:
    return (node, one.satellite, *(None if at is None else _ms(at) for at in one[1:]))


def sanction_row(node: str, one: KeptSanction) -> Row:
    satellite, span = one
    return (node, satellite, span.kind.value, _ms(span.from_at), None if span.until_at is None else _ms(span.until_at))


def sanction_span(row: Row) -> SanctionSpan:
    return SanctionSpan(SanctionKind(row[2]), row[3] / 1000, None if row[4] is None else row[4] / 1000)


def space_row(node: str, point: SpacePoint) -> Row:
    return (node, _ms(point.at), *point[1:10], point.source.value)


def space_point(row: Row) -> SpacePoint:
    return SpacePoint._make((row[1] / 1000, *row[2:11], Source(row[11])))


def outage_row(node: str, outage: Outage) -> Row:
    return (node, outage.witness.value, _ms(outage.from_at), None if outage.until_at is None else _ms(outage.until_at))


def outage(row: Row) -> Outage:
    return Outage(Witness(row[1]), row[2] / 1000, None if row[3] is None else row[3] / 1000)


def counter_row(node: str, one: KeptGrowth) -> Row:
    start_ms, op, growth = one
    return (node, start_ms, op, growth.number, growth.size_bytes, growth.timed, round(growth.total_s * 1000))


def counter(row: Row) -> Growth:
    return Growth(row[3], row[4], row[5], row[6] / 1000)


def position_row(node: str, position: CounterPosition) -> Row:
    counts = {
        op: (one.number, one.size_bytes, one.duration_s and (one.duration_s.number, one.duration_s.total))
        for op, one in position.transfers.items()
    }
    return (node, _ms(position.taken_at), position.uptime_s, msgspec.json.encode(counts).decode())


def position(row: Row) -> CounterPosition:
    counts = msgspec.json.decode(row[3], type=dict[int, tuple[int, int | None, tuple[int, float] | None]])
    transfers = {op: TransferCount(op, number, size, spread and Spread(*spread)) for op, (number, size, spread) in counts.items()}
    return CounterPosition(row[1] / 1000, row[2], transfers)


def interval_row(node: str, one: KeptInterval) -> Row:
    slot, from_at, growth = one
    return (node, slot, _ms(from_at), msgspec.json.encode({op: tuple(one) for op, one in growth.items()}).decode())


def interval(row: Row) -> KeptInterval:
    growth = msgspec.json.decode(row[3], type=dict[int, tuple[int, int, int, float]])
    return KeptInterval(row[1], row[2] / 1000, {op: Growth(*values) for op, values in growth.items()})


def answer_row(_node: str, answer: Answer) -> Row:
    data = msgspec.json.encode(answer.value).decode()
    return (answer.node, answer.kind.value, answer.satellite or "", _ms(answer.asked_at), answer.took_ms, data)


def answer(row: Row, types: Mapping[AnswerKind, Any]) -> Answer | None:
    """None for an answer that an older version kept in another shape."""
    node, kind, satellite, asked_ms, took_ms, data = row
    try:
        value = msgspec.json.decode(data, type=types[AnswerKind(kind)])
    except (ValueError, KeyError):
        return None
    return Answer(node, AnswerKind(kind), satellite or None, asked_ms / 1000, took_ms, value)


def _struct_row(table: Table, head: Sequence[object], struct: msgspec.Struct) -> Row:
    return (*head, *(getattr(struct, column) for column in table.columns[len(head) :]))


def _fields(table: Table, row: Row, skip: int) -> dict[str, Any]:
    return dict(zip(table.columns[skip:], row[skip:], strict=True))


def paystub_row(node: str, one: KeptPaystub) -> Row:
    return _struct_row(store.PAYSTUB, (*one.key, node), one.stub)


def paystub(row: Row) -> tuple[StubKey, Paystub]:
    return StubKey(*row[:3]), Paystub(satellite=row[1], period=row[2], **_fields(store.PAYSTUB, row, 4))


def payout_row(node: str, one: KeptPayout) -> Row:
    return _struct_row(store.PAYOUT, (*one.key, node), one.payout)


def payout(row: Row) -> tuple[StubKey, PayoutHistoryRow]:
    fields = _fields(store.PAYOUT, row, 4)
    fields["is_exit_complete"] = bool(fields["is_exit_complete"])
    return StubKey(*row[:3]), PayoutHistoryRow(satellite=row[1], period=row[2], **fields)


def held_row(node: str, one: KeptHeld) -> Row:
    return _struct_row(store.HELD_HISTORY, (one.node_id, one.held.satellite, node), one.held)


def held(row: Row) -> HeldHistoryRow:
    return HeldHistoryRow(satellite=row[1], **_fields(store.HELD_HISTORY, row, 3))


def pricing_row(node: str, one: KeptPricing) -> Row:
    return _struct_row(store.PRICING, (node, one.pricing.satellite, one.since_ms), one.pricing)


def pricing(row: Row) -> Pricing:
    return Pricing(satellite=row[1], **_fields(store.PRICING, row, 3))


def day_row(node: str, one: KeptDay) -> Row:
    moved, kept = one.traffic, one.storage
    sizes: tuple[object, ...] = (None,) * 5
    if moved is not None:
        sizes = (
            moved.egress_usage_bytes, moved.egress_repair_bytes, moved.egress_audit_bytes, moved.ingress_usage_bytes,
            moved.ingress_repair_bytes,
        )  # fmt: skip
    amounts: tuple[object, ...] = (None,) * 4
    if kept is not None:
        amounts = (kept.byte_hours, kept.average_bytes, kept.interval_h, None if kept.calculated is None else int(kept.calculated))
    return (node, one.satellite, one.start_ms, *sizes, *amounts)


def usages(rows: Iterable[Row]) -> dict[str, SatelliteUsage]:
    """Days by satellite; what is no day (prices, dates) is not in them."""
    traffic: dict[str, list[BandwidthDay]] = {}
    stored: dict[str, list[StorageDay]] = {}
    for _, satellite, start_ms, *cells in rows:
        sizes, (byte_hours, average_bytes, interval_h, calculated) = cells[:5], cells[5:]
        if sizes[0] is not None:
            names = ("egress_usage_bytes", "egress_repair_bytes", "egress_audit_bytes", "ingress_usage_bytes", "ingress_repair_bytes")
            day = BandwidthDay(start_ms=start_ms, **dict(zip(names, sizes, strict=True)))
            traffic.setdefault(satellite, []).append(day)
        if byte_hours is not None:
            flag = None if calculated is None else bool(calculated)
            one = StorageDay(start_ms=start_ms, byte_hours=byte_hours, average_bytes=average_bytes, interval_h=interval_h, calculated=flag)
            stored.setdefault(satellite, []).append(one)
    return {
        satellite: SatelliteUsage(
            satellite=satellite, bandwidth=tuple(traffic.get(satellite, ())), storage=tuple(stored.get(satellite, ()))
        )
        for satellite in {*traffic, *stored}
    }


def estimate_row(node: str, made: KeptEstimate) -> Row:
    """The day in its key is that of the moment when it was made."""
    made_ms, one, theirs_usd_micros = made
    now, usage = one.now, one.now.usage
    return (
        node, one.satellite, now.period, made_ms // DAY_MS, made_ms, now.through_ms, usage.egress_bytes, usage.repair_bytes,
        usage.audit_bytes, usage.storage_byte_months, now.egress_usd_micros, now.repair_usd_micros, now.audit_usd_micros,
        now.storage_usd_micros, now.held_percent, now.held_usd_micros, now.disposed_usd_micros, one.expected_usd_micros, theirs_usd_micros,
    )  # fmt: skip


def estimate(row: Row) -> MonthEstimate:
    """The month as it was estimated."""
    return MonthEstimate(
        satellite=row[1],
        period=row[2],
        through_ms=row[5],
        usage=MonthUsage(egress_bytes=row[6], repair_bytes=row[7], audit_bytes=row[8], storage_byte_months=row[9]),
        egress_usd_micros=row[10],
        repair_usd_micros=row[11],
        audit_usd_micros=row[12],
        storage_usd_micros=row[13],
        held_percent=row[14],
        held_usd_micros=row[15],
        disposed_usd_micros=row[16],
    )


def accuracy_row(node: str, kept: KeptAccuracy) -> Row:
    key, made_ms, one = kept
    reasons = msgspec.json.encode(one.comparison.reasons).decode()
    agrees = int(one.comparison.agrees)
    return (*key, node, made_ms, one.estimated_usd_micros, one.paid_usd_micros, one.error_percent, agrees, reasons)


def accuracy(row: Row) -> tuple[StubKey, Score]:
    """The score without its categories, which are not kept."""
    _, satellite, period, _, _, estimated, paid, error, agrees, reasons = row
    told = msgspec.json.decode(reasons, type=tuple[str, ...])
    comparison = Comparison(satellite=satellite, period=period, differences=(), agrees=bool(agrees), reasons=told)
    return StubKey(*row[:3]), Score(
        satellite=satellite,
        period=period,
        estimated_usd_micros=estimated,
        paid_usd_micros=paid,
        error_percent=error,
        comparison=comparison,
    )


_TABLES: Mapping[type, tuple[Table, Callable[[str, Any], Row]]] = MappingProxyType(
    {
        KeptScore: (store.SCORE_POINT, score_row),
        KeptWindow: (store.AUDIT_WINDOW, window_row),
        KeptSanction: (store.STANDING, sanction_row),
        Membership: (store.MEMBERSHIP, membership_row),
        SpacePoint: (store.SPACE_POINT, space_row),
        Outage: (store.OUTAGE, outage_row),
        KeptDay: (store.USAGE_DAY, day_row),
        KeptPricing: (store.PRICING, pricing_row),
        KeptPaystub: (store.PAYSTUB, paystub_row),
        KeptPayout: (store.PAYOUT, payout_row),
        KeptHeld: (store.HELD_HISTORY, held_row),
        KeptEstimate: (store.ESTIMATE_SNAPSHOT, estimate_row),
        KeptAccuracy: (store.ESTIMATE_SCORE, accuracy_row),
        KeptGrowth: (store.COUNTER_HOUR, counter_row),
        KeptInterval: (store.COUNTER_RECENT, interval_row),
        CounterPosition: (store.COUNTER_POSITION, position_row),
        Answer: (store.LAST_ANSWER, answer_row),
    }
)


class Pending:
    """Rows to be written, the newest of each key: bounded by what there is, however long the database does not take them."""

    def __init__(self) -> None:
        self._changes: dict[str, dict[Key, Row | None]] = {}

    def __bool__(self) -> bool:
        return bool(self._changes)

    def write(self, node: str, kept: Iterable[Kept], dropped: Iterable[Kept] = ()) -> None:
        """Write `kept`, and delete `dropped` by their keys."""
        self._drop(node, dropped)
        self._keep(node, kept)

    def _keep(self, node: str, records: Iterable[Kept]) -> None:
        for record in records:
            table, make = _TABLES[type(record)]
            row = make(node, record)
            self._changes.setdefault(table.name, {})[row[: table.key]] = row

    def _drop(self, node: str, records: Iterable[Kept]) -> None:
        for record in records:
            table, make = _TABLES[type(record)]
            self._changes.setdefault(table.name, {})[make(node, record)[: table.key]] = None

    def take(self) -> dict[str, dict[Key, Row | None]]:
        """All of them; nothing is pending afterwards."""
        changes, self._changes = self._changes, {}
        return changes
