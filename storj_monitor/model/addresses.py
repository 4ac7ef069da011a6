"""Addresses: to listen on, and of those who come."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_IPV6_PLACE_BITS = 64


def is_loopback(bind: str) -> bool:
    """Whether only this machine can reach the address: 127.0.0.0/8, ::1 and `localhost`. Any other asks for a password."""
    if bind == "localhost":
        return True
    try:
        return ipaddress.ip_address(bind).is_loopback
    except ValueError:
        return False


def same_place(address: str) -> str:
    """What counts as one peer: an IPv4 address, or the /64 of an IPv6 one, since whoever has one of those has all of them."""
    found = _parse(address)
    if found is None or found.version == 4:
        return address if found is None else str(found)
    return str(ipaddress.ip_network((int(found), _IPV6_PLACE_BITS), strict=False))


def is_in(address: str, networks: Iterable[Network]) -> bool:
    found = _parse(address)
    return found is not None and any(found in network for network in networks)


def address_in(text: str) -> str | None:
    """The address in one hop of X-Forwarded-For: alone, in brackets, or with a port; None when it is none."""
    text = text.strip('" ')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    found = _parse(text)
    return None if found is None else str(found)


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """IPv4 within IPv6 (`::ffff:192.0.2.1`) is IPv4; the zone of a link-local address does not count."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found
