"""What every monitor of a test run is made with: a commit each second, and the performance flags of STORJ_TEST_FLAGS (on, off, or not
set: the defaults).

Its name does not begin as the product's own variables do, so that the product does not take it for a setting.
"""

from __future__ import annotations

import os

VARIABLE = "STORJ_TEST_FLAGS"
_FLAGS = {
    "": {},
    "on": {
        "STORJ_MONITOR_PERF_WS_COALESCE_MS": "75",
        "STORJ_MONITOR_PERF_USE_ORJSON": "true",
        "STORJ_MONITOR_PERF_DB_EXECUTOR_MAX_WORKERS": "auto",
        "STORJ_MONITOR_PERF_ANALYTICS_JITTER_PCT": "0.15",
        "STORJ_MONITOR_PERF_MAX_BROADCAST_HZ": "2",
        "STORJ_MONITOR_PERF_ENABLE_DIFF_PAYLOADS": "true",
        "STORJ_MONITOR_PERF_ENABLE_LOG_RATE_LIMIT": "true",
    },
    "off": {"STORJ_MONITOR_PERF_BASELINE": "true"},
}


def chosen() -> str:
    """`on`, `off`, or nothing for the defaults. ValueError: anything else."""
    value = os.environ.get(VARIABLE, "")
    if value not in _FLAGS:
        raise ValueError(f"{VARIABLE}={value}: must be on, off or not set")
    return value


def flag_environment() -> dict[str, str]:
    """As variables, for `config.load` or a process. What waits for a commit need not wait for ten seconds."""
    return {"STORJ_MONITOR_COMMIT_EVERY": "1", **_FLAGS[chosen()]}


def all_off() -> bool:
    """The baseline is asked for."""
    return chosen() == "off"
