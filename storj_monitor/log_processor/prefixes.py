"""What stands on the same line in front of a node's text, around it, or in place of its tabs: syslog, CRI, CSV, colours, spaces."""

from __future__ import annotations

import re

import msgspec

from storj_monitor.log_processor.catalogue import canonical_logger, canonical_message, family, is_known
from storj_monitor.log_processor.entry import (
    COLOURS,
    CONTAINER_NAME,
    CSV,
    DOCKER_LOCAL,
    DOCKER_STAMP,
    ESCAPED_TABS,
    KUBERNETES,
    OTHER_PREFIX,
    QUOTED,
    SERVICE_TIME,
    SPACES,
    SYSLOG,
    SYSLOG_5424,
    UNIX_STAMP,
    Opened,
    arrival_ms,
)
from storj_monitor.log_processor.known_messages import KNOWN_MESSAGES

_MAX_LAYERS = 3
_SPACES_A_TAB = 8
# Docker cuts lines at 16 KiB, journald at 48 KiB; where nothing else says so, a text of exactly that length is a part.
PART_BYTES = frozenset({16 << 10, 48 << 10})

_LEVEL = rb"(?:DEBUG|INFO|WARN|ERROR|DPANIC|PANIC|FATAL)"
_STAMP = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)"
_TAB = rb"(?:\t|#011|\\t|\\x09|\^I)"
_NO_BREAK_SPACE = b"\xc2\xa0"
# colours as they are, as journald and rsyslog write them, as `cat -v` shows them, and with the escape character lost
_COLOUR = rb"(?:(?:\x1b|#033|\\033|\\x1b|\\u001b|\^\[)?\[[0-9;]{0,12}[mK])"
_SHORT_TIME = (
    rb"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)"
    rb"|[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [A-Z+-][\w:]*|\[ *\d+\.\d+\])"
)

_DOCKER_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) ")
_STAMP_AT_END = re.compile(_DOCKER_STAMP.pattern + rb"\Z")
_UNIX_STAMP = re.compile(rb"(\d{9,11})(?:\.(\d{1,9}))? ")
_SYSLOG = re.compile(rb"(?:<\d+>)?" + _SHORT_TIME + rb" ((?:[^\s{}\"]*[^\s{}\":] )?[^\s{}\"]+?(?:\[\d+\])?): ")
_CRI = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)) (stdout|stderr) ([FP])(:\S*)? ?")
_SYSLOG_5424 = re.compile(
    rb"(?:\d{1,6} )?<\d{1,3}>1 (\S+) (\S+) (\S+) (\S+) \S+ (?:-|(?:\[(?:[^\]\"\\]|\\.|\"(?:[^\"\\]|\\.)*\")*\])+)(?: (?:\xef\xbb\xbf)?|$)"
)
# `docker compose logs`, PM2 and `kubectl logs --prefix`: of a container whose name says that it is a node, for others say `Error:` too
_CONTAINER_NAME = re.compile(
    _COLOUR
    + rb"?(?=[\[\w./|-]{0,200}?(?:stor|node))(?:([\w.|-]{1,100}) +\||\[(pod/[\w./-]{1,200})\])"
    + _COLOUR
    + rb"? ?"
    + _COLOUR
    + rb"?",
    re.IGNORECASE,
)
_NAME_BYTES = 120
_SERVICE_TIME = re.compile(rb"@[0-9a-f]{24} |\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d(?:\.\d{1,9})? ")  # daemontools and s6, runit
# what Synology's Container Manager and Log Center write: stream and time, in either order, then the text
_CSV_ROW = re.compile(
    rb"\"?(?:(?:stdout|stderr)\"?,\"?\d{4}[-/]\d\d[-/]\d\d \d\d:\d\d:\d\d|\d{4}[-/]\d\d[-/]\d\d \d\d:\d\d:\d\d\"?,\"?(?:stdout|stderr))\"?,"
)
# An entry within a line: its time and level, with something like tabs between, or the beginning of its JSON.
_CONSOLE = re.compile(
    _COLOUR + rb"?(" + _STAMP + rb")" + _COLOUR + rb"?(?:" + _TAB + rb"| {1,16})" + _COLOUR + rb"*(" + _LEVEL + rb") {0,4}"
    + _COLOUR + rb"*(?:" + _TAB + rb"| {1,16})"
)  # fmt: skip
_JSON = re.compile(rb"\{(?:\"|\"\"|\\\")L(?:\"|\"\"|\\\"):")
# with labels in braces, as Loki's client shows them; with a tab, as `cat -n`, `nl` and Fluentd put it there
_PLAIN_PREFIX = re.compile(rb"[^{\"]{0,200}(?:\{[^{}\t]{0,600}\} {1,2})?")
_FINE_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}(?:Z|[+-]\d\d:?\d\d)")
_CSV_PREFIX = re.compile(rb"(?:(?:[^\",;\t]{0,100}|\"(?:[^\"]|\"\")*\")[,;])*\"")
_CSV_REST = re.compile(rb"((?:[^\"]|\"\")*)\"(?!\")")
_KEY_PREFIX = re.compile(rb".{0,400}?(?:\w=|\" ?: ?)\"", re.DOTALL)
_ESCAPED_REST = re.compile(rb"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
# What every entry has somewhere: told many times quicker than by looking for an entry.
_ENTRY_TIME = re.compile(rb"-\d\dT\d\d:")
_LEVEL_NEXT = re.compile(rb" {0,16}" + _COLOUR + rb"*" + _LEVEL + rb" {0,4}" + _COLOUR + rb"*(?:" + _TAB + rb"| )")
_LOOK_BYTES = 1000

_ANY_COLOUR = re.compile(rb"(?:\x1b|#033|\\033|\\x1b|\\u001b|\^\[)\[[0-9;]{0,12}[mK]")
_SPACED_CONTEXT = re.compile(rb" +(?=\{\"|\{\})")
_WIDE = re.compile(rb" {2,}")
_CALLER = re.compile(rb"[\w./@+~-]+\.go:\d+")
_LOGGER = re.compile(rb"[\w.:<>@\[\]%-]+")


def begins_plainly(line: bytes) -> bool:
    """With the node's own time stamp (`2026-08-20T07:01:10Z`, or an offset) and a tab: the usual case, told without a pattern."""
    return line[10:11] == b"T" and (line[20:21] == b"\t" or line[25:26] == b"\t")


def without_stamp(prefix: bytes) -> bytes:
    """What stands in front of a line, without the time of its arrival at the end."""
    return _STAMP_AT_END.sub(b"", prefix)


def open_prefixed(line: bytes) -> Opened:
    """Take off whatever is in front of, or around, the node's text; the line itself when there is nothing."""
    text, arrival, names, stream, part = line, None, [], b"", False
    for _ in range(_MAX_LAYERS):
        if text[:1].islower() and b"|" not in text[:_NAME_BYTES]:
            break  # only a container's name begins so
        if match := _CRI.match(text):
            arrival, stream, part = arrival_ms(match[1]), match[2], match[3] == b"P"
            names.append(DOCKER_LOCAL if match[4] == b":docker-local" else KUBERNETES)
        elif match := _DOCKER_STAMP.match(text):
            if _LEVEL_NEXT.match(text, match.end()):
                break  # the node's own time, with a space where its tab was
            arrival = arrival_ms(match[1])
            names.append(DOCKER_STAMP)
        elif match := _UNIX_STAMP.match(text):
            arrival = int(match[1]) * 1000 + int((match[2] or b"")[:3].ljust(3, b"0"))
            names.append(UNIX_STAMP)
        elif match := _SYSLOG.match(text):
            stream = match[1]
            names.append(SYSLOG)
        elif match := _SYSLOG_5424.match(text):
            arrival, stream = arrival_ms(match[1]), b" ".join(match.groups()[1:4])
            names.append(SYSLOG_5424)
        elif match := _CONTAINER_NAME.match(text):
            stream = match[1] or match[2]
            names.append(CONTAINER_NAME)
        elif match := _SERVICE_TIME.match(text):
            names.append(SERVICE_TIME)
        else:
            break
        text = text[match.end() :]
        if part:
            break
    if names and len(text) in PART_BYTES:
        part = True
    if not begins_plainly(text) or b"[" in text[19:40]:
        inner = _find_entry(text)
        arrival = inner.arrival if arrival is None else arrival
        if SYSLOG in names and not inner.envelopes:
            inner = inner._replace(text=inner.text.replace(b"#011", b"\t"))  # of text that is no entry
        text, names = inner.text, [*names, *inner.envelopes]
    return Opened(text, arrival, stream.decode("utf-8", "replace"), part, tuple(names))


def _find_entry(line: bytes) -> Opened:
    """An entry somewhere in the line, as the node wrote it; the line itself when there is none."""
    if _NO_BREAK_SPACE in line[:_LOOK_BYTES]:  # copied from a web page
        line = line.replace(_NO_BREAK_SPACE, b" ")
    console = _CONSOLE.search(line, 0, _LOOK_BYTES) if _ENTRY_TIME.search(line, 0, _LOOK_BYTES) else None
    found = console or (_JSON.search(line, 0, _LOOK_BYTES) if b'L"' in line or b'L\\"' in line else None)
    if found is None:
        row = _CSV_ROW.match(line) if b"std" in line else None
        return Opened(_unquoted(line[row.end() :]), envelopes=(CSV,)) if row else Opened(line)
    prefix, rest, names = line[: found.start()], line[found.start() :], []
    if not prefix:
        pass
    elif _CSV_PREFIX.fullmatch(prefix):
        names, rest = [CSV], _unquoted(b'"' + rest)
    elif _KEY_PREFIX.fullmatch(prefix):
        names, rest = [QUOTED], _unescaped(rest)
    elif _PLAIN_PREFIX.fullmatch(prefix):
        names = [OTHER_PREFIX]
    else:
        return Opened(line)
    stamp = _FINE_STAMP.search(prefix)
    arrival = arrival_ms(stamp[0]) if stamp else None
    if console:
        rest, more = _with_tabs(rest)
        names += more
    return Opened(rest, arrival, envelopes=tuple(names))


def _unquoted(cell: bytes) -> bytes:
    """The text of a CSV cell, and nothing of what stands behind it."""
    if not cell.startswith(b'"'):
        return cell
    match = _CSV_REST.match(cell, 1)
    return (match[1] if match else cell[1:]).replace(b'""', b'"')


def _unescaped(rest: bytes) -> bytes:
    """The rest of a text in quotes in which quotes, tabs and backslashes are escaped, as in JSON."""
    match = _ESCAPED_REST.match(rest)
    inner = match[1] if match else rest
    try:
        return msgspec.json.decode(b'"' + inner + b'"', type=str).encode()
    except (ValueError, RecursionError):
        return inner


def _with_tabs(line: bytes) -> tuple[bytes, list[str]]:
    """A line that begins with an entry's time: without colours, its columns joined by tabs."""
    names = []
    if _ANY_COLOUR.search(line, 0, _LOOK_BYTES) or b"[" in line[19:40]:
        head, mark, rest = line.partition(b"{")
        line = re.sub(_COLOUR, b"", head) + mark + _ANY_COLOUR.sub(b"", rest)
        names.append(COLOURS)
    head, mark, rest = line.partition(b"{")
    if b"\t" in head:
        return line, names
    for tab in (b"#011", b"\\t", b"\\x09", b"^I"):
        if tab in head:
            # the context has no tabs of its own: what looks like one there is JSON's
            return head.replace(tab, b"\t") + mark + rest, [*names, ESCAPED_TABS]
    return _columns_of_spaces(line), [*names, SPACES]


def _columns_of_spaces(line: bytes) -> bytes:
    """`TIME  LEVEL  [LOGGER]  [CALLER]  MESSAGE  {…}`, the columns joined by any number of spaces, with tabs."""
    context = _SPACED_CONTEXT.search(line)
    head, rest = (line[: context.start()], line[context.end() :]) if context else (line, b"")
    # a few messages end with a space of their own: where a tab has become eight, the ninth is theirs
    own = b" " if context and len(context[0]) == _SPACES_A_TAB + 1 else b""
    time, level, what = (head.split(None, 2) + [b"", b""])[:3]
    columns = [time, level]
    wide = _WIDE.search(what) is not None
    for pattern in (_LOGGER, _CALLER):
        first, _, others = what.partition(b" ")
        if others and pattern.fullmatch(first) and (pattern is _CALLER or _is_logger(first, others, what, wide)):
            columns.append(first)
            what = others.strip()
    return b"\t".join([*columns, what.strip() + own, *([rest] if rest else [])])


def _is_logger(word: bytes, others: bytes, what: bytes, wide: bool) -> bool:
    """Whether the first word is a column of its own: certain where columns are far apart, else the catalogue decides."""
    if _CALLER.fullmatch(word):
        return False
    if wide:
        return others.startswith(b" ")
    logger, satellite = canonical_logger(word.decode("ascii", "replace"))
    message = what.decode("utf-8", "replace")
    return bool(satellite or family(logger) in KNOWN_MESSAGES) and not is_known("", canonical_message("", message))
