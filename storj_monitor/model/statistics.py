"""What `stats` answers: counts and bytes of one or more logs (or of the database), which can be added together.

Keys of the mappings are texts, because that is how they are printed: `"GET down success"`, `"SATELLITE GET success"`,
`"UNIX_MINUTE GET success"`. An action that the log does not name is `UNKNOWN`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from storj_monitor.model.events import EventBatch, LineKey, LineKind
from storj_monitor.model.ids import Outcome, op_action, op_code, op_label, op_outcome
from storj_monitor.model.severity import classify

MINUTE_MS = 60_000


class ErrorCount(NamedTuple):
    """How often one folded WARN, ERROR or FATAL line came."""

    level: str
    logger: str
    message: str
    template: str
    number: int


class LineReason(NamedTuple):
    """Why lines were ignored on purpose or not understood (`kind` as in LineKind), with one of them as `sample`."""

    kind: str
    logger: str
    message: str
    number: int
    sample: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Exact totals. understood + ignored + not_understood == lines.

    transfers       -- "ACTION direction outcome" to number; logs have outcome `started` too, the database has not
    bytes           -- the same keys to the sum of sizes, results only
    satellites      -- "SATELLITE ACTION outcome" to number, results only
    satellite_bytes -- the same keys to the sum of sizes
    minutes         -- "UNIX_MINUTE ACTION outcome" to number, results only, by the line's own time
    remarks         -- what must be said about the logs, in sentences
    tells_success   -- False: the logs have no lines of successful transfers, so rates are unknown
    """

    lines: int = 0
    understood: int = 0
    ignored: int = 0
    not_understood: int = 0
    transfers: Mapping[str, int] = field(default_factory=dict)
    bytes: Mapping[str, int] = field(default_factory=dict)
    satellites: Mapping[str, int] = field(default_factory=dict)
    satellite_bytes: Mapping[str, int] = field(default_factory=dict)
    minutes: Mapping[str, int] = field(default_factory=dict)
    errors: tuple[ErrorCount, ...] = ()
    reasons: tuple[LineReason, ...] = ()
    remarks: tuple[str, ...] = ()
    tells_success: bool = True

    def merge(self, other: Statistics) -> Statistics:
        """Both together: of two logs, or of two nodes."""
        return Statistics(
            lines=self.lines + other.lines,
            understood=self.understood + other.understood,
            ignored=self.ignored + other.ignored,
            not_understood=self.not_understood + other.not_understood,
            transfers=_sum(self.transfers, other.transfers),
            bytes=_sum(self.bytes, other.bytes),
            satellites=_sum(self.satellites, other.satellites),
            satellite_bytes=_sum(self.satellite_bytes, other.satellite_bytes),
            minutes=_sum(self.minutes, other.minutes),
            errors=_merge_errors(self.errors + other.errors),
            reasons=_merge_reasons(self.reasons + other.reasons),
            remarks=tuple(dict.fromkeys(self.remarks + other.remarks)),
            tells_success=self.tells_success and other.tells_success,
        )

    def to_json(self) -> dict[str, int | dict[str, int] | list[str]]:
        """The object that `stats --json` prints, keys in order."""
        return {
            "transfers": dict(sorted(self.transfers.items())),
            "bytes": dict(sorted(self.bytes.items())),
            "satellites": dict(sorted(self.satellites.items())),
            "minutes": dict(sorted(self.minutes.items())),
            "lines": self.lines,
            "understood": self.understood,
            "ignored": self.ignored,
            "not_understood": self.not_understood,
            "remarks": list(self.remarks),
        }


class StatisticsCounter:
    """Adds up batches; `result` may be asked at any time. Only numbers by key are kept, so memory does not grow with the log."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, str, int]] = Counter()  # (op, satellite, minute); minute -1 = line without a time
        self._bytes: Counter[tuple[int, str]] = Counter()  # (op, satellite)
        self._started: Counter[int] = Counter()
        self._lines: Counter[str] = Counter()
        self._reasons: Counter[tuple[str, str, str]] = Counter()
        self._samples: dict[tuple[str, str, str], str] = {}
        self._errors: Counter[tuple[str, str, str, str]] = Counter()

    def add(self, batch: EventBatch) -> None:
        counts, sizes = self._counts, self._bytes
        for time_ms, satellite, op, size_bytes, *_ in batch.rows:
            counts[op, satellite, time_ms // MINUTE_MS if time_ms > 0 else -1] += 1
            sizes[op, satellite] += size_bytes if size_bytes > 0 else 0
        self._started.update(batch.started)
        for line_key, number in batch.lines.items():
            self._lines[line_key.kind] += number
            if line_key.kind != LineKind.UNDERSTOOD:
                self._reasons[line_key] += number
        for line_key, sample in batch.samples.items():
            self._samples.setdefault(line_key, sample)
        self._errors.update((e.level, e.logger, e.message, e.template) for e in batch.errors)

    def result(self) -> Statistics:
        transfers: Counter[str] = Counter()
        satellites: Counter[str] = Counter()
        minutes: Counter[str] = Counter()
        for (op, satellite, minute), number in self._counts.items():
            action_outcome = f"{op_action(op).label} {op_outcome(op).label}"
            transfers[op_label(op)] += number
            satellites[f"{satellite} {action_outcome}"] += number
            if minute >= 0:
                minutes[f"{minute} {action_outcome}"] += number
        for action, number in self._started.items():
            transfers[op_label(op_code(action, Outcome.STARTED))] += number
        sizes: Counter[str] = Counter()
        satellite_sizes: Counter[str] = Counter()
        for (op, satellite), size_bytes in self._bytes.items():
            sizes[op_label(op)] += size_bytes
            satellite_sizes[f"{satellite} {op_action(op).label} {op_outcome(op).label}"] += size_bytes
        return Statistics(
            lines=self._lines.total(),
            understood=self._lines[LineKind.UNDERSTOOD],
            ignored=self._lines[LineKind.IGNORED],
            not_understood=self._lines[LineKind.NOT_UNDERSTOOD],
            transfers=dict(transfers),
            bytes=dict(sizes),
            satellites=dict(satellites),
            satellite_bytes=dict(satellite_sizes),
            minutes=dict(minutes),
            errors=_merge_errors(ErrorCount(*key, count) for key, count in self._errors.items()),
            reasons=_merge_reasons(LineReason(*key, count, self._samples.get(key, "")) for key, count in self._reasons.items()),
        )


def _sum(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    total = Counter(left)
    total.update(right)
    return dict(total)


def _merge_errors(errors: Iterable[ErrorCount]) -> tuple[ErrorCount, ...]:
    """Equal ones added: worst first, then most frequent."""
    total: Counter[tuple[str, str, str, str]] = Counter()
    for error in errors:
        total[error.level, error.logger, error.message, error.template] += error.number
    merged = (ErrorCount(*key, count) for key, count in total.items())
    return tuple(sorted(merged, key=lambda error: (classify(*error[:4]), -error.number, error[:4])))


def _merge_reasons(reasons: Iterable[LineReason]) -> tuple[LineReason, ...]:
    """Equal ones added, most frequent first; the first sample stays."""
    total: Counter[tuple[str, str, str]] = Counter()
    samples: dict[tuple[str, str, str], str] = {}
    for reason in reasons:
        key = (reason.kind, reason.logger, reason.message)
        total[key] += reason.number
        samples[key] = samples.get(key) or reason.sample
    merged = (LineReason(*key, count, samples[key]) for key, count in total.items())
    return tuple(sorted(merged, key=lambda reason: (-reason.number, reason[:3])))


def statistics_of_totals(
    totals: Iterable[tuple[str, int, int, int]],
    minutes: Iterable[tuple[int, int, int]],
    errors: Iterable[tuple[str, str, str, str, int]],
    lines: Mapping[LineKey, int],
    samples: Mapping[LineKey, str],
) -> Statistics:
    """The same answer from sums that are kept elsewhere.

    totals  -- (satellite, op, number, bytes), each pair once
    minutes -- (start of the minute in Unix seconds, op, number)
    errors  -- (level, logger, message, template, number)
    """
    transfers: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    satellites: Counter[str] = Counter()
    satellite_sizes: Counter[str] = Counter()
    for satellite, op, number, size_bytes in totals:
        key = f"{satellite} {op_action(op).label} {op_outcome(op).label}"
        transfers[op_label(op)] += number
        sizes[op_label(op)] += size_bytes
        satellites[key] += number
        satellite_sizes[key] += size_bytes
    by_minute: Counter[str] = Counter()
    for start_s, op, number in minutes:
        by_minute[f"{start_s // 60} {op_action(op).label} {op_outcome(op).label}"] += number
    kinds: Counter[str] = Counter()
    for line_key, number in lines.items():
        kinds[line_key.kind] += number
    unused = (LineReason(*key, number, samples.get(key, "")) for key, number in lines.items() if key.kind != LineKind.UNDERSTOOD)
    return Statistics(
        lines=kinds.total(),
        understood=kinds[LineKind.UNDERSTOOD],
        ignored=kinds[LineKind.IGNORED],
        not_understood=kinds[LineKind.NOT_UNDERSTOOD],
        transfers=dict(transfers),
        bytes=dict(sizes),
        satellites=dict(satellites),
        satellite_bytes=dict(satellite_sizes),
        minutes=dict(by_minute),
        errors=_merge_errors(ErrorCount(*error) for error in errors),
        reasons=_merge_reasons(unused),
    )
