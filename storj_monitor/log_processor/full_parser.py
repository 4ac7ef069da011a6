"""One line at a time, exactly: every kind of line is told apart here. The fast path does the usual ones of them quicker, not otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import repeat

import msgspec

from storj_monitor.log_processor.batch_builder import BatchBuilder
from storj_monitor.log_processor.catalogue import (
    UPDATER_PROCESS,
    canonical_logger,
    canonical_message,
    family,
    is_free_text,
    is_known,
    is_updater_line,
)
from storj_monitor.log_processor.entry import DOCKER_START, FOREIGN_JSON, TROUBLE_LEVELS, Entry, Rejected, parse_entry
from storj_monitor.log_processor.event_builders import EVENT_BUILDERS, NODE_FAILED, UPDATER_STEP
from storj_monitor.log_processor.fields import MAX_TEXT, Fields, LogRecord, without_frames
from storj_monitor.log_processor.line_state import LineState
from storj_monitor.log_processor.supervisors import ending
from storj_monitor.log_processor.transfers import (
    RACE_LOST,
    SCORED_SUFFIX,
    TRANSFER_MESSAGES,
    TransferFields,
    TransferMessage,
    action_of,
    transfer_fields,
)
from storj_monitor.model.events import TRANSFER_LOGGER, ErrorSeen, LineKind, NodeEvent
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.log_character import BINARY
from storj_monitor.model.node_events import ConfigurationLoaded, NodeStarted, Panic, PlainError, ProcessEnded
from storj_monitor.model.severity import SeverityClass, classify
from storj_monitor.units import plain_text

LAST_LEVELS = frozenset({"PANIC", "FATAL"})
"""The process ends with such a line, whatever it says."""
BEFORE_THE_START = frozenset(
    {"Anonymized tracing disabled", "Anonymized tracing enabled", "Found deprecated flag. Migrating value.", "unable to resolve path"}
)
"""Of the root logger: they may stand in front of `Configuration loaded`."""

EMPTY_LINE = "empty line"
PANIC = "Go panic"
GOROUTINE = "goroutine stack"
CONTINUATION = "continuation of a line before"
PLAIN_ERROR = "plain error text"
SUPERVISOR = "supervisord"
FOREIGN = "text that is no log entry"
JOURNAL = "journalctl's own line"
SERVICE = "a supervisor about the service"
EXPORT_HEADER = "header of an export"
CONTAINER = "the container's start script"

_LAST_WORDS = {PANIC: ("PANIC", "panic"), PLAIN_ERROR: ("FATAL", "the process ended")}
"""What a process says without time and level before it ends: level and message under which it is an error."""

_SUPERVISOR_LINE = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:CRIT|ERRO|WARN|INFO|DEBG|TRAC|BLAT) .*")
_END = re.compile(rb"(?P<panic>panic: |fatal error: |runtime: out of memory|SIG[A-Z]{3,6}: )|(?P<error>Error: )")
"""What is written without the node's own time when a process ends: by Go, by the node's command."""
_STACK_FRAME = re.compile(rb"[\w./*()\[\]{}@~-]+\(.*\)(?: in goroutine \d+)?|created by .*|[\w./*()\[\]@~-]+\.[\w.*()\[\]-]+")
_KNOWN_TEXTS = (
    # what Go's runtime writes around the stacks of a crash: signal, registers, frames that it leaves out
    (
        re.compile(rb"\[signal .*\]|\[originating from goroutine \d+\]|runtime stack:|runtime: .*|[a-z][a-z0-9]{1,6} +0x[0-9a-f]+"),
        GOROUTINE,
    ),
    (
        re.compile(rb"(?:PC=|unexpected fault address |Exception )0x.*|\.\.\.(?:\d+|additional) frames elided\.\.\.|exit status \d+"),
        GOROUTINE,
    ),
    (re.compile(rb"-- (?:Journal begins|Logs begin|Boot|Reboot|No entries|Subject|Defined-By|Support)\b.*", re.DOTALL), JOURNAL),
    (re.compile(rb"[ \t]*_{0,2}[A-Z][A-Z0-9_]{2,60}=.*|[{}\[\], ]+", re.DOTALL), JOURNAL),
    (re.compile(rb"(?:Started|Starting|Stopped|Stopping|Failed to start) .*\.?|\S+\.(?:service|scope): .*", re.DOTALL), SERVICE),
    (re.compile(rb"\"?(?:date|time|stream|level|timestamp)\"?(?:[,;]\"?[\w .-]{1,40}\"?){1,12}", re.IGNORECASE), EXPORT_HEADER),
    (re.compile(rb"(?:downloading storagenode|Running (?:the )?/?app/|Archive: |--\d{4}-\d\d-\d\d .*  https?://).*", re.DOTALL), CONTAINER),
    (re.compile(rb"(?:Resolving|Connecting to|HTTP request sent|Length: |Saving to: ).*", re.DOTALL), CONTAINER),
)
_TEXT_BYTES = bytes([*range(0x20, 0x7F), *range(0x80, 0x100), 0x09, 0x0D, 0x1B])
_MOST_ODD_BYTES = 3


class FullParser:
    """Reads into one batch; what must outlast it is in `state`."""

    def __init__(self, state: LineState, batch: BatchBuilder) -> None:
        self._state = state
        self._batch = batch

    def read(self, line: bytes, arrival_ms: int | None = None) -> None:
        """Any bytes; `arrival_ms` is when the line was received, where something around it says so."""
        if not line or line.isspace():
            self._batch.count(LineKind.IGNORED, "", EMPTY_LINE, line)
            return
        found, bare = parse_entry(line), line
        if not isinstance(found, Entry):
            opened = self._state.opener.open(line)
            within = parse_entry(opened.text) if opened.envelopes else found
            # an object of a forwarder may hold any text; other lines that are broken stay what they are
            if opened.envelopes and (within is not None or found is None or found.reason == FOREIGN_JSON):
                found, bare = within, opened.text
                arrival_ms = opened.arrival if opened.arrival is not None else arrival_ms
                self._batch.envelopes |= set(opened.envelopes)
            if found is None:
                self._read_foreign(bare, line, arrival_ms)
                return
        if isinstance(found, Rejected):
            self._batch.count(found.kind, found.logger, found.reason, line)
            return
        self._read_entry(found, line, arrival_ms)

    def read_after(self, line: bytes, arrival_ms: int | None, last_ms: int) -> int:
        """For the fast parser: `read`, told the time of the line before; gives that of the newest line that had one."""
        self._state.last_ms = last_ms
        self.read(line, arrival_ms)
        return self._state.last_ms

    def _read_entry(self, entry: Entry, line: bytes, arrival_ms: int | None) -> None:
        state, batch = self._state, self._batch
        before_ms = state.last_ms
        state.last_ms = entry.time_ms
        batch.newest_ms = max(batch.newest_ms, entry.time_ms)
        batch.form = entry.form
        logger, satellite = canonical_logger(entry.logger)
        fields = state.names({**entry.fields, "satellite_id": satellite} if satellite else entry.fields)
        if logger == TRANSFER_LOGGER and (message := TRANSFER_MESSAGES.get(entry.message)):
            self._read_transfer(message, entry, transfer_fields(fields), arrival_ms)
            return
        batch.levels.add(entry.level)
        message_key = canonical_message(logger, entry.message)
        record = LogRecord(entry.time_ms, entry.level, logger, entry.message, fields)
        build = EVENT_BUILDERS.get((family(logger), message_key))
        by_updater = not logger and is_updater_line(fields.text("process"), fields.text("service"), message_key)
        if by_updater and build is not EVENT_BUILDERS["", "Configuration loaded"]:
            build = UPDATER_STEP
            logger = UPDATER_PROCESS
        known = build is not None or is_known(logger, message_key)
        if build is None and entry.level in LAST_LEVELS:
            build = NODE_FAILED
        if build is not None:
            batch.events.append(self._event(build(record), before_ms))
        if by_updater or message_key in BEFORE_THE_START:
            state.put_aside(before_ms)
        self._trouble(entry, logger, fields, constant=known and message_key in (entry.message, "* < 0"))
        if known:
            shown = "*" if is_free_text(logger) else message_key if logger != UPDATER_PROCESS else state.fold(entry.message)
            batch.count(LineKind.UNDERSTOOD, logger, shown, line)
        else:
            batch.count(LineKind.NOT_UNDERSTOOD, state.fold(logger), state.fold(entry.message), line)

    def _event(self, event: NodeEvent, before_ms: int) -> NodeEvent:
        """A start says with what it began: when the node was alive last, and that what was under way will not end."""
        if isinstance(event, NodeStarted):
            self._batch.events += self._state.node_started()
        if isinstance(event, (NodeStarted, ConfigurationLoaded)) and (life_ms := self._state.last_life_ms(before_ms)) > 0:
            return msgspec.structs.replace(event, previous_ms=life_ms)
        return event

    def _read_transfer(self, message: TransferMessage, entry: Entry, t: TransferFields, arrival_ms: int | None) -> None:
        state, batch = self._state, self._batch
        direction, outcome = message.direction, message.outcome
        at_ms = entry.time_ms if arrival_ms is None else arrival_ms
        starts = state.starts[direction]
        action = action_of(direction, t.action)
        op = int(op_code(action, outcome))
        if message.race_lost:
            batch.count(LineKind.UNDERSTOOD, TRANSFER_LOGGER, entry.message, b"")
        else:
            batch.ops[op] += 1
        if outcome is not Outcome.FAILED:
            batch.transfer_levels.add(entry.level)  # a failed one is among the errors
        if outcome is Outcome.STARTED:
            if t.piece_id:
                starts.begin(t.piece_id, t.remote_address, at_ms)
                if action is Action.GET_AUDIT:
                    state.audits.begin(t.piece_id, t.satellite_id, at_ms)
            return
        if outcome is not Outcome.SUCCESS and entry.level == "DEBUG" and state.twins.settle(direction, t.piece_id, entry.time_ms):
            return
        if message.race_lost and t.piece_id:
            state.twins.expect(direction, t.piece_id, entry.time_ms)
        if arrival_ms is None and not entry.fine:
            batch.coarse = True
        duration_ms = starts.end(t.piece_id, t.remote_address, at_ms)
        reason = ""
        if outcome is not Outcome.SUCCESS:
            reason = state.fold(t.error or t.reason or (RACE_LOST if message.race_lost else ""))
        batch.rows.append((entry.time_ms, t.satellite_id, op, t.size, duration_ms, t.piece_id, t.remote_address, reason))
        if outcome is Outcome.FAILED:
            text = t.error or t.reason
            batch.errors.append(
                ErrorSeen(
                    entry.time_ms,
                    entry.level,
                    TRANSFER_LOGGER,
                    entry.message + SCORED_SUFFIX.get(op, ""),
                    reason,
                    plain_text(text[:MAX_TEXT], MAX_TEXT),
                    t.satellite_id[:MAX_TEXT],
                )
            )

    def _trouble(self, entry: Entry, logger: str, fields: Fields, *, constant: bool) -> None:
        """Warnings, errors, and what is as bad at any level. `constant`: the message never changes, so a number in it is part of it."""
        text = without_frames(fields.text("error")) or fields.text("reason")
        message = entry.message if constant else self._state.fold(entry.message)
        template = self._state.fold(text) if text else message
        if entry.level not in TROUBLE_LEVELS and classify(entry.level, logger, message, template) is SeverityClass.TRAFFIC:
            return
        sample, satellite = plain_text((text or entry.message)[:MAX_TEXT], MAX_TEXT), fields.satellite()[:MAX_TEXT]
        self._batch.errors.append(ErrorSeen(entry.time_ms, entry.level, logger, message, template, sample, satellite))

    def _read_foreign(self, line: bytes, whole: bytes, arrival_ms: int | None) -> None:
        """Lines that something else wrote, or that continue an entry."""
        reason = foreign_reason(line)
        self._end(line, arrival_ms)
        if reason in _LAST_WORDS:
            text = plain_text(line[: 4 * MAX_TEXT].decode("utf-8", "replace")[:MAX_TEXT], MAX_TEXT)
            at_ms = self._state.last_ms or arrival_ms
            if at_ms:
                # they have no time of their own
                level, said = _LAST_WORDS[reason]
                self._batch.errors.append(ErrorSeen(at_ms, level, "", said, self._state.fold(text), text, ""))
        # what nobody can name was not left out on purpose
        kind = LineKind.NOT_UNDERSTOOD if reason in (FOREIGN, BINARY) else LineKind.IGNORED
        self._batch.count(kind, "", reason, whole)

    def _end(self, line: bytes, arrival_ms: int | None) -> None:
        """What is said of a process that ends, by itself or by what watches over it: without a time, so it is that of its arrival."""
        what = _END.match(line)
        if what is None:
            if (told := ending(line)) is not None:
                at_ms = max(self._state.supervisor.at_ms(told.stamp_ms, self._state.last_ms), arrival_ms or 0)
                text = plain_text(told.text, MAX_TEXT)
                self._batch.events.append(ProcessEnded(time_ms=at_ms, level="ERROR", text=text, final=told.final))
            return
        text = plain_text(line[: 4 * MAX_TEXT].decode("utf-8", "replace").strip()[:MAX_TEXT], MAX_TEXT)
        time_ms = max(self._state.last_ms, arrival_ms or 0)
        if what["panic"]:
            self._batch.events.append(Panic(time_ms=time_ms, level="PANIC", first_line=text))
        else:
            self._batch.events.append(PlainError(time_ms=time_ms, level="ERROR", text=text.removeprefix("Error: ")))


def foreign_reason(line: bytes) -> str:
    """What a line that is no log entry is; FOREIGN and BINARY: nothing that is known."""
    if not line.strip():
        return EMPTY_LINE
    if (what := _END.match(line)) is not None and what["panic"]:
        return PANIC
    if line.startswith(b"goroutine "):
        return GOROUTINE
    if line[:1] in (b"\t", b" "):
        return CONTINUATION
    if line.startswith(b"Error: "):
        return PLAIN_ERROR
    if _SUPERVISOR_LINE.fullmatch(line):
        return SUPERVISOR
    if len(line) < 4096 and _STACK_FRAME.fullmatch(line):
        return GOROUTINE
    for pattern, reason in _KNOWN_TEXTS:
        if pattern.fullmatch(line[:MAX_TEXT]):
            return reason
    if ending(line) is not None:
        return SERVICE
    return BINARY if _is_binary(line) else FOREIGN


def _is_binary(line: bytes) -> bool:
    """More than a few bytes that no text has."""
    return len(line[:MAX_TEXT].translate(None, _TEXT_BYTES)) > _MOST_ODD_BYTES


# ---- Every line by the full parser, one by one: what the fast parser is measured against. Says the same.


class FullParserOnly:
    """For one log; see `FastParser.read`."""

    def __init__(self, state: LineState) -> None:
        self._state = state

    def read(self, lines: Iterator[bytes], arrivals: Iterator[int | None] | None, batch: BatchBuilder) -> bytes | None:
        """Read lines in order. Stops at a line of Docker's, which must be unwrapped first, and gives it back."""
        exact = FullParser(self._state, batch)
        for line, arrival in zip(lines, arrivals or repeat(None), strict=False):
            if arrivals is None and line.startswith(DOCKER_START):
                return line
            exact.read(line, arrival)
        return None
