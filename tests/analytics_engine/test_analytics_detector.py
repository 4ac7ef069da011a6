"""Detectors: evidence raises, not time; a burst does not; what is raised clears with hysteresis; the gate saves work and loses nothing."""

from __future__ import annotations

import math

import pytest

from storj_monitor.analytics_engine.detector import CLEAR_HOLD_S, MAX_AGE_S, Detector, Stage
from storj_monitor.analytics_engine.levels import Model, Watch, model_of
from storj_monitor.model.analytics import Basis, IllegalMove, Level

SHARE = Level(0.02, 0.004, 0.0, 200, Basis.OVERALL)
RATE = Level(math.log(10.0), 0.15, 0.0, 200, Basis.OVERALL)
SUCCESS = model_of(Watch.SUCCESS, SHARE, None)
SILENCE = model_of(Watch.SILENCE, RATE, None)


def raised_after(detector: Detector, model: Model, n: float, x: float, most: int = 600) -> int | None:
    """Minutes until it raises."""
    for minute in range(most):
        detector.offer(minute * 60, n, x, model)
        if detector.is_raised:
            return minute + 1
    return None


def test_what_is_normal_never_raises() -> None:
    assert raised_after(Detector(Watch.SUCCESS), SUCCESS, 100, 3) is None
    assert raised_after(Detector(Watch.SILENCE), SILENCE, 1, 6) is None


@pytest.mark.parametrize(("n", "bad", "within"), [(100, 10, 6), (10, 5, 3), (2, 2, 4), (2, 1, 10)])
def test_evidence_raises(n: int, bad: int, within: int) -> None:
    found = raised_after(Detector(Watch.SUCCESS), SUCCESS, n, bad)
    assert found is not None
    assert found <= within


def test_silence_takes_as_many_expected_transfers_whatever_the_rate() -> None:
    waits = []
    for rate in (10.0, 2.0, 0.2):
        model = model_of(Watch.SILENCE, RATE._replace(median=math.log(rate)), None)
        waits.append(raised_after(Detector(Watch.SILENCE), model, 1, 0))
    assert waits == [3, 8, 79]


def test_a_burst_of_two_minutes_holds_and_goes() -> None:
    detector = Detector(Watch.SUCCESS)
    stages = []
    for minute in range(30):
        detector.offer(minute * 60, 50, 50 if minute in (5, 6) else 1, SUCCESS)
        stages.append(detector.stage)
    assert Stage.HOLDING in stages
    assert Stage.RAISED not in stages
    assert stages[-1] is Stage.QUIET


def test_the_onset_is_where_the_trouble_began() -> None:
    detector = Detector(Watch.SUCCESS)
    for minute in range(60):
        detector.offer(minute * 60, 20, 6 if minute >= 40 else 0, SUCCESS)
        if detector.is_raised:
            break
    seen = detector.seen()
    assert seen.onset_s == 40 * 60
    assert seen.x / seen.n == pytest.approx(0.3)


def test_clearing_waits_and_goes_back() -> None:
    detector = Detector(Watch.SUCCESS)
    assert raised_after(detector, SUCCESS, 20, 10) is not None
    minute = 100
    while detector.stage is Stage.RAISED:
        detector.offer(minute * 60, 20, 0, SUCCESS)
        minute += 1
    assert detector.stage is Stage.CLEARING
    for _ in range(3):
        detector.offer(minute * 60, 20, 10, SUCCESS)
        minute += 1
    assert detector.stage.value == Stage.RAISED
    begun = None
    while detector.is_raised:
        detector.offer(minute * 60, 20, 0, SUCCESS)
        if detector.stage is Stage.CLEARING and begun is None:
            begun = minute
        minute += 1
    assert begun is not None
    assert (minute - 1 - begun) * 60 >= CLEAR_HOLD_S


def test_the_gate_opens_for_age_only_while_inputs_say_nothing_new() -> None:
    detector = Detector(Watch.SUCCESS)
    computed = [detector.offer(minute * 60, 100, 2, SUCCESS) for minute in range(100, 160)]
    assert sum(computed) == 1 + 59 * 60 // MAX_AGE_S


def test_the_gate_changes_no_finding() -> None:
    """The same minutes through an always open gate raise at the same minute, give or take one."""
    for step in range(1, 20):
        gated, plain = Detector(Watch.SUCCESS), Detector(Watch.SUCCESS)
        at: dict[str, int] = {}
        for minute in range(200):
            bad = 1 + (minute * 7919 % 3) + (step if minute > 100 else 0)
            gated.offer(minute * 60, 40, bad, SUCCESS)
            plain._last_s = -MAX_AGE_S
            plain.offer(minute * 60, 40, bad, SUCCESS)
            for name, one in (("gated", gated), ("plain", plain)):
                if one.is_raised:
                    at.setdefault(name, minute)
        assert at.keys() in (set(), {"gated", "plain"})
        if at:
            assert abs(at["gated"] - at["plain"]) <= 1


def test_illegal_moves_raise() -> None:
    detector = Detector(Watch.SUCCESS)
    detector.resume(0, 10, 5)
    assert detector.stage is Stage.RAISED
    with pytest.raises(IllegalMove):
        detector.resume(0, 10, 5)
