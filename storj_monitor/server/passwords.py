"""The one password: hashed with argon2id in at most 19 MiB, verified one at a time, guesses slowed down."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from bisect import insort
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from storj_monitor.clock import Clock
from storj_monitor.errors import ConfigError, RequestError
from storj_monitor.model.addresses import same_place

MEMORY_KIB = 19456
PASSWORD_CHARACTERS = 256
_HASHER = PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1)
_ADDRESSES_MOST = 4096
_KNOWN_MOST = 8


def hash_password(password: str) -> str:
    """An argon2id hash (PHC text) for the settings. Takes some 20 ms and 19 MiB. ValueError: empty or over 256 characters."""
    if not 0 < len(password) <= PASSWORD_CHARACTERS:
        raise ValueError(f"a password has 1 to {PASSWORD_CHARACTERS} characters")
    return _HASHER.hash(password)


def check_hash(password_hash: str) -> str:
    """The hash itself when it is an argon2 hash within 19 MiB, else ConfigError."""
    try:
        memory_kib = extract_parameters(password_hash).memory_cost
    except InvalidHashError:
        raise ConfigError(["password_hash: this is not an argon2 hash"]) from None
    if memory_kib > MEMORY_KIB:
        raise ConfigError([f"password_hash: takes {memory_kib} KiB to verify, at most {MEMORY_KIB} KiB are allowed"])
    return password_hash


def _too_many(what: str) -> RequestError:
    return RequestError("too_many_logins", f"too many passwords {what} wait to be looked at; try again in a minute", 429)


class _Bucket:
    __slots__ = ("at", "left")

    def __init__(self, left: float, at: float) -> None:
        self.left = left
        self.at = at

    def refill(self, now: float, most: float, per_s: float) -> None:
        self.left = min(most, self.left + (now - self.at) * per_s)
        self.at = now


class _Place:
    """One address (see `same_place`), as far as it has tried passwords."""

    __slots__ = ("bucket", "next_slow_at", "waiting", "wrong")

    def __init__(self, burst: float, now: float) -> None:
        self.bucket = _Bucket(burst, now)
        self.next_slow_at = now
        self.waiting = 0
        self.wrong = 0


@dataclass(order=True, slots=True)
class _Turn:
    """A try that waits: those of places without wrong passwords first, then in the order of coming. `comes` cancelled: it gave way."""

    wrong: int
    number: int
    comes: asyncio.Future[None] = field(compare=False)


def _join(line: list[_Turn], turn: _Turn, most: int) -> None:
    """When too many wait, the one with the most wrong passwords gives way."""
    insort(line, turn)
    if len(line) > most:
        line.pop().comes.cancel()


async def _turn_comes(turn: _Turn, line: list[_Turn]) -> None:
    """RequestError `too_many_logins`: it gave way to others."""
    try:
        await asyncio.wait([turn.comes])
        gave_way = turn.comes.cancelled()
    finally:
        turn.comes.cancel()  # of no effect on one that has come
        if turn in line:
            line.remove(turn)
    if gave_way:
        raise _too_many("at the same time")


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """Tries of one place: `burst` at once and `per_minute` later are verified at once, more of them one every `slow_s` seconds.

    `waiting` of one place and `waiting_all` of all may wait at the same time.
    """

    burst: int = 5
    per_minute: float = 5.0
    slow_s: float = 2.0
    waiting: int = 4
    waiting_all: int = 64


class PasswordCheck:
    """Verifies the password in a thread of its own, one at a time; close it at the end.

    Wrong passwords make the place that they come from slower, and later in the line, than others; nobody else. No try is refused for
    what came before it: the right password is let in even from there. So guessing goes no faster than the limits allow, and nobody
    can keep the owner out by guessing.
    """

    def __init__(self, password_hash: str, clock: Clock, limits: GuessLimits | None = None) -> None:
        self._hash = check_hash(password_hash)
        self._clock = clock
        self._limits = limits or GuessLimits()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="password")
        self._places: OrderedDict[str, _Place] = OrderedDict()
        self._line: list[_Turn] = []
        self._slow: list[_Turn] = []
        self._verifying = False
        self._numbers = count()
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self.wrong = 0

    async def verify(self, password: str, address: str) -> bool:
        """True when right. RequestError `too_many_logins`: too many wait already."""
        if len(password) > PASSWORD_CHARACTERS:
            return False
        place = self._place_of(address)
        if place.waiting >= self._limits.waiting:
            raise _too_many("from your address")
        place.waiting += 1
        try:
            await self._slow_down(place)
            right = await self._verify_in_turn(password, place)
        finally:
            place.waiting -= 1
        if right:
            place.bucket.left += 1
            place.wrong = 0
        else:
            place.wrong += 1
            self.wrong += 1
        return right

    def _place_of(self, address: str) -> _Place:
        key = same_place(address)
        place = self._places.pop(key, None) or _Place(self._limits.burst, self._clock.monotonic())
        self._places[key] = place
        if len(self._places) > _ADDRESSES_MOST:
            self._places.popitem(last=False)
        return place

    async def _slow_down(self, place: _Place) -> None:
        now = self._clock.monotonic()
        place.bucket.refill(now, self._limits.burst, self._limits.per_minute / 60.0)
        if place.bucket.left >= 1:
            place.bucket.left -= 1
            return
        place.next_slow_at = max(now, place.next_slow_at) + self._limits.slow_s
        pause = asyncio.ensure_future(self._clock.sleep(place.next_slow_at - now))
        turn = _Turn(place.wrong, next(self._numbers), pause)
        _join(self._slow, turn, self._limits.waiting_all)
        await _turn_comes(turn, self._slow)

    async def _verify_in_turn(self, password: str, place: _Place) -> bool:
        if self._verifying:
            await self._queue(place)
        self._verifying = True
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._verify, password)
        finally:
            self._verifying = False
            self._next()

    async def _queue(self, place: _Place) -> None:
        """Returns when it is this one's turn."""
        turn = _Turn(place.wrong, next(self._numbers), asyncio.get_running_loop().create_future())
        _join(self._line, turn, self._limits.waiting_all)
        try:
            await _turn_comes(turn, self._line)
        except asyncio.CancelledError:
            if turn.comes.done() and not turn.comes.cancelled():  # it had come: the next one takes it
                self._verifying = False
                self._next()
            raise

    def _next(self) -> None:
        while self._line:
            turn = self._line.pop(0)
            if not turn.comes.done():
                self._verifying = True
                turn.comes.set_result(None)
                return

    async def verify_often(self, password: str, address: str) -> bool:
        """As `verify`, for programs that send the password every time: a right one is known again by a keyed hash in memory."""
        mark = hmac.digest(self._key, password.encode("utf-8", "surrogatepass"), hashlib.sha256)
        if mark in self._known:
            return True
        right = await self.verify(password, address)
        if right:
            self._known[mark] = None
            if len(self._known) > _KNOWN_MOST:
                self._known.popitem(last=False)
        return right

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password: str) -> bool:
        try:
            return _HASHER.verify(self._hash, password)
        except (VerificationError, UnicodeEncodeError):
            return False
