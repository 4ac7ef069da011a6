"""One invented line for each log call of the node (v1.162.3, modular binary and updater too): the share that is understood is kept.

`log-calls.tsv` has source line, level, logger, message and process of each call; values within messages are invented.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest
from log_processor.log_lines import CORPUS, chunk_of, read_all

from storj_monitor.log_processor import LineProcessor
from storj_monitor.model.events import LineKind
from storj_monitor.model.node_events import GracefulExit

UNDERSTOOD_SHARE = 1.0
"""As measured: every one of them. A lower figure here needs a reason in the commit that lowers it."""
SATELLITE = "12ddwzMN82WRxdSSjK9W5zmQLVoxDZhzuxK87KFauUuBzkJ6Ygi"


class Call(NamedTuple):
    source: str
    level: str
    logger: str
    message: str
    process: str

    def console(self) -> bytes:
        columns = ["2026-11-30T10:00:00Z", self.level, *([self.logger] if self.logger else []), self.message]
        return "\t".join([*columns, json.dumps({"process": self.process, "error": "x"})]).encode() + b"\n"

    def json(self) -> bytes:
        named = {"N": self.logger} if self.logger else {}
        head = {"L": self.level, "T": "2026-11-30T10:00:00Z", **named, "M": self.message}
        return json.dumps({**head, "process": self.process, "error": "x"}).encode() + b"\n"


CALLS = [Call(*line.split("\t")) for line in (CORPUS / "log-calls.tsv").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("form", ["console", "json"])
@pytest.mark.parametrize("fast", [True, False])
def test_every_log_call_of_the_node_is_understood(form: str, fast: bool) -> None:
    assert len(CALLS) > 480
    missed = []
    for call in CALLS:
        line = getattr(call, form)()
        processor = LineProcessor("node", lambda _: "", fast=fast)
        if read_all([chunk_of(line)], processor).kinds() != {LineKind.UNDERSTOOD: 1}:
            missed.append(call)
    assert missed == [], f"{1 - len(missed) / len(CALLS):.4f}, was {UNDERSTOOD_SHARE}"


OLD = [
    ("2021-02-01T10:00:00.123Z", "INFO", "piecestore", "restore trash started"),
    ("2023-05-20T10:00:00.123Z", "INFO", "used-space-filewalker.subprocess", "used-space-filewalker started"),
    ("2023-05-20T10:00:00.123Z", "INFO", "gc-filewalker.subprocess", "gc-filewalker completed"),
    ("2023-05-20T10:00:00.123Z", "INFO", "used-space-filewalker", "subprocess started"),
    ("2024-09-20T10:00:00Z", "INFO", "piecestore", "Retain job queued"),
    ("2022-01-20T10:00:00.123Z", "ERROR", "", "Failed to initialize CacheService."),
    ("2026-11-30T10:00:00Z", "INFO", "", "flight recorder event"),
    # the modular binary: logger names are Go types, also of types that nobody has listed
    ("2026-11-30T10:00:00Z", "INFO", "retain:runner", "no more BFs to process"),
    ("2026-11-30T10:00:00Z", "INFO", "collector:runner", "Expired files deleted"),
    ("2026-11-30T10:00:00Z", "INFO", "piecestore:endpoint", "uploaded"),
    ("2026-11-30T10:00:00Z", "INFO", "cleanup:deleteemptydirs", "Deleting empty directory"),
]


@pytest.mark.parametrize(("time", "level", "logger", "message"), OLD)
def test_lines_of_other_versions_are_understood(time: str, level: str, logger: str, message: str) -> None:
    columns = [time, level, *([logger] if logger else []), message, "{}"]
    assert read_all([chunk_of("\t".join(columns).encode() + b"\n")]).kinds() == {LineKind.UNDERSTOOD: 1}


def test_a_graceful_exit_names_its_satellite_in_the_logger() -> None:
    totals = read_all([chunk_of((CORPUS.parent / "cases" / "gracefulexit-logger.log").read_bytes())])
    assert totals.not_understood() == set()
    assert [(e.satellite, e.state) for e in totals.events if isinstance(e, GracefulExit)] == [
        (SATELLITE, "begun"),
        (SATELLITE, "completed"),
    ]


@pytest.mark.parametrize("address", ["127.0.0.1:21100", "us2.example.org:7777", "[2001:db8::1]:7777"])
def test_any_address_may_be_in_the_name_of_the_logger(address: str) -> None:
    name = f"gracefulexit:chore.{SATELLITE}@{address}"
    fields = '{"process": "storagenode"}'
    console = f"2026-11-30T11:43:59Z\tINFO\t{name}\tgraceful exit completed.\t{fields}\n".encode()
    as_json = json.dumps({"L": "INFO", "T": "2026-11-30T11:43:59Z", "N": name, "M": "graceful exit completed.", "process": "s"}).encode()
    for line in (console, as_json + b"\n"):
        totals = read_all([chunk_of(line)])
        assert totals.keys(LineKind.UNDERSTOOD) == {("gracefulexit:chore", "graceful exit completed.")}
        assert [event.satellite for event in totals.events] == [SATELLITE]


def test_lines_that_were_unknown_are_understood() -> None:
    totals = read_all([chunk_of((CORPUS.parent / "cases" / "unknown-lines.log").read_bytes())])
    assert totals.not_understood() == set()
    assert totals.lines.total() == 4


def test_a_comparison_in_a_message_keeps_its_number() -> None:
    for logger in ("piecestore:cache", "blobscache"):
        line = f'2026-11-30T10:00:00Z\tERROR\t{logger}\tpiecesTotal < 0\t{{"process": "storagenode"}}\n'.encode()
        (error,) = read_all([chunk_of(line)]).errors
        assert (error.message, error.template) == ("piecesTotal < 0", "piecesTotal < 0")
