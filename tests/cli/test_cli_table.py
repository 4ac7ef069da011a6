"""Statistics as tables, and as one JSON object."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from storj_monitor.cli.progress import ProgressBar
from storj_monitor.cli.table import render, satellite_name
from storj_monitor.config import IngestProgress
from storj_monitor.model.events import LineKind
from storj_monitor.model.statistics import ErrorCount, LineReason, Statistics

US1 = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"

STATISTICS = Statistics(
    lines=1000,
    understood=990,
    ignored=8,
    not_understood=2,
    transfers={"GET down started": 110, "GET down success": 97, "GET down canceled": 2, "GET down failed": 1, "PUT up success": 50},
    bytes={"GET down success": 1_500_000, "GET down canceled": 500, "PUT up success": 22_700_000},
    satellites={f"{US1} GET success": 97, f"{US1} GET canceled": 2, f"{US1} GET failed": 1, " PUT success": 50},
    satellite_bytes={f"{US1} GET success": 1_500_000},
    minutes={"29923677 GET success": 97, "29923679 PUT success": 50},
    errors=tuple(ErrorCount("ERROR", "piecestore", "download failed", f"template {n} [red]\x1b[2J", 50 - n) for n in range(20)),
    reasons=(LineReason(LineKind.NOT_UNDERSTOOD, "new:logger", "something new", 2, ""), LineReason(LineKind.IGNORED, "", "foreign", 8, "")),
)


def as_text(statistics: Statistics, width: int = 140) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(*render(statistics, width), sep="\n")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def row_with(text: str, *parts: str) -> str:
    (row,) = [line for line in text.splitlines() if all(part in line for part in parts)]
    return row


def test_actions_rates_and_bytes() -> None:
    text = as_text(STATISTICS)
    assert "Transfers from 2026-11-23 07:57 to 2026-11-23 08:00 UTC" in text
    assert row_with(text, "GET down").split() == ["GET", "down", "97", "97.00", "2", "2.00", "1", "1.00", "1.50", "MB", "1.50", "MB", "110"]
    assert row_with(text, "all up").split()[2:4] == ["50", "100.00"]


def test_satellites_by_name() -> None:
    text = as_text(STATISTICS)
    assert row_with(text, "us1 GET").split()[2:4] == ["97", "97.00"]
    assert row_with(text, "(none named) PUT").split()[3] == "50"
    assert satellite_name("1ds2WEsr2Frv8AFcPkdHfCdUjDrnGpb6y4rpADpX32TXzxg57k") == "1ds2WEsr2F…"


def test_errors_are_folded_and_cannot_steer_the_terminal() -> None:
    text = as_text(STATISTICS)
    assert "Errors (the 15 worst of 20)" in text
    assert "template 14 [red]\\x1b[2J" in text
    assert "template 15" not in text
    assert "\x1b" not in text


def test_lines_and_reasons() -> None:
    text = as_text(STATISTICS)
    assert row_with(text, "not understood", "0.20 %").split() == ["not", "understood", "2", "0.20", "%"]
    assert row_with(text, "something new").split() == ["not", "understood", "new:logger", "something", "new", "2"]
    assert row_with(text, "foreign").split() == ["ignored", "foreign", "8"]


def test_a_log_that_says_nothing() -> None:
    text = as_text(Statistics())
    assert "No transfers with a time." in text
    assert "By action" not in text


@pytest.mark.parametrize("width", [60, 80, 109])
def test_a_narrow_terminal_loses_nothing(width: int) -> None:
    text = as_text(STATISTICS, width)
    numbers, sizes = (line.split() for line in text.splitlines() if "GET down" in line)
    assert numbers == ["GET", "down", "97", "97.00", "2", "2.00", "1", "1.00"]
    assert sizes == ["GET", "down", "1.50", "MB", "1.50", "MB", "110"]
    assert max(map(len, text.splitlines())) <= width


def test_json() -> None:
    document = json.loads(json.dumps(STATISTICS.to_json()))
    assert list(document) == ["transfers", "bytes", "satellites", "minutes", "lines", "understood", "ignored", "not_understood", "remarks"]
    assert document["lines"] == document["understood"] + document["ignored"] + document["not_understood"]


def test_progress_bar() -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    with ProgressBar(console) as bar:
        bar.update(IngestProgress("/logs/[node].log", 500_000, 1_000_000, 1234))
        bar.update(IngestProgress("-", 1_000_000, 0, 2345))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "2,345 lines" in text
    assert "standard input" in text
