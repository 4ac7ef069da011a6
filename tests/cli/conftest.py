"""No setting of whoever runs the tests, and no trace of `main` afterwards."""

from __future__ import annotations

import os
import sys

import pytest


@pytest.fixture(autouse=True)
def as_if_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("STORJ_MONITOR_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # main sets its own: put back afterwards
