"""All tests: with which performance flags monitors are made (STORJ_TEST_FLAGS, see flags), and in which order (STORJ_TEST_ORDER=SEED)."""

from __future__ import annotations

import os
from random import Random

import pytest
from flags import chosen, flag_environment

ORDER = "STORJ_TEST_ORDER"


def pytest_configure(config: pytest.Config) -> None:
    """Processes that tests start have the flags from here, where they do not choose their own."""
    os.environ.update(flag_environment())


def pytest_report_header(config: pytest.Config) -> str:
    return f"flags: {chosen() or 'defaults'}; order: {os.environ.get(ORDER) or 'as written'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a random order: modules, and the tests within each, so that what a module makes is made once."""
    seed = os.environ.get(ORDER)
    if not seed:
        return
    random = Random(seed)
    modules: dict[str, list[pytest.Item]] = {}
    for item in items:
        modules.setdefault(item.nodeid.partition("::")[0], []).append(item)
    order = list(modules)
    random.shuffle(order)
    for module in order:
        random.shuffle(modules[module])
    items[:] = [item for module in order for item in modules[module]]
