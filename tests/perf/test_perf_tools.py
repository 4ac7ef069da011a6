"""The measuring tools measure right: pairs, journals, curves, comparisons; and short forms of them run from end to end."""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from statistics import median
from xml.etree import ElementTree

import ab
import background
import growth
import profile_restart
import pytest
from ab_report import pairs_of, write_report
from bars import check_bars
from comparisons import ALL, BASELINE, Comparison, checkout_of, flag_comparisons, frozen
from curves import fit, log_chart
from day_feeder import feed
from explain import compare as explain
from harness import HERE, ROOT, MeasureError
from journal import Journal, JournalError, product_of
from long_history import DAY_S, HOUR_S, make_history
from make_day import Day, make_day
from paired import compare_pairs, interval
from patience import PATIENCE_S, stretched
from sweeps import commit_stream, make_stream

from storj_monitor.config import table
from storj_monitor.database import queries
from storj_monitor.database.commit import Committer
from storj_monitor.database.connection import connect_reader, connect_writer
from storj_monitor.database.opening import open_database
from storj_monitor.database.queries import clip_to_retention
from storj_monitor.state.accumulator import Accumulator

PLAN = {"rate": 200.0, "nodes": 4, "clients": 10, "seconds": 60.0, "warm_up_s": 10.0, "history_s": 3600.0, "polling": True, "questions": 0}
MAX_CPU_OF_BASELINE = 0.8
"""CPU with all flags on over that of the baseline, a few seconds each. When written, on a busy machine: 0.4."""


def test_intervals_are_those_of_the_sign_test() -> None:
    assert interval([1, 2, 3, 4, 5]) == (1, 5, 0.9375)
    assert interval([5, 1, 4, 2, 3, 6]) == (1, 6, 0.96875)
    low, high, confidence = interval(list(range(1, 21)))
    assert (low, high) == (6, 15)
    assert confidence == pytest.approx(0.9586, abs=1e-4)
    assert interval([3]) == (3, 3, 0.0)


def test_pairs_show_a_difference_or_do_not() -> None:
    saved = compare_pairs([(2.0, 1.0), (2.2, 1.1), (1.8, 1.0), (2.1, 1.2), (2.0, 1.1)])
    assert saved is not None
    assert (saved.verdict, saved.off, saved.on) == ("less", 2.0, 1.1)
    assert saved.share == pytest.approx(-0.45)
    noise = compare_pairs([(2.0, 2.1), (2.2, 2.0), (1.8, 1.9), (2.1, 2.0), (2.0, 2.2)])
    assert noise is not None
    assert noise.verdict == "no difference shown"
    few = compare_pairs([(2.0, 1.0)] * 4)
    assert few is not None
    assert few.verdict == "too few pairs"
    nothing = compare_pairs([(0.0, 1.0)] * 5)
    assert nothing is not None
    assert (nothing.share, nothing.verdict) == (None, "more")
    assert compare_pairs([]) is None


def test_every_flag_of_the_phase_is_compared() -> None:
    names = {name for name in vars(table) if name.startswith("PERF_")} - {"PERF_BASELINE"}
    comparisons = {c.name: c for c in flag_comparisons()}
    assert names <= comparisons.keys()
    assert all(c.off != c.on for c in comparisons.values())
    assert comparisons[ALL].off == (BASELINE,)
    assert len(comparisons[ALL].on) == len(comparisons) - 1


def test_sides_alternate() -> None:
    assert [ab.order_of(pair, 0) for pair in range(3)] == [("off", "on"), ("on", "off"), ("off", "on")]
    assert ab.order_of(0, 1) == ("on", "off")


def test_a_journal_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    Journal(path, "one", PLAN).add("a/0/on", {"cpu_percent": 1.0})
    with path.open("a") as file:
        file.write('{"key": "a/0/off", "figu')  # killed while writing
    again = Journal(path, "one", PLAN)
    assert again.done == {"a/0/on": {"cpu_percent": 1.0}}
    again.add("a/0/off", {"cpu_percent": 2.0})
    assert len(Journal(path, "one", PLAN).done) == 2
    with pytest.raises(JournalError, match="another product"):
        Journal(path, "two", PLAN)
    with pytest.raises(JournalError, match="rate differ"):
        Journal(path, "one", PLAN | {"rate": 100.0})
    assert len(Journal(path, "two", PLAN, mix=True).done) == 2


def test_the_product_is_known_by_its_content(tmp_path: Path) -> None:
    with frozen() as copy:
        before = product_of(copy)
        (copy / "storj_monitor" / "units.py").write_text("DAY_S = 1\n")
        assert product_of(copy) != before
    with checkout_of(str(ROOT)) as folder:
        assert folder == ROOT
    with pytest.raises(MeasureError, match="neither a folder"), checkout_of(str(tmp_path / "nothing")):
        pass


def side(cpu: float, exact: bool = True) -> dict[str, object]:
    rest = {"delay_p50_ms": 40.0, "delay_p95_ms": 90.0, "client_kib_per_s": 10.0, "rss_mib": 60.0, "gaps": 0}
    return {"cpu_percent": cpu, "cpu_peak_percent": cpu, "exact": exact, **rest}


def test_an_ab_report(tmp_path: Path) -> None:
    comparisons = [Comparison(ALL, ("--perf-baseline",), (), ROOT, ROOT), Comparison("x: y", ("--a",), ("--b",), ROOT, ROOT)]
    done = {f"{ALL}/{pair}/{name}": side(cpu + pair / 100) for pair in range(5) for name, cpu in (("off", 2.0), ("on", 1.0))}
    done["x: y/0/off"] = side(1.0, exact=False)
    assert pairs_of(done, "x: y", "cpu_percent") == []
    assert write_report(tmp_path, comparisons, done, PLAN)
    text = (tmp_path / "ab.md").read_text()
    assert "CPU -49.5 % (target -40 % or better), p95 90 ms (at most 100): met." in text
    assert "**Not exact, or with gaps in the numbering: x: y/0/off.**" in text
    assert "| **-49.5 %** | **-49.5 %** | +0.0 % | +0.0 % | +0.0 % | +0.0 % |" in text
    rows = list(csv.DictReader((tmp_path / "ab.csv").read_text().splitlines()))
    assert {(row["comparison"], row["pairs"]) for row in rows} == {(ALL, "5")}
    ElementTree.parse(tmp_path / "ab-cpu.svg")
    assert not write_report(tmp_path, comparisons, done | {f"{ALL}/{p}/on": side(1.9) for p in range(5)}, PLAN)


def test_exponents() -> None:
    points = [(x, 3 * x**0.5) for x in (1.0, 10.0, 100.0, 1000.0)]
    found = fit(points)
    assert found is not None
    assert [found.exponent, found.factor, found.r2] == pytest.approx([0.5, 3, 1])
    assert found.words == "x^0.50 (less than in proportion)"
    flat = fit([(1, 7), (10, 7), (100, 7)])
    assert flat is not None
    assert (flat.exponent, flat.words) == (0, "x^0.00 (flat)")
    assert fit([(1, 1), (1, 2)]) is None
    assert fit([(0, 1), (10, 0)]) is None
    steep = fit([(1, 1), (10, 100)])
    assert steep is not None
    assert math.isclose(steep.exponent, 2)
    assert "MORE" in steep.words
    ElementTree.fromstring(log_chart("a < b", "nodes", "ms", {"x": points, "nothing": []}))


def test_made_history_is_one_story_at_every_level(tmp_path: Path) -> None:
    end_s = int(time.time()) // 60 * 60
    make_history(tmp_path / "history.db", 3, nodes=1, end_s=end_s, minutes_kept_s=2 * DAY_S)
    db = connect_reader(tmp_path / "history.db")
    sums = {
        t: db.execute(f"SELECT sum(n), sum(bytes) FROM {t}").fetchone()
        for t in ("satellite_hour", "satellite_day", "total_hour", "total_day")
    }
    assert len(set(sums.values())) == 1
    minutes = db.execute("SELECT min(start_s), max(start_s) FROM total_minute").fetchone()
    assert minutes == ((end_s - 2 * DAY_S) // HOUR_S * HOUR_S, end_s - 60)
    day = clip_to_retention(db, [1], end_s - DAY_S, end_s, 300, points=True)
    assert day == (end_s - DAY_S, end_s, 300), "the fine levels must look complete"
    assert sum(row[2] for row in queries.traffic(db, [1], end_s // 300 * 300 - DAY_S, end_s // 300 * 300, 300)) == 4 * 3 * 3 * 1440
    db.close()


def small_day(path: Path) -> Day:
    """A quarter of an hour of four nodes."""
    stream, events = make_stream(900 // 15)
    open_database(path, time.time(), "x")
    db = connect_writer(path)
    accumulators = {f"node{n}": Accumulator(f"node{n}") for n in range(1, 5)}
    for slot in stream:
        for batch in slot:
            accumulators[batch.node].add(batch)
    Committer(db).commit([a.drain() for a in accumulators.values()], time.time())
    high = db.execute("SELECT max(start_s) FROM total_minute").fetchone()[0] // 3600 * 3600 + 3600
    db.close()
    return Day(path, events, high - DAY_S, high, 4)


def test_rollups_and_single_events_tell_the_same(tmp_path: Path) -> None:
    text = "\n".join(explain(small_day(tmp_path / "small.db"), rounds=1))
    assert "SEARCH total_m5 USING PRIMARY KEY (node=? AND start_s>? AND start_s<?)" in text
    assert "SEARCH plain USING INDEX plain_time (node=? AND time_ms>? AND time_ms<?)" in text
    assert "| temporary table, three answers from it |" in text


def test_a_stream_is_committed_whole_at_any_cadence() -> None:
    stream, events = make_stream(10)
    for cadence_s in (0.25, 60.0):
        assert commit_stream(stream, events, cadence_s, "synchronous = OFF").size > 0


def test_a_day_is_fed_quicker_than_it_passes(tmp_path: Path) -> None:
    begun = time.time()
    truths = feed(tmp_path, 2, 40.0, 300.0, 3000.0, threading.Event())
    lines = {name: (tmp_path / f"{name}.log").read_bytes().splitlines() for name in ("node1", "node2")}
    assert {name: truth.lines for name, truth in truths.items()} == {name: len(some) for name, some in lines.items()}
    first, last = (datetime.fromisoformat(lines["node1"][i].split(b"\t")[0].decode()).timestamp() for i in (0, -1))
    assert first == pytest.approx(begun - 300, abs=60)
    assert last == pytest.approx(begun, abs=60)


def test_restarts_are_measured(tmp_path: Path) -> None:
    figures = profile_restart.measure(make_day(4000, tmp_path), 1)
    (bar,) = check_bars({"restart": figures})
    assert (bar.limit, bar.value) == (1.0, *figures["restart_s"])
    assert 0.1 < bar.value < profile_restart.PATIENCE_S


@pytest.mark.alone
def test_ab_and_growth_run_from_end_to_end(tmp_path: Path) -> None:
    """Also the budget of all optimisations together: the middle one of three pairs, for a busy machine may starve one run of one."""
    args = ab.arguments().parse_args(
        [
            "--only",
            ALL,
            "--pairs",
            "3",
            "--seconds",
            f"{stretched(2.5):.1f}",  # a starved monitor may have no tick of the clock in so short a time
            "--warm-up",
            "1",
            "--history",
            "0",
            "--no-polling",
            "--out",
            str(tmp_path / "ab"),
        ]
    )
    assert ab.work(args) == 0
    pairs = pairs_of(Journal(tmp_path / "ab" / "ab.jsonl", "", {}, mix=True).done, ALL, "cpu_percent")
    print(f"\nall flags against the baseline, %: {pairs}")
    off, on = (median(side) for side in zip(*pairs, strict=True))
    assert on / off <= MAX_CPU_OF_BASELINE
    args = growth.arguments().parse_args(
        [
            "--only",
            "history",
            "--days",
            "2",
            "--seconds",
            "1.2",
            "--warm-up",
            "0.5",
            "--history-nodes",
            "1",
            "--out",
            str(tmp_path / "growth"),
        ]
    )
    assert growth.work(args) == 0
    figures = json.loads((tmp_path / "growth" / "growth.jsonl").read_text())["figures"]
    assert figures["query_24h_ms"] > 0
    assert figures["query_all_ms"] > 0
    for file in (tmp_path / "growth").glob("*.svg"):
        ElementTree.parse(file)


def test_work_in_the_background_is_seen_and_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = argparse.Namespace(background=False, status=True, stop=False)
    script = (
        "import sys, time, argparse; from pathlib import Path; import background\n"
        "args = argparse.Namespace(background=False, status=False, stop=False)\n"
        "work = lambda: (print('at work', flush=True), time.sleep(60))[0] or 0\n"
        "sys.exit(background.run(work, Path(sys.argv[1]), args, sys.argv))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(HERE)}
    child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], env=environment, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == "at work\n"
        assert background.run(lambda: 0, tmp_path, flags, []) == 0
        assert f"running: process {child.pid}" in capsys.readouterr().out
        flags.status = False
        assert background.run(lambda: 0, tmp_path, flags, []) == 2, "one at a time"
        flags.stop = True
        background.run(lambda: 0, tmp_path, flags, [])
        assert "finished runs are kept" in child.stdout.read()
    child.wait(PATIENCE_S)
    assert not (tmp_path / "running.json").exists()
