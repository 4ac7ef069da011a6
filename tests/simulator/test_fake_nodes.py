"""Generated answers are those of a node of their version: they decode, agree with each other, and follow the node's formulas."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storj_monitor.clock import SystemClock
from storj_monitor.errors import NodeUnreachable
from storj_monitor.model.space import SpaceMeaning
from storj_monitor.node_api.client import HealthClient, MetricsClient, NodeClient
from storj_monitor.node_api.transport import open_session
from storj_monitor.simulator.chores import Chores
from storj_monitor.simulator.fake_api import DEBUG, PUBLIC, FakeNode
from storj_monitor.simulator.fake_generated import GeneratedAnswers
from storj_monitor.simulator.log_formatter import VERSIONS
from storj_monitor.simulator.profile import SATELLITES, NodeProfile

BEGIN = datetime(2026, 8, 3, 4, 5, 6, tzinfo=UTC).timestamp()


class FixedClock(SystemClock):
    def now(self) -> float:
        return BEGIN + 20 * 86400


@pytest.mark.parametrize("version", VERSIONS)
async def test_generated_answers_agree(version: str) -> None:
    profile = NodeProfile("attic", version, restart_every_s=18_000)
    answers = GeneratedAnswers(profile, 1, BEGIN, months=5)
    fake, clock = FakeNode(answers, FixedClock()), FixedClock()
    await fake.start()
    try:
        async with open_session() as session:
            api = NodeClient(fake.api_url, session, clock)
            node = await api.node()
            assert node.node_id == Chores(profile, 1, BEGIN).node_id and f"v{node.version}" == version
            assert node.disk.meaning is (SpaceMeaning.OLD if version == VERSIONS[2] else SpaceMeaning.NEW)
            assert node.started_at is not None and 0 <= clock.now() - node.started_at < 18_000
            assert len(node.standings) == 4 and f":{node.configured_port}" in fake.public_url
            every = await api.satellites()
            ones = [await api.satellite(satellite.id) for satellite in SATELLITES]
            assert sum(one.storage.month_byte_hours for one in ones if one) == pytest.approx(every.storage.month_byte_hours)
            assert all(one and one.reputation.windows and len(one.reputation.windows) == 60 for one in ones)
            gaps = [day for day in range(22) if int(BEGIN // 86400 - 2 + day) % 17 == 5]
            assert len(every.storage.days) == 22 - (0 if version == VERSIONS[0] else len(gaps))
            assert sum(day.calculated for day in every.storage.days) == (len(gaps) if version == VERSIONS[0] else 0)
            total = await api.estimated_payout()
            parts = [await api.estimated_payout(satellite.id) for satellite in SATELLITES]
            assert total is not None and total.current_month.payout_cents == pytest.approx(
                sum(part.current_month.payout_cents for part in parts if part)
            )
            for part in parts:
                month = part.current_month if part else None
                assert month is not None and month.egress_cents == pytest.approx(month.egress_bytes * 200 / 1e12, abs=0.006)
                assert month.held_cents == pytest.approx(
                    (month.egress_cents + month.repair_audit_cents + month.storage_cents) * month.held_percent / 100
                )
            periods = await api.periods()
            assert periods == ("2026-03", "2026-04", "2026-05", "2026-06", "2026-07")
            stubs = await api.paystubs(periods[0], periods[-1])
            assert len(stubs) == 20 and len(await api.paystubs("2026-07", satellite=SATELLITES[0].id)) == 1
            history = await api.payout_history("2026-06")
            assert history is not None
            assert sum(row.paid_usd_micros for row in history) == sum(stub.paid_usd_micros for stub in stubs if stub.period == "2026-06")
            held = await api.held_history()
            assert sum(row.total_held_usd_micros for row in held) == sum(stub.held_usd_micros for stub in stubs)
            assert (await HealthClient(fake.public_url, session, clock).health()).all_healthy
            metrics = await MetricsClient(fake.metrics_url, session, clock).metrics()
            assert metrics.version == node.version and len(metrics.reputation) == 4
            assert bool(metrics.hashstore) == (version != VERSIONS[2])
            assert metrics.started_at == pytest.approx(node.started_at, abs=1)
    finally:
        await fake.stop()


def test_usage_rises_and_the_past_stays() -> None:
    answers = GeneratedAnswers(NodeProfile("attic"), 1, BEGIN)
    times = [BEGIN + day * 86400 for day in range(60)]
    stored = [answers.ledger.stored_all(at) for at in times]
    assert stored == sorted(stored) and stored[-1] > stored[0]
    stub = "/api/heldamount/paystubs/2026-05"
    assert answers.answer("api", stub, times[0]) == answers.answer("api", stub, times[50])
    assert answers.has(DEBUG) and answers.has(PUBLIC)
    assert answers.answer("api", "/api/sno/satellite/1x", BEGIN).status == 404 and answers.answer("api", "/nope", BEGIN).status == 404


async def test_a_fake_node_that_hangs_up_makes_no_answer_up() -> None:
    answers = GeneratedAnswers(NodeProfile("attic"), 1, BEGIN)
    fake, clock = FakeNode(answers, FixedClock()), FixedClock()
    await fake.start()
    try:
        async with open_session() as session:
            fake.hang_up()
            answers.answer = lambda *_: pytest.fail("made up for nobody")  # type: ignore[method-assign]
            with pytest.raises(NodeUnreachable):
                await MetricsClient(fake.metrics_url, session, clock).metrics()
    finally:
        await fake.stop()
