"""What a running monitor sends is what the wire's Structs and the served OpenAPI document say: no more, no less, each sort met."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from app_rig import line
from contract.strict import Strict, expected, paths, schema_errors
from e2e.made_up import World
from patience import PATIENCE_S
from polling_rig import Running, fake_node, generated, running, until
from world_answers import AP1, EU1, GB, US1, WorldAnswers, failing

from storj_monitor.model.analytics import Evidence, Finding, FindingKind, FindingState, Metric, Severity, Step
from storj_monitor.model.analytics import Subject as FindingSubject
from storj_monitor.model.load import Load, LoadState
from storj_monitor.simulator.fake_api import RecordedAnswers
from storj_monitor.state.node_status import Topic
from storj_monitor.views.wire.fields import Wire
from storj_monitor.views.wire.frames import CommandError, LiveDelta, LoadMessage, Snap, TableDelta
from storj_monitor.views.wire.topics import TOPIC_ROWS

CORPUS = Path(__file__).parent.parent / "corpus"
RECORDED = ("v1.120-debug", "v1.162-json-hashstore", "v1.162-payout", "v1.162-disqualified-offline")
MADE, ODD = "generated", "odd"
NODES = (*RECORDED, MADE, ODD)
MONEY = '[money]\ncurrency = "EUR"\nrate = 0.8\npower_w = 5\npower_price = 0.32\nfixed = 2\n'
NOTICE = {"id": "a", "senderId": "b", "type": 0, "title": "t", "message": "m", "readAt": None, "createdAt": "2026-11-01T00:00:00Z"}


def odd_node() -> WorldAnswers:
    """A node of which much is wrong: an impossible size, routes that fail, something to notify of."""
    world = WorldAnswers(disk={"used": -1_099_511_627_776, "available": 500 * GB, "trash": 42 * GB})
    world.documents[f"/api/sno/satellite/{AP1}"] = failing(500, "x")
    world.documents["/api/sno/satellites"]["audits"] = None
    world.documents["/api/heldamount/periods"] = failing(500, "x")
    world.documents["/api/notifications/list"] = {"page": {"notifications": [NOTICE]}, "unreadCount": 1, "totalCount": 1}
    return world


def odd_log(now_s: float) -> bytes:
    """Transfers, failures, a compaction, a garbage collection, a graceful exit, lines of no use, an end with last words, and another."""

    def entry(ago_s: float, level: str, text: str, **fields: object) -> bytes:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s - ago_s))
        return f"{stamp}\t{level}\t{text}\t{json.dumps({'Process': 'storagenode', **fields})}\n".encode()

    audit = {"piece_id": "A" * 52, "satellite_id": EU1, "action": "GET_AUDIT", "size": 256, "remote_address": "203.0.113.24:51322"}
    return b"".join(
        (
            *(line(now_s - 900 + number, number) for number in range(40)),
            *(line(now_s - 850 + number, number, "downloaded", "GET") for number in range(40)),
            entry(800, "ERROR", "piecestore\tdownload failed", **audit, error="file does not exist"),
            entry(795, "INFO", "hashstore\tbeginning compaction", satellite=EU1, store="s0"),
            entry(790, "INFO", "hashstore\tfinished compaction", satellite=EU1, store="s0", duration="5.5s"),
            entry(780, "INFO", "retain\tPrepared to run a Retain request.", satellite=US1, filterSize=9),
            entry(770, "WARN", "nobody\tnever heard of this", what=1),
            entry(760, "INFO", "gracefulexit:chore\tgraceful exit completed.", satellite_id=US1),
            entry(700, "FATAL", "Unrecoverable error", error="piecestore monitor: timed out"),
            entry(600, "INFO", "Configuration loaded", Location="/app/config/config.yaml"),
            entry(595, "INFO", "Node 12vha9oTFnerxYRgeQ2BZqoFrLrnmmf5UWTCY2jA77dF3YvWew7 started"),
            entry(30, "FATAL", "Unrecoverable error", error="piecestore monitor: timed out"),
        )
    )


def finding(now_s: int) -> Finding:
    """As the analytics raise them."""
    return Finding(
        number=1, kind=FindingKind.ANOMALY, subject=FindingSubject(ODD, US1, "up", Metric.SUCCESS), state=FindingState.NEW,
        severity=Severity.WARNING, onset_s=now_s, found_s=now_s, changed_s=now_s, evidence=(Evidence("connection reset", 4, 5),),
        history=(Step(FindingState.NEW, now_s, 0.5),),
    )  # fmt: skip


@pytest.fixture
async def monitor(tmp_path: Path) -> AsyncIterator[Running]:
    nodes: dict[str, dict[str, str]] = {}
    logs = sorted(CORPUS.glob("*/*.log"))
    async with AsyncExitStack() as stack:
        for number, name in enumerate(RECORDED):
            fake = await stack.enter_async_context(fake_node(RecordedAnswers(CORPUS / "api" / name)))
            nodes[name] = {"api": fake.api_url, "log": str(logs[number % len(logs)])}
            if fake.answers.has("debug"):
                nodes[name]["metrics"] = fake.metrics_url
        made = await stack.enter_async_context(fake_node(generated()))
        nodes[MADE] = {"api": made.api_url, "metrics": made.metrics_url, "storage": str(tmp_path)}
        odd = await stack.enter_async_context(fake_node(odd_node()))
        nodes[ODD] = {"api": odd.api_url, "log": str(tmp_path / "odd.log")}
        (tmp_path / "odd.log").write_bytes(odd_log(time.time()))
        one = await stack.enter_async_context(running(tmp_path, nodes, more=MONEY))
        await heard(one)
        yield one


async def heard(one: Running) -> None:
    """All has been told, by logs and nodes, that is to be met."""
    await until(lambda: all(one.node(name).answer and name in one.rows("earnings") for name in NODES))
    await until(lambda: one.node(RECORDED[2]).money.payouts and one.node(ODD).notifications and one.node(ODD).impossible)
    await until(lambda: all(one.monitor.state.nodes[name].newest_ms for name in (*RECORDED, ODD)))
    one.pollers()[MADE].refresh()  # counters grow between two answers
    await until(lambda: one.node(MADE).counted.ops and one.node(MADE).money.stubs)
    one.node(ODD).insight.findings[1] = finding(int(time.time()))
    one.renderers.registry.changed(ODD, Topic.ANALYTICS)


async def body_of(monitor: Running, path: str, status: int = 200) -> bytes:
    async with monitor.http.get(monitor.url + "api/v1/" + path) as response:
        assert response.status == status, await response.text()
        body: bytes = await response.read()
        return body


def append(log: Path, lines: bytes) -> None:
    with log.open("ab") as file:
        file.write(lines)


async def receive(monitor: Running, strict: Strict, nodes: Collection[str] | None) -> None:
    """All topics of a view in full; of all nodes, also what comes after it: deltas, a word about the load, a command that is none."""
    wanted: set[type[Wire]] = {Snap} if nodes is not None else {Snap, CommandError, LiveDelta, TableDelta, LoadMessage}
    log = Path(monitor.monitor.state.nodes[ODD].status.path)
    async with asyncio.timeout(PATIENCE_S), monitor.http.ws_connect(monitor.url + "ws", max_msg_size=0) as socket:
        await socket.send_json({"cmd": "subscribe", "id": 1, "topics": ["live", *TOPIC_ROWS], "nodes": nodes and list(nodes)})
        await socket.send_json({"cmd": "hint", "id": 2, "hidden": False})
        await socket.send_json({"cmd": "dance", "id": 3})
        async for message in socket:
            told = strict.message(message.data)
            if isinstance(told, Snap):
                append(log, b"".join(line(time.time() - 20, number) for number in range(3)))
                monitor.monitor.server.broadcaster.on_load(Load(LoadState.DOWNSAMPLED, "loop"))
                wanted.discard(Snap)
            if wanted <= strict.met:
                return


async def ask(monitor: Running, strict: Strict) -> dict[str, bytes]:
    """Every question about long ago until now, read strictly; the answers by path."""
    found: dict[str, bytes] = {}
    for path in paths():
        found[path] = await body_of(monitor, path if path in ("load", "store") else f"{path}?from=-1000d")
        strict.answer(path, found[path])
    return found


async def test_all_that_is_sent_is_as_declared_and_all_that_is_declared_is_met(monitor: Running) -> None:
    strict = Strict()
    document = json.loads(await body_of(monitor, "openapi.json"))
    for nodes in (None, *([name] for name in NODES)):
        await receive(monitor, strict, nodes)
    strict.answer("error", await body_of(monitor, "nothing", 404))
    async with asyncio.timeout(PATIENCE_S):  # what was heard is written within seconds: answers about the past have it then
        while True:
            found = await ask(monitor, strict)
            unmet = sorted(one.__name__ for one in expected() - strict.met)
            if not unmet:
                break
            print("not met yet:", *unmet)  # shown when the time is over
    assert [error for path, body in found.items() for error in schema_errors(document, path, body)] == []


def test_what_is_not_declared_is_a_mistake() -> None:
    """The net has no holes: an unknown field, a field that lacks, a text where a number belongs."""
    good = {"country": "DE", "up_count": 1, "down_count": 2, "up_bytes": 3, "down_bytes": 4}
    Strict().row("countries", good, False)
    for bad in ({**good, "more": 1}, {"country": "DE"}, {**good, "up_count": "1"}, {**good, "up_count": -1}):
        with pytest.raises(msgspec.ValidationError):
            Strict().row("countries", bad, False)


@pytest.mark.parametrize("topic", [topic for topic in TOPIC_ROWS if topic != "nodes"])
def test_made_up_nodes_of_page_tests_have_the_rows_of_real_ones(topic: str) -> None:
    """Otherwise the page is tried with what no monitor sends."""
    world = World(4, 200, hostile=True, quiet=False, empty=False)
    rows = world.rows(topic, list(world.nodes))
    assert rows
    for row in rows.values():
        Strict().row(topic, row, False)
