"""Hot functions: each against the plain way in the same run (a budget that fails anywhere), and timed by pytest-benchmark.

`pytest --benchmark-only tests/perf/test_hot_functions.py` prints the times; a run without that flag checks the ratios as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec
import pytest
from plain import plain
from pytest_benchmark.fixture import BenchmarkFixture
from ratios import ratio
from samples import NODE, Sink, batches, chunks, durations

from storj_monitor.clock import SystemClock
from storj_monitor.log_processor import CountryLookup, LineProcessor
from storj_monitor.model.rollups import NodeDelta
from storj_monitor.server.broadcaster import Broadcaster, Client
from storj_monitor.server.encoding import JsonEncoder, make_encoder
from storj_monitor.state.accumulator import Accumulator
from storj_monitor.state.nodes import State
from storj_monitor.stats import Buckets, add_counts, bucket_of, decode_sketch, encode_sketch, quantile
from storj_monitor.views.topic_feed import LIVE, TABLES, TopicFeeds
from storj_monitor.websocket_utils import Frame

pytestmark = pytest.mark.alone

NOW = 1_790_000_300.0
TOPICS = frozenset((LIVE, *TABLES))
QUANTILES = (0.5, 0.9, 0.95, 0.99)

MAX_ACCUMULATE = 2.0
"""CPU of summing a commit's events up over that of json.loads of as many contexts. When written, on a busy machine: 0.85."""
MAX_ENCODING = 0.6
"""CPU of the plain encoder over that of json.dumps. When written, on a busy machine: 0.29 (0.11 of a frame of twenty events)."""
MAX_FRAMES = 0.6
"""CPU of a frame a tick over that of a JSON message an event. When written: 0.27."""
MAX_PERCENTILES = 0.05
"""CPU of four percentiles of a sketch over those of the sorted durations that are in it. When written: 0.014."""
MAX_FILL = 2.5
"""CPU of filling a sketch over that of sorting the same durations. When written: 1.03."""
MAX_SHARED = 3.0
"""CPU of a frame for a hundred clients, encoded once, over that of a frame for one. When written: 1.14."""
MAX_DELTA_BYTES = 0.35
"""Bytes of the deltas of all tables over the tables in full, when one of four nodes moves a little. Always the same: 0.26."""


def accumulated() -> NodeDelta:
    accumulator = Accumulator(NODE)
    for batch in batches():
        accumulator.add(batch)
    return accumulator.drain()


def filled() -> Buckets:
    counts: Buckets = {}
    for duration in durations():
        bucket = bucket_of(duration)
        counts[bucket] = counts.get(bucket, 0) + 1
    return counts


def loads_of_contexts() -> Callable[[], None]:
    lines = [line for chunk in chunks() for line in chunk.data.splitlines() if b"{" in line]
    contexts = [line[line.index(b"{") :] for line in lines][: sum(len(batch.rows) for batch in batches())]

    def run() -> None:
        for context in contexts:
            json.loads(context)

    return run


def frames_of_ticks() -> list[Frame]:
    """What every second of the minute becomes on the wire."""
    feeds = TopicFeeds(State([NODE]), True)
    feed, encoder, frames = feeds.open((NODE,)), JsonEncoder(), []
    for batch in batches():
        feeds.push(batch)
        frames.append(Frame(encoder.encode(feed.advance((LIVE,), NOW, slow=False))))
    return frames


def message_an_event() -> list[Frame]:
    """The plain way: an object an event, encoded and framed by itself."""
    names = ("time", "satellite", "action", "size", "duration", "piece")
    encoder = JsonEncoder()
    return [Frame(encoder.encode(dict(zip(names, row[:6], strict=True)))) for batch in batches() for row in batch.rows]


def moved_state() -> tuple[State, TopicFeeds]:
    state = State([NODE])
    feeds = TopicFeeds(state, True)
    state.on_delta(accumulated(), NOW)
    return state, feeds


async def crowd(clients: int) -> tuple[Callable[[], None], list[Sink]]:
    """Ticks of a broadcaster with so many clients on one view."""
    _, feeds = moved_state()
    sinks = [Sink() for _ in range(clients)]
    broadcaster = Broadcaster(feeds, make_encoder(False), SystemClock(), coalesce_s=0, slow_hz=0, max_clients=1000, hello=lambda: {})
    for sink in sinks:
        broadcaster.subscribe(Client(sink), TOPICS, (NODE,))  # type: ignore[arg-type]
    some = batches()[:20]

    def run() -> None:
        for batch in some:
            feeds.push(batch)
            broadcaster.tick(NOW)

    return run, sinks


def test_summing_up_a_commit() -> None:
    assert ratio(accumulated, loads_of_contexts(), "rollup accumulation") <= MAX_ACCUMULATE


def test_a_frame_of_many_events() -> None:
    assert ratio(frames_of_ticks, message_an_event, "frames") <= MAX_FRAMES


def test_percentiles_of_a_sketch() -> None:
    sketch = filled()

    def plain() -> list[int]:
        ordered = sorted(durations())
        return [ordered[round(q * (len(ordered) - 1))] for q in QUANTILES]

    assert ratio(lambda: [quantile(sketch, q) for q in QUANTILES], plain, "percentiles") <= MAX_PERCENTILES
    for ours, exact in zip((quantile(sketch, q) for q in QUANTILES), plain(), strict=True):
        assert ours == pytest.approx(exact, rel=0.021)


def test_filling_a_sketch() -> None:
    assert ratio(filled, lambda: sorted(durations()), "latency histogram") <= MAX_FILL


async def test_a_frame_is_shared() -> None:
    """A hundred clients cost far less than a hundred times one."""
    (shared, many), (alone, (one,)) = await crowd(100), await crowd(1)
    assert ratio(shared, alone, "frame for a hundred clients", rounds=3) <= MAX_SHARED
    # each gets the same, but for how the time of its snapshot is written
    assert [sink.bytes for sink in many] == pytest.approx([one.bytes] * 100, rel=0.01)


def test_deltas_are_smaller_than_tables() -> None:
    sizes = []
    for diffs in (True, False):
        nodes, encoder, sent = tuple(f"node{n}" for n in range(1, 5)), JsonEncoder(), 0
        state = State(nodes)
        for node in nodes:
            delta = accumulated()
            delta.node = node
            state.on_delta(delta, NOW)
        feed = TopicFeeds(state, diffs).open(nodes)
        feed.advance(TOPICS, NOW, slow=True)
        for batch in batches()[:10]:
            accumulator = Accumulator(NODE)
            accumulator.add(msgspec.structs.replace(batch, rows=batch.rows[:3]))
            state.on_delta(accumulator.drain(), NOW)
            sent += len(encoder.encode(feed.advance(TOPICS, NOW, slow=True)))
        sizes.append(sent)
    print(f"\ndeltas {sizes[0]} bytes, tables {sizes[1]} bytes, ratio {sizes[0] / sizes[1]:.3f}")
    assert sizes[0] / sizes[1] <= MAX_DELTA_BYTES


def test_bench_process_a_chunk(benchmark: BenchmarkFixture) -> None:
    data = b"".join(chunk.data for chunk in chunks()[:10])
    chunk = msgspec.structs.replace(chunks()[0], data=data, end=len(data))
    processor = LineProcessor(NODE, CountryLookup())
    assert benchmark.pedantic(processor.process, (chunk,), rounds=10, warmup_rounds=1).rows


def test_bench_accumulate(benchmark: BenchmarkFixture) -> None:
    assert benchmark.pedantic(accumulated, rounds=5, warmup_rounds=1).cells


def test_bench_latency_histogram(benchmark: BenchmarkFixture) -> None:
    assert sum(benchmark.pedantic(filled, rounds=5, warmup_rounds=1).values()) == len(durations())


def test_bench_percentiles(benchmark: BenchmarkFixture) -> None:
    sketch = filled()
    assert benchmark.pedantic(lambda: [quantile(sketch, q) for q in QUANTILES], rounds=20, iterations=5)[0]


def test_bench_merge_a_day_of_sketches(benchmark: BenchmarkFixture) -> None:
    stored = encode_sketch(filled())

    def merge() -> Buckets:
        merged: Buckets = {}
        for _ in range(288):
            add_counts(merged, decode_sketch(stored))
        return merged

    assert sum(benchmark.pedantic(merge, rounds=5).values()) == 288 * len(durations())


def test_bench_frames(benchmark: BenchmarkFixture) -> None:
    assert len(benchmark.pedantic(frames_of_ticks, rounds=5, warmup_rounds=1)) == len(batches())


@pytest.mark.parametrize("orjson", [False, True])
def test_bench_encode_tables(benchmark: BenchmarkFixture, orjson: bool) -> None:
    _, feeds = moved_state()
    feed = feeds.open((NODE,))
    feed.advance(TOPICS, NOW, slow=True)
    tables = feed.snapshot(TOPICS, NOW)
    if orjson:
        pytest.importorskip("orjson")
    assert benchmark.pedantic(make_encoder(orjson).encode, (tables,), rounds=20, iterations=5)


def test_frames_are_not_encoded_by_the_standard_library() -> None:
    _, feeds = moved_state()
    feed = feeds.open((NODE,))
    feed.advance(TOPICS, NOW, slow=True)
    tables = feed.snapshot(TOPICS, NOW)
    objects = plain(tables)
    assert ratio(lambda: JsonEncoder().encode(tables), lambda: json.dumps(objects, separators=(",", ":")), "encoding") <= MAX_ENCODING


async def test_bench_frame_sharing(benchmark: BenchmarkFixture) -> None:
    run, sinks = await crowd(100)
    benchmark.pedantic(run, rounds=5)
    assert all(sink.bytes for sink in sinks)
