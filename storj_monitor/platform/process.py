"""What this process asks of the operating system: memory that is given back, the limit of open files."""

from __future__ import annotations

import ctypes
import gc
import logging
import sys
from typing import NamedTuple

# ---- Memory: what the allocator and the collector are told, by a process that runs for months and by one that is in a hurry.


# From malloc.h of glibc.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_SMALL_BYTES = 128 << 10
_LARGE_BYTES = 1 << 30


def share_one_heap() -> bool:
    """One heap for all threads, which gives back what is free at its end: heaps of their own cost 2 MB more.

    To be called before there are threads; True when the allocator did as it was told. Other allocators than glibc's are left alone.
    """
    return _tell_allocator({_M_ARENA_MAX: 1, _M_TRIM_THRESHOLD: _SMALL_BYTES, _M_MMAP_THRESHOLD: _SMALL_BYTES})


def keep_the_heap() -> bool:
    """What was freed is kept for the next chunk of the same size: giving megabytes back and taking them again costs a tenth of the time."""
    return _tell_allocator({_M_TRIM_THRESHOLD: _LARGE_BYTES, _M_MMAP_THRESHOLD: _LARGE_BYTES})


def spare_the_collector() -> None:
    """What exists now stays: the cycle collector need not look at it again, nor run after every few hundred transfers."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def put_the_collector_off() -> None:
    """For work that is over soon and makes millions of small objects, but no cycles worth looking for."""
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)


def give_back() -> None:
    """To the system what is free, also between things in use: the allocator itself gives back only what is free at its end."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None  # musl has none
    if trim is not None:
        trim(0)


def collect_and_give_back() -> None:
    """Now and then: the collector is told to be lazy, and what it finds then is some milliseconds' work."""
    gc.collect()
    give_back()


def _tell_allocator(options: dict[int, int]) -> bool:
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is None:
        return False
    return {mallopt(option, value) for option, value in options.items()} == {1}


# ---- How many files may be open: each page is one, each log another. Raised as far as the system lets us; what is short is said.


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
