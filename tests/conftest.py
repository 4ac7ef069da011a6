"""All tests: with which performance flags monitors are made (STORJ_TEST_FLAGS, see flags), and how long each may take.

They run in a random order (pytest-randomly; `--randomly-seed=N` repeats one), on all cores but for those that measure.
"""

from __future__ import annotations

import os

import pytest
from flags import chosen, flag_environment
from hypothesis import HealthCheck, settings

LONG_LIMIT_S = 7200
SLOWEST_FIRST = ("faults", "e2e", "cases", "app")
"""Folders whose modules take longest begin first, so that no worker is left alone with one of them at the end."""


def pytest_configure(config: pytest.Config) -> None:
    """Processes that tests start have the flags from here, where they do not choose their own."""
    os.environ.update(flag_environment())
    # How long an example takes is the machine's affair; the time limit of the test ends what hangs.
    settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("fast", settings.get_profile("patient"), max_examples=15)
    settings.load_profile("fast" if os.environ.get("STORJ_TEST_FAST") else "patient")


def pytest_report_header(config: pytest.Config) -> str:
    return f"flags: {chosen() or 'defaults'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("long") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LONG_LIMIT_S))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    folder = item.path.parent.name
    return SLOWEST_FIRST.index(folder) if folder in SLOWEST_FIRST else len(SLOWEST_FIRST)
