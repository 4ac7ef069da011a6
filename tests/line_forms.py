"""The same lines of a node in every form in which others hand them on: text lines (panics, stderr) stand between the entries."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

Form = Callable[[Sequence[bytes]], bytes]
"""Lines with their line ends, as the node wrote them, into the bytes of a log."""

_AT_S = 1_795_953_600


def text(number: int) -> bytes:
    """A line that is no log entry: of a panic, of standard error, of somebody else; each number is another line."""
    kinds = (
        f"panic: runtime error: index out of range [{number}] with length 3",
        f"[signal SIGSEGV: segmentation violation code=0x1 addr=0x{number:x} pc=0x1f2d3c4]",
        f"goroutine {number} [running]:",
        f"storj.io/storj/storagenode/piecestore.(*Endpoint).Upload(0xc000{number:06x}, {{0x2f3e4d, 0xc0}})",
        f"\t/go/src/storj.io/storj/storagenode/piecestore/endpoint.go:{number} +0x1a5",
        f"Error: storage directory {number} is not writable: mkdir /app/config/storage: permission denied",
        f"some words that nobody knows, number {number}: not even a time",
        f"2026/11/28 12:00:00 a library of Go says {number}",
        f"{{not quite json {number}",
        f"Übung {number} | macht den Meister",
    )
    return kinds[number % len(kinds)].encode() + b"\n"


def _stamp(number: int) -> str:
    return datetime.fromtimestamp(_AT_S + number, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _prefixed(prefix: str, text: Callable[[bytes], bytes] = bytes) -> Form:
    """`{stamp}` of the prefix becomes a time of the line's arrival."""

    def form(lines: Sequence[bytes]) -> bytes:
        return b"".join(prefix.replace("{stamp}", _stamp(number)).encode() + text(one) for number, one in enumerate(lines))

    return form


def _objects(make: Callable[[str, int], dict[str, object]]) -> Form:
    def form(lines: Sequence[bytes]) -> bytes:
        made = [make(one.decode(), number) for number, one in enumerate(lines)]
        return b"".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for one in made)

    return form


def _tabs(line: bytes) -> bytes:
    return line.replace(b"\t", b"#011")


FORMS: dict[str, Form] = {
    "plain": b"".join,
    "crlf": lambda lines: b"".join(lines).replace(b"\n", b"\r\n"),
    "docker": _objects(lambda text, number: {"log": text, "stream": "stderr", "time": f"{_stamp(number)}.000000001Z"}),
    "docker logs -t": _prefixed("{stamp}.123456789Z "),
    "compose": _prefixed("storagenode-1  | "),
    "compose, another name": _prefixed("sn1         | "),
    "compose, two nodes' width": _prefixed("sn1-app-long  | "),
    "compose -t": _prefixed("storagenode  | {stamp}.123456789Z "),
    "compose -t, another name": _prefixed("sn1  | {stamp}.123456789Z "),
    "compose, coloured": _prefixed("\x1b[36mstoragenode-1  |\x1b[0m "),
    "compose, coloured, another name": _prefixed("\x1b[36msn1  | \x1b[0m"),
    "kubectl --prefix": _prefixed("[pod/storagenode-0/storagenode] "),
    "kubectl --prefix, another name": _prefixed("[pod/sn-0/app] "),
    "kubectl --prefix --timestamps": _prefixed("[pod/sn-0/app] {stamp}.123456789Z "),
    "stern": _prefixed("sn-0 app "),
    "cri": _prefixed("{stamp}.123456789Z stderr F "),
    "journal": _prefixed("Nov 28 12:00:00 host storagenode[712]: "),
    "journal, iso": _prefixed("2026-11-28T12:00:00+0000 host docker[712]: "),
    "journal, json": _objects(lambda text, number: {"MESSAGE": text.rstrip("\n"), "__REALTIME_TIMESTAMP": f"{_AT_S + number}000000"}),
    "syslog": _prefixed("<30>2026-11-28T12:00:00.123456+00:00 host storagenode[712]: ", _tabs),
    "syslog, tabs kept": _prefixed("Nov 28 12:00:00 host sn1[712]: "),
    "syslog 5424": _prefixed('<30>1 2026-11-28T12:00:00.123456Z host storagenode 712 - [meta seq="1"] '),
    "pm2": _prefixed("0|storagenode  | "),
    "pm2, another name": _prefixed("0|sn1  | "),
    "pm2, json": _objects(
        lambda text, number: {"message": text, "timestamp": f"{_stamp(number)}.000Z", "type": "err", "process_id": 0, "app_name": "sn1"}
    ),
    "s6": _prefixed("@4000000067a1b2c3d4e5f601 "),
    "svlogd": _prefixed("2026-11-28_12:00:00.12345 "),
}
