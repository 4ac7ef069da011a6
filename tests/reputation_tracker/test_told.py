"""Graceful exit and offline suspension, as lines and notifications tell them, are the standing at that satellite."""

from __future__ import annotations

from typing import Any

import pytest

from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.node_answers import Notification
from storj_monitor.model.node_events import GracefulExit
from storj_monitor.model.reputation import Exit, Reputation
from storj_monitor.reputation_tracker.report import SatelliteReport, Standing, report
from storj_monitor.reputation_tracker.sanctions import exit_after, offline_suspensions

SATELLITE = "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE"
NOW = 1_795_000_000.0


def line(state: str, at_s: int) -> GracefulExit:
    return GracefulExit(time_ms=at_s * 1000, satellite=SATELLITE, step="x", state=state)


def judged(exit_: Exit | None, *, online: float = 1.0, since: float | None = None) -> SatelliteReport:
    scores: dict[str, Any] = {name: Figure(1.0, Source.API, NOW) for name in ("audit_score", "suspension_score")}
    known = Reputation(satellite=SATELLITE, online_score=Figure(online, Source.API, NOW), **scores)
    return report(known, (), NOW, left_by=exit_, offline_suspended_at=since)


def test_an_exit_goes_on_by_its_lines_and_never_back() -> None:
    begun = exit_after(None, line("begun", 10))
    assert begun == Exit("begun", 10)
    assert exit_after(begun, line("", 11)) == begun
    done = exit_after(begun, line("completed", 20))
    assert done == Exit("completed", 20)
    assert exit_after(done, line("begun", 15)) == done


@pytest.mark.parametrize(
    ("exit_", "standing", "words"),
    [
        (Exit("begun", 1), Standing.EXITING, "is leaving this satellite"),
        (Exit("completed", 1), Standing.EXITED, "has left this satellite"),
        (Exit("failed", 1), Standing.AT_RISK, "Graceful exit failed"),
    ],
)
def test_a_node_that_leaves_is_not_simply_healthy(exit_: Exit, standing: Standing, words: str) -> None:
    one = judged(exit_)
    assert one.standing is standing
    assert words in one.reason
    assert one.exit == exit_


def test_trouble_is_said_beside_an_exit() -> None:
    one = judged(Exit("begun", 1), online=0.65)
    assert one.standing is Standing.AT_RISK
    assert "leaving" in one.reason


def notified(kind: int, title: str, message: str) -> Notification:
    return Notification(id="id", kind=kind, title=title, message=message, created_at=NOW, read_at=None)


def test_offline_suspension_has_the_date_of_its_notification() -> None:
    title = "Your Node is suspended since 2026-08-18 02:11:09.551403 +0000 UTC"
    message = f"This is a reminder that your StorageNode is suspended on Satellite {SATELLITE}"
    found = offline_suspensions([notified(3, title, message), notified(0, title, message), notified(3, "Update", "now")])
    assert found == {SATELLITE: 1_787_019_069.0}
    suspended = judged(None, online=0.4, since=found[SATELLITE])
    assert suspended.standing is Standing.OFFLINE_SUSPENDED
    assert "suspended since 2026-08-18 02:11 UTC" in suspended.reason
    over = judged(None, online=0.99, since=found[SATELLITE])
    assert (over.offline_suspended_at, over.standing is Standing.OFFLINE_SUSPENDED) == (None, False)
