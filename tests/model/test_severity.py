"""What is severe, by the words of real lines, and that no noise hides it."""

from __future__ import annotations

import pytest

from storj_monitor.model.severity import OTHER, SeverityClass, classify, fold_class, severity_of

DATA, REPUTATION, START, MONEY, REACHABILITY, GARBAGE, TRAFFIC = SeverityClass

LINES = [
    (DATA, "ERROR", "bandwidth", "Could not persist bandwidth cache to db", "bandwidthdb: database disk image is malformed"),
    (DATA, "ERROR", "piecestore:monitor", "error verifying writability of storage directory", "open <path>: read-only file system"),
    (DATA, "WARN", "piecestore:monitor", "timed out while verifying readability of storage directory", ""),
    (DATA, "ERROR", "pieces:trash", "emptying trash failed", "lstat <path>: input/output error"),
    (DATA, "ERROR", "piecestore", "download failed (GET_AUDIT)", "file does not exist"),
    (DATA, "ERROR", "piecestore", "download failed (GET_REPAIR)", "file does not exist"),
    (DATA, "WARN", "piecestore", "file found in trash", "file found in trash"),
    (DATA, "FATAL", "", "the process ended", "Error: hashstore: logSlots calculation mismatch: size=<n> logs=<n>"),
    (DATA, "ERROR", "piecestore", "upload failed", "hashstore: hash table is full"),
    (DATA, "WARN", "hashstore", "unclean shutdown detected: reconciling logs", ""),
    (DATA, "INFO", "piecestore", "failed to set bloom filter", "retain: open <path>: no space left on device"),
    (DATA, "ERROR", "piecestore", "upload failed", "write <path>: There is not enough space on the disk."),
    (REPUTATION, "ERROR", "piecestore", "download failed (GET_AUDIT)", "context deadline exceeded"),
    (REPUTATION, "INFO", "reputation:service", "node scores worsened", ""),
    (REPUTATION, "ERROR", "contact:amnesty", "failed to send amnesty report", "rpc: dial"),
    (REPUTATION, "INFO", "contact:amnesty", "sending amnesty batch to satellite", ""),
    (REPUTATION, "ERROR", "preflight:localtime", "system clock is out of sync with satellite", "clock is <duration> behind"),
    (START, "FATAL", "", "Unrecoverable error", "bind: address already in use"),
    (START, "DEBUG", "", "Unrecoverable error", "bind: address already in use"),
    (START, "PANIC", "", "panic", "panic: runtime error: invalid memory address"),
    (START, "FATAL", "", "the process ended", "Error: Error starting master database on storagenode"),
    (START, "ERROR", "version", "version not allowed/outdated", "outdated software version (<version>), please update"),
    (START, "ERROR", "services", "unexpected shutdown of a runner", "piecestore monitor: disk space requirement not met"),
    (START, "ERROR", "piecestore:cache", "error persisting cache totals to the database:", "piece space used: database is locked"),
    (MONEY, "ERROR", "orders", "failed to settle orders for satellite", "rpc: dial tcp"),
    (MONEY, "WARN", "ordersfilestore", "Corrupted order detected in orders file", ""),
    (REACHABILITY, "ERROR", "contact:service", "ping satellite failed", "dial tcp: i/o timeout"),
    (REACHABILITY, "WARN", "contact:service", "Your node is still considered to be online but encountered an error.", "quic"),
    (GARBAGE, "INFO", "piecestore", "failed to set bloom filter", "retain: not a bloom filter"),
    (GARBAGE, "ERROR", "retain", "retain pieces failed", "filewalker: boom"),
    (GARBAGE, "WARN", "collector", "unable to delete piece", "pieces error: filestore error: file does not exist"),
    (GARBAGE, "INFO", "contact:service", "retries timed out for this cycle", ""),
    (GARBAGE, "WARN", "services", "service takes long to shutdown", ""),
    (TRAFFIC, "ERROR", "retain", "retain pieces failed", "retain: filewalker: context canceled"),
    (TRAFFIC, "ERROR", "contact:service", "ping satellite failed", "context canceled"),
    (TRAFFIC, "ERROR", "piecestore", "download failed", "file does not exist"),
    (TRAFFIC, "ERROR", "piecestore", "download failed (GET_REPAIR)", "write tcp: broken pipe"),
    (TRAFFIC, "ERROR", "piecestore", "upload failed", "manager closed: unexpected EOF"),
    (TRAFFIC, "INFO", "piecestore", "New bloomfilter is received", ""),
    (TRAFFIC, "INFO", "orders", "sending", ""),
    (TRAFFIC, "WARN", "collector", "ExpirationGracePeriod cannot not be less than 30 minutes. Using default", ""),
]


@pytest.mark.parametrize(("kind", "level", "logger", "message", "text"), LINES)
def test_real_lines(kind: SeverityClass, level: str, logger: str, message: str, text: str) -> None:
    assert classify(level, logger, message, text) is kind


def test_classes_are_ranked_and_only_the_first_three_are_severe() -> None:
    assert [kind for kind in SeverityClass if kind.is_severe] == [DATA, REPUTATION, START]
    assert sorted(SeverityClass, key=int) == list(SeverityClass)
    assert [severity_of(kind).value for kind in SeverityClass] == ["critical"] * 3 + ["warning"] * 3 + ["info"]


@pytest.mark.parametrize("kind", SeverityClass)
def test_what_is_folded_for_want_of_room_keeps_its_class(kind: SeverityClass) -> None:
    logger, message, template = fold_class(kind)
    assert message == OTHER
    assert classify("ERROR", logger, message, template) is kind
