"""Statistics as tables for a terminal. Text from logs is shown as text: no markup, no control characters."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from storj_monitor.model.events import LineKind
from storj_monitor.model.ids import Action
from storj_monitor.model.statistics import Statistics
from storj_monitor.units import format_bytes, format_share

SATELLITE_NAMES = {
    "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S": "us1",
    "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs": "eu1",
    "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6": "ap1",
    "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE": "saltlake",
}
TOP_ERRORS = 15
TOP_REASONS = 10
TEMPLATE_CHARACTERS = 200
_RESULTS = ("success", "canceled", "failed")
_ACTIONS = tuple(dict.fromkeys([*(action.label for action in Action if action >= Action.PUT), "UNKNOWN"]))

Cells = Mapping[str, int]


def render(statistics: Statistics) -> Iterator[RenderableType]:
    """The tables, in order; those with nothing to say are left out."""
    yield _period(statistics)
    if statistics.transfers:
        yield _by_action(statistics)
    if statistics.satellites:
        yield _by_satellite(statistics)
    if statistics.errors:
        yield _errors(statistics)
    yield _lines(statistics)
    if statistics.reasons:
        yield _reasons(statistics)


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


def _by_action(statistics: Statistics) -> Table:
    cells: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    sizes: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for keys, into in ((statistics.transfers, cells), (statistics.bytes, sizes)):
        for key, number in keys.items():
            action, direction, outcome = key.split(" ")
            into[direction, action][outcome] += number
            into[direction, "all"][outcome] += number
    table = _table("By action", "Direction", "Action", result_columns=True)
    with_starts = any("started" in counts for counts in cells.values())
    if with_starts:
        table.add_column("Started", justify="right")
    for direction in ("up", "down"):
        for action in (*_ACTIONS, "all"):
            if (direction, action) in cells:
                counts = cells[direction, action]
                starts = [f"{counts['started']:,}"] if with_starts else []
                label = "upload" if direction == "up" else "download"
                table.add_row(label, action, *_result_cells(counts, sizes[direction, action]), *starts, end_section=action == "all")
    return table


def _by_satellite(statistics: Statistics) -> Table:
    cells: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    sizes: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for keys, into in ((statistics.satellites, cells), (statistics.satellite_bytes, sizes)):
        for key, number in keys.items():
            satellite, action, outcome = key.rsplit(" ", 2)
            into[satellite, action][outcome] += number
    totals: Counter[str] = Counter()
    for (satellite, _), counts in cells.items():
        totals[satellite] += counts.total()
    table = _table("By satellite", "Satellite", "Action", result_columns=True)
    for satellite, _ in totals.most_common():
        actions = [action for action in _ACTIONS if (satellite, action) in cells]
        for action in actions:
            name = plain(satellite_name(satellite)) if action == actions[0] else Text()
            table.add_row(
                name, action, *_result_cells(cells[satellite, action], sizes[satellite, action]), end_section=action == actions[-1]
            )
    return table


def _result_cells(counts: Cells, sizes: Cells) -> list[str]:
    results = sum(counts.get(outcome, 0) for outcome in _RESULTS)
    cells = []
    for outcome in _RESULTS:
        number = counts.get(outcome, 0)
        cells += [f"{number:,}", format_share(number, results)]
    return [*cells, format_bytes(sizes.get("success", 0)), format_bytes(sum(sizes.get(outcome, 0) for outcome in _RESULTS))]


def _errors(statistics: Statistics) -> Table:
    shown = statistics.errors[:TOP_ERRORS]
    more = len(statistics.errors) - len(shown)
    table = _table(
        "Errors" if not more else f"Errors (the {len(shown)} most frequent of {len(statistics.errors)})", "Level", "Logger", "Message"
    )
    table.add_column("Count", justify="right")
    for error in shown:
        text = error.message if error.template in ("", error.message) else f"{error.message}: {error.template}"
        table.add_row(plain(error.level), plain(error.logger), plain(_cut(text)), f"{error.number:,}")
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


def _table(title: str, *text_columns: str, result_columns: bool = False) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for name in text_columns:
        table.add_column(name, overflow="fold")
    if result_columns:
        for name in ("Success", "%", "Canceled", "%", "Failed", "%", "Bytes (success)", "Bytes (all)"):
            table.add_column(name, justify="right", no_wrap=name != "Bytes (success)")
    return table


def _cut(text: str) -> str:
    return text if len(text) <= TEMPLATE_CHARACTERS else text[: TEMPLATE_CHARACTERS - 1] + "…"
