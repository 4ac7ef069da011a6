"""Answers in parts are as the served OpenAPI document says, and counts of lines are those of the commit that an answer names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from patience import PATIENCE_S
from polling_rig import Running, fake_node, running, until

from storj_monitor.simulator.fake_api import RecordedAnswers

CORPUS = Path(__file__).parent.parent / "corpus"
NODES = ("v1.120-debug", "v1.162-json-hashstore", "v1.162-payout", "v1.162-disqualified-offline")


def answers_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(path, schema of its good JSON answer) of every path without a parameter in it."""
    for path, methods in document["paths"].items():
        content = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        if "application/json" in content and "{" not in path:
            yield path, content["application/json"]["schema"]


@pytest.fixture
async def monitor(tmp_path: Path) -> AsyncIterator[Running]:
    nodes: dict[str, dict[str, str]] = {}
    logs = sorted(CORPUS.glob("*/*.log"))
    async with AsyncExitStack() as stack:
        for number, name in enumerate(NODES):
            fake = await stack.enter_async_context(fake_node(RecordedAnswers(CORPUS / "api" / name)))
            nodes[name] = {"api": fake.api_url, "log": str(logs[number % len(logs)])}
            if fake.answers.has("debug"):
                nodes[name]["metrics"] = fake.metrics_url
        yield await stack.enter_async_context(running(tmp_path, nodes))


async def test_answers_in_parts_are_as_the_document_says(monitor: Running) -> None:
    """Asked for one part, an answer has no other, and that is no breach of the document; without `part` it has all of them."""
    await until(lambda: all(monitor.node(name).answer for name in NODES))
    document = await monitor.ask("openapi.json")
    always = {"from", "to", "as_of", "nodes"}
    seen = 0
    for path, reference in answers_of(document):
        parameters = {one.get("name"): one for one in document["paths"][path]["get"].get("parameters", ())}
        if "part" not in parameters:
            continue
        name = path.removeprefix("/api/v1/")
        parts = parameters["part"]["schema"]["items"]["enum"]
        assert set(await monitor.ask(name)) == always | set(parts)
        for part in parts:
            answer = await monitor.ask(f"{name}?part={part}")
            assert set(answer) == always | {part}
            jsonschema.Draft202012Validator({**reference, "components": document["components"]}).validate(answer)
            seen += 1
    assert seen > 10


async def test_line_counts_are_those_of_the_commit_that_the_answer_is_of(monitor: Running) -> None:
    """Memory runs ahead of the database: an answer that names its commit counts what that commit has."""
    name, state = NODES[0], monitor.monitor.state

    async def row_of_node() -> dict[str, Any]:
        row: dict[str, Any]
        (row,) = [one for one in (await monitor.ask("nodes"))["rows"] if one["name"] == name]
        return row

    async with asyncio.timeout(PATIENCE_S):
        while (row := await row_of_node())["lines"] < sum(state.nodes[name].lines.values()) or not row["lines"]:
            pass
    key, count = next(iter(state.nodes[name].lines.items()))
    state.nodes[name].lines[key] = count + 1000  # not committed
    after = await row_of_node()
    logged = {one["node"]: one["lines"] for one in (await monitor.ask("logs"))["totals"]}
    assert after["lines"] == row["lines"] == logged[name] == after["understood"] + after["ignored"] + after["not_understood"] > 0
