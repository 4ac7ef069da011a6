"""Recorded answers of whole nodes, decoded as the poller decodes them: what trackers are told, without a poller."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import structs

from storj_monitor.errors import AnswerNotUnderstood
from storj_monitor.model.node_answers import Answer, AnswerKind, AnswerValue
from storj_monitor.node_api.decode import decode_all_satellites, decode_health, decode_node, decode_notifications, decode_satellite
from storj_monitor.node_api.decode_payouts import (
    decode_estimate,
    decode_held_history,
    decode_payout_history,
    decode_paystubs,
    decode_periods,
    decode_pricing,
)
from storj_monitor.node_api.metrics import decode_metrics
from storj_monitor.node_api.transport import Reply
from storj_monitor.state.node_status import NodeStatus

CORPUS = Path(__file__).parent / "corpus" / "api"
FOLDERS = sorted(one.parent.name for one in CORPUS.glob("*/sno.json"))
AT = 1_795_423_420.0
"""2026-11-23 08:43:40 UTC, when most of them were recorded."""


def answers(folder: str, at: float = AT) -> Iterator[Answer]:
    """All that this node answered, the node itself first."""

    def reply(name: str) -> Reply:
        body = (CORPUS / folder / f"{name}.json").read_bytes()
        return Reply(f"/{name}", 200, "application/json", body, at, 5.0, 0.0)

    def told(kind: AnswerKind, value: AnswerValue, satellite: str | None = None, period: str = "") -> Answer:
        return Answer("a", kind, satellite, at, 5.0, value, period)

    yield told(AnswerKind.NODE, decode_node(reply("sno")))
    yield told(AnswerKind.SATELLITES, decode_all_satellites(reply("satellites")))
    for one in sorted((CORPUS / folder).glob("satellite-*.json")):
        decoded = decode_satellite(reply(one.stem))
        satellite = decoded.usage.satellite
        yield told(AnswerKind.SATELLITE, decoded, satellite)
        number = one.stem.removeprefix("satellite-")
        yield told(AnswerKind.PRICING, decode_pricing(reply(f"pricing-{number}")), satellite)
        with suppress(AnswerNotUnderstood):  # a satellite that has disqualified the node: the node refuses
            yield told(AnswerKind.ESTIMATE, decode_estimate(reply(f"estimated-payout-{number}"), satellite), satellite)
    yield told(AnswerKind.ESTIMATE, decode_estimate(reply("estimated-payout"), ""))
    yield told(AnswerKind.PERIODS, decode_periods(reply("periods")))
    yield told(AnswerKind.PAYSTUBS, decode_paystubs(reply("paystubs-2026-01_2026-10")), period="2026-01/2026-10")
    yield told(AnswerKind.PAYOUT_HISTORY, decode_payout_history(reply("payout-history-2026-10"), "2026-10"), period="2026-10")
    yield told(AnswerKind.HELD_HISTORY, decode_held_history(reply("held-history")))
    yield told(AnswerKind.NOTIFICATIONS, decode_notifications(reply("notifications")))
    if json.loads((CORPUS / folder / "healthcheck.json").read_bytes()):
        yield told(AnswerKind.HEALTH, decode_health(reply("healthcheck")))
    metrics = CORPUS / folder / "metrics.txt.gz"
    if metrics.exists():
        yield told(AnswerKind.METRICS, decode_metrics(gzip.decompress(metrics.read_bytes()), at))


def parts(status: NodeStatus) -> tuple[object, ...]:
    """All that an update may replace, by value: parts are frozen, so another value is another part."""
    return (
        status.standing,
        status.space,
        status.money,
        status.outages,
        structs.replace(status.log),
        dict(status.impossible),
        status.answer,
    )
