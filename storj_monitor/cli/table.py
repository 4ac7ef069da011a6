"""Statistics as tables for a terminal. Text from logs is shown as text: no markup, no control characters."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from storj_monitor.model.events import LineKind
from storj_monitor.model.ids import Action
from storj_monitor.model.severity import SeverityClass, classify
from storj_monitor.model.statistics import Statistics
from storj_monitor.units import format_bytes, format_share

SATELLITE_NAMES = {
    "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S": "us1",
    "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs": "eu1",
    "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6": "ap1",
    "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE": "saltlake",
}
# From this width on, results and bytes stand in one table.
WIDE = 110
# Wide enough for every column where the output is a file or a pipe.
PIPE_WIDTH = 140
TOP_ERRORS = 15
# Severe ones are never left out.
MOST_ERRORS = 100
TOP_REASONS = 10
TEMPLATE_CHARACTERS = 200
_RESULTS = ("success", "canceled", "failed")
_ACTIONS = tuple(dict.fromkeys([*(action.label for action in Action if action >= Action.PUT), "UNKNOWN"]))

Cells = Mapping[str, int]


class Results(NamedTuple):
    """One row of results: whose, how many by outcome, bytes by outcome; `last` of its group; `known`: the log tells successes."""

    label: Text
    counts: Cells
    sizes: Cells
    last: bool
    known: bool = True


def render(statistics: Statistics, width: int) -> Iterator[RenderableType]:
    """The tables, in order, for `width` columns of text; those with nothing to say are left out."""
    yield _period(statistics)
    for remark in statistics.remarks:
        yield Text(f"Note: {plain(remark)}", style="bold")
    if statistics.transfers:
        yield from _result_tables("By action", "Action", _action_rows(statistics), width)
    if statistics.satellites:
        yield from _result_tables("By satellite", "Satellite, action", _satellite_rows(statistics), width)
    if statistics.errors:
        yield _errors(statistics)
    yield _lines(statistics)
    if statistics.reasons:
        yield _reasons(statistics)


def console_for_output() -> Console:
    """Standard output: as wide as the terminal, or wide enough for a file."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def satellite_name(satellite: str) -> str:
    """A known satellite's short name, else the beginning of its id."""
    if not satellite:
        return "(none named)"
    return SATELLITE_NAMES.get(satellite, satellite if len(satellite) <= 12 else f"{satellite[:10]}…")


def plain(text: str) -> Text:
    """Text that came from a log: what cannot be printed is written out, so that no log can steer the terminal."""
    return Text("".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in text), overflow="fold")


def _period(statistics: Statistics) -> Text:
    minutes = [int(key.split(" ", 1)[0]) for key in statistics.minutes]
    if not minutes:
        return Text("No transfers with a time.")
    first, last = (datetime.fromtimestamp(minute * 60, UTC) for minute in (min(minutes), max(minutes) + 1))
    return Text(f"Transfers from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC")


def _action_rows(statistics: Statistics) -> list[Results]:
    cells: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    sizes: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for keys, into in ((statistics.transfers, cells), (statistics.bytes, sizes)):
        for key, number in keys.items():
            action, direction, outcome = key.split(" ")
            into[direction, action][outcome] += number
            into[direction, "all"][outcome] += number
    return [
        Results(
            Text(f"{action} {direction}"), cells[direction, action], sizes[direction, action], action == "all", statistics.tells_success
        )
        for direction in ("up", "down")
        for action in (*_ACTIONS, "all")
        if (direction, action) in cells
    ]


def _satellite_rows(statistics: Statistics) -> list[Results]:
    """Satellites with the most results first."""
    cells: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    sizes: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for keys, into in ((statistics.satellites, cells), (statistics.satellite_bytes, sizes)):
        for key, number in keys.items():
            satellite, action, outcome = key.rsplit(" ", 2)
            into[satellite, action][outcome] += number
    for (satellite, _), counts in cells.items():
        totals[satellite] += counts.total()
    rows = []
    for satellite, _ in totals.most_common():
        actions = [action for action in _ACTIONS if (satellite, action) in cells]
        for action in actions:
            label = plain(f"{satellite_name(satellite)} {action}")
            rows.append(Results(label, cells[satellite, action], sizes[satellite, action], action == actions[-1], statistics.tells_success))
    return rows


def _result_tables(title: str, label: str, rows: list[Results], width: int) -> Iterator[Table]:
    """One table where it fits, else one of results and one of bytes. Starts are shown where there are any (logs at DEBUG)."""
    results = [(label, False)] + [(name, True) for outcome in _RESULTS for name in (outcome.capitalize(), "%")]
    sizes = [("Bytes (success)", True), ("Bytes (all)", True)]
    starts = [("Started", True)] if any("started" in row.counts for row in rows) else []
    if width >= WIDE:
        yield _filled(
            title, [*results, *sizes, *starts], [[row.label, *_rates(row), *_sizes(row), *_starts(row, starts)] for row in rows], rows
        )
        return
    yield _filled(title, results, [[row.label, *_rates(row)] for row in rows], rows)
    yield _filled(
        f"{title}: bytes", [(label, False), *sizes, *starts], [[row.label, *_sizes(row), *_starts(row, starts)] for row in rows], rows
    )


def _filled(title: str, columns: list[tuple[str, bool]], cells: list[list[Text | str]], rows: list[Results]) -> Table:
    table = _table(title)
    for name, is_number in columns:
        table.add_column(name, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for row, cell in zip(rows, cells, strict=True):
        table.add_row(*cell, end_section=row.last)
    return table


def _rates(row: Results) -> list[str]:
    results = sum(row.counts.get(outcome, 0) for outcome in _RESULTS)
    numbers = [row.counts.get(outcome, 0) for outcome in _RESULTS]
    if not row.known and not numbers[0]:
        return ["unknown", "", *(cell for number in numbers[1:] for cell in (f"{number:,}", ""))]
    return [cell for number in numbers for cell in (f"{number:,}", format_share(number, results).removesuffix(" %"))]


def _sizes(row: Results) -> list[str]:
    success = row.sizes.get("success", 0)
    return [
        format_bytes(success) if row.known or success else "unknown",
        format_bytes(sum(row.sizes.get(outcome, 0) for outcome in _RESULTS)),
    ]


def _starts(row: Results, wanted: list[tuple[str, bool]]) -> list[str]:
    return [f"{row.counts.get('started', 0):,}"] if wanted else []


def _errors(statistics: Statistics) -> Table:
    severe = sum(classify(*error[:4]).is_severe for error in statistics.errors)
    shown = statistics.errors[: max(TOP_ERRORS, min(severe, MOST_ERRORS))]
    kinds = [classify(*error[:4]) for error in shown]
    told = any(kind is not SeverityClass.TRAFFIC for kind in kinds)
    more = len(statistics.errors) - len(shown)
    title = "Errors" if not more else f"Errors (the {len(shown)} worst of {len(statistics.errors)})"
    table = _table(title, *(["Threatens"] if told else []), "Level", "Logger", "Message")
    table.add_column("Count", justify="right")
    for kind, error in zip(kinds, shown, strict=True):
        text = error.message if error.template in ("", error.message) else f"{error.message}: {error.template}"
        threatens = [kind.label if kind is not SeverityClass.TRAFFIC else ""] if told else []
        table.add_row(*threatens, plain(error.level), plain(error.logger), plain(_cut(text)), f"{error.number:,}")
    return table


def _lines(statistics: Statistics) -> Table:
    table = _table("Lines", "")
    table.add_column("Count", justify="right")
    table.add_column("Share", justify="right")
    for label, number in (
        ("understood", statistics.understood),
        ("ignored on purpose", statistics.ignored),
        ("not understood", statistics.not_understood),
    ):
        table.add_row(label, f"{number:,}", format_share(number, statistics.lines))
    table.add_section()
    table.add_row("read", f"{statistics.lines:,}", "")
    return table


def _reasons(statistics: Statistics) -> Table:
    table = _table("Lines that are not counted as understood", "Why", "Logger", "Message")
    table.add_column("Count", justify="right")
    for kind, label in ((LineKind.NOT_UNDERSTOOD, "not understood"), (LineKind.IGNORED, "ignored")):
        of_kind = [reason for reason in statistics.reasons if reason.kind == kind]
        for reason in of_kind[:TOP_REASONS]:
            table.add_row(label, plain(reason.logger), plain(_cut(reason.message)), f"{reason.number:,}")
        if len(of_kind) > TOP_REASONS:
            rest = sum(reason.number for reason in of_kind[TOP_REASONS:])
            table.add_row(label, "", f"({len(of_kind) - TOP_REASONS} more)", f"{rest:,}")
    return table


def _table(title: str, *text_columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in text_columns:
        table.add_column(name, overflow="fold")
    return table


def _cut(text: str) -> str:
    return text if len(text) <= TEMPLATE_CHARACTERS else text[: TEMPLATE_CHARACTERS - 1] + "…"
