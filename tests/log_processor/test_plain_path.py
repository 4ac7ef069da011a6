"""The plain way of reading, for measurements, says exactly what the fast one says."""

from __future__ import annotations

import gzip
import json

import pytest
from log_processor.log_lines import CORPUS, chunks_of, somewhere

from storj_monitor.log_processor import LineProcessor
from storj_monitor.model.events import EventBatch

SAMPLE_BYTES = 1 << 20
RECORDINGS = sorted(json.loads((CORPUS / "counts.json").read_bytes()))


def shown(batch: EventBatch) -> tuple[object, ...]:
    return (
        batch.transfers, batch.events, batch.errors, batch.started, batch.lines, batch.samples, batch.newest_ms,
        batch.duration_resolution_ms, batch.checkpoint,
    )  # fmt: skip


def both_ways(data: bytes, size: int) -> None:
    fast, plain = LineProcessor("node", somewhere), LineProcessor("node", somewhere, fast=False)
    for chunk in chunks_of(data, size):
        assert shown(fast.process(chunk)) == shown(plain.process(chunk))


@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings_are_read_alike(name: str) -> None:
    with gzip.open(CORPUS / f"{name}.log.gz") as file:
        both_ways(file.read(SAMPLE_BYTES), 1 << 18)


def test_every_kind_of_line_is_read_alike() -> None:
    both_ways((CORPUS / "sample-lines.log").read_bytes(), 4096)


def test_lines_of_docker_are_read_alike() -> None:
    with gzip.open(CORPUS / f"{RECORDINGS[0]}.log.gz", "rt", encoding="utf-8", errors="replace") as file:
        lines = file.readlines()[:5000]
    wrapped = [json.dumps({"log": line, "stream": "stderr", "time": "2026-08-20T07:01:10.5Z"}) + "\n" for line in lines]
    both_ways("".join(wrapped).encode(), 1 << 16)
