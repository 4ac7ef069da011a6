"""Prices, currency, costs and storage folders: the same from file, variable and flag, every mistake told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from storj_monitor.config import Loaded, load
from storj_monitor.config.document import setting_values
from storj_monitor.config.money_kinds import MistakesInParts, PricesBySatellite
from storj_monitor.errors import ConfigError
from storj_monitor.model.ids import WELL_KNOWN

US1, EU1 = (next(key for key, name in WELL_KNOWN.items() if name == wanted) for wanted in ("us1", "eu1"))
NODE = '[[node]]\nname = "n"\napi = "http://h:14002"\n'


def of_file(folder: Path, text: str) -> Loaded:
    path = folder / "monitor.toml"
    path.write_text(text, encoding="utf-8")
    return load(environ={}, config_path=str(path), platform="linux", home=Path("/home/op"))


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        of_file(folder, text)
    return [one.removeprefix(f"{folder / 'monitor.toml'}: ") for one in caught.value.mistakes]


def test_prices_of_single_satellites_in_three_spellings(tmp_path: Path) -> None:
    text = "us1: egress=2.5, storage=1; eu1: audit=0"
    expected = {US1: {"egress": 2.5, "storage": 1.0}, EU1: {"audit": 0.0}}
    toml = of_file(tmp_path, f"[prices.satellites.us1]\negress = 2.5\nstorage = 1\n[prices.satellites.{EU1}]\naudit = 0")
    for loaded in (
        toml,
        load(environ={"STORJ_MONITOR_PRICES_SATELLITES": text}, platform="linux", home=Path("/h")),
        load(environ={}, flags={"prices.satellites": text}, platform="linux", home=Path("/h")),
    ):
        assert loaded.settings.prices.satellites == expected
        assert dict(setting_values(loaded.settings))["prices.satellites"] == text
    assert toml.origins["prices.satellites"].endswith("monitor.toml")


@pytest.mark.parametrize("text", ["", "us1", "us1: egress", "us1 egress=2"])
def test_text_that_names_no_prices(text: str) -> None:
    with pytest.raises(ValueError):
        PricesBySatellite().parse(text)


def test_every_wrong_part_of_prices_is_named() -> None:
    with pytest.raises(MistakesInParts) as caught:
        PricesBySatellite().parse({"us9": {"egress": 1}, "us1": {"egres": 1, "audit": -1}, US1: {"egress": 1}, "eu1": 3})
    told = caught.value.parts
    assert ["us9" in told[0], "egres is not a price" in told[1], "audit = -1: must be" in told[2], "more than once" in told[3]] == [
        True
    ] * 4
    assert told[4].startswith("eu1: must have one or more of egress")


def test_costs_and_folder_of_a_node(tmp_path: Path) -> None:
    loaded = of_file(
        tmp_path,
        f'[money]\ncurrency = "EUR"\nrate = 0.92\npower_w = 5\npower_price = 0.3\n{NODE}storage = "data"\npower_w = 7.5\nfixed = 1\n',
    )
    (node,) = loaded.settings.nodes
    assert (node.storage, node.power_w, node.power_price, node.fixed) == (tmp_path / "data", 7.5, None, 1.0)
    assert str(node).endswith("power_w 7.5, fixed 1")
    money = loaded.settings.money
    assert (money.currency, money.rate, money.power_w, money.power_price, money.fixed) == ("EUR", 0.92, 5.0, 0.3, None)


def test_what_belongs_together(tmp_path: Path) -> None:
    told = mistakes(tmp_path, f'[money]\ncurrency = "EUR"\npower_w = 3\n{NODE}power_w = 4\n')
    assert told == [
        "money.currency = EUR: needs money.rate too",
        "money.power_w = 3: needs money.power_price too",
        "node n: power_w = 4: needs money.power_price too, or a power_price of its own",
    ]


def test_every_mistake_about_money_is_told_at_once(tmp_path: Path) -> None:
    told = mistakes(
        tmp_path,
        '[prices]\negress = -1\nrepair = nan\n[prices.satellites]\nus1 = 3\n[money]\ncurrency = "euro"\nrate = 0\nfixd = 1\n'
        f"{NODE}power_w = -3\n",
    )
    assert [one.split(":")[0].split(" =")[0] for one in told] == [
        "[prices] egress", "[prices] repair", "[prices] satellites", "[money] currency", "[money] rate", "[money] fixd is not a setting",
        "[[node]] number 1 (n)",
    ]  # fmt: skip
