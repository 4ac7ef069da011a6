"""What a running monitor says of the answers of each case: scores, space, money, contact, and what it does not know."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from cases.case_rig import Case, World, content, unix, world

NOON = "2026-11-30T12:00:00Z"
US1 = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
SATELLITES = {"us1", "eu1", "ap1", "saltlake"}
GB, TB = 10**9, 10**12


def satellites(case: Case, question: str, count: int = 4) -> dict[str, dict[str, Any]]:
    """Rows by the satellite's name, when there are so many and each of them is told in full or said to be unknown."""

    def rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
        return [row for row in answer["rows"] if row.get("satellite")]

    def is_whole(row: dict[str, Any]) -> bool:
        return bool(row.get("unknown") or row.get("now") or row.get("joined_at"))

    found = case.wait(question, lambda answer: len(rows(answer)) == count and all(map(is_whole, rows(answer))))
    return {row["name"]: row for row in rows(found)}


def fleet(case: Case, question: str) -> dict[str, Any]:
    row: dict[str, Any] = next(row for row in case.get(question)["rows"] if row["kind"] == "fleet")
    return row


def compared(case: Case) -> dict[str, Any]:
    """The sum of earnings, when the node's own estimate is beside it."""
    case.wait("earnings", lambda answer: any(row["kind"] == "fleet" and row["comparison"] for row in answer["rows"]))
    return fleet(case, "earnings")


def test_31_negative_used_space_is_named_and_left_out(tmp_path: Path) -> None:
    with Case(tmp_path, "31-negative-used", NOON, None, world("31-negative-used")) as case:
        case.wait("storage", lambda answer: any(row["kind"] == "node" and row["reported"] for row in answer["rows"]))
        row, everything = case.row("storage"), fleet(case, "storage")
        assert (row["used"], row["free"], row["pieces"], row["unpaid"], row["bar"]) == (None, None, None, None, [])
        assert row["allocated"]["value"] == 500 * GB and row["reported"]["value"] == 270 * GB
        [nonsense] = row["impossible"]
        assert nonsense["value"] == -1_099_511_627_776 and "impossible" in nonsense["text"]
        assert (everything["used"], everything["free"], everything["unpaid"], everything["bar"]) == (None, None, None, [])
        assert everything["reported"]["value"] == 270 * GB
        assert all(one["levels"] == [] for one in [*row["forecasts"], *everything["forecasts"]])
        assert any("impossible" in remark for remark in case.row("health")["warnings"])
        assert case.gauge("storj_monitor_node_impossible_values") == 1
        assert case.gauge("storj_monitor_node_space_bytes", part="free") is None


def test_32_never_reached_by_a_satellite(tmp_path: Path) -> None:
    with Case(tmp_path, "32-never-pinged", NOON, None, world("32-never-pinged")) as case:
        node = case.state("at_risk")
        assert "No satellite has ever reached this node" in node["node_state_reason"] and "28967" in node["node_state_reason"]
        assert {reason["code"] for reason in node["reasons"]} >= {"no_contact", "quic"}
        health = case.row("health")
        assert health["last_contact"]["value"] is None and health["last_contact"]["source"] == "api"  # known: never
        assert health["quic"]["value"] == "Misconfigured"
        assert not health["all_healthy"]
        severities = {row["metric"]: row["severity"] for row in case.findings("no_contact", "quic")}
        assert severities == {"no_contact": "critical", "quic": "warning"}
        assert case.gauge("storj_monitor_node_state", state="at_risk") == 1


def test_34_money_of_satellites_that_are_gone(tmp_path: Path) -> None:
    with Case(tmp_path, "34-paystubs-gone-satellites", NOON, None, world("34-paystubs-gone-satellites")) as case:
        answer = case.wait("earnings", lambda answer: len(answer["paystubs"]) == 7)
        names = ("earned", "held", "disposed", "paid", "distributed", "undistributed")
        months = {month["period"]: {name: month[f"{name}_usd_micros"] / 1e6 for name in names} for month in answer["months"]}
        assert months == {
            "2026-10": {"earned": 3.0, "held": 0.0, "disposed": 1.0, "paid": 4.0, "distributed": 0.0, "undistributed": 4.0},
            "2026-09": {"earned": 4.0, "held": 0.0, "disposed": 0.0, "paid": 4.0, "distributed": 4.12, "undistributed": 0.0},
            "2023-05": {"earned": 5.25, "held": 0.75, "disposed": 0.0, "paid": 4.5, "distributed": 4.5, "undistributed": 0.0},
        }
        assert fleet(case, "earnings")["balance"]["undistributed_usd_micros"] == 4_000_000
        rows = list(csv.DictReader(io.StringIO(case.text("/api/v1/earnings.csv"))))
        assert len(rows) == 7
        assert {row["satellite"] for row in rows} == {"us1", "eu1", "europe-north-1", "us2", "stefan-benten"}
        assert {stub["name"] for stub in answer["paystubs"]} == {row["satellite"] for row in rows}
        assert round(sum(float(row["paid_usd"]) for row in rows), 2) == 12.5


def test_36b_one_satellite_whose_answer_fails(tmp_path: Path) -> None:
    with Case(tmp_path, "36b-one-satellite-500", NOON, None, world("36b-one-satellite-500")) as case:
        scores, money = satellites(case, "reputation"), satellites(case, "earnings")
        assert set(scores) == set(money) == SATELLITES
        for name in SATELLITES - {"ap1"}:
            assert scores[name]["audit_score"]["value"] == 1.0 and scores[name]["unknown"] is None
            assert money[name]["now"]["payout_usd_micros"] > 0 and money[name]["unknown"] is None
        assert "HTTP 500" in scores["ap1"]["unknown"] and "HTTP 500" in scores["ap1"]["reason"]
        assert "HTTP 500" in money["ap1"]["unknown"] and money["ap1"]["now"] is None
        everything = compared(case)
        assert [one["name"] for one in everything["left_out_satellites"]] == ["ap1"]
        assert everything["now"]["payout_usd_micros"] == sum(row["now"]["payout_usd_micros"] for row in money.values() if row["now"])
        assert any("leaves out ap1" in reason for reason in everything["comparison"]["reasons"])
        assert case.findings("route")


def test_38_disqualified_on_one_of_four(tmp_path: Path) -> None:
    with Case(tmp_path, "38-disqualified", NOON, None, world("38-disqualified")) as case:
        scores, money = satellites(case, "reputation"), satellites(case, "earnings")
        first, *others = case.get("reputation")["rows"]
        assert (first["name"], first["standing"]) == ("us1", "disqualified")
        assert first["disqualified_at"]["value"] == pytest.approx(unix("2026-10-05T04:08:36Z"), abs=1)
        assert len(scores) == 4 and [row["standing"] for row in others] == ["healthy"] * 3
        assert money["us1"]["now"]["payout_usd_micros"] == 0 and "Disqualified" in money["us1"]["notes"][0]
        everything = fleet(case, "earnings")
        assert everything["now"]["payout_usd_micros"] == sum(row["now"]["payout_usd_micros"] for row in money.values()) > 0
        node = case.state("at_risk")
        assert node["node_state_reason"].startswith("us1: Disqualified")
        assert [reason["code"] for reason in node["reasons"]] == ["disqualified"]  # the 500 about us1 is no trouble of the API
        api = next(endpoint for endpoint in case.row("health")["endpoints"] if endpoint["endpoint"] == "api")
        assert (api["status"], api["routes"]) == ("ok", [])
        assert case.findings("disqualified")[0]["severity"] == "critical"


def test_43_a_log_at_level_error_does_not_tell_transfers(tmp_path: Path) -> None:
    with Case(tmp_path, "43-log-level-error", "2026-11-30T10:00:00Z", world=world("43-log-level-error")) as case:
        node = case.state("ok")  # neither silent nor failing
        assert node["log"]["level"] == "ERROR" and not node["log"]["transfers"]
        [remark] = node["log"]["warnings"]
        assert "counters know them" in remark["text"]
        [downloads] = case.get("actions")["rows"]
        assert (downloads["failed"], downloads["success"], downloads["unrated"]) == (18, None, 18)
        assert case.wait("health", lambda answer: answer["rows"][0]["transfers"])["rows"][0]["transfers"]["source"] == "metrics"
        assert [row["severity"] for row in case.findings("log_level")] == ["info"]  # and no change, no silence
        assert case.downtimes() == [] and case.row("health")["uptime"]["state"] == "up"
        assert case.gauge("storj_monitor_log_tells_transfers") == 0
        assert case.gauge("storj_monitor_transfers_last_hour", outcome="success") is None
        assert "success rates" in case.stats["remarks"][0] and "GET down success" not in case.stats["transfers"]


def test_43_a_log_at_level_error_alone_knows_nothing_of_traffic_and_says_so(tmp_path: Path) -> None:
    with Case(tmp_path, "43-log-level-error", "2026-11-30T10:00:00Z") as case:
        why = case.wait("nodes", lambda answer: answer["rows"][0]["log"]["unknown_reason"])["rows"][0]["log"]["unknown_reason"]
        assert why.startswith("Unknown: the log is at level ERROR, which has no lines of successful transfers.")
        for question in ("traffic?from=-12h", "actions", "satellites"):
            answer = case.get(question)
            assert (answer["unknown"], answer["left_out"]) == (why, ["mine"]), question
        successes = [one for one in case.get("traffic?from=-12h")["series"] if one["outcome"] == "success"]
        assert {one["direction"] for one in successes} == {"up", "down"}
        assert all(set(one["count"]) == set(one["bytes"]) == {None} for one in successes)
        [row] = case.get("satellites?from=-12h")["rows"]
        assert (row["get"], row["up_bytes"], row["down_bytes"]) == ([None, 0, 18], None, None)


def test_an_api_alone_knows_nothing_of_single_transfers(tmp_path: Path) -> None:
    with Case(tmp_path, "32-never-pinged", NOON, None, world("32-never-pinged")) as case:
        answer = case.get("traffic")
        assert answer["unknown"].startswith("Unknown: this node has no log in the settings") and answer["left_out"] == ["mine"]


def test_47_the_api_tells_when_the_node_started_again(tmp_path: Path) -> None:
    with Case(tmp_path, "47-error-level-restart", "2026-11-30T10:50:00Z", world=world("47-error-level-restart")) as case:
        case.wait("health", lambda answer: answer["rows"][0]["started_at"])
        [(begin, end, is_certain)] = case.downtimes()
        assert (begin, end, is_certain) == (unix("2026-11-30T06:00:00Z"), pytest.approx(unix("2026-11-30T06:01:10Z"), abs=2), True)
        case.state("ok")


def old_world(version: str, satellite: dict[str, Any], estimate: dict[str, Any]) -> World:
    """A node of one satellite whose version has neither `/pricing` nor what came later."""
    documents = json.loads(content("31-negative-used", "world.json"))
    node = documents["/api/sno/"]
    node |= {"version": version, "allowedVersion": version, "satellites": node["satellites"][:1]}
    node["diskSpace"] = {"used": 300 * GB, "available": 5 * TB, "trash": GB, "overused": 0}
    together = {"storageDaily": None, "bandwidthDaily": None, "audits": [{**satellite["audits"]}], "earliestJoinedAt": None}
    kept = {key: value for key, value in documents.items() if not key.startswith("/api/sno")}
    return World(
        kept
        | {
            "/api/sno/": node,
            "/api/sno/satellites": together,
            "/api/sno/estimated-payout": estimate,
            f"/api/sno/satellite/{US1}": satellite,
            f"/api/sno/estimated-payout?id={US1}": estimate,
        }
    )


def test_earnings_of_an_old_node_whose_reports_are_late(tmp_path: Path) -> None:
    """Day 3, one day reported: by time gone by the month would bring $2.91."""
    told = json.loads(content("peer-earnings-lag", "earnings_old_node_day3.json"))
    raw, answer = told["raw"], told["node_answer_old"]
    satellite = {
        "id": US1,
        "storageDaily": answer["storageDaily"],
        "bandwidthDaily": [
            {
                "egress": {"repair": day["Repair"], "audit": day["Audit"], "usage": day["Usage"]},
                "ingress": {"repair": 0, "usage": 0},
                "delete": 0,
                "intervalStart": day["Start"],
            }
            for day in raw["BW"]
            if day["Start"] >= "2026-04-01"
        ],
        "audits": {"auditScore": 1, "suspensionScore": 1, "onlineScore": 1, "satelliteName": "us1.storj.io:7777"},
        "auditHistory": {"score": 1, "windows": None},
        "priceModel": {
            "EgressBandwidth": raw["Egress"],
            "RepairBandwidth": raw["Repair"],
            "AuditBandwidth": raw["Audit"],
            "DiskSpace": raw["Disk"],
        },
        "nodeJoinedAt": raw["Joined"],
    }
    with Case(tmp_path, "peer-earnings-lag", raw["Now"], None, old_world("1.150.1", satellite, answer["estimate"])) as case:
        row = satellites(case, "earnings", 1)["us1"]
        assert row["month_end"]["payout_usd_micros"] == pytest.approx(6_510_000, abs=10_000)
        assert row["expected_usd_micros"] == pytest.approx(6_510_000, abs=10_000)
        everything = compared(case)
        assert everything["month_end"]["payout_usd_micros"] == pytest.approx(6_510_000, abs=10_000)
        assert everything["comparison"]["agrees"]
        case.state("ok")
        assert [row for row in case.get("findings")["rows"] if row["severity"] != "info"] == []


def test_what_an_old_answer_lacks_is_unknown(tmp_path: Path) -> None:
    satellite = json.loads(content("peer-v1.55-answer", "api_v1.55_no_atRestTotalBytes.json"))
    nothing = dict.fromkeys(("egressBandwidth", "egressBandwidthPayout", "diskSpace", "diskSpacePayout", "heldRate", "payout", "held"), 0)
    estimate = {"currentMonth": nothing, "previousMonth": nothing, "currentMonthExpectations": 0}
    with Case(tmp_path, "peer-v1.55-answer", NOON, None, old_world("1.55.1", satellite, estimate)) as case:
        case.wait("reputation", lambda answer: answer["rows"] and answer["rows"][0]["joined_at"])
        satellites(case, "earnings", 1)
        for row in (case.row("storage"), fleet(case, "storage")):
            assert row["used"]["value"] == 301 * GB
            assert (row["reported"], row["reported_month"], row["unpaid"]) == (None, None, None)
        assert fleet(case, "earnings")["unpaid"] is None
        assert case.gauge("storj_monitor_node_space_bytes", part="reported") is None
