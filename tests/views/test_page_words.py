"""Every figure that the page lists for a node has words on it: what it is, what is normal, what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storj_monitor.views.topic_renderers import HELPS

PANELS = Path(__file__).parents[2] / "web" / "src" / "panels"
FACT = re.compile(r'\b(?:one|computed|plain)\(\s*"(\w+)"')
BY_ANOTHER_NAME = {"audits": "missed_audits", "joined_at": "vetting", "vetted_at": "vetting"}


@pytest.mark.parametrize(("panel", "topic"), [("ReputationDetail", "reputation"), ("HealthDetail", "health")])
def test_every_fact_has_help(panel: str, topic: str) -> None:
    shown = set(FACT.findall((PANELS / f"{panel}.svelte").read_text(encoding="utf-8")))
    assert len(shown) > 8
    assert {BY_ANOTHER_NAME.get(one, one) for one in shown} <= set(HELPS[topic])
