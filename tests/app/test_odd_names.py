"""A log whose name is no UTF-8 is read, kept and shown; the logs of other nodes are not concerned."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec
import pytest
from app_rig import Rig, line
from plain import plain

from storj_monitor.views.tables import node_row


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_such_a_log_goes_all_the_way(tmp_path: Path) -> None:
    odd, oak = tmp_path / "node-\udcff.log", tmp_path / "oak.log"
    now = time.time()
    for log in (odd, oak):
        log.write_bytes(b"".join(line(now - i, i) for i in range(20)))
    for _ in range(2):
        with Rig(tmp_path, {"odd": odd, "bad": Path("/nowhere/\ud800.log"), "oak": oak}) as rig:
            rig.until(lambda rig=rig: rig.stored_lines() == 40, "the lines of both logs in the database")  # type: ignore[misc]
            rig.until(lambda rig=rig: rig.state.nodes["bad"].status.state == "error", "the word about the third")  # type: ignore[misc]
            rows = {name: plain(node_row(node, "", "")) for name, node in rig.state.nodes.items()}
            msgspec.json.encode(rows)
            assert str(rows["odd"]["path"]).endswith("node-\\xff.log")
            assert "PYTHONUTF8" in str(rows["bad"]["detail"])
        assert [position.offset for position in rig.positions("odd")] == [odd.stat().st_size]
