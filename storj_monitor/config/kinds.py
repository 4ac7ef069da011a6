"""Kinds of values: how a setting's text (or TOML value) is read, and in words what is allowed.

`parse` takes what the file, the environment or the command line gave and raises ValueError for anything that is not
allowed; `allowed` says in words what is; `show` writes a value so that `parse` reads it back.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from storj_monitor.units import format_bytes, format_duration, parse_bytes, parse_duration_s

T_co = TypeVar("T_co", covariant=True)

_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})
HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)*")
# The server checks one password at a time within this much memory (KiB), so that a login cannot cost the machine its memory.
ARGON2_MAX_MEMORY_KIB = 19_456
_ARGON2 = re.compile(r"\$argon2(?:id|i|d)\$v=\d+\$m=(\d+),t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")


class Kind(Protocol[T_co]):
    """One kind of value; see the module."""

    @property
    def metavar(self) -> str: ...

    @property
    def allowed(self) -> str: ...

    def parse(self, value: object) -> T_co: ...

    def show(self, value: object) -> str: ...


class Secret:
    """A text that no message, log or `repr` shows; `reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """An integer from `low` to `high`."""

    low: int
    high: int

    @property
    def metavar(self) -> str:
        return "N"

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def parse(self, value: object) -> int:
        number = _int(value)
        if not self.low <= number <= self.high:
            raise ValueError(value)
        return number

    def show(self, value: object) -> str:
        return str(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `low` to `high`, fractions allowed."""

    low: float
    high: float

    @property
    def metavar(self) -> str:
        return "N"

    @property
    def allowed(self) -> str:
        return f"a number from {self.low:g} to {self.high:g}"

    def parse(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(value)
        number = float(value)
        if not self.low <= number <= self.high:  # NaN fails here too
            raise ValueError(value)
        return number

    def show(self, value: object) -> str:
        return f"{self.parse(value):g}"


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off."""

    @property
    def metavar(self) -> str:
        return "true|false"

    @property
    def allowed(self) -> str:
        return "true or false (also on/off, yes/no, 1/0)"

    def parse(self, value: object) -> bool:
        text = str(value).strip().lower() if isinstance(value, bool | int | str) else ""
        if text in _YES:
            return True
        if text in _NO:
            return False
        raise ValueError(value)

    def show(self, value: object) -> str:
        return "true" if value else "false"


@dataclass(frozen=True, slots=True)
class Workers:
    """A number of threads, or None: the product chooses."""

    high: int

    @property
    def metavar(self) -> str:
        return "N|auto"

    @property
    def allowed(self) -> str:
        return f"auto, or a whole number from 1 to {self.high}"

    def parse(self, value: object) -> int | None:
        if isinstance(value, str) and value.strip().lower() == "auto":
            return None
        return WholeNumber(1, self.high).parse(value)

    def show(self, value: object) -> str:
        return "auto" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Age:
    """A length of time of at least `low_s` seconds, or None: for ever."""

    low_s: int

    @property
    def metavar(self) -> str:
        return "AGE"

    @property
    def allowed(self) -> str:
        return f'a length of time of at least {format_duration(self.low_s)} such as "48h", "30 days" or "2 years", or "forever"'

    def parse(self, value: object) -> int | None:
        if not isinstance(value, str):
            raise ValueError(value)
        if value.strip().lower() in ("forever", "for ever"):
            return None
        seconds = parse_duration_s(value)
        if seconds < self.low_s:
            raise ValueError(value)
        return seconds

    def show(self, value: object) -> str:
        return format_duration(value) if isinstance(value, int) else "forever"


@dataclass(frozen=True, slots=True)
class Seconds:
    """A length of time from `low_s` to `high_s` seconds, where 0 is off; a bare number counts seconds."""

    high_s: int
    low_s: int = 0

    @property
    def metavar(self) -> str:
        return "TIME"

    @property
    def allowed(self) -> str:
        if self.low_s:
            return f'a length of time from {format_duration(self.low_s)} to {format_duration(self.high_s)}, such as "30s"'
        return f'0 (off), or a length of time up to {format_duration(self.high_s)} such as "90s" or "10 minutes"'

    def parse(self, value: object) -> int:
        seconds = parse_duration_s(value) if isinstance(value, str) and not value.strip().isdecimal() else _int(value)
        if not self.low_s <= seconds <= self.high_s:
            raise ValueError(value)
        return seconds

    def show(self, value: object) -> str:
        return format_duration(value) if isinstance(value, int) and value else "0"


@dataclass(frozen=True, slots=True)
class SizeCap:
    """A size in bytes of at least `low_bytes`, or None: no cap."""

    low_bytes: int

    @property
    def metavar(self) -> str:
        return "SIZE"

    @property
    def allowed(self) -> str:
        return f'0 (no cap), or a size of at least {format_bytes(self.low_bytes)} such as "500 MB" or "2 GiB"'

    def parse(self, value: object) -> int | None:
        if isinstance(value, str) and value.strip().lower() == "off":
            return None
        size_bytes = parse_bytes(value) if isinstance(value, str) else _int(value)
        if size_bytes == 0:
            return None
        if size_bytes < self.low_bytes:
            raise ValueError(value)
        return size_bytes

    def show(self, value: object) -> str:
        return format_bytes(value) if isinstance(value, int) else "0"


@dataclass(frozen=True, slots=True)
class BindAddress:
    """An address of this machine to listen on."""

    @property
    def metavar(self) -> str:
        return "ADDRESS"

    @property
    def allowed(self) -> str:
        return "an IP address of this machine (0.0.0.0 or :: for all) or a host name, without a port"

    def parse(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(value)
        text = value.strip()
        if text.startswith("[") and text.endswith("]"):
            return str(ipaddress.IPv6Address(text[1:-1]))
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            # What is made of digits and dots only and is no address is a mistyped address, not a name.
            if HOST_NAME.fullmatch(text) is None or re.fullmatch(r"[\d.]+", text):
                raise ValueError(value) from None
        return text.lower()

    def show(self, value: object) -> str:
        return str(value)


@dataclass(frozen=True, slots=True)
class Password:
    """A password or its argon2 hash; None: no password is asked."""

    @property
    def metavar(self) -> str:
        return "PASSWORD"

    @property
    def allowed(self) -> str:
        return f"a password, or an argon2 hash made with at most {ARGON2_MAX_MEMORY_KIB} KiB of memory (m={ARGON2_MAX_MEMORY_KIB})"

    def parse(self, value: object) -> Secret | None:
        if not isinstance(value, str) or not value.strip():
            raise ValueError("no text")
        if value.startswith("$argon2"):
            match = _ARGON2.fullmatch(value.strip())
            if match is None or int(match[1]) > ARGON2_MAX_MEMORY_KIB:
                raise ValueError("no hash that can be used")
            return Secret(value.strip())
        return Secret(value)

    def show(self, value: object) -> str:
        return "none" if value is None else "set (hidden)"


@dataclass(frozen=True, slots=True)
class FilePath:
    """A path; `~` is the home folder."""

    @property
    def metavar(self) -> str:
        return "FILE"

    @property
    def allowed(self) -> str:
        return "the path of a file"

    def parse(self, value: object) -> Path:
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise ValueError(value)
        try:
            return Path(value).expanduser()
        except RuntimeError as error:  # no home folder is known for `~name`
            raise ValueError(value) from error

    def show(self, value: object) -> str:
        return str(value)


def _int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(value)
    return int(value)
