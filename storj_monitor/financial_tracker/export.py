"""CSV by RFC 4180, in dollars and, with a given rate, in another currency. No cell can be run as a formula by a spreadsheet.

Amounts are written from whole micro-dollars, never from floats: six decimals, exact. Text that begins like a formula gets an apostrophe.
Receipts are links to the transaction.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from storj_monitor.financial_tracker.held import earned_usd_micros
from storj_monitor.model.earnings import PayoutHistoryRow, Paystub, StubKey
from storj_monitor.model.estimates import MonthEstimate, NodeEarnings, NodeEstimate, Prices, PriceSource
from storj_monitor.units import plain_text

_FORMULA = re.compile(r"[\s\x00-\x20\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_CURRENCY = re.compile(r"[A-Z]{3,5}")

Cell = str | int | float | Decimal | None
NETWORKS = {
    "eth": ("Ethereum", "https://etherscan.io/tx/"),
    "zksync": ("zkSync Lite", "https://zkscan.io/explorer/transactions/"),
    "zkwithdraw": ("zkSync Lite, withdrawn to Ethereum", "https://zkscan.io/explorer/transactions/"),
    "zksync-era": ("zkSync Era", "https://explorer.zksync.io/tx/"),
    "polygon": ("Polygon", "https://polygonscan.com/tx/"),
}
"""By prefix of the receipt: name, and where transactions are shown."""

_HASH = re.compile(r"(?:sync-tx:)?((?:0x)?[0-9a-fA-F]{64})")


class Currency(NamedTuple):
    """Another currency: its code, and how much of it one dollar is worth."""

    code: str
    per_usd: Decimal


def currency(code: str, per_usd: str) -> Currency:
    """A checked currency. Raises ValueError for a code that is not 3 to 5 capital letters or a rate that is not a positive number."""
    if _CURRENCY.fullmatch(code) is None:
        raise ValueError(f"currency: {code!r} is not a code such as EUR")
    try:
        rate = Decimal(per_usd)
    except ArithmeticError:
        raise ValueError(f"rate: {per_usd!r} is not a number") from None
    if not rate.is_finite() or not Decimal("1e-9") <= rate <= Decimal("1e9"):
        raise ValueError(f"rate: {per_usd!r} is no rate")
    return Currency(code, rate)


def safe_text(text: str) -> str:
    """Text that a spreadsheet shows and does not run. NUL characters, which some programs end a file at, are dropped."""
    text = text.replace("\x00", "")
    plain = plain_text(text)
    return f"'{plain}" if _FORMULA.match(text) else plain


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A whole CSV file. Text cells are made safe; numbers are written as they are, None as an empty cell."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe_text(name) for name in header])
    for row in rows:
        writer.writerow([safe_text(cell) if isinstance(cell, str) else _number(cell) for cell in row])
    return out.getvalue()


def _number(cell: float | Decimal | None) -> str:
    if cell is None:
        return ""
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def usd(usd_micros: int) -> Decimal:
    """Dollars, exact."""
    return Decimal((int(usd_micros < 0), tuple(map(int, str(abs(usd_micros)))), -6))


def converted(usd_micros: int, to: Currency) -> Decimal:
    """Another currency, six decimals, half to even."""
    return usd(round(Fraction(usd_micros) * Fraction(to.per_usd)))


def _money_header(names: Sequence[str], to: Currency | None) -> list[str]:
    return [f"{name}_usd" for name in names] + ([] if to is None else [f"{name}_{to.code.lower()}" for name in names])


def _money_cells(amounts: Sequence[int], to: Currency | None) -> list[Decimal]:
    return [usd(amount) for amount in amounts] + ([] if to is None else [converted(amount, to) for amount in amounts])


_STUB_MONEY = ("storage", "egress", "repair", "audit", "earned", "held", "disposed", "paid", "distributed")


def paystubs_csv(
    stubs: Mapping[StubKey, Paystub],
    payouts: Mapping[StubKey, PayoutHistoryRow],
    node_names: Mapping[str, str],
    satellite_names: Mapping[str, str],
    to: Currency | None = None,
) -> str:
    """All paystubs, oldest first. Names stand beside ids; an id without a name has an empty cell."""
    header = ["period", "node", "node_id", "satellite", "satellite_id", "codes", "surge_percent"]
    header += ["storage_byte_months", "egress_bytes", "repair_bytes", "audit_bytes"]
    header += [*_money_header(_STUB_MONEY, to), "receipt", "transaction_url"]

    def row(key: StubKey, stub: Paystub) -> list[Cell]:
        payout = payouts.get(key)
        receipt = None if payout is None else read_receipt(payout.receipt)
        cells: list[Cell] = [stub.period, node_names.get(key.node_id, ""), key.node_id, satellite_names.get(stub.satellite, "")]
        cells += [stub.satellite, stub.codes, stub.surge_percent or 100, round(stub.usage_storage_byte_months)]
        cells += [stub.usage_get_bytes, stub.usage_get_repair_bytes, stub.usage_get_audit_bytes]
        cells += _money_cells(_stub_amounts(stub), to)
        cells += ["" if payout is None else payout.receipt, "" if receipt is None else receipt.url]
        return cells

    ordered = sorted(stubs, key=lambda key: (key.period, node_names.get(key.node_id, ""), key))
    return csv_text(header, (row(key, stubs[key]) for key in ordered))


def _stub_amounts(stub: Paystub) -> tuple[int, ...]:
    return (
        stub.storage_usd_micros,
        stub.get_usd_micros,
        stub.get_repair_usd_micros,
        stub.get_audit_usd_micros,
        earned_usd_micros(stub),
        stub.held_usd_micros,
        stub.disposed_usd_micros,
        stub.paid_usd_micros,
        stub.distributed_usd_micros,
    )


def price_origin(prices: Prices) -> str:
    """`node`, `published`, `settings`, or `node, settings: egress` where only some prices are the operator's."""
    if not prices.overridden or prices.source is PriceSource.SETTINGS:
        return prices.source.value
    return f"{prices.source.value}, settings: {' '.join(name.partition('_')[0] for name in prices.overridden)}"


_ESTIMATE_MONEY = ("storage", "egress", "repair", "audit", "gross", "held", "disposed", "payout")


def estimates_csv(nodes: Mapping[str, NodeEstimate], satellite_names: Mapping[str, str], to: Currency | None = None) -> str:
    """The present month of all nodes (by name): each satellite, so far and at the month's end."""
    header = ["period", "node", "satellite", "satellite_id", "figure", "prices_from", "held_percent"]
    header += ["storage_byte_months", "egress_bytes", "repair_bytes", "audit_bytes", *_money_header(_ESTIMATE_MONEY, to)]
    rows: list[list[Cell]] = []
    for name, node in nodes.items():
        for one in node.satellites:
            for figure, month in (("so far", one.now), ("month end", one.month_end)):
                if month is not None:
                    cells: list[Cell] = [month.period, name, satellite_names.get(one.satellite, ""), one.satellite, figure]
                    rows.append([*cells, price_origin(one.prices), *_estimate_cells(month, to)])
    return csv_text(header, rows)


def _estimate_cells(month: MonthEstimate, to: Currency | None) -> list[Cell]:
    usage = month.usage
    amounts = (
        month.storage_usd_micros,
        month.egress_usd_micros,
        month.repair_usd_micros,
        month.audit_usd_micros,
        month.gross_usd_micros,
        month.held_usd_micros,
        month.disposed_usd_micros,
        month.payout_usd_micros,
    )
    cells: list[Cell] = [month.held_percent, round(usage.storage_byte_months)]
    return [*cells, usage.egress_bytes, usage.repair_bytes, usage.audit_bytes, *_money_cells(amounts, to)]


_PROFIT_MONEY = ("revenue", "power", "fixed", "profit")


def profits_csv(nodes: Mapping[str, NodeEarnings], to: Currency | None = None) -> str:
    """What is left of the present month after costs, so far and at its end; nodes whose costs nobody set are left out."""
    rows: list[list[Cell]] = []
    for name, node in nodes.items():
        for figure, profit in (("so far", node.profit_now), ("month end", node.profit_month_end)):
            if profit is not None:
                amounts = (profit.revenue_usd_micros, profit.power_usd_micros, profit.fixed_usd_micros, profit.profit_usd_micros)
                rows.append([node.estimate.now.period, name, figure, *_money_cells(amounts, to)])
    return csv_text(["period", "node", "figure", *_money_header(_PROFIT_MONEY, to)], rows)


class Receipt(NamedTuple):
    """`network` is "" for a prefix that is not known; `url` is "" where no link can be trusted."""

    network: str
    transaction: str
    url: str


def read_receipt(text: str) -> Receipt | None:
    """`zksync-era:0x…` taken apart. None for no receipt."""
    text = text.strip()
    if not text:
        return None
    prefix, colon, transaction = text.partition(":")
    if not colon or prefix.lower() not in NETWORKS:
        return Receipt("", text, "")
    network, base = NETWORKS[prefix.lower()]
    match = _HASH.fullmatch(transaction)
    return Receipt(network, transaction, "" if match is None else base + match[1])
