"""Somebody takes away, and gives back, the right to read the log, the database or their folders: it is said, and nothing is lost."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

import pytest
from faults.fault_fleet import Fleet
from faults.fault_processes import Monitor, difference, stored, until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="takes the powers of root away as Linux does")
_DROP_FROM_BOUNDING_SET, _CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 24, 1, 2


def as_everybody() -> None:
    """In the child: to root, too, is forbidden from now on what the modes of files forbid."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            libc.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)


def test_rights_that_come_and_go(tmp_path: Path) -> None:
    database = tmp_path / "data" / "monitor.db"
    with Fleet(tmp_path / "logs", nodes=1, rate=1000) as fleet:
        log = fleet.path("node1")
        log.chmod(0o644)
        fleet.start()
        for how in ("while it runs", "while it is dead"):
            with Monitor(tmp_path, fleet.logs, database=database, before=as_everybody) as monitor:
                monitor.wait_for_lines(fleet.lines())
                for place in (log, log.parent, database, database.parent) if how == "while it runs" else ():
                    mode = place.stat().st_mode
                    place.chmod(0)
                    if place == database.parent:
                        until(lambda: monitor.get("/api/v1/nodes")["rows"][0]["state"] == "error", 30, f"it is said of {place}")
                    fleet.wait_for_lines(500)
                    assert monitor.healthy()
                    place.chmod(mode)
                    monitor.wait_for_lines(fleet.lines())
            log.chmod(0)
            fleet.wait_for_lines(500)
            with Monitor(tmp_path, fleet.logs, database=database, before=as_everybody) as monitor:
                until(lambda: "may not be read" in monitor.text(), 30, "it is said of the log")
                log.chmod(0o644)
                monitor.wait_for_lines(fleet.lines())
        database.chmod(0)
        with Monitor(tmp_path, fleet.logs, database=database, before=as_everybody, wait=False) as monitor:
            assert monitor.end(30) == 3
            assert "this user may not read and write it" in monitor.text()
        database.chmod(0o600)
        fleet.finish()
        with Monitor(tmp_path, fleet.logs, database=database, before=as_everybody) as monitor:
            monitor.wait_for_lines(fleet.lines())
            assert monitor.stop()[0] == 0
        assert difference(stored(database), fleet.truth()) == {}
