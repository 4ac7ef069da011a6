"""Topic and question `reputation`: a row for each node at each satellite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from storj_monitor.financial_tracker.missing import why_nothing
from storj_monitor.model.reputation import AuditWindow
from storj_monitor.reputation_tracker.guard import AuditGuard
from storj_monitor.reputation_tracker.help_texts import HELP
from storj_monitor.reputation_tracker.online import DowntimeBudget
from storj_monitor.reputation_tracker.pieces import CAUSES, Failures, RefusedAudits
from storj_monitor.reputation_tracker.report import SatelliteReport, SatelliteReports, worst_first
from storj_monitor.reputation_tracker.vetting import Vetting
from storj_monitor.state.node_status import NodeStatus, name_at
from storj_monitor.views.figures import date, figure, helps
from storj_monitor.views.tables import Row, Rows

# 30 days of 12 hours, the open one, and one of chance.
MOST_WINDOWS = 62
HELP_TEXTS = helps(HELP)
POINT_COLUMNS = ("at", "until", "audit_score", "suspension_score", "online_score", "total_audits", "successful_audits", "source")


class ReputationView:
    """Rows are made once for a change, however many pages and questions look. `reports` are shared with all who ask for them."""

    def __init__(self, reports: SatelliteReports) -> None:
        self._reports = reports
        self._rows: dict[str, tuple[list[SatelliteReport], Rows]] = {}

    def rows(self, nodes: Iterable[NodeStatus], now: float) -> Rows:
        """By `node/satellite`, the worst first."""
        reports: list[tuple[str, SatelliteReport]] = []
        made: Rows = {}
        for node in nodes:
            own = self._reports.of(node, now)
            reports += [(node.name, one) for one in own]
            made.update(self._rows_of(node, own))
        place = {id(one): number for number, one in enumerate(worst_first(one for _, one in reports))}
        reports.sort(key=lambda pair: place[id(pair[1])])
        keys = [f"{name}/{one.reputation.satellite}" for name, one in reports]
        return {key: {**made[key], "rank": rank} for rank, key in enumerate(keys)}

    def _rows_of(self, node: NodeStatus, reports: list[SatelliteReport]) -> Rows:
        made = self._rows.get(node.name)
        if made is None or made[0] is not reports:
            rows = {f"{node.name}/{one.reputation.satellite}": _row_of(node, one) for one in reports}
            made = self._rows[node.name] = (reports, rows)
        return made[1]


def _row_of(node: NodeStatus, one: SatelliteReport) -> Row:
    """With the satellite's name; where the node's answer about it fails, the reason says so: what is shown is old, or of another answer."""
    row, unknown = _row(node.name, one), why_nothing(node, one.reputation.satellite)
    reason = f"{one.reason} {unknown}" if unknown else one.reason
    return {**row, "name": name_at(node, one.reputation.satellite), "reason": reason, "unknown": unknown or None}


def _row(node: str, one: SatelliteReport) -> Row:
    known = one.reputation
    windows: Sequence[AuditWindow] = known.windows.value if known.windows else ()
    return {
        "node": node,
        "satellite": known.satellite,
        "address": known.address,
        "standing": one.standing.label,
        "reason": one.reason,
        "exit": None if one.exit is None else one.exit._asdict(),
        "offline_suspended_at": one.offline_suspended_at,
        "audit_score": figure(known.audit_score),
        "suspension_score": figure(known.suspension_score),
        "online_score": figure(known.online_score),
        "total_audits": figure(known.total_audits),
        "successful_audits": figure(known.successful_audits),
        "disqualified_at": date(known.disqualified_at),
        "suspended_at": date(known.suspended_at),
        "vetted_at": date(known.vetted_at),
        "joined_at": date(known.joined_at),
        "guard": _guard(one.guard),
        "suspension_allowed": one.suspension_allowed,
        "missed_audits": one.missed_audits,
        "vetting": _vetting(one.vetting),
        "windows": [list(window) for window in windows[-MOST_WINDOWS:]],
        "offline_windows": [
            {"start": w.start_at, "length_s": w.length_s, "total": w.total, "missed": w.missed, "offline_s": round(w.offline_s)}
            for w in one.offline_windows[-MOST_WINDOWS:]
        ],
        "budget": _budget(one.budget),
        "failures": _failures(one.failures),
        "refused_audits": _refused(one.refused),
    }


def _refused(one: RefusedAudits | None) -> Row | None:
    return None if one is None else {"value": one.audits, "lately": one.lately, "since": one.since, "source": "metrics"}


def _guard(guard: AuditGuard | None) -> Row | None:
    if guard is None:
        return None
    rate = guard.rate
    return {
        "distance": guard.distance,
        "failures_allowed": guard.failures_allowed,
        "trend": guard.trend.value,
        "settles_at": guard.settles_at,
        "hours_to_verdict": guard.hours_to_verdict,
        "rate": None
        if rate is None
        else {"from": rate.from_at, "to": rate.to_at, "change": rate.change, "audits": rate.audits, "failed": rate.failed},
    }


def _vetting(one: Vetting) -> Row:
    return {
        "done": one.done,
        "audits": one.audits.value if one.audits else None,
        "at_least": one.at_least,
        "audits_left": one.audits_left,
        "hours": one.hours.value if one.hours else None,
        "hours_left": one.hours_left,
    }


def _budget(one: DowntimeBudget) -> Row:
    return {
        "hours": one.hours,
        "state": one.state.value,
        "score": one.score,
        "windows": one.windows,
        "full": one.full,
        "estimated": one.estimated,
        "limited_by": one.limited_by,
        "away_since": one.away_since,
    }


def _failures(found: Failures) -> Row:
    return {
        "audits": found.audits,
        "repairs": found.repairs,
        "in_trash": found.in_trash,
        "more": found.more,
        "pieces": [
            {
                "piece_id": piece.piece_id,
                "cause": piece.cause.value,
                "cause_text": CAUSES[piece.cause],
                "reason": piece.reason,
                "audits": piece.audits,
                "repairs": piece.repairs,
                "in_trash": piece.in_trash,
                "first": piece.first_at,
                "last": piece.last_at,
            }
            for piece in found.pieces
        ],
    }
