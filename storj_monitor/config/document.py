"""Writes docs/settings.md from the table: `python -m storj_monitor.config.document > docs/settings.md`. A test keeps both in step."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from storj_monitor.config import table
from storj_monitor.config.settings import Settings
from storj_monitor.config.table import SECTIONS, SETTINGS, Setting

# ---- Settings as text again: what `check-config` prints.


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


# ---- Writes docs/settings.md from the table: `python -m storj_monitor.config.document > docs/settings.md`. A test keeps both in step.


_HEAD = """\
# Settings

This page is made from the table in `storj_monitor/config/table.py`; edit that, not this.

Every setting can be given in a TOML file (`--config FILE`, or `STORJ_MONITOR_CONFIG`), as an environment variable, or as a flag.
**Flags win over environment, environment over file, file over defaults.** All mistakes in all three are reported at once, and a key
that does not exist is a mistake, also a variable that begins with `STORJ_MONITOR_`. A variable that is empty counts as not set.
`storj_monitor check-config` takes what `run` takes, starts nothing, and says what is wrong with the settings, logs and APIs; with `--all`
also what each setting is and where it came from.

## Nodes

As a flag, repeated: `--node "NAME:LOG[:API]"`. In the environment: `STORJ_MONITOR_NODES` with the same spelling, separated by `;` or
line breaks. In the file:

```toml
[[node]]
name = "mine"                                   # must be there; 1 to 64 letters, digits, spaces and . @ + - _
log = "/var/log/storagenode.log"                # a file, a glob, or a line stream
api = "http://localhost:14002"                  # the node's own page
metrics = "http://localhost:7777"               # the node's debug port
storage = "/mnt/storj"                          # local folder with its data: its disk is shown beside what the node says
power_w = 7                                     # its own costs, where they differ from those under [money]
power_price = 0.31
fixed = 1.5
```

* NAME ends at the first colon. API starts at the last `:http://` or `:https://`. LOG is what is between.
* LOG is a file; or a glob, of which the newest match is followed; or `HOST:PORT` or `[IPv6]:PORT`, a line stream (see `connect.md`);
  or empty: then only the API is watched. `X:\\` and `X:/` are drives.
* A relative path in a file counts from the folder of that file; in a flag or variable, from where you are.
* The nodes of flags, environment and file are not added together: the first of the three that names any node gives all of them.
* Two nodes cannot have one name.
* `storage`, `power_w`, `power_price` and `fixed` are for the file only. Nodes that name no costs have those of `[money]`.

A whole file, with the defaults:

```toml
"""

_TAIL = """\

## The password

A page that others can reach needs a password: `bind` other than this machine's own address is refused without one.

    [server]
    bind = "0.0.0.0"                 # or the one address of this machine that others use
    password = "a long one"

It is given in the file or in `STORJ_MONITOR_PASSWORD`, never as a flag, since other users can read command lines. Instead of the
password itself, its argon2 hash can be given, made with at most 19456 KiB of memory:

    .venv/bin/python -c "import getpass, argon2; print(argon2.PasswordHasher(memory_cost=19456).hash(getpass.getpass()))"

Wrong passwords slow down the address that they come from (an IPv6 network of 64 bits counts as one), not the right one, and nobody else.
Who logs out is logged out everywhere at once; a restart of the monitor logs everybody out.
Programs (`/metrics`, `/api/v1`) send it by HTTP Basic with any user name: `curl -u any:PASSWORD …`, `basic_auth` of Prometheus.

`check-config`, and `run` at its start, warn of a password that crosses the network in plain HTTP and of a settings file with a password
that other users of the machine can read (`chmod 600` it). The database and its folder, where the monitor makes it, are private.

## By https, and behind a reverse proxy

By https of its own: `tls_cert` and `tls_key` (PEM). After a renewal send the monitor SIGHUP; it reads them again.

Behind a reverse proxy that has the certificate, let the monitor listen on the machine's own address, name the proxy and the host, and
let the proxy pass WebSockets (`Upgrade`) on. Below a path of the host, give `base_path`; the proxy may pass the path on or cut it off.

    [server]                         # bind stays 127.0.0.1; with a password if people log in here and not at the proxy
    trusted_proxies = ["127.0.0.1"]
    allowed_hosts = ["home.example"]
    base_path = "/storj"

With nginx, in the `server` block of home.example (the page is at https://home.example/storj/):

    location /storj/ {
        proxy_pass http://127.0.0.1:8765;
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_read_timeout 1h;
    }

Caddy (`reverse_proxy 127.0.0.1:8765`) and Traefik send these headers by themselves. Only proxies in `trusted_proxies` are believed.

## Prices and costs

What satellites pay comes from the node. A price in `[prices]` replaces it for all satellites, one for a single satellite replaces both;
the page marks it as from your settings and says that ours then differs from the node's own estimate. Single satellites are named `us1`,
`eu1`, `ap1`, `saltlake`, or by their id:

    [prices]
    storage = 1.5
    [prices.satellites.us1]
    egress = 2.0

As a flag or variable the same is `--prices-satellites "us1: egress=2.0"`; several are separated by `;`, prices of one by `,`.

Profit is what is paid out less power (watts by real hours) and the fixed cost (by the share of the month). Costs are in your currency when
`[money] currency` and `rate` are given, else in dollars. Without any cost no profit is shown.

## Lengths of time and sizes

Times: `90s`, `30 minutes`, `48h`, `2 days`, `3 weeks`, `2 years` (a year has 365 days), and `forever` for retention.
Sizes: `500 MB`, `20 GB` (powers of 1000), `512 MiB`, `2 GiB` (powers of 1024). In TOML both are text in quotes.
"""


def markdown() -> str:
    """The whole page."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    yield _HEAD
    for section in SECTIONS:
        yield f"\n[{section}]\n" if section else ""
        for setting in _rows(section):
            yield f"{setting.key} = {_toml(setting)}\n" if not setting.secret and not setting.default_text else f'# {setting.key} = "…"\n'
    yield '\n[[node]]\nname = "mine"\nlog = "/var/log/storagenode.log"\n```\n'
    for section in SECTIONS:
        yield f"\n## {f'`[{section}]`' if section else 'Top of the file'}\n\n"
        yield "| key | environment | flag | default | allowed | what it is |\n|---|---|---|---|---|---|\n"
        for setting in _rows(section):
            flag = f"`{setting.flag}`" if setting.flag else "none"
            cells = (f"`{setting.key}`", f"`{setting.environment}`", flag, setting.default_shown, setting.kind.allowed, setting.help)
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"
    yield _TAIL


def _rows(section: str) -> list[Setting[object]]:
    return [setting for setting in SETTINGS if setting.section == section]


def _toml(setting: Setting[object]) -> str:
    shown = setting.default_shown
    bare = shown in ("true", "false") or shown.replace(".", "", 1).isdecimal()
    return shown if bare else f'"{shown}"'


if __name__ == "__main__":
    sys.stdout.write(markdown())
