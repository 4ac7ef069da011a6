"""How many files may be open: each page is one, each log another. Raised as far as the system lets us; what is short is said."""

from __future__ import annotations

import logging
import sys

if sys.platform == "win32":
    resource = None
else:
    import resource

_log = logging.getLogger(__name__)

WANTED = 2048
# Logs, the database and its readers, questions, nodes that are asked: these must find a file whatever number of pages there is.
KEPT_BACK = 128


def allow_many_files(pages: int, logs: int) -> int:
    """Raise the limit of open files for so many pages and logs. Returns how many pages there may be, at most `pages`."""
    if resource is None:
        return pages
    wanted = max(WANTED, pages + logs + KEPT_BACK)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return pages
    reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft < reachable:
        resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))
        soft = reachable
    room = max(1, min(pages, soft - logs - KEPT_BACK))
    if room < pages:
        _log.warning("the system allows %d open files (ulimit -Hn): at most %d pages can be connected instead of %d", soft, room, pages)
    return room
