"""From the settings to how the server is reached."""

from __future__ import annotations

import logging
import ssl

from storj_monitor.config import ServerSettings
from storj_monitor.errors import ConfigError
from storj_monitor.server import Exposure, Limits

_BAD_PEM = "there must be a certificate and its private key in it, in PEM form, which fit together, the key without a passphrase"
_log = logging.getLogger(__name__)


def make_exposure(server: ServerSettings, connections: int) -> Exposure:
    """ConfigError: the certificate or its key cannot be used."""
    return Exposure(
        allowed_hosts=server.allowed_hosts,
        trusted_proxies=server.trusted_proxies,
        base_path=server.base_path,
        tls=tls_context(server),
        limits=Limits(connections=connections),
    )


def tls_context(server: ServerSettings) -> ssl.SSLContext | None:
    """None without a certificate. ConfigError: it cannot be used."""
    if server.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    load_certificate(context, server)
    return context


def load_certificate(context: ssl.SSLContext, server: ServerSettings) -> None:
    """Also again, after it was renewed: new connections get the new one. ConfigError: it cannot be used."""
    assert server.tls_cert is not None
    try:
        context.load_cert_chain(server.tls_cert, server.tls_key, password=_no_password)
    except OSError as error:  # ssl.SSLError is one too
        files = f"{server.tls_cert}" + (f" and {server.tls_key}" if server.tls_key else "")
        why = _BAD_PEM if isinstance(error, ssl.SSLError) else error.strerror or str(error)
        raise ConfigError([f"tls_cert: {files} cannot be used: {why}"]) from error


def renew_certificate(context: ssl.SSLContext | None, server: ServerSettings) -> None:
    """SIGHUP: what can change while the monitor runs is read again, and what was done is said. A bad certificate changes nothing."""
    if context is None:
        _log.info("SIGHUP: nothing to do. Nodes and settings are read at the next start")
        return
    try:
        tls_context(server)  # a certificate and key that do not fit would leave the one in use half changed
        load_certificate(context, server)
    except ConfigError as error:
        _log.error("SIGHUP: the certificate stays as it was: %s", error)
    else:
        _log.info("SIGHUP: the certificate was read again. Nodes and other settings are read at the next start")


def _no_password() -> str:
    """An encrypted key would otherwise be asked for on the terminal."""
    return ""
