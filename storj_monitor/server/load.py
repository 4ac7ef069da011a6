"""The load state as clients, `/api/v1/load` and `/metrics` get it: one set of figures, three forms."""

from __future__ import annotations

from collections.abc import Iterable

from storj_monitor.model.load import Load, LoadState
from storj_monitor.model.metrics import Family

Payload = dict[str, object]

_STATES = [state.value for state in LoadState]


def load_payload(load: Load) -> Payload:
    """As docs/protocol.md says."""
    return {
        "state": load.state.value,
        "reason": load.reason,
        "lag_bytes": load.measures.lag_bytes,
        "left_s": None if load.left_s is None else round(load.left_s, 1),
        "commits_waiting": load.measures.commits_waiting,
        "loop_lag_ms": round(load.measures.loop_lag_s * 1000, 1),
    }


def load_families(load: Load) -> Iterable[Family]:
    """For /metrics; the bytes not read are there by node already."""
    state = float(_STATES.index(load.state.value))
    yield Family("storj_monitor_load_state", "What pages get: 0 everything, 1 a quarter of the updates, 2 none.", "gauge", [({}, state)])
    waiting = load.measures.commits_waiting
    yield Family("storj_monitor_commits_waiting", "Commits that are not on disk yet.", "gauge", [({}, waiting)])
    late = load.measures.loop_lag_s
    yield Family("storj_monitor_loop_lag_seconds", "How late the event loop is, for two seconds at least.", "gauge", [({}, late)])
