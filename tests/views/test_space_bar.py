"""The bar of a node's space: what is neither used nor free is called by what it is."""

from __future__ import annotations

from plain import plain

from storj_monitor.views.storage import bar

TB = 10**12
NODE = {"allocated": 10 * TB, "used": 6 * TB, "pieces": 6 * TB, "free": 3 * TB}


def parts(**more: int) -> dict[str, object]:
    return {str(row["part"]): row["bytes"] for row in plain(bar(NODE | more))}


def test_what_the_hashstore_reserves_is_reserved() -> None:
    assert parts(reserved=TB) == {"pieces": 6 * TB, "free": 3 * TB, "reserved": TB}


def test_only_the_file_system_can_say_that_the_disk_has_less() -> None:
    assert parts() == {"pieces": 6 * TB, "free": 3 * TB, "unavailable": TB}
    assert parts(file_system_free=5 * TB) == {"pieces": 6 * TB, "free": 3 * TB, "unavailable": TB}
    assert parts(file_system_free=3 * TB) == {"pieces": 6 * TB, "free": 3 * TB, "missing": TB}
    assert parts(reserved=TB // 2, file_system_free=3 * TB) == {"pieces": 6 * TB, "free": 3 * TB, "reserved": TB // 2, "missing": TB // 2}
