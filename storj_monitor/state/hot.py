"""Hot pieces: the pieces downloaded most, hour by hour, in bounded memory and with a bound on the error.

Space-Saving (Metwally, Agrawal, El Abbadi 2005), fed with whole commits: when more pieces are counted than there are places, the
smallest are let go; a piece that comes later may have been let go before, so its count starts at the largest count let go, and that
is also its error. The true count lies in [count - error, count].
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from heapq import nlargest

from storj_monitor.model.rollups import HOUR_S, HotPiece, NodeDelta, SingleDownloads

CAPACITY = 512
KEPT = 64
# A node's clock may be ahead of ours.
AHEAD_S = 120
_ID_LENGTH = 52


class HotPieces:
    """Open hour of one node. Closed hours leave through `feed` and are written with the commit that closed them."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self.hour_s = 0
        self.open: dict[int, HotPiece] = {}
        self._floor = 0

    def resume(self, hour_s: int, counted: Mapping[int, HotPiece]) -> None:
        """Begin anew with the open hour as counted from the database, which does not know full ids: known ones are kept."""
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
        for singles in delta.singles:
            _unpack(singles, counted)
        delta.singles = []
        latest_hour = int(now + AHEAD_S) // HOUR_S * HOUR_S
        newest_hour = delta.newest_ms // 1000 // HOUR_S * HOUR_S
        newest_hour = newest_hour if newest_hour <= latest_hour else self.hour_s
        for hour in sorted({hour for hour, _ in counted} | {newest_hour}):
            if self.hour_s < hour <= latest_hour:
                self._close(delta)
                self.hour_s = hour
            pieces = {piece: hot for (start, piece), hot in counted.items() if start == hour}
            if hour == self.hour_s:
                self.count(pieces)
            elif pieces:
                # Older than the open hour (an archive, a late line) or of a wrong clock: merged on disk.
                delta.hot.update({(hour, piece): hot for piece, hot in _largest(pieces).items()})

    def count(self, pieces: dict[int, HotPiece]) -> None:
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
            kept = nlargest(self._capacity, table.items(), key=_count_of)
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
        delta.hot.update({(self.hour_s, piece): hot for piece, hot in _largest(self.open).items()})
        self.open, self._floor = {}, 0


def pack_singles(delta: NodeDelta) -> None:
    """Put pieces that were downloaded once into columns: there are thousands, and objects cost much on the way between processes."""
    once = [(hour, piece, hot) for (hour, piece), hot in delta.hot.items() if hot.count == 1 and len(hot.piece_id) == _ID_LENGTH]
    for hour in {hour for hour, _, _ in once}:
        of_hour = [(piece, hot) for start, piece, hot in once if start == hour]
        pieces, sizes = array("Q", [piece for piece, _ in of_hour]), array("q", [hot.size_bytes for _, hot in of_hour])
        delta.singles.append(SingleDownloads(hour, pieces.tobytes(), sizes.tobytes(), "".join([hot.piece_id for _, hot in of_hour])))
        for piece, _ in of_hour:
            del delta.hot[hour, piece]


def _unpack(singles: SingleDownloads, into: dict[tuple[int, int], HotPiece]) -> None:
    pieces, sizes = array("Q", singles.pieces), array("q", singles.sizes)
    for i, (piece, size) in enumerate(zip(pieces, sizes, strict=True)):
        into[singles.start_s, piece] = HotPiece(singles.ids[i * _ID_LENGTH : (i + 1) * _ID_LENGTH], "", 1, 0, size)


def _count_of(item: tuple[int, HotPiece]) -> int:
    return item[1].count


def _largest(pieces: dict[int, HotPiece]) -> dict[int, HotPiece]:
    """The pieces worth keeping; one that was asked for once is not hot."""
    return {piece: hot for piece, hot in nlargest(KEPT, pieces.items(), key=_count_of) if hot.count > 1}
