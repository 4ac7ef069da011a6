"""Reads the wanted series out of a node's `/metrics`, and jumps over the rest.

An answer has 620 to 750 kB, of which nine tenths are timings of functions. It comes grouped: `# TYPE name gauge`, then the samples of that
name; so it is cut at those comments and only the groups of wanted names are looked into. For those the result is that of a full parse.
"""

from __future__ import annotations

import math
import re
from typing import Final

from storj_monitor.errors import AnswerNotUnderstood
from storj_monitor.units import plain_text

MOST_LABEL: Final = 100

Labels = tuple[tuple[str, str], ...]
"""Label pairs sorted by name, without `scope` and `field`."""
Fields = dict[str, float]
Families = dict[str, dict[Labels, Fields]]
"""Family name -> labels -> field (recent, count, value …) -> figure. NaN is left out: the node has no figure there."""

WANTED: Final = (
    b"upload_", b"download_", b"audit_", b"suspension_score", b"online_score", b"reputation_", b"hashstore",
    b"allocated_space", b"used_space", b"available_space", b"reserved_space", b"reported_capacity",
    b"blobs_usage", b"migrating_backend", b"migration_", b"queue",
    b"processed_pieces", b"garbage_collection_", b"readability_check", b"writability_check", b"diskio", b"process", b"version_info",
    b"trash_deleted_files", b"collector_files_deleted", b"incoming_connection", b"orders_unsent_file_corrupted",
    b"orders_archive_file_corrupted", b"disk_stats", b"slow_shutdown", b"unexpected_shutdown", b"open_file_in_trash",
)  # fmt: skip
UNWANTED_ENDS: Final = (b"_rate_bytes_per_sec", b"_size_bytes", b"_orders_amount", b"_hash_count")
"""Of wanted beginnings; `_duration_ns` (transfers) stays."""
UNWANTED_FIELDS: Final = frozenset({b"high", b"low", b"rate", b"delta", b"rmin", b"rmax", b"ravg", b"r10"})

_SAMPLE = re.compile(rb"^([A-Za-z_:][A-Za-z0-9_:]*)\{(.*)\} (\S+)(?: -?\d+)?$", re.MULTILINE)
_FIELD = re.compile(rb'(?:^|,)field="([^"]*)"')
_LABEL = re.compile(rb'\b([A-Za-z_]\w*+)="([^"]*)"')
_GROUP = b"# TYPE "


def wanted(name: bytes) -> bool:
    """Whether a family is read."""
    return name.startswith(WANTED) and not name.endswith(UNWANTED_ENDS)


def read_families(body: bytes, path: str) -> Families:
    """The wanted families. AnswerNotUnderstood: cut off, no metrics at all, a value that is no number, or those of another program."""
    if not body.endswith(b"\n"):
        raise AnswerNotUnderstood(path, "$", "the answer is cut off" if _GROUP in body else "no metrics")
    groups = body.split(_GROUP)
    families: Families = {}
    memo: dict[bytes, Labels] = {}
    for group in groups[1:]:
        name, _, rest = group.partition(b" ")
        if wanted(name):
            families[name.decode()] = _read_group(name, rest.partition(b"\n")[2], memo, path)
    if not families or not any(name in families for name in ("version_info", "used_space", "process")):
        raise AnswerNotUnderstood(path, "$", "no metrics of a storage node")
    return families


def _read_group(name: bytes, text: bytes, memo: dict[bytes, Labels], path: str) -> dict[Labels, Fields]:
    series: dict[Labels, Fields] = {}
    found = 0
    for sample in _SAMPLE.finditer(text):
        found += 1
        head, field = _split(sample[2])
        if field in UNWANTED_FIELDS:
            continue
        try:
            value = float(sample[3])
        except ValueError:
            raise AnswerNotUnderstood(path, name.decode(), f"{sample[3][:40].decode('ascii', 'replace')!r} is no number") from None
        if not math.isfinite(value):
            continue
        labels = memo.get(head)
        if labels is None:
            labels = memo[head] = _labels(head)
        fields = series.get(labels)
        if fields is None:
            fields = series[labels] = {}
        fields[field.decode()] = value
    if found != sum(1 for line in text.splitlines() if line and not line.startswith(b"#")):
        raise AnswerNotUnderstood(path, name.decode(), "a line that is no sample")
    return series


def _split(labels: bytes) -> tuple[bytes, bytes]:
    """The labels without `field`, and its value. It comes last as a rule; the order of the others changes from line to line."""
    at = labels.rfind(b'field="')
    if at >= 0 and labels.endswith(b'"') and labels.find(b'"', at + 7) == len(labels) - 1:
        return labels[:at], labels[at + 7 : -1]
    match = _FIELD.search(labels)
    return (labels[: match.start()] + b"," + labels[match.end() :], match[1]) if match else (labels, b"")


def _labels(text: bytes) -> Labels:
    pairs = [(key.decode(), plain_text(value.decode("utf-8", "replace"), MOST_LABEL)) for key, value in _LABEL.findall(text)]
    return tuple(sorted(pair for pair in pairs if pair[0] != "scope"))
