"""What the command line asks of the app beside settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`nodes` invented nodes that together make `rate` transfers a second; `folder` is there, empty, and removed afterwards."""

    nodes: int
    rate: float
    folder: Path


class IngestInput(NamedTuple):
    """One file of old log of one node; STANDARD_INPUT as `path` is the standard input. Matches of one glob come by name."""

    node: str
    path: str


class IngestProgress(NamedTuple):
    """How far `ingest` is. Bytes as they are on disk (compressed ones too); `total_bytes` 0 = unknown (standard input)."""

    path: str
    done_bytes: int
    total_bytes: int
    lines: int


ProgressCallback = Callable[[IngestProgress], None]
