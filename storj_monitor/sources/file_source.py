"""Follows one log on disk through every kind of rotation: no line lost, none twice, oldest first."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from storj_monitor.model.sources import HEAD_BYTES, Chunk, SavedPosition, SourceState, SourceStatus
from storj_monitor.sources.file_offsets import FileOffsets
from storj_monitor.sources.late_file import LateFile
from storj_monitor.sources.logfile import FileChanged, LogFile, Piece
from storj_monitor.sources.opening import why_not
from storj_monitor.sources.plan import Plan, first_plan, look_at, make_plan, order_of, same_file, share_beginning
from storj_monitor.sources.siblings import beside, is_pattern, matches
from storj_monitor.sources.source import PRIME_BYTES, READ_ERRORS, PollThrottle, SourceHealth, elapsed
from storj_monitor.units import readable

_CHECK_S = 1.0  # how often the path is compared with the open file
_CHECK_AT_LATEST_S = 1.25  # later than that reading at once ends: several logs are then looked at in one go
_MOST_BLOCKS = 3  # so often in a row only read() could tell: reading at once costs more than it saves
_AT_ONCE_AGAIN_S = 60.0  # after that, or where the file system cannot tell, it is tried again
_PATTERN_S = 5.0  # how often a pattern is expanded
_SEARCH_S = 5.0  # how often the folder is looked through while the path leads nowhere or to an empty file
_QUIET_S = 2.0  # a last line without newline is taken when its file did not change for so long
_SHRUNK_S = 1.0  # a file that seems shorter but otherwise the same must stay so (network file systems err for a moment)
_ABANDONED_S = 600.0  # a deleted file that nobody writes to for so long is let go
_DAMAGED_SAID = 3  # parts whose damage is told, the newest
_TURNS = 100  # files looked at within one read()


class FileSource:
    """A log file, or the newest match of a pattern.

    The files to be read stand in a queue; the last one is followed. At its end the path is looked at: when it leads to
    another file with something in it, that file (and what was missed in between) is queued behind.
    """

    def __init__(self, node: str, path_or_glob: str, saved: Sequence[SavedPosition], from_end: bool = False, now: float = 0.0) -> None:
        """`from_end`: a log of which nothing is saved is read from the end of its last line; otherwise from its start."""
        self.node = node
        self._pattern = path_or_glob if is_pattern(path_or_glob) else ""
        self._path = "" if self._pattern else path_or_glob
        self._from_end = from_end
        self._places = FileOffsets(saved)
        self._first_look_at: float | None = None
        self._queue: list[LogFile] = []
        self._late = LateFile()
        self._caught_up = False
        self._at_path = False
        self._abandoned = False
        self._checked_at: float | None = None
        self._expanded_at: float | None = None
        self._searched_at: float | None = None
        self._searched: dict[str, int] = {}
        self._quiet: tuple[LogFile, int, float] | None = None
        self._shrunk_at: float | None = None
        self._not_at_once_since: float | None = None
        self._blocks = 0
        self._problems: dict[str, str] = {}
        self._damaged: deque[str] = deque(maxlen=_DAMAGED_SAID)
        self._throttle = PollThrottle()
        self._health = SourceHealth(now)
        self._now = now

    def read(self, now: float, limit_bytes: int = 1 << 20) -> Chunk | None:
        """See LineSource."""
        self._now = self._throttle.last_poll_at = now
        try:
            chunk = self._read(now, limit_bytes)
        except READ_ERRORS as error:
            self._give_up(error)
            return None
        if chunk is not None:
            self._throttle.last_data_at = now
        return chunk

    def read_at_once(self, now: float, limit_bytes: int = 1 << 20) -> Chunk | None:
        """See LineSource. Only what is added to the file that is open; all about paths and other files is for read()."""
        if not self.at_once:
            raise BlockingIOError
        file = self._queue[0]
        try:
            piece = file.read_at_once(limit_bytes)
        except BlockingIOError:
            self._blocks += 1
            if self._blocks >= _MOST_BLOCKS:
                self._not_at_once_since = self._now
            raise
        except OSError:  # the file system cannot tell; or read() will meet it, too
            self._not_at_once_since = self._now
            raise BlockingIOError from None
        self._blocks = 0
        if piece is None and elapsed(self._checked_at, now, _CHECK_AT_LATEST_S):
            raise BlockingIOError
        self._now = self._throttle.last_poll_at = now
        self._shrunk_at = None
        if piece is None:
            return None
        self._throttle.last_data_at = now
        return self._hand_out(file, piece, True, now)

    @property
    def at_once(self) -> bool:
        """See LineSource."""
        if not (self._caught_up and self._at_path and len(self._queue) == 1 and not self._abandoned and self._queue[0].may_be_at_once):
            return False
        if self._not_at_once_since is None:
            return True
        if elapsed(self._not_at_once_since, self._now, _AT_ONCE_AGAIN_S):
            self._not_at_once_since, self._blocks = None, 0
        return self._not_at_once_since is None

    def due(self, now: float) -> bool:
        """See LineSource."""
        return self._throttle.due(now) or bool(self._queue and self._queue[0].busy)

    def status(self) -> SourceStatus:
        """See LineSource."""
        try:
            lag = sum(file.content.lag(file.offset) for file in self._queue)
        except READ_ERRORS:
            lag = 0
        path = self._queue[0].path if self._queue else self._path or self._pattern
        return self._health.status(path, lag, self._throttle.last_data_at)

    def resync(self, saved: Sequence[SavedPosition]) -> None:
        """See LineSource."""
        self.close()
        self._places = FileOffsets(saved)
        self._caught_up = False
        self._health.set(SourceState.CATCHING_UP, "", self._now)

    def close(self) -> None:
        """See LineSource."""
        for file in self._queue:
            file.close()
        self._queue.clear()
        self._abandoned = False
        self._late.drop()
        self._quiet = self._shrunk_at = self._checked_at = None

    @property
    def knows_its_place(self) -> bool:
        """A file of this log is there that was read before: what comes goes on behind it, in whatever file it stands."""
        return self._places.has_met

    def lines_before(self) -> bytes | None:
        """Up to PRIME_BYTES of whole lines in front of the place where reading goes on; None when there are none.

        To be called before the first read(): the starts of transfers that end later stand there.
        """
        try:
            if not self._queue and not self._look(self._now):
                return None
            return self._queue[0].lines_before(PRIME_BYTES) or None
        except READ_ERRORS as error:
            self._give_up(error)
            return None

    def _read(self, now: float, limit_bytes: int) -> Chunk | None:
        for _ in range(_TURNS):
            if not self._queue and not self._look(now):
                return None
            file = self._queue[0]
            last = len(self._queue) == 1 and not self._abandoned
            try:
                if last and file.has_begun():
                    self._plan_more()  # it may have been filled, copied and truncated since it was seen empty
                    continue
                piece = file.read(limit_bytes)
                if piece is None and not last and not file.busy:
                    if not self._is_done(file, now):
                        return None
                    piece = file.read(limit_bytes, final=True)
                self._shrunk_at = None
                if piece is not None:
                    return self._hand_out(file, piece, last, now)
                if file.busy:
                    return None
                if not last:
                    self._retire(file, now)
                    continue
                self._caught_up = True
                if not self._moved_on(file, now):
                    self._show(now)
                    return None
            except FileChanged:
                if not self._start_afresh(file, now):
                    return None
        return None

    def _hand_out(self, file: LogFile, piece: Piece, last: bool, now: float) -> Chunk:
        self._places.advance(piece.identity, piece.end, piece.previous)
        self._places.newest_saved_at = max(self._places.newest_saved_at, now)
        live = last and piece.at_end and self._caught_up
        if last and piece.at_end:
            self._caught_up = True
            self._show(now)
        else:
            self._health.set(SourceState.CATCHING_UP, self._said(), now)
        return Chunk(self.node, piece.data, piece.start, piece.end, now, piece.identity, readable(file.path), piece.previous, live)

    def _show(self, now: float) -> None:
        """The state when everything there is was read."""
        if self._problems or self._damaged:
            state = SourceState.ERROR if self._path in self._problems else SourceState.LIVE
            self._health.set(state, self._said(), now)
        elif self._at_path or not self._path:
            if not self._health.is_live:  # as it is nearly always
                self._health.set(SourceState.LIVE, "", now)
        else:
            file = self._queue[0].path
            how = f"renamed; {file} is read on" if file != self._path else "deleted; what the node still writes into it is read on"
            self._health.set(SourceState.LIVE, f"the log was {how} until there is a new {self._path}", now)

    def _said(self) -> str:
        """Files of this log that are not read, or not to their ends, and why."""
        return "; ".join([*self._problems.values(), *self._damaged])

    # -- which files there are

    def _target(self, now: float) -> str:
        """The path that the log should have now; "" while no file matches the pattern."""
        if self._pattern and (not self._path or elapsed(self._expanded_at, now, _PATTERN_S)):
            self._expanded_at = now
            found = matches(self._pattern)
            if found:
                self._path = found[0]
        return self._path

    def _others(self) -> dict[str, int]:
        """Files where lines of this log may stand, beside its own path; with inode numbers, so that a rotation going on shows."""
        return beside(self._path, matches(self._pattern) if self._pattern else [])

    def _look(self, now: float) -> bool:
        """Open what is to be read. True when there is something (be it empty)."""
        if not elapsed(self._checked_at, now, _CHECK_S / 4):
            return False
        self._checked_at = now
        path = self._target(now)
        if not path:
            plan = Plan([], {})
        elif self._first_look_at is None and not self._places:
            plan = first_plan(path, self._places, self._from_end)
        else:
            plan = make_plan(path, self._others, self._places, self._late.files, following=False)
        if self._first_look_at is None and not plan.problems:
            self._first_look_at = now
        if not self._places:
            self._places.newest_saved_at = self._first_look_at or now
        self._queue = plan.files
        self._problems = plan.problems
        self._at_path = bool(plan.files) and plan.files[-1].path == path
        if not plan.files:
            self._caught_up = self._caught_up or not plan.problems  # what comes will be new
            state = SourceState.ERROR if plan.problems else SourceState.WAITING
            self._health.set(state, "; ".join(plan.problems.values()) or f"{path or self._pattern} is not there yet", now)
        return bool(plan.files)

    def _moved_on(self, file: LogFile, now: float) -> bool:
        """At the end of the last file: True when there is something else to read by now."""
        if self._at_path and not elapsed(self._checked_at, now, _CHECK_S):
            return False
        self._checked_at = now
        file.learn_tail()
        if not file.still_the_same():
            raise FileChanged  # and grown to the very same size
        if late := self._late.grown(now):
            self._queue.insert(0, late)  # its lines go before those of its successor
            return True
        path = self._target(now)
        own = file.content.stat()
        try:
            there = Path(path).stat()
        except FileNotFoundError:
            self._at_path = False
            return self._search(now) or self._let_go(own, now)
        except OSError as error:
            self._problems[path] = why_not(error, path)
            return False
        self._problems.pop(path, None)
        if own is None or same_file(own, there):
            self._at_path, file.path = True, path
            return False
        self._at_path = False
        return self._take_over(file, own, path) if there.st_size else self._search(now)

    def _search(self, now: float) -> bool:
        """The log is not there, or empty: more than one rotation may have gone by. True when a part was missed."""
        if not elapsed(self._searched_at, now, _SEARCH_S):
            return False
        self._searched_at = now
        names = self._others()
        if names != self._searched:
            self._searched = names
            self._plan_more()
        return len(self._queue) > 1

    def _take_over(self, file: LogFile, own: os.stat_result, path: str) -> bool:
        """The path leads to another file that is not empty: queue it, and what was missed in between."""
        try:
            new = look_at(path, self._places)
        except OSError as error:
            self._problems[path] = why_not(error, path)
            return False
        own_probe = file.beginning()
        # an empty file on a file system that cannot tell may be the same one
        if share_beginning(own_probe, new.probe) or (not own_probe and new.info.st_ino == 0):
            # a copy was put in its place
            if new.info.st_size < file.offset:
                new.content.close()
                return False
            self._queue[0] = LogFile(new.content, path, new.probe, file.offset, file.identity)
            self._at_path = True
            file.close()
            return new.info.st_size > own.st_size
        new.content.close()
        self._plan_more()
        return len(self._queue) > 1

    def _plan_more(self) -> None:
        """Queue what is unread beside the files that are open: older ones in front, the live one last."""
        held = [*self._queue, *self._late.files]
        found, self._problems = make_plan(self._path, self._others, self._places, held, following=bool(self._queue))
        try:
            there = Path(self._path).stat()
        except OSError:
            there = None
        held_live = (file for file in self._queue if there and (own := file.content.stat()) and same_file(own, there))
        live = next((file for file in found if file.path == self._path), None) or next(held_live, None)
        rest = [file for file in [*self._queue, *found] if file is not live]
        self._queue = [*sorted(rest, key=order_of), *([live] if live else [])]
        self._at_path = live is not None

    def _start_afresh(self, file: LogFile, now: float) -> bool:
        """A file was truncated or written anew. True when reading can go on at once."""
        if len(file.head) == HEAD_BYTES and file.still_the_same():
            if self._shrunk_at is None:
                self._shrunk_at = now
            if not elapsed(self._shrunk_at, now, _SHRUNK_S):
                return False
        self._shrunk_at = None
        self._queue.remove(file)
        file.close()
        self._checked_at = None  # what it held before may stand in a copy: look now
        if self._queue:
            self._plan_more()
        return True

    # -- the end of files

    def _is_done(self, file: LogFile, now: float) -> bool:
        """A file with others behind it will not grow any more: it ends with a newline, or nothing happened for a while."""
        if file.content.complete() or (file.content.size() is not None and not file.has_tail()):
            return True
        info = file.content.stat()
        if info is None or info.st_mtime <= now - _QUIET_S:
            return True
        if self._quiet is None or self._quiet[0] is not file or self._quiet[1] != info.st_size:
            self._quiet = file, info.st_size, now
            return False
        return elapsed(self._quiet[2], now, _QUIET_S)

    def _retire(self, file: LogFile, now: float) -> None:
        self._queue.remove(file)
        self._abandoned = False
        size = file.content.size()
        self._quiet = None
        if complaint := file.content.complaint():
            self._damaged.append(f"{file.path} is {complaint}")
        if size is None:
            file.close()
            return
        self._late.keep(file, size, now)

    def _let_go(self, own: os.stat_result | None, now: float) -> bool:
        """True for a deleted file that nobody writes to any more: it would keep its place on the disk for as long as it is open."""
        self._abandoned = own is not None and own.st_nlink == 0 and elapsed(self._throttle.last_data_at, now, _ABANDONED_S)
        return self._abandoned

    def _give_up(self, error: Exception) -> None:
        """A file that was open cannot be read any more: close everything and look again later."""
        path = self._queue[0].path if self._queue else self._path
        self.close()
        self._checked_at = self._now
        self._health.set(SourceState.ERROR, why_not(error, path), self._now)
