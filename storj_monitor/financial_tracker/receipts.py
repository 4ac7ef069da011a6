"""Receipts of transfers: which network, and a link to look at the transaction. A link is only made of what looks like a hash."""

from __future__ import annotations

import re
from typing import NamedTuple

NETWORKS = {
    "eth": ("Ethereum", "https://etherscan.io/tx/"),
    "zksync": ("zkSync Lite", "https://zkscan.io/explorer/transactions/"),
    "zkwithdraw": ("zkSync Lite, withdrawn to Ethereum", "https://zkscan.io/explorer/transactions/"),
    "zksync-era": ("zkSync Era", "https://explorer.zksync.io/tx/"),
    "polygon": ("Polygon", "https://polygonscan.com/tx/"),
}
"""By prefix of the receipt: name, and where transactions are shown."""

_HASH = re.compile(r"(?:sync-tx:)?((?:0x)?[0-9a-fA-F]{64})")


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
