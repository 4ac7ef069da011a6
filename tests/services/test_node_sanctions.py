"""What satellites saw of a node stays when the node tells of it no more: audit windows, suspensions, disqualifications."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from node_recordings import answer, api_snapshots, at
from plain import Plain
from services.test_node_status import DAY_S, OCTOBER_30, SAT, Rig, node_answer, satellite_answer

from storj_monitor.database import node_tables as store
from storj_monitor.database.node_history import sanctions_history
from storj_monitor.database.node_loading import LOADED
from storj_monitor.database.nodes import node_care
from storj_monitor.database.reader import Reader
from storj_monitor.model.figures import Source
from storj_monitor.model.ids import satellite_name
from storj_monitor.model.node_answers import AnswerKind
from storj_monitor.model.reputation import NEVER, AuditWindow, HealthAnswer, HealthStatus, ReputationSnapshot
from storj_monitor.views.node_queries import NodeQueries
from storj_monitor.views.windows import Window

HALF_DAY_S = 43_200.0
RECORDED = "v1.162-payout"


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def recorded(node: str = RECORDED) -> ReputationSnapshot:
    """The first satellite of a recording that has an audit history."""
    return next(one for one in api_snapshots(node) if one.windows)


def tell_windows(rig: Rig, windows: Sequence[AuditWindow], satellite: str = SAT) -> None:
    told = satellite_answer(rig.clock.at, 1)
    reputation = replace(told.reputation, satellite=satellite, windows=tuple(windows))
    rig.take(AnswerKind.SATELLITE, replace(told, reputation=reputation), satellite)


def tell_dates(rig: Rig, suspended: float = NEVER, disqualified: float = NEVER) -> None:
    told = node_answer(rig.clock.at)
    rig.take(AnswerKind.NODE, replace(told, standings=(replace(told.standings[0], suspended_at=suspended, disqualified_at=disqualified),)))


def kept(rig: Rig) -> list[AuditWindow]:
    return [AuditWindow(row[2] / 1000, *row[3:]) for row in rig.rows(store.AUDIT_WINDOW)]


def standings(rig: Rig) -> list[tuple[str, float, float | None]]:
    return [(row[2], row[3] / 1000, row[4] and row[4] / 1000) for row in rig.rows(store.STANDING)]


def kill(rig: Rig) -> None:
    """Nothing was told to the monitor, and its memory is gone."""
    rig.desk.waiting.clear()
    rig.desk.closed = False
    rig.begin()
    rig.keeper.load(store.read_all(rig.desk.db, LOADED, ["a"], {}))


def test_windows_of_two_answers_a_month_apart_are_both_there(rig: Rig) -> None:
    first = recorded().windows or ()
    rig.clock.at = first[-1].start_at + 600
    tell_windows(rig, first)
    later = [window._replace(start_at=window.start_at + 31 * DAY_S) for window in first]
    rig.clock.at += 31 * DAY_S
    tell_windows(rig, later)
    assert len(first) > 1
    assert kept(rig) == [*first, *later]


def test_a_window_that_grows_is_one_window(rig: Rig) -> None:
    *closed, open_one = recorded().windows or ()
    rig.clock.at = open_one.start_at
    for audits in range(3):
        rig.clock.at += 600
        tell_windows(rig, [*closed, open_one._replace(total=audits + 1, online=audits)])
    assert kept(rig) == [*closed, open_one._replace(total=3, online=2)]


def test_only_what_is_new_is_written_again(rig: Rig) -> None:
    windows = recorded().windows or ()
    rig.clock.at = windows[-1].start_at
    tell_windows(rig, windows)
    rig.desk.db.execute("DELETE FROM audit_window")
    rig.clock.at += 600
    tell_windows(rig, windows)
    assert kept(rig) == []
    rig.clock.at += 600
    tell_windows(rig, [*windows, AuditWindow(windows[-1].start_at + HALF_DAY_S, 1, 1)])
    assert kept(rig) == [AuditWindow(windows[-1].start_at + HALF_DAY_S, 1, 1)]


def test_a_kill_between_two_answers_or_before_the_commit_loses_nothing(rig: Rig) -> None:
    begin = rig.clock.at
    windows = [AuditWindow(begin + i * HALF_DAY_S, 10, 9) for i in range(61)]
    tell_windows(rig, windows[:60])
    kill(rig)
    assert kept(rig) == windows[:60]
    rig.desk.closed = True
    rig.clock.at += 3700
    tell_windows(rig, windows)
    tell_dates(rig, suspended=begin)
    kill(rig)
    assert kept(rig) == windows[:60]
    rig.clock.at += 600
    tell_windows(rig, windows)
    tell_dates(rig, suspended=begin)
    assert kept(rig) == windows
    assert standings(rig) == [("suspended", begin, None)]


def test_a_kept_answer_of_an_hour_ago_takes_nothing_back(rig: Rig) -> None:
    begin = rig.clock.at
    tell_windows(rig, [AuditWindow(begin, 1, 1)])
    tell_dates(rig, suspended=begin - 60)
    rig.clock.at += 600  # these answers are not kept, what they tell is
    tell_windows(rig, [AuditWindow(begin, 5, 4)])
    tell_dates(rig)
    kill(rig)
    rig.clock.at += 600
    tell_dates(rig)
    assert kept(rig) == [AuditWindow(begin, 5, 4)]
    assert standings(rig) == [("suspended", begin - 60, begin + 600)]


def test_suspensions_come_and_go_and_a_disqualification_stays(rig: Rig) -> None:
    begin = rig.clock.at
    tell_dates(rig)
    assert standings(rig) == []
    for day, suspended in enumerate((begin, begin, NEVER, NEVER, begin + 4 * DAY_S, begin + 5 * DAY_S)):
        rig.clock.at = begin + day * DAY_S
        tell_dates(rig, suspended, begin + 5 * DAY_S if day == 5 else NEVER)
    kill(rig)
    rig.clock.at += DAY_S
    tell_dates(rig, disqualified=begin + 5 * DAY_S)
    assert standings(rig) == [
        ("disqualified", begin + 5 * DAY_S, None),
        ("suspended", begin, begin + 2 * DAY_S),
        ("suspended", begin + 4 * DAY_S, begin + 5 * DAY_S),
        ("suspended", begin + 5 * DAY_S, begin + 6 * DAY_S),
    ]


def test_the_health_answer_tells_dates_too_and_what_is_older_changes_nothing(rig: Rig) -> None:
    begin = rig.clock.at
    statuses = (HealthStatus(SAT, 0.9, NEVER, begin - 60),)
    rig.take(AnswerKind.HEALTH, HealthAnswer(taken_at=begin, all_healthy=False, statuses=statuses))
    told = node_answer(begin - 30)
    rig.take(AnswerKind.NODE, told)
    assert standings(rig) == [("suspended", begin - 60, None)]


def test_a_recorded_disqualification(rig: Rig) -> None:
    node = "v1.162-disqualified-offline"
    lost = {one["id"]: at(one["disqualified"]) for one in answer(node, "sno")["satellites"] if one["disqualified"]}
    rig.clock.at = OCTOBER_30 + 30 * DAY_S
    told = tuple(replace(one, taken_at=rig.clock.at) for one in api_snapshots(node) if one.disqualified_at is not None)
    rig.take(AnswerKind.NODE, replace(node_answer(rig.clock.at), standings=told))
    rows = [row for row in rig.rows(store.STANDING) if row[2] == "disqualified"]
    assert lost
    assert {row[1]: row[3] for row in rows} == {satellite: round(date * 1000) for satellite, date in lost.items()}
    assert all(row[4] is None for row in rows)
    assert all(one.source is Source.API for one in told)


def test_noise_is_no_window(rig: Rig) -> None:
    begin = rig.clock.at
    tell_windows(rig, [AuditWindow(-62_135_596_800.0, 1, 1), AuditWindow(begin, 1 << 62, 1), AuditWindow(begin, 5, -1)])
    assert kept(rig) == []


def test_another_node_under_the_name_ends_what_the_first_one_told(rig: Rig) -> None:
    begin = rig.clock.at
    tell_dates(rig, suspended=begin)
    rig.clock.at += 600
    rig.take(AnswerKind.NODE, node_answer(rig.clock.at, node_id="another"))
    assert standings(rig) == [("suspended", begin, begin + 600)]


async def test_the_answer_of_the_api_has_windows_and_standings_of_the_asked_time(rig: Rig, tmp_path: Path) -> None:
    begin = rig.clock.at
    tell_dates(rig, suspended=begin + 60)
    tell_windows(rig, [AuditWindow(begin + i * HALF_DAY_S, 10, 9) for i in range(3)])
    rig.clock.at += 120
    tell_dates(rig)
    reader = Reader(tmp_path / "monitor.db", 1)
    try:
        questions = Plain(NodeQueries(reader, rig.renderers, rig.clock.now))
        found = await questions.standings(Window(int(begin) + 60, int(begin) + 86_400, 60, ("a",)))
        later = await questions.standings(Window(int(begin) + 180, int(begin) + 240, 60, ("a",)))
    finally:
        reader.close()
    who = {"node": "a", "satellite": SAT, "name": satellite_name(SAT)}
    assert found["audit_windows"] == [{**who, "length_s": None, "windows": [[begin + HALF_DAY_S, 10, 9]]}]
    assert found["sanctions"] == [{**who, "kind": "suspended", "from": begin + 60, "until": begin + 120}]
    assert (later["audit_windows"], later["sanctions"]) == ([], [])


def test_what_is_kept_goes_with_a_renamed_node_and_with_a_removed_one(rig: Rig, tmp_path: Path) -> None:
    begin = rig.clock.at
    tell_dates(rig, suspended=begin)
    tell_windows(rig, [AuditWindow(begin, 10, 9)])
    path = tmp_path / "monitor.db"

    def asked(name: str) -> tuple[object, object]:
        reader = Reader(path, 1)
        try:
            asking = reader.ask(sanctions_history, [name], round(begin * 1000), round(begin * 1000) + 1)
            windows, spans = asyncio.run(asking)
        finally:
            reader.close()
        return [(one.node, one.windows) for one in windows], [row[:1] + row[2:] for row in spans]

    expected = [(begin, 10, 9)], ("suspended", begin, None)
    assert asked("a") == ([("a", expected[0])], [("a", *expected[1])])
    with node_care(path, begin) as care:
        care.rename("a", "attic")
    assert asked("attic") == ([("attic", expected[0])], [("attic", *expected[1])])
    assert asked("a") == ([], [])
    with node_care(path, begin) as care:
        care.remove("attic", lambda _: None)
    assert asked("attic") == ([], [])
    assert rig.desk.db.execute("SELECT (SELECT count(*) FROM audit_window) + (SELECT count(*) FROM standing)").fetchone() == (0,)
