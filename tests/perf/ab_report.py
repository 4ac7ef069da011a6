"""What the pairs of an A/B say: Markdown, CSV and charts."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from charts import bar_chart, line_chart
from compare import column
from comparisons import ALL, Comparison
from harness import machine
from paired import Difference, compare_pairs

FIGURES = {
    "cpu_percent": ("CPU, average", "% of a core"),
    "cpu_peak_percent": ("CPU, highest ten seconds", "% of a core"),
    "delay_p50_ms": ("Line written → frame received, p50", "ms"),
    "delay_p95_ms": ("Line written → frame received, p95", "ms"),
    "answers_per_s": ("Answers", "a second"),
    "answer_p50_ms": ("Answers over 24 h, p50", "ms"),
    "answer_p95_ms": ("Answers over 24 h, p95", "ms"),
    "client_kib_per_s": ("Bytes to all clients", "KiB/s"),
    "rss_mib": ("RSS", "MiB"),
}
TARGET_SHARE = -0.40
"""What all flags together have to save of the average CPU."""
DELAY_BOUND_MS = 100.0

Done = Mapping[str, Mapping[str, Any]]


def pairs_of(done: Done, name: str, figure: str) -> list[tuple[float, float]]:
    """(off, on) of all complete pairs of a comparison that have the figure."""
    found = []
    for pair in sorted({int(key.rsplit("/", 2)[1]) for key in done if key.rsplit("/", 2)[0] == name}):
        off, on = (done.get(f"{name}/{pair}/{side}", {}).get(figure) for side in ("off", "on"))
        if off is not None and on is not None:
            found.append((float(off), float(on)))
    return found


def write_report(out: Path, comparisons: Sequence[Comparison], done: Done, plan: Mapping[str, Any]) -> bool:
    """ab.md, ab.csv, ab-*.svg; true when the target was met, or there is none among the comparisons."""
    results = {c.name: {f: compare_pairs(pairs_of(done, c.name, f)) for f in FIGURES} for c in comparisons}
    _write_csv(out / "ab.csv", results)
    text = [*_head(plan), *_overview(results), *_unsound(done), ""]
    met, verdict = _target(results)
    text += [verdict, ""] if verdict else []
    text += _charts(out, comparisons, results)
    for figure in _present(results):
        title, unit = FIGURES[figure]
        text += [f"## {title}, {unit}", "", "| off → on | pairs | off | on | difference | interval | confidence | on is |",
                 "|---|--:|--:|--:|--:|---|--:|---|"]  # fmt: skip
        text += [_row(name, found[figure]) for name, found in results.items()]
        text.append("")
    text += ["## Sides", "", "| comparison | off | on |", "|---|---|---|"]
    text += [f"| {c.name} | `{' '.join(c.off) or 'the other product'}` | `{' '.join(c.on) or 'this product'}` |" for c in comparisons]
    (out / "ab.md").write_text("\n".join(text) + "\n", encoding="utf-8")
    return met


def _head(plan: Mapping[str, Any]) -> list[str]:
    m = machine()
    load = (
        f"Mixed scenario: {plan['rate']:g} events/s at DEBUG, {plan['nodes']} nodes, {plan['clients']} clients, "
        f"{'nodes are asked' if plan['polling'] else 'no polling'}, {plan['history_s'] / 3600:g} h of history; "
        f"{plan['seconds']:g} s a run after {plan['warm_up_s']:g} s."
    )
    if plan["questions"]:
        load = f"{plan['clients']} clients ask about 24 h of {plan['questions']:,} events, all at once, for {plan['seconds']:g} s a run."
    return [
        "# A/B", "", f"{m['cpu']}, {m['cores']} cores, Python {m['python']}, {m['system']}. {load} Interleaved pairs, order alternating. "
        "Differences are medians of the pairs' differences; the interval is that of the sign test.", "",
    ]  # fmt: skip


def _present(results: Mapping[str, Mapping[str, Difference | None]]) -> list[str]:
    """The figures that any comparison has."""
    return [figure for figure in FIGURES if any(found[figure] for found in results.values())]


def _overview(results: Mapping[str, Mapping[str, Difference | None]]) -> list[str]:
    figures = _present(results)
    out = ["| off → on | " + " | ".join(FIGURES[f][0] for f in figures) + " |", "|---" + "|--:" * len(figures) + "|"]
    for name, found in results.items():
        out.append(f"| {name} | " + " | ".join(_short(found[f]) for f in figures) + " |")
    return [*out, "", "Bold: the interval does not hold 0."]


def _short(d: Difference | None) -> str:
    if d is None or d.share is None:
        return "–"
    text = f"{100 * d.share:+.1f} %"
    return f"**{text}**" if d.verdict in ("less", "more") else text


def _row(name: str, d: Difference | None) -> str:
    if d is None:
        return f"| {name} | 0 | – | – | – | – | – | – |"
    share = f" ({100 * d.share:+.1f} %)" if d.share is not None else ""
    return (
        f"| {name} | {d.pairs} | {d.off:.4g} | {d.on:.4g} | {d.median:+.3g}{share} | {d.low:+.3g} … {d.high:+.3g} "
        f"| {100 * d.confidence:.1f} % | {d.verdict} |"
    )


def _unsound(done: Done) -> list[str]:
    bad = [key for key, figures in done.items() if not figures["exact"] or figures["gaps"]]
    return ["", f"**Not exact, or with gaps in the numbering: {', '.join(bad)}.**"] if bad else []


def _target(results: Mapping[str, Mapping[str, Difference | None]]) -> tuple[bool, str]:
    cpu, delay = (results.get(ALL, {}).get(f) for f in ("cpu_percent", "delay_p95_ms"))
    if cpu is None or cpu.share is None:
        return True, ""
    met = cpu.share <= TARGET_SHARE and (delay is None or delay.on <= DELAY_BOUND_MS)
    late = "" if delay is None else f", p95 {delay.on:g} ms (at most {DELAY_BOUND_MS:g})"
    return (
        met,
        f"All flags: CPU {100 * cpu.share:+.1f} % (target {100 * TARGET_SHARE:.0f} % or better){late}: {'met' if met else '**missed**'}.",
    )


def _write_csv(path: Path, results: Mapping[str, Mapping[str, Difference | None]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["comparison", "figure", "pairs", "off", "on", "difference", "low", "high", "confidence", "share"])
        for name, found in results.items():
            for figure, d in found.items():
                if d is not None:
                    values = (d.off, d.on, d.median, d.low, d.high, d.confidence, d.share)
                    writer.writerow([name, figure, d.pairs, *("" if v is None else round(v, 4) for v in values)])


def _charts(out: Path, comparisons: Sequence[Comparison], results: Mapping[str, Mapping[str, Difference | None]]) -> list[str]:
    links = []
    for figure, file in (("cpu_percent", "ab-cpu.svg"), ("cpu_peak_percent", "ab-peak.svg"), ("delay_p95_ms", "ab-delay.svg")):
        title, unit = FIGURES[figure]
        groups = [(name.removeprefix("PERF_"), [d.off, d.on]) for name, found in results.items() if (d := found[figure]) is not None]
        if groups:
            (out / file).write_text(bar_chart(title, unit, groups, ["off", "on"]), encoding="utf-8")
            links.append(f"![{title}]({file})")
    for c in comparisons:
        files = {side: out / f"{c.file}-{side}.csv" for side in ("off", "on")}
        if all(f.exists() for f in files.values()):
            series = {side: column(f, "cpu_percent") for side, f in files.items()}
            (out / f"{c.file}-cpu.svg").write_text(line_chart(f"{c.name}: server CPU of the first pair", "%", series), encoding="utf-8")
            links.append(f"![CPU over time]({c.file}-cpu.svg)")
    return [*links, ""]
