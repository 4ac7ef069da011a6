"""What strangers write (into a log, an API, a version) reaches every exit bounded and without characters that are not to be seen."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_rig import line
from hypothesis import example, given
from hypothesis import strategies as st
from patience import PATIENCE_S
from polling_rig import fake_node, running, until
from world_answers import US1, WorldAnswers

from storj_monitor.clock import SystemClock
from storj_monitor.financial_tracker.export import csv_text
from storj_monitor.log_processor import LineProcessor
from storj_monitor.model.figures import Family
from storj_monitor.model.sources import Chunk
from storj_monitor.node_api.wire import plain_body
from storj_monitor.platform.log_setup import LoggingSetup
from storj_monitor.server.metrics import metrics_text
from storj_monitor.units import MOST_TEXT, plain_text

HOSTILE = "\x1b[31m\u202e\u200b\u2066\ufeff\x07<script>\x9b" + "x" * 20_000
QUESTIONS = (
    "nodes", "traffic", "actions", "satellites", "latency", "sizes", "errors", "pieces", "countries", "compactions", "logs", "events",
    "reputation", "standings", "storage", "earnings", "health", "findings",
)  # fmt: skip
MOST_IN_AN_ANSWER = 1500
odd_text = st.text(st.characters(), max_size=60) | st.sampled_from([HOSTILE, "\u202egnp.exe", "\x1b]0;title\x07", "\ud800", "a\nb", ""])


def is_plain(text: str, keep: str = "") -> bool:
    return all(letter.isprintable() or letter in keep for letter in text)


def texts(value: Any) -> Iterator[str]:
    """Every text in a document, names of fields too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


@given(odd_text, st.integers(1, 80))
@example("\u202e" * 100, 20)
def test_a_plain_text_is_bounded_and_visible_and_stays_what_it_is(text: str, most: int) -> None:
    plain = plain_text(text, most)
    assert len(plain) <= most and is_plain(plain)
    assert plain_text(plain, most) == plain
    if text.isprintable() and len(text) <= most:
        assert plain == text


@given(
    st.recursive(
        odd_text | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_text, inner, max_size=3)
    )
)
def test_a_document_keeps_its_shape_and_its_texts_are_plain(document: Any) -> None:
    for body in (json.dumps(document), json.dumps(document, ensure_ascii=False)):
        plain = json.loads(plain_body(body.encode("utf-8", "replace")))
        assert type(plain) is type(document)
        assert all(is_plain(text, "\n\t") and len(text) <= MOST_TEXT for text in texts(plain))
    ordinary = json.dumps({"version": "1.162.3", "used": 5}).encode()
    assert plain_body(ordinary) is ordinary


@pytest.mark.parametrize("body", [b'\\"' * 500_000, b'{"a":"\xe2\x80\xae\\', b'"' + b"\\\\" * 300_000 + b"\\"])
def test_a_text_without_an_end_costs_no_more_than_its_length(body: bytes) -> None:
    """Looking for its end from each quote would take hours: the time limit of a test tells. The decoder says what is wrong with it."""
    assert plain_body(body) == body


@given(odd_text)
def test_what_comes_out_of_a_log_is_plain(text: str) -> None:
    stamp, fields = (
        "2026-08-20T07:01:10Z",
        json.dumps({"error": text, "version": text, "satellite_id": text, "piece_id": text, "reason": text}),
    )
    told = [
        f"{stamp}\tERROR\tpiecestore\tdownload failed\t{fields[:-1]}, \"action\": \"GET\", \"size\": 1}}",
        f"{stamp}\tINFO\tversion\trunning on version\t{fields}",
        f"{stamp}\tERROR\torders\t{text}\t{fields}",
        f"{stamp}\tFATAL\tUnrecoverable error\t{fields}",
        f"Error: {text}",
        f"panic: {text}",
        text,
    ]  # fmt: skip
    data = "\n".join(told).encode("utf-8", "replace") + b"\n"
    for fast in (True, False):
        batch = LineProcessor("n", lambda _: "", fast=fast).process(Chunk("n", data, 0, len(data), 1000.5, None, "node.log"))
        found = [seen.sample for seen in batch.errors] + [seen.template for seen in batch.errors] + [seen.message for seen in batch.errors]
        found += [part for event in batch.events for part in texts([getattr(event, name) for name in event.__struct_fields__])]
        found += [part for key in batch.lines for part in key]
        assert all(is_plain(one) and len(one) <= 2 * MOST_TEXT for one in found), found
        assert all(is_plain(one, "\n\t") for one in batch.samples.values())


@given(st.lists(odd_text, min_size=1, max_size=4, unique=True))
@example(["a b", "a\nb", "a\u2003b"])
@example(["\x1b", "\\x1b"])
def test_labels_and_cells_are_plain_and_different_ones_stay_different(values: list[str]) -> None:
    text = metrics_text([Family("a", "b", "gauge", [({"version": value}, 1.0) for value in values])]).decode()
    samples = [row for row in text.splitlines() if not row.startswith("#")]
    assert len(set(samples)) == len(values) and all(is_plain(row) and len(row) < 3000 for row in samples)
    cells = csv_text(["a"], [[value] for value in values])
    assert is_plain(cells.replace("\r\n", ""))


def test_the_monitors_own_log_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    log = LoggingSetup(SystemClock(), limited=False)
    logging.getLogger("storj_monitor.test").warning("node %s", HOSTILE)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        logging.getLogger("storj_monitor.test").exception("with a traceback")
    log.end()
    said = capsys.readouterr().err
    assert "node" in said and "ValueError: \\x1b" in said and is_plain(said, "\n") and len(said) < 20_000


async def test_no_exit_of_a_monitor_has_what_a_node_should_not_have_written(tmp_path: Path) -> None:
    world = WorldAnswers(version=HOSTILE)
    world.node |= {"quicStatus": HOSTILE, "wallet": HOSTILE, "allowedVersion": HOSTILE, "upToDate": False, "walletFeatures": [HOSTILE]}
    world.node["satellites"][0]["url"] = HOSTILE
    world.satellite(US1)["audits"]["satelliteName"] = HOSTILE
    world.documents["/api/notifications/list"] = {"page": {"notifications": [
        {"id": "a", "senderId": "b", "type": 0, "title": HOSTILE, "message": HOSTILE, "readAt": None, "createdAt": "2026-11-01T00:00:00Z"}
    ]}, "unreadCount": 1, "totalCount": 1}  # fmt: skip
    log = tmp_path / "node.log"
    now, quoted = time.time() - 60, json.dumps(HOSTILE)
    log.write_bytes(
        b"".join(line(now, number, more=f', "x": {quoted}') for number in range(30))
        + b"".join(line(now, number, "download failed", "GET", f', "error": {quoted}') for number in range(3))
        + line(now, 50).replace(US1.encode(), quoted[1:-1].encode())
        + f"Error: {HOSTILE}\n".encode()
    )
    async with fake_node(world) as node, running(tmp_path, {"a": {"api": node.api_url, "log": str(log)}}) as one:
        await until(lambda: one.node().answer is not None and one.node().notifications and one.node().money.usages)
        await until(lambda: one.monitor.state.nodes["a"].newest_ms)
        async with asyncio.timeout(PATIENCE_S):
            while not (await one.ask("errors"))["rows"]:  # noqa: ASYNC110 - a thread and a database are between us and what we wait for
                await asyncio.sleep(0.02)
        for question in QUESTIONS:
            answer = await one.ask(question)
            found = [text for text in texts(answer) if not is_plain(text, "\n\t") or len(text) > MOST_IN_AN_ANSWER]
            assert not found, (question, found[0][:300])
            written_out = any("\\u202e" in text for text in texts(answer))
            assert written_out or question not in ("health", "errors"), question
        for path in ("metrics", "api/v1/earnings.csv?kind=estimates", "api/v1/earnings.csv"):
            async with one.http.get(one.url + path) as response:
                text = (await response.text()).removeprefix("\ufeff")
                assert response.status == 200
            odd = [row for row in text.splitlines() if not is_plain(row) or len(row) > MOST_IN_AN_ANSWER]
            assert not odd, (path, odd[0][:300])
        for topic in ("health", "reputation", "earnings", "storage", "analytics"):
            assert all(is_plain(text, "\n\t") for text in texts(one.rows(topic))), topic
