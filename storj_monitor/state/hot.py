"""Hot pieces: the pieces downloaded most, hour by hour, in bounded memory and with a bound on the error.

Space-Saving (Metwally, Agrawal, El Abbadi 2005), fed with whole commits: when more pieces are counted than there are places, the
smallest are let go; a piece that comes later may have been let go before, so its count starts at the largest count let go, and that
is also its error. The true count lies in [count - error, count].
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest
from itertools import islice

from storj_monitor.model.events import Transfer
from storj_monitor.model.ids import Action, Outcome
from storj_monitor.model.rollups import HOUR_S, ID_LENGTH, HotPiece, NodeDelta, SingleDownloads

CAPACITY = 512
KEPT = 64
# A node's clock may be ahead of ours.
AHEAD_S = 120
HOUR_MS = HOUR_S * 1000

HOT_OPS = frozenset(Action.GET << 2 | outcome for outcome in (Outcome.SUCCESS, Outcome.CANCELED, Outcome.FAILED))


class HotPieces:
    """Open hour of one node. Closed hours leave through `feed` and are written with the commit that closed them.

    begun_s -- hour in which the database ends (-1: none): the part before us is not counted until `resume`. When that hour ends
    earlier it is not written but owed (`owed_s`): whoever resumes takes it from the database.
    """

    def __init__(self, capacity: int = CAPACITY, begun_s: int = -1) -> None:
        self._capacity = capacity
        self._begun_s = begun_s
        self.owed_s = -1
        self.hour_s = 0
        self.open: dict[int, HotPiece] = {}
        self._floor = 0

    def resume(self, hour_s: int, counted: Mapping[int, HotPiece]) -> None:
        """Begin anew with the open hour as counted from the database, which does not know full ids: known ones are kept."""
        self._begun_s = -1
        known = self.open if hour_s == self.hour_s else {}
        self.hour_s, self.open = hour_s, dict(counted)
        for piece, hot in self.open.items():
            if piece in known:
                hot.piece_id, hot.satellite = known[piece].piece_id, known[piece].satellite
        # A piece that was not given was downloaded at most as often as the least of those that were.
        self._floor = min(hot.count for hot in counted.values()) if len(counted) >= self._capacity else 0

    def feed(self, delta: NodeDelta, now: float) -> None:
        """Take the counts out of a delta and put what is closed in their place. A line from the future closes no hour."""
        counted, delta.hot = delta.hot, {}
        singles, delta.singles = delta.singles, []
        latest_hour = int(now + AHEAD_S) // HOUR_S * HOUR_S
        newest_hour = delta.newest_ms // 1000 // HOUR_S * HOUR_S
        newest_hour = newest_hour if newest_hour <= latest_hour else self.hour_s
        for hour in sorted({hour for hour, _ in counted} | {one.start_s for one in singles} | {newest_hour}):
            if self.hour_s < hour <= latest_hour:
                self._close(delta)
                self.hour_s = hour
            pieces = {piece: hot for (start, piece), hot in counted.items() if start == hour}
            if hour == self.hour_s:
                self.count(pieces)
                for one in singles:
                    if one.start_s == hour:
                        self._count_singles(one)
            elif pieces:
                # Older than the open hour (an archive, a late line) or of a wrong clock: merged on disk.
                delta.hot.update({(hour, piece): hot for piece, hot in _largest(pieces).items()})

    def count(self, pieces: Mapping[int, HotPiece]) -> None:
        """Add counts to the open hour."""
        table = self.open
        for piece, hot in pieces.items():
            known = table.get(piece)
            if known is None:
                known = table[piece] = HotPiece(hot.piece_id, hot.satellite, self._floor, self._floor)
            known.piece_id = known.piece_id or hot.piece_id
            known.satellite = known.satellite or hot.satellite
            known.count += hot.count
            known.size_bytes += hot.size_bytes
        if len(table) > 2 * self._capacity:
            self._prune()

    def _count_singles(self, singles: SingleDownloads) -> None:
        """Many pieces once each: as many new ones as there are places for; the others may have been asked for once more than known."""
        pieces, table = singles.pieces, self.open
        known = {piece: singles.piece(i) for i, piece in enumerate(pieces) if piece in table}
        self.count(known)
        number = len(pieces) - len(known)
        if len(self.open) + number > 2 * self._capacity:
            self._prune()
        room = 2 * self._capacity - len(self.open)
        self._begin_counts(singles, islice((i for i, piece in enumerate(pieces) if piece not in known), room))
        if number > room:
            self._floor += 1

    def _begin_counts(self, singles: SingleDownloads, new: Iterable[int]) -> None:
        """Most are never seen again: their ids, half of what they would take, are kept from the second time on."""
        floor, table = self._floor, self.open
        for i in new:
            piece_id = singles.piece_id(i) if floor else ""
            table[singles.pieces[i]] = HotPiece(piece_id, singles.satellites[i], floor + 1, floor, singles.sizes[i])

    def _prune(self) -> None:
        # most counts are equal: sorting them is far quicker than nlargest, which says the same
        kept = sorted(self.open.items(), key=_count_of, reverse=True)[: self._capacity]
        if len(kept) < len(self.open):
            # The largest that is let go is at most as large as the smallest that is kept.
            self._floor = max(self._floor, kept[-1][1].count)
            self.open = dict(kept)

    def leave(self, node: str, newest_ms: int) -> NodeDelta | None:
        """What is to be written when nobody will close the open hour: only hours before the node's newest one."""
        if not self.open or self.hour_s >= newest_ms // 1000 // HOUR_S * HOUR_S:
            return None
        delta = NodeDelta(node)
        self._close(delta)
        return delta

    def top(self) -> dict[int, HotPiece]:
        """The most downloaded pieces of the open hour; counts move on, so the pieces are copies."""
        return {piece: HotPiece(h.piece_id, h.satellite, h.count, h.error, h.size_bytes) for piece, h in _largest(self.open).items()}

    def _close(self, delta: NodeDelta) -> None:
        if self.hour_s == self._begun_s:
            self.owed_s = self.hour_s
        else:
            delta.hot.update({(self.hour_s, piece): hot for piece, hot in _largest(self.open).items()})
        self.open, self._floor = {}, 0


def count_downloads(transfers: Sequence[Transfer], delta: NodeDelta) -> None:
    """Put the downloads among `transfers` into the delta. Most pieces come once: they go as columns, for objects cost far more."""
    by_hour: defaultdict[int, list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        if transfer[2] in HOT_OPS:
            by_hour[transfer[0] // HOUR_MS].append(transfer)
    for hour, downloads in by_hour.items():
        start_s = hour * HOUR_S
        again = {piece for piece, count in Counter([t[5] for t in downloads]).items() if count > 1}
        once = [t for t in downloads if t[5] not in again and len(t[6]) == ID_LENGTH]
        if once:
            _, satellites, _, sizes, _, pieces, ids, _, _ = zip(*once, strict=True)
            known = sizes if min(sizes) >= 0 else [max(size, 0) for size in sizes]
            delta.singles.append(SingleDownloads(start_s, array("Q", pieces), array("q", known), "".join(ids), list(satellites)))
        if len(once) < len(downloads):
            _count_each((t for t in downloads if t[5] in again or len(t[6]) != ID_LENGTH), start_s, delta)


def _count_each(downloads: Iterable[Transfer], start_s: int, delta: NodeDelta) -> None:
    for t in downloads:
        hot = delta.hot.get((start_s, t.piece))
        if hot is None:
            hot = delta.hot[start_s, t.piece] = HotPiece(t.piece_id, t.satellite)
        hot.count += 1
        hot.size_bytes += max(t.size_bytes, 0)


def _count_of(item: tuple[int, HotPiece]) -> int:
    return item[1].count


def _largest(pieces: dict[int, HotPiece]) -> dict[int, HotPiece]:
    """The pieces worth keeping; one that was asked for once is not hot."""
    return {piece: hot for piece, hot in nlargest(KEPT, pieces.items(), key=_count_of) if hot.count > 1}
