"""However noisy a log is, a topic on the wire keeps the bounds that docs/protocol.md states; what is beyond is folded, not lost."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from builders import NOON_MS, US1, batch, transfer
from plain import plain

from storj_monitor.model.events import ErrorSeen, LineKey
from storj_monitor.model.hashstore_events import CompactionFinished, CompactionStarted
from storj_monitor.model.ids import Action, Outcome
from storj_monitor.model.rollups import HotPiece
from storj_monitor.reputation_tracker.report import MOST_PIECES
from storj_monitor.state.accumulator import Accumulator
from storj_monitor.state.nodes import State
from storj_monitor.views import tables
from storj_monitor.views.reputation import MOST_WINDOWS
from storj_monitor.views.topic_feed import SAMPLE, TABLES, TopicFeed, TopicFeeds

NOW = NOON_MS / 1000
PROTOCOL = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
OUTCOMES = (Outcome.SUCCESS, Outcome.CANCELED, Outcome.FAILED)


def stated(topic: str) -> int:
    """Rows at most, where the document has a number alone."""
    found = re.search(rf"^\| `{topic}` \| (\d+) \|", PROTOCOL, re.MULTILINE)
    assert found, topic
    return int(found[1])


def noisy(node_count: int) -> tuple[State, TopicFeed]:
    """Logs full of noise: everything that can have another name in each line has one."""
    names = [f"n{i}" for i in range(node_count)]
    state = State(names)
    feeds = TopicFeeds(state, True)
    feed = feeds.open(tuple(names))
    for number, name in enumerate(names):
        transfers = [
            transfer(NOON_MS, satellite=f"made up {i % 400}", action=action, outcome=OUTCOMES[i % 3], country=f"{i % 26 + 10:X}{i % 17}")
            for i in range(600)
            for action in (Action.PUT, Action.GET, Action.GET_AUDIT, Action.GET_REPAIR, Action.PUT_REPAIR)
        ]
        transfers += [transfer(NOON_MS, satellite=US1, country="DE")] * 900
        errors = [ErrorSeen(NOON_MS, "ERROR", "logger", "message", f"template {number} {i}", "sample", "") for i in range(200)]
        errors += [ErrorSeen(NOON_MS, "ERROR", "logger", "message", f"read-only file system {number} {i}", "sample", "") for i in range(20)]
        events = [
            event
            for i in range(120)
            for event in (
                CompactionStarted(time_ms=NOON_MS + i, satellite=f"made up {i}", store="s0"),
                *([CompactionFinished(time_ms=NOON_MS + i, satellite=f"made up {i}", store="s0", duration_ms=5)] if i % 2 else []),
            )
        ]
        reasons = {LineKey("ignored" if i % 2 else "not_understood", "logger", f"message {i}"): i + 1 for i in range(150)}
        taken = batch(transfers, node=name, errors=errors, events=events, lines=reasons)
        state.on_batch(taken, NOW)
        feeds.push(taken)
        accumulator = Accumulator(name)
        accumulator.add(taken)
        state.on_delta(accumulator.drain(), NOW)
        state.on_hot(name, {i: HotPiece(f"P{i}", US1, count=i) for i in range(number, number + 60)})
    return state, feed


@pytest.fixture(scope="module")
def noise() -> tuple[State, TopicFeed]:
    return noisy(12)


def rows(feed: TopicFeed, topic: str) -> dict[str, dict[str, object]]:
    plain(feed.advance({topic}, NOW, slow=True))
    found: dict[str, dict[str, object]] = plain(feed.snapshot({topic}, NOW))[topic]["rows"]
    return found


@pytest.mark.parametrize("topic", ["actions", "satellites", "sizes", "errors", "pieces", "countries", "compactions"])
def test_no_more_rows_than_stated(noise: tuple[State, TopicFeed], topic: str) -> None:
    count = len(rows(noise[1], topic))
    assert count <= stated(topic)
    if topic in ("satellites", "errors", "pieces", "countries", "compactions"):
        assert count == stated(topic), "the noise is enough to reach the bound"


def test_satellites_beyond_the_bound_are_counted_together(noise: tuple[State, TopicFeed]) -> None:
    state, feed = noise
    found = rows(feed, "satellites")
    assert US1 in found and "(other)" in found
    groups = ("put", "get", "audit", "repair")
    told = sum(sum(row[group]) for row in found.values() for group in groups)  # type: ignore[call-overload]
    counted = sum(count for node in state.nodes.values() for count, _ in node.window.by_satellite.values())
    assert told == counted
    least_shown = min(sum(sum(row[g]) for g in groups) for name, row in found.items() if name != "(other)")  # type: ignore[call-overload]
    assert least_shown >= 12 * 5, "who is shown has not less than who is not"


def test_compactions_that_run_come_before_all_that_ended(noise: tuple[State, TopicFeed]) -> None:
    state, feed = noise
    running = sum(one.state == "running" for node in state.nodes.values() for one in node.compactions.current())
    shown = [row["state"] for row in rows(feed, "compactions").values()]
    assert shown.count("running") == min(running, len(shown))


@pytest.mark.parametrize(("nodes", "each"), [(1, 30), (10, 30), (12, 25), (100, 3), (150, 3)])
def test_reasons_of_lines_are_shared_out(nodes: int, each: int) -> None:
    state = State([f"n{i}" for i in range(nodes)])
    for node in state.nodes.values():
        node.lines.update({LineKey("ignored", "logger", f"message {i}"): i + 1 for i in range(150)})
    found = plain(tables.line_rows(state.nodes.values()))
    assert len(found) == nodes * (1 + each)
    assert len(found) - nodes <= max(300, 3 * nodes), "as the protocol states"
    assert found["n0/ignored/logger/message 149"]["count"] == 150, "the most frequent stay"


@pytest.mark.slow
def test_a_live_frame_has_its_bounds() -> None:
    _, feed = noisy(2)
    live = plain(feed.advance({"live"}, NOW, slow=False))["live"]
    assert len(live["ev"]) == SAMPLE == 64
    assert len(live["tot"]) <= 302 and len(live["ops"]) <= 64
    assert live["more"] == 2 * (3000 + 900) - SAMPLE


def test_what_did_not_change_is_not_sent_again(noise: tuple[State, TopicFeed]) -> None:
    state, feed = noise
    plain(feed.advance(TABLES, NOW, slow=True))
    state.revision += 1  # something moved, no row did
    assert plain(feed.advance(TABLES, NOW, slow=True)) == {}
    state.nodes["n3"].newest_ms += 1000
    state.revision += 1
    deltas = plain(feed.advance(TABLES, NOW, slow=True))
    assert {topic: list(delta["set"]) for topic, delta in deltas.items()} == {"nodes": ["n3"]}


@pytest.mark.slow
def test_a_whole_snapshot_of_noise_is_no_burden(noise: tuple[State, TopicFeed]) -> None:
    """Under the 256 KiB that may wait for a client that reads slowly."""
    _, feed = noise
    plain(feed.advance(("live", *TABLES), NOW, slow=True))
    assert len(json.dumps(plain(feed.snapshot(("live", *TABLES), NOW)))) < 256 * 1024


def test_the_documents_own_numbers_of_rows_within_rows() -> None:
    assert f"{MOST_WINDOWS} `windows`, {MOST_WINDOWS} `offline_windows`, {MOST_PIECES} `pieces`" in PROTOCOL
    assert f"{tables.TOP_LINES} reasons a node, but {tables.TOP_LINES_IN_ALL} reasons in all, or {tables.LEAST_LINES} a node" in PROTOCOL
