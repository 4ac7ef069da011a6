"""What asking nodes costs the monitor: CPU of each kind of question, and the share of a core for a fleet.

    python tests/perf/profile_poll.py [--nodes 10] [--satellites 4]

Fake nodes run in a process of their own, so that their work is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path

import checkout  # noqa: F401 - makes the package importable from a checkout

from storj_monitor.clock import SystemClock
from storj_monitor.model.node_answers import AnswerKind
from storj_monitor.node_api.client import HealthClient, MetricsClient, NodeClient
from storj_monitor.node_api.schedule import CADENCES
from storj_monitor.node_api.transport import open_session
from storj_monitor.simulator.fake_api import FakeNode, RecordedAnswers

CORPUS = Path(__file__).parent.parent / "corpus" / "api"
SATELLITE = "1xTwTPLWfiqffa5VbA9c7ZZgkhZuAqdp4aphJ6udVWU2LadQF"
PER_SATELLITE = (AnswerKind.SATELLITE, AnswerKind.ESTIMATE, AnswerKind.PRICING)


async def _serve(out: Connection) -> None:
    nodes = [FakeNode(RecordedAnswers(CORPUS / folder), SystemClock()) for folder in ("v1.162-payout", "v1.162-json-hashstore")]
    for node in nodes:
        await node.start()
    out.send((nodes[0].api_url, nodes[1].metrics_url, nodes[0].public_url))
    await asyncio.to_thread(out.recv)


def _serve_process(out: Connection) -> None:
    asyncio.run(_serve(out))


async def _cost_s(ask: Callable[[], Awaitable[object]], times: int) -> float:
    await ask()
    begun = time.process_time()
    for _ in range(times):
        await ask()
    return (time.process_time() - begun) / times


async def _measure(api_url: str, metrics_url: str, public_url: str) -> dict[AnswerKind, float]:
    async with open_session() as session:
        clock = SystemClock()
        api = NodeClient(api_url, session, clock)
        asks: dict[AnswerKind, Callable[[], Awaitable[object]]] = {
            AnswerKind.NODE: api.node,
            AnswerKind.SATELLITE: lambda: api.satellite(SATELLITE),
            AnswerKind.SATELLITES: api.satellites,
            AnswerKind.NOTIFICATIONS: api.notifications,
            AnswerKind.ESTIMATE: api.estimated_payout,
            AnswerKind.PRICING: lambda: api.pricing(SATELLITE),
            AnswerKind.PERIODS: api.periods,
            AnswerKind.PAYSTUBS: lambda: api.paystubs("2026-02", "2026-10"),
            AnswerKind.PAYOUT_HISTORY: lambda: api.payout_history("2026-10"),
            AnswerKind.HELD_HISTORY: api.held_history,
            AnswerKind.METRICS: MetricsClient(metrics_url, session, clock).metrics,
            AnswerKind.HEALTH: HealthClient(public_url, session, clock).health,
        }
        return {kind: await _cost_s(ask, 30 if kind is AnswerKind.METRICS else 100) for kind, ask in asks.items()}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=10)
    parser.add_argument("--satellites", type=int, default=4)
    args = parser.parse_args()
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve_process, args=(there,))
    process.start()
    costs = asyncio.run(_measure(*here.recv()))
    here.send("end")
    process.join()
    total = 0.0
    print(f"{'question':16}{'ms CPU':>8}{'a node and hour':>18}{'share of a core':>18}")
    for kind, cost_s in costs.items():
        times = args.satellites + (kind is AnswerKind.ESTIMATE) if kind in PER_SATELLITE else 3 if kind is AnswerKind.PAYOUT_HISTORY else 1
        an_hour = 3600 / CADENCES[kind].interval_s * times
        share = args.nodes * an_hour * cost_s / 3600
        total += share
        print(f"{kind:16}{cost_s * 1000:8.3f}{an_hour:18.1f}{share:18.5%}")
    print(f"{args.nodes} nodes: {total:.4%} of a core")


if __name__ == "__main__":
    main()
