"""Settings about money in the words of the tracker: whole micro-dollars, by satellite and by node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from storj_monitor.config import MoneySettings, NodeSettings, PriceSettings
from storj_monitor.financial_tracker.export import Currency
from storj_monitor.financial_tracker.prices import PriceOverride
from storj_monitor.financial_tracker.terms import OwnTerms
from storj_monitor.model.estimates import MICROS_PER_USD, CostRates


def own_terms(prices: PriceSettings, money: MoneySettings, nodes: Iterable[NodeSettings], names: Iterable[str]) -> OwnTerms:
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


def _costs(money: MoneySettings, node: NodeSettings | None) -> CostRates | None:
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
