"""A stream of transfers: starts now, results when their time has come. About a microsecond an event."""

from __future__ import annotations

import random
from itertools import accumulate
from typing import NamedTuple

from storj_monitor.simulator.ground_truth import Tally
from storj_monitor.simulator.log_formatter import TIME, stamp
from storj_monitor.simulator.profile import PIECE_LETTERS, NodeProfile, build_templates


class Block(NamedTuple):
    """Lines of one moment, and the first 13 letters of the pieces whose results are among them."""

    data: bytes
    results: list[bytes]


class _Due:
    """What ends in one tick."""

    __slots__ = ("bodies", "numbers", "pieces")

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.numbers: list[int] = []
        self.pieces: list[bytes] = []


class TransferStream:
    """Call `step` with a rising time; equal seeds and equal calls give equal bytes.

    tick_s -- results are due in ticks of this length; use the distance between two calls
    """

    def __init__(self, profile: NodeProfile, seed: int, tick_s: float = 1.0) -> None:
        self._rng = random.Random(f"transfers {seed} {profile.name}")
        self._templates, good, bad = build_templates(profile, seed)
        self._good = list(accumulate(good))
        self._bad = list(accumulate(bad))
        self._numbers = range(len(self._templates))
        self._tick_s = tick_s
        self._due: dict[int, _Due] = {}
        self._done_tick = -1
        self.tally = Tally(self._templates)

    def step(self, now_s: float, starts: int, trouble: float = 0.0) -> Block:
        """Begin `starts` transfers and end those that are due; `trouble` 0..1 is the share drawn from a sick node's mix."""
        tick = int(now_s / self._tick_s)
        begun = self._begin(tick, starts, trouble)
        ended: list[bytes] = []
        pieces: list[bytes] = []
        for at in self._due_until(tick):
            due = self._due.pop(at)
            ended += due.bodies
            pieces += due.pieces
            self.tally.results(due.numbers, now_s)
        if not begun and not ended:
            return Block(b"", [])
        return Block(b"".join([*begun, *ended]).replace(TIME, stamp(now_s)), pieces)

    def drain(self, now_s: float) -> Block:
        """End everything that is still running: a log that is complete."""
        bodies: list[bytes] = []
        pieces: list[bytes] = []
        for at in sorted(self._due):
            due = self._due.pop(at)
            bodies += due.bodies
            pieces += due.pieces
            self.tally.results(due.numbers, now_s)
        return Block(b"".join(bodies).replace(TIME, stamp(now_s)), pieces)

    def _due_until(self, tick: int) -> list[int]:
        """Ticks that have results and are over; every tick is looked at once."""
        if self._done_tick < 0 or tick - self._done_tick > len(self._due):
            late = sorted(at for at in self._due if at <= tick)
        else:
            late = [at for at in range(self._done_tick + 1, tick + 1) if at in self._due]
        self._done_tick = tick
        return late

    def _begin(self, tick: int, starts: int, trouble: float) -> list[bytes]:
        if starts <= 0:
            return []
        sick = min(starts, int(starts * trouble + self._rng.random())) if trouble > 0 else 0
        numbers = self._rng.choices(self._numbers, cum_weights=self._good, k=starts - sick)
        if sick:
            numbers += self._rng.choices(self._numbers, cum_weights=self._bad, k=sick)
        letters = self._rng.randbytes(52 * starts).translate(PIECE_LETTERS)
        self.tally.starts(numbers)
        bodies: list[bytes] = []
        templates, due_by_tick, tick_s = self._templates, self._due, self._tick_s
        for i, number in enumerate(numbers):
            start, end, _, _, _, _, _, _, duration_s, hot = templates[number]
            # The last letter of a piece id holds a single bit.
            piece = hot or letters[52 * i : 52 * i + 51] + (b"Q" if number & 1 else b"A")
            if start:
                bodies.append(piece.join(start))
            at = tick + int(duration_s / tick_s) + (1 if duration_s > tick_s else 0)
            due = due_by_tick.get(at)
            if due is None:
                due = due_by_tick[at] = _Due()
            due.numbers.append(number)
            if end:
                due.bodies.append(piece.join(end))
                if templates[number].outcome:
                    due.pieces.append(piece[:13])
        return bodies
