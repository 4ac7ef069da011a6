"""The one table of settings: file, environment, flags, `--help` and docs/settings.md are all read from it.

A new setting is one row here, one field in `settings`, and `python -m storj_monitor.config.document > docs/settings.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from storj_monitor.config.kinds import (
    Age,
    BindAddress,
    FilePath,
    Kind,
    Number,
    Password,
    Seconds,
    Secret,
    SizeCap,
    Switch,
    WholeNumber,
    Workers,
)
from storj_monitor.config.money_kinds import CurrencyCode, Optional, PricesBySatellite
from storj_monitor.config.server_kinds import BasePath, HostNames, Networks, OptionalFile
from storj_monitor.model.addresses import Network
from storj_monitor.units import DAY_S, HOUR_S, YEAR_S

T_co = TypeVar("T_co", covariant=True)

ENVIRONMENT_PREFIX: Final = "STORJ_MONITOR_"

PERF_BASELINE: Final = False
PERF_WS_COALESCE_MS: Final = 75
PERF_USE_ORJSON: Final = False
PERF_DB_EXECUTOR_MAX_WORKERS: Final = None
PERF_ANALYTICS_JITTER_PCT: Final = 0.15
PERF_MAX_BROADCAST_HZ: Final = 2
PERF_ENABLE_DIFF_PAYLOADS: Final = True
PERF_ENABLE_LOG_RATE_LIMIT: Final = True


@dataclass(frozen=True)
class Setting(Generic[T_co]):
    """One row. `section` is the TOML table ("" = top level); a secret has no flag, because other users can read command lines."""

    section: str
    key: str
    kind: Kind[T_co]
    default: T_co
    help: str
    short: bool = False  # named without its section in the environment and as a flag
    secret: bool = False
    default_text: str = ""

    @property
    def name(self) -> str:
        """`perf.ws_coalesce_ms`: how messages call it."""
        return f"{self.section}.{self.key}" if self.section else self.key

    @property
    def _long_key(self) -> str:
        return self.key if self.short or not self.section else f"{self.section}_{self.key}"

    @property
    def environment(self) -> str:
        """`STORJ_MONITOR_PERF_WS_COALESCE_MS`."""
        return ENVIRONMENT_PREFIX + self._long_key.upper()

    @property
    def flag(self) -> str | None:
        """`--perf-ws-coalesce-ms`; None for a secret."""
        return None if self.secret else "--" + self._long_key.replace("_", "-")

    @property
    def default_shown(self) -> str:
        return self.default_text or self.kind.show(self.default)


DATABASE = Setting[Path | None](
    "",
    "database",
    FilePath(),
    None,
    "The database file. Made when it is not there; its folder too.",
    default_text="~/.local/share/storj_monitor/storj_monitor.db under Linux (or in XDG_DATA_HOME), ~/Library/Application Support/…"
    " under macOS, %LOCALAPPDATA%\\storj_monitor\\storj_monitor.db under Windows",
)
FROM_END = Setting(
    "",
    "from_end",
    Switch(),
    False,
    "On first sight of a log, begin at its end instead of reading it from the start.",
)
COMMIT_EVERY = Setting(
    "",
    "commit_every",
    Seconds(300, low_s=1),
    10,
    "How often what was read is written to the database. Longer spares a memory card; after a power cut that much is read again from"
    " the log (lines of a TCP stream are lost).",
)
BIND = Setting(
    "server",
    "bind",
    BindAddress(),
    "127.0.0.1",
    "Address to listen on. Any other than this machine's own (127.…, ::1, localhost) needs a password.",
    short=True,
)
PORT = Setting("server", "port", WholeNumber(0, 65535), 8765, "Port to listen on; 0 takes any free one.", short=True)
PASSWORD = Setting[Secret | None](
    "server",
    "password",
    Password(),
    None,
    "Password of the page, or its argon2 hash. Never shown or logged. Only from file or environment.",
    short=True,
    secret=True,
)
ALLOWED_HOSTS = Setting[tuple[str, ...]](
    "server",
    "allowed_hosts",
    HostNames(),
    (),
    "Names that the page is reached by, those of a reverse proxy too. On a loopback bind only these and loopback names are answered; on"
    " another bind, where any is given, only these and addresses.",
    short=True,
)
TRUSTED_PROXIES = Setting[tuple[Network, ...]](
    "server",
    "trusted_proxies",
    Networks(),
    (),
    "Reverse proxies whose X-Forwarded-For, -Proto and -Host are believed: wrong passwords then count for the client, not for the proxy.",
    short=True,
)
BASE_PATH = Setting[str](
    "server", "base_path", BasePath(), "", "Path below which a reverse proxy shows the page, cut off or not.", short=True
)
TLS_CERT = Setting[Path | None](
    "server", "tls_cert", OptionalFile(), None, "Certificate chain (PEM) to serve the page by https. Read again at SIGHUP.", short=True
)
TLS_KEY = Setting[Path | None](
    "server", "tls_key", OptionalFile(), None, "Private key (PEM) of the certificate, where it is in a file of its own.", short=True
)
RETENTION_EVENTS = Setting[int | None](
    "retention", "events", Age(HOUR_S), 2 * DAY_S, "How long single transfers are kept, counted from each node's newest line."
)
RETENTION_MINUTES = Setting[int | None](
    "retention",
    "minutes",
    Age(DAY_S),
    30 * DAY_S,
    "How long totals by the minute are kept, and failures and audits with their piece ids.",
)
RETENTION_HOURS = Setting[int | None]("retention", "hours", Age(DAY_S), 2 * YEAR_S, "How long totals by the hour are kept.")
RETENTION_DAYS = Setting[int | None]("retention", "days", Age(DAY_S), None, "How long totals by the day are kept.")
RETENTION_SIZE_CAP = Setting[int | None](
    "retention", "size_cap", SizeCap(10_000_000), None, "Greatest size of the database file: the oldest single events go early. 0 = no cap."
)
THRESHOLD_SILENT = Setting(
    "thresholds", "silent", Seconds(DAY_S), 180, "A node whose log says nothing for this long is shown as silent. 0 = never."
)
THRESHOLD_SUCCESS_PCT = Setting(
    "thresholds", "success_pct", Number(0, 100), 90.0, "Success rates below this many percent are marked on the page. 0 = never."
)
PRICES_EGRESS = Setting[float | None](
    "prices", "egress", Optional(0, 10_000), None, "Dollars per TB sent to customers, instead of what the node says its satellites pay."
)
PRICES_REPAIR = Setting[float | None]("prices", "repair", Optional(0, 10_000), None, "Dollars per TB sent for repair.")
PRICES_AUDIT = Setting[float | None]("prices", "audit", Optional(0, 10_000), None, "Dollars per TB sent for audits.")
PRICES_STORAGE = Setting[float | None]("prices", "storage", Optional(0, 10_000), None, "Dollars per TB stored for a month (720 hours).")
PRICES_SATELLITES = Setting(
    "prices",
    "satellites",
    PricesBySatellite(),
    PricesBySatellite().parse("none"),
    "Prices of single satellites, in dollars; they win over those for all.",
)
MONEY_CURRENCY = Setting[str | None](
    "money",
    "currency",
    CurrencyCode(),
    None,
    "Your currency: shown beside dollars and in CSV files; power and fixed costs are given in it. Needs rate.",
)
MONEY_RATE = Setting[float | None](
    "money", "rate", Optional(1e-6, 1e9), None, "How much of your currency one dollar is worth. Needs currency."
)
MONEY_POWER_W = Setting[float | None](
    "money", "power_w", Optional(0, 100_000), None, "Watts that each node draws: its share of the machine. Needs power_price."
)
MONEY_POWER_PRICE = Setting[float | None](
    "money", "power_price", Optional(0, 1e9), None, "Price of a kWh, in your currency (dollars where none is named)."
)
MONEY_FIXED = Setting[float | None](
    "money", "fixed", Optional(0, 1e9), None, "What each node costs a month beside power, in your currency (dollars where none is named)."
)
BASELINE = Setting(
    "perf",
    "baseline",
    Switch(),
    PERF_BASELINE,
    "Turn every optimisation off, whatever the other settings of this table say: to measure what they bring (docs/performance.md).",
)
WS_COALESCE_MS = Setting(
    "perf",
    "ws_coalesce_ms",
    WholeNumber(0, 10_000),
    PERF_WS_COALESCE_MS,
    "The live topic gathers events for this many milliseconds before it sends a frame. 0 = off: each read of a log is a frame.",
)
USE_ORJSON = Setting(
    "perf",
    "use_orjson",
    Switch(),
    PERF_USE_ORJSON,
    "Encode messages with the package orjson (extra `fast`; where it is missing the log says so once). Off: msgspec.",
)
DB_EXECUTOR_MAX_WORKERS = Setting[int | None](
    "perf",
    "db_executor_max_workers",
    Workers(64),
    PERF_DB_EXECUTOR_MAX_WORKERS,
    "Threads that answer questions to the database, at most. auto: one more than there are cores, 4 at most."
    " One further thread writes, always.",
)
ANALYTICS_JITTER_PCT = Setting(
    "perf",
    "analytics_jitter_pct",
    Number(0, 0.5),
    PERF_ANALYTICS_JITTER_PCT,
    "Spread of the times of all periodic work, as a fraction of its interval (± 0.15 = 15 %). 0 = off: on the minute, and all together.",
)
MAX_BROADCAST_HZ = Setting[float](
    "perf",
    "max_broadcast_hz",
    Number(0, 100),
    PERF_MAX_BROADCAST_HZ,
    "Greatest rate of the slow topics (tables), per second; the live topic has ws_coalesce_ms. 0 = off, no bound.",
)
ENABLE_DIFF_PAYLOADS = Setting(
    "perf",
    "enable_diff_payloads",
    Switch(),
    PERF_ENABLE_DIFF_PAYLOADS,
    "Send only rows that changed; off: whole tables under the same numbers.",
)
ENABLE_LOG_RATE_LIMIT = Setting(
    "perf",
    "enable_log_rate_limit",
    Switch(),
    PERF_ENABLE_LOG_RATE_LIMIT,
    "Say a repeated message of the monitor's own log once, an error with its details, then how often.",
)

SETTINGS: Final[tuple[Setting[object], ...]] = (
    DATABASE,
    FROM_END,
    COMMIT_EVERY,
    BIND,
    PORT,
    PASSWORD,
    ALLOWED_HOSTS,
    TRUSTED_PROXIES,
    BASE_PATH,
    TLS_CERT,
    TLS_KEY,
    RETENTION_EVENTS,
    RETENTION_MINUTES,
    RETENTION_HOURS,
    RETENTION_DAYS,
    RETENTION_SIZE_CAP,
    THRESHOLD_SILENT,
    THRESHOLD_SUCCESS_PCT,
    PRICES_EGRESS,
    PRICES_REPAIR,
    PRICES_AUDIT,
    PRICES_STORAGE,
    PRICES_SATELLITES,
    MONEY_CURRENCY,
    MONEY_RATE,
    MONEY_POWER_W,
    MONEY_POWER_PRICE,
    MONEY_FIXED,
    BASELINE,
    WS_COALESCE_MS,
    USE_ORJSON,
    DB_EXECUTOR_MAX_WORKERS,
    ANALYTICS_JITTER_PCT,
    MAX_BROADCAST_HZ,
    ENABLE_DIFF_PAYLOADS,
    ENABLE_LOG_RATE_LIMIT,
)

SECTIONS: Final = tuple(dict.fromkeys(row.section for row in SETTINGS))
