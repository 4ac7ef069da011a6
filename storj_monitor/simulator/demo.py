"""The demo's fleet: a day of thin history, quick to read, and then life at the wished rate."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from storj_monitor.simulator.fake_answers import API, DEBUG, PUBLIC, Answers
from storj_monitor.simulator.fake_generated import GeneratedAnswers
from storj_monitor.simulator.log_figures import LogFigures
from storj_monitor.simulator.node_log import TROUBLE_RAMP_S, NodeLog
from storj_monitor.simulator.profile import demo_profiles
from storj_monitor.simulator.writer import LogWriter, Target

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
            (p.name, GeneratedAnswers(p, self._seed, begin_s, doors=(API, DEBUG, PUBLIC), figures=self._figures[p.name]))
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
