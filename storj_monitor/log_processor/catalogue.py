"""Which loggers and messages are known: by exact name through dictionaries; whole-message patterns only where a message carries values.

Sources: the log calls of storagenode and storagenode-updater from v1.20 on. A line that is here is understood; what it is turned
into is said in transfers and event_builders. Everything else is counted as not understood, with a sample.
"""

from __future__ import annotations

import re

from storj_monitor.log_processor.known_messages import KNOWN_MESSAGES, UPDATER_MESSAGES

UPDATER_PROCESS = "storagenode-updater"

_ALIASES = {
    # the experimental binary names loggers by Go type
    "piecestore:endpoint": "piecestore",
    "piecestore:hashstorebackend": "hashstore",
    "piecestore:migratingbackend": "hashstore",
    "hashstore:db": "hashstore",
    "hashstore:store": "hashstore",
    "monitor:service": "piecestore:monitor",
    "monitor:shareddisk": "",
    "monitor:dedicateddisk": "",
    "pieces:trashchore": "pieces:trash",
    "pieces:store": "pieces",
    "pieces:cacheservice": "piecestore:cache",
    "pieces:blobsusagecache": "blobscache",
    "pieces:filewalker": "filewalker",
    "pieces:pieceexpirationstore": "pieceexpiration",
    "pieces:combinedexpirationstore": "pieceexpiration",
    "collector:service": "collector",
    "collector:runner": "collector",
    "cleanup:safeloop": "cleanup",
    "consoleserver:server": "consoleserver",
    "retain:service": "retain",
    "retain:bloomfiltermanager": "retain",
    "retain:runner": "retain",
    "orders:service": "orders",
    "orders:filestore": "ordersfilestore",
    "bandwidth:service": "bandwidth",
    "nodestats:cacheservice": "nodestats:cache",
    "trust:pool": "trust",
    "checker:service": "version",
    "preflight:localtimechore": "preflight:localtime",
    "gracefulexit:blobscleanerchore": "gracefulexit:blobscleaner",
}

_LAZY_WALKERS = ("used-space-filewalker", "gc-filewalker", "trash-cleanup-filewalker")
# v1.79 left out the first part of the name
_FAMILIES = {"servers": "services"} | {
    f"{before}{walker}{part}": "lazyfilewalker"
    for walker in _LAZY_WALKERS
    for before in ("lazyfilewalker.", "")
    for part in ("", ".subprocess", ".trash-handler")
}
_PACKAGES = ("cleanup", "collector", "retain", "consoleserver", "orders", "trust", "bandwidth", "version", "filewalker", "reputation")
"""Where the modular binary names a logger by a Go type that nobody has listed, `package:type`, these packages have one logger."""

_FREE_TEXT_LOGGERS = frozenset({"db.migration.*", "db.filestatcache"})

_ID = r"[1-9A-HJ-NP-Za-km-z]{40,60}"
_NAMED = re.compile(rf"([\w:-]+)\.({_ID})(?:@\S*)?")
"""`orders.<satellite>` before v1.99; `gracefulexit:chore.<satellite>@<address>`: the address may have dots, colons and brackets."""
_MIGRATION_STEP = re.compile(r"db\.migration\.\d+")

_VALUED_MESSAGES: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("", re.compile(r"Node \S+ started"), "Node * started"),
    ("", re.compile(r"Public server started on .*"), "Public server started on *"),
    ("", re.compile(r"Private server started on .*"), "Private server started on *"),
    ("", re.compile(r"Got a signal from the OS: \".*\""), "Got a signal from the OS: *"),
    ("", re.compile(r"[Dd]ebug server listening on .*"), "debug server listening on *"),
    ("", re.compile(r"failed to sufficiently increase (?:receive|send) buffer size .*"), "failed to sufficiently increase buffer size"),
    ("blobscache", re.compile(r"\w+ < 0"), "* < 0"),
    ("db", re.compile(r"database \".*\": schema contains unexpected indices .*"), "schema contains unexpected indices"),
    ("version", re.compile(r"[Rr]unning on version .*"), "running on version *"),
)


def canonical_logger(logger: str) -> tuple[str, str]:
    """The logger's usual name, and the satellite that some old ones carry in it ("" for all others)."""
    if "." in logger:
        if match := _NAMED.fullmatch(logger):
            return _ALIASES.get(match[1], match[1]), match[2]
        if _MIGRATION_STEP.fullmatch(logger):
            return "db.migration.*", ""
    known = _ALIASES.get(logger)
    if known is not None:
        return known, ""
    package, colon, _ = logger.partition(":")
    return (package if colon and package in _PACKAGES and logger not in KNOWN_MESSAGES else logger), ""


def canonical_message(logger: str, message: str) -> str:
    """The message without the values in it; `logger` is canonical."""
    for valued_logger, pattern, canonical in _VALUED_MESSAGES:
        if valued_logger == logger and pattern.fullmatch(message):
            return canonical
    return message


def family(logger: str) -> str:
    """Loggers that say the same things: all parts of the lazy filewalkers are one family, so are services and servers."""
    return _FAMILIES.get(logger, logger)


def is_known(logger: str, message: str) -> bool:
    """Both canonical."""
    return logger in _FREE_TEXT_LOGGERS or message in KNOWN_MESSAGES.get(family(logger), ())


def is_free_text(logger: str) -> bool:
    """Steps of a database migration and the badger cache say what they like: any message is known, none is worth a key."""
    return logger in _FREE_TEXT_LOGGERS


def is_updater_line(process: str, service: str, message: str) -> bool:
    """Whether the updater wrote a line of the root logger; `message` is canonical, the others are fields of the line.

    Since v1.53 `process` says so. Before, a message of its own does, or the service that the line is about: the updater also logs
    bare reasons and errors, which no list can hold.
    """
    if process:
        return process == UPDATER_PROCESS
    return not is_known("", message) and (bool(service) or message in UPDATER_MESSAGES)
