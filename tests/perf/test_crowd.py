"""A small crowd: every client gets every frame, nobody is closed, and what is measured of it is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from bars import CROWD_DELAY, check_bars
from crowd import end_of_frame
from patience import stretched
from workload import Load, run_load

pytestmark = pytest.mark.alone


def test_frames_end_where_their_header_says() -> None:
    for size, head in ((5, b"\x81\x05"), (300, b"\x81\x7e\x01\x2c"), (70_000, b"\x81\x7f" + (70_000).to_bytes(8, "big"))):
        frame = bytearray(b"x" * 3 + head + bytes(size))
        assert end_of_frame(frame, 3) == len(frame)
        assert all(end_of_frame(frame[:length], 3) is None for length in (3, 4, len(frame) - 1))


def test_a_crowd_and_its_recorders_see_the_same_stream(tmp_path: Path) -> None:
    figures = run_load(Load("crowd", 200.0, 2, clients=2, seconds=3, warm_up_s=1, crowd=60), tmp_path)
    crowd = figures["crowd"]
    assert (crowd["clients"], crowd["closed_by_server"], crowd["close_codes"]) == (60, 0, [])
    least, most = crowd["frames_per_client_s"]["least"], crowd["frames_per_client_s"]["most"]
    assert most >= least > 2
    assert most - least < 1, "all of them get the same frames"
    assert crowd["sent_to_frame_ms"]["n"] > 60 * 3 * 2
    assert 0 <= crowd["sent_to_frame_ms"]["p50"] < stretched(CROWD_DELAY)
    assert figures["load"]["clients"] == 62
    assert figures["correct"]["transfers"] and figures["websocket"]["gaps"] == 0
    assert any(bar.what.startswith("clients of the crowd") for bar in check_bars({"crowd": figures}))
