"""The demo's fleet: a day of thin history, quick to read, and then life at the wished rate."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from storj_monitor.financial_tracker.earnings import NodeInputs, node_earnings
from storj_monitor.financial_tracker.months import end_ms, period_of, shifted
from storj_monitor.model.earnings import SatelliteUsage
from storj_monitor.model.estimates import SatelliteEstimate
from storj_monitor.model.reputation import ScorePoint
from storj_monitor.model.space import SatelliteUsage as StoredUsage
from storj_monitor.model.space import SpaceEvidence, SpacePoint
from storj_monitor.node_api.decode import decode_all_satellites, decode_node, decode_satellite
from storj_monitor.node_api.transport import Reply
from storj_monitor.reputation_tracker.history import DAY_S
from storj_monitor.reputation_tracker.history import point_of as score_point_of
from storj_monitor.simulator.fake_api import API, DEBUG, PUBLIC, Answers
from storj_monitor.simulator.fake_generated import GeneratedAnswers
from storj_monitor.simulator.ground_truth import LogFigures
from storj_monitor.simulator.profile import demo_profiles
from storj_monitor.simulator.writer import TROUBLE_RAMP_S, LogWriter, NodeLog, Target
from storj_monitor.storage_tracker.history import point_of as space_point_of
from storj_monitor.storage_tracker.reconcile import reconcile
from storj_monitor.storage_tracker.reported import with_last_day

HISTORY_S = 24 * 3600.0
HISTORY_EVENTS = 50_000
"""Events of the thin day, over all nodes; about twice as many lines at DEBUG."""

RECENT_EVENTS = 25_000
RECENT_S = 600.0
"""The last ten minutes rise to the live rate, with so many events at most."""

TICK_S = 0.1
HISTORY_STEP_S = 5.0


class Demo:
    """Simulated nodes in a folder.

    nodes -- how many; rate -- transfers a second of all together
    logs  -- (name, path) of each node, known before anything is written
    """

    def __init__(self, folder: Path, nodes: int = 4, rate: float = 50.0, seed: int = 1) -> None:
        if nodes < 1 or rate <= 0:
            raise ValueError("a demo needs at least one node and a rate above 0")
        self.rate = rate
        self._seed = seed
        self._now_s = time.time()
        self._profiles = demo_profiles(nodes)
        self._figures = {p.name: LogFigures(live=False) for p in self._profiles}
        self.logs = [(p.name, folder / f"{p.name}.log") for p in self._profiles]

    def answers(self) -> list[tuple[str, Answers]]:
        """(name, what its HTTP ports say) of each node: the same node ids, starts and versions as in its log."""
        begin_s = self._now_s - HISTORY_S
        return [
            (p.name, GeneratedAnswers(p, self._seed, begin_s, endpoints=(API, DEBUG, PUBLIC), figures=self._figures[p.name]))
            for p in self._profiles
        ]

    def run(self, stop: threading.Event) -> None:
        """Write history, then live lines until `stop` is set. Blocks: run it in a thread or a process of its own."""
        now_s = self._now_s
        begin_s = now_s - HISTORY_S
        targets: list[Target] = []
        for profile, (_, path) in zip(self._profiles, self.logs, strict=True):
            if stop.is_set():
                return  # a hundred nodes take a minute: each is made when it is its turn
            figures = self._figures[profile.name]
            log = NodeLog(profile, self._seed, begin_s, tick_s=TICK_S, trouble_from_s=now_s - TROUBLE_RAMP_S, figures=figures)
            targets.append(Target(log, path))
            self._write_history(targets[-1], begin_s, now_s, stop)
            figures.go_live()
        writer = LogWriter(targets, self.rate, TICK_S)
        try:
            writer.run(stop)
        finally:
            writer.close()

    def _write_history(self, target: Target, begin_s: float, end_s: float, stop: threading.Event) -> None:
        recent_s = min(RECENT_S, RECENT_EVENTS / self.rate)
        share = 1 / len(self._profiles)
        thin = min(self.rate, HISTORY_EVENTS / HISTORY_S) * share
        now_s = begin_s
        with target.path.open("ab") as file:
            while now_s < end_s and not stop.is_set():
                recent = now_s >= end_s - recent_s
                rise = (now_s - (end_s - recent_s)) / recent_s if recent else 0.0
                file.write(target.log.advance(now_s, thin + (self.rate * share - thin) * rise).data)
                now_s += 1.0 if recent else HISTORY_STEP_S


def run_demo(folder: Path, nodes: int = 4, rate: float = 50.0, stop: threading.Event | None = None) -> None:
    """`Demo(folder, nodes, rate).run(stop)`; without `stop` it runs for ever."""
    Demo(folder, nodes, rate).run(stop or threading.Event())


# ---- The demo's past: what its nodes would have answered in the last months, decoded and kept as if they had been asked then.


FINE_S, FINE_STEP_S = DAY_S, 1800.0
COARSE_S = 95 * DAY_S
SCORES_S = 30 * DAY_S
SCORED_MONTHS = 3
_BEFORE_MONTH_END_MS = 600_000


class Memory(Protocol):
    """Where the past is put."""

    def add_history(self, name: str, points: Sequence[SpacePoint], by_satellite: Mapping[str, Sequence[ScorePoint]]) -> None: ...
    def add_estimates(self, name: str, made: Sequence[tuple[int, SatelliteEstimate]]) -> None: ...


class Past(NamedTuple):
    """Points of space, points of scores by satellite, and estimates with the moment when each was made; all oldest first."""

    space: list[SpacePoint]
    scores: dict[str, list[ScorePoint]]
    estimates: list[tuple[int, SatelliteEstimate]]


async def remember(memory: Memory, name: str, answers: Answers, now: float, stop: threading.Event) -> None:
    """Put the past of one node into memory and database; the work is done in a thread. Once `stop` is set nobody needs it any more."""
    past = await asyncio.to_thread(_past, answers, now, stop)
    if stop.is_set():
        return
    memory.add_history(name, past.space, past.scores)
    memory.add_estimates(name, past.estimates)


def _past(answers: Answers, now: float, stop: threading.Event) -> Past:
    begin_fine = now - FINE_S
    days = int((COARSE_S - FINE_S) / DAY_S)
    coarse = [begin_fine - day * DAY_S for day in range(days, 0, -1)]
    fine = [begin_fine + step * FINE_STEP_S for step in range(int(FINE_S / FINE_STEP_S))]
    past = Past(_space(answers, coarse + fine, stop), {}, _month_ends(answers, now))
    for at in coarse:
        if stop.is_set():
            break
        if at < now - SCORES_S:
            continue
        usages = []
        for satellite in _satellites(answers, at):
            told = decode_satellite(_asked(answers, f"/api/sno/satellite/{satellite}", at))
            usages.append(told.usage)
            score = score_point_of(told.reputation)
            if score is not None:
                past.scores.setdefault(satellite, []).append(score)
        past.estimates.extend(_estimates(usages, round(at * 1000)))
    past.estimates.sort(key=lambda one: one[0])
    return past


def _space(answers: Answers, times: list[float], stop: threading.Event) -> list[SpacePoint]:
    points = []
    usage: StoredUsage | None = None
    for at in times:
        if stop.is_set():
            break
        if usage is None or at // DAY_S > usage.taken_at // DAY_S:  # satellites tell once a day
            usage = with_last_day(usage, decode_all_satellites(_asked(answers, "/api/sno/satellites", at)).storage, at)
        disk = decode_node(_asked(answers, "/api/sno/", at)).disk
        point = space_point_of(reconcile(SpaceEvidence(disk=disk, usages=(usage,)), at))
        if point is not None:
            points.append(point)
    return points


def _month_ends(answers: Answers, now: float) -> list[tuple[int, SatelliteEstimate]]:
    """The last estimates of the months that are paid already."""
    made: list[tuple[int, SatelliteEstimate]] = []
    for back in range(SCORED_MONTHS, 0, -1):
        at_ms = end_ms(shifted(period_of(round(now * 1000)), -back)) - _BEFORE_MONTH_END_MS
        at = at_ms / 1000
        usages = [decode_satellite(_asked(answers, f"/api/sno/satellite/{one}", at)).usage for one in _satellites(answers, at)]
        made += _estimates(usages, at_ms)
    return made


def _estimates(usages: list[SatelliteUsage], at_ms: int) -> list[tuple[int, SatelliteEstimate]]:
    known = {usage.satellite: usage for usage in usages}
    return [(at_ms, one) for one in node_earnings(NodeInputs(usages=known), at_ms).estimate.satellites]


def _satellites(answers: Answers, at: float) -> list[str]:
    return [standing.satellite for standing in decode_node(_asked(answers, "/api/sno/", at)).standings]


def _asked(answers: Answers, path: str, at: float) -> Reply:
    reply = answers.answer(API, path, at)
    return Reply(path, reply.status, reply.content_type, reply.body, at, 1.0, 0.0)
