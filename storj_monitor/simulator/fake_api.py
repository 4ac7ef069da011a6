"""A node's three HTTP ports, served for real: API, debug port and public port. For the demo, for tests and benchmarks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from email.utils import formatdate

from aiohttp import web

from storj_monitor.clock import Clock
from storj_monitor.simulator.fake_answers import API, DEBUG, PUBLIC, Answers, FakeReply
from storj_monitor.simulator.fake_faults import Fault, Faults, spoil

_HTML = "text/html; charset=utf-8"
_DRIP_S = 0.05
_SHUTDOWN_S = 0.01  # 0 would mean without end


class FakeNode:
    """Serves `answers` on loopback until `stop`.

    faults       -- switches; see fake_faults
    asked        -- how often each path was asked, all ports together
    most_at_once -- the greatest number of questions that were open at the same time, over all ports
    """

    def __init__(self, answers: Answers, clock: Clock, host: str = "127.0.0.1") -> None:
        self.answers = answers
        self.faults = Faults()
        self.asked: Counter[str] = Counter()
        self.most_at_once = 0
        self._open = 0
        self._clock = clock
        self._host = host
        self._ports: dict[str, int] = {}
        self._runners: list[web.ServerRunner] = []
        self._hangs_up = False

    @property
    def api_url(self) -> str:
        return self._url(API)

    @property
    def metrics_url(self) -> str:
        """Without the path."""
        return self._url(DEBUG)

    @property
    def public_url(self) -> str:
        return self._url(PUBLIC)

    async def start(self, api_port: int = 0) -> None:
        """Listen; ports that this node had before are taken again (a node that restarts). OSError when one is taken."""
        for door in (PUBLIC, DEBUG, API):
            if not self.answers.has(door):
                continue
            runner = web.ServerRunner(web.Server(self._handler(door), access_log=None), shutdown_timeout=_SHUTDOWN_S)
            await runner.setup()
            self._runners.append(runner)
            port = self._ports.get(door) or (api_port if door == API else 0)
            await web.TCPSite(runner, self._host, port).start()
            self._ports[door] = runner.addresses[0][1]
            if door == PUBLIC:
                self.answers.set_public_port(self._ports[door])

    def hang_up(self) -> None:
        """From now on every question ends its connection: what is still to be answered is not made up for nothing."""
        self._hangs_up = True

    async def stop(self) -> None:
        """Close all ports and connections."""
        while self._runners:
            await self._runners.pop().cleanup()

    def _url(self, door: str) -> str:
        return f"http://{self._host}:{self._ports[door]}"

    def _handler(self, door: str) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            path = request.path_qs
            self.asked[path] += 1
            self._open += 1
            self.most_at_once = max(self.most_at_once, self._open)
            try:
                return await self._respond(request, door, path)
            finally:
                self._open -= 1

        return handle

    async def _respond(self, request: web.BaseRequest, door: str, path: str) -> web.StreamResponse:
        fault = self.faults.of(path)
        if fault is Fault.SLOW:
            await asyncio.sleep(self.faults.slow_s)
        if self._hangs_up:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        if fault is Fault.REDIRECT or (door == API and path == "/api/sno"):
            return web.Response(status=301, headers={"Location": "/api/sno/"}, text="Moved Permanently")
        reply = self.answers.answer(door, path, self._clock.now())
        if fault is Fault.ERROR_500:
            reply = FakeReply(500, "application/json", b'{"error":"consoleapi storagenode: console: database is locked"}\n')
        elif fault is Fault.BAD_GATEWAY:
            reply = FakeReply(502, _HTML, b"<html><body><h1>502 Bad Gateway</h1></body></html>\n")
        elif fault is not None:
            reply = reply._replace(body=spoil(reply.body, fault), content_type=_HTML if fault is Fault.HTML else reply.content_type)
        headers = {"Date": formatdate(self._clock.now() + self.answers.ahead_s, usegmt=True), "Content-Type": reply.content_type}
        if fault in (Fault.CLOSED, Fault.DROPPED, Fault.DRIP):
            return await _break_off(request, reply, headers, fault)
        response = web.Response(status=reply.status, body=reply.body, headers=headers)
        if door == DEBUG:
            response.enable_compression()  # where it is asked for
        return response


async def _break_off(request: web.BaseRequest, reply: FakeReply, headers: dict[str, str], fault: Fault) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=headers | {"Content-Length": str(len(reply.body))})
    transport = request.transport
    if fault is not Fault.DROPPED:
        await response.prepare(request)
        half = max(1, len(reply.body) // 2)
        if fault is Fault.DRIP:
            for at in range(half):
                await response.write(reply.body[at : at + 1])
                await asyncio.sleep(_DRIP_S)
        await response.write(reply.body[:half])
    if transport is not None:
        transport.close() if fault is Fault.CLOSED else transport.abort()
    return response
