"""What a running monitor says of the logs of each case: compactions, errors, times away, states."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cases.case_rig import Case, content, unix

US1 = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
SALTLAKE = "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE"


def test_04_an_entry_with_a_caller_and_a_stack_is_one_error(tmp_path: Path) -> None:
    with Case(tmp_path, "04-console-caller-stack", "2025-12-10T10:31:00Z") as case:
        errors = {row["message"]: row for row in case.get("errors")["rows"]}
        assert set(errors) == {"system clock is out of sync with satellite", "failure during run", "Unrecoverable error"}
        assert errors["system clock is out of sync with satellite"]["satellite"] == SALTLAKE
        assert {row["count"] for row in errors.values()} == {1}
        assert [row["first"] for row in errors.values()] == [unix("2025-12-10T09:51:06Z")] * 3
        [uploads] = case.get("actions")["rows"]
        assert (uploads["action"], uploads["direction"], uploads["success"]) == ("PUT", "up", 1)
        traffic = case.get("traffic?from=2025-12-10T10:00:00Z")
        [counts] = [one["count"] for one in traffic["series"] if one["outcome"] == "success"]
        assert [at for at, count in zip(traffic["times"], counts, strict=True) if count] == [unix("2025-12-10T10:30:00Z")]
        node = case.node()
        assert (node["understood"], node["ignored"], node["not_understood"]) == (5, 12, 0)
        assert case.stats["not_understood"] == 0
        assert case.findings("clock")[0]["severity"] == "warning"


def test_08_a_dying_disk_is_told_in_every_way(tmp_path: Path) -> None:
    with Case(tmp_path, "08-disk-io-panic", "2026-11-30T06:46:00Z") as case:
        actions = {row["action"]: row for row in case.get("actions")["rows"]}
        assert (actions["GET_AUDIT"]["failed"], actions["GET_AUDIT"]["success"]) == (1, 0)
        errors = {row["message"]: row for row in case.get("errors")["rows"]}
        assert set(errors) == {
            "download failed (GET_AUDIT)",
            "Unable to read the disk, please verify the disk is not corrupt",
            "emptying trash failed",
            "panic",
        }
        assert errors["panic"]["count"] == 1
        assert errors["download failed (GET_AUDIT)"]["class"] == "data or disk"
        assert "input/output error" in errors["download failed (GET_AUDIT)"]["sample"]
        [(begin, end, is_certain)] = case.downtimes()
        assert (begin, end, is_certain) == (pytest.approx(unix("2026-11-30T06:10:05Z"), abs=1), unix("2026-11-30T06:25:00Z"), True)
        [downtime] = case.get("health")["downtimes"]
        assert "process" in downtime["witnesses"]
        unread = [row["message"] for row in case.get("logs")["rows"] if row["kind"] == "not_understood"]
        assert unread in ([], ["Unable to read the disk, please verify the disk is not corrupt"])
        assert case.state("at_risk")["reasons"][0]["code"] == "severe_data"
        said = [row["title"] for row in case.findings("severe_data")]
        assert any("Unable to read the disk" in title for title in said) and any("emptying trash failed" in title for title in said)


def test_11_a_node_that_never_starts_again_says_why_first(tmp_path: Path) -> None:
    with Case(tmp_path, "11-hashstore-logslots", "2026-11-30T04:00:00Z") as case:
        assert case.downtimes() == [(unix("2026-11-30T02:30:05Z"), None, True)]
        uptime = case.row("health")["uptime"]
        assert (uptime["state"], uptime["certain"], uptime["failed_starts"]) == ("down", True, 4)
        assert "logSlots calculation mismatch" in uptime["last_messages"][0]["text"]
        first = case.get("errors")["rows"][0]
        assert "logSlots calculation mismatch" in first["template"] and first["count"] == 4
        node = case.state("down")
        assert node["node_state_since"] == unix("2026-11-30T02:30:05Z")
        assert "logSlots calculation mismatch" in node["node_state_reason"] and "4" in node["node_state_reason"]
        assert "logSlots calculation mismatch" in case.findings("stopped")[0]["title"]
        assert case.gauge("storj_monitor_node_state", state="down") == 1
        assert case.gauge("storj_monitor_node_failed_starts") == 4


def test_11_the_same_as_docker_compose_shows_it(tmp_path: Path) -> None:
    log = b"".join(b"storagenode-1  | " + line for line in content("11-hashstore-logslots", "node.log").splitlines(keepends=True))
    with Case(tmp_path, "11-hashstore-logslots", "2026-11-30T04:00:00Z", log) as case:
        uptime = case.row("health")["uptime"]
        assert (uptime["state"], uptime["since"], uptime["failed_starts"]) == ("down", unix("2026-11-30T02:30:05Z"), 4)
        assert "logSlots calculation mismatch" in uptime["last_messages"][0]["text"]
        assert case.node()["not_understood"] == 0


@pytest.mark.parametrize("name", ["node.log", "docker-json.log", "k8s-cri.log"])
def test_22_compactions_end_in_three_ways(name: str, tmp_path: Path) -> None:
    with Case(tmp_path, "22-hashstore-v1122", "2026-11-30T07:40:00Z", name) as case:
        answer = case.wait("compactions", lambda answer: len(answer["rows"]) == 3)
        rows = {(row["name"], row["store"]): row for row in answer["rows"]}
        done, failed, broken = rows["eu1", "s0"], rows["saltlake", "s1"], rows["us1", "s1"]
        assert (done["state"], done["duration_s"]) == ("done", pytest.approx(197, abs=1))
        assert (done["reclaimed"], done["trashed"], done["expired"]) == ("2.0 GiB", "391.0 MiB", "3.3 GiB")
        assert failed["state"] == "failed" and "no space left on device" in failed["error"]
        assert broken["state"] == "broken_off" and "restart" in broken["error"]


def test_23_runs_of_garbage_collection(tmp_path: Path) -> None:
    with Case(tmp_path, "23-gc-windows-and-debug", "2024-07-08T00:00:00Z") as case:
        assert case.node()["understood"] == 44
        [flood] = case.get("errors")["rows"]
        assert (flood["message"], flood["count"]) == ("unable to delete piece", 40)
        answer = case.get("events?from=-90d")
        runs = {row["name"]: row for row in answer["garbage"]}
        assert len(answer["garbage"]) == 2
        idle, debug = runs["saltlake"], runs["us1"]
        assert (idle["state"], idle["pieces"], idle["trashed"]) == ("done", 33_022_028, 0)
        assert idle["duration_s"] == pytest.approx(6 * 3600 + 51 * 60, abs=60)
        assert idle["text"] == "0 of 33,022,028 pieces moved to the trash in 6 h 51 min (filter of 9 June 2024)."
        assert (debug["state"], debug["trashed"]) == ("nothing_moved", 0) and "debug" in debug["text"]
        folded = [row for row in answer["rows"] if row["kind"] == "expired_piece_failed"]
        assert [row["count"] for row in folded] == [40]


def test_47_at_level_error_a_transfer_ends_the_time_away(tmp_path: Path) -> None:
    with Case(tmp_path, "47-error-level-restart", "2026-11-30T10:50:00Z") as case:
        [(begin, end, _)] = case.downtimes()
        assert begin == unix("2026-11-30T06:00:00Z") and end is not None and begin < end <= unix("2026-11-30T06:40:00Z")
        assert case.row("health")["uptime"]["state"] == "up"


def slow(log: bytes) -> bytes:
    """The same node with 40 transfers an hour: every ninth of its transfers, and every other line."""
    lines = log.splitlines(keepends=True)
    transfers = [line for line in lines if b"\tpiecestore\t" in line]
    kept = set(transfers[::9])
    return b"".join(line for line in lines if b"\tpiecestore\t" not in line or line in kept)


@pytest.mark.parametrize(
    ("name", "at", "end"),
    [
        ("busy", "2026-11-30T08:01:00Z", "2026-11-30T07:00:10Z"),
        ("slow", "2026-11-30T08:01:00Z", "2026-11-30T07:00:10Z"),
        ("nine-minutes", "2026-11-30T05:10:00Z", "2026-11-30T04:09:30Z"),
    ],
)
def test_49_a_power_cut_leaves_no_line_and_is_certain(name: str, at: str, end: str, tmp_path: Path) -> None:
    log = slow(content("49-power-cut", "busy.log")) if name == "slow" else f"{name}.log"
    with Case(tmp_path, "49-power-cut", at, log) as case:
        [(begin, until, is_certain)] = case.downtimes()
        assert begin == pytest.approx(unix("2026-11-30T04:00:00Z"), abs=90 if name == "slow" else 10)
        assert (until, is_certain) == (pytest.approx(unix(end), abs=1), True)
        assert case.row("health")["uptime"]["state"] == "up"


def restarted(log: bytes) -> bytes:
    """The service is started again 40 minutes later, and has transfers."""
    first, *rest = log.splitlines(keepends=True)
    later = [first, *rest[:12]]
    return log + b"".join(re.sub(rb"^2026-11-30T05:0\d", b"2026-11-30T06:40", line) for line in later)


def test_51_a_windows_service_that_is_stopped_is_away(tmp_path: Path) -> None:
    with Case(tmp_path, "51-windows-service-stop", "2026-11-30T03:45:00Z", "stopped.log") as case:
        assert case.downtimes() == [(unix("2026-11-30T03:00:05Z"), None, True)]
        assert case.get("health")["downtimes"][0]["witnesses"] == ["process"]
        assert case.state("down")["node_state_since"] == unix("2026-11-30T03:00:05Z")


def test_51_a_windows_service_that_is_started_again_was_away(tmp_path: Path) -> None:
    log = restarted(content("51-windows-service-stop", "stopped.log"))
    with Case(tmp_path, "51-windows-service-stop", "2026-11-30T03:45:00Z", log) as case:
        [(begin, end, is_certain)] = case.downtimes()
        assert (begin, end, is_certain) == (unix("2026-11-30T03:00:05Z"), pytest.approx(unix("2026-11-30T03:40:00Z"), abs=1), True)
        assert "process" in case.get("health")["downtimes"][0]["witnesses"]


def test_graceful_exit_is_an_event_and_the_standing_at_its_satellite(tmp_path: Path) -> None:
    with Case(tmp_path, "net-gracefulexit-logger", "2026-11-30T11:44:10Z") as case:
        assert case.node()["not_understood"] == 0
        satellite = "12ddwzMN82WRxdSSjK9W5zmQLVoxDZhzuxK87KFauUuBzkJ6Ygi"
        events = [row for row in case.get("events")["rows"] if row["kind"] == "graceful_exit"]
        assert {row["satellite"] for row in events} == {satellite}
        assert "has left this satellite" in events[0]["text"] and "began" in events[-1]["text"]
        answer = case.wait("reputation", lambda answer: answer["rows"])
        [row] = answer["rows"]
        assert (row["satellite"], row["standing"], row["exit"]["state"]) == (satellite, "exited", "completed")
        assert row["audit_score"] is None and row["disqualification_margin"] is None
        node = case.wait("nodes", lambda answer: [one for one in answer["rows"][0]["reasons"] if one["code"] == "left"])["rows"][0]
        [note] = [reason for reason in node["reasons"] if reason["code"] == "left"]
        assert (note["state"], note["subject"], note["since"]) == ("ok", satellite, unix("2026-11-30T11:43:59Z"))


def test_a_graceful_exit_in_progress_is_a_reason_with_its_end(tmp_path: Path) -> None:
    log = content("net-gracefulexit-logger", "node.log").splitlines(keepends=True)
    before = b"".join(line for line in log if line < b"2026-11-30T11:43:59Z")
    with Case(tmp_path, "net-gracefulexit-logger", "2026-11-30T11:44:10Z", before) as case:
        [reason] = case.wait("nodes", lambda answer: [one for one in answer["rows"][0]["reasons"] if one["code"] == "leaving"])["rows"][0][
            "reasons"
        ][:1]
        assert (reason["state"], reason["since"]) == ("warning", unix("2026-11-30T11:41:05Z"))
        assert reason["sentence"].endswith("for 30 days, until 2026-12-30.")
        assert case.findings("leaving")


def test_kill_9_is_a_time_away_with_its_length(tmp_path: Path) -> None:
    with Case(tmp_path, "net-kill9-downtime", "2026-11-30T07:50:00Z") as case:
        assert case.downtimes() == [(unix("2026-11-30T04:39:35Z"), unix("2026-11-30T07:40:05Z"), True)]
        assert case.get("health")["downtimes"][0]["duration_s"] == 10_830


def test_a_score_that_rises_since_its_lowest_is_not_falling(tmp_path: Path) -> None:
    with Case(tmp_path, "net-trend-falling", "2026-11-30T11:49:00Z") as case:
        answer = case.wait("reputation", lambda answer: answer["rows"])
        [row] = answer["rows"]
        assert (row["standing"], row["disqualification_margin"]["trend"], row["disqualification_margin"]["hours_to_disqualification"]) == (
            "healthy",
            "rising",
            None,
        )
        assert "falling" not in row["reason"]
        case.state("ok")
        assert not [row for row in case.get("findings")["rows"] if row["severity"] != "info"]


def test_every_unknown_line_of_v1_162_is_understood(tmp_path: Path) -> None:
    with Case(tmp_path, "net-unknown-lines", "2026-11-30T11:00:10Z") as case:
        node = case.node()
        assert (node["understood"], node["not_understood"]) == (4, 0)


def test_severe_errors_seen_once_are_first_and_findings(tmp_path: Path) -> None:
    with Case(tmp_path, "peer-errors-rare", "2026-11-30T10:46:00Z") as case:
        rows = case.get("errors")["rows"]
        severe = [row for row in rows if row["severity"] == "critical"]
        assert rows[: len(severe)] == severe and rows[len(severe)]["count"] > 1
        said = " ".join(row["sample"] + row["message"] for row in severe)
        for words in ("read-only file system", "database disk image is malformed", "system clock is out of sync"):
            assert words in said
        titles = " ".join(row["title"] for row in case.findings("severe_data", "clock"))
        for words in ("read-only file system", "database disk image is malformed", "clock is out of sync"):
            assert words in titles
        events = {row["kind"]: row for row in case.get("events")["rows"]}
        assert {"graceful_exit", "upload_rejected", "bloom_filter_failed", "configuration_invalid"} <= set(events)
        assert events["upload_rejected"]["count"] == 30
        assert "storage.allocated-disk-spce" in events["configuration_invalid"]["text"]


def test_a_log_that_fell_silent_eight_hours_ago_is_a_node_that_is_down_since_then(tmp_path: Path) -> None:
    busy = content("49-power-cut", "busy.log").splitlines(keepends=True)
    before = b"".join(line for line in busy if line < b"2026-11-30T04:0")
    with Case(tmp_path, "49-power-cut", "2026-11-30T12:00:00Z", before) as case:
        assert case.state("down")["node_state_since"] == pytest.approx(unix("2026-11-30T04:00:00Z"), abs=10)


def test_the_state_of_a_node_does_not_lag_behind_that_of_its_log(tmp_path: Path) -> None:
    """For up to five seconds a node was silent, or its log not tried yet, while Log health said something else."""
    busy = content("49-power-cut", "busy.log").splitlines(keepends=True)
    before = b"".join(line for line in busy if line < b"2026-11-30T04:0")
    with Case(tmp_path, "49-power-cut", "2026-11-30T12:00:00Z", before) as case:
        [row] = case.wait("nodes", lambda answer: answer["rows"][0]["state"] == "live")["rows"]
        assert row["node_state"] == "down"


def test_a_slow_node_in_its_pause_is_not_down(tmp_path: Path) -> None:
    busy = content("49-power-cut", "busy.log").splitlines(keepends=True)
    before = slow(b"".join(line for line in busy if line < b"2026-11-30T04:0"))
    with Case(tmp_path, "49-power-cut", "2026-11-30T05:00:00Z", before) as case:
        assert case.state("warning")["reasons"][0]["code"] == "log_silent"
