"""The one password: hashed with argon2id in at most 19 MiB, verified one at a time, guesses slowed down."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from storj_monitor.clock import Clock
from storj_monitor.errors import ConfigError, RequestError

MEMORY_KIB = 19456
PASSWORD_CHARACTERS = 256
_HASHER = PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1)
_WAITING_MOST = 4
_ADDRESSES_MOST = 1024
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


class _Bucket:
    __slots__ = ("at", "left")

    def __init__(self, left: float, at: float) -> None:
        self.left = left
        self.at = at

    def refill(self, now: float, most: float, per_s: float) -> None:
        self.left = min(most, self.left + (now - self.at) * per_s)
        self.at = now


class GuessLimit:
    """Wrong passwords: `burst` at once and `per_minute` later, for each address; six times as many for all together."""

    def __init__(self, clock: Clock, *, burst: int = 5, per_minute: float = 5.0) -> None:
        self._clock = clock
        self._burst = burst
        self._per_s = per_minute / 60.0
        self._all = _Bucket(burst * 6.0, clock.monotonic())
        self._by_address: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, address: str) -> None:
        """Count one try before it is made. RequestError `too_many_logins` (429)."""
        now = self._clock.monotonic()
        bucket = self._by_address.pop(address, None) or _Bucket(float(self._burst), now)
        self._by_address[address] = bucket
        if len(self._by_address) > _ADDRESSES_MOST:
            self._by_address.popitem(last=False)
        bucket.refill(now, self._burst, self._per_s)
        self._all.refill(now, self._burst * 6.0, self._per_s * 6.0)
        if bucket.left < 1 or self._all.left < 1:
            raise RequestError("too_many_logins", "too many wrong passwords; wait a minute", 429)
        bucket.left -= 1
        self._all.left -= 1

    def give_back(self, address: str) -> None:
        """The try was right: it does not count."""
        bucket = self._by_address.get(address)
        if bucket is not None:
            bucket.left += 1
        self._all.left += 1


class PasswordCheck:
    """Verifies the password in a thread of its own, one at a time; close it at the end."""

    def __init__(self, password_hash: str, clock: Clock) -> None:
        self._hash = check_hash(password_hash)
        self._limit = GuessLimit(clock)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="password")
        self._waiting = 0
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self.wrong = 0

    async def verify(self, password: str, address: str) -> bool:
        """True when right. RequestError `too_many_logins`: too many wrong ones, or too many waiting."""
        if len(password) > PASSWORD_CHARACTERS:
            return False
        self._limit.take(address)
        if self._waiting >= _WAITING_MOST:
            self._limit.give_back(address)
            raise RequestError("too_many_logins", "too many logins at the same time", 429)
        self._waiting += 1
        try:
            right = await asyncio.get_running_loop().run_in_executor(self._thread, self._verify, password)
        finally:
            self._waiting -= 1
        if right:
            self._limit.give_back(address)
        else:
            self.wrong += 1
        return right

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
