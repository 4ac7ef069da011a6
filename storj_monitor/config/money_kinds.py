"""Kinds of values about money: amounts that may be missing, a currency, prices by satellite."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from storj_monitor.config.kinds import Number
from storj_monitor.model.ids import WELL_KNOWN

NONE: Final = "none"
PRICE_KEYS: Final = ("egress", "repair", "audit", "storage")
PRICE: Final = Number(0, 10_000)

_CODE = re.compile(r"[A-Z]{3,5}")
_SATELLITE_ID = re.compile(r"[1-9A-HJ-NP-Za-km-z]{40,60}")
_IDS = MappingProxyType({name: satellite for satellite, name in WELL_KNOWN.items()})
_EXAMPLE = '"us1: egress=2, storage=1.5; eu1: storage=1.4"'

SatellitePrices = Mapping[str, Mapping[str, float]]
"""Satellite id to price (one of PRICE_KEYS) to dollars per TB (storage: per TB and month)."""


class MistakesInParts(ValueError):
    """A value with parts, of which some are wrong; `parts` says each in words."""

    def __init__(self, parts: list[str]) -> None:
        super().__init__("; ".join(parts))
        self.parts = parts


@dataclass(frozen=True, slots=True)
class Optional:
    """A number from `low` to `high`, or None: not given."""

    low: float
    high: float

    @property
    def metavar(self) -> str:
        return "N|none"

    @property
    def allowed(self) -> str:
        return f"none, or {Number(self.low, self.high).allowed}"

    def parse(self, value: object) -> float | None:
        if _is_none(value):
            return None
        return Number(self.low, self.high).parse(value)

    def show(self, value: object) -> str:
        return NONE if value is None else f"{value:.12g}"


@dataclass(frozen=True, slots=True)
class CurrencyCode:
    """A currency beside the dollar, or None."""

    @property
    def metavar(self) -> str:
        return "CODE|none"

    @property
    def allowed(self) -> str:
        return "none, or a code of 3 to 5 capital letters such as EUR"

    def parse(self, value: object) -> str | None:
        if _is_none(value):
            return None
        if not isinstance(value, str) or _CODE.fullmatch(value.strip()) is None or value.strip() == "USD":
            raise ValueError(value)
        return value.strip()

    def show(self, value: object) -> str:
        return NONE if value is None else str(value)


@dataclass(frozen=True, slots=True)
class PricesBySatellite:
    """Prices of single satellites: text, or a table of tables in TOML."""

    @property
    def metavar(self) -> str:
        return "PRICES|none"

    @property
    def allowed(self) -> str:
        return f"none, or SATELLITE: PRICE=N, …; … such as {_EXAMPLE}, in TOML also tables [prices.satellites.us1]"

    def parse(self, value: object) -> SatellitePrices:
        if _is_none(value):
            return MappingProxyType({})
        told, mistakes = _tables_of(value), []
        found: dict[str, Mapping[str, float]] = {}
        for name, prices in told:
            satellite = _IDS.get(name, name)
            if _SATELLITE_ID.fullmatch(satellite) is None:
                mistakes.append(f"{name!r}: must be a satellite id or one of {', '.join(_IDS)}")
            elif satellite in found:
                mistakes.append(f"{name}: is given more than once")
            else:
                found[satellite] = MappingProxyType(_prices(name, prices, mistakes))
        if mistakes:
            raise MistakesInParts(mistakes)
        return MappingProxyType(found)

    def show(self, value: object) -> str:
        assert isinstance(value, Mapping)
        parts = (
            f"{WELL_KNOWN.get(satellite, satellite)}: {', '.join(f'{key}={prices[key]:.12g}' for key in PRICE_KEYS if key in prices)}"
            for satellite, prices in value.items()
        )
        return "; ".join(parts) or NONE


def _is_none(value: object) -> bool:
    return isinstance(value, str) and value.strip().lower() == NONE


def _tables_of(value: object) -> list[tuple[str, object]]:
    """(satellite, its prices as given). ValueError for what is neither text nor a table."""
    if isinstance(value, dict):
        return list(value.items())
    if not isinstance(value, str) or not value.strip():
        raise ValueError(value)
    tables: list[tuple[str, object]] = []
    for part in filter(None, map(str.strip, value.split(";"))):
        name, colon, prices = part.partition(":")
        pairs = [pair.partition("=") for pair in prices.split(",")]
        if not colon or not all(equals for _, equals, _ in pairs):
            raise ValueError(value)
        tables.append((name.strip(), {key.strip(): number.strip() for key, _, number in pairs}))
    return tables


def _prices(name: str, given: object, mistakes: list[str]) -> dict[str, float]:
    prices: dict[str, float] = {}
    if not isinstance(given, dict) or not given:
        mistakes.append(f"{name}: must have one or more of {', '.join(PRICE_KEYS)}")
        return prices
    for key, number in given.items():
        if key not in PRICE_KEYS:
            mistakes.append(f"{name}: {key} is not a price; known are: {', '.join(PRICE_KEYS)}")
            continue
        try:
            prices[key] = PRICE.parse(number)
        except ValueError:
            mistakes.append(f"{name}: {key} = {number}: must be {PRICE.allowed}")
    return prices
