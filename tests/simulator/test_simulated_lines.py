"""Simulated lines, read back by nothing but json.loads, hold exactly what their truth declares."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from storj_monitor.simulator.log_formatter import VERSIONS, LogFormatter, go_bytes, go_duration
from storj_monitor.simulator.profile import NodeProfile, demo_profiles
from storj_monitor.simulator.writer import NodeLog, transfer_lines

START_S = 1_790_000_000.0

RESULTS = {
    "uploaded": "up success",
    "upload canceled": "up canceled",
    "upload failed": "up failed",
    "upload started": "up started",
    "downloaded": "down success",
    "download canceled": "down canceled",
    "download canceled (race lost or node shutdown)": "down canceled",
    "download failed": "down failed",
    "download started": "down started",
}
TWIN = ("download canceled", "context canceled")
OLD_KEYS = {"Process", "Piece ID", "Satellite ID", "Action", "Size", "Offset", "Remote Address", "Available Space"}


def entries(data: bytes) -> Iterable[tuple[str, str, str, str, dict[str, Any]]]:
    """(time, level, logger, message, fields) of each line."""
    for raw in data.splitlines():
        if raw.startswith(b"{"):
            fields = json.loads(raw)
            yield fields.pop("T"), fields.pop("L"), fields.pop("N", ""), fields.pop("M"), fields
        else:
            columns = raw.decode().split("\t")
            logger = columns[2] if len(columns) == 5 else ""
            yield columns[0], columns[1], logger, columns[-2], json.loads(columns[-1])


def recount(data: bytes) -> dict[str, Any]:
    """What a reader of the log finds; a race-lost download and its DEBUG twin are one cancel."""
    transfers: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    satellites: Counter[str] = Counter()
    lines = 0
    for _, level, logger, message, fields in entries(data):
        lines += 1
        if logger != "piecestore" or message not in RESULTS or (level == "DEBUG" and message == "download canceled"):
            continue
        fields = {k.lower().replace(" ", "_"): v for k, v in fields.items()}
        key = f"{fields['action']} {RESULTS[message]}"
        transfers[key] += 1
        assert re.fullmatch("[A-Z2-7]{51}[AQ]", fields["piece_id"])
        if not key.endswith("started"):
            sizes[key] += fields["size"]
            satellites[f"{fields['satellite_id']} {fields['action']} {key.split()[2]}"] += 1
    return {"lines": lines, "transfers": dict(transfers), "bytes": dict(sizes), "satellites": dict(satellites)}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("encoding", ["console", "json"])
@pytest.mark.parametrize("debug", [True, False])
def test_truth_equals_a_plain_recount(version: str, encoding: str, debug: bool) -> None:
    profile = NodeProfile(version=version, encoding=encoding, debug=debug, trouble=0.3)
    log = NodeLog(profile, 5, START_S)
    data = b"".join(log.lines(START_S, START_S + 400, rate=12)) + log.drain().data
    found, declared = recount(data), log.truth().as_json()
    assert found["lines"] > 4000
    for what in ("lines", "transfers", "bytes", "satellites"):
        assert found[what] == declared[what]
    assert sum(declared["minutes"].values()) == log.truth().results


def test_a_drained_log_at_debug_pairs_every_start_with_a_result() -> None:
    _, truth = transfer_lines(20_000, rate=150)
    started = sum(n for key, n in truth.transfers.items() if key.endswith("started"))
    assert started == truth.results


def test_minutes_are_those_of_the_lines() -> None:
    data, truth = transfer_lines(8_000, NodeProfile(), rate=20, start_s=START_S)
    minutes: Counter[int] = Counter()
    for time, _, _, message, fields in entries(data):
        if RESULTS.get(message, "started").split()[-1] != "started" and (message, fields.get("error")) != TWIN:
            minutes[int(datetime.fromisoformat(time).timestamp()) // 60] += 1
    declared: Counter[int] = Counter()
    for key, count in truth.minutes.items():
        declared[int(key.split()[0])] += count
    assert declared == minutes
    assert len(minutes) > 3


def test_equal_seeds_give_equal_bytes_and_others_do_not() -> None:
    first, _ = transfer_lines(3_000, seed=3)
    assert first == transfer_lines(3_000, seed=3)[0]
    assert first != transfer_lines(3_000, seed=4)[0]
    logs = [b"".join(NodeLog(demo_profiles(4)[3], 9, START_S).lines(START_S, START_S + 4000, rate=0.5)) for _ in range(2)]
    assert logs[0] == logs[1]


@pytest.mark.parametrize("version", VERSIONS)
def test_vocabulary_of_each_version(version: str) -> None:
    data, _ = transfer_lines(2_000, NodeProfile(version=version))
    keys = {k for _, _, _, _, fields in entries(data) for k in fields}
    if version == VERSIONS[0]:
        assert "piece_id" in keys
        assert not keys & OLD_KEYS
    else:
        assert keys >= OLD_KEYS
        assert "piece_id" not in keys


def test_info_logs_hold_no_debug_line_and_debug_logs_do() -> None:
    levels = {level for _, level, _, _, _ in entries(transfer_lines(2_000, NodeProfile(debug=False))[0])}
    assert "DEBUG" not in levels
    assert "INFO" in levels


def test_traffic_has_every_action_the_four_satellites_and_hot_pieces() -> None:
    data, truth = transfer_lines(60_000, NodeProfile(trouble=0.2))
    assert {key.split()[0] for key in truth.transfers} == {"PUT", "GET", "GET_AUDIT", "GET_REPAIR", "PUT_REPAIR"}
    assert len({key.split()[0] for key in truth.satellites}) == 4
    pieces = Counter(f["piece_id"] for _, _, _, m, f in entries(data) if m == "downloaded")
    assert pieces.most_common(1)[0][1] > 50
    assert sum(1 for n in pieces.values() if n == 1) > 10_000


def test_trouble_lowers_success() -> None:
    def success(trouble: float) -> float:
        log = NodeLog(NodeProfile(trouble=trouble), 1, START_S, chores=False)
        list(log.lines(START_S, START_S + 200, rate=20))
        good = sum(n for k, n in log.truth().transfers.items() if k.endswith("success"))
        return good / log.truth().results

    assert success(0.0) > 0.94
    assert success(0.8) < 0.8


def test_a_day_of_chores_has_whole_compactions_and_a_restart() -> None:
    profile = NodeProfile(busy_chores=True, restart_every_s=30_000)
    log = NodeLog(profile, 2, START_S)
    seen = Counter((n, m) for _, _, n, m, _ in entries(b"".join(log.lines(START_S, START_S + 86_400, rate=0.01, step_s=5))))
    begun = seen["hashstore", "beginning compaction"]
    assert begun > 50
    assert begun - seen["hashstore", "finished compaction"] in (0, 1, 2)
    assert seen["hashstore", "compact once started"] >= begun
    for message in ("Retain job queued", "Prepared to run a Retain request.", "Moved pieces to trash during retain"):
        assert seen["retain", message] > 5
    assert seen["", 'Got a signal from the OS: "terminated"'] == 2
    assert seen["", "Configuration loaded"] == 3
    assert seen["collector", "expired pieces collection completed"] > 20
    assert seen["reputation:service", "node scores updated"] + seen["reputation:service", "node scores worsened"] > 15


def test_shapes_equal_those_of_recorded_lines() -> None:
    modern, old, as_json = (LogFormatter(v, e) for v, e in ((VERSIONS[0], "console"), (VERSIONS[1], "console"), (VERSIONS[0], "json")))
    fields: list[tuple[str, Any]] = [("satellite_id", "1ds2"), ("total_pieces_size", 7), ("lazy_file_walker", True)]
    assert modern.line("INFO", "pieces", "used-space-filewalker completed", fields) == (
        b'\0\tINFO\tpieces\tused-space-filewalker completed\t{"process": "storagenode", "satellite_id": "1ds2", '
        b'"total_pieces_size": 7, "lazy_file_walker": true}\n'
    )
    assert old.line("INFO", "pieces", "used-space-filewalker completed", fields) == (
        b'\0\tINFO\tpieces\tused-space-filewalker completed\t{"Process": "storagenode", "Satellite ID": "1ds2", '
        b'"Total Pieces Size": 7, "Lazy File Walker": true}\n'
    )
    assert as_json.line("INFO", "", "Node x started") == b'{"L":"INFO","T":"\0","M":"Node x started","process":"storagenode"}\n'
    assert old.line("INFO", "lazyfilewalker.gc-filewalker", "starting subprocess", fields[:1]).endswith(
        b'{"Process": "storagenode", "satelliteID": "1ds2"}\n'
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (41.2e-6, "41.2µs"), (0.812460091, "812.460091ms"), (4364.207331902, "1h12m44.207331902s"), (60, "1m0s"), (2, "2s")],
)
def test_go_durations(seconds: float, text: str) -> None:
    assert go_duration(seconds) == text


def test_go_sizes() -> None:
    assert [go_bytes(n) for n in (0, 512, 717 << 20, 131_900_000_000)] == ["0 B", "512 B", "0.7 GiB", "122.8 GiB"]


def test_lines_can_be_compressed_like_archives() -> None:
    data, truth = transfer_lines(500)
    assert gzip.decompress(gzip.compress(data)).count(b"\n") == truth.lines
