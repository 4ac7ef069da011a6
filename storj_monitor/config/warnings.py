"""What the settings allow but should not be left so: the password in the clear, and secrets that others can read."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from storj_monitor.config import table
from storj_monitor.config.settings import ServerSettings
from storj_monitor.model.addresses import is_loopback


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
