"""/api/v1: checks the question, asks, encodes. One error shape, bounded time, bounded number of questions at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Protocol, TypeVar

import msgspec
from aiohttp import web

from storj_monitor.clock import Clock
from storj_monitor.errors import MonitorError, RequestError
from storj_monitor.model.figures import Family
from storj_monitor.model.load import Load, LoadState
from storj_monitor.server.encoding import Body, Encoder, KeptBodies
from storj_monitor.server.events_route import OWN, read_filter
from storj_monitor.server.openapi import PARTS, document
from storj_monitor.server.ports import HistoryQueries, NodeQueries, Parts, Payload, TopicFeeds, Window
from storj_monitor.server.window import PART, read_parts, read_window
from storj_monitor.tasks import Failed, outcome_of
from storj_monitor.views.wire.answers import AnswerError, ErrorAnswer, LoadAnswer
from storj_monitor.views.wire.frames import LoadFigures, LoadMessage

# ---- The load state as clients, `/api/v1/load` and `/metrics` get it: one set of figures, three forms.


_STATES = [state.value for state in LoadState]


def load_figures(load: Load) -> LoadFigures:
    """As docs/protocol.md says."""
    return LoadFigures(
        state=load.state.value,
        reason=load.reason,
        lag_bytes=load.measures.lag_bytes,
        left_s=None if load.left_s is None else round(load.left_s, 1),
        commits_waiting=load.measures.commits_waiting,
        loop_lag_ms=round(load.measures.loop_lag_s * 1000, 1),
    )


def load_message(load: Load, now: float) -> LoadMessage:
    """For pages."""
    return LoadMessage(now=now, **msgspec.structs.asdict(load_figures(load)))


def load_answer(load: Load, now: float) -> LoadAnswer:
    """For `/api/v1/load`."""
    return LoadAnswer(now=now, **msgspec.structs.asdict(load_figures(load)))


def load_families(load: Load) -> Iterable[Family]:
    """For /metrics; the bytes not read are there by node already."""
    state = float(_STATES.index(load.state.value))
    yield Family("storj_monitor_load_state", "What pages get: 0 everything, 1 a quarter of the updates, 2 none.", "gauge", [({}, state)])
    waiting = load.measures.commits_waiting
    yield Family("storj_monitor_commits_waiting", "Commits that are not on disk yet.", "gauge", [({}, waiting)])
    late = load.measures.loop_lag_s
    yield Family("storj_monitor_loop_lag_seconds", "How late the event loop is, for two seconds at least.", "gauge", [({}, late)])


# ---- /api/v1/earnings.csv: a file, not JSON, with parameters of its own.


KINDS = ("paystubs", "estimates", "profit")
_OWN = frozenset({"kind", "currency", "rate"})


async def earnings_csv(request: web.Request, queries: NodeQueries, feeds: TopicFeeds, clock: Clock) -> web.Response:
    """RequestError for parameters that are wrong."""
    query = list(request.query.items())
    own: dict[str, str] = {}
    for name, value in query:
        if name in own:
            raise RequestError("bad_parameter", f"{name}: given twice")
        if name in _OWN:
            own[name] = value
    window = read_window([pair for pair in query if pair[0] not in _OWN], feeds.nodes(), clock.now(), points=False)
    kind = own.get("kind", KINDS[0])
    if kind not in KINDS:
        raise RequestError("bad_parameter", f"kind: {kind[:40]!r} is none of {', '.join(KINDS)}")
    if ("currency" in own) != ("rate" in own):
        raise RequestError("bad_parameter", "currency: needs rate, and rate needs currency")
    rate = (own["currency"], own["rate"]) if "currency" in own else None
    text = await queries.earnings_csv(window.nodes, kind, rate)
    headers = {"Content-Disposition": f'attachment; filename="storj-{kind}.csv"', "Cache-Control": "no-store"}
    return await Body(text.encode()).response(request, "text/csv; charset=utf-8", headers)


# ---- /api/v1: checks the question, asks, encodes. One error shape, bounded time, bounded number of questions at once.


ANSWER_S = 15.0
_QUESTIONS_AT_ONCE = 4
_log = logging.getLogger(__name__)
T = TypeVar("T")
_Ask = Callable[[Window], Awaitable[Payload]]


class _AskInParts(Protocol):
    def __call__(self, window: Window, wanted: Parts | None = None) -> Awaitable[Payload]: ...


class Api:
    """The routes under /api/v1."""

    def __init__(
        self, queries: HistoryQueries, node_queries: NodeQueries | None, feeds: TopicFeeds, encoder: Encoder, clock: Clock, version: str
    ) -> None:
        self._queries = queries
        self._feeds = feeds
        self._node_queries = node_queries
        self._encoder = encoder
        self._clock = clock
        self._turn = asyncio.Semaphore(_QUESTIONS_AT_ONCE)
        self._document = Body(encoder.encode(document(version, node_queries is not None)))
        self._bodies = KeptBodies()
        self._asks: dict[str, _Ask] = {
            "nodes": queries.nodes,
            "traffic": queries.traffic,
            "actions": queries.actions,
            "satellites": queries.satellites,
            "latency": queries.latency,
            "sizes": queries.sizes,
            "errors": queries.errors,
            "pieces": queries.pieces,
            "countries": queries.countries,
            "compactions": queries.compactions,
            "logs": queries.logs,
        }
        self._asks_in_parts: dict[str, _AskInParts] = {}
        if node_queries is not None:
            self._asks |= {"standings": node_queries.standings, "findings": node_queries.findings}
            self._asks_in_parts = {
                "reputation": node_queries.reputation,
                "storage": node_queries.storage,
                "earnings": node_queries.earnings,
                "health": node_queries.health,
            }

    def routes(self) -> list[web.RouteDef]:
        asked = [web.get(f"/api/v1/{name}", self._handler(name)) for name in (*self._asks, *self._asks_in_parts)]
        if self._node_queries is not None:
            asked.append(web.get("/api/v1/earnings.csv", partial(self._csv, self._node_queries)))
        return [*asked, web.get("/api/v1/events", self._events), web.get("/api/v1/openapi.json", self._openapi)]

    def _handler(self, name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            return await self._answer(name, request)

        return handle

    async def _answer(self, name: str, request: web.Request) -> web.Response:
        query, in_parts = list(request.query.items()), self._asks_in_parts.get(name)
        ask = self._asks[name] if in_parts is None else partial(in_parts, wanted=read_parts(query, PARTS[name]))
        plain = [pair for pair in query if in_parts is None or pair[0] != PART]
        window = read_window(plain, self._feeds.nodes(), self._clock.now(), points=name == "traffic")
        return await self._asked(name, request, window, ask)

    async def _asked(self, name: str, request: web.Request, window: Window, ask: _Ask) -> web.Response:
        outcome = await self._in_turn(name, partial(ask, window))
        return await _json(self._bodies.body(request.path_qs, self._encoder.encode(outcome)), request)

    async def _events(self, request: web.Request) -> web.Response:
        query = list(request.query.items())
        wanted = read_filter(query)
        plain = [pair for pair in query if pair[0] not in OWN]
        window = read_window(plain, self._feeds.nodes(), self._clock.now(), points=False)
        return await self._asked("events", request, window, partial(self._queries.events, wanted=wanted))

    async def _in_turn(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        """What `ask` gives, within the bounds of number and time; RequestError for whatever ends it."""

        async def wait_and_ask() -> T:
            async with asyncio.timeout(ANSWER_S), self._turn:
                return await ask()

        outcome = await outcome_of(wait_and_ask())
        if isinstance(outcome, Failed):
            raise _translated(name, outcome.error)
        return outcome

    async def _csv(self, node_queries: NodeQueries, request: web.Request) -> web.Response:
        return await self._in_turn("earnings.csv", partial(earnings_csv, request, node_queries, self._feeds, self._clock))

    async def _openapi(self, request: web.Request) -> web.Response:
        return await _json(self._document, request)


async def _json(body: Body, request: web.Request) -> web.Response:
    return await body.response(request, "application/json", {"Cache-Control": "no-store"})


def json_response(body: bytes, status: int = 200) -> web.Response:
    """JSON that nobody keeps a copy of."""
    return web.Response(body=body, status=status, content_type="application/json", headers={"Cache-Control": "no-store"})


def error_body(error: RequestError) -> ErrorAnswer:
    """The one error shape."""
    return ErrorAnswer(error=AnswerError(code=error.code, message=str(error)))


def _translated(name: str, error: Exception) -> RequestError:
    if isinstance(error, RequestError):
        return error
    if isinstance(error, TimeoutError):
        return RequestError("unavailable", f"no answer within {ANSWER_S:.0f} s", 503)
    if isinstance(error, MonitorError):
        return RequestError("unavailable", str(error), 503)
    _log.error("/api/v1/%s failed", name, exc_info=error)
    return RequestError("unavailable", "the question could not be answered; the log of the monitor says why", 500)
