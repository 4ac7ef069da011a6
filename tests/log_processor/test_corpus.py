"""The recorded logs: every figure must equal the independent recount, and nothing that a node says may be strange to us."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from functools import lru_cache
from typing import Any

import pytest
from log_processor.log_lines import CORPUS, chunk_of, chunks_of, new_processor, read_all, same_totals

from storj_monitor.log_processor.full_parser import CONTINUATION, EMPTY_LINE, FOREIGN, GOROUTINE, PANIC, PLAIN_ERROR
from storj_monitor.log_processor.known_messages import KNOWN_MESSAGES, UPDATER_MESSAGES
from storj_monitor.log_processor.transfers import TRANSFER_MESSAGES
from storj_monitor.model.events import LineKind
from storj_monitor.model.node_events import NodeStarted, Panic, VersionSeen
from storj_monitor.model.severity import SeverityClass, classify

COUNTS: dict[str, dict[str, Any]] = json.loads((CORPUS / "counts.json").read_bytes())
RECORDINGS = sorted(COUNTS)
FOREIGN_REASONS = {CONTINUATION, EMPTY_LINE, FOREIGN, GOROUTINE, PANIC, PLAIN_ERROR}


@lru_cache(maxsize=2)
def recording(name: str) -> bytes:
    return gzip.decompress((CORPUS / f"{name}.log.gz").read_bytes())


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_figure_equals_the_recount(name: str) -> None:
    totals, want = read_all(chunks_of(recording(name), 1 << 20)), COUNTS[name]
    assert totals.transfers == want["transfers"]
    assert totals.bytes == want["bytes"]
    assert totals.satellites == want["satellites"]
    assert totals.minutes == want["minutes"]
    assert totals.lines.total() == want["lines"]


@pytest.mark.parametrize("name", RECORDINGS)
def test_nothing_is_strange_and_foreign_lines_are_ignored_on_purpose(name: str) -> None:
    totals = read_all(chunks_of(recording(name), 1 << 20))
    assert totals.not_understood() == set()
    foreign = sum(n for key, n in totals.lines.items() if key.message in FOREIGN_REASONS and key.kind == LineKind.IGNORED)
    assert foreign == COUNTS[name]["foreign"]
    assert totals.kinds()[LineKind.UNDERSTOOD] == COUNTS[name]["lines"] - foreign


@pytest.mark.parametrize("name", RECORDINGS)
def test_lines_by_logger_and_message_equal_the_recount(name: str) -> None:
    totals = read_all(chunks_of(recording(name), 1 << 20))
    ours = Counter[tuple[str, str]]()
    for key, count in totals.lines.items():
        if key.kind == LineKind.UNDERSTOOD:
            ours[key.logger, key.message] += count
    recount = Counter[tuple[str, str]]()
    for label, count in COUNTS[name]["other"].items():
        _, logger, message = label.split(" ", 2)
        message = message.replace('"terminated"', "*")
        recount[logger, "* < 0" if message.endswith(" < 0") else message] += count
    transfers = Counter[str]({message: n for (logger, message), n in ours.items() if (logger, message) not in recount})
    assert {key: ours[key] for key in recount} == recount
    assert transfers.total() == sum(COUNTS[name]["transfers"].values())


@pytest.mark.parametrize("size", [1, 3_000, 100_000])
def test_chunk_sizes_make_no_difference(size: int) -> None:
    data = recording("eventful/v1.120-debug")[:2_000_000]
    data = data[: data.rfind(b"\n") + 1]
    same_totals(read_all(chunks_of(data, size)), read_all([chunk_of(data)]))


def test_a_panic_is_one_event_and_its_lines_are_ignored() -> None:
    totals = read_all(chunks_of(recording("eventful/v1.120-debug"), 1 << 20))
    (panic,) = [event for event in totals.events if isinstance(event, Panic)]
    assert panic.first_line == "panic: crypto/tls bug: where's my session ticket?"
    assert panic.time_ms > 0
    assert totals.keys(LineKind.IGNORED) == {("", PANIC), ("", EMPTY_LINE), ("", GOROUTINE), ("", CONTINUATION)}


def test_nodes_say_who_they_are() -> None:
    totals = read_all(chunks_of(recording("eventful/v1.145-debug-hashstore"), 1 << 20))
    assert {e.node_id for e in totals.events if isinstance(e, NodeStarted)} == {"12Shi1Bpp6evbnfteTHgFuTzyoTGu8ainuhzjqj51b5wXtdToBC"}
    assert {e.version for e in totals.events if isinstance(e, VersionSeen)} == {"1.145.3"}


def test_no_durations_without_start_lines() -> None:
    batches = [new_processor().process(chunk) for chunk in chunks_of(recording("quiet/v1.145-info"), 1 << 24)]
    assert all(t.duration_ms == -1 for b in batches for t in b.transfers)
    assert {b.duration_resolution_ms for b in batches} == {0}


def test_all_sample_lines_are_known() -> None:
    data = (CORPUS / "sample-lines.log").read_bytes()
    totals = read_all([chunk_of(data)])
    assert totals.not_understood() == set()
    assert totals.lines.total() == data.count(b"\n")
    assert totals.keys(LineKind.IGNORED) == {("", PLAIN_ERROR), ("", GOROUTINE), ("", CONTINUATION), ("", "supervisord")}


LOGGERS_OF_FAMILY = {"lazyfilewalker": "lazyfilewalker.gc-filewalker.subprocess"}


@pytest.mark.parametrize("logger", sorted(KNOWN_MESSAGES))
def test_every_message_of_the_catalogue_is_understood(logger: str) -> None:
    for message in KNOWN_MESSAGES[logger]:
        transfer = logger == "piecestore" and message in TRANSFER_MESSAGES
        for level in ("DEBUG", "INFO", "WARN"):
            said = message.replace("*", "x1:2")
            said = 'Got a signal from the OS: "x"' if said.startswith("Got a signal") else said
            said = 'database "x": schema contains unexpected indices [a b]' if said.startswith("schema contains") else said
            said = f"{said} (was: 208 kiB)" if said.startswith("failed to sufficiently") else said
            said = said.replace("increase buffer", "increase receive buffer").replace("x1:2 < 0", "trashTotal < 0")
            columns = [LOGGERS_OF_FAMILY.get(logger, logger)] if logger else []
            line = "\t".join(["2026-08-20T07:01:10Z", level, *columns, said, '{"process": "storagenode"}']) + "\n"
            totals = read_all([chunk_of(line.encode())])
            assert totals.kinds() == {LineKind.UNDERSTOOD: 1}, line
            # what is as bad at any level is an error at any level
            bad = level == "WARN" or classify(level, logger, message) is not SeverityClass.TRAFFIC
            failed = message.endswith(" failed") if transfer else bad
            assert bool(totals.errors) == failed, line


def test_every_message_of_the_updater_is_understood() -> None:
    for message in [*UPDATER_MESSAGES, "Version is up to date", "some reason of its own"]:
        line = f'2026-08-20T07:01:10Z\tINFO\t{message}\t{{"process": "storagenode-updater"}}\n'
        assert read_all([chunk_of(line.encode())]).kinds() == {LineKind.UNDERSTOOD: 1}


def test_old_updaters_that_do_not_say_who_they_are_are_understood() -> None:
    """There is no `process` before v1.53."""
    for message in UPDATER_MESSAGES:
        line = f"2021-08-20T07:01:10.123Z\tINFO\t{message}\t{{}}\n"
        assert read_all([chunk_of(line.encode())]).kinds() == {LineKind.UNDERSTOOD: 1}
    rolled_out = 'New version is being rolled out but hasn\'t made it to this node yet\t{"Service": "storagenode"}\n'
    of_service = read_all([chunk_of(f"2021-08-20T07:01:10.123Z\tINFO\t{rolled_out}".encode())])
    assert of_service.kinds() == {LineKind.UNDERSTOOD: 1}
    assert read_all([chunk_of(b'2021-08-20T07:01:10.123Z\tINFO\tsomething\t{"Other": "storagenode"}\n')]).kinds() == {
        LineKind.NOT_UNDERSTOOD: 1
    }
    of_node = read_all([chunk_of(b'2021-08-20T07:01:10.123Z\tINFO\tOperator email\t{"Address": "a@b.c"}\n')])
    assert [key.logger for key in of_node.lines] == [""]
