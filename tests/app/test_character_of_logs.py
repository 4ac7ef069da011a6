"""What kind of log a node has comes into memory with the sums, and again after a restart that reads nothing new."""

from __future__ import annotations

import time
from pathlib import Path

from app_rig import Rig, line
from plain import plain

from storj_monitor.model.log_character import LogTrouble
from storj_monitor.views.tables import node_row


def test_a_log_above_info_is_known_at_once_and_after_a_restart(tmp_path: Path) -> None:
    log = tmp_path / "node.log"
    now = time.time()
    log.write_bytes(b"".join(line(now - 60 * i, i, "download failed", "GET") for i in range(40, 0, -1)))
    for _ in range(2):
        with Rig(tmp_path, {"oak": log}) as rig:
            node = rig.state.nodes["oak"]
            rig.until(lambda node=node: node.character.lines == 40, "the lines of the log")  # type: ignore[misc]
            row = plain(node_row(node, "", ""))["log"]
            assert isinstance(row, dict)
            assert (row["level"], row["transfers"], row["above_info"], row["understood_pct"]) == ("ERROR", False, True, 100.0)
            assert [warning["trouble"] for warning in row["warnings"]] == [LogTrouble.ABOVE_INFO]


def test_a_log_that_is_not_understood_is_told(tmp_path: Path) -> None:
    log = tmp_path / "node.log"
    log.write_bytes(b"root:x:0:0:root:/root:/bin/bash\n" * 50)
    with Rig(tmp_path, {"oak": log}) as rig:
        node = rig.state.nodes["oak"]
        rig.until(lambda: bool(node.character.warnings()), "a word about the log")
        assert [warning.trouble for warning in node.character.warnings()] == [LogTrouble.NOT_UNDERSTOOD]
