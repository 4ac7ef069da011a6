"""Outages that several witnesses saw are one downtime; one witness alone is a suspicion."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node_recordings import at

from storj_monitor.log_processor.processor import LineProcessor
from storj_monitor.model.events import EventBatch
from storj_monitor.model.node_events import PingFailed
from storj_monitor.model.sources import Chunk
from storj_monitor.model.uptime import MARKS, Outage, Witness
from storj_monitor.reputation_tracker.downtime import JOIN_S, Downtime, coalesce, downtimes, hours_down, ping_outages
from storj_monitor.reputation_tracker.process_life import process_life

LOGS = Path(__file__).parent.parent / "corpus" / "logs" / "eventful"


def read(name: str) -> EventBatch:
    data = gzip.decompress((LOGS / f"{name}.log.gz").read_bytes())
    return LineProcessor("n", lambda address: "").process(Chunk("n", data, 0, len(data), 0.0, None, ""))


def clock(text: str) -> float:
    return at(f"2026-11-23T{text}Z")


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        # a panic, a restart, the end of the recording
        ("v1.120-debug", [("08:05:01", "08:05:29"), ("08:09:39", "08:09:48"), ("08:44:06", None)]),
        # the foreign storage directory, two restarts
        ("v1.145-debug-hashstore", [("08:21:00", "08:21:34"), ("08:23:19", "08:23:26"), ("08:34:18", "08:34:26"), ("08:44:06", None)]),
        ("v1.162-info", [("08:09:24", "08:09:36"), ("08:44:06", None)]),
        ("v1.162-json-hashstore", [("08:23:04", "08:23:11"), ("08:34:01", "08:34:09"), ("08:44:06", None)]),
    ],
)
def test_downtimes_of_recorded_logs(log: str, expected: list[tuple[str, str | None]]) -> None:
    batch = read(log)
    stops = process_life(batch.events).outages
    found = downtimes([*stops, *ping_outages(batch.events, stops)])
    assert [(d.from_at, d.until_at) for d in found] == [(clock(a), clock(b) if b else None) for a, b in expected]
    assert all(d.certain for d in found)


def test_check_ins_that_fail_because_of_the_stop_are_the_stop() -> None:
    stop = Outage(Witness.PROCESS, 100, 130)
    pings = [PingFailed(time_ms=t * 1000, step="ping", satellite=one) for t in (95, 110, 5000, 8600, 40_000) for one in ("a", "b")]
    assert ping_outages(pings, [stop]) == (Outage(Witness.PING_FAILED, 5000, 8600), Outage(Witness.PING_FAILED, 40_000, 40_000))


def test_check_ins_that_fail_at_one_satellite_are_that_satellites() -> None:
    pings = [PingFailed(time_ms=t * 1000, step="ping", satellite="a") for t in (5000, 8600, 12_200)]
    assert ping_outages(pings) == ()


def test_thousands_of_failed_check_ins_are_no_work() -> None:
    pings = [PingFailed(time_ms=t * 1000, step="ping", satellite="b" if t == 20_000 else "a") for t in range(1, 40_000)]
    assert ping_outages(pings) == (Outage(Witness.PING_FAILED, 19_100, 20_900),)


def test_one_witness_is_a_suspicion_two_are_certain() -> None:
    api, gap = Outage(Witness.API_DOWN, 100, 200), Outage(Witness.LOG_GAP, 0, 5000)
    assert downtimes([api]) == (Downtime(100, 200, (Witness.API_DOWN,), False),)
    # the silence lends its word, the API tells when it was
    assert downtimes([api, gap]) == (Downtime(100, 200, (Witness.API_DOWN, Witness.LOG_GAP), True),)
    assert downtimes([Outage(Witness.PROBE, 5, 9)])[0].certain
    assert downtimes([gap, Outage(Witness.PING_FAILED, 1000, 1000)]) == (Downtime(0, 5000, (Witness.LOG_GAP, Witness.PING_FAILED), True),)


def test_a_quiet_log_does_not_make_one_downtime_of_two() -> None:
    gap = Outage(Witness.LOG_GAP, 0, None)
    found = downtimes([gap, Outage(Witness.API_DOWN, 1000, 1100), Outage(Witness.API_DOWN, 9000, 9100)])
    assert [(d.from_at, d.until_at) for d in found] == [(1000, 1100), (9000, 9100)]


def test_who_asks_sees_the_edges_late_and_the_log_sees_them_to_the_second() -> None:
    stops = [Outage(Witness.PROCESS, 100, 108), Outage(Witness.PROCESS, 170, 171)]
    found = downtimes([*stops, Outage(Witness.API_DOWN, 104, 185)])
    assert [(d.from_at, d.until_at, d.witnesses) for d in found] == [
        (100, 108, (Witness.API_DOWN, Witness.PROCESS)),
        (170, 171, (Witness.API_DOWN, Witness.PROCESS)),
    ]
    late = downtimes([stops[0], Outage(Witness.API_DOWN, 104, 1000)])
    assert [(d.from_at, d.until_at, d.certain) for d in late] == [(100, 108, True), (108, 1000, False)], "it runs and does not answer"


def test_hours() -> None:
    found = downtimes([Outage(Witness.PROCESS, 0, 3600), Outage(Witness.PROCESS, 7200, None), Outage(Witness.API_DOWN, 4000, 5000)])
    assert hours_down(found, 1800, 10_800) == 1.5
    assert hours_down(found, 0, 5000, certain_only=False) == pytest.approx(4600 / 3600)
    assert found[-1].duration_s(9000) == 1800


times = st.integers(0, 20_000)
outage = st.builds(
    lambda witness, a, length: Outage(witness, float(a), None if length is None else float(a + length)),
    st.sampled_from(list(Witness)),
    times,
    st.one_of(st.none(), st.integers(1, 3000)),
)
outages = st.lists(outage, max_size=10)


@settings(deadline=None)
@given(outages, outages)
def test_merging_is_idempotent_and_needs_no_order(a: list[Outage], b: list[Outage]) -> None:
    both = coalesce([*a, *b])
    assert coalesce(both) == both == coalesce([*b, *a]) == coalesce([*coalesce(a), *coalesce(b)])
    assert downtimes([*a, *b]) == downtimes([*b, *a, *a]) == downtimes(both)


@settings(deadline=None)
@given(outages)
def test_every_outage_is_in_a_downtime_or_explained_by_one(some: list[Outage]) -> None:
    found = downtimes(some)
    for one in coalesce(one for one in some if one.witness not in MARKS):
        near = [d for d in found if d.from_at <= (one.until_at or 1e9) + JOIN_S and one.from_at <= (d.until_at or 1e9) + JOIN_S]
        assert any(one.witness in d.witnesses for d in near)
    assert all(a.until_at is not None and a.until_at <= b.from_at for a, b in zip(found, found[1:], strict=False))
