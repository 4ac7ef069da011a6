"""How the server is reached: directly or through proxies, by which names, below which path, in the clear or by TLS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from storj_monitor.model.addresses import Network
from storj_monitor.server.gate import Limits

if TYPE_CHECKING:
    from ssl import SSLContext


@dataclass(frozen=True, slots=True)
class Exposure:
    """All of it can be left as it is.

    allowed_hosts   -- host names, without port, that the server is reached by; those of this machine always are
    trusted_proxies -- only these may say who asks (X-Forwarded-For) and how they were asked (X-Forwarded-Proto, X-Forwarded-Host)
    base_path       -- "" or "/path": where a proxy shows the page. Requests come with it or, where the proxy cuts it off, without
    tls             -- None: plain HTTP
    """

    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    base_path: str = ""
    tls: SSLContext | None = None
    limits: Limits = field(default_factory=Limits)

    def within(self, path: str) -> str:
        """A request's path without the base path."""
        if self.base_path and (path + "/").startswith(self.base_path + "/"):
            return path[len(self.base_path) :] or "/"
        return path
