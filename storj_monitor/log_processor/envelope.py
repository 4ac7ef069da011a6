"""One physical line, opened: the node's text within, and what the envelope around it says."""

from __future__ import annotations

from typing import NamedTuple

from storj_monitor.log_processor.values import parse_time_ms

# What may stand around the node's lines, or was made of them; in words, for operators.
DOCKER_JSON = "Docker json-file"
DOCKER_LOCAL = "Docker local driver"
DOCKER_STAMP = "docker logs -t"
JOURNAL_JSON = "journalctl -o json"
JSON_OBJECT = "JSON objects"
SYSLOG = "syslog or journalctl prefix"
SYSLOG_5424 = "syslog (RFC 5424)"
UNIX_STAMP = "Unix time in front"
KUBERNETES = "Kubernetes (CRI)"
CSV = "CSV export"
QUOTED = "quoted in key=value"
CONTAINER_NAME = "name of the container in front"
SERVICE_TIME = "time of a service supervisor in front"
OTHER_PREFIX = "other text in front"
SPACES = "spaces instead of tabs"
ESCAPED_TABS = "escaped tabs"
COLOURS = "terminal colours"


class Opened(NamedTuple):
    """What a physical line holds.

    text      -- as the node wrote it, without line end
    arrival   -- Unix milliseconds when it was received, where the envelope says so
    stream    -- parts of one line come in one stream
    continues -- the line was split: its next part is the next line of the stream
    wrappers  -- what was taken off; none: the line is bare
    """

    text: bytes
    arrival: int | None = None
    stream: str = ""
    continues: bool = False
    wrappers: tuple[str, ...] = ()


def arrival_ms(stamp: bytes) -> int | None:
    """Unix milliseconds of a stamp."""
    parsed = parse_time_ms(stamp)
    return parsed[0] if parsed else None
