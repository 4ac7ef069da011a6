"""Settings of the product: one table, read from file, environment and flags, validated once; each default documented.

`load` gives frozen `Settings` or a ConfigError that names every mistake, where it was made and what is allowed.
"""

from storj_monitor.config.kinds import Secret
from storj_monitor.config.load import Loaded, load
from storj_monitor.config.nodes import FileLog, NodeSettings, StreamLog
from storj_monitor.config.settings import (
    STANDARD_INPUT,
    DemoOptions,
    IngestInput,
    IngestProgress,
    MoneySettings,
    PerfSettings,
    PriceSettings,
    ProgressCallback,
    RetentionSettings,
    ServerSettings,
    Settings,
    ThresholdSettings,
)
from storj_monitor.config.table import (
    PERF_ANALYTICS_JITTER_PCT,
    PERF_BASELINE,
    PERF_DB_EXECUTOR_MAX_WORKERS,
    PERF_ENABLE_DIFF_PAYLOADS,
    PERF_ENABLE_LOG_RATE_LIMIT,
    PERF_MAX_BROADCAST_HZ,
    PERF_USE_ORJSON,
    PERF_WS_COALESCE_MS,
)

__all__ = [
    "PERF_ANALYTICS_JITTER_PCT",
    "PERF_BASELINE",
    "PERF_DB_EXECUTOR_MAX_WORKERS",
    "PERF_ENABLE_DIFF_PAYLOADS",
    "PERF_ENABLE_LOG_RATE_LIMIT",
    "PERF_MAX_BROADCAST_HZ",
    "PERF_USE_ORJSON",
    "PERF_WS_COALESCE_MS",
    "STANDARD_INPUT",
    "DemoOptions",
    "FileLog",
    "IngestInput",
    "IngestProgress",
    "Loaded",
    "MoneySettings",
    "NodeSettings",
    "PerfSettings",
    "PriceSettings",
    "ProgressCallback",
    "RetentionSettings",
    "Secret",
    "ServerSettings",
    "Settings",
    "StreamLog",
    "ThresholdSettings",
    "load",
]
