"""What kind of log it is: told from its newest lines, in words that say what to do."""

from __future__ import annotations

import pytest

from storj_monitor.log_processor import character_of
from storj_monitor.log_processor.processor import LineProcessor
from storj_monitor.model.log_character import LogForm, LogTrouble
from storj_monitor.model.sources import Chunk

ONE = "1pwYEciajqVK3ERQbMx21Gt7QsjEtba4Ye4MddsKRojmu8ozz7"
TWO = "1qzk4ELvq8Szub2w2SqBRTkJ7QJXYSZJcRdkxD7qno8eDFnPnk"
SATELLITE = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
PIECE = "YW3FXXZ5IEHQIIIF2FUX2ZUWWVPBNK75NLDFHTA7IBTQMMTFJZDA"


def line(level: str, logger: str, message: str, minute: int = 0, context: str = "") -> bytes:
    columns = [f"2026-11-30T{minute // 60:02}:{minute % 60:02}:13Z", level, *([logger] if logger else []), message]
    return "\t".join([*columns, f'{{"process": "storagenode"{context}}}']).encode() + b"\n"


def transfer(level: str, message: str, minute: int) -> bytes:
    about = (
        f', "piece_id": "{PIECE}", "satellite_id": "{SATELLITE}", "action": "GET", "offset": 0, "size": 1024, "remote_address": "1.2.3.4:5"'
    )
    error = ', "error": "broken pipe"' if message.endswith("failed") else ""
    return line(level, "piecestore", message, minute, about + error)


def started(node_id: str, minute: int) -> bytes:
    return line("INFO", "", f"Node {node_id} started", minute)


def troubles(data: bytes) -> list[LogTrouble]:
    return [warning.trouble for warning in character_of(data).warnings()]


def test_an_ordinary_log_has_nothing_to_remark() -> None:
    data = started(ONE, 0) + b"".join(transfer("INFO", "downloaded", minute) for minute in range(60))
    character = character_of(data)
    assert (character.form, character.level, character.transfer_level) == (LogForm.CONSOLE, "INFO", "INFO")
    assert (character.node_id, character.successes, character.understood, character.not_understood) == (ONE, 60, 61, 0)
    assert character.tells_transfers
    assert character.warnings() == []


def test_a_log_above_info_says_what_it_cannot_show() -> None:
    data = b"".join(transfer("ERROR", "download failed", 30 * i) for i in range(18))
    character = character_of(data)
    assert character.level == "ERROR"
    assert not character.tells_transfers
    [warning] = character.warnings()
    assert warning.trouble is LogTrouble.ABOVE_INFO
    assert "level ERROR" in warning.text
    assert "unknown" in warning.text


def test_one_error_is_no_level() -> None:
    assert troubles(transfer("ERROR", "download failed", 0)) == []


def test_a_level_that_is_changed_while_running_is_noticed() -> None:
    processor = LineProcessor("n", lambda _: "")
    at = 0

    def feed(data: bytes) -> None:
        nonlocal at
        processor.process(Chunk("n", data, at, at + len(data), 0.0, None, "p"))
        at += len(data)

    feed(b"".join(transfer("INFO", "downloaded", minute) for minute in range(3)))
    assert not processor.character.is_above_info
    for minute in range(10, 400, 20):
        feed(transfer("ERROR", "download failed", minute))
    assert processor.character.level == "ERROR"
    feed(transfer("INFO", "downloaded", 410))
    assert processor.character.level == "INFO"
    assert processor.character.tells_transfers


def test_hidden_transfers_of_a_log_at_info() -> None:
    data = started(ONE, 0) + b"".join(line("INFO", "trust", "Scheduling next refresh", minute) for minute in range(0, 60, 5))
    assert troubles(data) == [LogTrouble.NO_TRANSFERS]
    assert troubles(data + transfer("INFO", "downloaded", 59)) == []


def test_two_nodes_in_one_log() -> None:
    data = started(ONE, 0) + started(TWO, 1) + b"".join(transfer("INFO", "downloaded", minute) for minute in range(2, 9))
    [warning] = character_of(data).warnings()
    assert warning.trouble is LogTrouble.TWO_NODES
    assert ONE in warning.text
    assert TWO in warning.text
    assert troubles(started(ONE, 0) + started(ONE, 1)) == []


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (b"INFO\tpiecestore\tuploaded\t{}\n", "STORJ_LOG_NOTIME"),
        (b"06:42:10.123\tINFO\tuploaded\n", "log.encoding"),
    ],
)
def test_a_log_that_is_not_understood_says_what_to_do(text: bytes, advice: str) -> None:
    [warning] = character_of(text * 30).warnings()
    assert warning.trouble is LogTrouble.NOT_UNDERSTOOD
    assert warning.text.startswith("Nothing of this log is understood: 30 of its newest 30 lines are not.")
    assert advice in warning.text


def test_a_log_that_is_understood_again_is_readable() -> None:
    bad = b"06:42:10.123\tINFO\tuploaded\n"
    data = bad * 4000 + b"".join(transfer("INFO", "downloaded", minute) for minute in range(60)) * 100
    processor = LineProcessor("n", lambda _: "")
    for i in range(0, len(data), 50_000):
        cut = data[: i + 50_000].rfind(b"\n") + 1
        start = data[:i].rfind(b"\n") + 1
        processor.process(Chunk("n", data[start:cut], start, cut, 0.0, None, "p"))
    assert processor.character.is_readable is True
    assert processor.character.lines <= 6000


def test_nothing_is_said_of_nothing() -> None:
    character = character_of(b"")
    assert character.form is LogForm.NONE
    assert character.warnings() == []
    assert character.is_readable is None


def test_errors_of_a_node_at_info_do_not_make_its_log_one_above_info() -> None:
    """A node that nobody reaches any more writes thousands of errors, and some lines at INFO an hour: its silence is to be found."""
    data = b"".join(line("ERROR", "contact:service", "ping satellite failed ", minute) * 60 for minute in range(100))
    data += b"".join(line("INFO", "trust", "Scheduling next refresh", minute) for minute in range(50, 100, 25))
    character = character_of(data)
    assert character.successes == 0
    assert not character.is_above_info
