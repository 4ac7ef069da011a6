"""What all made-up nodes have in common: their satellites, figures with an origin, and the text of an attacker."""

from __future__ import annotations

from typing import Any

EVIL = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
SATELLITES = {
    "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S": "us1",
    "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs": "eu1",
    "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6": "ap1",
}
TB = 10**12
DAY_S = 86_400.0
Row = dict[str, Any]


class Figures:
    """Names of the nodes, the moment from which ages count, and whether there is little data or hostile text."""

    def __init__(self, nodes: list[str], began: float, hostile: bool, young: bool, trouble: bool = False) -> None:
        self.nodes, self.began, self.young, self.trouble = nodes, began, young, trouble
        self.evil = EVIL if hostile else ""

    def figure(self, value: Any, source: str = "api", age_s: float = 90.0) -> Row:
        return {"value": value, "source": source, "at": self.began - age_s}
