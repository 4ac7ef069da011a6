"""A score that fell for some minutes and has been rising since does not fall, and no date is made of what is over."""

from __future__ import annotations

import pytest

from storj_monitor.model.figures import Figure, Source
from storj_monitor.model.reputation import Reputation, ScorePoint
from storj_monitor.reputation_tracker.disqualification_margin import DisqualificationMargin, Trend, disqualification_margin
from storj_monitor.reputation_tracker.pieces import RefusedAudits
from storj_monitor.reputation_tracker.report import Standing, report

RECORDED = (  # (seconds of the day, audits, good ones, audit score) of a real node that lost and regained its pieces
    (39047, 0, 0, 1.0),
    (39106, 0, 0, 1.0),
    (39166, 0, 0, 1.0),
    (39227, 0, 0, 1.0),
    (39287, 12, 12, 1.0),
    (39347, 31, 31, 1.0),
    (39406, 53, 53, 1.0),
    (39467, 72, 72, 1.0),
    (39526, 90, 90, 1.0),
    (39587, 111, 111, 1.0),
    (39646, 132, 132, 1.0),
    (39707, 150, 150, 1.0),
    (39766, 168, 168, 1.0),
    (39826, 189, 170, 0.9812077),
    (39886, 201, 180, 0.9794479),
    (39947, 213, 192, 0.9796932),
    (40007, 226, 205, 0.9799556),
    (40067, 243, 221, 0.9793095),
    (40126, 261, 238, 0.9786857),
    (40187, 286, 262, 0.978236),
    (40247, 314, 290, 0.9788372),
    (40307, 339, 314, 0.9783837),
    (40367, 367, 342, 0.9789809),
    (40426, 399, 374, 0.9796432),
    (40487, 436, 410, 0.9793988),
    (40546, 471, 445, 0.9801078),
    (40847, 637, 600, 0.9829653),
    (40906, 679, 642, 0.9836663),
    (40967, 718, 681, 0.9842914),
    (41027, 718, 681, 0.9842914),
    (41087, 813, 776, 0.9857157),
    (41147, 861, 824, 0.9863854),
    (41207, 907, 870, 0.9869978),
    (41267, 950, 913, 0.9875453),
    (41327, 997, 960, 0.9881174),
    (41386, 1044, 1007, 0.9886633),
    (41447, 1090, 1053, 0.9891732),
    (41506, 1133, 1096, 0.9896291),
    (41567, 1183, 1146, 0.9901351),
    (41627, 1225, 1187, 0.9895813),
    (41687, 1278, 1240, 0.9901194),
    (41747, 1331, 1293, 0.9906296),
    (41806, 1385, 1347, 0.9911225),
    (41867, 1436, 1398, 0.9915641),
    (41926, 1492, 1454, 0.9920237),
    (41987, 1546, 1508, 0.9924432),
    (42046, 1602, 1564, 0.992855),
    (42107, 1660, 1622, 0.9932578),
    (42167, 1717, 1679, 0.9936315),
    (42227, 1775, 1737, 0.9939906),
    (42287, 1838, 1800, 0.9943577),
    (42346, 1902, 1864, 0.9947076),
    (42406, 1960, 1922, 0.995006),
    (42467, 2021, 1983, 0.9953017),
    (42526, 2084, 2046, 0.9955887),
)
DAY = 1_796_000_000.0 // 86_400 * 86_400


def points(until_s: int) -> list[ScorePoint]:
    return [
        ScorePoint(DAY + at, DAY + at, score, 1.0, 1.0, total, good, Source.LOG) for at, total, good, score in RECORDED if at <= until_s
    ]


def margin_at(hour: int, minute: int) -> DisqualificationMargin:
    known = points((hour * 60 + minute) * 60 + 59)
    return disqualification_margin(Figure(known[-1].audit_score, Source.LOG, known[-1].until), known, (), known[-1].until)


@pytest.mark.parametrize("minute", range(16, 49))
def test_it_rises_from_its_lowest_point_on(minute: int) -> None:
    found = margin_at(11, minute)
    assert (found.trend, found.hours_to_disqualification) == (Trend.RISING, None)


def test_it_falls_while_it_falls() -> None:
    assert margin_at(11, 4).trend is Trend.FALLING


def test_a_fall_that_goes_on_is_no_recovery_after_one_good_audit() -> None:
    """One bad audit in ten: between two of them the score rises a little."""
    score, good, known = 1.0, 0, []
    for number in range(1, 401):
        bad = number % 10 == 0
        score = score * 0.999 + (0.0 if bad else 0.001)
        good += not bad
        known.append(ScorePoint(DAY + number * 200, DAY + number * 200, score, 1.0, 1.0, number, good, Source.LOG))
    for end in range(380, 400):
        seen = known[:end]
        found = disqualification_margin(Figure(seen[-1].audit_score, Source.LOG, seen[-1].until), seen, (), seen[-1].until)
        assert found.trend is Trend.FALLING and found.hours_to_disqualification is not None


def known_scores(suspension: float) -> Reputation:
    def said(value: float) -> Figure[float]:
        return Figure(value, Source.API, DAY)

    return Reputation(satellite="s", audit_score=said(1.0), suspension_score=said(suspension), online_score=said(1.0), vetted_at=said(DAY))


@pytest.mark.parametrize(
    ("suspension", "refused", "standing", "is_told"),
    [
        (0.55, RefusedAudits(51, DAY - 7200, 0), Standing.SUSPENDED, True),
        (0.95, RefusedAudits(5, DAY - 7200, 5), Standing.WATCH, True),
        (0.95, RefusedAudits(5, DAY - 90_000, 0), Standing.HEALTHY, False),
        (1.0, RefusedAudits(5, DAY - 7200, 5), Standing.HEALTHY, False),  # it was another satellite that asked
        (0.95, None, Standing.HEALTHY, False),
    ],
)
def test_refused_audits_are_told_though_the_log_has_none(
    suspension: float, refused: RefusedAudits | None, standing: Standing, is_told: bool
) -> None:
    made = report(known_scores(suspension), (), DAY, refused=refused)
    assert made.standing is standing
    assert ("by its own counters" in made.reason) == is_told
    if is_told and refused is not None:
        assert f"refused {refused.audits} audits" in made.reason
