"""Committed reports are small and name no place of a machine; the tools that make them count and draw right."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bars import check_bars
from charts import bar_chart, line_chart
from compare import compare
from delays import delays_ms, percentiles, traced_results
from profilers import read_raw, relative
from wsclient import EVENT

from storj_monitor.model.ids import piece_hash
from storj_monitor.simulator.writer import TRACE_HEAD

HERE = Path(__file__).resolve().parent
# A directory of a machine: /home/x, /root/x, /work/x, /usr/lib …, C:\Users, also inside binary profiles.
ABSOLUTE = re.compile(rb"(?<![\w.:/<~*)])/(?:home|root|work|usr|opt|tmp|var|Users|private|mnt|builds?|srv)/|[A-Z]:\\\\?Users")
LARGEST_FILE_BYTES = 400_000
LARGEST_REPORT_BYTES = 3_000_000


def report_files() -> list[Path]:
    return [p for p in (HERE / "reports").rglob("*") if p.is_file()]


def test_reports_hold_no_absolute_path() -> None:
    found = [(p.relative_to(HERE), m.group()) for p in report_files() if (m := ABSOLUTE.search(p.read_bytes()))]
    assert not found


def test_reports_are_small() -> None:
    assert [p.name for p in report_files() if p.stat().st_size > LARGEST_FILE_BYTES] == []
    folders = {p.parent for p in report_files()}
    assert [f.name for f in folders if sum(p.stat().st_size for p in f.iterdir() if p.is_file()) > LARGEST_REPORT_BYTES] == []


@pytest.mark.parametrize("text", [b"x /home/me/y", b"\x00/usr/lib/python3/a.py", b'"/srv/checkout"', b"C:\\Users\\me"])
def test_the_search_finds_paths(text: bytes) -> None:
    assert ABSOLUTE.search(text)


def test_paths_become_relative() -> None:
    inside = HERE.parents[1] / "storj_monitor" / "cli" / "__init__.py"
    assert relative(f"main ({inside}:3)") == "main (storj_monitor/cli/__init__.py:3)"
    assert relative("f (/usr/lib/python3.11/asyncio/base.py:3)") == "f (base.py:3)"
    assert relative("run (asyncio/runners.py:44)") == "run (asyncio/runners.py:44)"


def test_raw_profile_says_what_is_hot() -> None:
    found = read_raw(["thread (1);a (storj_monitor/x.py:1);b (storj_monitor/y.py:2) 30", "thread (1);a (storj_monitor/x.py:9) 10", "noise"])
    assert found["samples"] == 40
    assert found["inclusive"][0] == ["a (storj_monitor/x.py)", 100.0]
    assert "b (storj_monitor/y.py) 75 %" in found["sentence"]
    assert read_raw([])["samples"] == 0


def test_delays_are_matched_by_piece(tmp_path: Path) -> None:
    pieces = [f"{letter * 13}" for letter in "ABCD"]
    hashes = [piece_hash(p + "A" * 39) for p in pieces]
    trace = (
        TRACE_HEAD.pack(100.0, 0, 2) + (pieces[0] + pieces[1]).encode() + TRACE_HEAD.pack(101.0, 1, 2) + (pieces[2] + pieces[1]).encode()
    )
    (tmp_path / "trace").write_bytes(trace)
    events = b"".join(
        EVENT.pack(0, at, at - 0.01, h) for at, h in ((100.05, hashes[0]), (101.5, hashes[1]), (101.1, hashes[2]), (102, hashes[3]))
    )
    (tmp_path / "events").write_bytes(events)
    line, read = delays_ms(tmp_path / "events", tmp_path / "trace")
    assert [round(d) for d in line] == [50, 100], "the piece with two results and the unknown one are left out"
    assert [round(d) for d in read] == [10] * 4
    assert traced_results(tmp_path / "trace") == 4
    assert traced_results(tmp_path / "trace", 100.5) == 2


def test_an_interrupted_trace_is_read_up_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "trace").write_bytes(TRACE_HEAD.pack(1.0, 0, 0) + struct.pack("<d", 2.0))
    assert traced_results(tmp_path / "trace") == 0


def test_percentiles() -> None:
    assert percentiles([float(i) for i in range(1, 101)]) == {"n": 100, "mean": 50.5, "p50": 50, "p95": 95, "p99": 99, "max": 100}
    assert percentiles([])["p95"] is None


def run_figures(cpu: float = 1.0, p95: float = 80.0, exact: bool = True) -> dict[str, object]:
    return {
        "load": {"rate": 200.0, "clients": 10, "tick_ms": 20.0},
        "cpu": {"cpu_percent": cpu, "cpu_peak_percent": cpu, "rss_mib": 50.0},
        "delay_line_to_frame_ms": {"p50": 40.0, "p95": p95, "p99": 99.0},
        "websocket": {"gaps": 0},
        "correct": {"transfers": exact, "bytes": True, "lines": True},
    }


def test_bars_are_met_and_missed() -> None:
    assert all(bar.met for bar in check_bars({"mixed": run_figures()}))
    for bad in (run_figures(cpu=1.6), run_figures(p95=101), run_figures(exact=False), {"error": "the server did not say its address"}):
        assert sum(not bar.met for bar in check_bars({"mixed": bad})) == 1


def test_two_reports_are_compared(tmp_path: Path) -> None:
    for name, cpu in (("before", 2.0), ("after", 1.0)):
        (tmp_path / name).mkdir()
        content = {"machine": {"cores": 2}, "runs": {"mixed": run_figures(cpu)}}
        (tmp_path / name / "summary.json").write_text(json.dumps(content))
        (tmp_path / name / "mixed.csv").write_text(f"second,cpu_percent\n1,{cpu}\n2,{cpu}\n")
    text = compare(tmp_path / "before", tmp_path / "after", tmp_path / "out")
    assert "| mixed | CPU, % of a core | 2 | 1 | -50.0 % |" in text
    for name in ("compare-cpu.svg", "compare-delay.svg", "mixed-cpu.svg"):
        ElementTree.parse(tmp_path / "out" / name)


def test_charts_are_valid_with_nothing_to_show() -> None:
    for svg in (line_chart("a < b", "%", {}), bar_chart("x", "ms", [("run", [None, 0.0])], ["before", "after"])):
        ElementTree.fromstring(svg)
