"""The last hour is exactly the last hour."""

from __future__ import annotations

from collections import Counter

from builders import EU1, US1, batch, transfer
from hypothesis import given, settings
from hypothesis import strategies as st

from storj_monitor.model.events import Transfer
from storj_monitor.model.ids import Action, Outcome
from storj_monitor.state.accumulator import Accumulator
from storj_monitor.state.live import RING_S, Ring
from storj_monitor.state.windows import WINDOW_S, Window

BEGIN_S = 1_764_158_400

steps = st.lists(
    st.tuples(
        st.integers(0, 1800),  # seconds that pass before the step
        st.lists(
            st.builds(
                transfer,
                time_ms=st.integers(-5400, 30),  # seconds relative to the step's now; replaced below
                satellite=st.sampled_from([US1, EU1]),
                action=st.sampled_from([Action.PUT, Action.GET]),
                outcome=st.sampled_from([Outcome.SUCCESS, Outcome.CANCELED]),
                size=st.integers(0, 1000),
                duration_ms=st.sampled_from([-1, 0, 1000]),
            ),
            max_size=8,
        ),
    ),
    max_size=10,
)


@settings(deadline=None)
@given(steps)
def test_sums_equal_a_recount_of_the_window(steps: list[tuple[int, list[Transfer]]]) -> None:
    window, now, seen = Window(), float(BEGIN_S), []
    for wait, shapes in steps:
        now += wait
        transfers = [t._replace(time_ms=int((now + t.time_ms) * 1000)) for t in shapes]
        seen += transfers
        accumulator = Accumulator("n1")
        accumulator.add(batch(transfers))
        window.add(accumulator.drain(), now)
        window.expire(now)
        oldest = int(now) // 60 * 60 - WINDOW_S
        inside = [t for t in seen if t.time_ms // 60000 * 60 > oldest]
        assert {key: pair[0] for key, pair in window.by_satellite.items()} == Counter((t.satellite, t.op) for t in inside)
        assert sum(pair[1] for pair in window.by_satellite.values()) == sum(t.size_bytes for t in inside)
        assert {op: cell.count for op, cell in window.by_op.items()} == Counter(t.op for t in inside)
        assert sum(sum(cell.buckets.values()) for cell in window.by_op.values()) == sum(t.duration_ms >= 0 for t in inside)
        assert sum(sum(cell.sizes) for cell in window.by_op.values()) == len(inside)
    window.expire(now + WINDOW_S + 120)
    assert (window.by_satellite, window.by_op) == ({}, {})


def test_catching_up_is_not_now() -> None:
    ring, now = Ring(), float(BEGIN_S)
    transfers = [transfer(int((now - 4000) * 1000)), transfer(int((now + 60) * 1000)), transfer(int(now * 1000), size=7)]
    ring.add([one[:8] for one in transfers], now, int((now + 60) * 1000))  # type: ignore[misc]
    up_bytes, down_bytes, up_ops, down_ops = ring.columns(now)
    assert (sum(up_bytes), sum(down_bytes), sum(up_ops), sum(down_ops)) == (7, 0, 1, 0)
    assert up_bytes[-1] == 7
    assert sum(ring.columns(now + RING_S)[0]) == 0


def test_a_clock_that_is_ahead_is_judged_when_its_lines_come() -> None:
    """Also when others have come a moment before, and nobody looks until later."""
    ring, now = Ring(), float(BEGIN_S)
    for ahead_s in (0, 2, 3, 0):
        ring.add([transfer(int((now + ahead_s) * 1000), size=1)[:8]], now, int((now + ahead_s) * 1000))  # type: ignore[list-item]
    assert sum(ring.columns(now + 10)[0]) == 3
