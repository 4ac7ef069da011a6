"""/api/v1/earnings.csv: a file, not JSON, with parameters of its own."""

from __future__ import annotations

from aiohttp import web

from storj_monitor.clock import Clock
from storj_monitor.errors import RequestError
from storj_monitor.server.encoding import Body
from storj_monitor.server.ports import Feeds, SubjectQuestions
from storj_monitor.server.window import read_window

KINDS = ("paystubs", "estimates", "profit")
_OWN = frozenset({"kind", "currency", "rate"})


async def earnings_csv(request: web.Request, questions: SubjectQuestions, feeds: Feeds, clock: Clock) -> web.Response:
    """RequestError for parameters that are wrong."""
    query = list(request.query.items())
    own: dict[str, str] = {}
    for name, value in query:
        if name in own:
            raise RequestError("bad_parameter", f"{name}: given twice")
        if name in _OWN:
            own[name] = value
    window = read_window([pair for pair in query if pair[0] not in _OWN], feeds.nodes(), clock.now(), points=False)
    kind = own.get("kind", KINDS[0])
    if kind not in KINDS:
        raise RequestError("bad_parameter", f"kind: {kind[:40]!r} is none of {', '.join(KINDS)}")
    if ("currency" in own) != ("rate" in own):
        raise RequestError("bad_parameter", "currency: needs rate, and rate needs currency")
    rate = (own["currency"], own["rate"]) if "currency" in own else None
    text = await questions.earnings_csv(window.nodes, kind, rate)
    headers = {"Content-Disposition": f'attachment; filename="storj-{kind}.csv"', "Cache-Control": "no-store"}
    return await Body(text.encode()).response(request, "text/csv; charset=utf-8", headers)
