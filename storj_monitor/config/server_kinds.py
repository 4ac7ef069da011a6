"""Kinds of values that say how the page is reached: names, proxies, a path, files."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from storj_monitor.config.kinds import HOST_NAME, FilePath
from storj_monitor.model.addresses import Network

NONE = "none"
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")


def _items(value: object) -> list[str]:
    """A list of texts, or one text with commas; "none" is an empty one."""
    if isinstance(value, str):
        value = [] if value.strip().lower() == NONE else value.split(",")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(value)
    return [text for item in value if (text := str(item).strip())]


@dataclass(frozen=True, slots=True)
class HostNames:
    """Host names or addresses, without scheme, port or path."""

    @property
    def metavar(self) -> str:
        return "NAME,…"

    @property
    def allowed(self) -> str:
        return "host names or addresses without scheme, port or path, separated by commas (in a file also a list)"

    def parse(self, value: object) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_host(text) for text in _items(value)))

    def show(self, value: object) -> str:
        return ", ".join(value) if isinstance(value, tuple) and value else NONE


def _host(text: str) -> str:
    bare = text.lower().removeprefix("[").removesuffix("]").removesuffix(".")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        if HOST_NAME.fullmatch(bare) is None:
            raise ValueError(text) from None
    return bare


@dataclass(frozen=True, slots=True)
class Networks:
    """Addresses and networks."""

    @property
    def metavar(self) -> str:
        return "ADDRESS,…"

    @property
    def allowed(self) -> str:
        return 'addresses or networks such as "127.0.0.1" or "172.16.0.0/12", separated by commas (in a file also a list)'

    def parse(self, value: object) -> tuple[Network, ...]:
        return tuple(dict.fromkeys(ipaddress.ip_network(text, strict=False) for text in _items(value)))

    def show(self, value: object) -> str:
        if not isinstance(value, tuple) or not value:
            return NONE
        return ", ".join(str(net.network_address) if net.prefixlen == net.max_prefixlen else str(net) for net in value)


@dataclass(frozen=True, slots=True)
class BasePath:
    """Where a proxy shows the page: "" (at the top) or "/path"."""

    @property
    def metavar(self) -> str:
        return "PATH"

    @property
    def allowed(self) -> str:
        return 'a path such as "/storj" of letters, digits and - . _ ~, or "/" for none'

    def parse(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(value)
        text = "/" + value.strip().strip("/")
        if text == "/":
            return ""
        if _PATH.fullmatch(text) is None or any(part in (".", "..") for part in text.split("/")):
            raise ValueError(value)
        return text

    def show(self, value: object) -> str:
        return str(value) or "/"


@dataclass(frozen=True, slots=True)
class OptionalFile:
    """The path of a file, or None."""

    @property
    def metavar(self) -> str:
        return "FILE"

    @property
    def allowed(self) -> str:
        return "the path of a file"

    def parse(self, value: object) -> Path | None:
        return None if value == NONE else FilePath().parse(value)

    def show(self, value: object) -> str:
        return NONE if value is None else str(value)
