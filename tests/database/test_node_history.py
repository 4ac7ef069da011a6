"""Histories for charts: the last of each stretch of space, the worst of each stretch of scores, what held before, the newest."""

from __future__ import annotations

from database.database_store import Store

from storj_monitor.database.node_history import (
    AUDIT_WINDOWS,
    SCORE_POINTS,
    SPACE_POINTS,
    STANDINGS,
    audit_history,
    forecast_history,
    score_history,
    space_history,
    standing_history,
)
from storj_monitor.database.node_tables import AUDIT_WINDOW, ESTIMATE_SNAPSHOT, SCORE_POINT, SPACE_POINT, STANDING, Row, Table, write

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
BEGIN = 1_794_960_000_000
END = BEGIN + SPACE_POINTS * HOUR_MS


def put(store: Store, table: Table, rows: list[Row]) -> None:
    store.writer.execute("BEGIN")
    write(store.writer, {table.name: {row[: table.key]: row for row in rows}})
    store.writer.execute("COMMIT")


def space(node: str, at_ms: int, used: int | None) -> Row:
    return (node, at_ms, 100, used, *([None] * 7), "api")


def score(at_ms: int, until_ms: int, audit: float, online: float = 1.0, suspension: float = 1.0, satellite: str = "s") -> Row:
    return ("n", satellite, at_ms, until_ms, audit, suspension, online, None, None, "api")


def test_the_last_of_each_stretch_of_space(store: Store) -> None:
    put(store, SPACE_POINT, [space("n", BEGIN + i * HOUR_MS // 4, i) for i in range(-4, 12)] + [space("other", BEGIN, 1)])
    found = space_history(store.reader, ["n", "nobody"], BEGIN, END)
    assert list(found) == ["n"]
    assert [(row[0], row[2]) for row in found["n"]] == [(BEGIN / 1000 + (4 * i + 3) * 900, 4 * i + 3) for i in range(3)]
    assert found["n"][0] == (BEGIN / 1000 + 2700, 100, 3, *([None] * 7), "api")
    assert space_history(store.reader, ["n"], END, END + 1) == {}


def test_a_dip_of_any_score_is_never_lost_and_the_newest_is_there(store: Store) -> None:
    step = 600_000
    rows = [score(BEGIN + i * step, BEGIN + i * step, 1.0, online=0.9 + i % 3 / 100) for i in range(900)]
    rows[300] = score(rows[300][2], rows[300][2], 0.97, online=0.99)
    rows[500] = score(rows[500][2], rows[500][2], 1.0, suspension=0.8, online=0.99)
    put(store, SCORE_POINT, rows)
    points = score_history(store.reader, ["n"], BEGIN, BEGIN + 900 * step)["n", "s"]
    assert len(points) <= SCORE_POINTS + 2
    assert min(row[2] for row in points) == 0.97
    assert min(row[3] for row in points) == 0.8
    assert points[-1][0] == rows[-1][2] / 1000
    assert [row[0] for row in points] == sorted({row[0] for row in points})
    assert all(len(row) == 8 for row in points)


def test_what_held_when_the_window_began_comes_first(store: Store) -> None:
    put(
        store,
        SCORE_POINT,
        [score(BEGIN - 9, BEGIN - 5, 0.9), score(BEGIN - 4, BEGIN + 5, 0.8), score(BEGIN - 3, BEGIN - 1, 0.7, satellite="t")],
    )
    found = score_history(store.reader, ["n"], BEGIN, END)
    assert {key: [row[2] for row in points] for key, points in found.items()} == {("n", "s"): [0.8]}


def test_forecasts_are_sums_of_a_nodes_satellites_by_day(store: Store) -> None:
    def made(satellite: str, day: int, expected: int, theirs: int | None) -> Row:
        at_ms = day * DAY_MS + 5000
        return ("n", satellite, "2026-11", day, at_ms, at_ms, 0, 0, 0, 0.0, 10, 20, 30, 40, 25.0, 5, 0, expected, theirs)

    put(
        store,
        ESTIMATE_SNAPSHOT,
        [made("s", 3, 100, 7), made("t", 3, 50, 8), made("s", 4, 110, 7), made("t", 4, 60, None), made("s", 9, 1, 1)],
    )
    assert forecast_history(store.reader, ["n", "nobody"], 3 * DAY_MS, 9 * DAY_MS) == [
        ("n", "2026-11", 3 * 86_400 + 5.0, 190, 150, 15),
        ("n", "2026-11", 4 * 86_400 + 5.0, 190, 170, None),
    ]


def test_audit_windows_are_single_ones_and_sums_of_whole_days_where_they_are_many(store: Store) -> None:
    half_day_ms = DAY_MS // 2
    rows: list[Row] = [("n", "s", i * half_day_ms, 10, i % 7) for i in range(2000)]
    put(store, AUDIT_WINDOW, [*rows, ("n", "t", 5 * half_day_ms, 3, 2), ("other", "s", 0, 1, 1)])
    few = audit_history(store.reader, ["n", "nobody"], 10 * half_day_ms, (10 + AUDIT_WINDOWS) * half_day_ms)
    assert [(one.node, one.satellite, one.length_s) for one in few] == [("n", "s", None)]
    assert few[0].windows == [(row[2] / 1000, *row[3:]) for row in rows[10 : 10 + AUDIT_WINDOWS]]
    for windows in (AUDIT_WINDOWS + 1, 731, 2000):
        many, other = audit_history(store.reader, ["n"], 0, windows * half_day_ms)
        assert many.length_s is not None and many.length_s % 86_400 == 0
        assert windows * 43_200 / many.length_s <= len(many.windows) <= AUDIT_WINDOWS
        assert sum(one[1] for one in many.windows) == 10 * windows
        assert sum(one[2] for one in many.windows) == sum(row[4] for row in rows[:windows])
        assert [one[0] for one in many.windows] == sorted(one[0] for one in many.windows)
        assert (other.satellite, other.length_s, other.windows) == ("t", None, [(5 * 43_200, 3, 2)])


def test_standings_that_held_at_any_moment_of_the_window(store: Store) -> None:
    spans: list[Row] = [
        ("n", "s", "suspended", 1000, 2000),
        ("n", "s", "suspended", 3000, 4000),
        ("n", "t", "disqualified", 3500, None),
        ("n", "t", "suspended", 9000, None),
        ("other", "s", "suspended", 3000, None),
    ]
    put(store, STANDING, spans)
    assert standing_history(store.reader, ["n"], 4000, 9000) == [("n", "t", "disqualified", 3.5, None), ("n", "s", "suspended", 3.0, 4.0)]
    assert standing_history(store.reader, ["n"], 0, 1000) == []
    put(store, STANDING, [("n", "s", "suspended", 10_000 + i, 10_001 + i) for i in range(STANDINGS + 50)])
    found = standing_history(store.reader, ["n"], 0, 1 << 40)
    assert len(found) == STANDINGS
    assert found[0][3] == (10_000 + STANDINGS + 49) / 1000
