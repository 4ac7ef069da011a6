"""Settings about money as the tracker wants them: micro-dollars, own costs before those for all, unknown stays unknown."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from storj_monitor.config import load
from storj_monitor.financial_tracker.terms import PricingTerms, price_overrides
from storj_monitor.model.estimates import CostRates


def terms_of(folder: Path, text: str, *names: str) -> PricingTerms:
    path = folder / "monitor.toml"
    path.write_text(text, encoding="utf-8")
    settings = load(environ={}, config_path=str(path), platform="linux", home=folder).settings
    return price_overrides(settings.prices, settings.money, settings.nodes, names or [node.name for node in settings.nodes])


def test_nothing_set_is_nothing_known(tmp_path: Path) -> None:
    terms = terms_of(tmp_path, "", "demo")
    assert terms.costs == {}
    assert terms.currency is None
    assert list(terms.overrides) == [""]


def test_costs_in_another_currency(tmp_path: Path) -> None:
    text = '[money]\ncurrency = "EUR"\nrate = 0.8\npower_w = 5\npower_price = 0.32\nfixed = 2\n'
    text += '[[node]]\nname = "a"\napi = "http://a"\n[[node]]\nname = "b"\napi = "http://b"\npower_w = 9\npower_price = 0.4\nfixed = 0\n'
    terms = terms_of(tmp_path, text)
    assert terms.costs == {
        "a": CostRates(power_w=5, power_usd_micros_per_kwh=400_000, fixed_usd_micros_per_month=2_500_000),
        "b": CostRates(power_w=9, power_usd_micros_per_kwh=500_000, fixed_usd_micros_per_month=0),
    }
    assert terms.currency is not None
    assert (terms.currency.code, terms.currency.per_usd) == ("EUR", Decimal("0.8"))


def test_a_price_of_power_alone_is_no_cost(tmp_path: Path) -> None:
    text = '[money]\npower_price = 0.32\n[[node]]\nname = "a"\napi = "http://a"\npower_w = 4\n[[node]]\nname = "b"\napi = "http://b"\n'
    assert list(terms_of(tmp_path, text).costs) == ["a"]


def test_prices_of_all_and_of_one(tmp_path: Path) -> None:
    terms = terms_of(tmp_path, "[prices]\nstorage = 1.5\n[prices.satellites.us1]\negress = 0\n", "x")
    general, own = terms.overrides.values()
    assert (general.storage_usd_micros_per_tb_month, general.egress_usd_micros_per_tb) == (1_500_000, None)
    assert (own.storage_usd_micros_per_tb_month, own.egress_usd_micros_per_tb) == (None, 0)
