"""Results by action: from the log where it tells them, from the node's own counters where it does not, and who told is said."""

from __future__ import annotations

from dataclasses import replace

from plain import plain

from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.node_metrics import Growth, NodeMetrics, Spread, TransferCount
from storj_monitor.model.rollups import Cell
from storj_monitor.model.space import SpaceMetrics
from storj_monitor.views.actions import Counters, NodeActions, action_rows, counters_of

PUT, GET = op_code(Action.PUT, Outcome.SUCCESS), op_code(Action.GET, Outcome.SUCCESS)
GET_FAILED, GET_STARTED = op_code(Action.GET, Outcome.FAILED), op_code(Action.GET, Outcome.STARTED)
UP, UP_CANCELED = op_code(Action.UNKNOWN_UP, Outcome.SUCCESS), op_code(Action.UNKNOWN_UP, Outcome.CANCELED)
SAMPLE = Spread(100, 9.0, p50=0.05, p90=0.2, p99=1.5)
COUNTERS = {
    UP: Growth(90, 9000, 90, 9.0), UP_CANCELED: Growth(10, 50), GET: Growth(200, 4000, 200, 50.0), GET_FAILED: Growth(2),
    GET_STARTED: Growth(205),
}  # fmt: skip


def counted(growth: dict[int, Growth], *sampled: int) -> Counters | None:
    transfers = {op: TransferCount(op, 100, 0, SAMPLE if op in sampled else None) for op in growth}
    return counters_of(growth, NodeMetrics(taken_at=0.0, transfers=transfers, space=SpaceMetrics(taken_at=0.0)))


def cell(count: int, timed: int = 0) -> Cell:
    return Cell(count=count, size_bytes=count * 100, timed=timed, duration_sum_ms=timed * 500, duration_max_ms=500, buckets={})


def test_a_node_without_a_log_is_told_by_its_counters() -> None:
    rows = plain(action_rows([NodeActions({}, 0, counted(COUNTERS, GET, UP))]))
    assert set(rows) == {"UNKNOWN up", "GET down"}
    up, get = rows["UNKNOWN up"], rows["GET down"]
    assert (up["success"], up["canceled"], up["failed"], up["bytes"], up["all_bytes"]) == (90, 10, 0, 9000, 9050)
    assert (get["success"], get["failed"], get["source"], get["timed_source"]) == (200, 2, "metrics", "metrics")
    assert (get["timed"], get["mean_ms"], get["p50_ms"], get["p95_ms"], get["p99_ms"]) == (200, 250.0, 50, None, 1500)


def test_a_log_that_shows_failures_only_is_not_believed_about_rates() -> None:
    """At WARN a log has failures and no success."""
    rows = plain(action_rows([NodeActions({GET_FAILED: cell(2)}, 0, counted(COUNTERS))]))
    assert (rows["GET down"]["success"], rows["GET down"]["failed"], rows["GET down"]["source"]) == (200, 2, "metrics")


def test_each_direction_has_its_own_source() -> None:
    """At INFO a node hides many failed uploads, but no downloads."""
    rows = plain(action_rows([NodeActions({PUT: cell(70, 70), GET: cell(199, 199)}, 1000, counted(COUNTERS))]))
    assert (rows["UNKNOWN up"]["source"], rows["GET down"]["source"]) == ("metrics", "log")
    assert "PUT up" not in rows
    assert (rows["GET down"]["success"], rows["GET down"]["timed"], rows["GET down"]["mean_ms"]) == (199, 199, 500.0)


def test_a_log_without_start_lines_gets_its_durations_from_counters() -> None:
    rows = plain(action_rows([NodeActions({PUT: cell(95), GET: cell(200)}, 0, counted(COUNTERS, GET))]))
    for key, mean, p50 in (("PUT up", 100.0, None), ("GET down", 250.0, 50)):
        assert (rows[key]["source"], rows[key]["timed_source"], rows[key]["mean_ms"], rows[key]["p50_ms"]) == ("log", "metrics", mean, p50)


def test_without_counters_nothing_is_made_up() -> None:
    row = plain(action_rows([NodeActions({GET: cell(5)}, 1000)]))["GET down"]
    assert [row[name] for name in ("timed", "mean_ms", "p50_ms", "timed_source", "resolution_ms")] == [0, None, None, None, None]
    assert plain(action_rows([])) == {}


def test_several_nodes_add_up_and_say_so() -> None:
    rows = plain(action_rows([NodeActions({GET: cell(100, 100)}, 1000), NodeActions({}, 0, counted(COUNTERS, GET))]))
    assert (rows["GET down"]["success"], rows["GET down"]["source"], rows["GET down"]["timed_source"]) == (300, "mixed", "log")
    two = plain(action_rows([NodeActions({}, 0, counted(COUNTERS, GET))] * 2))["GET down"]
    assert (two["success"], two["mean_ms"], two["p50_ms"]) == (400, 250.0, None), "percentiles of two nodes do not add up"


def test_what_is_compared_is_of_the_same_stretch() -> None:
    """Counters are of whole hours; the question was about some minutes."""
    asked = NodeActions({GET: cell(10)}, 0, counted({GET: COUNTERS[GET]}), compared={GET: cell(200)})
    assert (plain(action_rows([asked]))["GET down"]["success"], plain(action_rows([asked]))["GET down"]["source"]) == (10, "log")


def test_successes_of_a_log_above_info_are_unknown() -> None:
    mute = NodeActions({GET_FAILED: cell(18)}, tells_success=False)
    row = plain(action_rows([mute]))["GET down"]
    assert (row["success"], row["failed"], row["bytes"]) == (None, 18, None)
    # another node's log tells, and so do counters
    both = plain(action_rows([mute, NodeActions({GET: cell(5)}, 1000)]))["GET down"]
    assert (both["success"], both["failed"], both["unrated"]) == (5, 18, 18)
    assert plain(action_rows([replace(mute, counters=counted(COUNTERS))]))["GET down"]["success"]


def test_failures_that_only_the_counters_know_are_shown_though_the_log_has_nearly_all() -> None:
    """A recording: 87.8 % by the log at INFO, 83.3 % in truth."""
    failed = op_code(Action.UNKNOWN_UP, Outcome.FAILED)
    log = {PUT: cell(878), op_code(Action.PUT, Outcome.CANCELED): cell(112), op_code(Action.PUT, Outcome.FAILED): cell(10)}
    growth = {
        UP: Growth(878, 0, 0, 0.0),
        op_code(Action.UNKNOWN_UP, Outcome.CANCELED): Growth(112, 0, 0, 0.0),
        failed: Growth(64, 0, 0, 0.0),
    }
    row = plain(action_rows([NodeActions(log, 0, counters_of(growth, None), hides_failures=True)]))["PUT up"]
    assert (row["success"], row["canceled"], row["failed"], row["counters_only"], row["may_hide_failures"]) == (878, 112, 64, 54, False)
    assert row["source"] == "log"


def test_edges_of_the_hour_are_no_hidden_failures() -> None:
    log = {GET: cell(1000), GET_FAILED: cell(97)}
    growth = {GET: Growth(1003, 0, 0, 0.0), GET_FAILED: Growth(100, 0, 0, 0.0)}
    row = plain(action_rows([NodeActions(log, 0, counters_of(growth, None))]))["GET down"]
    assert (row["failed"], row["counters_only"]) == (97, 0)
    more = plain(action_rows([NodeActions(log, 0, counters_of(growth | {GET_FAILED: Growth(150, 0, 0, 0.0)}, None))]))["GET down"]
    assert (more["failed"], more["counters_only"]) == (150, 53)


def test_a_log_at_info_alone_says_what_it_cannot_show() -> None:
    rows = plain(action_rows([NodeActions({PUT: cell(10), GET: cell(10)}, hides_failures=True)]))
    assert rows["PUT up"]["may_hide_failures"] is True and rows["GET down"]["may_hide_failures"] is False
    assert plain(action_rows([NodeActions({PUT: cell(10)})]))["PUT up"]["may_hide_failures"] is False
