"""Nodes: what `--node "NAME:LOG[:API]"` and `[[node]]` say, read by one set of rules.

NAME ends at the first colon. API starts at the last `:http://` or `:https://`. What is between is LOG: empty (API only),
a line stream `HOST:PORT` or `[v6]:PORT`, or else a path or glob; `X:\\` and `X:/` are drives.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from storj_monitor.config.kinds import Number

_NAME = re.compile(r"\w(?:[\w .@+-]{0,62}\w)?")
_STREAM_V6 = re.compile(r"\[([^\]]*)\]:([0-9]{1,9})")
_STREAM = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?):([0-9]{1,9})")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_API = re.compile(r":(?=https?://)", re.IGNORECASE)
# A path with an address behind it that was written without http://; a file may well be called a:b, but not a:localhost:14002.
_BARE_API = re.compile(r".*[\\/].*:(?P<api>(?:[A-Za-z0-9][A-Za-z0-9.-]*:|\[[0-9A-Fa-f:.]+\]:|)[0-9]{3,5})/?")
_BARE_URL = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?")
_CONTAINER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")

NODE_SPELLING = 'NAME:LOG[:API], for example "mine:/var/log/storagenode.log" or "mine:/var/log/storagenode.log:http://localhost:14002"'
_NAME_ALLOWED = "1 to 64 letters, digits, spaces and the characters . @ + - _, with a letter or digit at both ends"
COST_KEYS = {"power_w": Number(0, 100_000), "power_price": Number(0, 1e9), "fixed": Number(0, 1e9)}
"""What one node costs, where it differs from the settings for all."""
_FOLDER_ALLOWED = "the path of a local folder"
_URL_ALLOWED = "http://HOST:PORT or https://HOST:PORT, without user, query or fragment"
_PATH_ALLOWED = (
    "a path without control characters, a glob, HOST:PORT or [IPv6]:PORT"
    " (in TOML a backslash begins an escape: write Windows paths in single quotes, log = 'C:\\Storj\\storagenode.log')"
)
_CONTAINER_ALLOWED = (
    "a file, a glob or HOST:PORT. The log of a container is a file too:"
    " --node \"{name}:$(docker inspect --format '{{{{.LogPath}}}}' {name})\" (docs/connect.md)"
)


_JOURNAL_ALLOWED = (
    "a file, a glob or HOST:PORT. A journal is no file: let the node write one (log.output), or make a stream of it (docs/connect.md);"
    ' what is there already: journalctl --unit {name} --output cat | storj_monitor ingest "{name}:-"'
)
# How people name a log that is no file: of a container, or of a service in the journal.
_NO_FILE = re.compile(r"(?:(?P<engine>docker|podman|container)|journald?|journalctl|systemd):(?P<name>[^\\/]*)", re.IGNORECASE)


class NodeMistake(ValueError):
    """One part of a node is wrong: `key` (name, log, api, metrics, storage, a cost), the `value` and what is `allowed`."""

    def __init__(self, key: str, value: object, allowed: str) -> None:
        super().__init__(f"{key} = {value!r}: must be {allowed}")
        self.key = key


@dataclass(frozen=True, slots=True)
class FileLog:
    """A log file: a path, or a glob of which the newest match is followed."""

    pattern: str

    def __str__(self) -> str:
        return self.pattern


@dataclass(frozen=True, slots=True)
class StreamLog:
    """A TCP line stream, as a forwarder serves it. `host` is a name or an address without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """One node. `log` is None when only its API is watched; `api` and `metrics` are base addresses without a slash at the end.

    storage                      -- local folder in which the node keeps its data; None where it is not on this machine
    power_w, power_price, fixed  -- its own costs, as in `MoneySettings`; None takes those for all nodes
    """

    name: str
    log: FileLog | StreamLog | None
    api: str | None = None
    metrics: str | None = None
    storage: Path | None = None
    power_w: float | None = None
    power_price: float | None = None
    fixed: float | None = None

    def __str__(self) -> str:
        parts = [str(self.log) if self.log else "no log"]
        parts += [f"API {self.api}"] if self.api else []
        parts += [f"metrics {self.metrics}"] if self.metrics else []
        parts += [f"storage {self.storage}"] if self.storage else []
        parts += [f"{key} {cost:g}" for key in COST_KEYS if (cost := getattr(self, key)) is not None]
        return f"{self.name}: " + ", ".join(parts)


def parse_node(text: str) -> NodeSettings:
    """A node from `NAME:LOG[:API]`. Raises NodeMistake."""
    if ":" not in text:
        raise NodeMistake("node", text, NODE_SPELLING)
    first = text.index(":")
    starts = [match.start() for match in _API.finditer(text, first)]
    api = text[starts[-1] + 1 :] if starts else None
    log = text[first + 1 : starts[-1]] if starts else text[first + 1 :]
    name = text[:first]
    if name.strip().lower() == "docker" and _CONTAINER.fullmatch(log.strip()) and not log.strip().endswith(".log"):
        raise NodeMistake("log", text, _CONTAINER_ALLOWED.format(name=log.strip()))
    return make_node(name, log=log, api=api, metrics=None, folder=None)


def make_node(
    name: str,
    *,
    log: str | None,
    api: str | None,
    metrics: str | None,
    folder: Path | None,
    storage: str | None = None,
    costs: Mapping[str, object] | None = None,
) -> NodeSettings:
    """A node from its parts; relative paths count from `folder` (of the file that names it). Raises NodeMistake."""
    node = NodeSettings(
        parse_name(name),
        parse_log(log, folder) if log else None,
        _parse_url("api", api) if api else None,
        _parse_url("metrics", metrics) if metrics else None,
        None if storage is None else _parse_folder(storage, folder),
        **{key: _parse_cost(key, value) for key, value in (costs or {}).items()},
    )
    if node.log is None and node.api is None and node.metrics is None:
        raise NodeMistake("log", log or "", f"given where there is no API: {NODE_SPELLING}")
    return node


def parse_name(text: str) -> str:
    """The name of a node, without spaces around it. Raises NodeMistake."""
    name = text.strip()
    if _NAME.fullmatch(name) is None:
        raise NodeMistake("name", text, _NAME_ALLOWED)
    return name


def parse_log(text: str, folder: Path | None = None) -> FileLog | StreamLog:
    """Path, glob or line stream. Raises NodeMistake for a stream with an impossible address or port."""
    text = text.strip()
    if any(ord(character) < 32 for character in text):
        raise NodeMistake("log", text, _PATH_ALLOWED)
    if (match := _NO_FILE.fullmatch(text.rstrip("/").replace("://", ":"))) is not None and _STREAM.fullmatch(text) is None:
        allowed = _CONTAINER_ALLOWED if match["engine"] else _JOURNAL_ALLOWED
        engine = "podman" if (match["engine"] or "").lower() == "podman" else "docker"
        raise NodeMistake("log", text, allowed.replace("docker inspect", f"{engine} inspect").format(name=match["name"] or "storagenode"))
    if (match := _BARE_API.fullmatch(text)) is not None:
        raise NodeMistake("log", text, f"a log alone; an API behind it begins with http://: {_with_scheme(match['api'])}")
    if (match := _STREAM_V6.fullmatch(text)) is not None:
        try:
            host = str(ipaddress.IPv6Address(match[1]))
        except ValueError:
            raise NodeMistake("log", text, "a stream [IPv6 address]:PORT") from None
        return StreamLog(host, _port(text, match[2]))
    if (match := _STREAM.fullmatch(text)) is not None:
        return StreamLog(match[1], _port(text, match[2]))
    if text.startswith("~"):
        text = _in_home(text)
    elif folder is not None and not _DRIVE.match(text):
        text = str(folder / text)
    return FileLog(text)


def duplicate_names(nodes: Iterable[NodeSettings]) -> list[str]:
    """Names that two or more nodes share, each once."""
    names = [node.name for node in nodes]
    return sorted({name for name in names if names.count(name) > 1})


def _parse_folder(text: str, folder: Path | None) -> Path:
    text = text.strip()
    if not text or "\0" in text or "\n" in text:
        raise NodeMistake("storage", text, _FOLDER_ALLOWED)
    if text.startswith("~"):
        return Path(_in_home(text))
    return Path(text) if folder is None or _DRIVE.match(text) else folder / text


def _parse_cost(key: str, value: object) -> float:
    try:
        return COST_KEYS[key].parse(value)
    except ValueError:
        raise NodeMistake(key, value, COST_KEYS[key].allowed) from None


def _in_home(text: str) -> str:
    try:
        return str(Path(text).expanduser())
    except RuntimeError:  # nobody of that name: then it is a file that begins with ~
        return text


def _port(text: str, digits: str) -> int:
    if not 1 <= int(digits) <= 65535:
        raise NodeMistake("log", text, "a stream HOST:PORT with a port from 1 to 65535")
    return int(digits)


def _with_scheme(address: str) -> str:
    """`localhost:14002` or `14002` as the address that was meant."""
    return f"http://{address}" if ":" in address else f"http://localhost:{address}"


def _parse_url(key: str, text: str) -> str:
    if _BARE_URL.fullmatch(text.strip()):
        raise NodeMistake(key, text, f"an address that begins with http://, here {_with_scheme(text.strip().rstrip('/'))}")
    try:
        url = urlsplit(text.strip())
        port_is_good = url.port is None or url.port > 0
    except ValueError:
        raise NodeMistake(key, text, _URL_ALLOWED) from None
    if url.username is not None or url.password is not None:
        raise NodeMistake(key, f"{url.scheme}://(hidden)@{url.hostname}", _URL_ALLOWED)
    if url.scheme not in ("http", "https") or not url.hostname or not port_is_good or url.query or url.fragment or " " in text.strip():
        raise NodeMistake(key, text, _URL_ALLOWED)
    return f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"
