"""What a page shows of one node at one satellite: the verdict, the pieces behind it, and the words to each figure."""

from __future__ import annotations

from dataclasses import fields

import pytest
from node_recordings import NODES, api_snapshots, metrics_snapshots, taken_at

from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.node_events import FoundInTrash
from storj_monitor.model.reputation import NEVER, AuditWindow, NotableTransfer, Reputation, ReputationSnapshot, ScorePoint
from storj_monitor.reputation_tracker.help_texts import HELP
from storj_monitor.reputation_tracker.history import merge_points, point_of
from storj_monitor.reputation_tracker.pieces import CAUSES, Cause, Failures, cause_of, failures
from storj_monitor.reputation_tracker.report import SatelliteReport, Standing, report, worst_first
from storj_monitor.reputation_tracker.reputation import merge
from storj_monitor.reputation_tracker.vetting import vetting

NOW = 1_795_000_000.0
DAY = 86_400.0
AUDIT_FAILED = op_code(Action.GET_AUDIT, Outcome.FAILED)


def recorded(node: str, *, api: bool = True, metrics: bool = True) -> list[SatelliteReport]:
    known: dict[str, Reputation] = {}
    points: dict[str, list[ScorePoint]] = {}
    for snapshot in (api_snapshots(node) if api else []) + (metrics_snapshots(node) if metrics else []):
        known[snapshot.satellite] = merge(known.get(snapshot.satellite), snapshot)
        point = point_of(snapshot)
        if point:
            points.setdefault(snapshot.satellite, []).append(point)
    return [report(one, merge_points((), points.get(s, [])), taken_at(node)) for s, one in known.items()]


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("metrics", [True, False])
def test_verdicts_of_recorded_nodes(node: str, metrics: bool) -> None:
    for one in recorded(node, metrics=metrics):
        expected = Standing.DISQUALIFIED if "disqualified" in node else Standing.HEALTHY
        # v1.120 does not tell when it was vetted, but 1,700 audits and 291 days do
        assert one.standing is expected
        assert one.reason
        assert one.margin is not None
        assert one.margin.failures_allowed == 40
        allowed = one.suspension_allowed
        assert allowed is not None
        # after 6 and 21 audits a few unknown results weigh more
        assert allowed in (3, 7) if "new-node" in node else allowed == 9
        assert one.vetting.done
        assert one.budget.hours is not None


def test_a_disqualified_node_shows_scores_of_one_and_is_disqualified() -> None:
    for one in recorded("v1.162-disqualified-offline"):
        assert one.reputation.audit_score is not None
        assert one.reputation.audit_score.value == 1
        assert one.standing is Standing.DISQUALIFIED
        assert one.missed_audits == 105
        assert [w.missed for w in one.offline_windows] == [105]


def test_metrics_alone_know_of_the_disqualification() -> None:
    assert {r.standing for r in recorded("v1.162-disqualified-offline", api=False)} == {Standing.DISQUALIFIED}


def told(**values: object) -> Reputation:
    base: dict[str, object] = {"audit_score": 1.0, "suspension_score": 1.0, "online_score": 1.0, "vetted_at": 1.0}
    snapshot = ReputationSnapshot(satellite="s", source=Source.API, taken_at=NOW, **(base | values))  # type: ignore[arg-type]
    return merge(None, snapshot)


def judged(**values: object) -> Standing:
    return report(told(**values), [], NOW).standing


def test_verdicts_worst_first() -> None:
    assert judged(disqualified_at=NOW - 5, suspended_at=NOW - 6) is Standing.DISQUALIFIED
    assert judged(audit_score=0.96) is Standing.DISQUALIFIED
    assert judged(suspended_at=NOW - 5) is Standing.SUSPENDED
    assert judged(suspension_score=0.6) is Standing.SUSPENDED
    assert judged(online_score=0.59) is Standing.OFFLINE_SUSPENDED
    assert judged(audit_score=0.975) is Standing.AT_RISK
    assert judged(suspension_score=0.65) is Standing.AT_RISK
    assert judged(online_score=0.65) is Standing.AT_RISK
    assert judged(vetted_at=NEVER) is Standing.VETTING
    assert judged(disqualified_at=NEVER, suspended_at=NEVER) is Standing.HEALTHY
    assert judged(audit_score=None) is Standing.UNKNOWN
    reports = [report(told(audit_score=score), [], NOW) for score in (1.0, 0.95, 0.97, 0.9999)]
    assert [r.reputation.audit_score.value for r in worst_first(reports)] == [0.95, 0.97, 0.9999, 1.0]  # type: ignore[union-attr]
    assert [s.label for s in Standing][:2] == ["disqualified", "suspended"]


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ({"successful_audits": 0}, 0),
        ({"successful_audits": 10, "total_audits": 500}, 4),
        ({"windows": (AuditWindow(NOW - 43_200, 90, 6), AuditWindow(NOW, 5, 4))}, 4),
        ({"windows": ()}, 0),
        ({"successful_audits": 1000}, 9),
        ({}, 9),
        ({"suspension_score": None}, None),
    ],
)
def test_unknown_results_that_a_new_node_survives(values: dict[str, object], allowed: int | None) -> None:
    one = report(told(vetted_at=NEVER, **values), [], NOW)
    assert one.suspension_allowed == allowed and one.standing is Standing.VETTING


@pytest.mark.parametrize(("complete", "expected"), [(10, Standing.AT_RISK), (59, Standing.AT_RISK), (60, Standing.OFFLINE_SUSPENDED)])
def test_a_young_node_is_not_suspended_for_being_offline(complete: int, expected: Standing) -> None:
    """Satellites do that only when the tracking period is full."""
    windows = tuple(AuditWindow(NOW // 43_200 * 43_200 - (complete - i) * 43_200, 10, 5) for i in range(complete + 1))
    one = report(told(windows=windows, online_score=0.5), [], NOW)
    assert one.standing is expected
    assert ("this one has" in one.reason) is (expected is Standing.AT_RISK)


def test_a_score_that_falls_fast_is_a_risk_before_it_is_low() -> None:
    def point(hours: float, score: float, total: int, good: int) -> ScorePoint:
        at = NOW - hours * 3600
        return ScorePoint(at, at, score, 1.0, 1.0, total, good, Source.LOG)

    # 40 audits, 8 of them failed: 0.992 now, 0.96 within a day
    one = report(told(audit_score=0.9922), [point(4, 1.0, 1000, 1000), point(0, 0.9922, 1040, 1032)], NOW)
    assert one.standing is Standing.AT_RISK
    assert "hours" in one.reason
    assert one.margin is not None
    assert one.margin.hours_to_disqualification is not None
    assert 10 < one.margin.hours_to_disqualification < 40


def test_failures_in_the_log_are_watched_before_the_score_tells() -> None:
    rows = [NotableTransfer(int(NOW * 1000) + 60_000, "s", AUDIT_FAILED, "P" * 52, "file does not exist")]
    one = report(told(), [], NOW + 120, failures=failures(rows))
    assert one.standing is Standing.WATCH


def test_budgets_by_what_is_known() -> None:
    windows = tuple(AuditWindow(NOW // 43_200 * 43_200 - (60 - i) * 43_200, 10, 10) for i in range(61))
    assert report(told(windows=windows), [], NOW).budget.estimated is False
    assert report(told(), [], NOW).budget.estimated is True
    assert report(told(online_score=None), [], NOW).budget.hours is None


@pytest.mark.parametrize(
    ("values", "done"),
    [
        ({"vetted_at": 5.0}, True),
        ({"vetted_at": NEVER, "total_audits": 500, "joined_at": NOW - 40 * DAY}, False),
        ({"vetted_at": None, "total_audits": 99, "joined_at": NOW - 40 * DAY}, False),
        ({"vetted_at": None, "total_audits": 500, "joined_at": NOW - 20 * DAY}, False),
        ({"vetted_at": None, "total_audits": 100, "joined_at": NOW - 21 * DAY}, True),
        ({"vetted_at": None, "total_audits": 500}, None),
        ({"vetted_at": None, "joined_at": NOW - 40 * DAY}, None),
        ({"vetted_at": None, "total_audits": 5}, False),
    ],
)
def test_vetting(values: dict[str, object], done: bool | None) -> None:
    assert vetting(told(**values), NOW).done is done


def test_progress_of_vetting() -> None:
    found = vetting(told(vetted_at=NEVER, total_audits=40, joined_at=NOW - 10 * DAY), NOW)
    assert (found.audits_left, found.hours_left, found.at_least, found.vetted_at) == (60, 264.0, False, None)
    windows = (AuditWindow(NOW - 43_200, 30, 30), AuditWindow(NOW, 5, 0))
    counted = vetting(told(vetted_at=NEVER, windows=windows), NOW)
    assert counted.audits == Figure(35, Source.API, NOW)
    assert counted.at_least


def row(at_s: int, op: int = AUDIT_FAILED, piece: str = "A", satellite: str = "s", reason: str = "file does not exist") -> NotableTransfer:
    return NotableTransfer(at_s * 1000, satellite, op, piece, reason)


def test_failing_pieces() -> None:
    repair = op_code(Action.GET_REPAIR, Outcome.FAILED)
    rows = [
        row(10),
        row(30, reason="input/output error"),
        row(20, op=repair),
        row(25, piece="B", op=repair, reason="unexpected EOF"),
        row(40, op=op_code(Action.GET_AUDIT, Outcome.CANCELED)),
        row(41, op=op_code(Action.GET, Outcome.FAILED)),
        row(42, piece=""),
        row(43, satellite="other"),
    ]
    trash = [
        FoundInTrash(time_ms=50_000, satellite="s", piece_id="C", action="GET"),
        FoundInTrash(time_ms=5000, satellite="s", piece_id="A"),
    ]
    found = failures(rows, trash, satellite="s")
    assert (found.audits, found.repairs, found.in_trash, found.more) == (3, 2, 2, 0)
    assert [(p.piece_id, p.cause, p.audits, p.repairs, p.in_trash) for p in found.pieces] == [
        ("C", Cause.IN_TRASH, 0, 0, 1),
        ("A", Cause.DISK, 2, 1, 1),
        ("B", Cause.NETWORK, 0, 1, 0),
    ]
    assert (found.pieces[1].first_at, found.pieces[1].last_at, found.pieces[1].reason) == (5.0, 30.0, "input/output error")
    assert failures(rows, trash).audits == 4
    assert failures([], []) == Failures((), 0, 0, 0, 0)
    assert failures(rows, trash, satellite="s", limit=1).more == 2


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("pieces error: filestore error: file does not exist", Cause.MISSING),
        ("hashstore: open log: no such file or directory", Cause.MISSING),
        ("read *: input/output error", Cause.DISK),
        ("write tcp *: i/o timeout", Cause.TIMEOUT),
        ("context deadline exceeded", Cause.TIMEOUT),
        ("read tcp *: connection reset by peer", Cause.NETWORK),
        ("checksum mismatch", Cause.CORRUPT),
        ("something new", Cause.OTHER),
    ],
)
def test_causes(reason: str, cause: Cause) -> None:
    assert cause_of(reason) is cause


def test_every_figure_has_words() -> None:
    assert set(CAUSES) == set(Cause)
    assert all(h.what and h.normal and h.do for h in HELP.values())
    shown = {f.name for f in fields(Reputation)} - {
        "satellite",
        "address",
        "total_audits",
        "successful_audits",
        "vetted_at",
        "joined_at",
        "windows",
    }
    assert shown <= set(HELP)
