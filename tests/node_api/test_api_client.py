"""Every recorded answer of every version decodes, over real HTTP; every fault is exactly one of the two errors, with its place."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime

import aiohttp
import pytest
from aiohttp import web
from node_api.node_fleet import CORPUS, FOLDERS, PAYOUT, SAT0, SAT1, StartNode, recorded

from storj_monitor.clock import SystemClock
from storj_monitor.errors import AnswerNotUnderstood, NodeApiError, NodeUnreachable, RouteHangs, RouteMissing
from storj_monitor.model.reputation import NEVER
from storj_monitor.model.space import SpaceMeaning
from storj_monitor.node_api.client import HealthClient, MetricsClient, NodeClient, health_url
from storj_monitor.node_api.decode import decode_node
from storj_monitor.node_api.transport import Limits, Reply, Transport
from storj_monitor.node_api.wire import MOST_SATELLITES
from storj_monitor.simulator.fake_api import FakeReply, Fault, Faults, spoil

CLOCK = SystemClock()
QUICK = Limits(total_s=0.3)
LATE = (Fault.SLOW, Fault.DRIP)
"""Only for these is the limit what ends the asking: it may be short."""


def document(folder: str, name: str) -> object:
    return json.loads((CORPUS / folder / f"{name}.json").read_text())


@pytest.mark.parametrize("folder", FOLDERS)
async def test_every_recorded_answer_decodes(folder: str, start_node: StartNode, session: aiohttp.ClientSession) -> None:
    fake = await start_node(recorded(folder))
    client = NodeClient(fake.api_url, session, CLOCK)
    raw = document(folder, "sno")
    assert isinstance(raw, dict)

    node = await client.node()
    assert (node.node_id, node.version, node.quic_status) == (raw["nodeID"], raw["version"], raw["quicStatus"])
    assert node.disk.used_bytes == raw["diskSpace"]["used"]
    assert node.disk.meaning is (SpaceMeaning.NEW if "allocated" in raw["diskSpace"] else SpaceMeaning.OLD)
    assert node.started_at == pytest.approx(datetime.fromisoformat(raw["startedAt"]).timestamp(), abs=1e-5)
    assert [standing.satellite for standing in node.standings] == [SAT0, SAT1]
    assert all((one.vetted_at is None) == ("vettedAt" not in was) for one, was in zip(node.standings, raw["satellites"], strict=True))
    disqualified = [standing.disqualified_at != NEVER for standing in node.standings]
    assert all(disqualified) if "disqualified" in folder else not any(disqualified)
    assert node.clock_ahead_s is not None and abs(node.clock_ahead_s) <= 1

    every = await client.satellites()
    assert len(every.scores) == 2 and every.earliest_joined_at
    for number, satellite in enumerate((SAT0, SAT1)):
        was = document(folder, f"satellite-{number}")
        assert isinstance(was, dict)
        one = await client.satellite(satellite)
        assert one is not None and one.reputation.online_score == was["audits"]["onlineScore"]
        assert one.reputation.windows is not None and len(one.reputation.windows) == len(was["auditHistory"]["windows"] or [])
        assert [day.byte_hours for day in one.storage.days] == [day["atRestTotal"] for day in was["storageDaily"] or []]
        assert sum(day.egress_usage_bytes for day in one.usage.bandwidth) == sum(d["egress"]["usage"] for d in was["bandwidthDaily"] or [])
        prices = await client.pricing(satellite)
        assert prices is not None and prices == one.usage.prices
        estimate = await client.estimated_payout(satellite)
        assert (estimate is None) == ("disqualified" in folder)
    total = await client.estimated_payout()
    assert total is not None and total.satellite == ""
    assert await client.notifications() == ()


@pytest.mark.parametrize("folder", FOLDERS)
async def test_every_recorded_payout_decodes(folder: str, start_node: StartNode, session: aiohttp.ClientSession) -> None:
    fake = await start_node(recorded(folder))
    client = NodeClient(fake.api_url, session, CLOCK)
    periods = await client.periods()
    assert list(periods) == (document(folder, "periods") or [])
    stubs = await client.paystubs("2026-01", "2026-10")
    raw = document(folder, "paystubs-2026-01_2026-10") or []
    assert isinstance(raw, list)
    assert [(s.period, s.satellite, s.paid_usd_micros, s.held_usd_micros) for s in stubs] == [
        (s["period"], s["satelliteId"], s["paid"], s["held"]) for s in raw
    ]
    assert await client.paystubs("2026-11") == ()
    one = await client.paystubs("2026-10", satellite=SAT0)
    assert one == tuple(stub for stub in stubs if (stub.satellite, stub.period) == (SAT0, "2026-10"))
    history = await client.payout_history("2026-10")
    assert len(history) == len(document(folder, "payout-history-2026-10") or [])  # type: ignore[arg-type]
    held = await client.held_history()
    assert len(held) == len(document(folder, "held-history") or [])  # type: ignore[arg-type]


@pytest.mark.parametrize("folder", FOLDERS)
async def test_health_answer(folder: str, start_node: StartNode, session: aiohttp.ClientSession) -> None:
    fake = await start_node(recorded(folder))
    url = health_url(fake.api_url, (await NodeClient(fake.api_url, session, CLOCK).node()).configured_port)
    assert url == fake.public_url
    health = await HealthClient(fake.public_url, session, CLOCK).health()
    assert health.all_healthy is ("disqualified" not in folder)


@pytest.mark.parametrize("call", ["node", "satellites", "estimated_payout", "held_history", "periods", "notifications"])
@pytest.mark.parametrize("fault", Fault)
async def test_every_fault_is_one_error(call: str, fault: Fault, start_node: StartNode, session: aiohttp.ClientSession) -> None:
    if (call, fault) == ("notifications", Fault.WRONG_TYPE):
        return  # the only numbers of an empty list are those that nobody reads
    if fault is Fault.NAN and call in ("node", "satellites", "estimated_payout"):
        return  # their figures are checked one by one, see test_amounts_that_sums_cannot_hold_are_clamped
    fake = await start_node(recorded(PAYOUT))
    client = NodeClient(fake.api_url, session, CLOCK, QUICK if fault in LATE else Limits())
    fake.faults.set(fault)
    fake.faults.slow_s = 60.0
    expected: type[NodeApiError] = AnswerNotUnderstood
    if fault in (*LATE, Fault.CLOSED, Fault.DROPPED, Fault.BAD_GATEWAY):
        expected = RouteHangs
    elif fault is Fault.HTML:
        expected = RouteMissing
    with pytest.raises(NodeApiError) as caught:
        await getattr(client, call)()
    assert type(caught.value) is expected, caught.value
    assert caught.value.path.startswith("/api/") and caught.value.why
    fake.faults.clear()
    await getattr(client, call)()


async def test_an_absent_node_is_unreachable(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    fake = await start_node(recorded(PAYOUT))
    client = NodeClient(fake.api_url, session, CLOCK)
    await client.node()
    await fake.stop()
    with pytest.raises(NodeUnreachable):
        await client.node()
    await fake.start()
    assert (await client.node()).version == "1.162.3"


@pytest.mark.parametrize(
    ("fault", "path", "field"),
    [
        (Fault.WRONG_TYPE, "/api/sno/", "$.diskSpace.used"),
        (Fault.TRUNCATED, "/api/sno/", "$..vettedAt"),
        (Fault.OTHER_JSON, "/api/sno/", "$.nodeID"),
        (Fault.EMPTY, "/api/sno/", "$"),
        (Fault.HTML, "/api/sno/", "$"),
        (Fault.WRONG_TYPE, "/api/sno/satellite/", "$.storageDaily[0].atRestTotal"),
    ],
)
async def test_the_error_names_the_field(
    fault: Fault, path: str, field: str, start_node: StartNode, session: aiohttp.ClientSession
) -> None:
    fake = await start_node(recorded(PAYOUT))
    fake.faults.set(fault, path)
    client = NodeClient(fake.api_url, session, CLOCK)
    with pytest.raises(AnswerNotUnderstood) as caught:
        await (client.satellite(SAT0) if "satellite" in path else client.node())
    assert caught.value.field == field and field.removeprefix("$") in str(caught.value)


def test_the_error_names_the_field_of_an_answer_whose_texts_were_cut() -> None:
    """The place that the decoder tells is one in the text that it read."""
    body = b'{"wallet": "' + b"x" * 5000 + b'", ' + b'"filler": 1, ' * 100 + b'"quicStatus": nonsense}'
    with pytest.raises(AnswerNotUnderstood) as caught:
        decode_node(Reply("/api/sno/", 200, "application/json", body, 1.0, 1.0, 0.0))
    assert caught.value.field == "$..quicStatus"


async def test_what_the_node_cannot_know_is_none(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    answers = recorded(PAYOUT)
    gone = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
    unknown = answers.replies["/api/sno/satellite/xyz"]._replace(status=404, body=b'{"error":"consoleapi: untrusted satellite"}')
    answers.replies[f"/api/sno/satellite/{gone}"] = answers.replies[f"/api/sno/satellites/{gone}/pricing"] = unknown
    fake = await start_node(answers)
    client = NodeClient(fake.api_url, session, CLOCK)
    assert await client.satellite(gone) is None and await client.pricing(gone) is None
    with pytest.raises(AnswerNotUnderstood, match="HTTP 400: .*node ID"):
        await client.satellite("xyz")
    with pytest.raises(AnswerNotUnderstood, match="HTTP 404"):  # not the node's own words: another program
        await client.satellite(SAT0 + "x")
    with pytest.raises(ValueError, match="no period"):
        await client.payout_history("abc")


async def test_odd_but_true_answers(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    answers = recorded("v1.162-new-node")
    node = json.loads(answers.replies["/api/sno/"].body)
    node |= {
        "satellites": None,
        "lastPinged": "0001-01-01T00:00:00Z",
        "startedAt": "2026-11-23T13:26:24.647673861+05:30",
        "future": {"x": [1]},
    }
    node["diskSpace"] |= {"available": -5, "reserved": 7}
    del node["upToDate"]
    answers.replies["/api/sno/"] = answers.replies["/api/sno/"]._replace(body=json.dumps(node).encode())
    fake = await start_node(answers)
    got = await NodeClient(fake.api_url + "/", session, CLOCK).node()
    assert got.standings == () and got.last_pinged_at == NEVER and got.disk.available_bytes == -5
    assert got.up_to_date is None  # nothing said is nothing known
    assert got.started_at == pytest.approx(datetime.fromisoformat("2026-11-23T07:56:24.647673+00:00").timestamp(), abs=1e-5)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("startedAt", "yesterday"),
        ("startedAt", "2026-11-23T07:56:24"),
        ("upToDate", 1),
        ("nodeID", ""),
        ("satellites", [None]),
        ("version", None),
    ],
)
async def test_nothing_doubtful_passes(key: str, value: object, start_node: StartNode, session: aiohttp.ClientSession) -> None:
    answers = recorded(PAYOUT)
    node = json.loads(answers.replies["/api/sno/"].body) | {key: value}
    answers.replies["/api/sno/"] = answers.replies["/api/sno/"]._replace(body=json.dumps(node).encode())
    fake = await start_node(answers)
    with pytest.raises(AnswerNotUnderstood) as caught:
        await NodeClient(fake.api_url, session, CLOCK).node()
    assert caught.value.field.startswith(f"$.{key}")


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/api/sno/estimated-payout", ("currentMonth", "diskSpacePayout")),
        ("/api/sno/estimated-payout", ("currentMonthExpectations",)),
        (f"/api/sno/satellite/{SAT0}", ("storageSummary",)),
        (f"/api/sno/satellite/{SAT0}", ("storageDaily", 0, "atRestTotal")),
    ],
)
@pytest.mark.parametrize("value", [1e308, -1e308, 1e22, float("nan"), float("-inf"), 10**40])
async def test_amounts_that_sums_cannot_hold_are_clamped(
    path: str, where: tuple[str | int, ...], value: float, start_node: StartNode, session: aiohttp.ClientSession
) -> None:
    """A sum of such amounts would be infinite. Those who keep them see that they cannot be; the rest of the answer is good."""
    answers = recorded(PAYOUT)
    document = part = json.loads(answers.replies[path].body)
    for key in where[:-1]:
        part = part[key]
    part[where[-1]] = value
    answers.replies[path] = answers.replies[path]._replace(body=json.dumps(document).encode())
    client = NodeClient((await start_node(answers)).api_url, session, CLOCK)
    if SAT0 in path:
        one = await client.satellite(SAT0)
        assert one is not None and one.reputation.audit_score == document["audits"]["auditScore"]
        clamped: float = one.storage.month_byte_hours if where == ("storageSummary",) else one.storage.days[0].byte_hours
    else:
        total = await client.estimated_payout()
        assert total is not None and total.previous_month.payout_cents == document["previousMonth"]["payout"]
        clamped = total.expected_cents if len(where) == 1 else total.current_month.storage_cents
    assert abs(clamped) == float(2**63 - 1)


async def test_an_answer_with_more_satellites_than_any_node_has_is_refused(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    answers = recorded(PAYOUT)

    def grown(path: str, key: str | None, satellite: str) -> None:
        body = json.loads(answers.replies[path].body)
        one = (body[key] if key else body)[0]
        many = [one | {satellite: f"s{number}"} for number in range(MOST_SATELLITES + 1)]
        answers.replies[path] = answers.replies[path]._replace(body=json.dumps(body | {key: many} if key else many).encode())

    stubs = next(path for path in answers.replies if path.startswith("/api/heldamount/paystubs/2026-01/"))
    grown("/api/sno/", "satellites", "id")
    grown("/api/sno/satellites", "audits", "satelliteName")
    grown(stubs, None, "satelliteId")
    grown("/api/heldamount/held-history", None, "satelliteID")
    scores = b"".join(b'online_score{satellite_id="%d",field="recent"} 1\n' % number for number in range(MOST_SATELLITES + 1))
    answers.replies["(debug) /metrics"] = FakeReply(
        200, "text/plain", b'# TYPE process gauge\nprocess{field="uptime"} 1\n# TYPE online_score gauge\n' + scores
    )
    fake = await start_node(answers)
    client = NodeClient(fake.api_url, session, CLOCK)
    first, last = stubs.split("/")[4:6]
    assert fake.metrics_url is not None
    metrics = MetricsClient(fake.metrics_url, session, CLOCK)
    for ask in (client.node, client.satellites, lambda: client.paystubs(first, last), client.held_history, metrics.metrics):
        with pytest.raises(AnswerNotUnderstood, match="100"):
            await ask()


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("/api/sno/", ""),
        ("{api}/api/sno/", ""),
        ("{public}/api/sno/", "another address"),
        ("https://example.org/api/sno/", "another address"),
        ("//[x/api/sno/", "another address"),
        ("", "nowhere"),
        ("/from", "again and again"),
    ],
)
async def test_redirects_are_followed_at_home_only(where: str, why: str, start_node: StartNode, session: aiohttp.ClientSession) -> None:
    fake = await start_node(recorded(PAYOUT))
    asked: list[str] = []

    async def redirect(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        if request.path == "/api/sno/":
            return web.Response(body=(CORPUS / PAYOUT / "sno.json").read_bytes(), content_type="application/json")
        here = f"http://{request.host}"
        return web.Response(status=301, headers={"Location": where.format(api=here, public=fake.public_url)})

    app = web.Application()
    app.router.add_get("/{path:.*}", redirect)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        transport = Transport(session, f"http://127.0.0.1:{runner.addresses[0][1]}", CLOCK)
        if why:
            with pytest.raises(AnswerNotUnderstood, match=why):
                await transport.get("/from")
            assert set(asked) == {"/from"} and len(asked) <= 3
        else:
            reply = await transport.get("/from")
            assert (reply.status, reply.path) == (200, "/from") and asked == ["/from", "/api/sno/"]
    finally:
        await runner.cleanup()


async def test_a_lying_clock_is_told(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    answers = recorded(PAYOUT)
    answers.ahead_s = 7200.0
    fake = await start_node(answers)
    node = await NodeClient(fake.api_url, session, CLOCK).node()
    assert node.clock_ahead_s == pytest.approx(7200, abs=2)


async def test_a_port_that_speaks_no_http(session: aiohttp.ClientSession) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(AnswerNotUnderstood, match="not HTTP"):
            await NodeClient(f"http://127.0.0.1:{port}", session, CLOCK).node()


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NAN])
async def test_faults_of_the_debug_port(fault: Fault, start_node: StartNode, session: aiohttp.ClientSession) -> None:
    fake = await start_node(recorded("v1.162-json-hashstore"))
    fake.faults.set(fault)
    fake.faults.slow_s = 60.0
    with pytest.raises(NodeApiError):
        await MetricsClient(fake.metrics_url, session, CLOCK, QUICK if fault in LATE else Limits()).metrics()


def test_the_longest_prefix_decides() -> None:
    faults = Faults()
    faults.set(Fault.SLOW)
    faults.set(Fault.HTML, "/api/heldamount")
    assert faults.of("/api/heldamount/periods") is Fault.HTML and faults.of("/api/sno/") is Fault.SLOW
    assert spoil(b"null", Fault.NAN) != b"null"


async def test_what_is_kept_of_a_reply_is_without_its_body(start_node: StartNode, session: aiohttp.ClientSession) -> None:
    """Half a megabyte a node, from one scrape to the next."""
    fake = await start_node(recorded("v1.120-debug"))
    api, metrics = NodeClient(fake.api_url, session, CLOCK), MetricsClient(fake.metrics_url, session, CLOCK)
    await api.node()
    await metrics.metrics()
    for last in (api.last, metrics.last):
        assert last is not None and last.status == 200 and last.asked_at > 0 and last.body == b""
