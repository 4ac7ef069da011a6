"""Packed events come back as they went in, whatever they hold."""

from hypothesis import given
from hypothesis import strategies as st

from storj_monitor.model.blocks import MAX_EVENTS, decode_block, encode_block, pack_events
from storj_monitor.model.events import Transfer
from storj_monitor.model.ids import op_code

transfers = st.lists(
    st.builds(
        Transfer,
        time_ms=st.integers(0, 4_000_000_000_000),
        satellite=st.sampled_from(["", "s1", "s2"]),
        op=st.integers(0, 35),
        size_bytes=st.integers(-1, 3_000_000_000),
        duration_ms=st.integers(-1, 100_000_000),
        piece=st.integers(0, 2**64 - 1),
        piece_id=st.just(""),
        country=st.just(""),
        reason=st.sampled_from(["", "reset", "timeout"]),
    ),
    min_size=1,
    max_size=30,
)


@given(transfers)
def test_round_trip(events: list[Transfer]) -> None:
    ids = {"": 1, "s1": 2, "s2": 3}
    reasons = {"reset": 7, "timeout": 8}
    back = []
    for packed in pack_events(events):
        data = encode_block(packed, [ids[s] for s in packed.satellites], [reasons[r] for _, r in packed.reasoned])
        back += decode_block(data)
    assert [(t.time_ms, t.satellite_id, t.op, t.size_bytes, t.duration_ms, t.piece, t.reason_id) for t in back] == [
        (t.time_ms, ids[t.satellite], t.op, min(t.size_bytes, 2**31 - 1), t.duration_ms, t.piece, reasons.get(t.reason, 0)) for t in events
    ]


def test_large_batches_are_cut_and_stay_small() -> None:
    events = [Transfer(1_700_000_000_000 + i, "s", op_code(2, 1), 2319360, 1000, i, "", "", "") for i in range(MAX_EVENTS + 10)]
    blocks = pack_events(events)
    assert [block.events for block in blocks] == [MAX_EVENTS, 10]
    assert len(encode_block(blocks[0], [1], [])) / MAX_EVENTS < 23


def test_more_satellites_than_a_block_holds() -> None:
    events = [Transfer(1_700_000_000_000, f"s{i}", 9, 1, -1, i, "", "", "") for i in range(600)]
    assert sum(block.events for block in pack_events(events)) == 600
    assert all(len(block.satellites) <= 255 for block in pack_events(events))
