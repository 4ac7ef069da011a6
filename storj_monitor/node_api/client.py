"""One node's HTTP API, typed: a method for each path. Every answer is a model type, every failure one of two errors.

The API has no password and does not know our version; paths, units and differences between versions are those of nodes 1.120 to 1.162.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

import aiohttp

from storj_monitor.clock import Clock
from storj_monitor.errors import AnswerNotUnderstood, RouteMissing
from storj_monitor.model.earnings import EstimatedPayout, HeldHistoryRow, PayoutHistoryRow, Paystub, Pricing
from storj_monitor.model.node_answers import AllSatellitesAnswer, NodeAnswer, Notification, SatelliteAnswer
from storj_monitor.model.node_metrics import NodeMetrics
from storj_monitor.model.reputation import HealthAnswer
from storj_monitor.node_api import decode, decode_payouts
from storj_monitor.node_api.metrics import decode_metrics
from storj_monitor.node_api.transport import Limits, Reply, Transport

_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_NOTIFICATIONS_LIMIT: Final = 20
_UNHEALTHY: Final = 503
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class NodeClient:
    """The API of one node at `base_url` (http://HOST:PORT, no slash at the end). Methods raise NodeUnreachable or AnswerNotUnderstood.

    `last` is the latest reply of any method, for its times.
    """

    def __init__(self, base_url: str, session: aiohttp.ClientSession, clock: Clock, limits: Limits | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self.last: Reply | None = None
        self._transport = Transport(session, self.base_url, clock, limits)

    async def node(self) -> NodeAnswer:
        """`/api/sno/`: the node, its disk, its standing."""
        return decode.decode_node(await self._request("/api/sno/"))

    async def satellites(self) -> AllSatellitesAnswer:
        """`/api/sno/satellites`: this month with all satellites together."""
        return decode.decode_all_satellites(await self._request("/api/sno/satellites"))

    async def satellite(self, satellite: str) -> SatelliteAnswer | None:
        """`/api/sno/satellite/{id}`; None when the node does not trust such a satellite (any more)."""
        reply = await self._request(f"/api/sno/satellite/{_id(satellite)}", missing_is_none=True)
        return None if reply.status == 404 else _about(satellite, decode.decode_satellite(reply), reply)

    async def pricing(self, satellite: str) -> Pricing | None:
        """`/api/sno/satellites/{id}/pricing`; None when the node knows no prices of it."""
        reply = await self._request(f"/api/sno/satellites/{_id(satellite)}/pricing", missing_is_none=True)
        return None if reply.status == 404 else decode_payouts.decode_pricing(reply)

    async def estimated_payout(self, satellite: str | None = None) -> EstimatedPayout | None:
        """`/api/sno/estimated-payout[?id=]`; without an id the sum. None for a satellite that has disqualified the node."""
        path = "/api/sno/estimated-payout" + (f"?id={_id(satellite)}" if satellite else "")
        reply = await self._request(path, disqualified_is_none=satellite is not None)
        return None if reply.status != 200 else decode_payouts.decode_estimate(reply, satellite or "")

    async def periods(self, satellite: str | None = None) -> tuple[str, ...]:
        """`/api/heldamount/periods[?id=]`: months with a paystub, oldest first."""
        return decode_payouts.decode_periods(await self._request("/api/heldamount/periods" + _of(satellite)))

    async def paystubs(self, first: str, last: str | None = None, satellite: str | None = None) -> tuple[Paystub, ...]:
        """`/api/heldamount/paystubs/{first}[/{last}][?id=]`, both `YYYY-MM` and included."""
        span = _period(first) + (f"/{_period(last)}" if last else "")
        return decode_payouts.decode_paystubs(await self._request(f"/api/heldamount/paystubs/{span}{_of(satellite)}"))

    async def payout_history(self, period: str) -> tuple[PayoutHistoryRow, ...] | None:
        """`/api/heldamount/payout-history/{period}`: one row a satellite, with the receipt.

        None for an empty answer: where a node does not know when it joined a satellite that paid nothing, it divides by 0 and can never
        write that month down.
        """
        reply = await self._request(f"/api/heldamount/payout-history/{_period(period)}")
        return decode_payouts.decode_payout_history(reply, period) if reply.body.strip() else None

    async def held_history(self) -> tuple[HeldHistoryRow, ...]:
        """`/api/heldamount/held-history`."""
        return decode_payouts.decode_held_history(await self._request("/api/heldamount/held-history"))

    async def notifications(self) -> tuple[Notification, ...]:
        """`/api/notifications/list`: the newest 20."""
        return decode.decode_notifications(await self._request(f"/api/notifications/list?limit={_NOTIFICATIONS_LIMIT}&page=1"))

    async def _request(self, path: str, *, missing_is_none: bool = False, disqualified_is_none: bool = False) -> Reply:
        """A reply of status 200, or one of those that the caller knows to read."""
        reply = await self._transport.get(path)
        self.last = reply.without_body()
        if reply.status == 200:
            return reply
        failure = decode.failure_of(reply)
        if (missing_is_none and reply.status == 404 and failure) or (disqualified_is_none and "disqualified" in failure):
            return reply
        kind = RouteMissing if reply.status == 404 and not failure else AnswerNotUnderstood
        raise kind(path, "$", f"HTTP {reply.status}" + (f": {failure[:200]}" if failure else ""))


class MetricsClient:
    """`/metrics` of a node's debug address; `base_url` with or without that path."""

    def __init__(self, base_url: str, session: aiohttp.ClientSession, clock: Clock, limits: Limits | None = None) -> None:
        self.base_url = base_url.rstrip("/").removesuffix("/metrics")
        self.last: Reply | None = None
        packed = urlsplit(self.base_url).hostname not in LOOPBACK
        self._transport = Transport(session, self.base_url, clock, limits, packed=packed)

    async def metrics(self) -> NodeMetrics:
        """All wanted figures of one scrape."""
        reply = await self._transport.get("/metrics")
        self.last = reply.without_body()
        if reply.status != 200:
            raise AnswerNotUnderstood("/metrics", "$", f"HTTP {reply.status}")
        return decode_metrics(reply.body, reply.asked_at)


class HealthClient:
    """The small health document on a node's public port (28967 as a rule); plain HTTP whatever the API speaks."""

    def __init__(self, base_url: str, session: aiohttp.ClientSession, clock: Clock, limits: Limits | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self.last: Reply | None = None
        self._transport = Transport(session, self.base_url, clock, limits)

    async def health(self) -> HealthAnswer:
        """Also when the node is unhealthy (HTTP 503)."""
        reply = await self._transport.get("/", also_good=frozenset({_UNHEALTHY}))
        self.last = reply.without_body()
        if reply.status not in (200, _UNHEALTHY):
            raise AnswerNotUnderstood("/", "$", f"HTTP {reply.status}")
        return decode.decode_health(reply)


def health_url(api_url: str, configured_port: str) -> str | None:
    """Where the public port of a node is, as far as its API tells: the same host and the configured port."""
    host = urlsplit(api_url).hostname
    if not host or not configured_port.isdecimal() or not 0 < int(configured_port) < 65536:
        return None
    return f"http://[{host}]:{configured_port}" if ":" in host else f"http://{host}:{configured_port}"


def _id(satellite: str) -> str:
    return quote(satellite, safe="")


def _of(satellite: str | None) -> str:
    return f"?id={_id(satellite)}" if satellite else ""


def _period(period: str) -> str:
    if _PERIOD.fullmatch(period) is None:
        raise ValueError(f"{period!r} is no period YYYY-MM")
    return period


def _about(satellite: str, answer: SatelliteAnswer, reply: Reply) -> SatelliteAnswer:
    if answer.reputation.satellite != satellite:
        raise AnswerNotUnderstood(reply.path, "$.id", "an answer about another satellite")
    return answer
