"""Who may talk to the server: Host (DNS rebinding), Origin (other sites' pages), and the headers every answer carries."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from aiohttp import web

from storj_monitor.errors import RequestError
from storj_monitor.model.addresses import is_loopback

_CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


async def add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """For `app.on_response_prepare`: errors, files and upgrades carry them too."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)


class Door:
    """Checks Host and Origin.

    bind           -- on a loopback address only loopback names and `allowed_hosts` are answered; elsewhere the password is the guard
    allowed_hosts  -- host names, without port
    """

    def __init__(self, bind: str, allowed_hosts: Sequence[str]) -> None:
        self._check_host = is_loopback(bind)
        self._names = frozenset(name.lower().strip("[]") for name in allowed_hosts)

    def check_host(self, request: web.Request) -> None:
        """RequestError `forbidden_host`: the request was made for a name that is not ours."""
        if not self._check_host:
            return
        name = _hostname("//" + request.headers.get("Host", ""))
        if name is None or not (is_loopback(name) or name in self._names):
            raise RequestError("forbidden_host", "this server does not answer to that host name", 403)

    def check_origin(self, request: web.Request) -> None:
        """RequestError `forbidden_origin`: another site's page asks. Programs that send no Origin pass."""
        origin = request.headers.get("Origin")
        if origin is None:
            return
        host = request.headers.get("Host", "").lower()
        parts = _split(origin)
        if parts is None or not (parts[1] == host or parts[0] in self._names):
            raise RequestError("forbidden_origin", "this request came from another site's page", 403)


def _hostname(url: str) -> str | None:
    parts = _split(url)
    return parts[0] if parts else None


def _split(url: str) -> tuple[str, str] | None:
    """(host name, host with port), lower case; None when there is no host."""
    try:
        parts = urlsplit(url)
        name = parts.hostname
    except ValueError:
        return None
    return (name, parts.netloc.lower()) if name and "@" not in parts.netloc else None
