"""/metrics: figures from memory as Prometheus text.

Written here, since the library prometheus-client, made for programs that serve nothing else, brings an HTTP server and WSGI along
(more than 6 MB of memory). The tests hold this text against the library's parser.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator, Mapping

from storj_monitor.server.gate import Gate
from storj_monitor.server.ports import Family
from storj_monitor.units import plain_text

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MOST_LABEL = 200
_IN_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})
_IN_LABEL = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def metrics_text(families: Iterable[Family]) -> bytes:
    """Text exposition format 0.0.4; counters end in `_total`. What is not to be seen is written out in labels."""
    return "".join(line for family in families for line in _lines(family)).encode("utf-8", "replace")


def connection_families(gate: Gate) -> Iterable[Family]:
    """How full the gate is, and whom it has sent away."""
    yield Family("storj_monitor_connections", "Open connections, WebSockets among them", "gauge", [({}, gate.count)])
    away = [({"reason": reason}, float(number)) for reason, number in gate.sent_away.items()]
    yield Family("storj_monitor_connections_closed", "Connections closed that waited too long, or were too many", "counter", away)


def _lines(family: Family) -> Iterator[str]:
    name = f"{family.name}_total" if family.kind == "counter" else family.name
    yield f"# HELP {name} {family.help.translate(_IN_HELP)}\n# TYPE {name} {family.kind}\n"
    for labels, value in family.samples:
        yield f"{name}{_labels(labels)} {_number(value)}\n"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = [f'{label}="{_label(text).translate(_IN_LABEL)}"' for label, text in sorted(labels.items())]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _label(text: str) -> str:
    """Bounded and visible. What is not as it was keeps a mark of the whole, so that two series stay two."""
    shown = plain_text(text[:MOST_LABEL], 6 * MOST_LABEL)
    return shown if shown == text else f"{shown}…{zlib.crc32(text.encode('utf-8', 'replace')):08x}"


def _number(value: float) -> str:
    """As Go reads it."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(float(value))
