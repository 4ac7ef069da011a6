"""Fake nodes over real HTTP on loopback, and a session to ask them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from node_api.node_fleet import StartNode

from storj_monitor.clock import SystemClock
from storj_monitor.node_api.transport import open_session
from storj_monitor.simulator.fake_api import Answers, FakeNode


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    one = open_session()
    yield one
    await one.close()


@pytest.fixture
async def start_node() -> AsyncIterator[StartNode]:
    """`await start_node(answers)`: a running fake node."""
    nodes: list[FakeNode] = []

    async def start(answers: Answers) -> FakeNode:
        node = FakeNode(answers, SystemClock())
        nodes.append(node)
        await node.start()
        return node

    yield start
    for node in nodes:
        await node.stop()
