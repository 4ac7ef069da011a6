"""Up, starting, down or unknown: what each kind of evidence says, and what it says together with the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storj_monitor.model.uptime import MARKS, Outage, ProcessLife, UptimeState, Witness, silence_limit_s
from storj_monitor.reputation_tracker.downtime import downtimes
from storj_monitor.reputation_tracker.uptime import Signals, spans, uptime, without_contradicted
from storj_monitor.state.pulse import Pulse

NOW = 1_000_000.0
RUNS = ProcessLife(up_at=NOW - 90_000, started_at=NOW - 90_000)
BUSY = Signals(transfer_at=NOW - 2, usual_pause_s=1.0, reads_log=True, answered_at=NOW - 30, api_started_at=NOW - 90_000)


def test_a_node_that_transfers_runs_whatever_its_doors_say() -> None:
    shut = replace(BUSY, answered_at=None, shut=((Witness.API_DOWN, NOW - 600), (Witness.PROBE, NOW - 600)))
    state = uptime(RUNS, shut, NOW)
    assert (state.state, state.since, state.certain) == (UptimeState.UP, NOW - 90_000, True)


def test_a_node_that_never_returns_is_down_by_its_silence_and_its_api() -> None:
    gone = replace(BUSY, transfer_at=NOW - 400, answered_at=None, shut=((Witness.API_DOWN, NOW - 380),))
    state = uptime(RUNS, gone, NOW)
    assert (state.state, state.since, state.certain) == (UptimeState.DOWN, NOW - 400, True)
    assert state.evidence == (Witness.API_DOWN, Witness.LOG_GAP)
    assert state.reason == "Its API does not answer, and its log is silent."


def test_silence_alone_is_a_suspicion_and_none_while_the_api_answers() -> None:
    silent = replace(BUSY, transfer_at=NOW - 400, answered_at=None)
    state = uptime(RUNS, silent, NOW)
    assert (state.state, state.since, state.certain) == (UptimeState.DOWN, NOW - 400, False)
    assert uptime(RUNS, replace(silent, answered_at=NOW - 60), NOW).state is UptimeState.UP
    assert uptime(RUNS, replace(silent, reads_log=False), NOW).state is UptimeState.UP, "the monitor does not read: it cannot know"


def test_a_slow_nodes_pause_is_none() -> None:
    slow = replace(BUSY, transfer_at=NOW - 1500, usual_pause_s=90.0, answered_at=None)
    assert uptime(RUNS, slow, NOW).state is UptimeState.UP
    assert uptime(RUNS, replace(slow, transfer_at=NOW - 1801), NOW).state is UptimeState.DOWN


def test_a_log_without_rhythm_is_never_too_silent() -> None:
    quiet = replace(BUSY, transfer_at=NOW - 40_000, usual_pause_s=None, answered_at=None)
    assert uptime(RUNS, quiet, NOW).state is UptimeState.UP


def test_doors_alone_suspect_and_two_of_them_are_certain() -> None:
    only_api = Signals(shut=((Witness.API_DOWN, NOW - 300),))
    state = uptime(ProcessLife(), only_api, NOW)
    assert (state.state, state.since, state.certain) == (UptimeState.DOWN, NOW - 300, False)
    both = Signals(shut=((Witness.API_DOWN, NOW - 300), (Witness.METRICS_DOWN, NOW - 240)))
    assert uptime(ProcessLife(), both, NOW).certain
    assert uptime(ProcessLife(), both, NOW).reason == "Its API and its /metrics do not answer."


def test_nothing_told_is_unknown() -> None:
    assert uptime(ProcessLife(), Signals(), NOW).state is UptimeState.UNKNOWN


def test_the_rhythm_is_that_of_the_slower_of_hour_and_day_and_needs_successes() -> None:
    pulse = Pulse()
    pulse.add({minute * 60: (2, 2) for minute in range(120)})
    assert pulse.usual_pause_s == pytest.approx(30, rel=0.05)
    errors_only = Pulse()
    errors_only.add({minute * 60: (2, 0) for minute in range(120)})
    assert errors_only.usual_pause_s is None
    few = Pulse()
    few.add({hour * 3600: (1, 1) for hour in range(12)})
    assert few.usual_pause_s is None


def test_a_silence_that_ended_is_told_by_the_nodes_own_rhythm() -> None:
    busy, slow = Pulse(), Pulse()
    assert busy.add({minute * 60: (60, 50) for minute in range(60)}) == []
    assert busy.add({3600 + 480: (60, 50)}) == [Outage(Witness.LOG_GAP, 3600, 4080)]
    assert slow.add({minute * 60: (1, 1) for minute in range(0, 240, 2)}) == []
    assert slow.add({14_400 + 480: (1, 1)}) == []
    busy.lose_track()
    assert busy.add({90_000: (60, 50)}) == [], "lines may be missing in between"


def test_transfers_end_what_doors_and_check_ins_saw() -> None:
    api, ping, stop = Outage(Witness.API_DOWN, 100, None), Outage(Witness.PING_FAILED, 100, 3000), Outage(Witness.PROCESS, 100, 200)
    flowing = [float(at) for at in range(60, 6000, 60)]
    assert without_contradicted([api, ping, stop], flowing) == (Outage(Witness.API_DOWN, 5940, None), stop)
    moment = Outage(Witness.PING_FAILED, 100, 100)
    assert without_contradicted([moment], [60.0, 180.0]) == (), "a check-in that fails while customers are served is no time away"
    assert without_contradicted([moment], [60.0, 400.0]) == (moment,)
    assert without_contradicted([api, ping], [40.0, 4000.0]) == (Outage(Witness.API_DOWN, 4000, None), ping)


times = st.integers(0, 20_000)
outage = st.builds(
    lambda witness, a, length: Outage(witness, float(a), float(a) if witness in MARKS else None if length is None else float(a + length)),
    st.sampled_from(list(Witness)),
    times,
    st.one_of(st.none(), st.integers(1, 3000)),
)
outages = st.lists(outage, max_size=10)
starts = st.lists(st.tuples(times, st.integers(1, 600)).map(lambda pair: (float(pair[0]), float(pair[0] + pair[1]))), max_size=3)


@settings(deadline=None)
@given(outages, starts, st.one_of(st.none(), times), st.randoms(use_true_random=False))
def test_spans_need_no_order_do_not_overlap_and_hold_their_evidence(
    some: list[Outage], starting: list[tuple[float, float]], known_from: int | None, dice: object
) -> None:
    found = spans(some, starting, known_from, 30_000.0)
    shuffled = [*some, *some]
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert spans(shuffled, [*reversed(starting), *starting], known_from, 30_000.0) == found
    for a, b in zip(found, found[1:], strict=False):
        assert a.until_at is not None and a.from_at < a.until_at <= b.from_at
    for span in found:
        end = 30_000.0 if span.until_at is None else span.until_at
        for witness in span.evidence:
            if span.state is UptimeState.DOWN:
                assert any(
                    one.witness is witness and one.from_at <= end + 90 and (one.until_at is None or one.until_at >= span.from_at - 90)
                    for one in some
                )
    if known_from is not None and found and found[0].from_at >= known_from:
        assert all(a.until_at == b.from_at for a, b in zip(found, found[1:], strict=False)), "no gap once it is known"
    down = sum((d.until_at if d.until_at is not None else 30_000.0) - d.from_at for d in downtimes(some))
    told = sum((s.until_at if s.until_at is not None else 30_000.0) - s.from_at for s in found if s.state is not UptimeState.UP)
    assert told == pytest.approx(down)


def test_limits() -> None:
    assert silence_limit_s(1.0) == 180.0
    assert silence_limit_s(90.0) == 1800.0
