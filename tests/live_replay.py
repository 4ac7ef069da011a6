"""Real nodes' logs played again with their faults: what the monitor says of the node at every moment. Time is an argument.

The logs are of the recorded run of 2026-11-30, thinned (every twelfth transfer, no chores, no stacks). Between their lines the API and the
public port are asked once a minute, and answer as the run's timeline says.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from keeper_rig import keeper_of, states_of

from storj_monitor.log_processor.processor import LineProcessor
from storj_monitor.model.node_answers import Answer, AnswerKind, ApiState, ApiStatus, Endpoint, NodeAnswer
from storj_monitor.model.node_state import NodeState
from storj_monitor.model.reputation import NEVER, HealthAnswer
from storj_monitor.model.sources import Chunk, FileIdentity, SourceState
from storj_monitor.model.space import DiskSpace
from storj_monitor.state.accumulator import Accumulator
from storj_monitor.state.node_status import NodeRegistry
from storj_monitor.state.nodes import LogStatus, State
from storj_monitor.views.topic_renderers import TopicRenderers

LOGS = Path(__file__).parent / "corpus" / "live"
TICK_S, POLL_S = 5, 60
REFUSED, FROZEN = "/api/sno/: Connection refused", "/api/sno/: no whole answer within 15 s"
_FILE = FileIdentity(4096, "aa" * 16)
_TIME = re.compile(rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def clock(text: str) -> float:
    """`HH:MM:SS` of the day of the run."""
    return datetime.fromisoformat(f"2026-11-30T{text}+00:00").timestamp()


def shown(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


class HandClock:
    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError


class _NoDesk:
    def submit_write(self, write: object, done: Callable[[], None]) -> None:
        done()


def node_answer(at: float) -> NodeAnswer:
    """A node that is well."""
    return NodeAnswer(
        taken_at=at, node_id="", wallet="0x1", wallet_features=(), bandwidth_bytes=1, last_pinged_at=at - 5, version="1.162.3",
        allowed_version="1.110.0", up_to_date=True, started_at=at - 86_400, configured_port="28967", quic_status="OK",
        last_quic_pinged_at=at, clock_ahead_s=0.0, standings=(),
        disk=DiskSpace(taken_at=at, used_bytes=10**9, available_bytes=10**9, trash_bytes=0, allocated_bytes=2 * 10**9, reclaimable_bytes=0),
    )  # fmt: skip


@dataclass
class LiveReplay:
    """`away` are (from, to, what the API's endpoint says) in `HH:MM:SS`; `says` is what the node answers at a moment."""

    log: str
    away: list[tuple[str, str, str]]
    says: Callable[[float], NodeAnswer] = node_answer
    history: list[tuple[float, NodeState]] = field(default_factory=list)

    async def play(self, begin: str, end: str) -> LiveReplay:
        self._begin(clock(begin))
        lines = iter(gzip.decompress((LOGS / f"{self.log}.log.gz").read_bytes()).splitlines(keepends=True))
        waiting, at = next(lines, None), clock(begin)
        while at <= clock(end):
            self.clock.at = at
            part = b""
            while waiting is not None and (not _TIME.match(waiting) or clock(waiting[11:19].decode()) <= at):
                part += waiting
                waiting = next(lines, None)
            if part:
                self._read(part)
            if at % POLL_S == 0:
                self._poll(at)
            self.keeper.look()
            await self.states.look()
            judged = self.state.nodes["n"].judged
            if not self.history or self.history[-1][1] != judged:
                self.history.append((at, judged))
            at += TICK_S
        return self

    def at(self, text: str) -> NodeState:
        """What was said at this moment."""
        return next(judged for since, judged in reversed(self.history) if since <= clock(text))

    def codes(self, text: str) -> list[str]:
        return [one.code for one in self.at(text).reasons]

    def down(self) -> list[tuple[str, str]]:
        """From when to when the node was said to be down ("" = to the end)."""
        found: list[tuple[str, str]] = []
        for at, judged in self.history:
            is_down = judged.kind.label == "down"
            if is_down and (not found or found[-1][1]):
                found.append((shown(at), ""))
            elif not is_down and found and not found[-1][1]:
                found[-1] = (found[-1][0], shown(at))
        return found

    def _begin(self, at: float) -> None:
        self.clock = HandClock(at)
        self.state = State(["n"])
        renderers = TopicRenderers(NodeRegistry(["n"]), self.state, self.clock.now)
        self.keeper = keeper_of(renderers, self.state, _NoDesk(), self.clock)
        self.states = states_of(renderers, self.state, self.clock)
        self.keeper.signals.moved.append(self.states.moved)
        self.state.on_status("n", LogStatus("live", "", "node.log", 0, at, at))
        self.keeper.on_log("n", SourceState.LIVE)
        self._processor, self._accumulator, self._offset = LineProcessor("n", lambda _: ""), Accumulator("n"), 0

    def _read(self, part: bytes) -> None:
        chunk = Chunk("n", part, self._offset, self._offset + len(part), self.clock.at, _FILE, "node.log", None, True)
        self._offset += len(part)
        self._accumulator.add(self._processor.process(chunk))
        delta = self._accumulator.drain()
        self.keeper.on_delta(delta)
        self.state.on_delta(delta, self.clock.at)

    def _poll(self, at: float) -> None:
        why = next((why for begin, end, why in self.away if clock(begin) <= at < clock(end)), None)
        for endpoint in (Endpoint.API, Endpoint.HEALTH):
            before = self.keeper.registry.of("n").endpoints.get(endpoint)
            status = ApiStatus.OK if why is None else ApiStatus.UNREACHABLE
            since = at if before is None or before.status is not status else before.since
            self.keeper.on_state("n", ApiState(status, since, why or "", "http://n", endpoint))
        if why is None:
            answer = self.says(at)
            self.keeper.on_answer(Answer("n", AnswerKind.NODE, None, at, 1.0, answer))
            healthy = not any((one.disqualified_at or NEVER) > 0 for one in answer.standings)
            self.keeper.on_answer(Answer("n", AnswerKind.HEALTH, None, at, 1.0, HealthAnswer(taken_at=at, all_healthy=healthy)))
