"""Where a fake node's answers come from: a folder of recorded ones, or (fake_generated) made up."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import NamedTuple, Protocol

API, DEBUG, PUBLIC = "api", "debug", "public"

_JSON = "application/json"
_PAYSTUBS = re.compile(r"/api/heldamount/paystubs/(\d{4}-\d\d)(?:/(\d{4}-\d\d))?(?:\?id=(\w+))?")
_NOTIFICATIONS = "/api/notifications/list"
_PAYOUT_HISTORY = "/api/heldamount/payout-history/"
_PORT = re.compile(rb'"configuredPort":"\d*"')


class FakeReply(NamedTuple):
    """Status, content type and body, as they go over the wire."""

    status: int
    content_type: str
    body: bytes


UNKNOWN = FakeReply(404, "text/plain; charset=utf-8", b'web/storagenode unbuilt, run "npm install && npm run build" in web/storagenode.\n')
NULL = FakeReply(200, _JSON, b"null\n")


class Answers(Protocol):
    """What a fake node says. `ahead_s`: its clock runs so many seconds ahead of the true time."""

    ahead_s: float

    def answer(self, door: str, path: str, now: float) -> FakeReply:
        """The answer of a door (API, DEBUG, PUBLIC) to a path with its query; `now` in Unix seconds, true time."""
        ...

    def has(self, door: str) -> bool:
        """Whether this node has such a port."""
        ...

    def set_public_port(self, port: int) -> None:
        """The public port really used, which the API has to name."""
        ...


class RecordedAnswers:
    """Answers that a real node gave, from a folder with `index.json`.

    Paths that were not recorded are answered from others where that is exact (paystubs of a shorter range), else like an unknown path;
    payout histories of other months are `null`.
    """

    def __init__(self, folder: Path) -> None:
        self.ahead_s = 0.0
        index = json.loads((folder / "index.json").read_text())
        self.version = folder.name
        self.replies: dict[str, FakeReply] = {}
        for name, entry in index.items():
            file = folder / f"{name}.json"
            packed = folder / f"{name}.txt.gz"
            if file.exists():
                body = file.read_bytes()
            elif packed.exists():
                body = gzip.decompress(packed.read_bytes())
            else:
                continue
            self.replies[entry["path"]] = FakeReply(entry["status"], entry["content_type"], body)

    def has(self, door: str) -> bool:
        return door == API or (f"({door}) /metrics" if door == DEBUG else f"({door}) /") in self.replies

    def answer(self, door: str, path: str, now: float) -> FakeReply:
        if door != API:
            return self.replies.get(f"({door}) {path}", UNKNOWN)
        if path in self.replies:
            return self.replies[path]
        if path.startswith(_NOTIFICATIONS):
            return next((reply for known, reply in self.replies.items() if known.startswith(_NOTIFICATIONS)), UNKNOWN)
        if path.startswith(_PAYOUT_HISTORY):
            return NULL
        asked = _PAYSTUBS.fullmatch(path)
        return self._paystubs(asked[1], asked[2] or asked[1], asked[3]) if asked else UNKNOWN

    def set_public_port(self, port: int) -> None:
        node = self.replies["/api/sno/"]
        self.replies["/api/sno/"] = node._replace(body=_PORT.sub(b'"configuredPort":"%d"' % port, node.body))

    def _paystubs(self, first: str, last: str, satellite: str | None) -> FakeReply:
        ranges = [(reply, match) for known, reply in self.replies.items() if (match := _PAYSTUBS.fullmatch(known)) and match[2]]
        stubs = [stub for reply, _ in ranges for stub in json.loads(reply.body) or [] if first <= stub["period"] <= last]
        stubs = [stub for stub in stubs if satellite in (None, stub["satelliteId"])]
        return FakeReply(200, _JSON, json.dumps(stubs, separators=(",", ":")).encode() + b"\n") if stubs else NULL
