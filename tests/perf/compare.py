"""Two reports side by side: a table of what changed, and before/after charts.

    python tests/perf/compare.py tests/perf/reports/BEFORE tests/perf/reports/AFTER [--out FOLDER]

writes compare.md, compare-cpu.svg, compare-delay.svg and, for runs with a CSV in both, NAME-cpu.svg (CPU over time).
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

from charts import bar_chart, line_chart

FIGURES = (
    ("CPU, % of a core", ("cpu", "cpu_percent")),
    ("CPU, highest 10 s", ("cpu", "cpu_peak_percent")),
    ("CPU per event in json.loads", ("cpu_per_event_in_json_loads",)),
    ("RSS, MiB", ("cpu", "rss_mib")),
    ("line → frame p50, ms", ("delay_line_to_frame_ms", "p50")),
    ("line → frame p95, ms", ("delay_line_to_frame_ms", "p95")),
    ("line → frame p99, ms", ("delay_line_to_frame_ms", "p99")),
    ("read → frame p95, ms", ("delay_read_to_frame_ms", "p95")),
    ("slowest answer p95, ms", ("slowest_p95_ms",)),
    ("ingest, lines/s", ("lines_per_s",)),
    ("ingest in json.loads", ("of_json_loads",)),
    ("bytes an event", ("bytes_per_event",)),
)


def figure(run: dict[str, Any], path: tuple[str, ...]) -> float | None:
    """A figure of a run, None when it has none."""
    value: Any = run
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else None


def compare(before: Path, after: Path, out: Path) -> str:
    """Writes the comparison into `out` and returns it as Markdown."""
    a, b = (json.loads((folder / "summary.json").read_text(encoding="utf-8")) for folder in (before, after))
    shared = [name for name in a["runs"] if name in b["runs"]]
    text = [f"# {before.name} → {after.name}", ""]
    if a["machine"] != b["machine"]:
        text += [f"The machines differ: {a['machine']} and {b['machine']}; only ratios compare.", ""]
    text += ["| run | figure | before | after | change |", "|---|---|--:|--:|--:|"]
    for name in shared:
        for label, path in FIGURES:
            x, y = figure(a["runs"][name], path), figure(b["runs"][name], path)
            if x is not None and y is not None:
                change = f"{100 * (y - x) / x:+.1f} %" if x else ""
                text.append(f"| {name} | {label} | {x:g} | {y:g} | {change} |")
    missing = [n for n in (*a["runs"], *b["runs"]) if n not in shared]
    if missing:
        text += ["", f"Only in one of them: {', '.join(missing)}."]
    out.mkdir(parents=True, exist_ok=True)
    text += ["", *_charts(a, b, before, after, shared, out)]
    markdown = "\n".join(text) + "\n"
    (out / "compare.md").write_text(markdown, encoding="utf-8")
    return markdown


def _charts(a: dict[str, Any], b: dict[str, Any], before: Path, after: Path, shared: list[str], out: Path) -> list[str]:
    links = []
    for file, title, unit, path in (
        ("compare-cpu.svg", "Server CPU, average", "%", ("cpu", "cpu_percent")),
        ("compare-delay.svg", "Line written → frame received, p95", "ms", ("delay_line_to_frame_ms", "p95")),
    ):
        groups = [(n, [figure(a["runs"][n], path), figure(b["runs"][n], path)]) for n in shared]
        groups = [g for g in groups if any(v is not None for v in g[1])]
        if groups:
            (out / file).write_text(bar_chart(title, unit, groups, ["before", "after"]), encoding="utf-8")
            links.append(f"![{title}]({file})")
    for name in shared:
        files = [folder / f"{name}.csv" for folder in (before, after)]
        if all(f.exists() for f in files):
            series = {label: column(f, "cpu_percent") for label, f in zip(("before", "after"), files, strict=True)}
            (out / f"{name}-cpu.svg").write_text(line_chart(f"{name}: server CPU", "%", series), encoding="utf-8")
            links.append(f"![{name}]({name}-cpu.svg)")
    return links


def column(path: Path, name: str) -> list[tuple[float, float]]:
    """(second, value) of one column of a run's CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        return [(float(row["second"]), float(row[name])) for row in csv.DictReader(file)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--out", type=Path, help="[default: the later report]")
    args = parser.parse_args()
    print(compare(args.before, args.after, args.out or args.after))
    return 0


if __name__ == "__main__":
    sys.exit(main())
