"""A severe error that came once stands before everything that came often: on the page, in the answer, after a restart, in noise."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import NOON_MS, batch
from database.database_store import Store
from plain import plain

from storj_monitor.database import commit, queries
from storj_monitor.database.history import node_history
from storj_monitor.log_processor import LineProcessor
from storj_monitor.model.events import ErrorSeen, EventBatch
from storj_monitor.model.severity import SeverityClass
from storj_monitor.model.sources import Chunk, FileIdentity
from storj_monitor.state import accumulator, nodes, windows
from storj_monitor.state.accumulator import Accumulator
from storj_monitor.state.nodes import State
from storj_monitor.views import tables
from storj_monitor.views.topic_feed import TopicFeeds

RARE = Path(__file__).parent.parent / "corpus" / "cases" / "errors-rare.log"
RARE_S = 1796035550  # 2026-11-30T10:45:50Z, its last line
MALFORMED = ErrorSeen(NOON_MS, "ERROR", "bandwidth", "Could not persist", "database disk image is malformed", "the sample", "")
IN_ALL = (0, 4_000_000_000)


def rare() -> EventBatch:
    data = RARE.read_bytes()
    return LineProcessor("n1", lambda _: "").process(Chunk("n1", data, 0, len(data), 1.0, FileIdentity(4096, "00" * 16), "node.log"))


def noise(count: int, start: int = 0) -> list[ErrorSeen]:
    return [ErrorSeen(NOON_MS, "ERROR", "piecestore", "download failed", f"noise {start + i}", "s", "") for i in range(count)] * 2


def drained(taken: EventBatch) -> Accumulator:
    made = Accumulator(taken.node)
    made.add(taken)
    return made


def test_the_rare_and_severe_are_first_on_the_page_and_are_findings_to_be() -> None:
    state = State(["n1", "n2"])
    feed = TopicFeeds(state, True).open(("n1", "n2"))
    state.on_delta(drained(rare()).drain(), RARE_S)
    feed.advance({"errors"}, RARE_S, slow=True)
    rows = list(plain(feed.snapshot({"errors"}, RARE_S))["errors"]["rows"].values())
    assert [(row["class"], row["sample"]) for row in rows[:4]] == [
        ("data or disk", "bandwidthdb: database disk image is malformed"),
        ("data or disk", "open /mnt/x: read-only file system"),
        ("data or disk", "retain: open /mnt/x/retain/y.pb: no space left on device"),
        ("reputation", "clock is 31m behind"),
    ]
    assert {row["severity"] for row in rows[:4]} == {"critical"}
    assert rows[4]["message"] == "download failed"
    assert all(row["nodes"] == ["n1"] and row["node_count"] == 1 for row in rows)
    entries = state.nodes["n1"].severe.entries()
    assert [(one.kind, one.node, one.count, one.text) for one in entries] == [
        (SeverityClass.DATA, "n1", 1, "retain: open /mnt/x/retain/y.pb: no space left on device"),
        (SeverityClass.DATA, "n1", 1, "bandwidthdb: database disk image is malformed"),
        (SeverityClass.DATA, "n1", 1, "open /mnt/x: read-only file system"),
        (SeverityClass.REPUTATION, "n1", 1, "clock is 31m behind"),
    ]
    assert entries[0].first_ms == entries[0].last_ms == (RARE_S - 2) * 1000
    assert state.nodes["n2"].severe.entries() == ()


def test_a_restart_and_the_database_know_them_too(store: Store) -> None:
    store.commit(rare())
    found = queries.errors(store.reader, [1], *IN_ALL, 3)
    assert [one.seen.sample.partition(":")[0] for one in found] == ["open /mnt/x", "bandwidthdb", "retain"]
    assert {one.nodes for one in found} == {(1,)}
    (history,) = node_history(store.reader, [], RARE_S - 3600, (), None)
    state = State(["n1"])
    state.load(history)
    assert [one.kind for one in state.nodes["n1"].severe.entries()] == [SeverityClass.DATA] * 3 + [SeverityClass.REPUTATION]


@pytest.mark.parametrize("before", [True, False])
def test_no_noise_hides_a_severe_one(store: Store, before: bool) -> None:
    loud = noise(windows.MAX_ERRORS + 50)
    errors = [MALFORMED, *loud] if before else [*loud, MALFORMED]
    state = State(["n1"])
    for start in range(0, len(errors), accumulator.MAX_ERRORS // 2):
        taken = batch([], errors=errors[start : start + accumulator.MAX_ERRORS // 2], start=start, end=start + 1, newest_ms=NOON_MS)
        state.on_delta(drained(taken).drain(), NOON_MS / 1000)
    rows = list(plain(tables.error_rows(state.nodes["n1"].window.errors, {})).values())
    assert rows[0]["template"] == "database disk image is malformed"
    assert len(rows) == tables.TOP_ERRORS
    in_one = drained(batch([], errors=errors, newest_ms=NOON_MS)).drain()
    assert "database disk image is malformed" in {key.template for key in in_one.errors}
    assert len(in_one.errors) <= accumulator.MAX_ERRORS + 2


def test_severe_ones_are_never_dropped_by_the_length_of_the_list() -> None:
    errors = [MALFORMED._replace(message=f"message {i}") for i in range(60)] + noise(60)
    made = drained(batch([], errors=errors, newest_ms=NOON_MS)).drain()
    rows = list(plain(tables.error_rows(made.errors, {})).values())
    assert [row["rank"] for row in rows] == [0] * 60


def test_a_full_dictionary_keeps_the_class(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.writer.executemany(
        "INSERT INTO template(level, logger, message, template) VALUES ('ERROR', '', ?, '')",
        [(f"{i}",) for i in range(commit.MAX_TEMPLATES)],
    )
    store.commit(batch([], errors=[*noise(5), MALFORMED], newest_ms=NOON_MS))
    found = queries.errors(store.reader, [1], *IN_ALL, 10)
    assert [(one.key[1:], one.seen.count) for one in found] == [
        (("ERROR", "", "(other)", "data or disk"), 1),
        (("ERROR", "", "(other)", ""), 10),
    ]


def test_entries_are_bounded_and_end() -> None:
    log = nodes.SevereLog("n1")
    for i in range(MOST := nodes.MOST_SEVERE + 20):
        one = MALFORMED._replace(time_ms=NOON_MS + i, message=f"message {i}")
        assert log.add(drained(batch([], errors=[one], newest_ms=NOON_MS)).drain().errors)
    entries = log.entries()
    assert len(entries) == nodes.MOST_SEVERE
    assert entries[0].last_ms == NOON_MS + MOST - 1
    assert not log.expire(NOON_MS / 1000 + nodes.SEVERE_S)
    assert log.expire(NOON_MS / 1000 + nodes.SEVERE_S + 1)
    assert log.entries() == ()


def test_failed_audits_are_told_from_failed_downloads() -> None:
    def line(action: str) -> bytes:
        return (
            '2026-11-30T10:45:50Z\tERROR\tpiecestore\tdownload failed\t{"process": "storagenode", "piece_id": "' + "A" * 52 + '", '
            '"satellite_id": "x", "action": "' + action + '", "offset": 0, "size": 1, "remote_address": "1.2.3.4:5", '
            '"error": "file does not exist"}\n'
        ).encode()

    for fast in (True, False):
        data = line("GET") + line("GET_AUDIT") + line("GET_REPAIR")
        taken = LineProcessor("n1", lambda _: "", fast=fast).process(Chunk("n1", data, 0, len(data), 1.0, None, "node.log"))
        assert [error.message for error in taken.errors] == [
            "download failed",
            "download failed (GET_AUDIT)",
            "download failed (GET_REPAIR)",
        ]
