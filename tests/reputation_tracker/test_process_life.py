"""Ends, starts and signs of life of one process: lines as nodes write them, read the way the monitor reads them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uptime_replay import Replay, clock

from storj_monitor.model.events import NodeEvent
from storj_monitor.model.node_events import ConfigurationLoaded, NodeFailed, NodeStarted, Panic, PlainError, ServiceStopped, SignalReceived
from storj_monitor.model.node_metrics import NodeMetrics
from storj_monitor.model.space import SpaceMetrics
from storj_monitor.model.uptime import Outage, UptimeState, Witness
from storj_monitor.reputation_tracker.process_life import process_life
from storj_monitor.reputation_tracker.uptime import node_away_since, node_downtimes, node_uptime
from storj_monitor.reputation_tracker.uptime_update import update_start

NODE = '{"process": "storagenode"}'


def line(at: str, *columns: str) -> bytes:
    return "\t".join((f"2026-11-30T{at}Z", *columns)).encode() + b"\n"


def loaded(at: str) -> bytes:
    return line(at, "INFO", "Configuration loaded", '{"process": "storagenode", "location": "/app/config/config.yaml"}')


def started(at: str) -> bytes:
    return line(at, "INFO", "Node 12hgUvKZvvSEgE2YvM8uHADvyRmB7eLAeyg1mLHzQXUN63bB82r started", NODE)


def start(at: str) -> bytes:
    return loaded(at) + started(at)


def stop(at: str) -> bytes:
    return line(at, "INFO", 'Got a signal from the OS: "terminated"', NODE)


def transfer(at: str) -> bytes:
    fields = (
        '{"process": "storagenode", "piece_id": "' + "A" * 52 + '", "satellite_id": "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S", '
        '"action": "PUT", "size": 1000, "remote_address": "172.20.0.1:34120"}'
    )
    return line(at, "INFO", "piecestore", "uploaded", fields)


def transfers(begin: str, end: str, every_s: int) -> bytes:
    """From `begin` up to, and without, `end`."""
    times = range(int(clock(begin)), int(clock(end)), every_s)
    return b"".join(transfer(f"{at % 86_400 // 3600:02}:{at % 3600 // 60:02}:{at % 60:02}") for at in times)


POWER_CUTS = {
    "busy": (10, "07:00:10", "03:59:50"),
    "slow": (90, "07:00:10", "03:58:30"),
    "nine minutes": (10, "04:09:30", "03:59:50"),
    "thirty seconds": (10, "04:00:20", "03:59:50"),
}


@pytest.mark.parametrize("chunk_bytes", [700, 1 << 16])
@pytest.mark.parametrize("kind", POWER_CUTS)
def test_a_start_without_a_stop_proves_the_time_since_the_last_sign_of_life(kind: str, chunk_bytes: int) -> None:
    every_s, back, last = POWER_CUTS[kind]
    log = start("01:00:00") + transfers("01:00:00", "04:00:00", every_s) + start(back) + transfers(back, "08:00:00", every_s)
    replay = Replay().read(log, chunk_bytes)
    assert replay.downtimes() == [(last, back, True)]
    (found,) = node_downtimes(replay.node, 0.0)
    assert Witness.PROCESS in found.witnesses


def test_the_updater_in_the_same_log_is_no_sign_of_life() -> None:
    updater = line("05:15:00", "INFO", "Downloading versions.", '{"process": "storagenode-updater", "server_address": "https://v"}')
    log = start("01:00:00") + transfers("01:00:00", "04:00:00", 10) + updater + updater + start("07:00:10")
    assert Replay().read(log).downtimes() == [("03:59:50", "07:00:10", True)]


def test_debug_lines_before_the_configuration_belong_to_the_start() -> None:
    before = line("07:00:10", "DEBUG", "Anonymized tracing disabled", NODE)
    log = start("01:00:00") + transfers("01:00:00", "04:00:00", 10) + before + start("07:00:10")
    assert Replay().read(log).downtimes() == [("03:59:50", "07:00:10", True)]


def test_where_lines_may_be_missing_a_start_proves_no_downtime() -> None:
    replay = Replay().read(start("01:00:00") + transfers("01:00:00", "04:00:00", 10), live=False)
    replay.next_file()
    replay.read(start("07:00:10") + transfers("07:00:10", "08:00:00", 10), live=False)
    assert replay.downtimes() == [], "a part of the log may be gone: in it the node may have run"


def test_a_rotation_that_was_seen_hides_no_power_cut() -> None:
    replay = Replay().read(start("01:00:00") + transfers("01:00:00", "04:00:00", 10))
    replay.next_file()
    replay.read(start("07:00:10"))
    assert replay.downtimes() == [("03:59:50", "07:00:10", True)]


PLAIN = (
    b"Error: Failed to create storage node peer: hashstore: logSlots calculation mismatch: size=537001984 logSlots=23\n\tmain.cmdRun:84\n"
)


def test_a_node_that_fails_between_configuration_and_start_is_down_and_says_why() -> None:
    log = start("01:00:00") + transfers("01:00:00", "02:30:00", 20) + stop("02:30:05")
    for at in ("02:35:00", "02:35:11", "02:35:22", "02:35:33"):
        log += loaded(at) + line(at, "INFO", "db.migration", "Database Version", '{"process": "storagenode", "version": 62}') + PLAIN
    replay = Replay().read(log)
    assert replay.downtimes() == [("02:30:05", None, True)]
    state = node_uptime(replay.node, clock("02:36:00"))
    assert (state.state, state.since, state.certain, state.failed_starts) == (UptimeState.DOWN, clock("02:30:05"), True, 4)
    assert "4 starts failed" in state.reason and "logSlots calculation mismatch" in state.reason
    assert "logSlots calculation mismatch" in state.last_words[0].text and state.last_words[0].cause


def test_a_slow_start_is_starting_and_away_until_the_node_has_started() -> None:
    log = start("01:00:00") + transfers("01:00:00", "02:30:00", 20) + stop("02:30:05") + loaded("02:30:25")
    replay = Replay().read(log)
    state = node_uptime(replay.node, clock("02:38:00"))
    assert (state.state, state.since) == (UptimeState.STARTING, clock("02:30:25"))
    assert node_away_since(replay.node, clock("02:38:00")) == clock("02:30:05")
    replay.read(started("02:39:25"))
    assert replay.downtimes() == [("02:30:05", "02:39:25", True)]
    assert node_uptime(replay.node, clock("02:39:30")).state is UptimeState.UP
    assert replay.node.log.life.starting[-1] == (clock("02:30:25"), clock("02:39:25"))


def test_a_start_that_never_ends_is_down_after_twenty_minutes() -> None:
    replay = Replay().read(start("01:00:00") + transfers("01:00:00", "02:30:00", 20) + stop("02:30:05") + loaded("02:30:25"))
    state = node_uptime(replay.node, clock("02:51:00"))
    assert (state.state, state.since) == (UptimeState.DOWN, clock("02:30:05"))


def failed_download(at: str) -> bytes:
    return line(at, "ERROR", "piecestore", "download failed", '{"process": "storagenode", "piece_id": "' + "B" * 52 + '", "error": "x"}')


AWAY = line(
    "06:00:00", "ERROR", "services", "unexpected shutdown of a runner", '{"process": "storagenode", "name": "x", "error": "e"}'
) + line("06:00:03", "FATAL", "Unrecoverable error", '{"process": "storagenode", "error": "timed out after 1m0s"}')


def test_at_level_error_a_transfer_ends_the_time_away_and_the_api_ends_it_sooner() -> None:
    log = failed_download("04:10:00") + failed_download("05:20:00") + AWAY
    replay = Replay().read(log)
    assert replay.downtimes() == [("06:00:00", None, True)]
    replay.read(failed_download("06:40:00") + failed_download("08:10:00"))
    assert replay.downtimes() == [("06:00:00", "06:40:00", True)]
    assert node_uptime(replay.node, clock("08:30:00")).state is UptimeState.UP
    at = clock("08:30:00")
    told = NodeMetrics(taken_at=at, uptime_s=at - clock("06:01:10"), space=SpaceMetrics(taken_at=at))
    replay.node.apply(update_start(replay.node, told, at))
    assert replay.downtimes() == [("06:00:00", "06:01:10", True)]


def test_a_late_result_of_a_node_that_was_told_to_stop_is_no_sign_of_life() -> None:
    log = start("01:00:00") + stop("02:30:05") + transfer("02:30:20") + transfer("02:34:00")
    assert Replay().read(log).downtimes() == [("02:30:05", None, True)]


@pytest.mark.parametrize("process", ['"process": "storagenode"', '"Process": "storagenode"', ""])
def test_a_windows_service_that_is_told_to_stop_is_away(process: str) -> None:
    asked = line("03:00:05", "INFO", "Stop/Shutdown request received.", "{" + process + "}")
    replay = Replay().read(start("02:00:00") + transfers("02:00:00", "03:00:00", 10) + asked)
    assert replay.downtimes() == [("03:00:05", None, True)]
    replay.read(start("03:40:00"))
    assert replay.downtimes() == [("03:00:05", "03:40:00", True)]


def test_the_updaters_stop_is_not_the_nodes() -> None:
    asked = line("03:00:05", "INFO", "Stop/Shutdown request received.", '{"process": "storagenode-updater"}')
    assert Replay().read(start("02:00:00") + asked).downtimes() == []


@pytest.mark.parametrize(
    "words",
    [
        b"panic: runtime error: invalid memory address or nil pointer dereference\n\ngoroutine 1107 [running]:\n",
        b"fatal error: concurrent map writes\n",
        b"SIGQUIT: quit\nPC=0x47 m=0 sigcode=0\n",
        b"2026-11-30 06:10:05,100 INFO exited: storagenode (terminated by SIGKILL; not expected)\n",
        b"Nov 30 06:10:05 nas systemd[1]: storagenode.service: Main process exited, code=killed, status=9/KILL\n",
        b"Error: piecestore monitor: disk not writable\n",
        b'2026-11-30T06:10:05Z\tFATAL\tprocess/exec_conf.go:404\tan unheard of end\t{"process": "storagenode", "error": "x"}\n',
    ],
)
def test_every_way_to_end_is_an_end(words: bytes) -> None:
    log = start("05:00:00") + transfers("05:00:00", "06:10:06", 5) + words
    replay = Replay().read(log)
    assert [(until, certain) for _, until, certain in replay.downtimes()] == [(None, True)]
    assert node_uptime(replay.node, clock("06:10:30")).last_words != ()
    assert replay.read(start("06:25:00")).downtimes() == [("06:10:05", "06:25:00", True)]
    assert node_uptime(replay.node, clock("06:25:10")).last_words == ()


def test_a_loop_of_starts_that_last_seconds_is_counted() -> None:
    log = start("01:00:00") + transfers("01:00:00", "02:00:00", 20)
    for at in ("02:00:00", "02:00:20", "02:00:40"):
        log += line(at, "FATAL", "Unrecoverable error", '{"process": "storagenode", "error": "database is locked"}') + start(at[:-1] + "5")
    log += line("02:00:50", "FATAL", "Unrecoverable error", '{"process": "storagenode", "error": "database is locked"}')
    state = node_uptime(Replay().read(log).node, clock("02:01:00"))
    assert (state.state, state.failed_starts) == (UptimeState.DOWN, 3)
    assert "database is locked" in state.reason


def test_a_start_that_fails_with_two_last_lines_is_one_failed_start() -> None:
    """`failure during run` and its twin on stderr: each start but the first was counted twice."""
    log = start("01:00:00") + transfers("01:00:00", "02:00:00", 20)
    for minute in range(5):
        log += loaded(f"02:0{minute}:00")
        log += line(f"02:0{minute}:05", "FATAL", "Unrecoverable error", '{"process": "storagenode", "error": "address already in use"}')
        log += b"Error: address already in use\n"
    state = node_uptime(Replay().read(log).node, clock("02:10:00"))
    assert (state.state, state.failed_starts) == (UptimeState.DOWN, 5)


def test_at_level_error_the_ends_of_failed_starts_are_counted() -> None:
    log = failed_download("04:10:00") + AWAY + PLAIN + PLAIN + PLAIN
    assert node_uptime(Replay().read(log).node, clock("06:10:00")).failed_starts == 2, "the first Error: is the twin of the end itself"


def test_a_flow_of_stderr_with_fatal_twins_is_one_end_each() -> None:
    log = failed_download("04:10:00")
    for at in ("06:00:00", "06:00:10", "06:00:20"):
        log += line(at, "FATAL", "Unrecoverable error", '{"process": "storagenode", "error": "e"}') + PLAIN
    assert node_uptime(Replay().read(log).node, clock("06:10:00")).failed_starts == 2


def test_an_error_of_the_updater_is_no_end_of_a_node_that_goes_on() -> None:
    log = start("05:00:00") + transfers("05:00:00", "06:10:00", 5) + b"Error: version check failed\n" + transfers("06:10:00", "06:30:00", 5)
    replay = Replay().read(log)
    assert replay.downtimes() == []
    state = node_uptime(replay.node, clock("06:30:00"))
    assert (state.state, state.since, state.last_words) == (UptimeState.UP, clock("05:00:00"), ())


def test_a_command_that_writes_into_the_same_log_is_no_start() -> None:
    log = start("05:00:00") + transfers("05:00:00", "06:10:00", 2) + loaded("06:10:00") + transfers("06:10:02", "06:30:00", 2)
    assert Replay().read(log).downtimes() == []


def test_what_has_no_time_has_that_of_its_arrival() -> None:
    stamp = b"2026-11-30T09:15:07.123456789Z "
    before = start("05:00:00") + transfers("05:00:00", "06:10:00", 5)
    log = b"".join(b"2026-11-30T06:10:00.000000001Z " + line for line in before.splitlines(keepends=True))
    replay = Replay().read(log + stamp + PLAIN.splitlines(keepends=True)[0])
    assert replay.downtimes() == [("09:15:07", None, True)]


@pytest.mark.parametrize("unit", [b"storagenode.service", b"storj-node@2.service", b"node1.service"])
def test_systemd_tells_the_end_whatever_the_unit_is_called(unit: bytes) -> None:
    said = b"Nov 30 06:10:05 nas systemd[1]: " + unit + b": Main process exited, code=exited, status=1/FAILURE\n"
    replay = Replay().read(start("05:00:00") + transfers("05:00:00", "06:10:06", 5) + said)
    assert replay.downtimes() == [("06:10:05", None, True)]


def test_lines_of_a_time_that_is_not_yet_tell_nothing() -> None:
    future = stop("05:30:00").replace(b"2026-11-30", b"2039-11-30") + transfer("05:30:10").replace(b"2026-11-30", b"2039-11-30")
    log = start("05:00:00") + transfers("05:00:00", "06:10:00", 5) + future + transfers("06:10:00", "07:00:00", 5)
    replay = Replay().read(log)
    assert replay.downtimes() == []
    assert node_uptime(replay.node, clock("07:10:00")).state is UptimeState.DOWN, "its silence is seen"


KINDS: dict[str, Callable[[int], NodeEvent]] = {
    "loaded": lambda ms: ConfigurationLoaded(time_ms=ms, process="storagenode", previous_ms=ms - 500),
    "started": lambda ms: NodeStarted(time_ms=ms, node_id="x", previous_ms=ms - 500),
    "signal": lambda ms: SignalReceived(time_ms=ms, process="storagenode", signal="terminated"),
    "failed": lambda ms: NodeFailed(time_ms=ms, level="FATAL", what="Unrecoverable error", error="e"),
    "panic": lambda ms: Panic(time_ms=ms, first_line="panic: x"),
    "plain": lambda ms: PlainError(time_ms=ms, text="x"),
    "service": lambda ms: ServiceStopped(time_ms=ms, name="x"),
}
events = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(1, 4000)), max_size=12, unique_by=lambda pair: pair[1]).map(
    lambda pairs: [KINDS[kind](second * 1000) for kind, second in pairs]
)
marks = st.lists(
    st.builds(
        lambda witness, at: Outage(witness, float(at), float(at)),
        st.sampled_from([Witness.LIFE, Witness.API_STARTED]),
        st.integers(1, 4000),
    ),
    max_size=4,
)


@settings(deadline=None)
@given(events, marks, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing_and_times_away_do_not_overlap(
    lines: list[NodeEvent], seen: list[Outage], dice: object
) -> None:
    life = process_life(lines, seen)
    shuffled = [*lines]
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert process_life(shuffled, [*reversed(seen), *seen]) == life
    ends = [(one.from_at, one.until_at if one.until_at is not None else float("inf")) for one in life.outages]
    assert all(begin < end or end == float("inf") for begin, end in ends)
    assert all(a[1] <= b[0] for a, b in zip(ends, ends[1:], strict=False))
    for begin, until in life.starting:
        assert begin < until
    assert (life.begun is None) == all(one.until_at is not None for one in life.outages)


def supervisord(at: str, words: str, level: str = "WARN") -> bytes:
    return f"2026-11-30 {at},412 {level} {words}\n".encode()


@pytest.mark.parametrize("hours", [0, 2, -5])
def test_what_supervisord_starts_in_vain_is_counted_in_plain_words(hours: int) -> None:
    """`exited:` lines were no failed starts, and the sentence had supervisord's own time in it; its zone is any."""
    log = start("05:00:00") + transfers("05:00:00", "06:10:00", 5)
    for at in ("06:10:05", "06:10:07", "06:10:10", "06:10:14"):
        log += supervisord(f"{int(at[:2]) + hours:02}{at[2:]}", "exited: storagenode (exit status 1; not expected)")
    log += supervisord(f"{6 + hours:02}:10:15", "gave up: storagenode entered FATAL state, too many start retries too quickly", "INFO")
    state = node_uptime(Replay().read(log).node, clock("06:20:00"))
    assert (state.state, state.failed_starts) == (UptimeState.DOWN, 3), "the first one had been up"
    assert state.since == pytest.approx(clock("06:10:05"), abs=1)
    assert "storagenode exited (exit status 1, not expected)" in [word.text for word in state.last_words]
    assert any(word.text.startswith("the supervisor gave up on storagenode (entered FATAL state") for word in state.last_words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("storagenode.service: Main process exited, code=exited, status=203/EXEC", "main process exited, code=exited, status=203/EXEC"),
        ("storagenode-1 exited with code 137 (restarting)", "storagenode-1 exited with code 137 (restarting)"),
        ("[cmd] /app/bin/storagenode exited 1", "[cmd] /app/bin/storagenode exited 1"),
        ("s6-supervise storagenode (child): fatal: unable to exec run", "s6-supervise storagenode (child), fatal, unable to exec run"),
        ("runsv storagenode: fatal: unable to start ./run: file does not exist", "runsv storagenode, fatal, unable to start ./run, file"),
        ("supervise-daemon: /usr/bin/storagenode, pid 456, exited with return code 1", "exited with return code 1"),
        ("spawnerr: can't find command '/app/bin/storagenode'", "the supervisor cannot start it (can't find command"),
    ],
)
def test_other_supervisors_tell_failed_starts_too(words: str, said: str) -> None:
    log = loaded("05:00:00") + f"{words}\n".encode() * 3
    state = node_uptime(Replay().read(log).node, clock("06:20:00"))
    assert (state.state, state.failed_starts) == (UptimeState.DOWN, 3)
    assert said in state.last_words[0].text


def test_other_programs_of_the_same_supervisor_are_not_the_node() -> None:
    log = start("05:00:00") + transfers("05:00:00", "06:10:00", 5) + supervisord("06:10:01", "exited: cron (exit status 1; not expected)")
    assert Replay().read(log + b"nginx-1 exited with code 0\n").downtimes() == []
