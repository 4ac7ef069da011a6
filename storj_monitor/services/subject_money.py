"""What was said about a node's money goes into memory and, where it is new, to the rows that wait to be written.

Nothing is stored while the node's clock cannot be believed: its month may not be ours.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import msgspec

from storj_monitor.database import subject_rows as rows
from storj_monitor.database import subjects as store
from storj_monitor.database.subject_rows import DAY_MS, Pending
from storj_monitor.financial_tracker.history import merge_payouts, merge_paystubs
from storj_monitor.financial_tracker.months import end_ms, node_previous_period, period_of, shifted, start_ms
from storj_monitor.financial_tracker.plausible import believable, impossible_estimate, impossible_prices, impossible_traffic
from storj_monitor.financial_tracker.scoring import score
from storj_monitor.financial_tracker.usage import merge_days
from storj_monitor.model.earnings import EstimatedPayout, HeldHistoryRow, PayoutHistoryRow, Paystub, Pricing, SatelliteUsage, StubKey
from storj_monitor.model.estimates import MonthEstimate, NodeEarnings, NodeEstimate, SatelliteEstimate
from storj_monitor.model.node_answers import Answer, AnswerKind
from storj_monitor.state.node_status import CLOCK_BELIEVED_S, NodeStatus

ESTIMATE_LATE_S = 7200.0
"""A node that has not given its own sum for so long does not give it: time goes on by its other answers."""
_SCORED_LATE_MS = 2 * DAY_MS
_log = logging.getLogger(__name__)

LastEstimates = dict[tuple[str, str], tuple[int, MonthEstimate]]
"""By satellite and period: when the last estimate was made, and what it was."""


def clock_believed(node: NodeStatus) -> bool:
    """Whether the node's clock is near enough to ours."""
    return node.answer is None or abs(node.answer.clock_ahead_s or 0.0) <= CLOCK_BELIEVED_S


def node_time_ms(node: NodeStatus, answer: Answer) -> int:
    """The node's own time when it gave this answer, ours where its clock cannot be believed."""
    ahead_s = (node.answer.clock_ahead_s or 0.0) if node.answer is not None and clock_believed(node) else 0.0
    return round((answer.asked_at + answer.took_ms / 1000 + ahead_s) * 1000)


def take_usage(node: NodeStatus, answer: Answer, usage: SatelliteUsage, pending: Pending) -> None:
    """The present month with one satellite. A date of joining that has not come yet is none."""
    money = node.money
    if usage.joined_ms is not None and usage.joined_ms > answer.asked_at * 1000 + DAY_MS:
        usage = msgspec.structs.replace(usage, joined_ms=None)
    impossible = impossible_traffic(usage, answer.asked_at)
    if usage.prices is not None:
        impossible += impossible_prices(usage.prices, answer.asked_at)
    node.note_impossible(("usage", usage.satellite), impossible)
    usage = believable(usage)
    money.usages[usage.satellite] = usage
    money.at = max(money.at, answer.asked_at)
    money.usage_since = money.usage_since or answer.asked_at
    if not money.now_ms or _estimate_is_late(node, answer):
        _go_on(node, node_time_ms(node, answer))
    if not clock_believed(node):
        return
    before = money.kept.get(usage.satellite)
    after = money.kept[usage.satellite] = merge_days(before, usage, start_ms(shifted(period_of(node_time_ms(node, answer)), -1)))
    known = set() if before is None else set(rows.usage_rows(node.name, before))
    for row in rows.usage_rows(node.name, after):
        if row not in known:
            pending.put(store.USAGE_DAY, row)


def tells_the_month(node: NodeStatus, answer: Answer) -> bool:
    """Whether the month is to be looked at again after this answer: after the node's own sum, or after usage where it gives none."""
    if answer.kind is AnswerKind.ESTIMATE:
        return not answer.satellite
    return answer.kind is AnswerKind.SATELLITE and _estimate_is_late(node, answer)


def _estimate_is_late(node: NodeStatus, answer: Answer) -> bool:
    """Whether the node gives usage, but not its own sum (it gives none at all while it lacks the prices of one satellite)."""
    return answer.asked_at - max(node.money.estimated_at, node.money.usage_since) > ESTIMATE_LATE_S


def _go_on(node: NodeStatus, now_ms: int) -> None:
    """Time goes on without the node's own sum; one of another month is no comparison for this one."""
    money = node.money
    if money.now_ms and period_of(money.now_ms) != period_of(now_ms):
        money.estimates.clear()
    money.now_ms = now_ms


def take_estimate(node: NodeStatus, answer: Answer, estimate: EstimatedPayout) -> None:
    """The node's own estimate of one satellite, or (satellite "") of all."""
    money, satellite = node.money, answer.satellite or ""
    impossible = impossible_estimate(estimate, answer.asked_at)
    node.note_impossible(("estimate", satellite), impossible)
    if impossible:
        money.estimates.pop(satellite, None)
    else:
        money.estimates[satellite] = estimate
    money.at = max(money.at, answer.asked_at)
    if not answer.satellite:
        money.estimated_at = answer.asked_at
        money.now_ms = node_time_ms(node, answer)


def take_pricing(node: NodeStatus, answer: Answer, pricing: Pricing, pending: Pending) -> None:
    """Prices of one satellite; kept when they change."""
    impossible = impossible_prices(pricing, answer.asked_at)
    node.note_impossible(("prices", pricing.satellite), impossible)
    if impossible:
        return
    if node.money.pricing.get(pricing.satellite) != pricing:
        node.money.pricing[pricing.satellite] = pricing
        pending.put(store.PRICING, rows.pricing_row(node.name, round(answer.asked_at * 1000), pricing))


def take_paystubs(node: NodeStatus, stubs: tuple[Paystub, ...], last: LastEstimates, now_ms: int, pending: Pending) -> None:
    """Paystubs for ever; a new one shows how good our estimate was."""
    money = node.money
    merged = merge_paystubs(node.node_id, money.stubs, stubs)
    _tell_refused(node, merged.refused)
    for key, stub in merged.changed.items():
        money.stubs[key] = stub
        pending.put(store.PAYSTUB, rows.paystub_row(node.name, key, stub))
        _score(node, key, stub, last, now_ms, pending)


def take_payouts(node: NodeStatus, payouts: tuple[PayoutHistoryRow, ...], pending: Pending) -> None:
    """Receipts of one month."""
    money = node.money
    merged = merge_payouts(node.node_id, money.payouts, payouts)
    _tell_refused(node, merged.refused)
    for key, payout in merged.changed.items():
        money.payouts[key] = payout
        pending.put(store.PAYOUT, rows.payout_row(node.name, key, payout))


def take_held_history(node: NodeStatus, held: tuple[HeldHistoryRow, ...], now_ms: int, pending: Pending) -> None:
    """Sums of what is held, the latest word of each satellite."""
    for told in held:
        future = told.joined_ms is not None and told.joined_ms > now_ms + DAY_MS
        row = msgspec.structs.replace(told, joined_ms=None) if future else told
        if row.satellite and node.money.held_history.get(row.satellite) != row:
            node.money.held_history[row.satellite] = row
            pending.put(store.HELD_HISTORY, rows.held_row(node.node_id, node.name, row))


def _usage_is_of_this_month(node: NodeStatus) -> bool:
    """Whether all satellites were asked in the month of the estimate: at its turn the node's sum may come before them: ours would be 0."""
    period = period_of(node.money.now_ms)
    asked = [told.taken_at for satellite, told in node.space.usages.items() if satellite in node.money.usages]
    return all(period_of(round(at * 1000)) == period for at in asked)


def keep_estimate(node: NodeStatus, estimate: NodeEstimate, last: LastEstimates, pending: Pending) -> None:
    """One estimate a day of each satellite, and of a month's last day the last one."""
    if not clock_believed(node) or not _usage_is_of_this_month(node):
        return
    made_ms = node.money.now_ms
    for one in estimate.satellites:
        key = (one.satellite, one.now.period)
        before = last.get(key)
        is_last_day = made_ms >= end_ms(one.now.period) - DAY_MS
        if before is not None and before[0] // DAY_MS >= made_ms // DAY_MS and not is_last_day:
            continue
        theirs = node.money.estimates.get(one.satellite)
        cents = None if theirs is None else round(theirs.current_month.payout_cents * 10_000)
        last[key] = (made_ms, one.now)
        pending.put(store.ESTIMATE_SNAPSHOT, rows.estimate_row(node.name, made_ms, one, cents))
    for one in estimate.satellites:
        _keep_unseen_month(node, one, last, pending)


def _keep_unseen_month(node: NodeStatus, one: SatelliteEstimate, last: LastEstimates, pending: Pending) -> None:
    """The month before, where this monitor was not there to see its end: by our formula from what the node says that it counted, once."""
    before, made_ms, theirs = one.previous, node.money.now_ms, node.money.estimates.get(one.satellite)
    if before is None or _saw_the_end(last.get((one.satellite, before.period)), before.period):
        return
    if theirs is None or node_previous_period(made_ms) != before.period or not before.gross_usd_micros:
        return
    last[one.satellite, before.period] = (made_ms, before)
    whole = msgspec.structs.replace(one, now=before, expected_usd_micros=before.payout_usd_micros)
    theirs_usd_micros = round(theirs.previous_month.payout_cents * 10_000)
    pending.put(store.ESTIMATE_SNAPSHOT, rows.estimate_row(node.name, made_ms, whole, theirs_usd_micros))
    key = StubKey(node.node_id, one.satellite, before.period)
    if key in node.money.stubs:
        _score(node, key, node.money.stubs[key], last, made_ms, pending)


def _saw_the_end(made: tuple[int, MonthEstimate] | None, period: str) -> bool:
    return made is not None and made[1].through_ms >= end_ms(period) - _SCORED_LATE_MS


def add_estimates(
    node: NodeStatus, made: Iterable[tuple[int, SatelliteEstimate]], last: LastEstimates, now_ms: int, pending: Pending
) -> None:
    """Estimates of the past (when made, what), oldest first; months whose paystub is there already are scored."""
    for made_ms, one in made:
        key = (one.satellite, one.now.period)
        if key not in last or last[key][0] < made_ms:
            last[key] = (made_ms, one.now)
        pending.put(store.ESTIMATE_SNAPSHOT, rows.estimate_row(node.name, made_ms, one, None))
    for stub_key, stub in node.money.stubs.items():
        if stub_key not in node.money.scores:
            _score(node, stub_key, stub, last, now_ms, pending)


def is_doubtful(earnings: NodeEarnings) -> bool:
    """Whether ours differs from the node's own estimate without a reason of the operator's: then its satellites were asked too long ago."""
    if earnings.comparison is None or earnings.comparison.agrees:
        return False
    return not any(one.prices.overridden for one in earnings.estimate.satellites)


def forget_satellites(node: NodeStatus, trusted: frozenset[str]) -> bool:
    """What is asked of a satellite that is not trusted any more is no part of the present month. True when there was something."""
    money, found = node.money, False
    for known in (money.usages, money.pricing):
        for satellite in [one for one in known if one not in trusted]:
            del known[satellite]
            found = True
    gone = [one for one in money.estimates if one and (one not in trusted or one in node.disqualified_ms)]
    for satellite in gone:
        del money.estimates[satellite]
    return found or bool(gone)


def _score(node: NodeStatus, key: StubKey, stub: Paystub, last: LastEstimates, now_ms: int, pending: Pending) -> None:
    """Only an estimate from the end of its month can be held against the paystub."""
    made = last.get((key.satellite, key.period))
    if made is None or not _saw_the_end(made, key.period):
        return
    usage = node.money.usages.get(key.satellite)
    result = score(made[1], stub, usage.joined_ms if usage is not None else None)
    node.money.scores[key] = result
    pending.put(store.ESTIMATE_SCORE, rows.estimate_score_row(node.name, key, now_ms, result))


def _tell_refused(node: NodeStatus, refused: list[str]) -> None:
    if refused:
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        _log.warning("node %s told what cannot be right, it is not kept: %s%s", node.name, refused[0], more, extra={"node": node.name})
