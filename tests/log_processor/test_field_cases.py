"""Small logs in the forms that operators have sent: each gives the figures that stand beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from log_processor.log_lines import Totals, chunk_of, one, read_all, zap

from storj_monitor.log_processor import character_of
from storj_monitor.model.events import LineKind
from storj_monitor.model.node_events import NodeFailed
from storj_monitor.state.compactions import Compactions

FORMS = Path(__file__).parent.parent / "corpus" / "forms"


def totals(name: str) -> Totals:
    return read_all([chunk_of((FORMS / name).read_bytes())])


@pytest.mark.parametrize("name", ["ansi_levels", "cri_partial", "journal_json", "synology_logcenter_csv", "syslog5424_bom_sd"])
def test_three_transfers_in_every_wrapper(name: str) -> None:
    found = totals(f"{name}.log")
    assert dict(found.transfers) == {"GET down success": 3}
    assert dict(found.bytes) == {"GET down success": 3072}
    assert found.kinds() == {LineKind.UNDERSTOOD: 3}
    assert character_of((FORMS / f"{name}.log").read_bytes()).envelopes


def test_journalctl_as_people_paste_it() -> None:
    found = totals("journalctl_spaces.log")
    assert dict(found.transfers) == {"PUT up success": 1, "GET down success": 1, "GET down canceled": 1, "GET_AUDIT down failed": 1}
    assert found.bytes["PUT up success"] == 2_319_360
    assert not found.kinds()[LineKind.NOT_UNDERSTOOD]
    assert ("storagenode-updater", "Configuration loaded") not in found.not_understood()


def test_callers_and_stacks() -> None:
    found = totals("console_caller_stack.log")
    assert dict(found.transfers) == {"PUT up success": 1}
    assert found.kinds()[LineKind.UNDERSTOOD] == 5
    assert not found.kinds()[LineKind.NOT_UNDERSTOOD]
    assert [error.message for error in found.errors] == [
        "system clock is out of sync with satellite",
        "failure during run",
        "Unrecoverable error",
    ]


def test_a_stack_within_an_error_is_no_part_of_its_words() -> None:
    """v1.120 writes the functions that an error came through into `error`, too."""
    words = "Failed to check version: software outdated: outdated software version (v1.120.4), please update"
    error = words + "\n\tstorj.io/storj/private/version/checker.(*Service).CheckVersion:80\n\tmain.main:34\n\truntime.main:290"
    fields = json.dumps({"Process": "storagenode", "error": error, "errorVerbose": error})
    found = one(zap("Unrecoverable error", fields, level="FATAL", logger=""))
    (failed,) = found.events
    assert isinstance(failed, NodeFailed)
    assert failed.error == words
    assert [seen.sample for seen in found.errors] == [words]


@pytest.mark.parametrize("name", ["hashstore.log", "hashstore_docker.log", "hashstore_cri.log"])
def test_compactions_in_three_forms(name: str) -> None:
    found = totals(name)
    assert found.events == totals("hashstore.log").events
    assert sum(n for key, n in found.lines.items() if key.message == "compaction computed details") == 1
    assert not found.kinds()[LineKind.NOT_UNDERSTOOD]
    compactions = Compactions()
    for event in found.events:
        compactions.on_event(event)
    by_store = {(one.satellite[:4], one.store): one for one in compactions.every()}
    done, failed, cut = by_store["12L9", "s0"], by_store["1wFT", "s1"], by_store["12Ea", "s1"]
    assert (done.state, int(done.duration_s or 0), done.reclaimed, done.trashed, done.expired) == (
        "done",
        197,
        "2.0 GiB",
        "391.0 MiB",
        "3.3 GiB",
    )
    assert failed.state == "failed"
    assert "no space left on device" in (failed.error or "")
    assert cut.state == "broken_off"


def test_an_error_level_log_is_told() -> None:
    found = totals("level_error.log")
    assert dict(found.transfers) == {"GET down failed": 18}
    assert not character_of((FORMS / "level_error.log").read_bytes()).tells_transfers


def test_a_windows_path_is_no_broken_line() -> None:
    found = totals("gc_windows.log")
    assert found.kinds() == {LineKind.UNDERSTOOD: 44}
    assert len({(error.message, error.template) for error in found.errors}) == 1
