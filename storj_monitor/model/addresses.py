"""Addresses to listen on."""

from __future__ import annotations

import ipaddress


def is_loopback(bind: str) -> bool:
    """Whether only this machine can reach the address: 127.0.0.0/8, ::1 and `localhost`. Any other asks for a password."""
    if bind == "localhost":
        return True
    try:
        return ipaddress.ip_address(bind).is_loopback
    except ValueError:
        return False
