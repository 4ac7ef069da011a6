"""What the operator sets: own prices, what each node costs, another currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from storj_monitor.financial_tracker.export import Currency
from storj_monitor.financial_tracker.prices import PriceOverride
from storj_monitor.model.estimates import CostRates


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTerms:
    """`overrides` by satellite, "" for all; `costs` by node: one that is missing has no known cost, so no profit."""

    overrides: Mapping[str, PriceOverride] = field(default_factory=dict)
    costs: Mapping[str, CostRates] = field(default_factory=dict)
    currency: Currency | None = None
