"""What is kept to save work never shows what is no longer so: after other prices, other satellites, other settings, a restart, a commit."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from app_rig import Rig, ingest_quietly, line
from hypothesis import given, settings
from hypothesis import strategies as st
from keeper_rig import keeper_of
from plain import Plain, plain
from polling_rig import NODE_TOPICS, Running, fake_node, generated, running, until

from storj_monitor.config import IngestInput
from storj_monitor.database import queries
from storj_monitor.database.connection import connect_writer
from storj_monitor.database.opening import open_database
from storj_monitor.database.reader import Reader
from storj_monitor.log_processor.fields import FieldNames, snake_name
from storj_monitor.log_processor.template_masker import TemplateMasker, fold_text
from storj_monitor.model.node_answers import Answer, AnswerKind
from storj_monitor.simulator.fake_api import Answers, FakeNode, FakeReply
from storj_monitor.state.node_status import NodeRegistry
from storj_monitor.state.nodes import State
from storj_monitor.stats import bucket_of
from storj_monitor.views.history_queries import HistoryQueries
from storj_monitor.views.topic_renderers import TopicRenderers
from storj_monitor.views.windows import Window
from storj_monitor.views.wire.fields import Wire

Change = Callable[[str, Any], Any]
KINDS = {
    AnswerKind.NODE, AnswerKind.SATELLITE, AnswerKind.SATELLITES, AnswerKind.ESTIMATE, AnswerKind.PRICING, AnswerKind.PAYSTUBS,
    AnswerKind.HELD_HISTORY,
}  # fmt: skip


class Altered:
    """A node's answers with something changed in them."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.ahead_s = 0.0
        self.change: Change = lambda _, value: value

    def has(self, endpoint: str) -> bool:
        return self._answers.has(endpoint)

    def set_public_port(self, port: int) -> None:
        self._answers.set_public_port(port)

    def answer(self, endpoint: str, path: str, now: float) -> FakeReply:
        reply = self._answers.answer(endpoint, path, now)
        if endpoint != "api" or reply.status != 200:
            return reply
        changed = self.change(path, json.loads(reply.body))
        return reply._replace(body=json.dumps(changed).encode())


def dearer(path: str, value: Any) -> Any:
    """Egress costs three times as much."""
    return {**value, "egressBandwidth": 3 * value["egressBandwidth"]} if path.endswith("/pricing") else value


def fewer(path: str, value: Any) -> Any:
    """The node trusts only its first two satellites."""
    return {**value, "satellites": value["satellites"][:2]} if path.rstrip("/") == "/api/sno" else value


def fuller(path: str, value: Any) -> Any:
    """More is trash."""
    if path.rstrip("/") != "/api/sno":
        return value
    return {**value, "diskSpace": {**value["diskSpace"], "trash": value["diskSpace"]["trash"] + 10**11}}


@asynccontextmanager
async def monitored(folder: Path, answers: Answers, more: str = "") -> AsyncIterator[tuple[FakeNode, Running]]:
    async with fake_node(answers) as node, running(folder, {"a": {"api": node.api_url}}, more=more) as one:
        yield node, one


def egress_prices(rows: dict[str, dict[str, Any]]) -> set[int | None]:
    """Of all satellites; None for one whose answer has not come yet."""
    prices = [row["prices"] for row in rows.values() if row.get("kind") == "satellite"]
    return {one and one["egress_usd_micros_per_tb"] for one in prices}


async def asked(one: Running) -> dict[str, dict[str, Any]]:
    """As /api/v1 has the earnings."""
    rows = (await one.ask("earnings"))["rows"]
    return {f"{row['node']}/{row['satellite']}": row for row in rows}


async def priced(one: Running) -> set[int]:
    """Once every satellite has told them."""
    return await until(lambda: (found := egress_prices(one.rows("earnings"))) and None not in found and found)


async def test_prices_that_change_while_it_runs(tmp_path: Path) -> None:
    answers = Altered(generated())
    async with monitored(tmp_path, answers) as (_, one):
        await until(lambda: sum(answer.kind is AnswerKind.PRICING for answer in one.pollers()["a"].answers()) >= 4)
        (before,) = await priced(one)
        assert egress_prices(await asked(one)) == {before}
        answers.change = dearer
        one.pollers()["a"].refresh(AnswerKind.PRICING)
        await until(lambda: egress_prices(one.rows("earnings")) == {3 * before})
        assert egress_prices(await asked(one)) == {3 * before}


async def test_prices_that_changed_between_two_runs(tmp_path: Path) -> None:
    answers = Altered(generated())
    async with monitored(tmp_path, answers) as (_, one):
        await until(lambda: sum(answer.kind is AnswerKind.PRICING for answer in one.pollers()["a"].answers()) >= 4)
        (before,) = await priced(one)
    answers.change = dearer
    async with monitored(tmp_path, answers) as (_, one):
        await until(lambda: egress_prices(one.rows("earnings")) == {3 * before})
        assert egress_prices(await asked(one)) == {3 * before}


async def test_prices_of_the_operators_own_that_changed_between_two_runs(tmp_path: Path) -> None:
    for price in (4, 9):
        async with monitored(tmp_path, generated(), f"[prices]\negress = {price}\n") as (_, one):
            assert await priced(one) == {price * 1_000_000}
            assert egress_prices(await asked(one)) == {price * 1_000_000}


async def test_thresholds_that_changed_between_two_runs(tmp_path: Path) -> None:
    for silent_s in (60, 120):
        async with (
            monitored(tmp_path, generated(), f"[thresholds]\nsilent = {silent_s}\n") as (_, one),
            one.http.ws_connect(one.url + "ws") as ws,
        ):
            assert (await ws.receive_json())["thresholds"]["silent_s"] == silent_s


@pytest.mark.parametrize("restart", [False, True])
async def test_a_satellite_that_the_node_no_longer_trusts_is_not_asked_about(tmp_path: Path, restart: bool) -> None:
    def trusted(one: Running) -> int:
        node = one.node()
        return len(node.answer.standings) if node.answer else 0

    answers = Altered(generated())
    async with monitored(tmp_path, answers) as (_, one):
        await until(lambda: trusted(one) == 4 and len(one.rows("reputation")) == 4)
        if not restart:
            answers.change = fewer
            one.pollers()["a"].refresh(AnswerKind.NODE)
            await until(lambda: trusted(one) == 2)
            kept = {answer.satellite for answer in one.pollers()["a"].answers() if answer.satellite}
            assert len(kept) <= 2
    if restart:
        answers.change = fewer
        async with monitored(tmp_path, answers) as (_, one):
            await until(lambda: trusted(one) == 2)
            assert len({answer.satellite for answer in one.pollers()["a"].answers() if answer.satellite}) <= 2


class Instant:
    """A writer that has written at once."""

    def submit_write(self, _write: Callable[[Any], None], done: Callable[[], None]) -> None:
        done()


class Still:
    """A clock that stands."""

    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, _seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


def ageless(value: Any) -> Any:
    """Without what only says how old a figure is, or how it moved meanwhile: that is told again every REFRESH_S."""
    if isinstance(value, Wire):
        return ageless(plain(value))
    if isinstance(value, dict):
        return {key: ageless(inner) for key, inner in value.items() if key not in ("at", "source", "rate", "trend")}
    return [ageless(inner) for inner in value] if isinstance(value, list | tuple) else value


class RecordedAnswers:
    """Answers, to be drawn from."""

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers

    def __repr__(self) -> str:
        return f"{len(self.answers)} answers"


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> RecordedAnswers:
    """What a node answers, before and after each change, decoded by the product itself."""

    async def collect() -> RecordedAnswers:
        found: list[Answer] = []
        for change in (lambda _, value: value, dearer, fewer, fuller):
            answers = Altered(generated())
            answers.change = change
            async with monitored(tmp_path_factory.mktemp("said"), answers) as (_, one):
                poller = one.pollers()["a"]
                await until(lambda poller=poller: {answer.kind for answer in poller.answers()} >= KINDS)  # type: ignore[misc]
                found += [answer for answer in poller.answers() if answer.kind is not AnswerKind.PAYOUT_HISTORY]
        return RecordedAnswers(found)

    return asyncio.run(collect())


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**9), count=st.integers(1, 40))
def test_rows_that_are_kept_are_the_rows_that_would_be_made(said: RecordedAnswers, seed: int, count: int) -> None:
    random, clock = Random(seed), Still(max(answer.asked_at for answer in said.answers) + 60)
    state = State(["a"])
    kept = TopicRenderers(NodeRegistry(["a"]), state, clock.now)
    keeper = keeper_of(kept, state, Instant(), clock)
    for answer in random.choices(said.answers, k=count):
        keeper.on_answer(answer)
        made = TopicRenderers(kept.registry, state, clock.now)
        for topic in random.sample(NODE_TOPICS, 2):
            assert ageless(kept.rows(topic, ["a"])) == ageless(made.rows(topic, ["a"])), (topic, answer.kind)
    for topic in NODE_TOPICS:
        assert ageless(kept.rows(topic, ["a"])) == ageless(TopicRenderers(kept.registry, state, clock.now).rows(topic, ["a"])), topic


async def test_an_answer_is_new_after_a_commit_and_after_that_of_another_process(tmp_path: Path) -> None:
    log, window = tmp_path / "a.log", Window(int(time.time()) // 60 * 60 - 3600, int(time.time()) // 60 * 60 + 60, 60, ("a",))
    log.write_bytes(b"")
    with Rig(tmp_path, {"a": log}) as rig:
        questions = Plain(HistoryQueries(rig.reader, rig.state, lambda: rig.writer.status.committed_at))

        async def successes() -> int:
            rows: Any = [(await questions.actions(window))["rows"] for _ in range(3)]
            assert rows[0] == rows[1] == rows[2]
            return sum(row["success"] for row in rows[0])

        assert await successes() == 0
        for number in range(1, 4):
            with log.open("ab") as file:
                file.write(line(time.time() - 120, number))
            await asyncio.to_thread(rig.until, lambda number=number: rig.stored_lines() == number, "the commit")  # type: ignore[misc]
            await until(lambda: rig.writer.status.committed_at)
            assert await successes() == number
        loads = rig.state.loads
        old = tmp_path / "a.log.1"
        old.write_bytes(line(time.time() - 300, 9))
        assert await asyncio.to_thread(ingest_quietly, rig.path, IngestInput("a", str(old))) == 0
        rig.pipeline.reload()
        rig.pipeline.wake()
        await asyncio.to_thread(rig.until, lambda: rig.state.loads > loads, "the other process's commit")
        assert await successes() == 4


async def test_a_changed_schema_is_seen_through_kept_statements(tmp_path: Path) -> None:
    """SQLite prepares a kept statement again by itself when the schema has moved."""
    path = tmp_path / "m.db"
    assert open_database(path, 1.0, "stamp") is None
    reader, writer = Reader(path, 1), connect_writer(path)
    try:
        assert await reader.ask(queries.nodes) == []
        writer.execute("CREATE INDEX moved ON node(name)")
        writer.execute("INSERT INTO node(name) VALUES ('late')")
        assert [node.name for node in await reader.ask(queries.nodes)] == ["late"]
    finally:
        reader.close()
        writer.close()


TEXTS = st.text(st.characters(codec="utf-8"), max_size=30) | st.from_regex(
    r"[a-z ]{1,9}[0-9]{1,3} 10\.0\.0\.[0-9]:[0-9]{2}", fullmatch=True
)


@given(st.lists(TEXTS, max_size=40))
def test_folded_texts_and_names_that_are_remembered_are_those_that_would_be_made(texts: list[str]) -> None:
    fold, names = TemplateMasker(max_remembered=3), FieldNames()
    for text in texts + texts:
        assert fold(text) == fold_text(text)
        assert names({text: "x"}).text(snake_name(text)) == FieldNames()({text: "x"}).text(snake_name(text)) == "x"


@given(st.integers(-5, 10**9))
def test_a_remembered_bucket_is_the_bucket(value: int) -> None:
    assert bucket_of(value) == bucket_of(value) == bucket_of.__wrapped__(value)
