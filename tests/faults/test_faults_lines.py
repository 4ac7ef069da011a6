"""What is no line of a node, and logs that cannot be read: counted or said, and the neighbours stay whole."""

from __future__ import annotations

import ctypes
import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path

from app_rig import line
from faults.fault_fleet import Fleet
from faults.fault_page import Page
from faults.fault_processes import Monitor, difference, figures, logged, stored, until

MIB = 1 << 20
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2

NODE_ID = "12hgUvKZvvSEgE2YvM8uHADvyRmB7eLAeyg1mLHzQXUN63bB82r"


def noise() -> dict[str, bytes]:
    """About a megabyte of each kind; every one ends with a newline, as the next line of the node needs it."""
    rng = random.Random(7)
    return {
        "binary": b"".join(b"\x01" + rng.randbytes(2000).replace(b"\n", b"\x00").replace(b"\r", b"\x00") + b"\n" for _ in range(500)),
        "giant": b"x" * MIB + b"\n",
        "too long": b"y" * (3 * MIB) + b"\n",
        "nul": b"\0" * MIB + b"\n",
        "brackets": b"{" * (MIB // 2) + b"[" * (MIB // 2) + b"\n",
        "tabs": b"\t" * MIB + b"\n",
        "half lines": b"2026-11-01T00:00:00Z\tINFO\tpiecestore\tuploaded\t{\n" * 2000,
        "markup": b"<script>alert(1)</script>\n" * 1000,
        "escapes": b"\x1b[2J\xff\xfe\xc0\x80\xed\xa0\x80\n" * 1000,
    }


def test_a_megabyte_of_noise_between_lines(tmp_path: Path) -> None:
    with Fleet(tmp_path / "logs", nodes=2, rate=2000) as fleet, Monitor(tmp_path, fleet.logs) as monitor:
        with Page(monitor.port, "live", "lines", "nodes") as page:
            fleet.start()
            foreign = 0
            for data in noise().values():
                fleet.wait_for_lines(300)
                fleet.inject("node1", data)
                foreign += data.count(b"\n")
            fleet.wait_for_lines(300)
            fleet.finish()
            monitor.wait_for_lines(fleet.lines("node1") + foreign, "node1")
            until(lambda: page.row("lines", "node1")["lines"] == fleet.lines("node1") + foreign, 10, "all lines on the page")
            counts = page.row("lines", "node1")
            assert counts["understood"] + counts["ignored"] + counts["not_understood"] == counts["lines"]
            assert counts["ignored"] + counts["not_understood"] >= foreign
            assert counts["not_understood"] >= noise()["half lines"].count(b"\n")
            assert page.row("lines", "node2")["not_understood"] == 0
            assert page.gaps == 0
        assert monitor.rss_bytes() < 128 * MIB
        assert monitor.stop()[0] == 0
    found = stored(monitor.database, "node1")
    assert difference(found | {"lines": found["lines"] - foreign}, fleet.truth("node1")) == {}
    assert difference(stored(monitor.database, "node2"), fleet.truth("node2")) == {}
    recount = logged(fleet.path("node1"))
    assert figures(found) == figures(recount)
    for name in ("understood", "ignored", "not_understood"):
        assert found[name] == recount[name]


def _without_override() -> None:
    """Root reads everything; without these two capabilities it is an ordinary owner."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")


def test_logs_that_cannot_be_read_are_said_and_read_as_soon_as_they_can(tmp_path: Path) -> None:
    """One may not be read, in the place of one is a folder, one is not there; the fourth is well all the time."""
    (tmp_path / "folder").mkdir()
    with Fleet(tmp_path / "logs", names=("secret", "well"), rate=1000) as fleet:
        fleet.path("secret").chmod(0)
        fleet.start()
        logs = {"folder": tmp_path / "folder", "later": tmp_path / "none" / "node.log", **fleet.logs}
        with Monitor(tmp_path, logs, before=_without_override) as monitor, Page(monitor.port, "nodes") as page:

            def states() -> dict[str, str]:
                return {name: row["state"] for name, row in page.rows("nodes").items()}

            said = {"secret": "error", "folder": "error", "later": "waiting", "well": "live"}
            until(lambda: states() == said, 10, lambda: f"each said: {page.rows('nodes')}")
            details = {name: row["detail"] for name, row in page.rows("nodes").items()}
            assert f"{fleet.path('secret')} may not be read" in details["secret"]
            assert "folder" in details["folder"] and str(tmp_path / "none") in details["later"]
            fleet.path("secret").chmod(0o600)
            (tmp_path / "folder").rmdir()
            (tmp_path / "none").mkdir()
            lines = b"".join(fleet.path("well").read_bytes().splitlines(keepends=True)[:100])
            (tmp_path / "folder").write_bytes(lines)
            (tmp_path / "none" / "node.log").write_bytes(lines)
            until(lambda: set(states().values()) == {"live"}, 10, lambda: f"all well: {page.rows('nodes')}")
            fleet.finish()
            monitor.wait_for_lines(fleet.lines() + 200)
            assert monitor.stop()[0] == 0
        for name in fleet.names:
            assert difference(stored(monitor.database, name), fleet.truth(name)) == {}


def test_a_start_says_once_what_is_wrong_with_the_nodes(tmp_path: Path) -> None:
    """The same as `check-config`; the monitor runs all the same."""
    with Monitor(tmp_path, {"gone": tmp_path / "gone.log", "foreign": "/etc/passwd"}) as monitor:
        until(lambda: "foreign" in monitor.text(), 30, monitor.text)
        text = monitor.text()
        assert f"node gone: log {tmp_path / 'gone.log'}: there is no such file now" in text
        assert "node foreign: " in text and "storage node" in text
        assert monitor.healthy()
        assert monitor.stop()[0] == 0
        assert monitor.text().count("there is no such file now") == 1


def test_a_start_within_one_second_is_a_start_also_after_a_restart(tmp_path: Path) -> None:
    """`Configuration loaded` and `Node … started` have the same time: read back, they stay in their order."""
    begin = time.time() - 1800
    stamp = datetime.fromtimestamp(begin, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    log = tmp_path / "node.log"
    log.write_bytes(
        f'{stamp}\tINFO\tConfiguration loaded\t{{"process": "storagenode"}}\n{stamp}\tINFO\tNode {NODE_ID} started\n'.encode()
        + b"".join(line(begin + 10 + number * 10, number) for number in range(178))
    )
    for _ in range(2):
        with Monitor(tmp_path, {"node": log}) as monitor:
            monitor.wait_for_lines(180)
            found = until(lambda: monitor.get("/api/v1/health")["rows"], 30, "health")[0]  # noqa: B023 - called at once
            assert found["downtimes"] == [], found["downtimes"]
            assert monitor.stop()[0] == 0
