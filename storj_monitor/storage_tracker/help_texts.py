"""The words beside figures of space, by the name of the figure."""

from __future__ import annotations

from collections.abc import Mapping

from storj_monitor.model.figures import Help

HELP: Mapping[str, Help] = {
    "allocated": Help(
        "What you give to the node (`storage.allocated-disk-space`), at most the size of the disk.",
        "Some 10 % below the size of the disk.",
        "Lower it when the disk has less free than the allocation promises.",
    ),
    "used": Help(
        "Everything that the node keeps: pieces, trash, dead bytes of the hashstore and its tables.",
        "More than satellites pay for, by some percent to a quarter.",
        "Large and growing differences to the file system: let the used-space filewalker run through.",
    ),
    "pieces": Help(
        "Data that satellites may ask for. Where only the API is asked, hashstore tables are part of it.",
        "Most of what is used.",
        "Nothing.",
    ),
    "trash": Help(
        "Data that garbage collection took out; it stays for 7 days and is not paid.",
        "0 to 10 % of what is used, in waves with the bloom filters.",
        "Wait; never delete it by hand. When it does not shrink after 8 days look for failed trash runs in the log.",
    ),
    "reclaimable": Help(
        "Dead bytes in hashstore logs. A compaction gives them back.",
        "Up to a quarter of the logs.",
        "Grows without end: compactions fail or find too little free space; see the compactions card.",
    ),
    "overhead": Help(
        "Tables of the hashstore, told only by the node's /metrics.",
        "Far below 1 %.",
        "Nothing.",
    ),
    "reserved": Help(
        "Space that the node keeps free so that compactions can rewrite logs.",
        "Small; as large as the tables and the logs that are rewritten at a time.",
        "Nothing.",
    ),
    "free": Help(
        "What the node can still take: by the allocation, and by the disk.",
        "Above 5 GB: below it satellites send nothing.",
        "A full node still earns from what it has. Give it more or start another one.",
    ),
    "overused": Help(
        "How much more the node keeps than you allocated.",
        "0.",
        "It shrinks by itself as data is deleted. Raise the allocation if the disk has room.",
    ),
    "file_system_total": Help("Size of the file system that the node stores on.", "-", "-"),
    "file_system_free": Help(
        "What the file system still has for ordinary users.",
        "At least 10 % of the disk; file systems become slow when they are full.",
        "Remove what does not belong there, or lower the allocation.",
    ),
    "reported": Help(
        "What satellites counted on the newest complete day: byte-hours divided by hours. This is paid.",
        "A few percent below the pieces, 1 to 2 days late.",
        "Far below: garbage that bloom filters have not reached. They come about once a week per satellite.",
    ),
    "reported_month": Help(
        "The same as an average over this month: what the month's storage payment is made of.",
        "Near the daily figure on a node that is full.",
        "-",
    ),
    "unpaid": Help(
        "Used minus paid: trash, reclaimable, garbage not collected yet, and new data not counted yet.",
        "5 to 25 % of what is used.",
        "Above that for weeks: garbage collection does not get through; look at the chores card.",
    ),
    "growth": Help(
        "Bytes a day: the median slope of the window, which single jumps do not bend, with a 90 % band.",
        "New nodes grow, old ones move up and down with deletions.",
        "Choose a longer window when deletions make it jump.",
    ),
    "days_until": Help(
        "When the node reaches 80, 95 and 100 % of what it can hold, at the growth of the window.",
        "Months; not in ten years on a node that does not grow.",
        "Order a disk when the earliest day of the band is nearer than its delivery.",
    ),
}
