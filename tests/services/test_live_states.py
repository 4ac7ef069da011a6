"""What is said of recorded nodes, and when: each of their faults within a minute, in words that help, and no longer than it lasts."""

from __future__ import annotations

from dataclasses import replace

from live_replay import FROZEN, REFUSED, LiveReplay, clock, node_answer

from storj_monitor.model.figures import Source
from storj_monitor.model.node_answers import NodeAnswer
from storj_monitor.model.node_state import NodeStateKind
from storj_monitor.model.reputation import NEVER, ReputationSnapshot

SAT = "12iqdmMwVRAdJ47m57S7FWBgn4GJUC27DqrR2em5fEUZH6c4ZdV"


async def test_a_disk_that_fills_is_full_with_its_first_failed_write_and_until_there_is_room() -> None:
    def says(at: float) -> NodeAnswer:
        answer = node_answer(at)
        if clock("11:08:14") <= at < clock("11:49:44"):
            answer = replace(answer, disk=replace(answer.disk, available_bytes=3_000_000))
        return answer

    played = await LiveReplay("disk-full", [("10:58:12", "10:58:32", REFUSED)], says).play("10:57:00", "12:06:00")
    assert played.at("11:08:20").kind is NodeStateKind.OK
    full = played.at("11:08:30")
    assert (full.kind, full.sentence) == (NodeStateKind.AT_RISK, "The disk is full: writes fail for want of space.")
    assert full.since == clock("11:08:24")
    assert played.at("11:30:00").sentence == "The disk is full: writes fail for want of space (3.00 MB free)."
    assert "no_space" in played.codes("11:49:00") and "no_space" not in played.codes("11:50:10")
    assert played.down() == []


async def test_a_disqualification_is_told_by_the_next_answer_and_a_frozen_node_is_down_in_three_minutes() -> None:
    def says(at: float) -> NodeAnswer:
        date = clock("11:04:01") if at >= clock("11:04:01") else NEVER
        told = ReputationSnapshot(satellite=SAT, source=Source.API, taken_at=at, disqualified_at=date, suspended_at=NEVER)
        return replace(node_answer(at), standings=(told,))

    played = await LiveReplay("disqualified", [("11:49:44", "11:57:44", FROZEN), ("12:07:09", "23:00:00", REFUSED)], says).play(
        "10:57:00", "12:09:00"
    )
    assert played.at("11:02:20").kind is NodeStateKind.OK
    lost = played.at("11:03:50")
    assert lost.kind is NodeStateKind.AT_RISK
    assert any(one.code == "severe_data" and "download failed (GET_AUDIT)" in one.sentence for one in lost.reasons)
    told = played.at("11:05:00")
    assert (told.kind, told.reasons[0].code, told.reasons[0].since) == (NodeStateKind.AT_RISK, "disqualified", clock("11:04:01"))
    assert "source_silent" in played.codes("11:50:30")
    frozen = played.at("11:52:40")
    assert frozen.kind is NodeStateKind.DOWN
    assert frozen.sentence == "The node is not heard: its log, API and public port say nothing (/api/sno/, no whole answer within 15 s)."
    assert played.at("11:58:05").reasons[0].code == "disqualified"
    assert [begin for begin, _ in played.down()] == ["11:52:25", "12:07:15"]
    assert played.at("12:08:00").sentence == 'The node has stopped. Stopped by signal "terminated".'


async def test_a_storage_folder_that_is_gone_stops_the_node_and_its_last_words_say_so_at_once() -> None:
    played = await LiveReplay("storage-lost", [("11:18:57", "11:21:04", REFUSED)]).play("10:57:00", "12:06:00")
    lost = played.at("11:19:00")
    assert (lost.kind, lost.since) == (NodeStateKind.DOWN, clock("11:18:57"))
    assert "storage-dir-verification: no such file or directory" in lost.sentence
    assert played.down()[0][1] == "11:21:05"
    assert all(clock(end) - clock(begin) <= 10 for begin, end in played.down() if begin != "11:19:00"), "restarts take seconds"


async def test_a_killed_node_and_one_that_is_refused_for_its_version() -> None:
    def says(at: float) -> NodeAnswer:
        is_old = at < clock("11:15:59")
        return replace(
            node_answer(at), version="1.120.4" if is_old else "1.162.3", up_to_date=not (is_old and at > clock("11:12:00"))
        )  # fmt: skip

    away = [("10:59:58", "11:04:58", REFUSED), ("11:12:18", "11:15:59", REFUSED)]
    played = await LiveReplay("refused-upgraded", away, says).play("10:57:00", "11:40:00")
    killed = played.at("11:00:20")
    assert (killed.kind, killed.sentence) == (NodeStateKind.DOWN, "The node does not run: its API and public port refuse connections.")
    assert played.at("11:05:05").kind is not NodeStateKind.DOWN
    refused = played.at("11:12:20")
    assert refused.kind is NodeStateKind.DOWN and "outdated software version (v1.120.4)" in refused.sentence
    assert refused.sentence.startswith("The node does not start (tried once). Its last words: “")
    assert "version" in played.codes("11:12:20")
    assert "version" not in played.codes("11:16:05") and played.at("11:16:05").kind is not NodeStateKind.DOWN
