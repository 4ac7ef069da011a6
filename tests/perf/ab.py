"""A/B: interleaved pairs of runs of the mixed scenario with a flag off and on, or of two checkouts.

    python tests/perf/ab.py --background                     # each flag, and all against the baseline: 5 pairs of 60 s, some two hours
    python tests/perf/ab.py --status                         # where it is; --stop ends it, the same command goes on where it stopped
    python tests/perf/ab.py --only all --pairs 8
    python tests/perf/ab.py --against v0.1.0                 # the product of another revision (or folder) as the "off" side
    python tests/perf/ab.py --questions 400000 --only PERF_DB_EXECUTOR_MAX_WORKERS --out FOLDER    # answers instead of the mixed scenario
    python tests/perf/ab.py --custom cache "--perf-x=1" "--perf-x=8"

One pair of every comparison is made before the second pair of any; within a pair the order alternates. Finished runs are kept in
FOLDER/ab.jsonl, the result is FOLDER/ab.md, ab.csv and ab-*.svg, written anew after each pair.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import background
from ab_report import write_report
from comparisons import ALL, BASELINE, Comparison, checkout_of, flag_comparisons, frozen
from harness import HERE, MeasureError
from journal import Journal, product_of
from make_day import make_day
from profile_db import ask_at_once
from profilers import relative
from workload import Load, run_load

MOST_FAILURES = 3
SIDES = ("off", "on")


def order_of(pair: int, number: int) -> tuple[str, str]:
    """Which side goes first: alternates from pair to pair, and from one comparison to the next."""
    return SIDES if (pair + number) % 2 == 0 else SIDES[::-1]


def run_side(comparison: Comparison, side: str, plan: dict[str, Any], csv_name: str | None, out: Path) -> dict[str, Any]:
    """One run; the figures that are compared."""
    flags, root = (comparison.on, comparison.on_root) if side == "on" else (comparison.off, comparison.off_root)
    if plan["questions"]:
        return ask_side(flags, root, plan)
    load = Load("mixed", plan["rate"], plan["nodes"], plan["clients"], plan["seconds"], warm_up_s=plan["warm_up_s"], chores=True,
                server_args=list(flags), history_s=plan["history_s"], polling=plan["polling"], root=root)  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="storj_monitor-ab-") as name:
        full = run_load(load, Path(name))
        if csv_name:
            (out / csv_name).write_bytes((Path(name) / "mixed.csv").read_bytes())
    delay, websocket, exact = full["delay_line_to_frame_ms"], full["websocket"], full["correct"]
    client_kib_per_s = round(websocket["bytes"] / load.connected_s / 1024, 2)
    return {
        "cpu_percent": full["cpu"]["cpu_percent"], "cpu_peak_percent": full["cpu"]["cpu_peak_percent"], "rss_mib": full["cpu"]["rss_mib"],
        "delay_p50_ms": delay["p50"], "delay_p95_ms": delay["p95"], "client_kib_per_s": client_kib_per_s,
        "frames_per_client_s": websocket["frames_per_client_s"], "json_loads_us": full["json_loads_us"], "gaps": websocket["gaps"],
        "exact": all(exact[k] for k in ("transfers", "bytes", "lines")),
    }  # fmt: skip


def ask_side(flags: Sequence[str], root: Path, plan: dict[str, Any]) -> dict[str, Any]:
    """The clients ask about 24 h, all at once, instead of watching."""
    found = ask_at_once(make_day(plan["questions"]), flags, plan["clients"], plan["seconds"], root)
    figures = {"cpu_percent": found["cpu_percent"], "answers_per_s": found["answers_per_s"], "rss_mib": found["rss_mib"]}
    return figures | {"answer_p50_ms": found["p50"], "answer_p95_ms": found["p95"], "gaps": 0, "exact": True}


def measure(comparisons: list[Comparison], pairs: int, plan: dict[str, Any], journal: Journal, out: Path) -> int:
    """All runs that are not there yet; returns how many failed. Raises MeasureError after some failures in a row."""
    runs = [(c, pair, side) for pair in range(pairs) for n, c in enumerate(comparisons) for side in order_of(pair, n)]
    missing = [(c, pair, side) for c, pair, side in runs if f"{c.name}/{pair}/{side}" not in journal.done]
    print(f"{len(runs)} runs, {len(runs) - len(missing)} are there; {len(missing) * _run_s(plan) / 60:.0f} minutes to go", flush=True)
    failures = in_a_row = 0
    over_time = {c.name for c in comparisons if c.name == ALL or len(comparisons) == 1} if not plan["questions"] else set()
    for number, (comparison, pair, side) in enumerate(missing, 1):
        shown = f"{comparison.name}, pair {pair + 1} of {pairs}, {side}"
        try:
            keep = f"{comparison.file}-{side}.csv" if pair == 0 and comparison.name in over_time else None
            figures = run_side(comparison, side, plan, keep, out)
        except MeasureError as error:
            failures, in_a_row = failures + 1, in_a_row + 1
            print(f"{shown}: FAILED: {relative(str(error))[:500]}", flush=True)
            if in_a_row == MOST_FAILURES:
                raise MeasureError(f"{in_a_row} runs in a row failed") from None
            continue
        in_a_row = 0
        journal.add(f"{comparison.name}/{pair}/{side}", figures)
        left_min = (len(missing) - number) * _run_s(plan) / 60
        p95 = figures.get("delay_p95_ms", figures.get("answer_p95_ms"))
        print(f"{shown}: CPU {figures['cpu_percent']} %, p95 {p95} ms; {left_min:.0f} minutes to go", flush=True)
        write_report(out, comparisons, journal.done, plan)
    return failures


def _run_s(plan: dict[str, Any]) -> float:
    """About how long a run takes."""
    return float(plan["seconds"] + plan["warm_up_s"] + 8 + plan["history_s"] * plan["rate"] / 50_000)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5, help="[default: %(default)s; fewer than 5 show nothing]")
    parser.add_argument("--seconds", type=float, default=60.0, help="measured seconds of a run [default: %(default)s]")
    parser.add_argument("--warm-up", type=float, default=10.0, metavar="S", help="[default: %(default)s]")
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument(
        "--history", type=float, default=3600.0, metavar="S", help="history in the database at the start [default: %(default)s]"
    )
    parser.add_argument("--no-polling", action="store_true", help="nodes without an API")
    parser.add_argument("--only", nargs="+", metavar="FLAG", help="some of the comparisons, e.g. PERF_USE_ORJSON all")
    parser.add_argument("--against", metavar="REVISION|FOLDER", help="compare with another product instead of flags")
    parser.add_argument("--questions", type=int, default=0, metavar="EVENTS", help="ask about a day of so many events instead")
    parser.add_argument(
        "--custom", nargs=3, action="append", default=[], metavar=("NAME", "OFF", "ON"), help="flags of `run`, blanks between"
    )
    parser.add_argument("--out", type=Path, default=HERE / "reports" / "ab", help="[default: tests/perf/reports/ab]")
    parser.add_argument("--mix", action="store_true", help="go on with results of another product or plan")
    parser.add_argument("--budget", action="store_true", help="exit code 1 when all flags together save less than they have to")
    background.add_flags(parser)
    return parser


def work(args: argparse.Namespace) -> int:
    """The measurement and its report."""
    plan = {"seconds": args.seconds, "warm_up_s": args.warm_up, "rate": args.rate, "nodes": args.nodes, "clients": args.clients,
            "history_s": args.history, "polling": not args.no_polling, "questions": args.questions}  # fmt: skip
    with ExitStack() as stack:
        here = stack.enter_context(frozen())
        product = product_of(here)
        if args.against:
            other = stack.enter_context(checkout_of(args.against))
            comparisons = [Comparison(f"against {Path(args.against).name}", (), (), other, here)]
            product += f" against {product_of(other)}"
        elif args.custom:
            comparisons = [Comparison(name, tuple(off.split()), tuple(on.split()), here, here) for name, off, on in args.custom]
        else:
            comparisons = flag_comparisons(here)
            plan["off"] = "--perf-baseline" if BASELINE in comparisons[-1].off else "all flags off"
        if args.only:
            unknown = set(args.only) - {c.name for c in comparisons}
            if unknown:
                raise MeasureError(f"no comparison {', '.join(sorted(unknown))}; there are {', '.join(c.name for c in comparisons)}")
            comparisons = [c for c in comparisons if c.name in args.only]
        if any("orjson" in flag for c in comparisons for flag in c.on) and importlib.util.find_spec("orjson") is None:
            print("orjson is not installed: what PERF_USE_ORJSON brings is not measured here", flush=True)
        journal = Journal(args.out / "ab.jsonl", product, plan, mix=args.mix)
        failures = measure(comparisons, args.pairs, plan, journal, args.out)
        met = write_report(args.out, comparisons, journal.done, plan)
    print((args.out / "ab.md").read_text(encoding="utf-8"))
    return 1 if failures or (args.budget and not met) else 0


def main() -> int:
    args = arguments().parse_args()
    return background.run(lambda: work(args), args.out, args, sys.argv)


if __name__ == "__main__":
    sys.exit(main())
