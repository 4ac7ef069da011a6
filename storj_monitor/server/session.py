"""One WebSocket connection from hello to goodbye: reads commands, answers them, never lets one client hurt the rest."""

from __future__ import annotations

import json
from typing import cast

from aiohttp import WSMsgType, web

from storj_monitor.clock import Clock
from storj_monitor.errors import RequestError
from storj_monitor.server.broadcaster import Broadcaster, Client
from storj_monitor.server.ports import Payload, TopicFeeds
from storj_monitor.views.wire.frames import CommandError, Reply

COMMAND_BYTES = 16 * 1024
PROTOCOL = 2
CLOSE_REFUSED = 1008
"""Of who may not go on as it is: not logged in, or a page of another version."""
_Id = int | str | None
_COMMANDS_BURST = 20
_COMMANDS_PER_S = 10.0


class _CommandThrottle:
    """A bucket of commands: a client that sends more is read more slowly."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left = float(_COMMANDS_BURST)
        self._at = clock.monotonic()

    async def take(self) -> None:
        now = self._clock.monotonic()
        self._left = min(_COMMANDS_BURST, self._left + (now - self._at) * _COMMANDS_PER_S)
        self._at = now
        self._left -= 1
        if self._left < 0:
            await self._clock.sleep(-self._left / _COMMANDS_PER_S)


class Session:
    """The talk with one client. `hello` is sent first; `run` ends when the connection does."""

    def __init__(self, ws: web.WebSocketResponse, client: Client, broadcaster: Broadcaster, feeds: TopicFeeds, clock: Clock) -> None:
        self._ws = ws
        self._client = client
        self._broadcaster = broadcaster
        self._feeds = feeds
        self._clock = clock

    async def run(self, hello: Payload) -> None:
        self._broadcaster.send(self._client, hello)
        throttle = _CommandThrottle(self._clock)
        async for message in self._ws:
            if message.type is WSMsgType.ERROR:
                return
            await throttle.take()
            if self._client.outbox.closed:
                return
            self._answer(message.data if message.type is WSMsgType.TEXT else None)

    def _answer(self, text: str | None) -> None:
        command_id: _Id = None
        try:
            command = _parse(text)
            command_id = _id_of(command)
            self._obey(command, command_id)
        except RequestError as error:
            self._reply(Reply(id=command_id, error=CommandError(code=error.code, message=str(error))))

    def _obey(self, command: dict[str, object], command_id: _Id) -> None:
        name = command.get("cmd")
        if name == "ping":
            self._reply(Reply(id=command_id, ok=True))
        elif name == "subscribe":
            topics, nodes = self._topics(command.get("topics")), self._nodes(command.get("nodes"))
            self._reply(Reply(id=command_id, ok=True, view=list(nodes), topics=sorted(topics)))
            self._broadcaster.subscribe(self._client, topics, nodes)
        elif name == "hint":
            hidden = command.get("hidden")
            if not isinstance(hidden, bool):
                raise RequestError("bad_command", "hint: `hidden` must be true or false")
            self._reply(Reply(id=command_id, ok=True, hidden=hidden))
            self._broadcaster.hide(self._client, hidden)
        else:
            raise RequestError("bad_command", "`cmd` must be subscribe, hint or ping")

    def _topics(self, value: object) -> frozenset[str]:
        names = _names("topics", value)
        known = self._feeds.topics()
        for name in names:
            if name not in known:
                raise RequestError("unknown_topic", f"no such topic: {name[:100]}")
        return frozenset(names)

    def _nodes(self, value: object) -> tuple[str, ...]:
        known = self._feeds.nodes()
        if value is None:
            return known
        names = set(_names("nodes", value))
        if not names:
            raise RequestError("bad_command", "`nodes` must be null (all) or name at least one node")
        for name in names - set(known):
            raise RequestError("unknown_node", f"no such node: {name[:100]}")
        return tuple(name for name in known if name in names)

    def _reply(self, message: Payload) -> None:
        self._broadcaster.send(self._client, message)


def is_other_page(request: web.Request) -> bool:
    """A page of another version of the protocol, still open since before an update: it would misread every row.

    Pages name their version in the address since version 2. A browser that names none has a page of version 1; programs need not.
    """
    spoken = request.query.get("protocol")
    if spoken is not None:
        return spoken != str(PROTOCOL)
    return "Origin" in request.headers and request.headers.get("User-Agent", "").startswith("Mozilla/")


def _parse(text: str | None) -> dict[str, object]:
    if text is None:
        raise RequestError("bad_command", "commands are text messages")
    if len(text) > COMMAND_BYTES or len(text.encode("utf-8", "replace")) > COMMAND_BYTES:
        raise RequestError("too_large", f"a command is at most {COMMAND_BYTES} bytes")
    try:
        command = json.loads(text)
    except (ValueError, RecursionError):
        raise RequestError("bad_json", "this is not JSON") from None
    if not isinstance(command, dict):
        raise RequestError("bad_command", "a command is a JSON object")
    return cast("dict[str, object]", command)


def _id_of(command: dict[str, object]) -> _Id:
    value = command.get("id")
    if value is None or (isinstance(value, int) and abs(value) < 2**53) or (isinstance(value, str) and len(value) <= 64):
        return value
    raise RequestError("bad_command", "`id` must be an integer or a string of at most 64 characters")


def _names(key: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise RequestError("bad_command", f"`{key}` must be a list of strings")
    return cast("list[str]", value)
