"""How cost grows: CPU per event, time of answers and RSS against events/s, nodes, clients and history, each with its exponent.

    python tests/perf/growth.py --background         # all four curves, 30 s a point (some 25 minutes)
    python tests/perf/growth.py --status             # --stop ends it, the same command goes on where it stopped
    python tests/perf/growth.py --only clients --clients 1 10 100 1000
    python tests/perf/growth.py --only history --days 1 7 30 90 365

Everything but what a curve varies stays at 200 events/s, 4 nodes, 10 clients, an empty database (history: 2 nodes, 3 clients).
Finished points are kept in FOLDER/growth.jsonl; the result is FOLDER/growth.md, growth.csv and growth-*.svg.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import background
from comparisons import frozen
from curves import Fit, fit, log_chart
from harness import HERE, MeasureError, machine
from journal import Journal, product_of
from long_history import DAY_S, make_history
from profilers import relative
from workload import Load, run_load

DEFAULTS: dict[str, tuple[float, ...]] = {
    "events": (50, 200, 1000, 5000, 20_000),
    "nodes": (1, 4, 10, 30, 100),
    "clients": (1, 10, 100, 1000),
    "history": (1, 7, 30, 90, 365),
}
RECORDERS = 10
"""So many clients note every event; the others are a crowd that costs little."""
X_NAMES = {"events": "events/s", "nodes": "nodes", "clients": "clients", "history": "days"}
FIGURES = {
    "cpu_percent": ("CPU", "% of a core"),
    "cpu_us_per_event": ("CPU per event", "µs"),
    "rss_mib": ("RSS", "MiB"),
    "query_24h_ms": ("Answer over the last 24 h", "ms"),
    "query_all_ms": ("Answer over the whole history", "ms"),
    "delay_p95_ms": ("Line written → frame received, p95", "ms"),
    "start_s": ("Start until it answers", "s"),
    "database_mb": ("Database", "MB"),
}


def load_of(curve: str, x: float, plan: Mapping[str, Any]) -> Load:
    """The run of one point, without its database."""
    load = Load(f"{curve}-{x:g}", plan["rate"], plan["nodes"], plan["clients"], plan["seconds"], warm_up_s=plan["warm_up_s"])
    load.ask_s = (DAY_S,)
    if curve == "events":
        load.rate = x
    elif curve == "nodes":
        load.nodes = int(x)
    elif curve == "clients":
        load.clients = min(int(x), RECORDERS)
        load.crowd = int(x) - load.clients
    else:
        load.nodes, load.clients = plan["history_nodes"], 3
        load.ask_s = (DAY_S, x * DAY_S)
    return load


def measure_point(curve: str, x: float, plan: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """One run; its figures by the names in FIGURES."""
    load = load_of(curve, x, plan)
    load.root = root
    with tempfile.TemporaryDirectory(prefix="storj_monitor-growth-") as name:
        size = 0
        if curve == "history":
            load.database = Path(name) / "history.db"
            size = make_history(load.database, x, nodes=load.nodes, end_s=int(time.time()) // 60 * 60)
        full = run_load(load, Path(name))
    delay = full.get("delay_line_to_frame_ms", {})
    found = {
        "cpu_percent": full["cpu"]["cpu_percent"], "cpu_us_per_event": full["cpu_us_per_event"], "rss_mib": full["cpu"]["rss_mib"],
        "query_24h_ms": full["questions"][f"{DAY_S}"]["slowest_p50_ms"], "delay_p95_ms": delay.get("p95"), "start_s": full["start_s"],
        "lag_bytes_max": full["cpu"]["lag_bytes_max"], "json_loads_us": full["json_loads_us"],
    }  # fmt: skip
    if curve == "history":
        found |= {"query_all_ms": full["questions"][f"{x * DAY_S:g}"]["slowest_p50_ms"], "database_mb": round(size / 1e6, 2)}
    else:
        found["exact"] = all(full["correct"][k] for k in ("transfers", "bytes", "lines"))
    return found


def measure(points: Sequence[tuple[str, float]], plan: Mapping[str, Any], journal: Journal, out: Path, root: Path) -> int:
    """All points that are not there yet; returns how many failed."""
    missing = [(curve, x) for curve, x in points if f"{curve}/{x:g}" not in journal.done]
    print(f"{len(points)} points, {len(points) - len(missing)} are there", flush=True)
    failures = 0
    for curve, x in missing:
        try:
            figures = measure_point(curve, x, plan, root)
        except MeasureError as error:
            failures += 1
            print(f"{x:g} {X_NAMES[curve]}: FAILED: {relative(str(error))[:500]}", flush=True)
            continue
        journal.add(f"{curve}/{x:g}", figures)
        print(
            f"{x:g} {X_NAMES[curve]}: CPU {figures['cpu_percent']} %, "
            f"{figures['cpu_us_per_event']} µs an event, RSS {figures['rss_mib']} MiB, "
            f"24 h in {figures['query_24h_ms']} ms, p95 {figures['delay_p95_ms']} ms",
            flush=True,
        )
        write_report(out, journal.done, plan)
    return failures


def write_report(out: Path, done: Mapping[str, Mapping[str, Any]], plan: Mapping[str, Any]) -> None:
    """growth.md, growth.csv, growth-*.svg."""
    m = machine()
    text = [
        "# Growth", "",
        f"{m['cpu']}, {m['cores']} cores, Python {m['python']}, {m['system']}; {plan['seconds']:g} s a point. "
        f"Besides what a curve varies: {plan['rate']:g} events/s at DEBUG, {plan['nodes']} nodes, {plan['clients']} clients.", "",
    ]  # fmt: skip
    rows: list[list[object]] = []
    for curve in DEFAULTS:
        points = sorted((float(key.partition("/")[2]), figures) for key, figures in done.items() if key.startswith(f"{curve}/"))
        if points:
            text += _curve(curve, points, out, rows)
    bad = [key for key, figures in done.items() if figures.get("exact") is False]
    text += [f"**Not exact: {', '.join(bad)}.**"] if bad else []
    (out / "growth.md").write_text("\n".join(text).rstrip() + "\n", encoding="utf-8")
    with (out / "growth.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["curve", "x", "figure", "value"], *rows])


def _curve(curve: str, points: list[tuple[float, Mapping[str, Any]]], out: Path, rows: list[list[object]]) -> list[str]:
    present = {f: [(x, float(p[f])) for x, p in points if p.get(f) is not None] for f in FIGURES}
    present = {figure: values for figure, values in present.items() if values}
    heads = [f"{FIGURES[f][0]}, {FIGURES[f][1]}" for f in present]
    text = [f"## {X_NAMES[curve]}", "", f"| {X_NAMES[curve]} | " + " | ".join(heads) + " |", "|--:" * (len(heads) + 1) + "|"]
    for x, figures in points:
        text.append(f"| {x:g} | " + " | ".join(f"{figures[f]:.4g}" if figures.get(f) is not None else "–" for f in present) + " |")
    fits: dict[str, Fit | None] = {figure: fit(values) for figure, values in present.items()}
    text += ["| **grows as** | " + " | ".join(f"{found.words}, R² {found.r2:.2f}" if found else "–" for found in fits.values()) + " |", ""]
    for figure, values in present.items():
        rows += [[curve, x, figure, y] for x, y in values]
    for name, group in (
        ("cost", ("cpu_us_per_event", "cpu_percent")),
        ("memory", ("rss_mib",)),
        ("time", ("query_24h_ms", "query_all_ms")),
    ):
        series = {f"{FIGURES[f][0]}": present[f] for f in group if f in present}
        if series:
            title = " and ".join(series)
            unit = ", ".join(dict.fromkeys(FIGURES[f][1] for f in group if f in present))
            (out / f"growth-{curve}-{name}.svg").write_text(log_chart(title, X_NAMES[curve], unit, series), encoding="utf-8")
            text.append(f"![{title} by {X_NAMES[curve]}](growth-{curve}-{name}.svg)")
    return [*text, ""]


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(DEFAULTS), default=list(DEFAULTS), metavar="CURVE", help=" ".join(DEFAULTS))
    for curve, values in DEFAULTS.items():
        flag = "--days" if curve == "history" else "--rates" if curve == "events" else f"--{curve}"
        shown = " ".join(f"{v:g}" for v in values)
        parser.add_argument(flag, dest=curve, type=float, nargs="+", default=values, metavar="N", help=f"[default: {shown}]")
    parser.add_argument("--seconds", type=float, default=30.0, help="measured seconds of a point [default: %(default)s]")
    parser.add_argument("--warm-up", type=float, default=6.0, metavar="S", help="[default: %(default)s]")
    parser.add_argument("--base-rate", type=float, default=200.0, help="events/s of the other curves [default: %(default)s]")
    parser.add_argument("--history-nodes", type=int, default=2, help="nodes of the history curve [default: %(default)s]")
    parser.add_argument("--out", type=Path, default=HERE / "reports" / "growth", help="[default: tests/perf/reports/growth]")
    parser.add_argument("--mix", action="store_true", help="go on with results of another product or plan")
    background.add_flags(parser)
    return parser


def work(args: argparse.Namespace) -> int:
    """All wished points, then the report."""
    plan = {"seconds": args.seconds, "warm_up_s": args.warm_up, "rate": args.base_rate, "nodes": 4, "clients": 10,
            "history_nodes": args.history_nodes}  # fmt: skip
    with frozen() as root:
        journal = Journal(args.out / "growth.jsonl", product_of(root), plan, mix=args.mix)
        failures = measure([(curve, x) for curve in args.only for x in getattr(args, curve)], plan, journal, args.out, root)
        write_report(args.out, journal.done, plan)
    print((args.out / "growth.md").read_text(encoding="utf-8"))
    return 1 if failures else 0


def main() -> int:
    args = arguments().parse_args()
    return background.run(lambda: work(args), args.out, args, sys.argv)


if __name__ == "__main__":
    sys.exit(main())
