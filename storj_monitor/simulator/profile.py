"""What kind of node is simulated: version, encoding, log level, satellites and the places its customers live in."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import NamedTuple

from storj_monitor.simulator.speech import VERSIONS


class Satellite(NamedTuple):
    """A real satellite and the share of a node's traffic that it brings."""

    name: str
    id: str
    share: float


SATELLITES = (
    Satellite("us1", "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S", 0.58),
    Satellite("eu1", "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs", 0.27),
    Satellite("ap1", "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6", 0.09),
    Satellite("saltlake", "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE", 0.06),
)

# Public ranges of large providers, so that the look-up of a country has something to find. Text only: nothing connects.
_PLACES = (
    ("88.198.", 8), ("46.4.", 6), ("65.21.", 5), ("52.20.", 9), ("34.68.", 8), ("45.32.", 5), ("136.0.", 3),
    ("51.158.", 6), ("145.131.", 4), ("139.162.", 3), ("81.2.", 4), ("83.20.", 3), ("24.48.", 3), ("133.130.", 3),
    ("1.128.", 2), ("177.54.", 2), ("49.36.", 2), ("85.5.", 2), ("83.250.", 2), ("188.26.", 2), ("93.45.", 2),
    ("80.58.", 2), ("31.223.", 1), ("103.6.", 1), ("41.13.", 1), ("190.16.", 1), ("175.45.", 1), ("121.98.", 1),
    ("84.208.", 1), ("77.75.", 1), ("2a01:4f8:c17:", 2), ("2001:41d0:1:", 2), ("2600:1f18:24:", 2),
)  # fmt: skip


def remote_address(rng: random.Random) -> str:
    """`host:port` of a customer somewhere in the world; a few speak IPv6."""
    (place,) = rng.choices([p for p, _ in _PLACES], [w for _, w in _PLACES])
    port = rng.randint(1024, 65535)
    if place.endswith(":"):
        return f"[{place}:{rng.randint(1, 0xFFFF):x}]:{port}"
    return f"{place}{rng.randint(0, 255)}.{rng.randint(1, 254)}:{port}"


@dataclass(frozen=True, slots=True)
class NodeProfile:
    """One simulated node.

    version           -- one of speech.VERSIONS: current keys, or `Piece ID` and `Process`
    encoding          -- "console" or "json"
    debug             -- start lines (so that durations can be paired) and the failures that only DEBUG shows
    hashstore         -- compactions are logged
    busy_chores       -- compactions and retains several times an hour instead of once a day (for a demo)
    rhythm            -- amplitude of the daily rhythm, 0 (none) .. 1
    trouble           -- share of transfers that go wrong at the end of a degradation, 0 (healthy) .. 1
    restart_every_s   -- a clean restart this often; 0 = never
    templates         -- different lines to choose from, per mood; more = more variety and memory (about 2 kB each)
    """

    name: str = "node1"
    version: str = VERSIONS[0]
    encoding: str = "console"
    debug: bool = True
    hashstore: bool = True
    busy_chores: bool = False
    rhythm: float = 0.35
    trouble: float = 0.0
    restart_every_s: int = 0
    templates: int = 2048
    storage_path: str = "/mnt/storj/node/storage"


def online_score(profile: NodeProfile) -> float:
    """A node in trouble has missed some audits."""
    return 0.9931 if profile.trouble else 1.0


def demo_profiles(count: int) -> list[NodeProfile]:
    """A small fleet that shows everything: both vocabularies, both encodings, INFO and DEBUG; the last of several degrades."""
    kinds = (
        NodeProfile("berlin", VERSIONS[0], debug=True),
        NodeProfile("attic", VERSIONS[1], debug=True),
        NodeProfile("garage", VERSIONS[0], encoding="json", debug=True),
        NodeProfile("cellar", VERSIONS[0], debug=False),
        NodeProfile("barn", VERSIONS[2], debug=True, hashstore=False),
    )
    fleet = []
    for i in range(count):
        kind = kinds[i % len(kinds)]
        name = kind.name if i < len(kinds) else f"{kind.name}{i // len(kinds) + 1}"
        fleet.append(
            NodeProfile(
                name,
                kind.version,
                kind.encoding,
                kind.debug,
                kind.hashstore,
                busy_chores=True,
                trouble=0.35 if i == count - 1 and count > 1 else 0.0,
                restart_every_s=5 * 3600 + 977 * i,
                templates=512,
            )  # fmt: skip
        )
    return fleet
