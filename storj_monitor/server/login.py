"""Logging in and staying so: a form for people (then a cookie), HTTP Basic for programs, nothing where no password is set."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import html
import secrets
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from aiohttp import web

from storj_monitor.clock import Clock
from storj_monitor.errors import RequestError
from storj_monitor.model.addresses import is_loopback
from storj_monitor.server.access import AccessPolicy, Exposure
from storj_monitor.server.passwords import PasswordCheck

SESSION_S = 30 * 86400
_SESSIONS_MOST = 256
_FORM_TYPE = "application/x-www-form-urlencoded"

_STYLE = """\
:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 90vh; margin: 0; }
main { width: min(22rem, 90vw); }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit; }
input, button { padding: .6rem; margin: .4rem 0 1rem; }
[hidden] { display: none; }
.wrong { color: #b3261e; color: light-dark(#b3261e, #ff8a80); }
.note { font-size: .85rem; opacity: .75; }
"""
_FORM = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in - storj_monitor</title><link rel="stylesheet" href="{base}/login.css"></head>
<body><main><h1>storj_monitor</h1>
<form method="post" action="{base}/login">
<input name="username" autocomplete="username" value="storj_monitor" hidden>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus maxlength="256">
<input type="hidden" name="next" value="{next}">
<button>Log in</button>
<p class="wrong" role="alert">{message}</p>
{warning}
</form></main></body></html>
"""

_IN_THE_CLEAR = '<p class="note">This connection is not encrypted: whoever is on the way can read the password.</p>'


class _Session:
    __slots__ = ("ends_at", "on_end")

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.on_end: set[Callable[[], None]] = set()


class Sessions:
    """Who is logged in. Kept in memory, as hashes of the tokens: a restart logs everybody out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()

    def start(self) -> str:
        """A new random token, good for `SESSION_S`. The oldest of more than 256 sessions ends."""
        token = secrets.token_urlsafe(32)
        self._sessions[_mark(token)] = _Session(self._clock.monotonic() + SESSION_S)
        if len(self._sessions) > _SESSIONS_MOST:
            _say_ended(self._sessions.popitem(last=False)[1])
        return token

    def holds(self, token: str) -> bool:
        return self._find(token) is not None

    def end(self, token: str) -> None:
        ended = self._sessions.pop(_mark(token), None)
        if ended is not None:
            _say_ended(ended)

    def watch(self, token: str, on_end: Callable[[], None]) -> Callable[[], None]:
        """Calls `on_end` once when the session ends by `end` or for want of room. Returns how to take that back."""
        session = self._find(token)
        if session is None:
            return lambda: None
        session.on_end.add(on_end)
        return partial(session.on_end.discard, on_end)

    def left_s(self, token: str) -> float | None:
        """How long the session lasts; None: there is none."""
        session = self._find(token)
        return None if session is None else session.ends_at - self._clock.monotonic()

    def _find(self, token: str) -> _Session | None:
        session = self._sessions.get(_mark(token))
        return session if session is not None and self._clock.monotonic() < session.ends_at else None


def _say_ended(session: _Session) -> None:
    for call in tuple(session.on_end):
        call()


def _mark(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class Login:
    """Decides whether a request is logged in, and serves /login and /logout. `check` None: no password, everybody is."""

    def __init__(self, check: PasswordCheck | None, access: AccessPolicy, clock: Clock, exposure: Exposure) -> None:
        self._base = exposure.base_path
        self._check = check
        self._access = access
        self._sessions = Sessions(clock)
        self._cookie = "storj_monitor"

    def name_cookie(self, port: int) -> None:
        """Cookies do not know ports: two monitors on one machine need two names."""
        self._cookie = f"storj_monitor_{port}"

    @property
    def needed(self) -> bool:
        """Whether a password is set."""
        return self._check is not None

    @property
    def wrong(self) -> int:
        """Wrong passwords so far."""
        return self._check.wrong if self._check else 0

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/login", self._form),
            web.post("/login", self._log_in),
            web.post("/logout", self._log_out),
            web.get("/login.css", self._style),
        ]

    def has_session(self, request: web.Request) -> bool:
        """By cookie only, or no password is set."""
        return self._check is None or self._sessions.holds(request.cookies.get(self._cookie, ""))

    async def admits(self, request: web.Request) -> bool:
        """By cookie or by HTTP Basic (any user name). RequestError `too_many_logins`."""
        if self._check is None or self.has_session(request):
            return True
        password = _basic_password(request.headers.get("Authorization", ""))
        return password is not None and await self._check.verify_often(password, self._access.caller(request).address)

    def watch_session(self, request: web.Request, on_end: Callable[[], None]) -> Callable[[], None]:
        """Calls `on_end` when the session of this request's cookie ends. Returns how to take that back."""
        token = request.cookies.get(self._cookie, "")
        left_s = self._sessions.left_s(token)
        if left_s is None:
            return lambda: None
        timer = asyncio.get_running_loop().call_later(left_s, on_end)
        forget = self._sessions.watch(token, on_end)

        def undo() -> None:
            timer.cancel()
            forget()

        return undo

    async def _form(self, request: web.Request) -> web.Response:
        target = _local(request.query.get("next", "/"))
        if self.has_session(request):
            raise web.HTTPSeeOther(self._base + target)
        return self._page(request, target)

    async def _style(self, _request: web.Request) -> web.Response:
        return web.Response(text=_STYLE, content_type="text/css", headers={"Cache-Control": "max-age=3600"})

    async def _log_in(self, request: web.Request) -> web.Response:
        target = "/"
        try:
            self._access.check_origin(request)
            password, target = await _form_of(request)
            if self._check is not None and not await self._check.verify(password, self._access.caller(request).address):
                raise RequestError("not_logged_in", "This is not the password.", 401)
        except RequestError as error:
            if "text/html" not in request.headers.get("Accept", ""):
                raise
            return self._page(request, target, str(error), error.status)
        response = web.Response(status=303, headers={"Location": self._base + target, "Cache-Control": "no-store"})
        response.set_cookie(
            self._cookie,
            self._sessions.start(),
            max_age=SESSION_S,
            path=self._base or "/",
            httponly=True,
            samesite="Strict",
            secure=self._access.caller(request).secure,
        )
        return response

    async def _log_out(self, request: web.Request) -> web.Response:
        self._access.check_origin(request)
        self._sessions.end(request.cookies.get(self._cookie, ""))
        response = web.Response(status=303, headers={"Location": self._base + "/login", "Cache-Control": "no-store"})
        secure = self._access.caller(request).secure
        response.del_cookie(self._cookie, path=self._base or "/", httponly=True, samesite="Strict", secure=secure)
        return response

    def address(self, path_qs: str) -> str:
        """Where to send a person who is not logged in; remembers the page (a path of ours) that was asked for."""
        return f"{self._base}/login?next={quote(path_qs, safe='')}"

    def _page(self, request: web.Request, target: str, message: str = "", status: int = 200) -> web.Response:
        caller = self._access.caller(request)
        text = _FORM.format(
            base=html.escape(self._base),
            next=html.escape(target),
            message=html.escape(message),
            warning="" if caller.secure or is_loopback(caller.address) else _IN_THE_CLEAR,
        )
        headers = {"Cache-Control": "no-store"} | ({"Retry-After": "60"} if status == 429 else {})
        return web.Response(text=text, status=status, content_type="text/html", headers=headers)


async def _form_of(request: web.Request) -> tuple[str, str]:
    """The password ("" when none was sent), and where to go then. RequestError: this is no form."""
    if request.content_type != _FORM_TYPE:
        raise RequestError("bad_parameter", f"login: send a form ({_FORM_TYPE})", 415)
    try:
        form = await request.post()
    except (LookupError, ValueError):  # an encoding that does not exist, or text that is not in it
        raise RequestError("bad_parameter", "login: this form cannot be read") from None
    password = form.get("password")
    return (password if isinstance(password, str) else "", _local(str(form.get("next", "/"))))


def _local(target: str) -> str:
    """A path of this server, or "/": never a way to another site."""
    good = target.startswith("/") and not target.startswith("//") and target.isprintable() and "\\" not in target and target.isascii()
    return target if good and len(target) <= 2000 else "/"


def _basic_password(header: str) -> str | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return text.partition(":")[2] if ":" in text else None
