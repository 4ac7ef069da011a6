"""Settings from file, environment and flags (the later wins), or one ConfigError with every mistake in all of them."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from storj_monitor.config import table
from storj_monitor.config.layers import CONFIG_ENVIRONMENT, Layer, read_environment, read_file, read_flags
from storj_monitor.config.nodes import NodeSettings
from storj_monitor.config.settings import (
    MoneySettings,
    PerfSettings,
    PriceSettings,
    RetentionSettings,
    ServerSettings,
    Settings,
    ThresholdSettings,
)
from storj_monitor.config.table import Setting
from storj_monitor.errors import ConfigError
from storj_monitor.model.addresses import is_loopback

# ---- Where the database lives when nobody says: the user's own data folder, by platform.


DATABASE_NAME = "storj_monitor.db"


def default_database(platform: str, environ: Mapping[str, str], home: Path) -> Path:
    """`platform` as sys.platform. XDG_DATA_HOME counts when it is absolute, as its specification asks."""
    if platform == "win32":
        local = environ.get("LOCALAPPDATA")
        folder = Path(local) if local else home / "AppData" / "Local"
    elif platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        xdg = environ.get("XDG_DATA_HOME", "")
        folder = Path(xdg) if xdg.startswith("/") else home / ".local" / "share"
    return folder / "storj_monitor" / DATABASE_NAME


# ---- What the settings allow but should not be left so: the password in the clear, and secrets that others can read.


def warnings_of(server: ServerSettings, password_file: Path | None) -> Iterator[str]:
    """`password_file`: the settings file, where the password is in it."""
    if server.password is not None and not is_loopback(server.bind) and server.tls_cert is None and not server.trusted_proxies:
        yield (
            f"{table.BIND.name} = {server.bind}: the page is served by plain HTTP, and whoever is on the way can read the password."
            f" Give {table.TLS_CERT.flag}, or set up a reverse proxy with TLS and name it in {table.TRUSTED_PROXIES.name}"
        )
    if password_file is not None and _others_read(password_file, stat.S_IRGRP | stat.S_IROTH):
        yield f"{password_file}: holds the password, and other users of this machine can read it: chmod 600 {password_file}"
    key = server.tls_key or server.tls_cert
    if key is not None and _others_read(key, stat.S_IROTH):
        yield f"{key}: holds the private key of the page, and every user of this machine can read it: chmod 600 {key}"


def _others_read(path: Path, bits: int) -> bool:
    """False where it cannot be told; whoever reads the file says that it cannot be read."""
    if sys.platform == "win32":
        return False
    try:
        return path.is_file() and bool(path.stat().st_mode & bits)
    except OSError:
        return False


# ---- Settings from file, environment and flags (the later wins), or one ConfigError with every mistake in all of them.


T = TypeVar("T")

DEFAULT_ORIGIN = "default"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and for each (by the name of its row; nodes under `node`) the place that it came from."""

    settings: Settings
    origins: Mapping[str, str]


class _Values:
    """Values of the winning layers, by row: the row knows the type."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers

    def __getitem__(self, setting: Setting[T]) -> T:
        for layer in self._layers:
            if setting.name in layer.values:
                return cast(T, layer.values[setting.name])
        return setting.default

    def refused(self, setting: Setting[object]) -> bool:
        return any(setting.name in layer.refused for layer in self._layers)

    def origin(self, setting: Setting[object]) -> str:
        return next((layer.origin for layer in self._layers if setting.name in layer.values), DEFAULT_ORIGIN)


def load(
    *,
    environ: Mapping[str, str],
    flags: Mapping[str, str] | None = None,
    node_texts: Sequence[str] = (),
    config_path: str | None = None,
    platform: str = sys.platform,
    home: Path | None = None,
) -> Loaded:
    """Read, merge and validate. `flags` are texts by the name of their row. Raises ConfigError with all mistakes."""
    layers = [read_flags(flags or {}, node_texts), read_environment(environ)]
    path = config_path or environ.get(CONFIG_ENVIRONMENT)
    if path:
        layers.append(read_file(Path(path)))
    values = _Values(layers)
    with_nodes = next((layer for layer in layers if layer.nodes is not None), None)
    nodes = with_nodes.nodes if with_nodes and with_nodes.nodes else ()
    mistakes = [mistake for layer in layers for mistake in layer.mistakes] + _check_together(values) + _check_money(values)
    mistakes += [f"{with_nodes.origin if with_nodes else ''}: {mistake}" for mistake in _check_costs(values, nodes)]
    database = values[table.DATABASE] or _default_database(platform, environ, home)
    if database is None:
        mistakes.append(f"default: {table.DATABASE.name}: no home folder is known; name the file with {table.DATABASE.flag}")
    if mistakes or database is None:
        raise ConfigError(mistakes)
    origins = {setting.name: values.origin(setting) for setting in table.SETTINGS}
    if values[table.BASELINE]:
        optimisations = (row for row in table.SETTINGS if row.section == table.BASELINE.section and row is not table.BASELINE)
        origins |= {row.name: table.BASELINE.name for row in optimisations}
    origins["node"] = with_nodes.origin if with_nodes else DEFAULT_ORIGIN
    server = _server(values)
    file = Path(path) if path and table.PASSWORD.name in layers[-1].values else None
    return Loaded(
        Settings(
            nodes=nodes,
            database=database,
            from_end=values[table.FROM_END],
            commit_every_s=values[table.COMMIT_EVERY],
            server=server,
            retention=_retention(values),
            thresholds=ThresholdSettings(silent_s=values[table.THRESHOLD_SILENT], success_pct=values[table.THRESHOLD_SUCCESS_PCT]),
            prices=_prices(values),
            money=_money(values),
            perf=_perf(values),
            warnings=tuple(warnings_of(server, file)),
        ),
        origins,
    )


def _default_database(platform: str, environ: Mapping[str, str], home: Path | None) -> Path | None:
    """None where the user has no home folder, as in a container with a user of its own."""
    try:
        return default_database(platform, environ, home or Path.home())
    except RuntimeError:
        return None


def _server(values: _Values) -> ServerSettings:
    return ServerSettings(
        bind=values[table.BIND],
        port=values[table.PORT],
        password=values[table.PASSWORD],
        allowed_hosts=values[table.ALLOWED_HOSTS],
        trusted_proxies=values[table.TRUSTED_PROXIES],
        base_path=values[table.BASE_PATH],
        tls_cert=values[table.TLS_CERT],
        tls_key=values[table.TLS_KEY],
    )


def _retention(values: _Values) -> RetentionSettings:
    return RetentionSettings(
        events_s=values[table.RETENTION_EVENTS],
        minutes_s=values[table.RETENTION_MINUTES],
        hours_s=values[table.RETENTION_HOURS],
        days_s=values[table.RETENTION_DAYS],
        size_cap_bytes=values[table.RETENTION_SIZE_CAP],
    )


def _prices(values: _Values) -> PriceSettings:
    return PriceSettings(
        egress=values[table.PRICES_EGRESS],
        repair=values[table.PRICES_REPAIR],
        audit=values[table.PRICES_AUDIT],
        storage=values[table.PRICES_STORAGE],
        satellites=values[table.PRICES_SATELLITES],
    )


def _money(values: _Values) -> MoneySettings:
    return MoneySettings(
        currency=values[table.MONEY_CURRENCY],
        rate=values[table.MONEY_RATE],
        power_w=values[table.MONEY_POWER_W],
        power_price=values[table.MONEY_POWER_PRICE],
        fixed=values[table.MONEY_FIXED],
    )


def _perf(values: _Values) -> PerfSettings:
    baseline = values[table.BASELINE]

    def of(setting: Setting[T], plain: T) -> T:
        return plain if baseline else values[setting]

    return PerfSettings(
        baseline=baseline,
        ws_coalesce_ms=of(table.WS_COALESCE_MS, 0),
        use_orjson=of(table.USE_ORJSON, False),
        db_executor_max_workers=of(table.DB_EXECUTOR_MAX_WORKERS, _usual_threads()),
        analytics_jitter_pct=of(table.ANALYTICS_JITTER_PCT, 0.0),
        max_broadcast_hz=of(table.MAX_BROADCAST_HZ, 0.0),
        enable_diff_payloads=of(table.ENABLE_DIFF_PAYLOADS, False),
        enable_log_rate_limit=of(table.ENABLE_LOG_RATE_LIMIT, False),
    )


def _usual_threads() -> int:
    """As many as a thread pool of Python has when nobody chooses."""
    return min(32, (os.cpu_count() or 1) + 4)


def _check_together(values: _Values) -> list[str]:
    """Mistakes that no single setting makes."""
    mistakes = []
    bind = values[table.BIND]
    if not is_loopback(bind) and values[table.PASSWORD] is None and not values.refused(table.PASSWORD):
        mistakes.append(
            f"{values.origin(table.BIND)}: {table.BIND.name} = {bind}: others could reach the page, so a password must be set"
            f" ([server] password in the file, or {table.PASSWORD.environment}); without one, bind must be 127.0.0.1, ::1 or localhost"
        )
    if values[table.TLS_KEY] is not None and values[table.TLS_CERT] is None and not values.refused(table.TLS_CERT):
        mistakes.append(f"{values.origin(table.TLS_KEY)}: {table.TLS_KEY.name} = {values[table.TLS_KEY]}: needs {table.TLS_CERT.name} too")
    ages = (table.RETENTION_MINUTES, table.RETENTION_HOURS, table.RETENTION_DAYS)
    for finer, coarser in zip(ages, ages[1:], strict=False):
        if _longer(values[finer], values[coarser]):
            mistakes.append(
                f"{values.origin(coarser)}: {coarser.name} = {coarser.kind.show(values[coarser])}: must not be shorter than"
                f" {finer.name} = {finer.kind.show(values[finer])} ({values.origin(finer)})"
            )
    return mistakes


def _check_money(values: _Values) -> list[str]:
    """A currency is no use without its rate, watts are none without the price of a kWh."""
    mistakes = []
    for one, other in (
        (table.MONEY_CURRENCY, table.MONEY_RATE),
        (table.MONEY_RATE, table.MONEY_CURRENCY),
        (table.MONEY_POWER_W, table.MONEY_POWER_PRICE),
    ):
        if values[one] is not None and values[other] is None and not values.refused(other):
            mistakes.append(f"{values.origin(one)}: {one.name} = {one.kind.show(values[one])}: needs {other.name} too")
    return mistakes


def _check_costs(values: _Values, nodes: Sequence[NodeSettings]) -> list[str]:
    if values[table.MONEY_POWER_PRICE] is not None or values.refused(table.MONEY_POWER_PRICE):
        return []
    return [
        f"node {node.name}: power_w = {node.power_w:g}: needs {table.MONEY_POWER_PRICE.name} too, or a power_price of its own"
        for node in nodes
        if node.power_w is not None and node.power_price is None
    ]


def _longer(left: int | None, right: int | None) -> bool:
    return right is not None and (left is None or left > right)
