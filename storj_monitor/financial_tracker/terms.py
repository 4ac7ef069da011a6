"""What is paid for, and what it costs: prices of satellites, and the operator's own terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

import msgspec

from storj_monitor.financial_tracker.export import Currency
from storj_monitor.model.earnings import Pricing
from storj_monitor.model.estimates import MICROS_PER_CENT, MICROS_PER_USD, CostRates, Prices, PriceSource

# ---- Prices of one satellite: from settings where given, from the node, and the published rates as the marked last resort.


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


# ---- What the operator sets: own prices, what each node costs, another currency.


class GivenPrices(Protocol):
    """Dollars a TB; None where the satellites' own price counts."""

    @property
    def egress(self) -> float | None: ...
    @property
    def repair(self) -> float | None: ...
    @property
    def audit(self) -> float | None: ...
    @property
    def storage(self) -> float | None: ...
    @property
    def satellites(self) -> Mapping[str, Mapping[str, float | None]]: ...


class GivenCosts(Protocol):
    """Watts, the price of a kWh and what is paid a month, in the operator's currency; None where nothing is said."""

    @property
    def power_w(self) -> float | None: ...
    @property
    def power_price(self) -> float | None: ...
    @property
    def fixed(self) -> float | None: ...


class GivenMoney(GivenCosts, Protocol):
    """What counts for all nodes; `rate`: so much of the currency is a dollar."""

    @property
    def currency(self) -> str | None: ...
    @property
    def rate(self) -> float | None: ...


class GivenNode(GivenCosts, Protocol):
    """What one node costs."""

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingTerms:
    """`overrides` by satellite, "" for all; `costs` by node: one that is missing has no known cost, so no profit."""

    overrides: Mapping[str, PriceOverride] = field(default_factory=dict)
    costs: Mapping[str, CostRates] = field(default_factory=dict)
    currency: Currency | None = None


def price_overrides(prices: GivenPrices, money: GivenMoney, nodes: Iterable[GivenNode], names: Iterable[str]) -> PricingTerms:
    """`names` are all nodes that are watched; those among `nodes` may have costs of their own."""
    for_all = {"egress": prices.egress, "repair": prices.repair, "audit": prices.audit, "storage": prices.storage}
    own = {node.name: node for node in nodes}
    costs = {name: _costs(money, own.get(name)) for name in names}
    return PricingTerms(
        overrides={"": _override(for_all)} | {satellite: _override(given) for satellite, given in prices.satellites.items()},
        costs={name: one for name, one in costs.items() if one is not None},
        currency=None if money.currency is None or money.rate is None else Currency(money.currency, Decimal(repr(money.rate))),
    )


def _override(given: Mapping[str, float | None]) -> PriceOverride:
    def micros(name: str) -> int | None:
        price = given.get(name)
        return None if price is None else round(price * MICROS_PER_USD)

    return PriceOverride(
        egress_usd_micros_per_tb=micros("egress"),
        repair_usd_micros_per_tb=micros("repair"),
        audit_usd_micros_per_tb=micros("audit"),
        storage_usd_micros_per_tb_month=micros("storage"),
    )


def _costs(money: GivenMoney, node: GivenNode | None) -> CostRates | None:
    """None where nothing is said of what a node costs. A price of power alone says nothing of how much it draws."""

    def first(own: float | None, general: float | None) -> float | None:
        return general if own is None else own

    power_w = first(node.power_w if node else None, money.power_w)
    price = first(node.power_price if node else None, money.power_price)
    fixed = first(node.fixed if node else None, money.fixed)
    if power_w is None and fixed is None:
        return None
    micros = MICROS_PER_USD / (money.rate or 1.0)
    return CostRates(
        power_w=power_w or 0.0,
        power_usd_micros_per_kwh=round((price or 0.0) * micros),
        fixed_usd_micros_per_month=round((fixed or 0.0) * micros),
    )
