"""Names of satellites. The well-known ones have names that operators say; any other is shown by a short id."""

from __future__ import annotations

from storj_monitor.model.satellites import WELL_KNOWN


def satellite_name(satellite: str) -> str:
    """`us1`, or the first characters of an id that has no name; "" for a line without a satellite."""
    return WELL_KNOWN.get(satellite) or (satellite[:8] + "…" if len(satellite) > 9 else satellite)
