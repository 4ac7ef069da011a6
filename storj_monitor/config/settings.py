"""Settings: every choice of the operator, frozen, validated once; what `cli` hands to `app`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from storj_monitor.config.kinds import Secret
from storj_monitor.config.money_kinds import SatellitePrices
from storj_monitor.config.nodes import NodeSettings
from storj_monitor.model.addresses import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where the page is served. `password` is plain text or an argon2 hash (it begins with `$argon2`); None asks for none."""

    bind: str
    port: int
    password: Secret | None
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    base_path: str = ""
    tls_cert: Path | None = None
    tls_key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """How long rows are kept, in seconds before the newest line of their node; None = for ever. `size_cap_bytes` None = no cap."""

    events_s: int | None
    minutes_s: int | None
    hours_s: int | None
    days_s: int | None
    size_cap_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdSettings:
    """When the page marks something; 0 = never."""

    silent_s: int
    success_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSettings:
    """Dollars per TB (storage: per TB and month) instead of the node's own prices; None leaves them. `satellites` win over the others."""

    egress: float | None
    repair: float | None
    audit: float | None
    storage: float | None
    satellites: SatellitePrices


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneySettings:
    """Costs of each node that has none of its own, in `currency` (None = dollars); `rate` is how much of it a dollar is worth."""

    currency: str | None
    rate: float | None
    power_w: float | None
    power_price: float | None
    fixed: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PerfSettings:
    """Trades of delay against work; see the table for each. `db_executor_max_workers` None = chosen by the product.

    `baseline`: all of them are off, and so is what has no setting of its own (see docs/performance.md).
    """

    baseline: bool
    ws_coalesce_ms: int
    use_orjson: bool
    db_executor_max_workers: int | None
    analytics_jitter_pct: float
    max_broadcast_hz: float
    enable_diff_payloads: bool
    enable_log_rate_limit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of them. `nodes` may be empty (ingest, demo); `from_end` begins new logs at their end.

    `commit_every_s` seconds are between commits. `warnings`: what is allowed, but not safe.
    """

    nodes: tuple[NodeSettings, ...] = field(default=())
    database: Path
    from_end: bool
    commit_every_s: int
    server: ServerSettings
    retention: RetentionSettings
    thresholds: ThresholdSettings
    prices: PriceSettings
    money: MoneySettings
    perf: PerfSettings
    warnings: tuple[str, ...] = ()


# ---- What the command line asks of the app beside settings.


STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`nodes` invented nodes that together make `rate` transfers a second; `folder` is there, empty, and removed afterwards."""

    nodes: int
    rate: float
    folder: Path


class IngestInput(NamedTuple):
    """One file of old log of one node; STANDARD_INPUT as `path` is the standard input. Matches of one glob come by name."""

    node: str
    path: str


class IngestProgress(NamedTuple):
    """How far `ingest` is. Bytes as they are on disk (compressed ones too); `total_bytes` 0 = unknown (standard input)."""

    path: str
    done_bytes: int
    total_bytes: int
    lines: int


ProgressCallback = Callable[[IngestProgress], None]
