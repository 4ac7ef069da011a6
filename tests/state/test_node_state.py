"""The one state of a node: worst of its reasons, never OK by the absence of news, down without any baseline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storj_monitor.model.node_state import (
    NOT_JUDGED,
    ContactEvidence,
    Hearing,
    NodeEvidence,
    NodeStateKind,
    NodeWarning,
    Phase,
    ProcessEvidence,
    SourceEvidence,
    SpaceTrouble,
    StandingEvidence,
    StandingFinding,
    StandingLevel,
    StateSource,
    VersionEvidence,
)
from storj_monitor.state.describe import document
from storj_monitor.state.node_rules import RULES, judge

NOW = 1_796_000_000.0
DOWN, RISK, WARNING, LEARNING, OK, NO_DATA = NodeStateKind
LOG, API, METRICS, PORT = StateSource.LOG, StateSource.API, StateSource.METRICS, StateSource.PUBLIC_PORT


def source(
    which: StateSource, age_s: float = 5.0, hearing: Hearing = Hearing.GOOD, since_s: float = 3600.0, **more: object
) -> SourceEvidence:
    fresh_s = 300.0 if which is LOG else 180.0
    return SourceEvidence(which, hearing, NOW - since_s, NOW - age_s, fresh_s)._replace(**more)  # type: ignore[arg-type]


def failing(which: StateSource, for_s: float, **more: object) -> SourceEvidence:
    return source(which, for_s + 30, Hearing.FAILING, for_s, **more)


def evidence(*sources: SourceEvidence, **more: object) -> NodeEvidence:
    return replace(NodeEvidence(watching_since=NOW - 86_400, sources=sources), **more)  # type: ignore[arg-type]


ALL_GOOD = (source(LOG), source(API), source(METRICS))


def test_ok_says_what_it_rests_on() -> None:
    state = judge(evidence(*ALL_GOOD), NOW)
    assert (state.kind, state.sentence) == (OK, "All is well by log, API and /metrics.")
    assert state.reasons[0].evidence_at == NOW - 5


@pytest.mark.parametrize(
    "silent",
    [
        (source(LOG, 181), failing(API, 181)),
        (source(LOG, 181), failing(METRICS, 190)),
        (source(LOG, 5000, fresh_s=1e9), source(API, 181)),  # nobody asks any more: an old answer is no answer
        (failing(LOG, 181), failing(API, 1, good_at=NOW - 181)),
        (failing(API, 181, good_at=NOW - 181), failing(METRICS, 100, good_at=NOW - 181)),
    ],
)
def test_two_silent_sources_for_three_minutes_are_down_without_any_baseline(silent: tuple[SourceEvidence, ...]) -> None:
    state = judge(evidence(*silent), NOW)
    assert state.kind is DOWN and state.sentence.startswith("The node is not heard: its ")
    assert state.since == NOW - 181


def test_it_is_down_since_the_second_source_fell_silent() -> None:
    state = judge(evidence(source(LOG, 400), failing(API, 200, detail="/api/sno/: no whole answer within 15 s (and 2 more)")), NOW)
    assert (state.kind, state.since) == (DOWN, NOW - 230), "its last good answer"
    assert state.sentence == "The node is not heard: its log and API say nothing (/api/sno/, no whole answer within 15 s, and 2 more)."


def test_silence_counts_from_the_last_good_answer_however_long_a_question_takes_to_fail() -> None:
    """A node that hung wholly was down after 185 to 213 s: its questions fail 15 s after they are asked, a minute apart."""
    ports = (failing(API, 110, good_at=NOW - 185), failing(METRICS, 120, good_at=NOW - 190), failing(PORT, 90, good_at=NOW - 182))
    state = judge(evidence(source(LOG, 180), *ports), NOW)
    assert (state.kind, state.since) == (DOWN, NOW - 185)
    assert judge(evidence(source(LOG, 179), *ports), NOW).kind is WARNING, "its log had a line since"
    never = (failing(API, 165, good_at=None, opened_at=NOW - 180), failing(METRICS, 165, good_at=None, opened_at=NOW - 180))
    assert judge(evidence(*never), NOW).kind is DOWN, "never an answer: since it is asked"


def test_what_answers_in_part_is_not_silent() -> None:
    in_part = failing(API, 900, in_part=True, detail="/api/sno/: no whole answer within 15 s")
    state = judge(evidence(source(LOG, 900, fresh_s=3600.0), in_part), NOW)
    assert state.kind is WARNING
    assert state.sentence == "The API does not answer with the node's own figures (/api/sno/, no whole answer within 15 s)."


def test_a_log_read_to_its_end_is_as_silent_as_its_newest_line_is_old() -> None:
    """A log that had been silent for eight hours when the monitor first saw it was a warning for half an hour more."""
    eight_h = 8 * 3600.0
    seen = evidence(source(LOG, eight_h, since_s=5, is_kept=True), watching_since=NOW - 5)
    assert (judge(seen, NOW).kind, judge(seen, NOW).since) == (DOWN, NOW - eight_h)
    slow = source(LOG, 5000, since_s=5, is_kept=True, fresh_s=3600.0)
    assert judge(replace(seen, sources=(slow,)), NOW).kind is WARNING, "it usually pauses for nearly as long"
    assert judge(replace(seen, sources=(slow._replace(good_at=NOW - 6 * 3600 - 1, fresh_s=4 * 3600.0),)), NOW).kind is DOWN
    reading = source(LOG, eight_h, Hearing.BEHIND, is_kept=True)
    assert judge(replace(seen, sources=(reading,)), NOW).kind is LEARNING, "there may be newer lines"
    stream = source(LOG, eight_h, since_s=5)
    assert judge(replace(seen, sources=(stream,)), NOW).kind is WARNING, "what a stream said while nobody listened is gone"
    assert judge(replace(seen, awake_since=NOW - 60), NOW).kind is WARNING, "the machine slept, and the node perhaps with it"
    above_info = source(LOG, eight_h, since_s=5, is_kept=True, fresh_s=float("inf"))
    assert judge(replace(seen, sources=(above_info,)), NOW).kind is OK


def test_one_silent_source_or_less_time_is_a_warning_at_once() -> None:
    assert judge(evidence(source(LOG), failing(API, 1, detail="no route")), NOW).sentence == "The API does not answer (no route)."
    assert judge(evidence(source(LOG, 170), failing(API, 170)), NOW).kind is WARNING
    assert judge(evidence(source(LOG, 301), source(API), source(METRICS)), NOW).reasons[0].code == "log_silent"
    assert judge(evidence(failing(LOG, 60, detail="there is no such file"), source(API)), NOW).sentence.endswith("no such file")


def test_a_log_that_never_had_a_line_is_not_said_to_be_silent_for_longer_than_usual() -> None:
    state = judge(evidence(source(LOG, good_at=None), source(API), source(METRICS)), NOW)
    assert (state.kind, state.sentence) == (WARNING, "The log has no line yet: is it the one that the node writes?")
    assert state.reasons[0].since == NOW - 3600


def test_what_still_speaks_keeps_a_node_from_being_called_down() -> None:
    state = judge(evidence(source(LOG, 3), failing(API, 900), failing(METRICS, 900)), NOW)
    assert state.kind is WARNING and [one.source for one in state.reasons] == [API, METRICS]


def test_what_is_silent_itself_speaks_for_nobody() -> None:
    """A log without lines for three minutes kept a node up whose every port had failed before its last line."""
    ports = (failing(API, 250), failing(METRICS, 280), failing(PORT, 270, required=False))
    assert judge(evidence(source(LOG, 253, fresh_s=300.0), *ports), NOW).kind is DOWN
    assert judge(evidence(source(LOG, 120, fresh_s=300.0), *ports), NOW).kind is WARNING


def test_an_api_alone_is_all_there_is_a_log_alone_has_a_rhythm_of_its_own() -> None:
    assert judge(evidence(failing(API, 181)), NOW).kind is DOWN
    assert judge(evidence(source(LOG, 1000)), NOW).kind is WARNING
    assert judge(evidence(source(LOG, 1801)), NOW).kind is DOWN
    assert judge(evidence(source(LOG, 5000, fresh_s=3600.0)), NOW).kind is WARNING


def test_a_public_port_that_never_answered_is_no_source() -> None:
    shut = failing(PORT, 9000, required=False, good_at=None)
    assert judge(evidence(*ALL_GOOD, shut), NOW).kind is OK
    assert judge(evidence(source(API), failing(PORT, 100, required=False)), NOW).kind is WARNING
    assert judge(evidence(failing(API, 200), failing(PORT, 190, required=False)), NOW).kind is DOWN


def test_two_ports_that_refuse_are_a_process_that_is_gone_within_a_minute() -> None:
    refused = (failing(API, 50, refuses=True), failing(METRICS, 20, refuses=True))
    state = judge(evidence(source(LOG, 52), *refused), NOW)
    assert (state.kind, state.since) == (DOWN, NOW - 50)
    assert state.sentence == "The node does not run: its API and /metrics refuse connections."
    assert judge(evidence(source(LOG, 3), *refused), NOW).kind is WARNING, "its log goes on"
    assert judge(evidence(source(LOG, 52), failing(API, 50), failing(METRICS, 20)), NOW).kind is WARNING, "time-outs refuse nothing"


def test_a_port_that_was_shut_long_before_makes_no_outage_of_a_restart_and_none_of_a_week() -> None:
    shut = failing(METRICS, 600_000, refuses=True)
    assert judge(evidence(failing(API, 1, refuses=True), shut), NOW).kind is WARNING
    assert judge(evidence(failing(API, 14, refuses=True), shut), NOW).kind is WARNING
    state = judge(evidence(failing(API, 16, refuses=True), shut), NOW)
    assert (state.kind, state.since) == (DOWN, NOW - 46), "since its API answered last"


def test_silence_is_no_longer_than_the_monitor_has_listened() -> None:
    silent = evidence(source(LOG, 9000), failing(API, 9000))
    assert judge(replace(silent, watching_since=NOW - 60), NOW).kind is WARNING
    assert judge(replace(silent, watching_since=NOW - 180), NOW).kind is DOWN


def test_a_stop_in_the_log_is_told_at_once_with_its_last_words_unless_the_node_answered_since() -> None:
    stopped = ProcessEvidence(Phase.DOWN, NOW - 20, NOW - 20, "failed to check version: outdated", 3)
    state = judge(evidence(source(LOG, 20), source(API, 40), process=stopped), NOW)
    assert (state.kind, state.since) == (DOWN, NOW - 20)
    assert state.sentence == "The node does not start (tried 3 times). Its last words: “failed to check version: outdated”."
    assert judge(evidence(source(LOG, 20), source(API, 10), process=stopped), NOW).kind is OK


def test_a_node_that_is_down_has_one_reason_for_it_not_one_for_each_source() -> None:
    stopped = ProcessEvidence(Phase.DOWN, NOW - 900, NOW - 900)
    state = judge(evidence(source(LOG, 900), failing(API, 890, refuses=True), failing(METRICS, 880, refuses=True), process=stopped), NOW)
    assert [one.code for one in state.reasons] == ["stopped"]


def test_the_trackers_are_believed_at_once_and_before_anomalies() -> None:
    standing = StandingEvidence("sat", "us1", StandingLevel.DISQUALIFIED, "Disqualified.", NOW - 60, NOW, API)
    finding = StandingFinding(7, True, "a: success fell", NOW - 10, NOW)
    state = judge(evidence(*ALL_GOOD, standings=(standing,), findings=(finding,)), NOW)
    assert [one.code for one in state.reasons] == ["disqualified", "finding"]
    assert (state.kind, state.since, state.reasons[0].subject) == (RISK, NOW - 60, "sat")


def test_never_contacted_and_long_not_contacted() -> None:
    never = ContactEvidence(NOW, 0.0, NOW - 86_400, "Misconfigured", "28967")
    state = judge(evidence(*ALL_GOOD, contact=never), NOW)
    assert state.kind is RISK and [one.code for one in state.reasons] == ["no_contact", "quic"]
    assert state.sentence == (
        "No satellite has ever reached this node. QUIC is misconfigured, too. "
        "Forward port 28967 (TCP and UDP) to this node, and check its address and firewall."
    )
    assert judge(evidence(*ALL_GOOD, contact=never._replace(started_at=NOW - 60, quic="OK")), NOW).kind is OK, "it has only just started"
    late = judge(evidence(*ALL_GOOD, contact=never._replace(last=NOW - 5 * 3600, quic="OK")), NOW)
    assert (late.kind, late.since) == (RISK, NOW - 5 * 3600)
    assert judge(evidence(*ALL_GOOD, contact=never._replace(last=NOW - 3600, quic="OK")), NOW).kind is OK
    assert judge(evidence(*ALL_GOOD, contact=never._replace(last=None, quic="")), NOW).kind is OK, "not told is not never"


def test_a_disk_is_full_before_it_is_at_zero() -> None:
    assert judge(evidence(*ALL_GOOD, space=SpaceTrouble(NOW, disk_free=3_000_000, allocated=10**13)), NOW).sentence == (
        "The disk is full (3.00 MB free)."
    )
    failed = SpaceTrouble(NOW - 30, refused_at=NOW - 3, refused_since=NOW - 20, disk_free=10**12, allocated=10**13)
    state = judge(evidence(*ALL_GOOD, space=failed), NOW)
    assert (state.kind, state.since, state.sentence) == (RISK, NOW - 20, "The disk is full: writes fail for want of space.")
    assert judge(evidence(*ALL_GOOD, space=failed._replace(refused_at=NOW - 7200)), NOW).kind is OK
    small = SpaceTrouble(NOW, disk_free=60_000_000, allocated=700_000_000)
    assert judge(evidence(*ALL_GOOD, space=small), NOW).kind is OK, "5 % of a small allocation is enough"


def test_no_sources_or_none_heard_is_not_ok() -> None:
    assert judge(evidence(), NOW) == NOT_JUDGED
    pending = source(API, hearing=Hearing.PENDING, good_at=None)
    assert judge(evidence(source(LOG), pending), NOW).kind is LEARNING
    assert judge(evidence(source(LOG, hearing=Hearing.BEHIND), source(API)), NOW).kind is LEARNING


def test_a_log_above_info_without_lines_is_no_health() -> None:
    """A node of which there is an error-level log alone read as well for ever, also after it died."""
    mute = source(LOG, 7200, fresh_s=float("inf"), is_mute=True, is_grim=True)
    warning = NodeWarning("log_level", "The log is at level ERROR.", None, NOW, LOG)
    state = judge(evidence(mute, warnings=(warning,)), NOW)
    assert (state.kind, state.since, state.reasons[1].code) == (NO_DATA, None, "log_level")
    assert state.sentence.startswith("Whether the node works is unknown: its log is above INFO")
    assert judge(evidence(mute._replace(good_at=NOW - 60)), NOW).kind is NO_DATA, "an error is nothing good"
    assert judge(evidence(mute._replace(good_at=NOW - 60), source(API)), NOW).sentence == "All is well by API."


def test_a_state_keeps_its_begin_as_long_as_it_lasts() -> None:
    first = judge(evidence(*ALL_GOOD), NOW)
    assert judge(evidence(*ALL_GOOD), NOW + 1, first).since == NOW
    worse = judge(evidence(source(LOG), failing(API, 10)), NOW + 1, first)
    assert worse.since == NOW - 10
    assert judge(evidence(*ALL_GOOD), NOW + 5, worse).since == NOW + 5


def test_every_rule_is_documented_and_has_a_code_of_its_own() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert all(rule.when.endswith(".") and rule.advice.endswith(".") and hasattr(evidence(), rule.needs) for rule in RULES)


# ---- properties ----

ages = st.floats(0, 4000)
some_sources = st.lists(
    st.builds(
        lambda which, hearing, age_s, since_s, refuses, never: source(
            which, age_s, hearing, since_s, refuses=refuses, required=which is not PORT, **({"good_at": None} if never else {})
        ),
        st.sampled_from([LOG, API, METRICS, PORT]),
        st.sampled_from(Hearing),
        ages,
        ages,
        st.booleans(),
        st.booleans(),
    ),
    max_size=4,
    unique_by=lambda one: one.source,
).map(tuple)
levels = st.sampled_from(StandingLevel)
some_evidence = st.builds(
    NodeEvidence,
    watching_since=st.floats(NOW - 5000, NOW),
    sources=some_sources,
    process=st.none()
    | st.builds(ProcessEvidence, st.sampled_from(Phase), st.floats(NOW - 4000, NOW), st.just(NOW), st.just("x"), st.integers(0, 3)),
    standings=st.lists(
        st.builds(StandingEvidence, st.just("s"), st.just("us1"), levels, st.just("w"), st.none(), st.just(NOW), st.just(API))
    ).map(tuple),
    contact=st.none()
    | st.builds(
        ContactEvidence, st.just(NOW), st.none() | st.just(0.0) | st.floats(NOW - 90_000, NOW), st.none(), st.just("OK"), st.just("1")
    ),
    space=st.none()
    | st.builds(
        SpaceTrouble, st.just(NOW), refused_at=st.none() | st.floats(NOW - 9000, NOW), disk_free=st.none() | st.integers(0, 10**10)
    ),
    version=st.none()
    | st.builds(VersionEvidence, st.just("1"), st.just("2"), st.booleans(), st.none(), st.none(), st.just(NOW), st.just(API)),
    findings=st.lists(
        st.builds(StandingFinding, st.integers(1, 9), st.booleans(), st.just("t"), st.just(NOW), st.just(NOW)), max_size=2
    ).map(tuple),
)


@given(some_evidence)
def test_the_state_is_the_worst_of_its_reasons_and_the_worst_is_first(one: NodeEvidence) -> None:
    state = judge(one, NOW)
    assert state.reasons and state.kind is state.reasons[0].kind is min(reason.kind for reason in state.reasons)
    assert list(state.reasons) == sorted(state.reasons, key=lambda reason: reason.kind)
    assert all(reason.sentence for reason in state.reasons)


good_sources = st.lists(
    st.builds(source, st.sampled_from([LOG, API, METRICS, PORT]), st.floats(0, 170)).map(
        lambda one: one._replace(required=one.source is not PORT)
    ),
    min_size=1,
    unique_by=lambda one: one.source,
).filter(lambda found: any(one.required for one in found))
nothing_good = st.sampled_from(
    [*({"hearing": one} for one in Hearing if one is not Hearing.GOOD), {"good_at": None}, {"good_at": NOW - 400}]
)


@given(good_sources, st.data())
def test_never_ok_while_a_source_that_is_set_has_nothing_good_to_say(good: list[SourceEvidence], data: st.DataObject) -> None:
    assert judge(evidence(*good), NOW).kind is OK
    place = data.draw(st.sampled_from([place for place, one in enumerate(good) if one.required]))
    good[place] = good[place]._replace(**data.draw(nothing_good))  # type: ignore[arg-type]
    assert judge(evidence(*good), NOW).kind is not OK


@given(some_evidence, st.data())
def test_more_bad_evidence_never_makes_a_state_better(one: NodeEvidence, data: st.DataObject) -> None:
    more = data.draw(
        st.sampled_from(
            [
                replace(one, standings=(*one.standings, StandingEvidence("x", "eu1", data.draw(levels), "w", None, NOW, API))),
                replace(one, findings=(*one.findings, StandingFinding(99, data.draw(st.booleans()), "t", NOW, NOW))),
                replace(one, warnings=(*one.warnings, NodeWarning("clock", "off.", None, NOW, LOG))),
                replace(one, space=SpaceTrouble(NOW, refused_at=NOW, disk_free=0)),
                replace(one, contact=ContactEvidence(NOW, 0.0, None, "Misconfigured", "")),
            ]
        )
    )
    assert _badness(judge(more, NOW).kind) <= _badness(judge(one, NOW).kind)


@given(some_evidence, st.floats(0, 8000))
def test_time_alone_never_makes_a_node_that_is_not_heard_better(one: NodeEvidence, later_s: float) -> None:
    """Without any news a state may only get worse (a refused write ages, so space is left out)."""
    silent = replace(one, space=None)
    before, after = judge(silent, NOW), judge(silent, NOW + later_s)
    assert _badness(after.kind) <= _badness(before.kind)


def _badness(kind: NodeStateKind) -> int:
    """NO_DATA is as good as OK."""
    return min(kind, NodeStateKind.OK)


def test_the_document_of_states_is_the_rules_own() -> None:
    page = Path(__file__).parents[2] / "docs" / "states.md"
    assert page.read_text() == document(), "python -m storj_monitor.state.describe > docs/states.md"
