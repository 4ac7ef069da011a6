"""A snapshot and the deltas after it always lead to what a new snapshot says: no update is lost, none is invented."""

from __future__ import annotations

import json
from random import Random

import pytest
from builders import EU1, US1, batch, transfer
from plain import plain

from storj_monitor.model.events import ErrorSeen
from storj_monitor.model.ids import Action, Outcome
from storj_monitor.state.accumulator import Accumulator
from storj_monitor.state.live import RING_S
from storj_monitor.state.nodes import LogStatus, State
from storj_monitor.views.tables import TableTopic
from storj_monitor.views.topic_feed import SAMPLE, TABLES, TopicFeed, TopicFeeds
from storj_monitor.views.wire.fields import Wire
from storj_monitor.views.wire.frames import Notices

NOW = 1_764_158_400.0
TOPICS = frozenset(("live", *TABLES))


class Page:
    """What a client does with messages."""

    def __init__(self, snapshot: dict[str, dict[str, object]]) -> None:
        self.topics = json.loads(json.dumps(snapshot))
        self.up_ops = sum(self.topics["live"]["ring"]["up_ops"])

    def take(self, deltas: dict[str, dict[str, object]]) -> None:
        for topic, delta in json.loads(json.dumps(deltas)).items():
            known = self.topics[topic]
            assert delta["n"] == known["n"] + 1
            known["n"] = delta["n"]
            if topic == "live":
                self.up_ops += sum(total[3] for total in delta["tot"])
                known["sats"].update(delta["sats"])
                assert all(str(event[3]) in known["sats"] for event in delta["ev"])
            elif "rows" in delta:
                known["rows"] = delta["rows"]
            else:
                known["rows"].update(delta["set"])
                for key in delta["del"]:
                    del known["rows"][key]


@pytest.mark.parametrize("diffs", [True, False])
def test_snapshot_and_deltas_agree(diffs: bool) -> None:
    random, state = Random(1), State(["n1", "n2"])
    feeds = TopicFeeds(state, diffs)
    feed = feeds.open(("n1", "n2"))
    page = Page(plain(feed.snapshot(TOPICS, NOW)))
    for step in range(60):
        move(state, feeds, random, NOW + step * 90)
        page.take(plain(feed.advance(TOPICS, NOW + step * 90, slow=step % 3 != 0)))
    page.take(plain(feed.advance(TOPICS, NOW + 59 * 90, slow=True)))
    fresh = json.loads(json.dumps(plain(feed.snapshot(TOPICS, NOW + 59 * 90))))
    for topic in TABLES:
        assert page.topics[topic]["rows"] == fresh[topic]["rows"], topic
        assert page.topics[topic]["n"] == fresh[topic]["n"], topic


def move(state: State, feeds: TopicFeeds, random: Random, now: float) -> None:
    node = random.choice(["n1", "n2"])
    transfers = [
        transfer(
            int(now * 1000),
            satellite=random.choice([US1, EU1, f"other{random.randrange(3)}"]),
            action=random.choice([Action.PUT, Action.GET, Action.GET_AUDIT]),
            outcome=random.choice([Outcome.SUCCESS, Outcome.CANCELED, Outcome.FAILED]),
            size=random.randrange(3_000_000),
        )
        for _ in range(random.randrange(5))
    ]
    error = ErrorSeen(int(now * 1000), "ERROR", "piecestore", "download failed", random.choice(["a", "b"]), "sample", US1)
    taken = batch(transfers, node=node, errors=[error])
    state.on_batch(taken, now)
    feeds.push(taken)
    accumulator = Accumulator(node)
    accumulator.add(taken)
    state.on_delta(accumulator.drain(), now)
    state.on_status(node, LogStatus("live", path=f"{node}.log", read_at=now))
    state.expire(now)


def live_feed() -> tuple[State, TopicFeeds, TopicFeed]:
    state = State(["n1", "n2"])
    feeds = TopicFeeds(state, True)
    return state, feeds, feeds.open(("n1",))


def test_totals_are_exact_above_the_sample() -> None:
    _, feeds, feed = live_feed()
    for node, count in (("n1", SAMPLE + 36), ("n2", 10)):
        taken = batch([transfer(int(NOW * 1000), size=2) for _ in range(count)], node=node)
        feeds.push(taken)
    live = plain(feed.advance({"live"}, NOW, slow=False))["live"]
    assert len(live["ev"]) == SAMPLE
    assert live["more"] == 36
    assert live["tot"] == [[int(NOW), 200, 0, 100, 0]]
    assert live["ops"] == [[transfer().op, 100, 200]]
    assert plain(feed.advance({"live"}, NOW, slow=False)) == {}


def test_nothing_is_made_when_nothing_moved() -> None:
    _, _, feed = live_feed()
    plain(feed.advance(TOPICS, NOW, slow=True))
    assert plain(feed.advance(TOPICS, NOW, slow=True)) == {}


def test_an_empty_table_is_as_old_as_the_first_look_at_it() -> None:
    """Not as old as 1970, which a page would show; later looks that find nothing make it no younger."""
    rows: dict[str, Wire] = {}
    topic = TableTopic(lambda: rows, True)
    for revision, now in ((1, 1000.0), (2, 1010.0)):
        assert plain(topic.advance(revision, now)) is None
        assert plain(topic.snapshot())["as_of"] == 1000.0
    rows["a"] = Notices(notices=[])
    assert plain(topic.advance(2, 1020.0)) is None  # nothing was said to have moved
    delta = plain(topic.advance(3, 1030.0))
    assert delta is not None and delta["as_of"] == 1030.0


def test_the_page_is_told_that_the_database_refuses() -> None:
    state, _, feed = live_feed()
    state.on_store_problem("database or disk is full")
    row = plain(feed.advance({"nodes"}, NOW, slow=True))["nodes"]["set"]["n1"]
    assert row["state"] == "error"
    assert "disk is full" in row["detail"]


def test_a_view_whose_live_part_nobody_watches_does_not_grow() -> None:
    _, feeds, feed = live_feed()
    for second in range(5000):
        taken = batch([transfer(int((NOW + second) * 1000))])
        feeds.push(taken)
    live = plain(feed.advance({"live"}, NOW + 5000, slow=False))["live"]
    assert len(live["tot"]) == RING_S - 1
    assert live["ops"] == [[transfer().op, 5000, 5_000_000]]


def test_seconds_of_the_future_are_not_now() -> None:
    _, feeds, feed = live_feed()
    taken = batch([transfer(int((NOW + 10**8) * 1000)), transfer(int(NOW * 1000))])
    feeds.push(taken)
    live = plain(feed.advance({"live"}, NOW, slow=False))["live"]
    assert [cell[0] for cell in live["tot"]] == [int(NOW)]
    assert live["ops"][0][1] == 2


def test_several_views_and_one_tell_the_same_totals() -> None:
    state = State(["n1", "n2"])
    alone, several = TopicFeeds(state, True), TopicFeeds(state, True)
    feed = alone.open(("n1", "n2"))
    views = [several.open(nodes) for nodes in (("n1", "n2"), ("n1",), ("n2",))]
    for number, node in enumerate(("n1", "n2", "n2", "n1")):
        taken = batch([transfer(int(NOW * 1000) + second * 1000, size=10**number) for second in (0, 0, -1)], node=node)
        alone.push(taken)
        several.push(taken)
    told, both, *single = [plain(one.advance({"live"}, NOW, False))["live"] for one in (feed, *views)]
    assert told == both
    moved = [sum(size for _, _, size in one["ops"]) for one in (both, *single)]
    assert moved == [3 * 1111, 3 * 1001, 3 * 110]
