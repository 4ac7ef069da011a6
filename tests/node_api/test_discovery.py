"""Nodes on this machine are found and known by id or start; what is doubtful is said, not guessed."""

from __future__ import annotations

from datetime import UTC, datetime

import aiohttp
from node_api.node_fleet import StartNode, recorded

from storj_monitor.clock import SystemClock
from storj_monitor.node_api.discovery import FoundApi, Known, find_apis, match_apis, shared_apis
from storj_monitor.simulator.fake_api import Fault

A = FoundApi("http://127.0.0.1:14002", "1A", 1000.0, "1.162.3")
B = FoundApi("http://127.0.0.1:14003", "1B", 5000.0, "1.162.3")


async def test_real_ports_are_asked(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    first, second, third = [await start_node(recorded(folder)) for folder in ("v1.120-debug", "v1.162-payout", "v1.162-info")]
    third.faults.set(Fault.HTML)
    ports = [int(fake.api_url.rpartition(":")[2]) for fake in (first, second, third)]
    found = await find_apis(session, SystemClock(), ports=[*ports, 1])
    assert [api.version for api in found] == ["1.120.4", "1.162.3"]
    started = datetime(2026, 11, 23, 8, 25, 12, tzinfo=UTC).timestamp()
    nodes = [Known("old", node_id="1D26hEe8cSmYrczDmfzLaU14DFoXHvL89hjoxTPYHdF7tE8Wn6"), Known("rich", started_at=started)]
    matches = match_apis(nodes, found)
    assert matches.apis == {"old": first.api_url, "rich": second.api_url} and matches.remarks == ()


def test_by_id_before_start() -> None:
    nodes = [Known("one", node_id="1A", started_at=5000.0), Known("two", started_at=5003.0)]
    assert match_apis(nodes, [A, B]).apis == {"one": A.base_url, "two": B.base_url}


def test_what_fits_two_is_given_to_none() -> None:
    nodes = [Known("one", started_at=1001.0), Known("two", started_at=999.0)]
    matches = match_apis(nodes, [A])
    assert matches.apis == {} and "one and two" in matches.remarks[0]
    matches = match_apis([Known("one", started_at=1001.0)], [A, A._replace(base_url="http://127.0.0.1:14004", node_id="1C")])
    assert matches.apis == {} and "both fit one" in matches.remarks[0]


def test_what_fits_nobody_is_said() -> None:
    matches = match_apis([Known("one", node_id="1X", started_at=1000.0), Known("two")], [A])
    assert matches.apis == {} and matches.remarks == (f"{A.base_url} is node 1A, which no log belongs to",)


def test_settings_are_checked_not_given_away() -> None:
    nodes = [Known("one", api=A.base_url, node_id="1X"), Known("two", node_id="1A")]
    matches = match_apis(nodes, [A])
    assert matches.apis == {} and "log of one is that of node 1X" in matches.remarks[0]


def test_two_nodes_on_one_api() -> None:
    nodes = [Known("one", api=A.base_url), Known("two", api=A.base_url), Known("three", api="http://[::1]:14002")]
    assert "one and two" in match_apis(nodes, [A]).remarks[0]
    # the same node by two addresses
    also = A._replace(base_url="http://[::1]:14002")
    assert "one and two and three" in match_apis(nodes, [A, also]).remarks[0]
    assert shared_apis([("one", "x", ""), ("two", "y", ""), ("three", None, "")]) == []


def test_one_node_on_several_addresses_counts_once() -> None:
    also = A._replace(base_url="http://127.0.0.1:14009")
    assert match_apis([Known("one", node_id="1A")], [A, also]).apis == {"one": A.base_url}
