"""A log above INFO tells nothing of successes: nothing is judged by it, and what was raised ends."""

from __future__ import annotations

from dataclasses import replace

from analytics_engine.fleet import Fault, Fleet
from analytics_engine.runs import BEGIN_S, engine_for

from storj_monitor.model.analytics import FindingState


def test_a_log_that_became_mute_is_not_judged() -> None:
    """All transfers go, as at a change of the level: silence is found, and ends once the level is known."""
    fault = Fault(BEGIN_S + 40 * 60, rate=0.0)
    fleet = Fleet(7, nodes={"oak": 1.0}, satellites={"us1": (9.0, 6.0), "eu1": (9.0, 6.0)}, faults=[fault])
    engine = engine_for(fleet)
    at_s = BEGIN_S
    while not engine.findings():
        engine.tick(at_s + 75, fleet.minute(at_s))
        at_s += 60
        assert at_s < BEGIN_S + 3600, "silence was not found at all"
    [found] = engine.findings()
    for _ in range(30):
        last = engine.tick(at_s + 75, [replace(one, mute=True) for one in fleet.minute(at_s)])
        for finding in last.findings:
            assert finding.state is FindingState.RESOLVED
        at_s += 60
    assert engine.findings() == ()
    # and judged again when it tells
    again = [engine.tick(at_s + 60 * i + 75, [replace(one, mute=False) for one in fleet.minute(at_s + 60 * i)]) for i in range(30)]
    assert any(finding.subject == found.subject for result in again for finding in result.findings)
