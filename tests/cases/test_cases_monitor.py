"""What a running monitor says of each case: compactions, errors, downtimes, states, money."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_rig import Case

US1 = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S"
SALTLAKE = "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE"


@pytest.mark.parametrize("name", ["node.log", "docker-json.log", "k8s-cri.log"])
def test_22_compactions_end_in_three_ways(name: str, tmp_path: Path) -> None:
    with Case(tmp_path, "22-hashstore-v1122", "2026-11-30T07:40:00Z", name) as case:
        answer = case.wait("compactions", lambda answer: len(answer["rows"]) == 3)
        rows = {(row["name"], row["store"]): row for row in answer["rows"]}
        done, failed, broken = rows["eu1", "s0"], rows["saltlake", "s1"], rows["us1", "s1"]
        assert (done["state"], done["duration_s"]) == ("done", pytest.approx(197, abs=1))
        assert (done["reclaimed"], done["trashed"], done["expired"]) == ("2.0 GiB", "391.0 MiB", "3.3 GiB")
        assert failed["state"] == "failed" and "no space left on device" in failed["error"]
        assert broken["state"] == "broken_off" and "restart" in broken["error"]
