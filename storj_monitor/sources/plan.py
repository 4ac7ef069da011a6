"""What to read, in which order, when a log is opened or was rotated: unread rests and missed files first, the live file last."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from storj_monitor.model.sources import HEAD_BYTES, FileIdentity
from storj_monitor.sources.content import Content, SequentialContent, is_packed
from storj_monitor.sources.file_offsets import FileOffsets
from storj_monitor.sources.logfile import LogFile
from storj_monitor.sources.nested import open_content
from storj_monitor.sources.opening import why_not
from storj_monitor.sources.siblings import is_unreadable
from storj_monitor.sources.source import LINE_BYTES, READ_ERRORS, detect, whole_lines

_MTIME_SLACK_S = 1.0  # some compressors and file systems keep whole seconds only
MOST_OPEN = 64  # files that stay open while it is looked which of them are to be read
MOST_QUEUED = 100  # unread files that are planned at once
_ALIKE_BYTES = 64
_LOOK_BACK_BYTES = 64 << 20  # for the end of the last line
_SCANS = 20  # a rotation is over within milliseconds
_LINE_TIME = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]*")


def _first_time(probe: bytes) -> bytes:
    time = _LINE_TIME.search(probe)
    return time.group() if time else b""


def _order(info: os.stat_result, probe: bytes) -> tuple[float, bytes]:
    """Older first: by last change, ties by the time of the first line."""
    return info.st_mtime, _first_time(probe)


def order_of(file: LogFile) -> tuple[float, bytes]:
    """The order in which open files are read. Raises OSError."""
    info = file.content.stat()
    assert info is not None  # it was opened by path
    return _order(info, file.beginning())


def share_beginning(one: bytes, other: bytes) -> bool:
    """As far as both go, they are the same; of nothing that cannot be said."""
    if len(one) < len(other):
        one, other = other, one
    return bool(other) and one.startswith(other)


@dataclass(slots=True, eq=False)
class Candidate:
    """A file that was opened and looked at. `place`: where it was read up to, when it is known."""

    path: str
    content: Content
    probe: bytes
    info: os.stat_result
    place: tuple[FileIdentity, int] | None
    is_plain: bool
    is_parked: bool = False

    def park(self) -> None:
        """Give the descriptor back until the file is read."""
        self.content.park()
        self.is_parked = True

    def size(self) -> int | None:
        """Decompressed bytes; None where only reading will tell."""
        if not self.is_plain:
            return None
        return self.info.st_size if self.is_parked else self.content.size()

    def first_time(self) -> bytes:
        """Of the first line that has one; b"" without."""
        return _first_time(self.probe)

    def order(self) -> tuple[float, bytes]:
        """See _order."""
        return _order(self.info, self.probe)

    def same_content(self, other: Candidate) -> bool:
        """A copy (or the compressed form) of the other; one of both may still be growing."""
        if self.place and other.place:
            return self.place[0] == other.place[0]
        return share_beginning(self.probe, other.probe)

    def refresh(self, places: FileOffsets) -> None:
        """Look again at a file that is known already: it may have grown or been truncated since. Raises OSError."""
        self.is_parked = False
        self.info = self.content.stat() or self.info
        if self.is_plain or len(self.probe) < HEAD_BYTES:
            self.probe = self.content.read_at(0, HEAD_BYTES)
            self.place = places.match(self.probe)

    def log_file(self) -> LogFile:
        identity, offset = self.place if self.place else (None, 0)
        return LogFile(self.content, self.path, self.probe, offset, identity)


class Plan(NamedTuple):
    """Files to read, in order; the last one is to be followed. `problems`: paths that could not be opened, and why."""

    files: list[LogFile]
    problems: dict[str, str]


def same_file(one: os.stat_result, other: os.stat_result) -> bool:
    """Certain only while one of both is held open; never said of a file system without inode numbers."""
    return one.st_ino != 0 and (one.st_ino, one.st_dev) == (other.st_ino, other.st_dev)


def look_at(path: str, places: FileOffsets) -> Candidate:
    """Open a file and see whether it is known. Raises OSError."""
    content = open_content(path)
    try:
        info = content.stat()
        probe = content.read_at(0, HEAD_BYTES)  # after its size was taken: see _to_follow
    except OSError:
        content.close()
        raise
    if is_packed(probe) and content.size() is not None:  # it was empty a moment ago
        content.close()
        return look_at(path, places)
    assert info is not None  # it was opened by path
    return Candidate(path, content, probe, info, places.match(probe), content.size() is not None)


def first_plan(live: str, places: FileOffsets, from_end: bool) -> Plan:
    """A node that was never seen before: its live file only, from its start or from the end of its last line."""
    try:
        candidate = look_at(live, places)
    except OSError as error:
        return Plan([], {} if isinstance(error, FileNotFoundError) else {live: why_not(error, live)})
    file = candidate.log_file()
    size = candidate.content.size()
    if from_end and size:
        file = LogFile(candidate.content, live, candidate.probe, _end_of_last_line(candidate, size), None)
    return Plan([file], {})


def make_plan(live: str, others: Callable[[], Mapping[str, int]], places: FileOffsets, held: Sequence[LogFile], following: bool) -> Plan:
    """What is unread of a node that was seen before. Raises OSError where an open file cannot be read.

    `others`: lists the paths beside the live one, with inode numbers.
    `held`: files that are open already; they are not planned again. `following`: one of them is being followed, so that nothing
    else needs to be followed while the live file has nothing in it.
    """
    candidates, problems = _look_at_all(live, others, places)
    known = [_Held(file.content.stat(), file.identity, file.beginning()) for file in held]
    current = next((c for c in candidates if c.path == live), None)
    if current and any(_is_held(current, file) for file in known):
        candidates.remove(current)
        current.content.close()
        current = None
    rest = []
    for candidate in candidates:
        if candidate is current:
            continue
        if any(_is_held(candidate, file) for file in known) or (current and candidate.same_content(current)):
            candidate.content.close()
        else:
            rest.append(candidate)
    every = [*rest, *([current] if current else [])]
    cutoff, first_time = _cutoff(every, known, places), _first_known_time(every, known)
    if not following:
        problems |= _not_read(live, others(), every, cutoff, places)
    rest = _without_copies(rest)
    chosen = sorted((c for c in rest if _is_unread(c, cutoff, first_time)), key=Candidate.order)
    if len(chosen) > MOST_QUEUED:
        # the rest is found again when the last of these has been read
        chosen, follow = chosen[:MOST_QUEUED], None
    else:
        follow = _to_follow(current, rest, chosen, places, following)
    files = [c.log_file() for c in chosen if c is not follow]
    if follow:
        files.append(follow.log_file())
    used = {id(file.content) for file in files}
    for candidate in [*rest, *([current] if current else [])]:
        if id(candidate.content) not in used:
            candidate.content.close()
    return Plan(files, problems)


class _Held(NamedTuple):
    """A file that is open already: what it is known by."""

    info: os.stat_result | None
    identity: FileIdentity | None
    beginning: bytes


def _is_held(candidate: Candidate, file: _Held) -> bool:
    """It is the open file itself, or a copy of it."""
    if file.info is not None and same_file(candidate.info, file.info):
        return True
    if file.identity is not None and candidate.place is not None:
        return candidate.place[0] == file.identity
    return share_beginning(candidate.probe, file.beginning)


def _look_at_all(live: str, others: Callable[[], Mapping[str, int]], places: FileOffsets) -> tuple[list[Candidate], dict[str, str]]:
    """Open the live file and all others; again when a rotation went on meanwhile, for a file that moved on may have been missed.

    What is open stays open, under whatever name it is found then.
    """
    found: dict[tuple[int, int], Candidate] = {}
    problems: dict[str, str] = {}
    for _ in range(_SCANS):
        problems = {}
        names = others()
        named: set[int] = set()  # the first name counts: a link to the live file is the live file
        for path in dict.fromkeys([live, *names]):
            if is_unreadable(path):
                continue
            try:
                candidate = _look_again(path, found, places)
            except FileNotFoundError:
                continue
            except READ_ERRORS as error:
                problems[path] = why_not(error, path)
                continue
            if id(candidate) not in named:
                candidate.path = path
                named.add(id(candidate))
        for candidate in found.values():
            if candidate.path == live and id(candidate) not in named:
                candidate.path = f"{live} (deleted)"
        if others() == names:
            break
    return list(found.values()), problems


def _look_again(path: str, found: dict[tuple[int, int], Candidate], places: FileOffsets) -> Candidate:
    """The candidate that this path leads to, opened (and added to `found`) if it is not known yet. Raises OSError."""
    there = Path(path).stat()
    known = found.get(_key(there))
    if known is not None:
        if known.is_parked and (there.st_size, there.st_mtime_ns) == (known.info.st_size, known.info.st_mtime_ns):
            return known
        known.refresh(places)
        if not (known.is_plain and is_packed(known.probe)):
            return known
        known.content.close()  # it was empty before: now it shows to be compressed
        del found[_key(there)]
    new = look_at(path, places)
    known = found.get(_key(new.info))
    if known is not None:  # renamed between the two looks
        new.content.close()
        return known
    # file systems without inode numbers: each path is a file of its own
    found[_key(new.info) if new.info.st_ino else (-1, len(found))] = new
    if len(found) > MOST_OPEN:
        new.park()
    return new


def _key(info: os.stat_result) -> tuple[int, int]:
    return info.st_dev, info.st_ino or -1


def _not_read(live: str, names: Iterable[str], candidates: Sequence[Candidate], cutoff: float, places: FileOffsets) -> dict[str, str]:
    """Parts that may hold what was missed, but cannot be read or are not there; with what to do."""
    found = {}
    for path in filter(is_unreadable, names):
        try:
            is_late = Path(path).stat().st_mtime >= cutoff
        except READ_ERRORS:
            continue
        if is_late:
            found[path] = f"{path} is not read: it is compressed in a form other than gzip, Zstandard, xz or bzip2. Unpack it"
    if places and candidates and not any(candidate.place for candidate in candidates):
        found[""] = (
            f"no file that was read before is found beside {live}: if the log was rotated to another folder meanwhile (olddir), "
            f"load the part with `storj_monitor ingest`"
        )
    return found


def _cutoff(candidates: Sequence[Candidate], held: Sequence[_Held], places: FileOffsets) -> float:
    """Unknown files that were last written before this were left out on purpose when the node was seen first.

    Files are read oldest first: an unknown one that is newer than the newest known one was never read. Of copies the oldest
    counts. The clock of the last commit is a weaker sign (reading a backlog takes time) and serves only when no known file is left.
    """
    last_change: dict[FileIdentity, float] = {}
    for candidate in candidates:
        if candidate.place:
            identity, mtime = candidate.place[0], candidate.info.st_mtime
            last_change[identity] = min(mtime, last_change.get(identity, mtime))
    for file in held:
        if file.identity and file.info:
            last_change[file.identity] = min(file.info.st_mtime, last_change.get(file.identity, file.info.st_mtime))
    return max(last_change.values(), default=places.newest_saved_at) - _MTIME_SLACK_S


def _first_known_time(candidates: Sequence[Candidate], held: Sequence[_Held]) -> bytes:
    """Time of the oldest line of the files that are known; b"" when there is none."""
    times = [c.first_time() for c in candidates if c.place] + [_first_time(file.beginning) for file in held if file.identity]
    return min(filter(None, times), default=b"")


def _without_copies(candidates: Sequence[Candidate]) -> list[Candidate]:
    """One of each content: the plain one before its compressed form, the longer before the shorter."""
    kept: list[Candidate] = []
    alike: dict[bytes, list[Candidate]] = {}
    for candidate in sorted(candidates, key=lambda c: (not c.is_plain, -c.info.st_size)):
        key = candidate.probe[:_ALIKE_BYTES]
        near = alike.setdefault(key, []) if len(key) == _ALIKE_BYTES else kept
        if any(candidate.same_content(other) for other in near):
            candidate.content.close()
            continue
        kept.append(candidate)
        if near is not kept:
            near.append(candidate)
    return kept


def _is_unread(candidate: Candidate, cutoff: float, first_time: bytes) -> bool:
    """`first_time`: of the oldest known line. A part that begins later was not left out when the node was seen first, whatever its age."""
    if not candidate.place:
        is_late = bool(first_time) and candidate.first_time() > first_time
        return bool(candidate.probe) and (is_late or candidate.info.st_mtime >= cutoff)
    size = candidate.size()
    offset = candidate.place[1]
    if size is not None:
        return size > offset
    if not isinstance(candidate.content, SequentialContent):
        return True
    has_more = candidate.content.may_have_more(offset)
    if candidate.is_parked:
        candidate.content.park()
    return has_more


def _to_follow(
    current: Candidate | None, rest: Sequence[Candidate], chosen: Sequence[Candidate], places: FileOffsets, following: bool
) -> Candidate | None:
    """The last file of the plan: the live one, but while it is empty or missing the newest part that the node may still write to."""
    if current and current.probe:
        # Its size is that of before its beginning was read. The other way round, a file that was truncated and written anew in between
        # would pass for the old one that had lost its end.
        size = current.info.st_size
        if current.place and current.is_plain and size < current.place[1]:
            current.place = places.rewind(current.probe, size), size
        return current
    if following:
        return None
    newest = max([*chosen, *(c for c in rest if c.place)], key=Candidate.order, default=None)
    return newest if newest and newest.is_plain else current


def _end_of_last_line(candidate: Candidate, size: int) -> int:
    """Offset behind the last newline: a line that is being written now is read whole."""
    encoding = detect(candidate.probe)
    end = size
    while end > max(0, size - _LOOK_BACK_BYTES):
        start = max(0, end - LINE_BYTES)
        start += start % encoding.unit
        lines = whole_lines(candidate.content.read_at(start, end - start), encoding)
        if lines:
            return start + lines
        end = start
    # a line of that length, or a hole: whatever comes now is new
    return size if end else 0
