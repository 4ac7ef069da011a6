"""What parts of the product found out about a node, ready to be told as reasons of its state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from storj_monitor.model.earnings import Paystub
from storj_monitor.model.ids import name_of_address, satellite_name
from storj_monitor.model.log_character import LogTrouble
from storj_monitor.model.node_answers import ApiStatus, Endpoint, RouteStatus
from storj_monitor.model.node_state import NodeWarning, StateSource
from storj_monitor.model.reputation import BEGUN, COMPLETED
from storj_monitor.model.severity import SeverityClass
from storj_monitor.model.sources import SourceState
from storj_monitor.model.uptime import Uptime, UptimeState, Witness
from storj_monitor.state.node_status import CLOCK_BELIEVED_S, NodeStatus
from storj_monitor.state.nodes import NodeState as LiveNode

CLOCK_OFF_S = 60.0
SEVERE_S = {SeverityClass.DATA: 86_400.0, SeverityClass.REPUTATION: 21_600.0, SeverityClass.START: 3600.0}
"""An entry of the log has no end of its own: so long after it came last it is still a reason."""
MOST_SEVERE = 5
MOST_TEXT = 200
MAIN_ROUTE = "/api/sno/"
"""The node itself; the others tell of its satellites and its money."""
EXIT_DAYS = 30
"""So long a node must stay online after it began to leave a satellite."""
NOT_HEARD_S = 60.0
"""Several endpoints shut at once may be a node that is busy for a moment."""
_HEARD_BY = {
    Witness.API_DOWN: "its API does not answer",
    Witness.METRICS_DOWN: "its /metrics does not answer",
    Witness.PROBE: "its public port does not answer",
    Witness.LOG_GAP: "its log is silent for longer than it ever is",
}
_OF_LOG = {
    LogTrouble.NOT_UNDERSTOOD: "log_poor",
    LogTrouble.ABOVE_INFO: "log_level",
    LogTrouble.NO_TRANSFERS: "log_level",
    LogTrouble.TWO_NODES: "other_node",
}
_TOLD_ELSEWHERE = ("no space left on device", "node scores worsened", "clock is out of sync", "outdated")
"""Other rules say these, with a begin and an end."""


def warnings_of(node: NodeStatus, log: LiveNode, uptime: Uptime, now: float, store_problem: str) -> Iterator[NodeWarning]:
    """All of them; `code` names the rule."""
    if store_problem:
        words = f"The monitor cannot write its database ({store_problem}), so the log waits."
        yield NodeWarning("not_kept", words, None, now, StateSource.MONITOR)
    if log.node_id and node.node_id and log.node_id != node.node_id:
        words = f"The API is of node {node.node_id[:12]}…, the log of node {log.node_id[:12]}…."
        yield NodeWarning("other_node", words, None, now, StateSource.LOG)
    for told in log.character.warnings():
        yield NodeWarning(
            _OF_LOG[told.trouble], told.text, None, log.character.newest_ms / 1000 or None, StateSource.LOG, told.trouble.value
        )
    yield from _not_heard(uptime, now)
    yield from _clock(node, now)
    yield from _routes(node)
    yield from _exits(node)
    yield from _severe(log, node.log_started_at, now)
    if log.status.detail and log.status.state == SourceState.LIVE.value:
        yield NodeWarning("log_moved", f"The log: {log.status.detail}.", log.status.since, now, StateSource.LOG)


def _exits(node: NodeStatus) -> Iterator[NodeWarning]:
    """Graceful exits: by the log, and by the newest paystub of a satellite of which the log tells nothing."""
    addresses = {satellite: name_of_address(known.address) for satellite, known in node.standing.known.items()}
    for satellite, one in node.standing.exits.items():
        name = satellite_name(satellite, addresses)
        if one.state == BEGUN:
            until = datetime.fromtimestamp(one.at, UTC) + timedelta(days=EXIT_DAYS)
            words = (
                f"{name}: graceful exit in progress. The node must stay online (online score of 0.8 or more) for {EXIT_DAYS} days, until "
            )
            yield NodeWarning("leaving", f"{words}{until:%Y-%m-%d}.", one.at, one.at, StateSource.LOG, satellite)
        elif one.state == COMPLETED:
            yield NodeWarning(
                "left", f"{name}: graceful exit is complete; the node has left this satellite.", one.at, one.at, StateSource.LOG, satellite
            )
    newest: dict[str, Paystub] = {}
    for stub in node.money.stubs.values():
        if stub.satellite not in newest or stub.period > newest[stub.satellite].period:
            newest[stub.satellite] = stub
    for satellite, stub in newest.items():
        codes, name = stub.codes.split(":"), satellite_name(satellite, addresses)
        if satellite in node.standing.exits or satellite in node.disqualified_ms:
            continue
        if "X" in codes:
            words = f"{name}: graceful exit is complete, by the paystub of {stub.period}."
            yield NodeWarning("left", words, None, node.money.at or None, StateSource.API, satellite)
        elif "I" in codes:
            words = f"{name}: graceful exit in progress, by the paystub of {stub.period}. The node must stay online until it is complete."
            yield NodeWarning("leaving", words, None, node.money.at or None, StateSource.API, satellite)


def _not_heard(seen: Uptime, now: float) -> Iterator[NodeWarning]:
    """By the log's own rhythm and those who ask it: certain only where two agree."""
    if seen.state is not UptimeState.DOWN or not seen.certain or Witness.PROCESS in seen.evidence or seen.since is None:
        return
    if now - seen.since >= NOT_HEARD_S:
        told = [text for witness, text in _HEARD_BY.items() if witness in seen.evidence]
        words = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
        yield NodeWarning("not_heard", f"The node is not heard: {words}.", seen.since, now, StateSource.LOG)


def _clock(node: NodeStatus, now: float) -> Iterator[NodeWarning]:
    answer = node.answer
    ahead_s = (answer.clock_ahead_s or 0.0) if answer else 0.0
    if answer is not None and abs(ahead_s) > CLOCK_OFF_S:
        way = "ahead of" if ahead_s > 0 else "behind"
        far = "more than an hour" if abs(ahead_s) > CLOCK_BELIEVED_S else "more than a minute"
        yield NodeWarning("clock", f"The node's clock is {far} {way} the monitor's.", None, answer.taken_at, StateSource.API)
    off_at = node.signs.clock_off_at
    if off_at is not None:
        words = "The node says that its clock is out of sync with the satellites."
        yield NodeWarning("clock", words, off_at, off_at, StateSource.LOG, "own")


def _routes(node: NodeStatus) -> Iterator[NodeWarning]:
    """What the API does not tell; of a satellite that has disqualified the node it need not tell anything."""
    endpoint = node.endpoints.get(Endpoint.API)
    if endpoint is None:
        return
    gone = node.disqualified_ms
    routes = [
        one
        for one in endpoint.routes
        if one.status is not RouteStatus.ABSENT and one.path != MAIN_ROUTE and not any(satellite in one.path for satellite in gone)
    ]
    if routes and endpoint.status is not ApiStatus.UNREACHABLE:
        more = f" (and {len(routes) - 1} more)" if len(routes) > 1 else ""
        path = routes[0].path
        for satellite in node.standing.known:
            path = path.replace(satellite, satellite_name(satellite))
        words = f"The API does not answer {path[:MOST_TEXT]} ({routes[0].detail[:MOST_TEXT]}){more}."
        yield NodeWarning("route", words, min(one.since for one in routes), endpoint.since, StateSource.API)


def _severe(log: LiveNode, started_at: float | None, now: float) -> Iterator[NodeWarning]:
    """The newest ones of each class; what a start that failed said is over when one has worked."""
    found = 0
    for one in log.severe.entries():
        at = one.last_ms / 1000
        is_over = one.kind is SeverityClass.START and started_at is not None and at < started_at
        text = f"{one.message} {one.text}".lower()
        if is_over or now - at > SEVERE_S[one.kind] or any(words in text for words in _TOLD_ELSEWHERE):
            continue
        found += 1
        if found > MOST_SEVERE:
            return
        said = one.text if one.text.startswith(one.message) else f"{one.message}: {one.text}"
        subject = f"{one.logger}/{one.message}"
        yield NodeWarning(
            f"severe_{one.kind.name.lower()}", f"The log says “{said[:MOST_TEXT]}”.", one.first_ms / 1000, at, StateSource.LOG, subject
        )
