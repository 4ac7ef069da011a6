"""The server as one part: routes in, clients out. Listens where it is told, refuses to be open to the world without a password."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler

from storj_monitor.clock import Clock
from storj_monitor.errors import ConfigError, RequestError
from storj_monitor.model.addresses import is_loopback
from storj_monitor.server.access import AccessPolicy, Exposure, add_security_headers, asked_by_browser
from storj_monitor.server.api import Api, error_body, json_response, load_answer, load_families, load_figures
from storj_monitor.server.broadcaster import Broadcaster, Client
from storj_monitor.server.encoding import Body, Encoder
from storj_monitor.server.gate import Gate
from storj_monitor.server.listening import HttpLog, Listener
from storj_monitor.server.login import Login
from storj_monitor.server.metrics import CONTENT_TYPE, connection_families, metrics_text
from storj_monitor.server.page import Page
from storj_monitor.server.passwords import PasswordCheck
from storj_monitor.server.ports import Family, Gauges, HistoryQueries, NodeQueries, TopicFeeds
from storj_monitor.server.session import CLOSE_REFUSED, COMMAND_BYTES, PROTOCOL, Session, is_other_page
from storj_monitor.views.wire.answers import StoreAnswer
from storj_monitor.views.wire.frames import Hello, Notices, Thresholds
from storj_monitor.websocket_utils import Outbox

if TYPE_CHECKING:
    from ssl import SSLContext

MAX_CLIENTS = 1100
_REQUEST_BYTES = 16 * 1024
_SOCKET_SEND_BYTES = 128 * 1024
_HEARTBEAT_S = 30.0
_STOP_S = 0.5
_GOODBYE_S = 0.5  # for who is not logged in to take note of it
_LINGER_S = 2.0
_OPEN_PATHS = frozenset({"/healthz", "/login", "/login.css", "/logout", "/ws"})  # /ws answers for itself, by close code
_PROGRAM_PATHS = ("/api/", "/metrics")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is served: topics, answers about the past (`node_queries`: about what nodes say of themselves), figures of /metrics."""

    feeds: TopicFeeds
    queries: HistoryQueries
    node_queries: NodeQueries | None = None  # None leaves their paths out
    gauges: Gauges


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Where it is served, and to whom.

    port          -- 0 takes a free one, see `Server.url`
    password_hash -- argon2 hash (`passwords.hash_password`); None is allowed on a loopback `bind` only (ConfigError)
    exposure      -- names, proxies, base path, TLS, limits
    max_clients   -- pages at one time
    """

    bind: str
    port: int
    password_hash: str | None
    exposure: Exposure = field(default_factory=Exposure)
    max_clients: int = MAX_CLIENTS

    def __post_init__(self) -> None:
        if self.password_hash is None and not is_loopback(self.bind):
            raise ConfigError([f"bind: {self.bind} is open to other machines; that needs a password"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What `hello` tells a client of this monitor, and what the live view keeps to (units and meanings: `views.wire.frames.Hello`)."""

    version: str
    demo: bool
    coalesce_ms: float
    slow_hz: float
    sample: int = 64
    thresholds: Mapping[str, float] = field(default_factory=dict)


class Server:
    """Serves one product. Make it inside a running event loop; see `start` and `stop`. `page_dir`: the built page; may be missing."""

    def __init__(self, content: Content, binding: Binding, greeting: Greeting, *, encoder: Encoder, page_dir: Path, clock: Clock) -> None:
        self._feeds = content.feeds
        self._gauges = content.gauges
        self._bind = binding.bind
        self._port = binding.port
        self._encoder = encoder
        self._clock = clock
        self._greeting = greeting
        self._exposure = binding.exposure
        self._access = AccessPolicy(binding.bind, self._exposure)
        self._check = PasswordCheck(binding.password_hash, clock) if binding.password_hash is not None else None
        self._login = Login(self._check, self._access, clock, self._exposure)
        self._page = Page(page_dir, clock)
        self.broadcaster = Broadcaster(
            content.feeds,
            encoder,
            clock,
            coalesce_s=greeting.coalesce_ms / 1000.0,
            slow_hz=greeting.slow_hz,
            max_clients=binding.max_clients,
            hello=self._hello,
        )
        self._http_log = HttpLog(_log)
        self._gate: Gate | None = None
        self._listener: Listener | None = None
        self._runner = web.AppRunner(
            self._application(Api(content.queries, content.node_queries, content.feeds, encoder, clock, greeting.version)),
            access_log=None,
            logger=self._http_log,
            lingering_time=_LINGER_S,
            handle_signals=False,
            shutdown_timeout=_STOP_S,
        )

    @property
    def client_count(self) -> int:
        """Connected WebSocket clients."""
        return self.broadcaster.client_count

    @property
    def tls(self) -> SSLContext | None:
        """What the page is served by https with."""
        return self._exposure.tls

    @property
    def port(self) -> int:
        """The port listened on; before `start` the one asked for."""
        return self._port

    @property
    def url(self) -> str:
        """What to type into a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._bind, f"[{self._bind}]" if ":" in self._bind else self._bind)  # noqa: S104
        scheme = "https" if self._exposure.tls is not None else "http"
        return f"{scheme}://{host}:{self._port}{self._exposure.base_path}/"

    async def start(self) -> None:
        """Listen. ConfigError: the address or port cannot be had."""
        await self._runner.setup()
        assert self._runner.server is not None
        self._gate = Gate(self._runner.server, self._exposure.limits, self._exposure.trusted_proxies, self._exposure.tls)
        self._listener = Listener(self._gate)
        try:
            self._port = await self._listener.start(self._bind, self._port)
        except OSError as error:
            await self._runner.cleanup()
            why = "is in use by another program" if error.errno == errno.EADDRINUSE else f"cannot be listened on: {error.strerror or error}"
            raise ConfigError([f"port: {self._bind} port {self._port} {why}"]) from error
        self._login.name_cookie(self._port)

    async def stop(self) -> None:
        """Close all clients with 1001 and stop listening; within about a second."""
        if self._listener is not None:
            self._listener.close()
        closing = [asyncio.ensure_future(client.outbox.close(1001, "server stops")) for client in self.broadcaster.clients]
        if closing:
            _, late = await asyncio.wait(closing, timeout=_STOP_S)
            for client in self.broadcaster.clients:
                client.outbox.abort()
            for task in late:
                task.cancel()
            await asyncio.gather(*closing, return_exceptions=True)
        self.broadcaster.close()
        await self._runner.cleanup()
        if self._check is not None:
            self._check.close()

    def _application(self, api: Api) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=_REQUEST_BYTES)
        app.on_response_prepare.append(add_security_headers)
        routes = [
            web.get("/healthz", _healthz),
            web.get("/ws", self._websocket, allow_head=False),
            web.get("/metrics", self._metrics),
            web.get("/api/v1/load", self._load),
            web.get("/api/v1/store", self._store),
            *self._login.routes(),
            *api.routes(),
            web.get("/api/{rest:.*}", _unknown_path),
            web.get("/{path:.*}", self._page.serve),
        ]
        base = self._exposure.base_path
        if base:
            app.add_routes([web.get(base, self._to_base)])
            app.add_routes([web.RouteDef(route.method, base + route.path, route.handler, route.kwargs) for route in routes])
        app.add_routes(routes)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        assert self._gate is not None
        if request.can_read_body:
            self._gate.head_is_whole(request.protocol)
            try:
                await self._read_body(request)
            except RequestError as error:
                return self._error(request, error)
        with self._gate.answering(request.protocol):
            return await self._answer(request, handler)

    async def _read_body(self, request: web.Request) -> None:
        """Before anything else: a body that does not come must not keep a place that is for requests which are whole."""
        limit_s = self._exposure.limits.body_s
        try:
            async with asyncio.timeout(limit_s):
                await request.read()
        except TimeoutError:
            raise RequestError("bad_parameter", f"the body of this request did not come within {limit_s:g} s", 408) from None
        except web.HTTPRequestEntityTooLarge:
            raise RequestError("bad_parameter", f"a request is at most {_REQUEST_BYTES} bytes", 413) from None

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = self._exposure.within(request.path)
        if path == "/healthz":
            return await handler(request)
        try:
            self._access.check_host(request)
            if path not in _OPEN_PATHS:
                refusal = await self._refusal(request, path)
                if refusal is not None:
                    return refusal
            return await handler(request)
        except RequestError as error:
            return self._error(request, error)
        except web.HTTPMethodNotAllowed as error:
            return self._error(request, RequestError("bad_method", f"{error.method} is not for {path}", 405), error.headers.get("Allow"))

    async def _refusal(self, request: web.Request, path: str) -> web.StreamResponse | None:
        """None when logged in. People are sent to the form, programs get 401 (the browser's own dialogue is for nobody)."""
        if path.startswith(_PROGRAM_PATHS):
            if await self._login.admits(request):
                return None
            response = self._error(request, RequestError("not_logged_in", "log in at /login, or send the password by HTTP Basic", 401))
            if not asked_by_browser(request):
                response.headers["WWW-Authenticate"] = 'Basic realm="storj_monitor", charset="UTF-8"'
            return response
        if self._login.has_session(request):
            return None
        query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
        target = self._login.address(self._exposure.within(request.rel_url.raw_path) + query)
        return web.Response(status=303, headers={"Location": target, "Cache-Control": "no-store"})

    async def _to_base(self, _request: web.Request) -> web.Response:
        """The page's own addresses are relative: they need the slash at the end."""
        return web.Response(status=308, headers={"Location": self._exposure.base_path + "/"})

    def _error(self, request: web.Request, error: RequestError, allow: str | None = None) -> web.Response:
        response = json_response(self._encoder.encode(error_body(error)), error.status)
        if error.status == 429:
            response.headers["Retry-After"] = "60"
        if allow:
            response.headers["Allow"] = allow
        if request.can_read_body:
            response.force_close()  # what was not read is not read later either
        return response

    async def _metrics(self, request: web.Request) -> web.Response:
        body = metrics_text(chain(self._gauges.samples(), self._own_gauges()))
        return await Body(body).response(request, CONTENT_TYPE, {"Cache-Control": "no-store"})

    async def _load(self, _request: web.Request) -> web.Response:
        return json_response(self._encoder.encode(load_answer(self.broadcaster.load, round(self._clock.now(), 3))))

    async def _store(self, _request: web.Request) -> web.Response:
        stands = self._feeds.store()
        return json_response(
            self._encoder.encode(StoreAnswer(now=round(self._clock.now(), 3), problem=stands.problem, notices=stands.notices))
        )

    def _own_gauges(self) -> Iterable[Family]:
        one = self.broadcaster
        yield Family("storj_monitor_ws_clients", "Connected WebSocket clients", "gauge", [({}, one.client_count)])
        yield Family("storj_monitor_ws_frames", "Frames sent to WebSocket clients", "counter", [({}, one.frames_sent)])
        yield Family("storj_monitor_ws_slow_clients", "Clients closed because they read too slowly", "counter", [({}, one.slow_closed)])
        yield from load_families(one.load)
        yield Family("storj_monitor_bad_requests", "Requests that are no HTTP", "counter", [({}, self._http_log.bad)])
        if self._gate is not None:
            yield from connection_families(self._gate)
        yield Family("storj_monitor_wrong_passwords", "Wrong passwords given", "counter", [({}, self._login.wrong)])

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        self._access.check_origin(request)
        if self.broadcaster.full:
            raise RequestError("unavailable", "too many connections", 503)
        admitted = await self._login.admits(request)
        patience_s = 2.0 if admitted else _GOODBYE_S
        ws = web.WebSocketResponse(compress=True, heartbeat=_HEARTBEAT_S, max_msg_size=4 * COMMAND_BYTES, timeout=patience_s)
        if not ws.can_prepare(request).ok:
            raise RequestError("bad_parameter", "this path speaks WebSocket only", 426)
        await ws.prepare(request)
        if not admitted:
            await ws.close(code=CLOSE_REFUSED, message=b"not logged in")
            return ws
        if is_other_page(request):  # the greeting names the version: the page reloads, or asks its reader to
            await ws.send_str(self._encoder.encode(self._hello()).decode())
            await ws.close(code=CLOSE_REFUSED, message=b"a page of another version: reload it")
            return ws
        transport = request.transport
        if self.broadcaster.full:  # others came in while this one was let in
            await ws.close(code=1013, message=b"too many connections")
        elif transport is not None:
            await self._serve_client(request, ws, transport)
        return ws

    def _hello(self) -> Hello:
        greeting = self._greeting
        return Hello(
            protocol=PROTOCOL,
            version=greeting.version,
            demo=greeting.demo,
            login=self._login.needed,
            coalesce_ms=greeting.coalesce_ms,
            slow_hz=greeting.slow_hz,
            sample=greeting.sample,
            thresholds=Thresholds(**greeting.thresholds),
            now=round(self._clock.now(), 3),
            nodes=list(self._feeds.nodes()),
            load=load_figures(self.broadcaster.load),
            store=Notices(notices=self._feeds.store().notices),
        )

    async def _serve_client(self, request: web.Request, ws: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        _limit_socket_buffer(transport)
        outbox = Outbox(ws, transport, on_slow=self.broadcaster.count_slow)
        client = Client(outbox)
        self.broadcaster.add(client)
        forget = self._login.watch_session(request, partial(outbox.end, CLOSE_REFUSED, "logged out"))
        try:
            await Session(ws, client, self.broadcaster, self._feeds, self._clock).run(self._hello())
        finally:
            forget()
            self.broadcaster.remove(client)
            outbox.abort_soon()


def _limit_socket_buffer(transport: asyncio.Transport) -> None:
    """Linux lets an unread socket grow to 4 MB of kernel memory; a thousand sleeping clients would be 4 GB."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_SEND_BYTES)


async def _healthz(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


async def _unknown_path(request: web.Request) -> web.Response:
    raise RequestError("unknown_path", f"there is no {request.path[:200]}; see /api/v1/openapi.json", 404)
