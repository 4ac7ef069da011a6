"""What the operator sets: own prices, what each node costs, another currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from storj_monitor.financial_tracker.export import Currency
from storj_monitor.financial_tracker.prices import PriceOverride
from storj_monitor.model.estimates import MICROS_PER_USD, CostRates


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
class OwnTerms:
    """`overrides` by satellite, "" for all; `costs` by node: one that is missing has no known cost, so no profit."""

    overrides: Mapping[str, PriceOverride] = field(default_factory=dict)
    costs: Mapping[str, CostRates] = field(default_factory=dict)
    currency: Currency | None = None


def own_terms(prices: GivenPrices, money: GivenMoney, nodes: Iterable[GivenNode], names: Iterable[str]) -> OwnTerms:
    """`names` are all nodes that are watched; those among `nodes` may have costs of their own."""
    for_all = {"egress": prices.egress, "repair": prices.repair, "audit": prices.audit, "storage": prices.storage}
    own = {node.name: node for node in nodes}
    costs = {name: _costs(money, own.get(name)) for name in names}
    return OwnTerms(
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
