"""The satellites of the public network by the names that operators say, and what to call any other one."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from types import MappingProxyType

WELL_KNOWN = MappingProxyType(
    {
        "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S": "us1",
        "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs": "eu1",
        "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6": "ap1",
        "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE": "saltlake",
    }
)
"""Name by id."""

GONE = MappingProxyType(
    {
        "12rfG3sh9NCWiX3ivPjq2HtdLmbqCrvHVEzJubnzFzosMuawymB": "europe-north-1",
        "12tRQrMTWUWwzwGh18i7Fqs67kmdhH9t6aToeiwbo5mfS2rUmo": "us2",
        "118UWpMCHzs6CvSgWd9BfFVjw5K9pZbJjkfZJexMtSkmKxvvAW": "stefan-benten",
    }
)
"""Satellites that were shut down and of which old nodes still have paystubs: nothing but this list names them."""

NO_NAMES: Mapping[str, str] = MappingProxyType({})
_PUBLIC = (".storj.io", ".tardigrade.io")


def name_of_address(address: str) -> str:
    """`us2` of `us2.storj.io:7777`; of other addresses the host, of a bare number with its port. "" for no address."""
    host, _, port = address.rpartition(":")
    host = host or port
    if not host:
        return ""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host.partition(".")[0] if host.endswith(_PUBLIC) else host
    return address


def satellite_name(satellite: str, addressed: Mapping[str, str] = NO_NAMES) -> str:
    """`us1`, or the first characters of an id that has no name; "" for a line without a satellite. `addressed`: names by addresses."""
    known = WELL_KNOWN.get(satellite) or GONE.get(satellite) or addressed.get(satellite)
    return known or (satellite[:8] + "…" if len(satellite) > 9 else satellite)
