"""Names of satellites. The well-known ones have names that operators say; any other is shown by a short id."""

from __future__ import annotations

from types import MappingProxyType

WELL_KNOWN = MappingProxyType(
    {
        "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S": "us1",
        "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs": "eu1",
        "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6": "ap1",
        "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE": "saltlake",
    }
)


def satellite_name(satellite: str) -> str:
    """`us1`, or the first characters of an id that has no name; "" for a line without a satellite."""
    return WELL_KNOWN.get(satellite) or (satellite[:8] + "…" if len(satellite) > 9 else satellite)
