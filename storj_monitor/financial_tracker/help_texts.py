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
            "What the satellite pays, as the node knows it. `published`: nobody asked the satellite; `your settings`: you set it.",
            "From the node.",
            "Set your own under [prices] only if you know better; they are marked here.",
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
        "band": Help(
            "Where the month's end lies in nine of ten cases, by how much the last 30 days differed from each other.",
            "Wide at a month's beginning, a few percent later. It needs 7 whole days.",
            "Plan with its lower end.",
        ),
        "revenue": Help(
            "What a TB brought this month before held: stored for a month (720 hours), and sent.",
            "The satellite's prices; less per TB stored where the node is told of its storage late.",
            "Compare nodes: one that brings less per TB has more unpaid data.",
        ),
        "profit": Help(
            "Payout, with what is given back, less power (watts by hours) and the fixed cost of the same time.",
            "It is shown when costs are set.",
            "Set `power_w`, `power_price` and `fixed` under [money] or for a node: see docs/settings.md.",
        ),
        "score": Help(
            "How far our last estimate of a month was from its paystub. Where the monitor was not there at the month's end: what our "
            "formula makes of the node's own count.",
            "Within a few percent.",
            "Read the reasons beside it.",
        ),
    }
)
