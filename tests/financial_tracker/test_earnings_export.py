"""CSV that every reader of RFC 4180 understands and no spreadsheet runs; links that lead to a transaction or nowhere."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from financial_tracker.recorded import at, payout_history, paystubs
from hypothesis import given
from hypothesis import strategies as st

from storj_monitor.financial_tracker.estimate import estimate_node, estimate_satellite
from storj_monitor.financial_tracker.export import converted, csv_text, currency, estimates_csv, paystubs_csv, read_receipt, safe_text, usd
from storj_monitor.financial_tracker.terms import resolve_prices
from storj_monitor.model.earnings import PayoutHistoryRow, SatelliteUsage, StubKey

HASH = "0x" + "ab" * 32
FOLDER = "v1.162-payout"


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n", "\uff1d1", "\u200b=1", "\x00=1"])
def test_formulas_are_shown_and_not_run(text: str) -> None:
    assert safe_text(text).startswith("'")


@pytest.mark.parametrize("text", ["", "us1", "a=b", "node-1", "2026-10", "Zürich", "zksync-era:0x12"])
def test_plain_text_stays(text: str) -> None:
    assert safe_text(text) == text


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_any_text_comes_back(rows: list[list[str]]) -> None:
    text = csv_text(["a", "b"], rows)
    assert text.endswith("\r\n")
    back = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert back == [["a", "b"], *[[safe_text(cell) for cell in row] for row in rows]]
    assert all(cell[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n") for row in back for cell in row if cell)


@given(st.integers(-(10**40), 10**40))
def test_dollars_are_exact(usd_micros: int) -> None:
    assert Fraction(usd(usd_micros)) * 1_000_000 == usd_micros
    assert converted(usd_micros, currency("USD", "1")) == usd(usd_micros)
    assert csv_text(["a"], [[usd(usd_micros)]]).split("\r\n")[1].count(".") == 1


def test_paystubs_in_two_currencies() -> None:
    rows = {StubKey("n1", row.satellite, row.period): row for row in paystubs(FOLDER)}
    payouts = {StubKey("n1", row.satellite, row.period): row for row in payout_history(FOLDER)}
    satellite = payout_history(FOLDER)[0].satellite
    first = StubKey("n1", satellite, "2026-10")
    payouts[first] = msgspec.structs.replace(payouts[first], receipt=f"zksync-era:{HASH}")
    text = paystubs_csv(rows, payouts, {"n1": "=cmd|' /C calc'!A0"}, {satellite: "us1"}, currency("EUR", "0.9"))
    table = read(text)
    assert len(table) == len(rows)
    assert [row["period"] for row in table] == sorted(row["period"] for row in table)
    assert {row["node"] for row in table} == {"'=cmd|' /C calc'!A0"}
    assert sum(Decimal(row["paid_usd"]) for row in table) * 1_000_000 == sum(row.paid_usd_micros for row in rows.values())
    last = next(row for row in table if row["period"] == "2026-10" and row["satellite"] == "us1")
    assert (last["paid_usd"], last["paid_eur"], last["held_usd"]) == ("10.396601", "9.356941", "3.465533")
    assert last["transaction_url"] == f"https://explorer.zksync.io/tx/{HASH}"
    assert last["storage_byte_months"] == "7494548550568"
    assert "paid_eur" not in paystubs_csv(rows, payouts, {}, {})


def test_estimates_as_csv() -> None:
    now = at("2026-11-11T00:00:00")
    node = estimate_node([estimate_satellite(SatelliteUsage(satellite="s"), resolve_prices("s", None), now)], now)
    table = read(estimates_csv({"node": node}, {}, currency("EUR", "1e-2")))
    assert [(row["figure"], row["prices_from"], row["payout_usd"], row["payout_eur"]) for row in table] == [
        ("so far", "published", "0.000000", "0.000000"),
        ("month end", "published", "0.000000", "0.000000"),
    ]


@pytest.mark.parametrize(
    ("code", "rate"),
    [("eur", "1"), ("EURO99", "1"), ("EUR", "0"), ("EUR", "-1"), ("EUR", "x"), ("EUR", "nan"), ("EUR", "1e99"), ("=A", "1")],
)
def test_wrong_currencies(code: str, rate: str) -> None:
    with pytest.raises(ValueError, match="currency|rate"):
        currency(code, rate)


@pytest.mark.parametrize(
    ("text", "network", "url"),
    [
        (f"eth:{HASH}", "Ethereum", f"https://etherscan.io/tx/{HASH}"),
        (f"zksync:{HASH}", "zkSync Lite", f"https://zkscan.io/explorer/transactions/{HASH}"),
        (f"zksync-era:{HASH}", "zkSync Era", f"https://explorer.zksync.io/tx/{HASH}"),
        (f"polygon:{HASH}", "Polygon", f"https://polygonscan.com/tx/{HASH}"),
        ("eth:0x12", "Ethereum", ""),
        (f"eth:{HASH}/../x", "Ethereum", ""),
        (f"eth:{HASH}\n", "Ethereum", f"https://etherscan.io/tx/{HASH}"),
        (f"javascript:{HASH}", "", ""),
        ("manual payment", "", ""),
    ],
)
def test_receipts(text: str, network: str, url: str) -> None:
    receipt = read_receipt(text)
    assert receipt is not None
    assert (receipt.network, receipt.url) == (network, url)


def test_no_receipt() -> None:
    assert read_receipt("") is None
    assert read_receipt(PayoutHistoryRow(satellite="s", period="2026-10").receipt) is None


def test_empty_cells() -> None:
    assert csv_text(["a", "b", "c"], [[None, "", Decimal("1.50")]]) == "a,b,c\r\n,,1.50\r\n"
