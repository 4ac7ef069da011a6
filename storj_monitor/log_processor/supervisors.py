"""What watches over a node's process says when that ends (supervisord, systemd, Docker, s6, runit, OpenRC, PM2), without its own time.

supervisord writes the time of its own zone and does not name it. The node's line before tells which one that is, to a quarter of an hour.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

_NAME = rb"[\w@.:'\"\[\]/-]{0,60}stor(?:agenode|j)[\w@.:'\"\[\]/-]{0,60}"
_SUPERVISORD = re.compile(
    rb"(?:(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (?:CRIT|ERRO|WARN|INFO) )?"
    rb"(?P<how>exited|stopped|gave up|spawnerr): (?P<what>.*)"
)
_UNIT = re.compile(
    rb"[\w@.-]{1,100}\.service: "
    rb"(?P<what>(?P<ended>Main process exited|A process of this unit has been killed)|Start request repeated too quickly)(?P<rest>.*)"
)
_OTHERS = re.compile(
    rb"(?P<compose>" + _NAME + rb" exited with code \d{1,3}.{0,60})"
    rb"|(?P<s6>\[cmd\] .{0,80}" + _NAME + rb" exited \d{1,3}|s6-supervise:? " + _NAME + rb".{0,20}: (?:fatal|warning): .*)"
    rb"|(?P<runit>runsv " + _NAME + rb": (?:fatal|warning): .*)"
    rb"|(?P<openrc>supervise-daemon\b.{0,120}(?:exited with return code \d{1,3}|terminated by signal \d{1,3}|respawned more than .*))"
    rb"|(?P<pm2>PM2\b.{0,40} App \[" + _NAME + rb".{0,20}\] exited with code .*)"
)
_QUARTER_MS = 900_000
_MOST = 500


class Ending(NamedTuple):
    """One line. `final`: it is of a process that ended; False: of one that is not started any more. `stamp_ms`: of supervisord, as if
    its zone were UTC; 0: the line has none."""

    text: str
    final: bool
    stamp_ms: int = 0


def ending(line: bytes) -> Ending | None:
    """What a line without the node's own time says of the end of its process; None: nothing."""
    line = line[: 4 * _MOST].strip()
    if said := _SUPERVISORD.match(line):
        return _of_supervisord(said)
    if said := _UNIT.match(line):
        words = "a process of the service was killed" if said["what"].startswith(b"A process") else _text(said["what"] + said["rest"])
        return Ending(words[:1].lower() + words[1:], said["ended"] is not None)
    if said := _OTHERS.match(line):
        return Ending(_text(said[0]).replace(": ", ", "), b"respawned more" not in said[0])
    return None


def _of_supervisord(said: re.Match[bytes]) -> Ending | None:
    how, what = said["how"], _text(said["what"])
    if re.match(_NAME, said["what"]) is None and not (how == b"spawnerr" and b"stor" in said["what"]):
        return None
    stamp_ms = 0
    if said["time"] is not None:
        try:
            at = datetime.strptime(said["time"].decode(), "%Y-%m-%d %H:%M:%S,%f").replace(tzinfo=UTC)
        except ValueError:
            return None
        stamp_ms = round(at.timestamp() * 1000)
    name, _, rest = what.partition(" ")
    match how:
        case b"gave up":
            return Ending(f"the supervisor gave up on {name} ({rest})" if rest else f"the supervisor gave up on {name}", False, stamp_ms)
        case b"spawnerr":
            return Ending(f"the supervisor cannot start it ({what})", True, stamp_ms)
        case _:
            return Ending(f"{name} {how.decode()} {rest.replace(';', ',')}".strip(), True, stamp_ms)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")[:_MOST]


class SupervisorClock:
    """The zone of supervisord's times, by the node's lines in front of them."""

    def __init__(self) -> None:
        self._after_ms = -1
        self._offset_ms = 0

    def at_ms(self, stamp_ms: int, last_ms: int) -> int:
        """`stamp_ms` in Unix milliseconds; `last_ms`: the node's newest line (0: none yet)."""
        if not stamp_ms:
            return last_ms
        if last_ms and last_ms != self._after_ms:
            self._after_ms = last_ms
            self._offset_ms = round((stamp_ms - last_ms) / _QUARTER_MS) * _QUARTER_MS
            if abs(self._offset_ms) > 14 * 3_600_000:  # no zone is: that much time has gone by
                self._offset_ms = 0
        return max(stamp_ms - self._offset_ms, last_ms)
