"""One question to a node over HTTP and nothing else: bytes and status, or one of the two errors.

Who asks sees to it how many questions are open at a time. Redirects are followed within the same address only (a node answers `/api/sno`
with `/api/sno/`): to follow others would let a node send the monitor anywhere. Nothing is retried here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

import aiohttp

from storj_monitor.clock import Clock
from storj_monitor.errors import AnswerNotUnderstood, NodeUnreachable, RouteHangs

CONNECT_S: Final = 5.0
MOST_REDIRECTS: Final = 2
_PROXY_SAYS_NO = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Limits:
    """total_s -- for one answer, connecting included; most_bytes -- of one answer, unpacked."""

    total_s: float = 15.0
    most_bytes: int = 8 << 20


class Reply(NamedTuple):
    """What came back. `ahead_s`: by how much the node's clock (header `Date`, whole seconds) was ahead of ours, None without one."""

    path: str
    status: int
    content_type: str
    body: bytes
    asked_at: float
    took_ms: float
    ahead_s: float | None

    def without_body(self) -> Reply:
        """How it went: what may be kept for long. A body may be a megabyte."""
        return self._replace(body=b"")


def open_session() -> aiohttp.ClientSession:
    """A session for all nodes: no cookies, no proxy from the environment, connections kept for the next minute's question."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=75.0),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "storj_monitor"},
    )


class Transport:
    """Asks one address. `base_url` has no slash at the end; `packed` asks for gzip (large answers over a network)."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, clock: Clock, limits: Limits | None = None, *, packed: bool = False
    ) -> None:
        self.base_url = base_url
        self._session = session
        self._clock = clock
        self._limits = limits or Limits()
        self._headers = {"Accept-Encoding": "gzip" if packed else "identity"}
        self._timeout = aiohttp.ClientTimeout(total=self._limits.total_s, sock_connect=min(CONNECT_S, self._limits.total_s))

    async def get(self, path: str, also_good: frozenset[int] = frozenset()) -> Reply:
        """The answer to `GET path`. NodeUnreachable (RouteHangs once there was a connection); AnswerNotUnderstood: redirects
        elsewhere, too long, not HTTP.

        A proxy's 502, 503 and 504 mean that no answer came to it (of this route, or of all when the node is not there), unless `also_good`
        lists them; other statuses are the caller's.
        """
        try:
            reply = await self._get(path)
        except aiohttp.ConnectionTimeoutError:
            raise NodeUnreachable(path, f"no connection within {min(CONNECT_S, self._limits.total_s):g} s") from None
        except TimeoutError:
            raise RouteHangs(path, f"no whole answer within {self._limits.total_s:g} s") from None
        except aiohttp.ClientResponseError as error:
            raise AnswerNotUnderstood(path, "$", f"not HTTP: {error.message.splitlines()[0] if error.message else error.status}") from None
        except aiohttp.ClientPayloadError:
            raise RouteHangs(path, "the connection was closed in the middle of the answer") from None
        except aiohttp.ServerDisconnectedError:
            raise RouteHangs(path, "the connection was closed without an answer") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NodeUnreachable(path, _reason(error)) from None
        if reply.status in _PROXY_SAYS_NO and reply.status not in also_good:
            raise RouteHangs(path, f"HTTP {reply.status}")
        return reply

    async def _get(self, path: str) -> Reply:
        url = self.base_url + path
        for _ in range(1 + MOST_REDIRECTS):
            asked_at, begun = self._clock.now(), self._clock.monotonic()
            async with self._session.get(url, headers=self._headers, timeout=self._timeout, allow_redirects=False) as response:
                if 300 <= response.status < 400:
                    url = _same_place(path, url, response.headers.get("Location", ""))
                    continue
                body = await self._body(path, response)
                took_ms = (self._clock.monotonic() - begun) * 1000
                ahead_s = _ahead_s(response.headers.get("Date"), asked_at + took_ms / 1000)
                return Reply(path, response.status, response.content_type, body, asked_at, took_ms, ahead_s)
        raise AnswerNotUnderstood(path, "$", f"redirects again and again, at last to {url[:200]!r}")

    async def _body(self, path: str, response: aiohttp.ClientResponse) -> bytes:
        parts, size = [], 0
        async for part in response.content.iter_any():
            size += len(part)
            if size > self._limits.most_bytes:
                raise AnswerNotUnderstood(path, "$", f"longer than {self._limits.most_bytes} bytes")
            parts.append(part)
        return b"".join(parts)


def _same_place(path: str, url: str, location: str) -> str:
    """Where a redirect leads, if that is the same scheme, host and port. AnswerNotUnderstood for any other place."""
    try:
        there, here = urlsplit(urljoin(url, location)), urlsplit(url)
    except ValueError:
        there = here = urlsplit("")
    if not location or not there.netloc or (there.scheme, there.netloc.lower()) != (here.scheme, here.netloc.lower()):
        raise AnswerNotUnderstood(
            path, "$", f"redirects to {location[:200] or 'nowhere'!r}, another address: set the right one in the settings"
        )
    return there.geturl()


def _ahead_s(date: str | None, now: float) -> float | None:
    if date is None:
        return None
    try:
        return float(round(parsedate_to_datetime(date).timestamp() - now))
    except (ValueError, OverflowError):
        return None


def _reason(error: BaseException) -> str:
    """What an operator can act on; aiohttp's own texts repeat the address."""
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error is not None:
        if error.os_error.errno is not None and error.os_error.errno > 0:  # asyncio's own words repeat the address, too
            return os.strerror(error.os_error.errno)
        return error.os_error.strerror or str(error.os_error) or "cannot connect"
    return (str(error).splitlines() or [""])[0] or type(error).__name__
