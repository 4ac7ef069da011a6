"""The usual lines, quickly: results and starts of transfers, and known lines that need nothing but counting.

What stands before a line's context (time, level, logger, message) comes again and again within a second: it is told apart once,
exactly, and then looked up as bytes. The context of a transfer is decoded straight into a struct of the vocabulary that the node
speaks. Whatever is in any way unusual is left to the full parser, line by line and in order, so both always agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat

import msgspec

from storj_monitor.log_processor.batch_builder import BatchBuilder
from storj_monitor.log_processor.catalogue import canonical_logger, canonical_message, family, is_free_text, is_known
from storj_monitor.log_processor.entry import DECODE_ERRORS, DOCKER_START, LEVELS, TROUBLE_LEVELS, Head, decode_object, parse_head
from storj_monitor.log_processor.event_builders import EVENT_BUILDERS
from storj_monitor.log_processor.fields import MAX_TEXT, parse_time_ms
from storj_monitor.log_processor.full_parser import FullParser
from storj_monitor.log_processor.line_state import LineState
from storj_monitor.log_processor.transfers import (
    MAX_AGE_MS,
    SCORED_SUFFIX,
    TRANSFER_MESSAGES,
    UP,
    OldTransfer,
    OpsByAction,
    Pending,
    PendingStarts,
    SnakeTransfer,
    TitleTransfer,
)
from storj_monitor.model.events import TRANSFER_LOGGER, UNKNOWN_DURATION, ErrorSeen, LineKind
from storj_monitor.model.ids import Action, Outcome, op_code
from storj_monitor.model.log_character import LogForm
from storj_monitor.model.severity import SeverityClass, classify
from storj_monitor.units import plain_text

# A head is good for the second of its time stamp: those of some seconds are enough, and each is 300 bytes.
MAX_HEADS = 128
MAX_KINDS = 1024
_AFTER_JSON_HEAD = b'rocess":'
"""In JSON the first field after the message is `process` or `Process`, from v1.53 on."""

_AUDIT_STARTED = int(op_code(Action.GET_AUDIT, Outcome.STARTED))
_JSON_TIME = b'","T":"'

_START, _SUCCESS, _UNSUCCESSFUL, _DEBUG_UNSUCCESSFUL, _ROUTINE = range(5)
_JSON_HEAD_KEYS = frozenset("LTNCM")

AnyTransfer = SnakeTransfer | TitleTransfer | OldTransfer
Decode = Callable[[bytes], AnyTransfer]


class AnyFields(msgspec.Struct, gc=False):
    """Checks that a context is an object, and takes nothing from it but an error: one with words in it is not routine."""

    error: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """All lines with the same level, logger and message."""

    code: int
    level: str
    logger: str
    message: str
    ops: OpsByAction
    starts: PendingStarts


Known = tuple[int, bool, int, OpsByAction, Pending, Kind]
"""A head: its time (Unix milliseconds), whether that is whole seconds only, and what the loop needs of its kind."""

_NO_OPS = OpsByAction(TRANSFER_MESSAGES["uploaded"])


class FastParser:
    """For one log: the heads and the vocabulary seen last."""

    def __init__(self, state: LineState) -> None:
        self._state = state
        self._heads: dict[bytes, Known] = {}
        self._kinds: dict[bytes, Kind | None] = {}
        self._time: tuple[bytes, tuple[int, bool] | None] = (b"", None)
        self._form = LogForm.NONE
        self._vocabularies: tuple[Decode, ...] = (
            msgspec.json.Decoder(SnakeTransfer).decode,
            msgspec.json.Decoder(TitleTransfer).decode,
            msgspec.json.Decoder(OldTransfer).decode,
        )
        self._decode: Decode = self._vocabularies[0]
        self._skim = msgspec.json.Decoder(AnyFields).decode

    def read(self, lines: Iterator[bytes], arrivals: Iterator[int | None] | None, batch: BatchBuilder) -> bytes | None:
        """Read lines in order; those that are not for the fast parser go to the full one.

        Stops at a line of Docker's, which must be unwrapped first, and gives it back; None when all lines have been read.
        Long on purpose: a call for each line would cost as much as what it does.
        """
        state, exact, errors = self._state, FullParser(self._state, batch).read_after, batch.errors
        heads, learn, skim, twins, fold = self._heads, self._learn, self._skim, state.twins, state.fold
        decode: Decode = self._decode
        counted, add_row = batch.ops, batch.rows.append
        routine: dict[Kind, int] = {}
        last_ms, newest_ms = state.last_ms, 0
        seen_coarse = False
        docker_line = None
        for line, arrival in zip(lines, arrivals or repeat(None), strict=False):
            head, _, context = line.rpartition(b"\t")
            if not head:
                head = context.partition(_AFTER_JSON_HEAD)[0]
            known = heads.get(head) or learn(head)
            if known is None:
                if line.startswith(DOCKER_START) and arrivals is None:
                    docker_line = line
                    break
                last_ms = exact(line, arrival, last_ms)
                continue
            time_ms, coarse, code, ops, pending, kind = known
            try:
                if code == _ROUTINE:
                    if skim(context).error:
                        last_ms = exact(line, arrival, last_ms)
                        continue
                    routine[kind] = routine.get(kind, 0) + 1
                    last_ms = time_ms
                    if time_ms > newest_ms:
                        newest_ms = time_ms
                    continue
                transfer = decode(context)
            except DECODE_ERRORS:
                other = self._in_other_words(context) if code != _ROUTINE else None
                if other is None:
                    last_ms = exact(line, arrival, last_ms)
                    continue
                transfer, decode = other, self._decode
            at_ms = time_ms if arrival is None else arrival
            piece_id, address = transfer.piece_id, transfer.remote_address
            if not piece_id:
                last_ms = exact(line, arrival, last_ms)
                continue
            if code == _START:
                op = ops[transfer.action]
                counted[op] += 1
                if piece_id in pending:
                    kind.starts.begin(piece_id, address, at_ms)
                else:
                    pending[piece_id] = (address, at_ms)
                if op == _AUDIT_STARTED:
                    state.audits.begin(piece_id, transfer.satellite_id, at_ms)
                last_ms = time_ms
                if time_ms > newest_ms:
                    newest_ms = time_ms
                continue
            size = transfer.size
            if (size < 0 and transfer.__class__ is not OldTransfer) or (code == _DEBUG_UNSUCCESSFUL and twins):
                last_ms = exact(line, arrival, last_ms)
                continue
            begun = pending.pop(piece_id, None)
            if begun is None:
                duration_ms = UNKNOWN_DURATION
            elif begun[0] == address:
                duration_ms = at_ms - begun[1]  # a tuple: the first item of a list is no address
                if not 0 <= duration_ms <= MAX_AGE_MS:
                    duration_ms = 0 if duration_ms < 0 else UNKNOWN_DURATION
            else:
                pending[piece_id] = begun
                duration_ms = kind.starts.end(piece_id, address, at_ms)
            op = ops[transfer.action]
            counted[op] += 1
            reason = ""
            if code != _SUCCESS:
                text = transfer.error or transfer.reason
                reason = fold(text)
                if op & 3 == Outcome.FAILED:
                    errors.append(
                        ErrorSeen(
                            time_ms,
                            kind.level,
                            TRANSFER_LOGGER,
                            kind.message + SCORED_SUFFIX.get(op, ""),
                            reason,
                            plain_text(text[:MAX_TEXT], MAX_TEXT),
                            transfer.satellite_id[:MAX_TEXT],
                        )
                    )
            add_row((time_ms, transfer.satellite_id, op, size, duration_ms, piece_id, address, reason))
            last_ms = time_ms
            if time_ms > newest_ms:
                newest_ms = time_ms
            if coarse and arrival is None:
                seen_coarse = True
        state.last_ms = last_ms
        batch.newest_ms = max(batch.newest_ms, newest_ms)
        batch.coarse = batch.coarse or seen_coarse
        for kind, count in routine.items():
            batch.count(LineKind.UNDERSTOOD, kind.logger, kind.message, b"", count)
            batch.levels.add(kind.level)
        if newest_ms:
            batch.form = self._form
        return docker_line

    def _in_other_words(self, context: bytes) -> AnyTransfer | None:
        """Try the other vocabularies; the one that fits is tried first from now on."""
        for decode in self._vocabularies:
            try:
                transfer = decode(context)
            except DECODE_ERRORS:
                continue
            self._decode = decode
            return transfer
        return None

    def _learn(self, head: bytes) -> Known | None:
        """Tell a head apart exactly. None when its lines are not for the fast parser."""
        if not head:
            return None
        if head.startswith(b"{"):
            time, what = self._json_head(head)
            form = LogForm.JSON
        else:
            time, what = self._console_head(head)
            form = LogForm.CONSOLE
        stamp = self._stamp(time)
        if stamp is None:
            return None
        if what in self._kinds:
            kind = self._kinds[what]
        else:
            if len(self._kinds) >= MAX_KINDS:
                self._kinds.clear()
            kind = self._kinds[what] = self._kind_of(what)
        if kind is None:
            return None
        self._form = form
        time_ms, fine = stamp
        known = (time_ms, not fine, kind.code, kind.ops, kind.starts.pending, kind)
        if not fine:
            # with milliseconds hardly any head comes twice
            if len(self._heads) >= MAX_HEADS:
                self._heads.clear()
            self._heads[head] = known
        return known

    def _stamp(self, time: bytes) -> tuple[int, bool] | None:
        """Neighbours often have the same time."""
        if time != self._time[0]:
            self._time = (time, parse_time_ms(time))
        return self._time[1]

    @staticmethod
    def _console_head(head: bytes) -> tuple[bytes, bytes]:
        """Time, and the columns after it."""
        time, _, columns = head.partition(b"\t")
        return time, columns

    @staticmethod
    def _json_head(head: bytes) -> tuple[bytes, bytes]:
        """Time, and the same object without a time: `{"L":"…","T":"","N":"…","M":"…"}`."""
        if head[-3:] not in (b',"p', b',"P'):
            return b"", b""
        before, mark, after = head[:-3].partition(_JSON_TIME)
        time, quote, after = after.partition(b'"')
        return (time, before + mark + quote + after + b"}") if quote else (b"", b"")

    @staticmethod
    def _parse_what(what: bytes) -> Head | None:
        if not what.startswith(b"{"):
            return parse_head(what)
        fields = decode_object(what)
        if fields is None or not fields.keys() <= _JSON_HEAD_KEYS or fields.get("T") != "":
            return None
        level, logger, message = fields.get("L"), fields.get("N", ""), fields.get("M")
        if isinstance(level, str) and isinstance(logger, str) and isinstance(message, str):
            return Head(level, logger, message.strip())
        return None

    def _kind_of(self, what: bytes) -> Kind | None:
        head = self._parse_what(what)
        if head is None or head.level not in LEVELS:
            return None
        logger, satellite = canonical_logger(head.logger)
        starts = self._state.starts
        if logger == TRANSFER_LOGGER and (transfer := TRANSFER_MESSAGES.get(head.message)):
            if transfer.race_lost:
                return None
            code = _UNSUCCESSFUL
            if transfer.outcome is Outcome.STARTED:
                code = _START
            elif transfer.outcome is Outcome.SUCCESS:
                code = _SUCCESS
            elif head.level == "DEBUG":
                code = _DEBUG_UNSUCCESSFUL
            return Kind(code, head.level, logger, head.message, OpsByAction(transfer), starts[transfer.direction])
        message = canonical_message(logger, head.message)
        # lines of the root logger may be the updater's, which only their fields tell
        plain = logger and not satellite and head.level not in TROUBLE_LEVELS and not is_free_text(logger)
        if not plain or (family(logger), message) in EVENT_BUILDERS or not is_known(logger, message):
            return None
        if classify(head.level, logger, message) is not SeverityClass.TRAFFIC:
            return None
        return Kind(_ROUTINE, head.level, logger, message, _NO_OPS, starts[UP])
