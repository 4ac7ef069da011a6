"""Prices of one satellite: from settings where given, from the node, and the published rates as the marked last resort."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from storj_monitor.model.earnings import Pricing
from storj_monitor.model.estimates import MICROS_PER_CENT, MICROS_PER_USD, Prices, PriceSource

PUBLISHED_EGRESS_USD_MICROS_PER_TB = 2 * MICROS_PER_USD
PUBLISHED_REPAIR_USD_MICROS_PER_TB = 2 * MICROS_PER_USD
PUBLISHED_AUDIT_USD_MICROS_PER_TB = 2 * MICROS_PER_USD
PUBLISHED_STORAGE_USD_MICROS_PER_TB_MONTH = 1_500_000
"""Published since December 2023 for the public network."""

PUBLISHED_FOR = frozenset(
    {
        "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S",
        "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs",
        "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6",
        "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE",
    }
)
"""Satellites of the public network, which never pay nothing: a price of 0 there means that the node has not heard yet."""


class PriceOverride(msgspec.Struct, frozen=True, kw_only=True):
    """Prices from settings, for one satellite or for all; None leaves a price as it is."""

    egress_usd_micros_per_tb: int | None = None
    repair_usd_micros_per_tb: int | None = None
    audit_usd_micros_per_tb: int | None = None
    storage_usd_micros_per_tb_month: int | None = None


def override_for(satellite: str, overrides: Mapping[str, PriceOverride]) -> PriceOverride:
    """Overrides by satellite id, "" for all satellites: each price from the satellite's own where given, else from that for all."""
    every = msgspec.structs.asdict(overrides.get("", PriceOverride()))
    own = msgspec.structs.asdict(overrides.get(satellite, PriceOverride()))
    return PriceOverride(**{name: every[name] if value is None else value for name, value in own.items()})


def resolve_prices(satellite: str, node: Pricing | None, override: PriceOverride | None = None) -> Prices:
    """The prices to reckon with; `override` from `override_for`.

    All-zero prices are believed of a satellite that may pay nothing (a test network), but not of the public network.
    """
    silent = node is None or (satellite in PUBLISHED_FOR and _all_zero(node))
    prices = _published(satellite) if node is None or silent else _from_node(satellite, node)
    asked = {} if override is None else msgspec.structs.asdict(override)
    given = {name: value for name, value in asked.items() if value is not None}
    if not given:
        return prices
    source = PriceSource.SETTINGS if len(given) == len(asked) else prices.source
    return msgspec.structs.replace(prices, **given, source=source, overridden=tuple(sorted(given)))


def _all_zero(node: Pricing) -> bool:
    return not (node.egress_cents_per_tb or node.repair_cents_per_tb or node.audit_cents_per_tb or node.storage_cents_per_tb_month)


def _from_node(satellite: str, node: Pricing) -> Prices:
    return Prices(
        satellite=satellite,
        egress_usd_micros_per_tb=node.egress_cents_per_tb * MICROS_PER_CENT,
        repair_usd_micros_per_tb=node.repair_cents_per_tb * MICROS_PER_CENT,
        audit_usd_micros_per_tb=node.audit_cents_per_tb * MICROS_PER_CENT,
        storage_usd_micros_per_tb_month=node.storage_cents_per_tb_month * MICROS_PER_CENT,
        source=PriceSource.NODE,
    )


def _published(satellite: str) -> Prices:
    return Prices(
        satellite=satellite,
        egress_usd_micros_per_tb=PUBLISHED_EGRESS_USD_MICROS_PER_TB,
        repair_usd_micros_per_tb=PUBLISHED_REPAIR_USD_MICROS_PER_TB,
        audit_usd_micros_per_tb=PUBLISHED_AUDIT_USD_MICROS_PER_TB,
        storage_usd_micros_per_tb_month=PUBLISHED_STORAGE_USD_MICROS_PER_TB_MONTH,
        source=PriceSource.PUBLISHED,
    )


def price_notes(prices: Prices) -> tuple[str, ...]:
    """What a reader should know about these prices, as sentences."""
    notes = []
    if prices.source is PriceSource.PUBLISHED:
        notes.append("The node has no prices of this satellite: reckoned with the published rates.")
    elif prices.source is PriceSource.NODE and not any(
        (prices.egress_usd_micros_per_tb, prices.audit_usd_micros_per_tb, prices.storage_usd_micros_per_tb_month)
    ):
        notes.append("The node has heard no prices from this satellite yet, or it pays nothing: earnings are 0 until it does.")
    if prices.overridden:
        notes.append("Prices from your settings: " + ", ".join(name.partition("_")[0] for name in prices.overridden) + ".")
    if prices.repair_usd_micros_per_tb != prices.audit_usd_micros_per_tb:
        notes.append("The node reckons repair at the audit price; the satellite pays its repair price.")
    return tuple(notes)
