"""Country of a remote address, from the table that comes with `iptocc`; remembered in a bounded way."""

from __future__ import annotations

from iptocc import country_code

MAX_REMEMBERED = 8192


class CountryLookup:
    """Callable: `lookup("203.0.113.24")` gives two letters of ISO 3166, or "" when unknown, private or no address."""

    def __init__(self, max_remembered: int = MAX_REMEMBERED) -> None:
        self._max_remembered = max_remembered
        self._known: dict[str, str] = {}

    def __call__(self, host: str) -> str:
        known = self._known.get(host)
        if known is not None:
            return known
        # zone ids (fe80::1%eth0) and brackets are not part of the address proper
        bare = host.strip("[]").partition("%")[0]
        found = country_code(bare) if bare and bare.isascii() else None
        country = found if isinstance(found, str) else ""
        if len(self._known) >= self._max_remembered:
            self._known.clear()
        self._known[host] = country
        return country
