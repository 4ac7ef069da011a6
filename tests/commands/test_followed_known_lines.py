"""A followed log beside, before and after another form of the same lines: each line is counted once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from app_rig import Rig, ingest_quietly, line
from commands.test_ingest_known_lines import crlf, docker, plain, syslog

from storj_monitor.config import IngestInput
from storj_monitor.services.node_pipeline import parse


@pytest.fixture
def lines() -> list[bytes]:
    """Of the last minute, so that they are live."""
    began_s = int(time.time()) - 60
    return [line(began_s + number // 10, number) for number in range(600)]


def load(rig: Rig, data: bytes) -> None:
    file = rig.path.with_name(f"other-{len(data)}.log")
    file.write_bytes(data)
    assert ingest_quietly(rig.path, IngestInput("n1", str(file))) == 0


def follow(folder: Path, log: Path, commit_s: float = 0.05) -> Rig:
    return Rig(folder, {"n1": log}, commit_s=commit_s)


@pytest.mark.parametrize("form", [plain, docker, syslog, crlf])
def test_another_form_was_loaded_before(tmp_path: Path, lines: Sequence[bytes], form: Callable[..., bytes]) -> None:
    log = tmp_path / "node.log"
    log.write_bytes(plain(lines[:400]))
    other = tmp_path / "other.log"
    other.write_bytes(form(lines[100:300]))
    assert ingest_quietly(tmp_path / "monitor.db", IngestInput("n1", str(other))) == 0
    with follow(tmp_path, log) as rig:
        rig.until(lambda: rig.stored_lines() == 400, "all lines in the database")
        with log.open("ab") as file:
            file.write(plain(lines[400:]))
        rig.until(lambda: rig.stored_lines() == 600, "all lines in the database")


def test_another_form_is_loaded_beside(tmp_path: Path, lines: Sequence[bytes]) -> None:
    """It has lines that the monitor has read and not committed, and others that it will read later."""
    log = tmp_path / "node.log"
    log.write_bytes(plain(lines[:200]))
    with follow(tmp_path, log, commit_s=3600.0) as rig:
        rig.until(lambda: rig.stored_lines() == 200, "the first lines, which are committed at once")
        with log.open("ab") as file:
            file.write(plain(lines[200:300]))
        rig.until(lambda: sum(sum(delta.lines.values()) for tick in rig.ticks for delta in tick.deltas) >= 300, "all lines read")
        assert rig.stored_lines() == 200
        load(rig, docker(lines[50:450]))
        assert rig.stored_lines() == 450
        with log.open("ab") as file:
            file.write(plain(lines[300:]))
        rig.pipeline.commit_s = 0.05
        rig.until(lambda: rig.stored_lines() >= 600 and rig.conflicts != [], "all lines in the database")
    assert rig.stored_lines() == 600


def test_the_node_logs_elsewhere_from_now_on(tmp_path: Path, lines: Sequence[bytes]) -> None:
    """First to a file, then through Docker, whose log has some of the file's last lines."""
    (tmp_path / "node.log").write_bytes(plain(lines[:400]))
    (tmp_path / "json.log").write_bytes(docker(lines[350:500]))
    with follow(tmp_path, tmp_path / "node.log") as rig:
        rig.until(lambda: rig.stored_lines() == 400, "the file")
    with follow(tmp_path, tmp_path / "json.log") as rig:
        rig.until(lambda: rig.stored_lines() == 500, "Docker's log")
        assert rig.conflicts == []


def test_a_restart_compares_nothing(tmp_path: Path, lines: Sequence[bytes]) -> None:
    """The place in the file tells what is new, also where lines of one second are the same."""
    log = tmp_path / "node.log"
    same = [lines[399]] * 20
    log.write_bytes(plain([*lines[:400], *same]))
    with follow(tmp_path, log) as rig:
        rig.until(lambda: rig.stored_lines() == 420, "the first lines")
    with log.open("ab") as file:
        file.write(plain([*same, *lines[400:]]))
    with follow(tmp_path, log) as rig:
        rig.until(lambda: rig.stored_lines() == 640, "the others")
        assert rig.conflicts == []


def test_what_must_be_looked_up_is_not_read_on_the_event_loop(tmp_path: Path, lines: Sequence[bytes]) -> None:
    """After a conflict the next lines need those in front of them, and are compared with the database's."""
    log = tmp_path / "node.log"
    log.write_bytes(plain(lines[:100]))
    with follow(tmp_path, log) as rig:
        rig.until(lambda: rig.stored_lines() == 100, "the first lines")
    rig = follow(tmp_path, log)
    scheduler = rig.pipeline.scheduler
    (pipeline,) = scheduler

    def read(some: Sequence[bytes]) -> None:
        with log.open("ab") as file:
            file.write(plain(some))
        while not pipeline.accumulator.line_count:
            parse(scheduler.take(time.time())[0], time.time())
        pipeline.accumulator.drain()

    read(lines[100:110])
    assert scheduler.at_once
    pipeline.resume_from(rig.positions("n1"), pipeline.new_sieve(True))
    assert not scheduler.at_once
    pipeline.warm = True
    assert pipeline.processor.sieve is not None and pipeline.processor.sieve.compares
    assert not scheduler.at_once
    pipeline.warm = False
    read(lines[110:120])
    read(lines[120:130])
    assert scheduler.at_once, "it has caught up"
    pipeline.source.close()
    rig.stop()
    rig.reader.close()
