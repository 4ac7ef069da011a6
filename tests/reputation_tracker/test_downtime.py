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
from storj_monitor.model.lines import Chunk
from storj_monitor.model.node_events import ConfigurationLoaded, NodeFailed, NodeStarted, Panic, PingFailed, ServiceStopped, SignalReceived
from storj_monitor.reputation_tracker.downtime import (
    JOIN_S,
    Downtime,
    Outage,
    Witness,
    coalesce,
    downtimes,
    hours_down,
    log_gaps,
    ping_outages,
    process_outages,
)

LOGS = Path(__file__).parent.parent / "corpus" / "logs" / "eventful"


def read(name: str) -> EventBatch:
    data = gzip.decompress((LOGS / f"{name}.log.gz").read_bytes())
    return LineProcessor("n", lambda address: "").process(Chunk("n", data, 0, len(data), 0.0, None, ""))


def minutes(batch: EventBatch) -> list[int]:
    return sorted({t.time_ms // 60_000 * 60 for t in batch.transfers} | {e.time_ms // 60_000 * 60 for e in batch.events if e.time_ms})


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
    active = minutes(batch)
    stops = process_outages(batch.events, active)
    found = downtimes([*stops, *ping_outages(batch.events, stops), *log_gaps(active, active[-1] + 60)])
    assert [(d.from_at, d.until_at) for d in found] == [(clock(a), clock(b) if b else None) for a, b in expected]
    assert all(d.certain for d in found)


def loaded(at_s: int) -> ConfigurationLoaded:
    return ConfigurationLoaded(time_ms=at_s * 1000, process="storagenode")


def started(at_s: int) -> NodeStarted:
    return NodeStarted(time_ms=at_s * 1000, node_id="x")


def test_a_kill_leaves_no_line_but_a_silence() -> None:
    events = [loaded(600), started(605), loaded(3000), started(3010)]
    assert process_outages(events, [600, 660, 720, 2940 + 60]) == (Outage(Witness.PROCESS, 780, 3000),)
    assert process_outages(events) == ()


def test_a_stop_of_the_updater_is_none() -> None:
    events = [SignalReceived(time_ms=5000, process="storagenode-updater", signal="terminated"), started(100)]
    assert process_outages(events) == ()


def test_many_signs_of_one_end_are_one() -> None:
    events = [
        ServiceStopped(time_ms=10_000, name="piecestore:monitor"),
        NodeFailed(time_ms=12_000, what="failure during run"),
        Panic(time_ms=0, first_line="panic: x"),
        loaded(100),
        started(103),
        SignalReceived(time_ms=200_000, process="storagenode", signal="terminated"),
    ]
    assert process_outages(events) == (Outage(Witness.PROCESS, 10, 100), Outage(Witness.PROCESS, 200, None))


def test_check_ins_that_fail_because_of_the_stop_are_the_stop() -> None:
    stop = Outage(Witness.PROCESS, 100, 130)
    pings = [PingFailed(time_ms=t * 1000, step="ping") for t in (95, 110, 5000, 8600, 40_000)]
    assert ping_outages(pings, [stop]) == (Outage(Witness.PING_FAILED, 5000, 8600), Outage(Witness.PING_FAILED, 40_000, 40_000))


def test_silences() -> None:
    assert log_gaps([0, 60, 120, 2000 * 60], 2000 * 60 + 120) == (Outage(Witness.LOG_GAP, 180, 120_000),)
    assert log_gaps([0, 60], 2000) == (Outage(Witness.LOG_GAP, 120, None),)
    assert log_gaps([], 2000) == ()


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
    st.one_of(st.none(), st.integers(0, 3000)),
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
    for one in coalesce(some):
        near = [d for d in found if d.from_at <= (one.until_at or 1e9) + JOIN_S and one.from_at <= (d.until_at or 1e9) + JOIN_S]
        assert any(one.witness in d.witnesses for d in near)
    exact = [d for d in found if set(d.witnesses) - {Witness.LOG_GAP, Witness.PING_FAILED}]
    assert all(a.until_at is not None and a.until_at < b.from_at for a, b in zip(exact, exact[1:], strict=False))
