"""Words beside the figures about money: what each is, what is normal, what to do."""

from __future__ import annotations

from types import MappingProxyType

from storj_monitor.model.figures import Help

HELP = MappingProxyType(
    {
        "now": Help(
            "What this month has brought so far, before (gross) and after (payout) what is held back, by the node's own formulas.",
            "It grows every day; storage counts by the hour, traffic as it comes.",
            "Compare with the node's own figure beside it; the reasons of a difference are given in words.",
        ),
        "expected": Help(
            "The month at its end if it goes on as so far.",
            "Rough in the first days of a month, within some percent later.",
            "Nothing: it is a forecast, not a promise.",
        ),
        "held": Help(
            "Part of a new node's pay that the satellite keeps: 75 % in months 1 to 3, 50 % in 4 to 6, 25 % in 7 to 9.",
            "Nothing more is held from month 10 on; half comes back after month 15, the rest at a graceful exit.",
            "Do not let the node be disqualified: then the held amount is lost.",
        ),
        "balance": Help(
            "All paystubs together: earned, held, paid (approved), distributed (really transferred).",
            "Undistributed money waits until it is worth a transfer (a threshold of the payout network).",
            "If it stays high for months, look at the wallet and at the payout network that the node has opted in to.",
        ),
        "prices": Help(
            "What the satellite pays, as the node knows it. `published` means that nobody asked the satellite.",
            "From the node.",
            "Set your own prices only if you know better.",
        ),
        "comparison": Help(
            "Our estimate beside the node's own, category by category.",
            "They agree within a cent.",
            "Read the reasons: mostly the two were made at different moments.",
        ),
        "unpaid": Help(
            "Data on the disk that nobody pays for: trash, dead space of the hashstore, pieces that satellites do not count (any more).",
            "Some percent of what is used.",
            "If it stays above 10 %, see the storage card: a filewalker, garbage collection or compaction may not have finished.",
        ),
        "score": Help(
            "How far our last estimate of a month was from its paystub.",
            "Within a few percent.",
            "Read the reasons beside it.",
        ),
    }
)
