"""A report folder: summary.json, summary.md, and what the runs left beside them. Small, and without paths of this machine."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from bars import LONG_S, Bar, check_bars
from harness import HERE, MeasureError, machine

REPORTS = HERE / "reports"


def new_folder() -> Path:
    """reports/TIMESTAMP, not made yet."""
    return REPORTS / time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


class Report:
    """Collects the figures of runs; writes after each, so that an interrupted report keeps what it has."""

    def __init__(self, kind: str, folder: Path | None = None) -> None:
        self.folder = folder or new_folder()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.content: dict[str, Any] = {
            "kind": kind,
            "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": machine(),
            "runs": {},
        }

    def add(self, name: str, figures: dict[str, Any]) -> None:
        """Keep one run's figures and print a line about it."""
        self.content["runs"][name] = figures
        print(f"{name}: {one_line(figures)}", flush=True)
        self.write()

    def write(self) -> None:
        """summary.json and summary.md."""
        bars = check_bars(self.content["runs"])
        self.content["bars"] = [bar.as_json() for bar in bars]
        (self.folder / "summary.json").write_text(json.dumps(self.content, indent=1) + "\n", encoding="utf-8")
        (self.folder / "summary.md").write_text(_markdown(self.content, bars), encoding="utf-8")

    def finish(self, *, budget: bool) -> int:
        """Print where the report is; exit code 1 when `budget` and a bar is missed."""
        bars = check_bars(self.content["runs"])
        for bar in bars:
            print(bar.line())
        print(f"report: {self.folder.relative_to(HERE.parents[1]) if self.folder.is_relative_to(HERE.parents[1]) else self.folder.name}")
        return 1 if budget and any(not bar.met for bar in bars) else 0


def arguments(description: str | None, **defaults: Any) -> argparse.ArgumentParser:
    """The flags that all scripts share; a script without a flag's meaning leaves it out of `defaults`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    helps = {
        "rate": (float, "events a second, all nodes together"), "clients": (int, "WebSocket clients"),
        "nodes": (int, "simulated nodes"), "seconds": (float, "measured seconds of each run (60 or more for a figure to quote)"),
    }  # fmt: skip
    for flag, default in defaults.items():
        kind, text = helps[flag]
        shown = "the scenario's own" if default is None else default
        parser.add_argument(f"--{flag}", type=kind, default=default, help=f"{text} [default: {shown}]")
    parser.add_argument("--report", type=Path, help="folder of the report [default: tests/perf/reports/TIMESTAMP]")
    parser.add_argument("--budget", action="store_true", help="exit code 1 when a bar is missed")
    parser.add_argument("--server-arg", action="append", default=[], metavar="FLAG", help="further flag of `storj_monitor run`, repeatable")
    parser.add_argument("--profile", action="store_true", help="also py-spy and cProfile")
    parser.add_argument("--scalene", action="store_true", help="also scalene, where it is installed")
    return parser


def guarded(report: Report, name: str, run: Any) -> None:
    """Run and keep; a failed run is kept as such, the others go on."""
    try:
        report.add(name, run())
    except MeasureError as error:
        report.add(name, {"error": str(error).replace(str(HERE.parents[1]), "")[:1500]})


def one_line(figures: dict[str, Any]) -> str:
    """The run in a few words."""
    if "error" in figures:
        return f"FAILED: {figures['error'].splitlines()[0]}"
    parts = []
    if "cpu" in figures:
        cpu = figures["cpu"]
        parts.append(f"CPU {cpu['cpu_percent']} % of a core (peak 10 s {cpu['cpu_peak_percent']} %), RSS {cpu['rss_mib']} MiB")
    if figures.get("load", {}).get("seconds", 0) >= LONG_S:
        parts.append(f"RSS by quarters of the run {', '.join(f'{mib:g}' for mib in figures['memory'])} MiB")
    for key, name in (("delay_line_to_frame_ms", "line → frame"), ("delay_read_to_frame_ms", "read → frame")):
        if key in figures:
            d = figures[key]
            parts.append(f"{name} p50 {d['p50']} p95 {d['p95']} p99 {d['p99']} ms ({d['n']})")
    if "crowd" in figures:
        crowd, age = figures["crowd"], figures["crowd"]["sent_to_frame_ms"]
        parts.append(
            f"crowd of {crowd['clients']}: connected in {crowd['connect_s']} s, sent → frame p50 {age['p50']} p95 {age['p95']} ms,"
            f" {crowd['frames_per_client_s']['least']} to {crowd['frames_per_client_s']['most']} frames/s each"
        )
    if "correct" in figures:
        parts.append("exact" if all(figures["correct"][k] for k in ("transfers", "bytes", "lines")) else f"NOT EXACT {figures['correct']}")
    if "lines_per_s" in figures:
        ratio = f"{figures['of_json_loads']} × json.loads (CPU {figures['cpu_of_json_loads']} ×)"
        parts.append(f"{figures['lines_per_s']} lines/s, {ratio}, {figures['bytes_per_event']} B an event")
    if "restart_s" in figures:
        parts.append(f"restart to the first live frame {', '.join(f'{one:g}' for one in figures['restart_s'])} s")
    if "slowest_p95_ms" in figures:
        parts.append(f"slowest answer p95 {figures['slowest_p95_ms']} ms ({figures['slowest']})")
    if "at_once" in figures:
        many = figures["at_once"]
        parts.append(f"{many['clients']} at once: {many['answers_per_s']} answers/s, p95 {many['p95']} ms, CPU {many['cpu_percent']} %")
    return "; ".join(parts)


def _markdown(content: dict[str, Any], bars: list[Bar]) -> str:
    m = content["machine"]
    out = [f"# {content['kind']}, {content['taken']}", "", f"{m['cpu']}, {m['cores']} cores, Python {m['python']}, {m['system']}.", ""]
    if bars:
        out += ["| bar | allowed | measured | |", "|---|--:|--:|---|"]
        out += [f"| {b.run}: {b.what} | {b.limit:g} | {b.value:g} | {'met' if b.met else '**missed**'} |" for b in bars]
        out.append("")
    for name, figures in content["runs"].items():
        out += [f"## {name}", "", one_line(figures) + ".", ""]
        if "queries" in figures:
            out += ["| query | cold ms | p50 | p95 | max | bytes |", "|---|--:|--:|--:|--:|--:|"]
            out += [
                f"| `{q}` | {v['cold_ms']} | {v['p50']} | {v['p95']} | {v['max']} | {v['bytes']} |" for q, v in figures["queries"].items()
            ]
            out.append("")
        spy = figures.get("py_spy")
        if spy:
            out.append(f"Flame graph [{spy['svg']}]({spy['svg']}). {spy['sentence']}" if "svg" in spy else spy["note"])
            out += ["", "| % inclusive | function |", "|--:|---|"] if spy.get("inclusive") else [""]
            out += [f"| {share} | `{frame}` |" for frame, share in spy.get("inclusive", [])] + [""]
        for kind in ("cprofile", "scalene"):
            note = figures.get(kind)
            if isinstance(note, dict) and "prof" in note:
                out += [
                    f"cProfile: [{note['top20']}]({note['top20']}), raw [{note['prof']}]({note['prof']}) (`snakeviz {note['prof']}`).",
                    "",
                ]
            elif note:
                out += [f"{kind}: {note if isinstance(note, str) else note['note']}.", ""]
    return "\n".join(out).rstrip() + "\n"
