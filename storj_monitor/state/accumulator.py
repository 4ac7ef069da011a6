"""Folds event batches into the delta of the next commit. Each transfer is looked at once; pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain

from storj_monitor.model.events import UNKNOWN_DURATION, ErrorSeen, EventBatch, line_counts
from storj_monitor.model.ids import Action, Outcome, op_action
from storj_monitor.model.rollups import (
    FREE_SPACE_MS,
    MINUTE_S,
    Cell,
    CellKey,
    CountryKey,
    ErrorCount,
    ErrorKey,
    NodeDelta,
    add_checkpoint,
)
from storj_monitor.model.severity import classify, fold_class
from storj_monitor.state.hot import count_downloads
from storj_monitor.stats import SIZE_CLASSES, add_counts, bucket_of, class_of_bits

# Distinct errors that one delta may hold; more are folded into "(other)" of their class so that noise cannot grow memory. Severe ones
# have room of their own: no noise may hide them.
MAX_ERRORS = 500
MAX_SEVERE_ERRORS = 200

NOTABLE_OPS = frozenset(
    action << 2 | outcome
    for action in Action
    for outcome in (Outcome.SUCCESS, Outcome.CANCELED, Outcome.FAILED)
    if outcome == Outcome.FAILED or action == Action.GET_AUDIT
)
"""Transfers kept with their full piece id: failures and audits."""

DIRECTION_BY_OP = tuple(op_action(op).direction if op >> 2 < len(Action) else "" for op in range(64))


def _two_lists() -> tuple[list[int], list[int]]:
    return [], []


def make_cell(sizes: list[int], durations: list[int]) -> Cell:
    """One cell from the sizes and durations of its transfers (unknown = negative)."""
    number = len(sizes)
    if min(sizes, default=0) < 0:
        sizes = [size for size in sizes if size >= 0]
    classes = [0] * SIZE_CLASSES
    for bits, times in Counter(map(int.bit_length, sizes)).items():
        classes[class_of_bits(bits)] += times
    known = Counter(durations)
    known.pop(UNKNOWN_DURATION, None)
    buckets: dict[int, int] = {}
    for duration, times in known.items():
        bucket = bucket_of(duration)
        buckets[bucket] = buckets.get(bucket, 0) + times
    return Cell(
        count=number,
        size_bytes=sum(sizes),
        timed=known.total(),
        duration_sum_ms=sum([d * n for d, n in known.items()]),
        duration_max_ms=max(known, default=0),
        buckets=buckets,
        sizes=classes,
    )


class Accumulator:
    """Collects one node's batches until `drain` hands them over as one delta.

    Batches are only put aside when they come; they are completed and summed up at the drain: one long loop every few seconds
    costs far less than many short ones between which the processor's caches are gone.
    """

    def __init__(self, node: str) -> None:
        self._node = node
        self._batches: list[EventBatch] = []
        self.line_count = 0

    @property
    def is_empty(self) -> bool:
        """Nothing to commit: not even lines that were ignored."""
        return not self._batches

    def add(self, batch: EventBatch) -> int:
        """Take in a batch; how many lines it has."""
        self._batches.append(batch)
        line_count = batch.line_count
        self.line_count += line_count
        return line_count

    def drain(self) -> NodeDelta:
        """Hand over what was collected and begin anew."""
        batches, self._batches, self.line_count = self._batches, [], 0
        delta = NodeDelta(self._node)
        for batch in batches:
            _take(batch, delta)
        for counted in dict.fromkeys(batch.counted for batch in batches if batch.counted is not None):
            delta.fingerprints += counted.take()
        ops = list(map(sum, zip(*[batch.ops for batch in batches if batch.ops], strict=True)))
        delta.lines = line_counts(ops, delta.lines)
        rows = list(chain.from_iterable([batch.rows for batch in batches]))
        if rows:
            delta.transfers = batches[-1].complete(rows)
            _sum_up(delta)
        return delta


def _take(batch: EventBatch, delta: NodeDelta) -> None:
    """What is not summed up for all batches together."""
    if batch.errors:
        _add_errors(batch.errors, delta.errors)
    if batch.events:
        delta.events += batch.events
    if batch.other_lines:
        add_counts(delta.lines, batch.other_lines)
    if batch.samples:
        delta.samples.update(batch.samples)
    if batch.free_space:
        delta.free_space[batch.free_space.time_ms // FREE_SPACE_MS] = batch.free_space
    if not batch.follows:
        delta.follows = False
    if batch.newest_ms > delta.newest_ms:
        delta.newest_ms = batch.newest_ms
    delta.resolution_ms = batch.duration_resolution_ms or delta.resolution_ms
    if batch.finished:
        add_checkpoint(delta.checkpoints, batch.finished)
    if batch.checkpoint:
        add_checkpoint(delta.checkpoints, batch.checkpoint)


def _add_errors(errors: Iterable[ErrorSeen], kept: dict[ErrorKey, ErrorCount]) -> None:
    for seen in errors:
        minute = seen.time_ms // 60000 * MINUTE_S
        key = ErrorKey(minute, seen.level, seen.logger, seen.message, seen.template)
        if key not in kept and len(kept) >= MAX_ERRORS:
            kind = classify(seen.level, seen.logger, seen.message, seen.template)
            if not kind.is_severe or len(kept) >= MAX_ERRORS + MAX_SEVERE_ERRORS:
                key = ErrorKey(minute, seen.level, *fold_class(kind))
        one = ErrorCount(1, seen.time_ms, seen.time_ms, seen.sample, seen.satellite)
        known = kept.get(key)
        if known is None:
            kept[key] = one
        else:
            known.merge(one)


def _sum_up(delta: NodeDelta) -> None:
    """Cells, countries, notable transfers and downloads of the delta's transfers."""
    groups: defaultdict[tuple[int, str, int], tuple[list[int], list[int]]] = defaultdict(_two_lists)
    by_country: defaultdict[tuple[int, str, int], list[int]] = defaultdict(list)
    for time_ms, satellite, op, size, duration, _, _, country, _ in delta.transfers:
        minute = time_ms // 60000
        sizes, durations = groups[minute, satellite, op]
        sizes.append(size)
        durations.append(duration)
        by_country[minute, country, op].append(size)
    delta.notable += [transfer for transfer in delta.transfers if transfer[2] in NOTABLE_OPS]
    delta.cells = {CellKey(minute * MINUTE_S, sat, op): make_cell(*group) for (minute, sat, op), group in groups.items()}
    for (minute, country, op), sizes in by_country.items():
        pair = delta.countries.setdefault(CountryKey(minute * MINUTE_S, country, DIRECTION_BY_OP[op]), [0, 0])
        pair[0] += len(sizes)
        pair[1] += sum(sizes) if min(sizes) >= 0 else sum([size for size in sizes if size > 0])
    count_downloads(delta.transfers, delta)
