"""A log of seven lines: starts, results of each kind, and one line that is none."""

from __future__ import annotations

import json

SAT = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
PIECE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRSA"


def line(second: int, level: str, message: str, action: str, size_bytes: int | None = None, error: str = "") -> str:
    context: dict[str, object] = {"process": "storagenode", "piece_id": PIECE, "satellite_id": SAT, "action": action}
    context |= {"remote_address": "127.0.0.1:1234"}
    context |= {"size": size_bytes} if size_bytes is not None else {}
    context |= {"error": error} if error else {}
    return f"2026-11-23T08:00:{second:02}Z\t{level}\tpiecestore\t{message}\t{json.dumps(context)}\n"


LOG = "".join(
    [
        line(1, "DEBUG", "upload started", "PUT"),
        line(2, "INFO", "uploaded", "PUT", 1000),
        line(3, "INFO", "upload canceled", "PUT", 500),
        line(4, "DEBUG", "download started", "GET"),
        line(5, "INFO", "downloaded", "GET", 2048),
        line(6, "ERROR", "download failed", "GET_AUDIT", 256, "pieces error: file does not exist"),
        "not a line of a log\n",
    ]
)
