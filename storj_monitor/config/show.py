"""Settings as text again: what `check-config` prints."""

from __future__ import annotations

from collections.abc import Iterator

from storj_monitor.config import table
from storj_monitor.config.settings import Settings
from storj_monitor.config.table import Setting


def setting_values(settings: Settings) -> Iterator[tuple[str, str]]:
    """(name, value) of every row of the table, in its order. A secret is said to be set, never shown."""
    for setting, value in _pairs(settings):
        yield setting.name, setting.kind.show(value)


def _pairs(settings: Settings) -> Iterator[tuple[Setting[object], object]]:
    server, retention, thresholds, perf = settings.server, settings.retention, settings.thresholds, settings.perf
    prices, money = settings.prices, settings.money
    yield table.DATABASE, settings.database
    yield table.FROM_END, settings.from_end
    yield table.COMMIT_EVERY, settings.commit_every_s
    yield table.BIND, server.bind
    yield table.PORT, server.port
    yield table.PASSWORD, server.password
    yield table.ALLOWED_HOSTS, server.allowed_hosts
    yield table.TRUSTED_PROXIES, server.trusted_proxies
    yield table.BASE_PATH, server.base_path
    yield table.TLS_CERT, server.tls_cert
    yield table.TLS_KEY, server.tls_key
    yield table.RETENTION_EVENTS, retention.events_s
    yield table.RETENTION_MINUTES, retention.minutes_s
    yield table.RETENTION_HOURS, retention.hours_s
    yield table.RETENTION_DAYS, retention.days_s
    yield table.RETENTION_SIZE_CAP, retention.size_cap_bytes
    yield table.THRESHOLD_SILENT, thresholds.silent_s
    yield table.THRESHOLD_SUCCESS_PCT, thresholds.success_pct
    yield table.PRICES_EGRESS, prices.egress
    yield table.PRICES_REPAIR, prices.repair
    yield table.PRICES_AUDIT, prices.audit
    yield table.PRICES_STORAGE, prices.storage
    yield table.PRICES_SATELLITES, prices.satellites
    yield table.MONEY_CURRENCY, money.currency
    yield table.MONEY_RATE, money.rate
    yield table.MONEY_POWER_W, money.power_w
    yield table.MONEY_POWER_PRICE, money.power_price
    yield table.MONEY_FIXED, money.fixed
    yield table.BASELINE, perf.baseline
    yield table.WS_COALESCE_MS, perf.ws_coalesce_ms
    yield table.USE_ORJSON, perf.use_orjson
    yield table.DB_EXECUTOR_MAX_WORKERS, perf.db_executor_max_workers
    yield table.ANALYTICS_JITTER_PCT, perf.analytics_jitter_pct
    yield table.MAX_BROADCAST_HZ, perf.max_broadcast_hz
    yield table.ENABLE_DIFF_PAYLOADS, perf.enable_diff_payloads
    yield table.ENABLE_LOG_RATE_LIMIT, perf.enable_log_rate_limit
