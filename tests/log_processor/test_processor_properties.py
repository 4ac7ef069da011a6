"""What must hold for any lines: nothing raises, every line is counted once, the fast and the full parser agree, chunks do not matter."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_processor.log_lines import chunk_of, chunks_of, new_processor, read_all, same_totals, somewhere

from storj_monitor.log_processor.batch_builder import BatchBuilder, Enricher, KnownKeys
from storj_monitor.log_processor.envelopes import unwrap_line
from storj_monitor.log_processor.full_parser import FullParser
from storj_monitor.log_processor.line_state import LineState
from storj_monitor.log_processor.transfers import TRANSFER_MESSAGES
from storj_monitor.model.events import EventBatch
from storj_monitor.model.ids import piece_hash, piece_hashes
from storj_monitor.model.node_events import AuditUnfinished

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
PIECES = ["HMPVZUYVY7FPTCI2BKAQ4PUOELD75MD5NF563XQKMV5ZJZS6J6WA", "SKPHX26EUU2RMNE76NJF2BDBPSK4GYZTEMOQIRSJLQCUHOBYKXBQ", "short", ""]
ADDRESSES = ["203.0.113.24:51322", "[2001:db8::17]:40122", "", "198.51.100.7:1"]
VOCABULARIES = [
    {
        "process": "process",
        "piece": "piece_id",
        "satellite": "satellite_id",
        "action": "action",
        "address": "remote_address",
        "size": "size",
    },
    {
        "process": "Process",
        "piece": "Piece ID",
        "satellite": "Satellite ID",
        "action": "Action",
        "address": "Remote Address",
        "size": "Size",
    },
    {
        "process": "process",
        "piece": "Piece ID",
        "satellite": "SatelliteID",
        "action": "Action",
        "address": "Remote Address",
        "size": "Size",
    },
]

times = st.builds(
    lambda minute, second, fraction, zone: f"2026-08-20T07:{minute:02}:{second:02}{fraction}{zone}",
    st.integers(0, 2), st.integers(0, 59), st.sampled_from(["", "", "", ".123", ".000"]), st.sampled_from(["Z", "Z", "+05:30", "-0300"]),
)  # fmt: skip
levels = st.sampled_from(["DEBUG", "INFO", "INFO", "WARN", "ERROR"])
odd_values = st.one_of(
    st.none(), st.integers(-5, 2**70), st.text(max_size=8), st.booleans(), st.floats(allow_nan=False), st.lists(st.integers())
)


@st.composite
def transfer_fields(draw: st.DrawFn) -> dict[str, object]:
    names = draw(st.sampled_from(VOCABULARIES))
    fields: dict[str, object] = {
        names["process"]: "storagenode",
        names["piece"]: draw(st.sampled_from(PIECES)),
        names["satellite"]: draw(st.sampled_from(["12Eay", "1wFTA", ""])),
        names["action"]: draw(st.sampled_from(["PUT", "PUT_REPAIR", "GET", "GET_AUDIT", "NONE"])),
        names["address"]: draw(st.sampled_from(ADDRESSES)),
        names["size"]: draw(st.integers(0, 3_000_000)),
    }
    if draw(st.booleans()):
        fields[draw(st.sampled_from(["error", "reason"]))] = draw(st.sampled_from(["context canceled", "size (7 bytes)", "read 1.2.3.4:5"]))
    for name in draw(st.lists(st.sampled_from(sorted(fields)), max_size=1)):
        if draw(st.booleans()):
            del fields[name]
        else:
            fields[name] = draw(odd_values)
    return fields


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A line of a node, sometimes damaged, sometimes something else altogether."""
    time, level = draw(times), draw(levels)
    logger = draw(st.sampled_from(["piecestore", "piecestore", "piecestore", "piecestore", "retain", "contact:endpoint", ""]))
    message = draw(
        st.sampled_from([*TRANSFER_MESSAGES, *TRANSFER_MESSAGES, "pinged", "Node x started", "file found in trash", "odd 5 message"])
    )
    fields = draw(transfer_fields())
    if draw(st.booleans()):
        line = "\t".join([time, level, *([logger] if logger else []), message, json.dumps(fields)])
    else:
        line = json.dumps({"L": level, "T": time, **({"N": logger} if logger else {}), "M": message, **fields}, separators=(",", ":"))
    raw = line.encode("utf-8", "replace")
    damage = draw(st.integers(0, 9))
    if damage == 0:
        raw = raw[: draw(st.integers(0, len(raw)))]
    elif damage == 1:
        at = draw(st.integers(0, len(raw)))
        raw = raw[:at] + draw(st.binary(max_size=3)).replace(b"\n", b"") + raw[at:]
    elif damage == 2:
        raw = draw(st.sampled_from([b"", b"panic: x", b"\tframe", b"Error: y", b"goroutine 1 [running]:"]))
    return raw + b"\n"


def by_exact_path(data: bytes) -> tuple[object, ...]:
    """The same lines, all of them by the full parser."""
    state, keys = LineState(), KnownKeys()
    batch = BatchBuilder(keys)
    exact = FullParser(state, batch)
    for line in data.split(b"\n")[:-1]:
        exact.read(*unwrap_line(line))
    batch.events += state.let_go(state.last_ms)  # audits that began long before the last line
    transfers = Enricher(somewhere)(batch.settled_rows())
    return transfers, batch.events, batch.errors, batch.ops, batch.lines, batch.newest_ms, batch.resolution_ms()


def shown(batch: EventBatch) -> tuple[object, ...]:
    return batch.transfers, batch.events, batch.errors, batch.ops, batch.other_lines, batch.newest_ms, batch.duration_resolution_ms


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(lines(), max_size=12))
def test_the_fast_path_and_the_exact_path_agree(some: Sequence[bytes]) -> None:
    data = b"".join(some)
    assert shown(new_processor().process(chunk_of(data))) == by_exact_path(data)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(lines(), max_size=12), st.integers(1, 2000), st.booleans())
def test_chunks_do_not_matter(some: Sequence[bytes], size: int, in_docker: bool) -> None:
    if in_docker:
        some = [docker_object(part) for line in some for part in parts_of(line.decode("utf-8", "replace"))]
    data = b"".join(some)
    whole, cut = read_all([chunk_of(data)]), read_all(chunks_of(data, size))
    for totals in (whole, cut):  # whether an audit is over is asked at the end of a chunk: times that jump to and fro may pass it by
        totals.events = [event for event in totals.events if not isinstance(event, AuditUnfinished)]
    same_totals(whole, cut)
    assert whole.lines.total() == data.count(b"\n")


def parts_of(text: str) -> list[str]:
    return [text[at : at + 150] for at in range(0, len(text), 150)]


def docker_object(text: str) -> bytes:
    return json.dumps({"log": text, "stream": "stdout", "time": "2026-08-20T07:01:10.5Z"}).encode() + b"\n"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes_are_counted_and_nothing_raises(some: Sequence[bytes]) -> None:
    data = b"".join([line + b"\n" for line in some])
    batch = new_processor().process(chunk_of(data))
    assert sum(batch.lines.values()) == data.count(b"\n")
    processor = new_processor()
    processor.prime(data)
    assert processor.process(chunk_of(data, identity=None, length=0)).checkpoint is None


prefixes = st.sampled_from(
    [
        b"",
        b"{",
        b'{"log":"',
        b'{"L":',
        b'{"log":"a',
        b"2026-08-20T07:01:10Z\tINFO\t",
        b"1787209321 ",
        b'2026-08-20T07:01:10Z\tINFO\tpiecestore\tuploaded\t{"size": ',
    ]
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(prefixes, st.one_of(st.binary(max_size=40), st.just(b"[" * 5000))), max_size=6))
def test_lines_that_begin_well_and_end_badly(some: Sequence[tuple[bytes, bytes]]) -> None:
    data = b"".join([begin + end.replace(b"\n", b"") + b"\n" for begin, end in some])
    processor = new_processor()
    batch = processor.process(chunk_of(data))
    assert batch.checkpoint is not None
    read = data[: batch.checkpoint.end]
    assert sum(batch.lines.values()) == read.count(b"\n")


@given(st.lists(st.one_of(st.text(BASE32, min_size=52, max_size=52), st.text(max_size=60), st.text("abc_ =A2", min_size=52, max_size=52))))
def test_many_hashes_at_once_are_the_same_hashes(piece_ids: list[str]) -> None:
    assert piece_hashes(piece_ids) == [piece_hash(piece_id) for piece_id in piece_ids]
