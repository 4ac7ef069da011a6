"""Back-pressure as a pure decision: less step by step, back only when it is calm, never to and fro."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storj_monitor.model.load import LoadState, Measures
from storj_monitor.state.load import BOUNDS, CALM_S, LEVELS, TRAIL_S, Judgement, judge

MIB = 1 << 20
N, D, P = LEVELS
HEAVY = Measures(lag_bytes=BOUNDS[P].lag_bytes.up)  # type: ignore[arg-type]

MEASURES = st.builds(
    Measures,
    st.one_of(st.integers(0, 1 << 34), st.sampled_from([4 * MIB, 8 * MIB, 32 * MIB, 64 * MIB])),
    st.integers(0, 2),
    st.floats(0, 3),
)
LOOKS = st.lists(st.tuples(st.floats(0.1, 3.0), MEASURES), max_size=60)


def after(looks: list[tuple[float, Measures]], judgement: Judgement | None = None, now: float = 0.0) -> list[tuple[float, Judgement]]:
    """All judgements, each with its time."""
    judgement = judgement or Judgement()
    made = []
    for step, measures in looks:
        now += step
        judgement = judge(judgement, measures, now)
        made.append((now, judgement))
    return made


def states(*looks: tuple[float, Measures]) -> list[LoadState]:
    return [judgement.load.state for _, judgement in after(list(looks))]


def over(state: LoadState, measures: Measures, *, low: bool) -> bool:
    """Written anew, not taken from the code under test."""
    lag, commits, loop = measures
    table = {
        (D, False): (8 * MIB, 2, 0.25), (D, True): (4 * MIB, 2, 0.1), (P, False): (64 * MIB, 99, 1.0), (P, True): (32 * MIB, 99, 0.5),
    }  # fmt: skip
    bounds = table[state, low]
    return lag >= bounds[0] or commits >= bounds[1] or loop >= bounds[2]


def test_a_backlog_comes_and_goes() -> None:
    big, middle, small = Measures(100 * MIB), Measures(40 * MIB), Measures(1 * MIB)
    looks = [(1.0, Measures()), (1.0, big), (1.0, big), (1.0, big), (1.0, middle), *[(1.0, small)] * 6]
    assert states(*looks) == [N, D, P, P, P, P, P, D, D, D, N]


@pytest.mark.parametrize(
    ("measures", "reason"),
    [(Measures(8 * MIB), "lag"), (Measures(0, 2), "commits"), (Measures(0, 0, 0.25), "loop"), (Measures(8 * MIB, 2, 1.0), "lag")],
)
def test_the_reason_is_the_measure(measures: Measures, reason: str) -> None:
    ((_, judgement),) = after([(1.0, measures)])
    assert (judgement.load.state, judgement.load.reason) == (D, reason)


def test_a_slow_disk_alone_never_pauses() -> None:
    assert states(*[(1.0, Measures(0, 2, 0.0))] * 20) == [D] * 20


def test_just_below_a_bound_is_normal() -> None:
    assert states(*[(1.0, Measures(8 * MIB - 1, 1, 0.249))] * 10) == [N] * 10


def test_seconds_left_are_those_of_the_last_seconds() -> None:
    looks = [(1.0, Measures(lag)) for lag in (0, 300, 900, 800, 700, 600)]
    assert [judgement.load.left_s for _, judgement in after(looks)] == [None, None, None, 8.0, 7.0, 6.0]
    assert after([*looks, (1.0, Measures(0))])[-1][1].load.left_s is None
    twice = [(1.0, Measures(lag)) for lag in (900, 900, 700, 700, 500, 500, 300, 300)]  # told every other second
    assert [judgement.load.left_s for _, judgement in after(twice)] == [None, None, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0]
    stands = [(1.0, Measures(lag)) for lag in (900, *[500] * 12)]
    assert [judgement.load.left_s for _, judgement in after(stands)][-4:] == [0.5, 0.5, None, None], "no news for ten seconds"
    assert after([(1.0, Measures(500))] * 5)[-1][1].load.left_s is None  # it does not get less: nobody can tell


@given(LOOKS)
def test_at_most_one_step_a_look_and_each_with_a_cause(looks: list[tuple[float, Measures]]) -> None:
    made = after(looks)
    level = 0
    for (_, measures), (_, judgement) in zip(looks, made, strict=True):
        new = LEVELS.index(judgement.load.state)
        if new > level:
            assert new == level + 1 and over(LEVELS[new], measures, low=False)
        if new < level:
            assert new == level - 1 and not over(LEVELS[level], measures, low=True)
        assert (judgement.load.reason == "") == (new == 0)
        assert judgement.load.measures == measures
        level = new


@given(LOOKS)
def test_a_step_back_follows_only_on_a_calm_stretch(looks: list[tuple[float, Measures]]) -> None:
    made = after(looks)
    level, better_from = 0, float("-inf")
    for (_, measures), (now, judgement) in zip(looks, made, strict=True):
        new = LEVELS.index(judgement.load.state)
        if level and over(LEVELS[level], measures, low=True):
            better_from = float("inf")
        elif better_from == float("inf"):
            better_from = now
        if new < level:
            assert now - better_from >= CALM_S
        if new != level:
            better_from = float("inf")
        level = new


@given(LOOKS, st.floats(0.5, 2.0))
def test_from_wherever_it_stands_it_ends_where_the_measures_say(looks: list[tuple[float, Measures]], step: float) -> None:
    made = after(looks)
    now, judgement = made[-1] if made else (0.0, Judgement())
    assert after([(step, HEAVY)] * 2, judgement, now)[-1][1].load.state is P
    calm = int(2 * (CALM_S + step) / step) + 2
    assert after([(step, Measures())] * calm, judgement, now)[-1][1].load == judge(Judgement(), Measures(), 0.0).load


@given(LOOKS)
def test_memory_is_bounded_and_time_left_is_never_negative(looks: list[tuple[float, Measures]]) -> None:
    for now, judgement in after(looks):
        assert all(now - at <= TRAIL_S for at, _ in judgement.trail)
        left_s = judgement.load.left_s
        assert left_s is None or left_s > 0


@given(st.lists(st.integers(4 * MIB, 64 * MIB - 1), min_size=1, max_size=60))
def test_hovering_around_a_bound_changes_nothing(lags: list[int]) -> None:
    """Between the lower bound of a state and the upper one of the next there is no way out of it."""
    ((_, first),) = after([(1.0, Measures(8 * MIB))])
    assert {judgement.load.state for _, judgement in after([(1.0, Measures(lag)) for lag in lags], first, 1.0)} == {D}
