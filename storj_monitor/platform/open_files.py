"""How many files may be open: each page is one, each log another. Raised as far as the system lets us; what is short is said."""

from __future__ import annotations

import logging
import sys
from typing import NamedTuple

if sys.platform == "win32":
    resource = None
else:
    import resource

_log = logging.getLogger(__name__)

WANTED = 2048
# Logs, the database and its readers, questions, nodes that are asked: these must find a file whatever number of pages there is.
KEPT_BACK = 128
# A log and the one it was rotated to, connections to the node's API and metrics.
FOR_EACH_NODE = 6
# Accepted, but not counted yet (see server.gate.BURST).
IN_FLIGHT = 128
# Connections beside those of the pages: what loads files, asks, logs in, or does nothing.
SPARE = 256


class Room(NamedTuple):
    """How many pages, and how many connections in all: pages, and those that wait, ask or are new."""

    pages: int
    connections: int


def allow_many_files(pages: int, nodes: int) -> Room:
    """Raise the limit of open files for so many pages and nodes. Returns what there is room for, at most `pages` pages."""
    if resource is None:
        return Room(pages, pages + SPARE)
    kept_back = KEPT_BACK + IN_FLIGHT + FOR_EACH_NODE * nodes
    wanted = max(WANTED, pages + SPARE + kept_back)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return Room(pages, pages + SPARE)
    reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft < reachable:
        resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))
        soft = reachable
    left = max(8, soft - kept_back)
    spare = min(SPARE, left // 4)
    room = min(pages, left - spare)
    if room < pages:
        _log.warning("the system allows %d open files (ulimit -Hn): at most %d pages can be connected instead of %d", soft, room, pages)
    return Room(room, room + spare)
