"""One question at a time, each in its own rhythm, apart from the others; broken once, healed once, and found again."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from node_api.node_fleet import FOLDERS, PAYOUT, SAT0, SAT1, HandClock, StartNode, recorded
from patience import PATIENCE_S

from storj_monitor.model.node_answers import Answer, AnswerKind, ApiState, ApiStatus, Endpoint, NodeAnswer, RouteStatus
from storj_monitor.node_api.client import HealthClient, MetricsClient, NodeClient
from storj_monitor.node_api.poller import Poller
from storj_monitor.node_api.schedule import CADENCES, Group, Schedule, phases
from storj_monitor.node_api.transport import Limits
from storj_monitor.simulator.fake_api import FakeNode, FakeReply, Fault

HOUR = 3600.0


class Recorder:
    """What a poller handed over."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.answers: list[Answer] = []
        self.times: list[float] = []
        self.states: list[ApiState] = []

    def answer(self, answer: Answer) -> None:
        self.answers.append(answer)
        self.times.append(self._clock.at)

    def kinds(self) -> Counter[AnswerKind]:
        return Counter(answer.kind for answer in self.answers)

    def moments(self, kind: AnswerKind) -> list[float]:
        return [at for at, answer in zip(self.times, self.answers, strict=True) if answer.kind is kind]

    def api_statuses(self) -> list[ApiStatus]:
        return [state.status for state in self.states if state.endpoint is Endpoint.API]


@asynccontextmanager
async def polling(
    fake: FakeNode, session: aiohttp.ClientSession, clock: HandClock, *, jitter_pct: float = 0.0, schedule: Schedule | None = None,
    name: str = "attic", metrics: bool = False, health: bool = False, total_s: float = PATIENCE_S,
) -> AsyncIterator[tuple[Poller, Recorder]]:  # fmt: skip
    told, limits = Recorder(clock), Limits(total_s=total_s)
    poller = Poller(
        name,
        NodeClient(fake.api_url, session, clock, limits),
        MetricsClient(fake.metrics_url, session, clock) if metrics else None,
        schedule or Schedule(),
        clock,
        Random(7),
        jitter_pct,
        told.answer,
        told.states.append,
        (lambda url: HealthClient(url, session, clock, limits)) if health else None,
    )
    task = asyncio.create_task(poller.run())
    try:
        yield poller, told
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.parametrize("folder", FOLDERS)
async def test_everything_is_asked_soon_and_one_at_a_time(folder: str, start_node: StartNode, session: aiohttp.ClientSession) -> None:
    answers, clock = recorded(folder), HandClock(0.0)
    has_metrics = answers.has("debug")
    fake = await start_node(answers)
    async with polling(fake, session, clock, metrics=has_metrics, health=True) as (poller, told):
        await clock.advance(20)
        kinds = set(AnswerKind) - (set() if has_metrics else {AnswerKind.METRICS})
        if folder == "v1.162-new-node":
            kinds -= {AnswerKind.PAYSTUBS, AnswerKind.PAYOUT_HISTORY}
        assert set(told.kinds()) == kinds
        assert fake.most_at_once == 1
        assert {state.status for state in poller.states} == {ApiStatus.OK}
        latest = poller.latest(AnswerKind.SATELLITE, SAT1)
        assert latest is not None and latest.satellite == SAT1 and latest.age_s(clock.now() + 60) >= 60
        if "disqualified" in folder:
            assert poller.latest(AnswerKind.ESTIMATE, SAT0) is None and poller.latest(AnswerKind.ESTIMATE) is not None


async def test_each_kind_has_its_rhythm(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    fake, clock = await start_node(recorded(PAYOUT)), HandClock()
    async with polling(fake, session, clock) as (_, told):
        await clock.advance(20)
        before = told.kinds()
        # the recorded node started in the past of this clock: it is no longer young
        await clock.advance(6 * HOUR)
        more = told.kinds() - before
    assert more[AnswerKind.NODE] == pytest.approx(360, abs=2)
    assert more[AnswerKind.SATELLITE] == pytest.approx(2 * 12, abs=2)
    assert more[AnswerKind.ESTIMATE] == pytest.approx(3 * 12, abs=3)
    assert more[AnswerKind.SATELLITES] == pytest.approx(6, abs=1)
    for kind in (AnswerKind.PRICING, AnswerKind.PERIODS, AnswerKind.HELD_HISTORY):
        assert more[kind] in (1, 2)
    histories = Counter(answer.period for answer in told.answers if answer.kind is AnswerKind.PAYOUT_HISTORY)
    assert histories["2026-02"] == 1 and histories["2026-10"] == 2  # what is final is imported once
    stubs = [answer.period for answer in told.answers if answer.kind is AnswerKind.PAYSTUBS]
    assert stubs[0] == "2026-02/2026-10" and stubs[-1] == "2026-08/2026-10"
    assert fake.most_at_once == 1


async def test_groups_and_nodes_do_not_come_together(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    clock, names = HandClock(), ["attic", "barn", "cellar", "garage"]
    places = phases(names)
    fakes = [await start_node(recorded(PAYOUT)) for _ in names]
    moments: dict[tuple[str, AnswerKind], list[float]] = {}
    for name, fake in zip(names, fakes, strict=True):
        async with polling(fake, session, clock, schedule=Schedule(phase=places[name]), name=name) as (_, told):
            await clock.advance(2 * HOUR)
            for kind in AnswerKind:
                moments[name, kind] = [at % CADENCES[kind].interval_s for at in told.moments(kind)[1:]]
    live = [moments[name, AnswerKind.NODE][5] for name in names]
    assert min(abs(a - b) for i, a in enumerate(live) for b in live[:i]) > 10
    # in the hour, the three groups of one node keep their distance, too
    for name in names:
        spots = [moments[name, kind][-1] % 1800 for kind in (AnswerKind.SATELLITE, AnswerKind.ESTIMATE)]
        assert abs(spots[0] - spots[1]) > 60


async def test_jitter_moves_and_does_not_add_up(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    fake, clock = await start_node(recorded(PAYOUT)), HandClock()
    async with polling(fake, session, clock, jitter_pct=0.15) as (_, told):
        await clock.advance(HOUR)
    gaps = [b - a for a, b in zip(told.moments(AnswerKind.NODE)[1:], told.moments(AnswerKind.NODE)[2:], strict=False)]
    assert len(gaps) == pytest.approx(58, abs=2)
    assert 60 * 0.7 <= min(gaps) < 59 and 61 < max(gaps) <= 60 * 1.3 + 1


@given(st.floats(0, 1e6), st.floats(0, 1), st.lists(st.floats(-0.15, 0.15), min_size=30, max_size=30))
def test_the_grid_never_skips_and_never_repeats(start: float, phase: float, moves: list[float]) -> None:
    schedule, now, slot = Schedule(phase=phase), start, None
    due_times = []
    for moved in moves:
        slot, now = schedule.next_due(AnswerKind.NODE, now, slot, moved)
        due_times.append(now)
    assert due_times[0] - start <= 60 * 1.4 + 1
    assert all(60 * 0.69 <= b - a <= 60 * 1.31 for a, b in zip(due_times, due_times[1:], strict=False))


async def test_a_node_that_appears_later(start_node: StartNode, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture) -> None:
    fake, clock = await start_node(recorded(PAYOUT)), HandClock()
    await fake.stop()
    caplog.set_level(logging.INFO)
    async with polling(fake, session, clock, health=True) as (poller, told):
        await clock.advance(300)
        assert told.answers == [] and told.api_statuses() == [ApiStatus.UNKNOWN, ApiStatus.UNREACHABLE]
        await fake.start()
        await clock.advance(60)  # tried again within a minute
        assert told.kinds()[AnswerKind.NODE] >= 1
        await clock.advance(10)
        assert told.kinds()[AnswerKind.PAYSTUBS] == 1 and told.api_statuses()[-1] is ApiStatus.OK
        await fake.stop()
        await clock.advance(200)
        api = poller.states[0]
        assert api.status is ApiStatus.UNREACHABLE and api.detail and api.base_url == fake.api_url
        assert poller.latest(AnswerKind.NODE) is not None  # kept, with its age
        await fake.start()
        await clock.advance(61)
        assert poller.states[0].status is ApiStatus.OK
    lines = [record.getMessage() for record in caplog.records if "API of node" in record.getMessage()]
    assert [" answers again" in line for line in lines] == [False, True, False, True], lines


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in (Fault.SLOW, Fault.DRIP, Fault.NAN)])
async def test_any_fault_breaks_once_and_heals_once(
    fault: Fault, start_node: StartNode, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    fake, clock = await start_node(recorded(PAYOUT)), HandClock()
    caplog.set_level(logging.INFO)
    async with polling(fake, session, clock) as (_, told):
        await clock.advance(30)
        fake.faults.set(fault)
        await clock.advance(200)
        before = len(told.answers)
        fake.faults.clear()
        await clock.advance(61)
        assert len(told.answers) > before
    statuses = told.api_statuses()
    assert statuses[-1] is ApiStatus.OK and (ApiStatus.UNREACHABLE in statuses) != (ApiStatus.NOT_UNDERSTOOD in statuses)
    lines = [record for record in caplog.records if record.name.startswith("storj_monitor")]
    assert [record.levelname for record in lines] == ["WARNING", "INFO"], [record.getMessage() for record in lines]


async def test_one_bad_path_leaves_the_others_alone(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    fake, clock = await start_node(recorded(PAYOUT)), HandClock()
    fake.faults.set(Fault.EMPTY, "/api/heldamount/held-history")
    async with polling(fake, session, clock) as (poller, told):
        await clock.advance(180)
        assert poller.states[0].status is ApiStatus.PARTIAL
        assert "/api/heldamount/held-history" in poller.states[0].detail
        assert told.kinds()[AnswerKind.NODE] >= 3 and told.kinds()[AnswerKind.ESTIMATE] == 3


async def test_a_route_that_hangs_leaves_the_others_their_rhythm(
    start_node: StartNode, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """The node's first route hangs for an hour: scores and money go on; the API answers in part, and is not away."""
    fake, clock = await start_node(recorded(PAYOUT)), HandClock()
    caplog.set_level(logging.INFO)
    async with polling(fake, session, clock) as (poller, told):
        await clock.advance(30)
        fake.faults.set_exact(Fault.DROPPED, "/api/sno/")
        before = told.kinds()
        await clock.advance(HOUR)
        more = told.kinds() - before
        assert AnswerKind.NODE not in more
        assert more[AnswerKind.SATELLITE] == pytest.approx(2 * 2, abs=2) and more[AnswerKind.ESTIMATE] == pytest.approx(3 * 2, abs=3)
        state = poller.states[0]
        assert state.status is ApiStatus.PARTIAL and state.detail.startswith("/api/sno/: ")
        (route,) = state.routes
        assert (route.path, route.status) == ("/api/sno/", RouteStatus.HANGING) and route.answered_at is not None
        assert fake.asked["/api/sno/"] > 50  # tried again every minute
        fake.faults.clear()
        await clock.advance(61)
        assert poller.states[0].status is ApiStatus.OK and poller.states[0].routes == ()
    assert ApiStatus.UNREACHABLE not in told.api_statuses()
    lines = [record.levelname for record in caplog.records if "API of node" in record.getMessage()]
    assert lines == ["WARNING", "INFO"]


async def test_a_question_that_stays_open_holds_nobody_up(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    """One satellite's answer never comes and its time-out is far: everything else is asked meanwhile, and a hung route but once."""
    fake, clock = await start_node(recorded(PAYOUT)), HandClock()
    fake.faults.slow_s = 3600.0
    path = f"/api/sno/satellite/{SAT0}"
    fake.faults.set(Fault.SLOW, path)
    async with polling(fake, session, clock, total_s=3000.0, schedule=Schedule(patience_s=0.1)) as (poller, told):
        await clock.advance(2 * HOUR)
        assert fake.asked[path] == 1
        assert told.kinds()[AnswerKind.NODE] == pytest.approx(120, abs=4)
        assert poller.latest(AnswerKind.SATELLITE, SAT1) is not None and poller.latest(AnswerKind.SATELLITE, SAT0) is None
        assert fake.most_at_once >= 2


async def test_only_so_many_questions_are_open_at_once(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    fake, clock = await start_node(recorded(PAYOUT)), HandClock()
    async with polling(fake, session, clock, total_s=3000.0, schedule=Schedule(patience_s=0.02, most_open=3)) as (poller, _):
        await clock.advance(30)
        fake.faults.slow_s = 3600.0
        fake.faults.set(Fault.SLOW)
        asked = fake.asked.total()
        poller.refresh()
        await clock.advance(600)
        assert fake.most_at_once == 3 and fake.asked.total() == asked + 3


async def test_a_node_whose_every_route_hangs_is_unreachable(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    fake, clock = await start_node(recorded(PAYOUT)), HandClock()
    async with polling(fake, session, clock) as (poller, told):
        await clock.advance(30)
        fake.faults.set(Fault.DROPPED)
        poller.refresh()
        await clock.advance(200)
        assert poller.states[0].status is ApiStatus.UNREACHABLE
        await clock.advance(600)
        asked, one = fake.asked.copy(), f"/api/sno/satellite/{SAT0}"
        await clock.advance(HOUR)
        more = fake.asked - asked
        assert 3 * more[one] < more["/api/sno/"]  # every minute and every five minutes: each try keeps a connection of the node busy
        fake.faults.clear()
        before = told.kinds()
        await clock.advance(65)
        assert poller.states[0].status is ApiStatus.OK
        assert (told.kinds() - before)[AnswerKind.SATELLITE] >= 2  # what was missed is asked at once


async def test_a_route_of_a_later_version_is_no_trouble_and_asked_again_after_a_restart(
    start_node: StartNode, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """Before v1.79 a node answers its page for `/pricing`."""
    answers, clock = recorded(PAYOUT), HandClock()
    paths = [f"/api/sno/satellites/{satellite}/pricing" for satellite in (SAT0, SAT1)]
    prices = {path: answers.replies[path] for path in paths}
    page = FakeReply(200, "text/html; charset=utf-8", b"<!DOCTYPE html><html></html>\n")
    answers.replies |= dict.fromkeys(paths, page)
    fake = await start_node(answers)
    async with polling(fake, session, clock) as (poller, told):
        await clock.advance(24 * HOUR)
        assert poller.states[0].status is ApiStatus.OK
        assert {route.path: route.status for route in poller.states[0].routes} == dict.fromkeys(paths, RouteStatus.ABSENT)
        assert [fake.asked[path] for path in paths] == [1, 1]
        assert AnswerKind.PRICING not in told.kinds()
        answers.replies |= prices
        node = json.loads(answers.replies["/api/sno/"].body) | {"startedAt": "2027-01-15T10:00:00Z"}
        answers.replies["/api/sno/"] = answers.replies["/api/sno/"]._replace(body=json.dumps(node).encode())
        await clock.advance(75)
        assert told.kinds()[AnswerKind.PRICING] >= 2 and poller.states[0].routes == ()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_page_in_the_place_of_the_whole_node_is_no_old_version(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    """A proxy that answers its own page for everything, from the moment on when the node's first answer was in."""
    fake, clock = await start_node(recorded(PAYOUT)), HandClock()
    for path in ("/api/sno/satellite", "/api/sno/estimated", "/api/held", "/api/notifications"):
        fake.faults.set(Fault.HTML, path)
    async with polling(fake, session, clock) as (poller, told):
        await clock.advance(0.5)
        assert AnswerKind.NODE in told.kinds()
        fake.faults.set(Fault.HTML)
        await clock.advance(120)
        assert poller.states[0].status is ApiStatus.NOT_UNDERSTOOD
        fake.faults.clear()
        await clock.advance(75)
        assert poller.states[0].status is ApiStatus.OK and poller.states[0].routes == ()
        assert told.kinds()[AnswerKind.SATELLITE] >= 2


async def test_a_month_that_the_node_cannot_write_down_is_asked_once_and_no_trouble(
    start_node: StartNode, session: aiohttp.ClientSession
) -> None:
    fake, clock = await start_node(recorded(PAYOUT)), HandClock()
    fake.faults.set(Fault.EMPTY, "/api/heldamount/payout-history/2026-03")
    async with polling(fake, session, clock) as (poller, told):
        await clock.advance(1800)
        assert poller.states[0].status is ApiStatus.OK
        assert fake.asked["/api/heldamount/payout-history/2026-03"] == 1
        assert "2026-03" not in {answer.period for answer in told.answers if answer.kind is AnswerKind.PAYOUT_HISTORY}
        assert "2026-04" in {answer.period for answer in told.answers if answer.kind is AnswerKind.PAYOUT_HISTORY}


async def test_a_restart_brings_prices_and_paystubs_anew(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    answers, clock = recorded(PAYOUT), HandClock()
    fake = await start_node(answers)
    async with polling(fake, session, clock) as (_, told):
        await clock.advance(2 * HOUR)
        before = told.kinds()
        node = json.loads(answers.replies["/api/sno/"].body) | {"startedAt": "2027-01-15T10:00:00Z"}
        answers.replies["/api/sno/"] = answers.replies["/api/sno/"]._replace(body=json.dumps(node).encode())
        await clock.advance(75)
        more = told.kinds() - before
        assert more[AnswerKind.PRICING] == 2 and more[AnswerKind.PERIODS] >= 1 and more[AnswerKind.PAYSTUBS] >= 1
        assert fake.most_at_once == 1


async def test_satellites_come_and_go(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    answers, clock = recorded(PAYOUT), HandClock()
    node = json.loads(answers.replies["/api/sno/"].body)
    whole = node["satellites"]

    def say(satellites: list[object] | None) -> None:
        body = json.dumps(node | {"satellites": satellites}).encode()
        answers.replies["/api/sno/"] = answers.replies["/api/sno/"]._replace(body=body)

    say(None)
    fake = await start_node(answers)
    async with polling(fake, session, clock) as (poller, told):
        await clock.advance(30)
        assert told.kinds()[AnswerKind.SATELLITE] == 0
        say(whole[:1])
        await clock.advance(70)
        assert poller.latest(AnswerKind.SATELLITE, SAT0) and not poller.latest(AnswerKind.SATELLITE, SAT1)
        say(whole[1:])
        await clock.advance(70)
        assert poller.latest(AnswerKind.SATELLITE, SAT1) and not poller.latest(AnswerKind.SATELLITE, SAT0)


async def test_a_refresh_is_one_question(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    fake, clock = await start_node(recorded(PAYOUT)), HandClock()
    async with polling(fake, session, clock) as (poller, told):
        await clock.advance(20)
        before = told.kinds()
        for _ in range(5):
            poller.refresh(AnswerKind.SATELLITE)
        await clock.sleepers_change()
        await clock.advance(5)
        assert (told.kinds() - before)[AnswerKind.SATELLITE] == 2


async def test_our_own_clock_may_jump(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    fake, clock = await start_node(recorded(PAYOUT)), HandClock()
    async with polling(fake, session, clock) as (_, told):
        await clock.advance(20)
        clock.wall_offset = -1e6
        await clock.advance(600)
        assert len(told.moments(AnswerKind.NODE)) == pytest.approx(11, abs=1)
        assert isinstance(told.answers[-1].value, NodeAnswer) or told.answers[-1].age_s(0.0) == 0.0


def test_groups_of_kinds() -> None:
    assert set(CADENCES) == set(AnswerKind)
    assert {cadence.group for cadence in CADENCES.values()} == set(Group)
    assert phases(["b", "a"]) == {"a": 0.0, "b": 0.5}
