"""Answers of /api/v1 about reputation, storage, earnings, health and findings: now from memory, the past from the reader."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from storj_monitor.database import node_tables as store
from storj_monitor.database.analytics import find
from storj_monitor.database.node_history import forecast_history, sanctions_history, score_history, space_history
from storj_monitor.database.reader import Reader
from storj_monitor.errors import RequestError
from storj_monitor.financial_tracker.days import month_days
from storj_monitor.financial_tracker.export import Currency, currency, estimates_csv, paystubs_csv, profits_csv, read_receipt
from storj_monitor.financial_tracker.held import balances_by, earned_usd_micros
from storj_monitor.financial_tracker.history import missing_periods
from storj_monitor.model.earnings import PayoutHistoryRow, Paystub, StubKey
from storj_monitor.model.estimates import DayEarnings
from storj_monitor.model.ids import satellite_name
from storj_monitor.model.uptime import Outage, Witness
from storj_monitor.reputation_tracker.downtime import downtimes
from storj_monitor.reputation_tracker.uptime import seen_outages
from storj_monitor.state.node_status import NodeStatus, addressed, name_at
from storj_monitor.views import analytics, earnings, node_health, reputation, storage
from storj_monitor.views.analytics import finding_row, learning_row
from storj_monitor.views.earnings_fleet import MadeForecast, day_sums, forecast_sums
from storj_monitor.views.node_health import downtime_row
from storj_monitor.views.topic_renderers import TopicRenderers
from storj_monitor.views.windows import AnyWindow, about
from storj_monitor.views.wire import answers as wire
from storj_monitor.views.wire import earnings as money
from storj_monitor.views.wire.health import NodeDowntime
from storj_monitor.views.wire.reputation import AuditHistory, SanctionSpan, ScoreHistory
from storj_monitor.views.wire.storage import SpaceHistory

MOST_FINDINGS = 500
_BOM = "\ufeff"
Wanted = frozenset[str] | None
"""Parts of an answer that are asked for; None = all."""
Points = tuple[Any, ...]
T = TypeVar("T")


class NodeQueries:
    """One method a path; see docs/protocol.md for the shapes."""

    def __init__(self, reader: Reader, renderers: TopicRenderers, now: Callable[[], float]) -> None:
        self._reader = reader
        self._renderers = renderers
        self._now = now

    async def reputation(self, window: AnyWindow, wanted: Wanted = None) -> wire.ReputationAnswer:
        scores: dict[tuple[str, str], list[Points]] = {}
        if _wants(wanted, "history"):
            scores = await self._reader.ask(score_history, window.nodes, window.from_s * 1000, window.to_s * 1000)
        return wire.ReputationAnswer(
            **about(window, self._now()),
            rows=_part(wanted, "rows", lambda: list(self._renderers.reputation(window.nodes).values())),
            help=_part(wanted, "help", lambda: reputation.HELP_TEXTS),
            columns=_part(wanted, "columns", lambda: list(reputation.POINT_COLUMNS)),
            history=_part(
                wanted,
                "history",
                lambda: [
                    ScoreHistory(node=node, satellite=satellite, name=self._name(node, satellite), points=points)
                    for (node, satellite), points in scores.items()
                ],
            ),
        )

    async def standings(self, window: AnyWindow) -> wire.StandingsAnswer:
        """What a node has told once: apart from the scores, which are asked for far more often."""
        audits, sanctions = await self._reader.ask(sanctions_history, window.nodes, window.from_s * 1000, window.to_s * 1000)
        windows = [
            AuditHistory(
                node=one.node,
                satellite=one.satellite,
                name=self._name(one.node, one.satellite),
                length_s=one.length_s,
                windows=[(start, total, online) for start, total, online in one.windows],
            )
            for one in audits
        ]
        spans = [
            SanctionSpan(node=node, satellite=satellite, name=self._name(node, satellite), kind=kind, from_=from_at, until=until_at)
            for node, satellite, kind, from_at, until_at in sanctions
        ]
        return wire.StandingsAnswer(**about(window, self._now()), audit_windows=windows, sanctions=spans)

    async def storage(self, window: AnyWindow, wanted: Wanted = None) -> wire.StorageAnswer:
        found: dict[str, list[Points]] = {}
        if _wants(wanted, "history"):
            found = await self._reader.ask(space_history, window.nodes, window.from_s * 1000, window.to_s * 1000)
        return wire.StorageAnswer(
            **about(window, self._now()),
            rows=_part(wanted, "rows", lambda: list(self._renderers.storage(window.nodes).values())),
            help=_part(wanted, "help", lambda: storage.HELP_TEXTS),
            columns=_part(wanted, "columns", lambda: list(storage.POINT_COLUMNS)),
            history=_part(wanted, "history", lambda: [SpaceHistory(node=node, points=points) for node, points in found.items()]),
        )

    async def earnings(self, window: AnyWindow, wanted: Wanted = None) -> wire.EarningsAnswer:
        made: list[MadeForecast] = []
        if _wants(wanted, "forecasts", "sums"):
            found = await self._reader.ask(forecast_history, window.nodes, window.from_s * 1000, window.to_s * 1000)
            made = [MadeForecast(*row) for row in found]
        nodes = self._renderers.nodes(window.nodes)
        return wire.EarningsAnswer(
            **about(window, self._now()),
            rows=_part(wanted, "rows", lambda: list(self._renderers.earnings(window.nodes).values())),
            help=_part(wanted, "help", lambda: earnings.HELP_TEXTS),
            paystubs=_part(wanted, "paystubs", lambda: self._paystubs(nodes)),
            months=_part(wanted, "months", lambda: _months(nodes)),
            missing_periods=_part(wanted, "missing_periods", lambda: _missing_periods(nodes)),
            scores=_part(wanted, "scores", lambda: [row for node in nodes for row in _scores(node)]),
            days=_part(wanted, "days", lambda: [row for node in nodes for row in self._earned_days(node)]),
            forecasts=_part(wanted, "forecasts", lambda: [money.MadeForecast(**one._asdict()) for one in made]),
            sums=_part(wanted, "sums", lambda: self._sums(nodes, made)),
        )

    def _sums(self, nodes: Sequence[NodeStatus], made: Sequence[MadeForecast]) -> money.EarningsSums:
        """What a page shows of all nodes together before anybody asks for more."""
        errors = [abs(one.error_percent) for node in nodes for one in node.money.scores.values() if one.error_percent is not None]
        return money.EarningsSums(
            paystubs=len(_stubs(nodes)),
            scores=sum(len(node.money.scores) for node in nodes),
            score_error_percent=statistics.median_high(errors) if errors else None,
            days=day_sums([self._days(node) for node in nodes]),
            forecasts=forecast_sums(made),
        )

    def _paystubs(self, nodes: Sequence[NodeStatus]) -> list[money.Paystub]:
        stubs, payouts, names = _stubs(nodes), _payouts(nodes), _names(nodes)
        return [
            _paystub(key, stubs[key], payouts.get(key), names, self._name(names[key.node_id], key.satellite))
            for key in sorted(stubs, key=lambda key: (key.period, names[key.node_id], key.satellite), reverse=True)
        ]

    def _name(self, node: str, satellite: str) -> str:
        return name_at(self._renderers.registry.of(node), satellite)

    def _days(self, node: NodeStatus) -> list[DayEarnings]:
        """What each day of the present month has brought."""
        made = self._renderers.estimates.of(node, self._now())
        return [] if made is None else month_days(made.days, made.estimate.now.period)

    def _earned_days(self, node: NodeStatus) -> list[money.EarnedDay]:
        return [
            money.EarnedDay(node=node.name, day=day.start_ms / 1000, payout_usd_micros=day.usd_micros, complete=day.complete)
            for day in self._days(node)
        ]

    async def health(self, window: AnyWindow, wanted: Wanted = None) -> wire.HealthAnswer:
        downtimes_of = await self._downtimes(window) if _wants(wanted, "downtimes") else []
        return wire.HealthAnswer(
            **about(window, self._now()),
            rows=_part(wanted, "rows", lambda: list(self._renderers.health(window.nodes).values())),
            help=_part(wanted, "help", lambda: node_health.HELP_TEXTS),
            downtimes=_part(wanted, "downtimes", lambda: downtimes_of),
        )

    async def _downtimes(self, window: AnyWindow) -> list[NodeDowntime]:
        now = self._now()
        found: dict[str, list[Outage]] = {name: list(seen_outages(self._renderers.registry.of(name), now)) for name in window.nodes}
        # memory may know another end already than the row that is stored, or none at all
        better = {
            (name, one.witness.value, round(one.from_at * 1000))
            for name in window.nodes
            for one in self._renderers.registry.of(name).outages
        }
        for node, witness, from_ms, until_ms in await self._rows(store.OUTAGE, window, also_before=True):
            if until_ms is not None and (node, witness, from_ms) not in better:
                found[node].append(Outage(Witness(witness), from_ms / 1000, until_ms / 1000))
        return [
            NodeDowntime(node=name, **msgspec.structs.asdict(downtime_row(one, now)))
            for name, outages in found.items()
            for one in reversed(downtimes(outages))
            if one.from_at < window.to_s and (one.until_at is None or one.until_at >= window.from_s)
        ]

    async def findings(self, window: AnyWindow) -> wire.FindingsAnswer:
        found = await self._reader.ask(find, window.nodes, window.from_s, window.to_s, MOST_FINDINGS)
        now = self._now()
        return wire.FindingsAnswer(
            **about(window, now),
            rows=[*(self._renderers.reasons(window.nodes) if window.to_s >= now else ()), *(finding_row(one) for one in found.findings)],
            more=found.more,
            learning=[learning_row(node) for node in self._renderers.nodes(window.nodes)],
            help=analytics.HELP_TEXTS,
        )

    async def earnings_csv(self, nodes: Sequence[str], kind: str, rate: tuple[str, str] | None) -> str:
        """A whole CSV file with a byte order mark; `kind` is `paystubs`, `estimates` or `profit`. RequestError for an impossible rate.

        Without a rate the currency of the settings is taken, where there is one.
        """
        to = _currency(rate) or self._renderers.estimates.terms.currency
        known, now = self._renderers.nodes(nodes), self._now()
        satellites = {key.satellite for node in known for key in node.money.stubs} | {one for node in known for one in node.money.usages}
        names = {one: next((name for node in known if (name := addressed(node, one).get(one))), "") for one in satellites}
        names = {one: satellite_name(one, {one: name}) for one, name in names.items()}
        if kind != "paystubs":
            told = {node.name: made for node in known if (made := self._renderers.estimates.of(node, now)) is not None}
            if kind == "profit":
                return _BOM + await asyncio.to_thread(profits_csv, told, to)
            estimates = {name: one.estimate for name, one in told.items()}
            return _BOM + await asyncio.to_thread(estimates_csv, estimates, names, to)
        return _BOM + await asyncio.to_thread(paystubs_csv, _stubs(known), _payouts(known), _names(known), names, to)

    async def _rows(self, table: store.Table, window: AnyWindow, *, also_before: bool = False) -> list[store.Row]:
        from_ms, to_ms = window.from_s * 1000, window.to_s * 1000
        return await self._reader.ask(store.read, table, window.nodes, from_ms, to_ms, also_before=also_before)


def _part(wanted: Wanted, name: str, make: Callable[[], T]) -> T | UnsetType:
    """Only what is wanted is made."""
    return make() if _wants(wanted, name) else UNSET


def _wants(wanted: Wanted, *parts: str) -> bool:
    return wanted is None or not wanted.isdisjoint(parts)


def _months(nodes: Sequence[NodeStatus]) -> list[money.PaidMonth]:
    months = balances_by(_stubs(nodes), lambda key: key.period)
    return [money.PaidMonth(period=period, **msgspec.structs.asdict(months[period])) for period in sorted(months, reverse=True)]


def _missing_periods(nodes: Sequence[NodeStatus]) -> dict[str, list[str]]:
    found = {node.name: missing_periods(key.period for key in node.money.stubs) for node in nodes}
    return {name: list(gaps) for name, gaps in found.items() if gaps}


def _currency(rate: tuple[str, str] | None) -> Currency | None:
    try:
        return None if rate is None else currency(*rate)
    except ValueError as error:
        raise RequestError("bad_parameter", str(error)) from None


def _stubs(nodes: Sequence[NodeStatus]) -> dict[StubKey, Paystub]:
    return {key: stub for node in nodes for key, stub in node.money.stubs.items()}


def _payouts(nodes: Sequence[NodeStatus]) -> dict[StubKey, PayoutHistoryRow]:
    return {key: payout for node in nodes for key, payout in node.money.payouts.items()}


def _names(nodes: Sequence[NodeStatus]) -> dict[str, str]:
    """Names by node id, of every node that has paystubs."""
    return {key.node_id: node.name for node in nodes for key in node.money.stubs}


def _paystub(key: StubKey, stub: Paystub, payout: PayoutHistoryRow | None, names: dict[str, str], satellite: str) -> money.Paystub:
    receipt = None if payout is None else read_receipt(payout.receipt)
    return money.Paystub(
        node=names[key.node_id],
        node_id=key.node_id,
        satellite=key.satellite,
        name=satellite,
        period=key.period,
        codes=stub.codes,
        surge_percent=stub.surge_percent or 100,
        storage_byte_months=stub.usage_storage_byte_months,
        egress_bytes=stub.usage_get_bytes,
        repair_bytes=stub.usage_get_repair_bytes,
        audit_bytes=stub.usage_get_audit_bytes,
        storage_usd_micros=stub.storage_usd_micros,
        egress_usd_micros=stub.get_usd_micros,
        repair_usd_micros=stub.get_repair_usd_micros,
        audit_usd_micros=stub.get_audit_usd_micros,
        earned_usd_micros=earned_usd_micros(stub),
        held_usd_micros=stub.held_usd_micros,
        disposed_usd_micros=stub.disposed_usd_micros,
        paid_usd_micros=stub.paid_usd_micros,
        distributed_usd_micros=stub.distributed_usd_micros,
        receipt="" if payout is None else payout.receipt,
        network="" if receipt is None else receipt.network,
        transaction_url="" if receipt is None else receipt.url,
    )


def _scores(node: NodeStatus) -> list[money.EstimateScore]:
    return [
        money.EstimateScore(
            node=node.name,
            satellite=key.satellite,
            name=name_at(node, key.satellite),
            period=key.period,
            estimated_usd_micros=one.estimated_usd_micros,
            paid_usd_micros=one.paid_usd_micros,
            error_percent=one.error_percent,
            agrees=one.comparison.agrees,
            reasons=list(one.comparison.reasons),
        )
        for key, one in sorted(node.money.scores.items(), reverse=True)
    ]
