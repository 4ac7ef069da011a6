"""Logs of a live network, thinned out, against the list of what was done to its nodes (all times UTC, 2026-11-30)."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from uptime_replay import Replay, clock

from storj_monitor.model.uptime import UptimeState, silence_limit_s
from storj_monitor.reputation_tracker.uptime import node_downtimes, node_uptime

LOGS = Path(__file__).parent.parent / "corpus" / "logs" / "live_thinned"
DISK_FULL, DISQUALIFIED = "v1.162-info-disk-full", "v1.162-info-disqualified"
STORAGE_LOST, EXIT = "v1.162-info-small-allocation-storage-lost", "v1.120-to-v1.162-debug-graceful-exit"

DONE: dict[str, list[tuple[str, str | None, bool]]] = {
    # kill -9 at 10:58:12, start at :32; all nodes stopped at 12:07:09
    DISK_FULL: [("10:58:10", "10:58:33", True), ("12:07:09", None, True)],
    # frozen (SIGSTOP) from 11:49:44 to 11:57:44: the log alone tells of a silence, by the minute
    DISQUALIFIED: [("11:50:00", "11:57:00", False), ("12:07:12", None, True)],
    # restart at 11:01:28; the storage folder empty from 11:18:53, start at 11:21:04; restart at 12:01:08
    STORAGE_LOST: [("11:18:57", "11:21:04", True), ("12:01:08", "12:01:09", True), ("12:07:12", None, True)],
    # kill -9 at 10:59:58, start at 11:04:58; refused for its version from 11:12:18, new version at 11:15:59
    EXIT: [("10:59:58", "11:04:58", True), ("11:12:18", "11:15:59", True), ("12:07:13", None, True)],
}


def log(name: str) -> bytes:
    """All its generations, oldest first."""
    return b"".join(gzip.decompress(path.read_bytes()) for path in sorted(LOGS.glob(f"{name}.*.gz")))


def until(name: str, at: str) -> bytes:
    """Its lines before this moment (and what continues them)."""
    lines = log(name).splitlines(keepends=True)
    end = next(i for i, line in enumerate(lines) if line[:10] == b"2026-11-30" and line[11:19].decode() > at)
    return b"".join(lines[:end])


@pytest.mark.parametrize("chunk_bytes", [3000, 1 << 16])
@pytest.mark.parametrize("name", DONE)
def test_downtimes_are_what_was_done(name: str, chunk_bytes: int) -> None:
    assert Replay().read(log(name), chunk_bytes).downtimes() == DONE[name]


def test_one_satellite_that_is_off_is_no_time_away_of_anybody() -> None:
    # its API was off from 11:16:02 to 11:20:02, and every node said so
    said = log(EXIT)
    assert said.count(b"ping satellite failed") > 10
    for name in DONE:
        for one in node_downtimes(Replay().read(log(name)).node, clock("12:05:00")):
            assert not (clock("11:16:02") <= one.from_at <= clock("11:18:30")), name


def test_a_node_that_is_refused_for_its_version_says_so() -> None:
    state = node_uptime(Replay().read(until(EXIT, "11:14:00")).node, clock("11:14:00"))
    assert (state.state, state.since, state.certain) == (UptimeState.DOWN, clock("11:12:18"), True)
    assert "outdated" in state.reason.lower() or "version" in state.reason.lower()
    assert state.failed_starts == 1


def test_a_storage_folder_that_is_gone_is_the_reason() -> None:
    state = node_uptime(Replay().read(until(STORAGE_LOST, "11:20:00")).node, clock("11:20:00"))
    assert (state.state, state.since, state.certain) == (UptimeState.DOWN, clock("11:18:57"), True)
    assert "storage-dir-verification" in state.reason


def test_a_frozen_node_is_missed_by_its_own_rhythm() -> None:
    replay = Replay().read(until(DISQUALIFIED, "11:49:50"))
    last, pause_s = replay.node.log.transfer_at, replay.node.log.pulse.usual_pause_s
    assert last is not None
    assert pause_s is not None
    limit_s = silence_limit_s(pause_s) + 1
    assert limit_s < 240, "of the log as it was, without what is left out here, it is 180 s"
    assert node_uptime(replay.node, last + limit_s - 2).state is UptimeState.UP
    frozen = node_uptime(replay.node, last + limit_s)
    assert (frozen.state, frozen.since, frozen.certain) == (UptimeState.DOWN, last, False)
    open_one = node_downtimes(replay.node, last + limit_s)[-1]
    assert (open_one.from_at, open_one.until_at, open_one.certain) == (last, None, False)
