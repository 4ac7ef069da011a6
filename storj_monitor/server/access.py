"""Who may talk to the server: Host (DNS rebinding), Origin (other sites' pages), and the headers every answer carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

from storj_monitor.errors import RequestError
from storj_monitor.model.addresses import Network, address_in, is_in, is_loopback
from storj_monitor.server.gate import Limits

if TYPE_CHECKING:
    from ssl import SSLContext


# ---- How the server is reached: directly or through proxies, by which names, below which path, in the clear or by TLS.


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


# ---- Who may talk to the server: Host (DNS rebinding), Origin (other sites' pages), and the headers every answer carries.


_CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not "no-referrer": with that, browsers send `Origin: null` with our own forms too, and nobody could log in
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

_OWN_SITES = frozenset({"same-origin", "none"})  # none: typed or bookmarked
_USUAL_PORTS = {"http": 80, "https": 443}
_FOREIGN = "this request came from another site's page ({origin}); if that is where you reach the monitor, name its host in allowed_hosts"
_UNKNOWN_HOST = "this server does not answer to that host name; if it is one of its own, name it in allowed_hosts"


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For `app.on_response_prepare`: errors, files and upgrades carry them too."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if "Sec-Fetch-Site" in request.headers:  # over plain http browsers ignore the next one, and complain of it on every page
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")


def asked_by_browser(request: web.Request) -> bool:
    """Whether a browser's own password dialogue would answer a Basic challenge.

    Over plain http only the name tells: all of them call themselves Mozilla.
    """
    return "Sec-Fetch-Mode" in request.headers or request.headers.get("User-Agent", "").startswith("Mozilla/")


class Caller(NamedTuple):
    """Who asks, and how: from this address, by TLS or not, for this host (with the port where one was named)."""

    address: str
    secure: bool
    host: str


class AccessPolicy:
    """Tells who asks, and checks Host and Origin.

    On a loopback address only loopback names and `allowed_hosts` are answered. Elsewhere the password is the guard; where hosts are
    named, only they, addresses and loopback names are answered.
    """

    def __init__(self, bind: str, exposure: Exposure) -> None:
        self._only_here = is_loopback(bind)
        self._names = frozenset(name.lower().strip("[]") for name in exposure.allowed_hosts)
        self._proxies = exposure.trusted_proxies

    def caller(self, request: web.Request) -> Caller:
        """From the connection itself, or from what a trusted proxy says of it; what others say of themselves counts for nothing."""
        address, headers = request.remote or "", request.headers
        host = headers.get("Host", "")
        if not is_in(address, self._proxies):
            return Caller(address, request.secure, host)
        proto = headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower()
        hops = [hop.strip() for value in headers.getall("X-Forwarded-For", ()) for hop in value.split(",")]
        for hop in reversed(hops):  # each proxy adds whom it heard from at the end; the first that is none of ours is the caller
            known = address_in(hop)
            if known is None:
                break
            address = known
            if not is_in(address, self._proxies):
                break
        return Caller(address, proto == "https" or request.secure, headers.get("X-Forwarded-Host", "").partition(",")[0].strip() or host)

    def check_host(self, request: web.Request) -> None:
        """RequestError `forbidden_host`: the request was made for a name that is not ours."""
        if not (self._only_here or self._names):
            return
        asked = _address("//" + request.headers.get("Host", ""))
        if asked is None or not self._answers_to(asked.name):
            raise RequestError("forbidden_host", _UNKNOWN_HOST, 403)

    def _answers_to(self, name: str) -> bool:
        """An address cannot be made to mean another machine, as a name can."""
        return is_loopback(name) or name in self._names or (not self._only_here and address_in(name) is not None)

    def check_origin(self, request: web.Request) -> None:
        """RequestError `forbidden_origin`: another site's page asks.

        A browser says itself whose page asks (Sec-Fetch-Site), but only over https and on this machine; over plain http it
        sends Origin alone. Programs send neither and pass.
        """
        site = request.headers.get("Sec-Fetch-Site")
        if site in _OWN_SITES:
            return
        origin = request.headers.get("Origin")
        if origin is None and site is None:
            return
        asking = _address(origin or "")
        if asking is None or not (asking.name in self._names or asking.is_at(self.caller(request).host)):
            raise RequestError("forbidden_origin", _FOREIGN.format(origin=(origin or "unknown")[:100]), 403)


class _Address(NamedTuple):
    """Host name in lower case and port; `port` None where none is written."""

    name: str
    port: int | None
    scheme: str

    def is_at(self, host: str) -> bool:
        """Whether a Host header means this address; the port of the scheme may be left out on both sides."""
        other = _address(f"{self.scheme}://{host}")
        usual = _USUAL_PORTS.get(self.scheme)
        return other is not None and (self.name, self.port or usual) == (other.name, other.port or usual)


def _address(url: str) -> _Address | None:
    """None when there is no host, or more than a host and a port before the path."""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    return _Address(name, port, parts.scheme) if name and "@" not in parts.netloc else None
