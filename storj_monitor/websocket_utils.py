"""Bytes to many WebSocket clients at the price of one: a frame is built once and the same bytes go to every socket.

aiohttp writes every uncompressed frame (data, ping, pong, close) by `transport.write` in one go, without an await in
between; so whole frames written from the same event loop can never interleave with its own. The outbox relies on that:
nobody else sends data on its WebSocketResponse.

Large messages are compressed (permessage-deflate, RFC 7692), each on its own, so that the same compressed bytes serve every
client that has agreed to it, and no client costs a compressor's memory. Small ones are not: it would cost more than it saves.

Nothing is queued here. What the socket does not take waits in the transport's buffer; a client whose buffer grows beyond
the limit is closed with `CLOSE_TOO_SLOW` and, if it does not even take that, cut off after `GRACE_S`.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Callable

from aiohttp import web

CLOSE_TOO_SLOW = 4001
OUTBOX_LIMIT_BYTES = 256 * 1024
GRACE_S = 5.0

DEFLATE_FROM_BYTES = 4 * 1024
"""Snapshots and deltas of tables: twice a second at most. A delta of single events, up to 13 times a second, stays below."""
DEFLATE_WINDOW_BITS = 15
_DEFLATE_LEVEL = 3  # 7 ms a megabyte; level 6 saves a sixth more and takes three times as long

_TEXT = 0x81  # FIN + opcode 1
_COMPRESSED = 0x40  # RSV1
_CLOSE = 0x88  # FIN + opcode 8


def _header(first_byte: int, length: int) -> bytes:
    if length < 126:
        return struct.pack("!BB", first_byte, length)
    if length < 65536:
        return struct.pack("!BBH", first_byte, 126, length)
    return struct.pack("!BBQ", first_byte, 127, length)


def text_frame(payload: bytes) -> bytes:
    """One unfragmented, unmasked text message as RFC 6455 §5.2 has it on the wire; `payload` is UTF-8."""
    return _header(_TEXT, len(payload)) + payload


def close_frame(code: int, reason: str) -> bytes:
    """A close frame. ValueError: the reason is longer than 123 bytes."""
    payload = struct.pack("!H", code) + reason.encode()
    if len(payload) > 125:
        raise ValueError("the reason of a close frame is at most 123 bytes")
    return _header(_CLOSE, len(payload)) + payload


def deflated_frame(payload: bytes) -> bytes:
    """The same message compressed as RFC 7692 §7.2.1 has it, with nothing in it that refers to another message."""
    squeezer = zlib.compressobj(_DEFLATE_LEVEL, zlib.DEFLATED, -DEFLATE_WINDOW_BITS)
    squeezed = squeezer.compress(payload) + squeezer.flush(zlib.Z_SYNC_FLUSH)
    squeezed = squeezed.removesuffix(b"\x00\x00\xff\xff")
    return _header(_TEXT | _COMPRESSED, len(squeezed)) + squeezed


class Frame:
    """One text message, encoded once for everybody who gets it, and compressed once for those who take that."""

    __slots__ = ("_deflated", "payload", "wire")

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.wire = text_frame(payload)
        self._deflated = b""

    def smallest(self) -> bytes:
        """The bytes for a client that takes compressed messages."""
        if len(self.payload) < DEFLATE_FROM_BYTES:
            return self.wire
        if not self._deflated:
            self._deflated = deflated_frame(self.payload)
        return self._deflated


class Outbox:
    """The write side of one client.

    ws         -- prepared; when it has agreed to compression, large messages are compressed
    on_slow    -- called once when the client is closed for reading too slowly
    """

    __slots__ = ("_bound_bytes", "_deflates", "_limit_bytes", "_on_slow", "_transport", "_ws", "closed")

    def __init__(
        self,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport,
        *,
        on_slow: Callable[[], None],
        limit_bytes: int = OUTBOX_LIMIT_BYTES,
    ) -> None:
        self._ws = ws
        self._transport = transport
        self._on_slow = on_slow
        self._limit_bytes = limit_bytes
        self._bound_bytes = limit_bytes
        self._deflates = ws.compress == DEFLATE_WINDOW_BITS
        self.closed = False

    def send(self, frame: Frame) -> bool:
        """Write the frame. False: the client is gone, or has just been closed because it does not read."""
        transport = self._transport
        if self.closed or self._ws.closed or transport.is_closing():
            return False
        if transport.get_write_buffer_size() > self._bound_bytes:
            self._close_slow()
            return False
        wire = frame.smallest() if self._deflates else frame.wire
        if len(wire) > self._limit_bytes // 2:
            # a big message on a thin line is no fault of the client: it may wait for this one and the usual ones after it
            self._bound_bytes = max(self._bound_bytes, self._limit_bytes + len(wire))
        transport.write(wire)
        return True

    def abort_soon(self) -> None:
        """Cut the connection off in `GRACE_S` unless it has ended by then: a peer that reads nothing never lets go by itself."""
        asyncio.get_running_loop().call_later(GRACE_S, self._transport.abort)

    async def close(self, code: int, reason: str) -> None:
        """Close in an orderly way; waits for the client's answer (as long as the WebSocketResponse's own timeout allows)."""
        self.closed = True
        await self._ws.close(code=code, message=reason.encode())

    def abort(self) -> None:
        """Cut the connection off now."""
        self.closed = True
        self._transport.abort()

    def end(self, code: int, reason: str) -> None:
        """Say goodbye and send nothing more; does not wait for the client's answer."""
        if self.closed or self._transport.is_closing():
            return
        self.closed = True
        self._transport.write(close_frame(code, reason))
        self.abort_soon()

    def _close_slow(self) -> None:
        self.end(CLOSE_TOO_SLOW, "reads too slowly")
        self._on_slow()
