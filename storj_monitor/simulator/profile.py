"""What kind of node is simulated: version, encoding, log level, satellites and the places its customers live in."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import NamedTuple

from storj_monitor.simulator.log_formatter import PIECE, VERSIONS, Fields, LogFormatter


class Satellite(NamedTuple):
    """A real satellite and the share of a node's traffic that it brings."""

    name: str
    id: str
    share: float


SATELLITES = (
    Satellite("us1", "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S", 0.58),
    Satellite("eu1", "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs", 0.27),
    Satellite("ap1", "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6", 0.09),
    Satellite("saltlake", "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE", 0.06),
)

# Public ranges of large providers, so that the look-up of a country has something to find. Text only: nothing connects.
_PLACES = (
    ("88.198.", 8), ("46.4.", 6), ("65.21.", 5), ("52.20.", 9), ("34.68.", 8), ("45.32.", 5), ("136.0.", 3),
    ("51.158.", 6), ("145.131.", 4), ("139.162.", 3), ("81.2.", 4), ("83.20.", 3), ("24.48.", 3), ("133.130.", 3),
    ("1.128.", 2), ("177.54.", 2), ("49.36.", 2), ("85.5.", 2), ("83.250.", 2), ("188.26.", 2), ("93.45.", 2),
    ("80.58.", 2), ("31.223.", 1), ("103.6.", 1), ("41.13.", 1), ("190.16.", 1), ("175.45.", 1), ("121.98.", 1),
    ("84.208.", 1), ("77.75.", 1), ("2a01:4f8:c17:", 2), ("2001:41d0:1:", 2), ("2600:1f18:24:", 2),
)  # fmt: skip


def remote_address(rng: random.Random) -> str:
    """`host:port` of a customer somewhere in the world; a few speak IPv6."""
    (place,) = rng.choices([p for p, _ in _PLACES], [w for _, w in _PLACES])
    port = rng.randint(1024, 65535)
    if place.endswith(":"):
        return f"[{place}:{rng.randint(1, 0xFFFF):x}]:{port}"
    return f"{place}{rng.randint(0, 255)}.{rng.randint(1, 254)}:{port}"


@dataclass(frozen=True, slots=True)
class NodeProfile:
    """One simulated node.

    version           -- one of speech.VERSIONS: current keys, or `Piece ID` and `Process`
    encoding          -- "console" or "json"
    debug             -- start lines (so that durations can be paired) and the failures that only DEBUG shows
    hashstore         -- compactions are logged
    busy_chores       -- compactions and retains several times an hour instead of once a day (for a demo)
    rhythm            -- amplitude of the daily rhythm, 0 (none) .. 1
    trouble           -- share of transfers that go wrong at the end of a degradation, 0 (healthy) .. 1
    restart_every_s   -- a clean restart this often; 0 = never
    templates         -- different lines to choose from, per mood; more = more variety and memory (about 2 kB each)
    """

    name: str = "node1"
    version: str = VERSIONS[0]
    encoding: str = "console"
    debug: bool = True
    hashstore: bool = True
    busy_chores: bool = False
    rhythm: float = 0.35
    trouble: float = 0.0
    restart_every_s: int = 0
    templates: int = 2048
    storage_path: str = "/mnt/storj/node/storage"


def online_score(profile: NodeProfile) -> float:
    """A node in trouble has missed some audits."""
    return 0.9931 if profile.trouble else 1.0


def demo_profiles(count: int) -> list[NodeProfile]:
    """A small fleet that shows everything: both vocabularies, both encodings, INFO and DEBUG; the last of several degrades."""
    kinds = (
        NodeProfile("berlin", VERSIONS[0], debug=True),
        NodeProfile("attic", VERSIONS[1], debug=True),
        NodeProfile("garage", VERSIONS[0], encoding="json", debug=True),
        NodeProfile("cellar", VERSIONS[0], debug=False),
        NodeProfile("barn", VERSIONS[2], debug=True, hashstore=False),
    )
    fleet = []
    for i in range(count):
        kind = kinds[i % len(kinds)]
        name = kind.name if i < len(kinds) else f"{kind.name}{i // len(kinds) + 1}"
        fleet.append(
            NodeProfile(
                name,
                kind.version,
                kind.encoding,
                kind.debug,
                kind.hashstore,
                busy_chores=True,
                trouble=0.35 if i == count - 1 and count > 1 else 0.0,
                restart_every_s=5 * 3600 + 977 * i,
                templates=512,
            )  # fmt: skip
        )
    return fleet


# ---- Pre-composed transfers: everything but the time and the piece id, so that a line costs a join when it is written.
#
# A template is chosen by weight. Its lines are exactly what a node of the profile's version, level and encoding writes for
# such a transfer, and its `result` says what an observer of those lines must count.


FULL_PIECE_BYTES = 2_319_360
"""A 64 MiB segment in 29 pieces: the largest and most frequent size of production traffic."""

HOT_PIECES = 200

_STACKS = {
    "up": (
        "storj.io/storj/storagenode/piecestore.(*Endpoint).Upload:535",
        "storj.io/common/pb.DRPCPiecestoreDescription.Method.func1:294",
        "storj.io/drpc/drpcmux.(*Mux).HandleRPC:33",
        "storj.io/common/rpc/rpctracing.(*Handler).HandleRPC:62",
        "storj.io/common/experiment.(*Handler).HandleRPC:43",
        "storj.io/drpc/drpcserver.(*Server).handleRPC:166",
        "storj.io/drpc/drpcserver.(*Server).ServeOne:108",
        "storj.io/drpc/drpcserver.(*Server).Serve.func2:156",
        "storj.io/drpc/drpcctx.(*Tracker).track:35",
    ),
    "down": (
        "storj.io/storj/storagenode/piecestore.(*Endpoint).sendData.func1:917",
        "storj.io/storj/storagenode/piecestore.withTimeout[...]:1187",
        "storj.io/storj/storagenode/piecestore.(*Endpoint).sendData:915",
        "storj.io/storj/storagenode/piecestore.(*Endpoint).Download.func7:810",
        "golang.org/x/sync/errgroup.(*Group).Go.func1:93",
    ),
    "missing": (
        "storj.io/storj/storagenode/hashstore.(*DB).Read:443",
        "storj.io/storj/storagenode/piecestore.(*HashStoreBackend).Reader:339",
        "storj.io/storj/storagenode/piecestore.(*MigratingBackend).Reader:197",
        "storj.io/storj/storagenode/piecestore.(*Endpoint).Download:728",
    ),
}


class Template(NamedTuple):
    """One possible transfer.

    start, end -- lines with TIME for the time stamp, split where the piece id belongs: `piece.join(end)`; () = no line
    lines      -- number of lines of `start` and of `end` together
    action, direction, outcome -- of the result that can be seen; outcome "" = the log shows no result
    size_bytes -- the size field of the result line
    duration_s -- between the start and the end
    piece      -- a hot piece's id, or b"" = a new one each time
    """

    start: tuple[bytes, ...]
    end: tuple[bytes, ...]
    lines: int
    action: str
    direction: str
    outcome: str
    satellite: str
    size_bytes: int
    duration_s: float
    piece: bytes


class Kind(NamedTuple):
    """A stratum of transfers; `weight` healthy, `bad_weight` on a node in trouble."""

    action: str
    story: str
    weight: float
    bad_weight: float


KINDS = (
    Kind("PUT", "success", 40.0, 22.0),
    Kind("PUT", "canceled", 1.6, 9.0),
    Kind("PUT", "reset", 0.25, 3.0),
    Kind("PUT", "eof", 0.3, 1.0),
    Kind("PUT", "space", 0.01, 4.0),
    Kind("GET", "success", 44.0, 26.0),
    Kind("GET", "canceled", 1.7, 8.0),
    Kind("GET", "raced", 0.1, 0.4),
    Kind("GET", "reset", 0.25, 3.0),
    Kind("GET", "missing", 0.01, 4.0),
    Kind("GET_AUDIT", "success", 2.8, 2.0),
    Kind("GET_AUDIT", "missing", 0.0001, 0.08),
    Kind("GET_REPAIR", "success", 5.5, 4.0),
    Kind("GET_REPAIR", "canceled", 0.1, 0.5),
    Kind("GET_REPAIR", "missing", 0.0001, 0.1),
    Kind("PUT_REPAIR", "success", 2.6, 2.0),
    Kind("PUT_REPAIR", "canceled", 0.1, 0.6),
)

PIECE_LETTERS = bytes(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[i & 31] for i in range(256))
"""Random bytes to base32 letters, for bytes.translate."""


def random_piece(rng: random.Random) -> bytes:
    """A piece id: 32 random bytes in base32; the 52nd letter holds one bit."""
    return rng.randbytes(51).translate(PIECE_LETTERS) + rng.choice((b"A", b"Q"))


def transfer_size(rng: random.Random) -> int:
    """Log-normal around 60 kB in steps of 256 bytes; a third are whole pieces of full segments."""
    if rng.random() < 0.33:
        return FULL_PIECE_BYTES
    size = int(math.exp(rng.gauss(math.log(60_000), 1.6))) // 256 * 256
    return max(256, min(size, FULL_PIECE_BYTES))


def build_templates(profile: NodeProfile, seed: int) -> tuple[list[Template], list[float], list[float]]:
    """Templates with their weights when the node is healthy and when it is in trouble."""
    rng = random.Random(f"templates {seed} {profile.name}")
    maker = _Maker(profile, rng)
    templates: list[Template] = []
    good: list[float] = []
    bad: list[float] = []
    total = sum(k.weight for k in KINDS)
    for kind in KINDS:
        variants = max(4, round(profile.templates * kind.weight / total))
        for _ in range(variants):
            templates.append(maker.template(kind))
            good.append(kind.weight / variants)
            bad.append(kind.bad_weight / variants)
    return templates, good, bad


class _Maker:
    def __init__(self, profile: NodeProfile, rng: random.Random) -> None:
        self.speech = LogFormatter(profile.version, profile.encoding)
        self.debug = profile.debug
        self.rng = rng
        self.hot = [random_piece(rng) for _ in range(HOT_PIECES)]
        self.hot_weights = [1 / (rank + 1) ** 1.1 for rank in range(HOT_PIECES)]

    def template(self, kind: Kind) -> Template:
        rng = self.rng
        (satellite,) = rng.choices(SATELLITES, [s.share for s in SATELLITES])
        if kind.action.startswith("PUT"):
            made = self._upload(kind, satellite.id)
        else:
            made = self._download(kind, satellite.id)
        start, end, outcome, size = made
        duration_s = self._duration(kind, size)
        piece = b""
        if kind.action == "GET" and kind.story == "success" and rng.random() < 0.12:
            (piece,) = rng.choices(self.hot, self.hot_weights)
        lines = start.count(b"\n") + end.count(b"\n")
        direction = "up" if kind.action.startswith("PUT") else "down"
        split = PIECE.encode()
        return Template(
            tuple(start.split(split)) if start else (), tuple(end.split(split)) if end else (), lines,
            kind.action, direction, outcome, satellite.id, size, duration_s, piece,
        )  # fmt: skip

    def _duration(self, kind: Kind, size: int) -> float:
        rng = self.rng
        base = 0.08 if kind.action == "GET_AUDIT" else 0.25 + size / 4e6
        if kind.story == "canceled":
            base *= 3
        return min(30.0, base * math.exp(rng.gauss(0, 0.7)))

    def _upload(self, kind: Kind, satellite: str) -> tuple[bytes, bytes, str, int]:
        rng, speech = self.rng, self.speech
        address = remote_address(rng)
        common: list[tuple[str, str | int]] = [
            ("piece_id", PIECE), ("satellite_id", satellite), ("action", kind.action), ("remote_address", address),
        ]  # fmt: skip
        size = transfer_size(rng)
        start = b""
        if self.debug:
            space = rng.randint(10**12, 4 * 10**12)
            start = speech.line("DEBUG", "piecestore", "upload started", [*common, ("available_space", space)])
        if kind.story == "success":
            return start, speech.line("INFO", "piecestore", "uploaded", [*common, ("size", size)]), "success", size
        size = rng.randint(0, size // 65536) * 65536  # what had come until then
        fields = [*common, ("size", size)]
        if kind.story == "canceled":
            return start, speech.line("INFO", "piecestore", "upload canceled", fields), "canceled", size
        level, detail, twin = self._upload_error(kind, address)
        end = twin
        visible = self.debug or level != "DEBUG"
        if visible:
            end += speech.line(level, "piecestore", "upload failed", [*fields, *detail])
        return start, end, "failed" if visible else "", size

    def _upload_error(self, kind: Kind, address: str) -> tuple[str, Fields, bytes]:
        """Level and error of `upload failed`, and the line `upload internal error` that comes before it."""
        if kind.story == "space":
            return "ERROR", _error("out of space", "up"), b""
        if kind.story == "eof":
            return "ERROR" if self.speech.version == VERSIONS[2] else "DEBUG", _error("unexpected EOF", "up"), b""
        end = self.rng.choice(("write: broken pipe", "write: connection reset by peer"))
        detail = _error(f"write tcp 172.17.0.3:28967->{address}: {end}", "up")
        modern = self.speech.modern
        twin = self.speech.line("WARN" if modern else "ERROR", "piecestore", "upload internal error", detail)
        return "DEBUG" if modern else "ERROR", detail, twin

    def _download(self, kind: Kind, satellite: str) -> tuple[bytes, bytes, str, int]:
        rng, speech = self.rng, self.speech
        address = remote_address(rng)
        whole = transfer_size(rng)
        offset, size = 0, whole
        if kind.action == "GET_AUDIT":
            offset, size = rng.randint(0, whole // 256 - 1) * 256, 256
        elif kind.action == "GET" and rng.random() < 0.3:
            offset = rng.randint(0, whole // 256 - 1) * 256
            size = whole - offset
        fields: list[tuple[str, str | int]] = [
            ("piece_id", PIECE), ("satellite_id", satellite), ("action", kind.action),
            ("offset", offset), ("size", size), ("remote_address", address),
        ]  # fmt: skip
        start = speech.line("DEBUG", "piecestore", "download started", fields) if self.debug else b""
        if kind.story == "success":
            return start, speech.line("INFO", "piecestore", "downloaded", fields), "success", size
        if kind.story == "canceled":
            end = speech.line("INFO", "piecestore", "download canceled", [*fields, ("reason", self._reason(size))])
            return start, end, "canceled", size
        if kind.story == "raced":
            end = speech.line("INFO", "piecestore", "download canceled (race lost or node shutdown)", fields)
            if self.debug:
                end += speech.line("DEBUG", "piecestore", "download canceled", [*fields, ("error", "context canceled")])
            return start, end, "canceled", size
        if kind.story == "missing":
            detail = _error("hashstore: file does not exist", "missing")
        else:
            how = rng.choice(("write: broken pipe", "write: connection reset by peer", "use of closed network connection"))
            detail = _error(f"write tcp 172.17.0.3:28967->{address}: {how}", "down")
        return start, speech.line("ERROR", "piecestore", "download failed", [*fields, *detail]), "failed", size

    def _reason(self, size: int) -> str:
        sent = self.rng.randint(0, max(0, size - 1)) // 16384 * 16384
        mismatch = f"downloaded size ({sent} bytes) does not match received message size ({size} bytes)"
        texts = ("stream closed by peer", mismatch, "context canceled", "unknown reason bug in code, please report")
        (text,) = self.rng.choices(texts, (60, 28, 10, 2))
        return text


def _error(text: str, stack: str) -> Fields:
    return [("error", text), ("errorVerbose", "\n\t".join((text, *_STACKS[stack])))]
