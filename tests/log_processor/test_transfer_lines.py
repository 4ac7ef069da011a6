"""Transfer lines in every spelling that nodes have used since v1.20."""

from __future__ import annotations

import pytest
from log_processor.log_lines import (
    ADDRESS,
    OTHER_PIECE,
    PIECE,
    SATELLITE,
    TIME_MS,
    chunk_of,
    new_fields,
    new_processor,
    one,
    only_transfer,
    zap,
)

from storj_monitor.model.events import LineKey, LineKind
from storj_monitor.model.ids import Action, Outcome, op_action, op_label, op_outcome, piece_hash

TITLES = (
    f'{{"Process": "storagenode", "Piece ID": "{PIECE}", "Satellite ID": "{SATELLITE}", "Action": "PUT", '
    f'"Remote Address": "{ADDRESS}", "Size": 2319360}}'
)
MIXED = TITLES.replace('"Process"', '"process"')
JSON_HEAD = '{"L":"INFO","T":"2026-08-20T07:01:10Z","N":"piecestore","M":"uploaded",'


def as_json(fields: str) -> bytes:
    return (JSON_HEAD + fields[1:].replace('": ', '":').replace(', "', ',"')).encode() + b"\n"


@pytest.mark.parametrize(
    "line",
    [
        zap("uploaded", new_fields()),
        zap("uploaded", TITLES),
        zap("uploaded", MIXED),
        zap("uploaded", TITLES.replace("Satellite ID", "SatelliteID")),
        zap("uploaded", new_fields().replace("satellite_id", "satellite")),
        zap("uploaded", new_fields().replace("satellite_id", "sat")),
        zap("uploaded", new_fields().replace('{"process": "storagenode", ', "{")),
        zap("uploaded", new_fields().replace('{"process"', '{"process": "storagenode", "process"')),
        zap("uploaded", new_fields(), time="2026-08-20T09:01:10+02:00"),
        zap("uploaded", new_fields(), time="2026-08-20T12:31:10+05:30"),
        zap("uploaded", new_fields(), time="2026-08-20T02:01:10-05:00"),
        zap("uploaded", new_fields(), time="2026-08-20T07:01:10.000Z"),
        zap("uploaded", new_fields(), time="2026-08-20T10:01:10.000+0300"),
        zap("piecestore/endpoint.go:367\tuploaded", new_fields()),
        zap("uploaded ", new_fields()),
        zap("uploaded", new_fields(), logger="piecestore:endpoint"),
        zap("uploaded", new_fields()).replace(b"\t", b"#011"),
        as_json(new_fields()),
        as_json(TITLES),
        as_json(new_fields().replace('{"process": "storagenode", ', "{")),
        b'{"severity":"INFO","timestamp":{"seconds":1787209270,"nanos":0},"message":"uploaded","size":2319360,'
        b'"logging.googleapis.com/labels":{"name":"piecestore","piece_id":"' + PIECE.encode() + b'","satellite_id":"' + SATELLITE.encode()
        + b'","action":"PUT","remote_address":"' + ADDRESS.encode() + b'"}}\n',
    ],
)  # fmt: skip
def test_all_spellings_say_the_same(line: bytes) -> None:
    batch = one(line)
    (transfer,) = batch.transfers
    assert transfer == (TIME_MS, SATELLITE, Action.PUT << 2 | Outcome.SUCCESS, 2319360, -1, piece_hash(PIECE), PIECE, "AQ", "")
    assert batch.lines == {LineKey(LineKind.UNDERSTOOD, "piecestore", "uploaded"): 1}
    assert batch.newest_ms == TIME_MS


def test_what_old_lines_lack_is_unknown() -> None:
    download = only_transfer(
        zap("downloaded", f'{{"Piece ID": "{PIECE}", "Satellite ID": "{SATELLITE}", "Action": "GET"}}', time="2021-06-01T00:00:12.004Z")
    )
    assert (download.size_bytes, download.country, download.time_ms % 1000) == (-1, "", 4)
    canceled = only_transfer(zap("upload canceled (race lost or node shutdown)", f'{{"process": "storagenode", "Piece ID": "{PIECE}"}}'))
    assert op_label(canceled.op) == "UNKNOWN up canceled"
    assert (canceled.satellite, canceled.size_bytes, canceled.reason) == ("", -1, "race lost or node shutdown")


def test_a_transfer_without_any_field_is_still_one() -> None:
    assert op_label(only_transfer(zap("downloaded", "")).op) == "UNKNOWN down success"
    assert op_label(only_transfer(zap("uploaded", "{}")).op) == "UNKNOWN up success"


@pytest.mark.parametrize("action", ["PUT", "DELETE", "INVALID", "get", "GET_GRACEFUL_EXIT_2"])
def test_an_action_that_does_not_fit_is_unknown_but_keeps_its_direction(action: str) -> None:
    assert op_label(only_transfer(zap("downloaded", new_fields(action=action))).op) == "UNKNOWN down success"


@pytest.mark.parametrize("action", [a for a in Action if a.label != "UNKNOWN"])
def test_all_actions(action: Action) -> None:
    transfer = only_transfer(zap("uploaded" if action.direction == "up" else "downloaded", new_fields(action=action.label)))
    assert op_action(transfer.op) is action
    assert op_outcome(transfer.op) is Outcome.SUCCESS


@pytest.mark.parametrize(("address", "country"), [("", ""), ("[2001:db8::17]:40122", "AQ"), ("172.17.0.1:1", "AQ")])
def test_addresses(address: str, country: str) -> None:
    assert only_transfer(zap("uploaded", new_fields(address=address))).country == country


@pytest.mark.parametrize("size", ["-1", '"12"', "1.5", "true", "null", "99999999999999999999999999", "[1]"])
def test_a_size_that_is_none_is_unknown(size: str) -> None:
    assert only_transfer(zap("uploaded", new_fields(more=f', "size": {size}'))).size_bytes == -1


def test_wrong_types_are_missing() -> None:
    fields = f'{{"piece_id": 7, "satellite_id": ["{SATELLITE}"], "action": null, "remote_address": {{}}, "size": 12}}'
    transfer = only_transfer(zap("uploaded", fields))
    assert (transfer.piece_id, transfer.satellite, op_label(transfer.op), transfer.size_bytes) == ("", "", "UNKNOWN up success", 12)


def test_the_last_of_repeated_keys_counts() -> None:
    assert only_transfer(zap("uploaded", new_fields(more=', "size": 1, "size": 2'))).size_bytes == 2


def test_bytes_that_are_not_utf8_do_not_lose_the_line() -> None:
    broken = zap("upload failed", new_fields(more=', "size": 1, "error": "caf\xe9"'), level="ERROR").replace("é".encode(), b"\xe9")
    assert only_transfer(broken).reason == "caf�"
    assert only_transfer(zap("uploaded", new_fields(more=', "size": 1, "x": "?"')).replace(b"?", b"\xff")).size_bytes == 1


def test_both_vocabularies_in_one_file() -> None:
    batch = one(*[zap("uploaded", fields) for fields in (new_fields(), TITLES, new_fields(OTHER_PIECE), MIXED) * 3])
    assert [t.size_bytes for t in batch.transfers] == [2319360] * 12
    assert {t.satellite for t in batch.transfers} == {SATELLITE}


def test_canceled_and_failed_have_a_folded_reason() -> None:
    canceled = only_transfer(
        zap("download canceled", new_fields(action="GET", more=', "size": 5, "reason": "downloaded size (9 bytes) does not match"'))
    )
    assert canceled.reason == "downloaded size (<n> bytes) does not match"
    assert op_label(canceled.op) == "GET down canceled"
    failed = one(zap("upload failed", new_fields(more=', "size": 5, "error": "read tcp 1.2.3.4:5->6.7.8.9:10: reset"'), level="DEBUG"))
    assert failed.transfers[0].reason == "read tcp <addr>-><addr>: reset"
    (error,) = failed.errors
    assert (error.level, error.logger, error.message, error.template) == (
        "DEBUG",
        "piecestore",
        "upload failed",
        failed.transfers[0].reason,
    )
    assert error.sample == "read tcp 1.2.3.4:5->6.7.8.9:10: reset"
    assert error.satellite == SATELLITE


def test_transfers_come_from_piecestore_only() -> None:
    for logger in ("retain", "piecestore:cache", "piecestorex", ""):
        batch = one(zap("uploaded", new_fields(), logger=logger))
        assert not batch.transfers
        assert {key.kind for key in batch.lines} == {LineKind.NOT_UNDERSTOOD}


def test_upload_internal_error_is_never_a_transfer() -> None:
    line = zap("upload internal error", '{"process": "storagenode", "error": "context deadline exceeded"}', level="ERROR")
    batch = one(line)
    assert not batch.transfers
    assert not batch.started
    assert [error.template for error in batch.errors] == ["context deadline exceeded"]
    assert {key.kind for key in batch.lines} == {LineKind.UNDERSTOOD}


def test_started_lines_are_counted_by_action() -> None:
    batch = one(
        zap("upload started", new_fields(more=', "available_space": 5'), level="DEBUG"),
        zap("upload started", new_fields(OTHER_PIECE, more=', "available_space": 5')),
        zap("download started", new_fields(action="GET_AUDIT"), level="DEBUG"),
        zap("download started", "{}", level="DEBUG"),
    )
    assert batch.started == {Action.PUT: 2, Action.GET_AUDIT: 1, Action.UNKNOWN_DOWN: 1}
    assert not batch.transfers


RACE_LOST = " canceled (race lost or node shutdown)"
ERROR = ', "size": 5, "error": "context canceled"'


@pytest.mark.parametrize(
    ("direction", "action", "twin"),
    [("download", "GET", "download canceled"), ("upload", "PUT", "upload canceled"), ("upload", "PUT", "upload failed")],
)
def test_race_lost_and_its_debug_twin_are_one_cancel(direction: str, action: str, twin: str) -> None:
    info = zap(direction + RACE_LOST, new_fields(action=action))
    debug = zap(twin, new_fields(action=action, more=ERROR), level="DEBUG")
    batch = one(info, debug)
    assert [op_outcome(t.op) for t in batch.transfers] == [Outcome.CANCELED]
    assert sum(batch.lines.values()) == 2
    assert {key.kind for key in batch.lines} == {LineKind.UNDERSTOOD}
    # a second such line has no INFO line to be the twin of
    assert len(one(info, debug, debug).transfers) == 2
    assert len(one(info, info, debug, debug).transfers) == 2


def test_a_twin_after_a_restart_is_known_by_the_lines_before() -> None:
    processor = new_processor()
    processor.prime(zap("download" + RACE_LOST, f'{{"Piece ID": "{PIECE}"}}'))
    batch = processor.process(chunk_of(zap("download canceled", new_fields(action="GET", more=ERROR), level="DEBUG"), 100))
    assert not batch.transfers


def test_a_cancel_at_info_is_no_twin() -> None:
    batch = one(
        zap("download" + RACE_LOST, new_fields(action="GET")),
        zap("download canceled", new_fields(action="GET", more=', "size": 5, "reason": "stream closed by peer"')),
    )
    assert len(batch.transfers) == 2


def test_a_broken_context_is_not_understood() -> None:
    batch = one(zap("uploaded", new_fields()[:-9]))
    assert batch.lines == {LineKey(LineKind.NOT_UNDERSTOOD, "piecestore", "broken context"): 1}
    assert list(batch.samples.values()) == [zap("uploaded", new_fields()[:-9]).decode().rstrip("\n")]
