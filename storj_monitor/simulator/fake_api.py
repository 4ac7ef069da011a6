"""A node's three HTTP ports, served for real: API, debug port and public port. For the demo, for tests and benchmarks."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

from aiohttp import web

from storj_monitor.clock import Clock

# ---- Everything that can be wrong with an answer, as switches: which fault on which paths.


_NUMBER = re.compile(rb'(?<=":)-?\d[\d.eE+-]*')
_METRIC = re.compile(rb"^(used_space\{.*\}) \S+$", re.MULTILINE)


class Fault(StrEnum):
    """One way in which a node (or what is in its place) fails to answer."""

    SLOW = "slow"
    """nothing comes for `Faults.slow_s`"""
    DRIP = "drip"
    """headers at once, then a byte now and then"""
    ERROR_500 = "error_500"
    BAD_GATEWAY = "bad_gateway"
    HTML = "html"
    """a web page with status 200, as an unknown path of a node or a wrong port gives"""
    OTHER_JSON = "other_json"
    """good JSON of another program"""
    TRUNCATED = "truncated"
    """half of the document, with a fitting length"""
    WRONG_TYPE = "wrong_type"
    """a text where a number belongs"""
    NAN = "nan"
    EMPTY = "empty"
    """status 200 and no body: what a node sends when it cannot write an answer down"""
    CLOSED = "closed"
    """the connection is closed in the middle of the answer"""
    DROPPED = "dropped"
    """the connection is closed without an answer"""
    REDIRECT = "redirect"
    TOO_LONG = "too_long"


class Faults:
    """The switches of one fake node. A path has the fault of the longest prefix that is set."""

    def __init__(self) -> None:
        self.slow_s = 60.0
        self._by_prefix: dict[str, Fault] = {}
        self._by_path: dict[str, Fault] = {}

    def set(self, fault: Fault | None, prefix: str = "/") -> None:
        """Switch a fault on for all paths that begin so; None switches it off."""
        if fault is None:
            self._by_prefix.pop(prefix, None)
        else:
            self._by_prefix[prefix] = fault

    def set_exact(self, fault: Fault, path: str) -> None:
        """Switch a fault on for one path and no other."""
        self._by_path[path] = fault

    def clear(self) -> None:
        """All is well again."""
        self._by_prefix.clear()
        self._by_path.clear()

    def of(self, path: str) -> Fault | None:
        """The fault of a path, if any."""
        if path in self._by_path:
            return self._by_path[path]
        fitting = [prefix for prefix in self._by_prefix if path.startswith(prefix)]
        return self._by_prefix[max(fitting, key=len)] if fitting else None


def spoil(body: bytes, fault: Fault) -> bytes:
    """The body as a fault of its content leaves it; faults of the connection leave it alone."""
    if fault is Fault.EMPTY:
        return b""
    if fault is Fault.HTML:
        return b"<!DOCTYPE html>\n<html><head><title>Storage Node Dashboard</title></head><body><div id=app></div></body></html>\n"
    if fault is Fault.OTHER_JSON:
        return b'{"status":"success","data":{"resultType":"vector"}}\n'
    if fault is Fault.TRUNCATED:
        return body[: max(1, len(body.rstrip()) // 2)]
    if fault is Fault.TOO_LONG:
        return body.rstrip() + b" " * (9 << 20)
    if fault is Fault.NAN:
        return _NUMBER.sub(b"NaN", body, count=1) if _NUMBER.search(body) else b"[NaN]"
    if fault is Fault.WRONG_TYPE:
        return _wrong_type(body)
    return body


def _wrong_type(body: bytes) -> bytes:
    if b"# TYPE " in body:
        return _METRIC.sub(rb"\1 many", body, count=1)
    if _NUMBER.search(body) is None:
        return json.dumps({"not": "this"}).encode()
    return _NUMBER.sub(b'"a text"', body, count=1)


# ---- Where a fake node's answers come from: a folder of recorded ones, or (fake_generated) made up.


API, DEBUG, PUBLIC = "api", "debug", "public"

_JSON = "application/json"
_PAYSTUBS = re.compile(r"/api/heldamount/paystubs/(\d{4}-\d\d)(?:/(\d{4}-\d\d))?(?:\?id=(\w+))?")
_NOTIFICATIONS = "/api/notifications/list"
_PAYOUT_HISTORY = "/api/heldamount/payout-history/"
_PORT = re.compile(rb'"configuredPort":"\d*"')


class FakeReply(NamedTuple):
    """Status, content type and body, as they go over the wire."""

    status: int
    content_type: str
    body: bytes


UNKNOWN = FakeReply(404, "text/plain; charset=utf-8", b'web/storagenode unbuilt, run "npm install && npm run build" in web/storagenode.\n')
NULL = FakeReply(200, _JSON, b"null\n")


class Answers(Protocol):
    """What a fake node says. `ahead_s`: its clock runs so many seconds ahead of the true time."""

    ahead_s: float

    def answer(self, endpoint: str, path: str, now: float) -> FakeReply:
        """The answer of an endpoint (API, DEBUG, PUBLIC) to a path with its query; `now` in Unix seconds, true time."""
        ...

    def has(self, endpoint: str) -> bool:
        """Whether this node has such a port."""
        ...

    def set_public_port(self, port: int) -> None:
        """The public port really used, which the API has to name."""
        ...


class RecordedAnswers:
    """Answers that a real node gave, from a folder with `index.json`.

    Paths that were not recorded are answered from others where that is exact (paystubs of a shorter range), else like an unknown path;
    payout histories of other months are `null`.
    """

    def __init__(self, folder: Path) -> None:
        self.ahead_s = 0.0
        index = json.loads((folder / "index.json").read_text())
        self.version = folder.name
        self.replies: dict[str, FakeReply] = {}
        for name, entry in index.items():
            file = folder / f"{name}.json"
            packed = folder / f"{name}.txt.gz"
            if file.exists():
                body = file.read_bytes()
            elif packed.exists():
                body = gzip.decompress(packed.read_bytes())
            else:
                continue
            self.replies[entry["path"]] = FakeReply(entry["status"], entry["content_type"], body)

    def has(self, endpoint: str) -> bool:
        return endpoint == API or (f"({endpoint}) /metrics" if endpoint == DEBUG else f"({endpoint}) /") in self.replies

    def answer(self, endpoint: str, path: str, now: float) -> FakeReply:
        if endpoint != API:
            return self.replies.get(f"({endpoint}) {path}", UNKNOWN)
        if path in self.replies:
            return self.replies[path]
        if path.startswith(_NOTIFICATIONS):
            return next((reply for known, reply in self.replies.items() if known.startswith(_NOTIFICATIONS)), UNKNOWN)
        if path.startswith(_PAYOUT_HISTORY):
            return NULL
        asked = _PAYSTUBS.fullmatch(path)
        return self._paystubs(asked[1], asked[2] or asked[1], asked[3]) if asked else UNKNOWN

    def set_public_port(self, port: int) -> None:
        node = self.replies["/api/sno/"]
        self.replies["/api/sno/"] = node._replace(body=_PORT.sub(b'"configuredPort":"%d"' % port, node.body))

    def _paystubs(self, first: str, last: str, satellite: str | None) -> FakeReply:
        ranges = [(reply, match) for known, reply in self.replies.items() if (match := _PAYSTUBS.fullmatch(known)) and match[2]]
        stubs = [stub for reply, _ in ranges for stub in json.loads(reply.body) or [] if first <= stub["period"] <= last]
        stubs = [stub for stub in stubs if satellite in (None, stub["satelliteId"])]
        return FakeReply(200, _JSON, json.dumps(stubs, separators=(",", ":")).encode() + b"\n") if stubs else NULL


# ---- A node's three HTTP ports, served for real: API, debug port and public port. For the demo, for tests and benchmarks.


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
        for endpoint in (PUBLIC, DEBUG, API):
            if not self.answers.has(endpoint):
                continue
            runner = web.ServerRunner(web.Server(self._handler(endpoint), access_log=None), shutdown_timeout=_SHUTDOWN_S)
            await runner.setup()
            self._runners.append(runner)
            port = self._ports.get(endpoint) or (api_port if endpoint == API else 0)
            await web.TCPSite(runner, self._host, port).start()
            self._ports[endpoint] = runner.addresses[0][1]
            if endpoint == PUBLIC:
                self.answers.set_public_port(self._ports[endpoint])

    def hang_up(self) -> None:
        """From now on every question ends its connection: what is still to be answered is not made up for nothing."""
        self._hangs_up = True

    async def stop(self) -> None:
        """Close all ports and connections."""
        while self._runners:
            await self._runners.pop().cleanup()

    def _url(self, endpoint: str) -> str:
        return f"http://{self._host}:{self._ports[endpoint]}"

    def _handler(self, endpoint: str) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            path = request.path_qs
            self.asked[path] += 1
            self._open += 1
            self.most_at_once = max(self.most_at_once, self._open)
            try:
                return await self._respond(request, endpoint, path)
            finally:
                self._open -= 1

        return handle

    async def _respond(self, request: web.BaseRequest, endpoint: str, path: str) -> web.StreamResponse:
        fault = self.faults.of(path)
        if fault is Fault.SLOW:
            await asyncio.sleep(self.faults.slow_s)
        if self._hangs_up:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        if fault is Fault.REDIRECT or (endpoint == API and path == "/api/sno"):
            return web.Response(status=301, headers={"Location": "/api/sno/"}, text="Moved Permanently")
        reply = self.answers.answer(endpoint, path, self._clock.now())
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
        if endpoint == DEBUG:
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
