"""Looks once at everything that the settings name of each node: its log, its API, its metrics; and says what it finds.

`check-config` prints it; `run` says the troubles once when it begins.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import aiohttp

from storj_monitor.clock import Clock
from storj_monitor.config import FileLog, NodeSettings, StreamLog
from storj_monitor.errors import NodeApiError, NodeUnreachable
from storj_monitor.log_processor import character_of
from storj_monitor.model.log_character import LogCharacter, LogForm, LogTrouble
from storj_monitor.node_api.client import MetricsClient, NodeClient
from storj_monitor.node_api.discovery import FoundApi, Known, find_apis, match_apis
from storj_monitor.node_api.transport import open_session
from storj_monitor.sources.factory import SAMPLE_BYTES, newest_lines
from storj_monitor.sources.opening import why_not
from storj_monitor.units import format_age, format_bytes

CONNECT_S = 5.0
OLD_LINE_S = 900.0
"""A node with traffic writes every minute; a quiet one some lines an hour."""
_API_ADVICE = "Is the node running, and is its console.address open to this machine? In Docker: -p 127.0.0.1:14002:14002 (docs/connect.md)"
_NO_API = "no API is named and none was found, so scores, space and earnings are unknown: add its address, usually http://localhost:14002"
_METRICS_ADVICE = "Metrics are at the node's debug address: debug.addr: 127.0.0.1:7777 in its config.yaml"

_STREAM_ADVICE = "Does the node's machine serve its lines there (docs/connect.md), and lets its firewall them out?"


class Grade(IntEnum):
    """How much a remark matters; the worst of a node decides."""

    OK = 0
    NOTE = 1
    WARNING = 2
    TROUBLE = 3


class Remark(NamedTuple):
    """One thing about a node, in a sentence."""

    grade: Grade
    text: str


@dataclass(frozen=True, slots=True)
class NodeCheck:
    """Everything that was found about one node: log, API, metrics, disk."""

    name: str
    remarks: tuple[Remark, ...]

    @property
    def is_in_trouble(self) -> bool:
        return any(remark.grade is Grade.TROUBLE for remark in self.remarks)


class _LogFound(NamedTuple):
    """What is known of one log; `character` is None where none could be read."""

    remarks: list[Remark]
    character: LogCharacter | None = None


class _ApiFound(NamedTuple):
    """One API of the settings that was asked: the node that answered, or why none did."""

    node: FoundApi | None = None
    error: str = ""


async def check_nodes(nodes: Sequence[NodeSettings], clock: Clock, *, sample_bytes: int = SAMPLE_BYTES) -> list[NodeCheck]:
    """All nodes, in their order. Logs are looked at one after the other, `sample_bytes` of each; addresses are asked once, all together.

    Nothing is raised for what is found there.
    """
    logs = [await _check_log(node, sample_bytes, clock.now()) for node in nodes]
    async with open_session() as session:
        apis = await asyncio.gather(*(_ask_api(node.api, session, clock) for node in nodes))
        metrics = await asyncio.gather(*(_check_metrics(node.metrics, session, clock) for node in nodes))
        around = await find_apis(session, clock) if any(node.api is None for node in nodes) else ()
    known = [_known(node, log.character) for node, log in zip(nodes, logs, strict=True)]
    matched = match_apis(known, [*(api.node for api in apis if api.node), *around])
    shared = Counter(str(node.log) for node in nodes if node.log)
    checks = []
    for node, log, api, metric in zip(nodes, logs, apis, metrics, strict=True):
        remarks = [*log.remarks, *_about_api(node, api, matched.apis.get(node.name), clock.now()), *metric]
        remarks += [Remark(Grade.TROUBLE, text) for text in matched.remarks if node.api and node.api in text and node.name in text]
        if node.log and shared[str(node.log)] > 1:
            remarks.append(Remark(Grade.TROUBLE, f"log {node.log} is given to {shared[str(node.log)]} nodes: each needs its own"))
        if node.storage is not None and not node.storage.is_dir():
            text = f"storage {node.storage} is not a folder that this user can see; its disk will not be shown"
            remarks.append(Remark(Grade.TROUBLE, text))
        checks.append(NodeCheck(node.name, tuple(remarks)))
    return checks


async def _check_log(node: NodeSettings, sample_bytes: int, now: float) -> _LogFound:
    if isinstance(node.log, StreamLog):
        return _LogFound([await _check_stream(node.log)])
    if isinstance(node.log, FileLog):
        return await asyncio.to_thread(_check_file, node.log.pattern, sample_bytes, node.metrics is not None, now)
    return _LogFound([Remark(Grade.NOTE, "no log: transfers, errors and downtimes are known from its API and metrics only")])


async def _check_stream(log: StreamLog) -> Remark:
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(log.host, log.port)
    except TimeoutError:
        return Remark(Grade.TROUBLE, f"log {log}: no connection within {CONNECT_S:g} s. {_STREAM_ADVICE}")
    except OSError as error:
        return Remark(Grade.TROUBLE, f"log {log}: {os.strerror(error.errno) if error.errno else error}. {_STREAM_ADVICE}")
    writer.close()
    return Remark(Grade.OK, f"log {log}: connects; what it sends is seen once `run` reads it")


def _check_file(pattern: str, sample_bytes: int, has_metrics: bool, now: float) -> _LogFound:
    try:
        sample = newest_lines(pattern, sample_bytes)
    except FileNotFoundError:
        text = f"log {pattern}: there is no such file now. Is the path right? In Docker the log must be mounted; `run` waits for it"
        return _LogFound([Remark(Grade.TROUBLE, text)])
    except OSError as error:
        return _LogFound([Remark(Grade.TROUBLE, f"log {why_not(error, pattern)}")])
    except ValueError as error:
        return _LogFound([Remark(Grade.TROUBLE, f"log {error}")])
    if not sample.data:
        return _LogFound([Remark(Grade.WARNING, f"log {sample.path} is empty: is it the one that the node writes now?")])
    character = character_of(sample.data)
    remarks = [
        Remark(
            Grade.OK if character.understood else Grade.NOTE,
            f"log {sample.path} ({format_bytes(sample.size_bytes)}): {_described(character, now)}",
        )
    ]
    if sample.others:
        others = "1 more file matches" if sample.others == 1 else f"{sample.others} more files match"
        remarks.append(Remark(Grade.NOTE, f"{others} {pattern}: the one written last is followed. Of other nodes? Then name each log"))
    return _LogFound([*remarks, *_about_lines(character, has_metrics, now)], character)


def _described(log: LogCharacter, now: float) -> str:
    parts = [log.form.value if log.form not in (LogForm.NONE, LogForm.UNKNOWN) else "no form of a storage node's log", *log.envelopes]
    parts += [f"node {log.node_id}"] if log.node_id else []
    parts += [f"v{log.version}"] if log.version else []
    parts += [f"level {log.level}"] if log.level else []
    if log.newest_ms:
        parts.append(f"newest line {format_age(now - log.newest_ms / 1000)} ago")
    wanted = log.understood + log.not_understood
    return ", ".join([*parts, f"{log.understood:,} of its newest {wanted:,} lines understood"])


def _about_lines(log: LogCharacter, has_metrics: bool, now: float) -> Iterator[Remark]:
    if not log.understood and log.lines and log.is_readable is not False:
        yield Remark(Grade.TROUBLE, f"not one of its {log.lines:,} newest lines is of a storage node: name the log that the node writes")
    quiet = (LogTrouble.ABOVE_INFO, LogTrouble.NO_TRANSFERS)
    for remark in log.warnings():
        yield Remark(Grade.NOTE if remark.trouble in quiet and has_metrics else Grade.TROUBLE, remark.text)
    age_s = now - log.newest_ms / 1000
    if log.newest_ms and age_s > OLD_LINE_S and not log.is_above_info:
        yield Remark(Grade.WARNING, f"its newest line is {format_age(age_s)} old: is this the log that the node writes now?")
    if log.understood and not log.successes and log.tells_transfers:
        yield Remark(Grade.WARNING, "it has no line of a transfer yet: a node that has just begun, or not the log of its piecestore")


async def _ask_api(url: str | None, session: aiohttp.ClientSession, clock: Clock) -> _ApiFound:
    if url is None:
        return _ApiFound()
    try:
        node = await NodeClient(url, session, clock).node()
    except NodeUnreachable as error:
        return _ApiFound(None, f"API {url}: {error.why}. {_API_ADVICE}")
    except NodeApiError as error:
        return _ApiFound(None, f"API {url} answers, but not as a storage node does: {error.why}. Is it another program's address?")
    return _ApiFound(FoundApi(url, node.node_id, node.started_at, node.version))


def _about_api(node: NodeSettings, api: _ApiFound, found_url: str | None, now: float) -> Iterator[Remark]:
    if api.error:
        yield Remark(Grade.TROUBLE, api.error)
    elif api.node is not None:
        up = f", up for {format_age(now - api.node.started_at)}" if api.node.started_at else ""
        yield Remark(Grade.OK, f"API {api.node.base_url}: node {api.node.node_id}, v{api.node.version}{up}")
    elif found_url is not None:
        yield Remark(Grade.OK, f"API {found_url}: found by itself, it is that of this log's node")
    else:
        yield Remark(Grade.WARNING, _NO_API)


async def _check_metrics(url: str | None, session: aiohttp.ClientSession, clock: Clock) -> list[Remark]:
    if url is None:
        return []
    try:
        await MetricsClient(url, session, clock).metrics()
    except NodeUnreachable as error:
        return [Remark(Grade.TROUBLE, f"metrics {url}: {error.why}. {_METRICS_ADVICE}")]
    except NodeApiError as error:
        return [Remark(Grade.TROUBLE, f"metrics {url} answers, but not with a node's metrics: {error.why}. {_METRICS_ADVICE}")]
    return [Remark(Grade.OK, f"metrics {url}: answers")]


def _known(node: NodeSettings, log: LogCharacter | None) -> Known:
    return Known(node.name, node.api, log.node_id if log else "")
