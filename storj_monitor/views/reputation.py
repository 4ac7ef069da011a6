"""Topic and question `reputation`: a row for each node at each satellite."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from storj_monitor.financial_tracker.missing import why_nothing
from storj_monitor.reputation_tracker.disqualification_margin import DisqualificationMargin
from storj_monitor.reputation_tracker.help_texts import HELP
from storj_monitor.reputation_tracker.pieces import CAUSES, Failures, RefusedAudits
from storj_monitor.reputation_tracker.report import SatelliteReport, SatelliteReports, worst_first
from storj_monitor.reputation_tracker.vetting import Vetting
from storj_monitor.state.node_status import NodeStatus, name_at
from storj_monitor.views.figures import alike, date, figure, helps
from storj_monitor.views.memo import Memo
from storj_monitor.views.wire import reputation as wire

# 30 days of 12 hours, the open one, and one of chance.
MOST_WINDOWS = 62
HELP_TEXTS = helps(HELP)
POINT_COLUMNS = ("at", "until", "audit_score", "suspension_score", "online_score", "total_audits", "successful_audits", "source")


class ReputationView:
    """Rows are made once for a change, however many pages and questions look. `reports` are shared with all who ask for them."""

    def __init__(self, reports: SatelliteReports) -> None:
        self._reports = reports
        self._made: Memo[dict[str, wire.ReputationRow]] = Memo()

    def rows(self, nodes: Iterable[NodeStatus], now: float) -> dict[str, wire.ReputationRow]:
        """By `node/satellite`, the worst first."""
        reports: list[tuple[str, SatelliteReport]] = []
        made: dict[str, wire.ReputationRow] = {}
        for node in nodes:
            own = self._reports.of(node, now)
            reports += [(node.name, one) for one in own]
            made.update(self._made.of(node.name, None, partial(_rows, node, own), made_of=own))
        place = {id(one): number for number, one in enumerate(worst_first(one for _, one in reports))}
        reports.sort(key=lambda pair: place[id(pair[1])])
        keys = [f"{name}/{one.reputation.satellite}" for name, one in reports]
        return {key: msgspec.structs.replace(made[key], rank=rank) for rank, key in enumerate(keys)}


def _rows(node: NodeStatus, reports: list[SatelliteReport]) -> dict[str, wire.ReputationRow]:
    return {f"{node.name}/{one.reputation.satellite}": _row(node, one) for one in reports}


def _row(node: NodeStatus, one: SatelliteReport) -> wire.ReputationRow:
    """Not ranked yet. Where the node's answer about the satellite fails, the reason says so: what is shown is old, or of another answer."""
    known, unknown = one.reputation, why_nothing(node, one.reputation.satellite)
    windows = known.windows.value if known.windows else ()
    return wire.ReputationRow(
        node=node.name,
        satellite=known.satellite,
        name=name_at(node, known.satellite),
        address=known.address,
        rank=0,
        standing=one.standing.label,
        reason=f"{one.reason} {unknown}" if unknown else one.reason,
        unknown=unknown or None,
        exit=None if one.exit is None else wire.GracefulExit(**one.exit._asdict()),
        offline_suspended_at=one.offline_suspended_at,
        audit_score=figure(known.audit_score),
        suspension_score=figure(known.suspension_score),
        online_score=figure(known.online_score),
        total_audits=figure(known.total_audits),
        successful_audits=figure(known.successful_audits),
        disqualified_at=date(known.disqualified_at),
        suspended_at=date(known.suspended_at),
        vetted_at=date(known.vetted_at),
        joined_at=date(known.joined_at),
        disqualification_margin=_margin(one.margin),
        suspension_allowed=one.suspension_allowed,
        missed_audits=one.missed_audits,
        vetting=_vetting(one.vetting),
        windows=[(*window,) for window in windows[-MOST_WINDOWS:]],
        offline_windows=[
            wire.OfflineWindow(start=w.start_at, length_s=w.length_s, total=w.total, missed=w.missed, offline_s=round(w.offline_s))
            for w in one.offline_windows[-MOST_WINDOWS:]
        ],
        budget=alike(wire.DowntimeBudget, one.budget),
        failures=_failures(one.failures),
        refused_audits=_refused(one.refused),
    )


def _refused(one: RefusedAudits | None) -> wire.RefusedAudits | None:
    return None if one is None else wire.RefusedAudits(value=one.audits, last_hour=one.lately, since=one.since, source="metrics")


def _margin(margin: DisqualificationMargin | None) -> wire.DisqualificationMargin | None:
    if margin is None:
        return None
    rate = margin.rate
    return wire.DisqualificationMargin(
        distance=margin.distance,
        failures_allowed=margin.failures_allowed,
        trend=margin.trend.value,
        settles_at_score=margin.settles_at_score,
        hours_to_disqualification=margin.hours_to_disqualification,
        rate=None
        if rate is None
        else wire.AuditRate(from_=rate.from_at, to=rate.to_at, change=rate.change, audits=rate.audits, failed=rate.failed),
    )


def _vetting(one: Vetting) -> wire.Vetting:
    return wire.Vetting(
        done=one.done,
        audits=one.audits.value if one.audits else None,
        at_least=one.at_least,
        audits_left=one.audits_left,
        hours=one.hours.value if one.hours else None,
        hours_left=one.hours_left,
    )


def _failures(found: Failures) -> wire.Failures:
    return wire.Failures(
        audits=found.audits,
        repairs=found.repairs,
        in_trash=found.in_trash,
        more=found.more,
        pieces=[
            wire.FailingPiece(
                piece_id=piece.piece_id,
                cause=piece.cause.value,
                cause_text=CAUSES[piece.cause],
                reason=piece.reason,
                audits=piece.audits,
                repairs=piece.repairs,
                in_trash=piece.in_trash,
                first=piece.first_at,
                last=piece.last_at,
            )
            for piece in found.pieces
        ],
    )
