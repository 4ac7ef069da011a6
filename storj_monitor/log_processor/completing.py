"""Finished transfers get what their lines do not say themselves: the hash of the piece, and the country of the remote address.

Both cost far less for many rows at once than for a few, so batches carry rows, and those of some seconds are completed together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from storj_monitor.log_processor.places import CountryLookup
from storj_monitor.model.events import Row, Transfer
from storj_monitor.model.ids import piece_hashes
from storj_monitor.units import plain_text

MAX_REMEMBERED = 1024
# An id of a satellite has some 50 characters, that of a piece 52; what is longer is noise in a log.
MAX_SATELLITE, MAX_PIECE_ID = 100, 100
_new_transfer: Callable[[Sequence[object]], Transfer] = partial(tuple.__new__, Transfer)


class Completer:
    """Of one node's rows, in order."""

    def __init__(self, country_of: Callable[[str], str]) -> None:
        self._countries_of = _for_many(country_of)
        self._satellites = _Satellites()

    def __call__(self, rows: Sequence[Row]) -> list[Transfer]:
        if not rows:
            return []
        times, raw_satellites, ops, sizes, durations, piece_ids, addresses, reasons = zip(*rows, strict=True)
        satellites = self._satellites
        columns = zip(
            times,
            [satellites[satellite] for satellite in raw_satellites],
            ops,
            sizes,
            durations,
            piece_hashes(piece_ids),
            piece_ids if _are_plain(piece_ids) else [plain_text(piece_id, MAX_PIECE_ID) for piece_id in piece_ids],
            self._countries_of([address.rpartition(":")[0] for address in addresses]),
            reasons,
            strict=True,
        )
        return list(map(_new_transfer, columns))


def _are_plain(piece_ids: Sequence[str]) -> bool:
    """Letters and digits only, as all real ones: of bytes that is told far quicker than of text."""
    joined = "".join(piece_ids)
    return joined.isascii() and joined.encode().isalnum()


class _Satellites(dict[str, str]):
    """The same satellite is the same text object: batches stay small and look-ups quick; bounded."""

    def __missing__(self, satellite: str) -> str:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        found = self[satellite] = plain_text(satellite, MAX_SATELLITE)
        return found


def _for_many(country_of: Callable[[str], str]) -> Callable[[Sequence[str]], list[str]]:
    """The table answers many at once quicker; anything else is asked one by one."""
    if isinstance(country_of, CountryLookup):
        return country_of.many
    return lambda hosts: [country_of(host) for host in hosts]
