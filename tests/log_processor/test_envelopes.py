"""Every form in which the same log reaches a monitor gives the same: prefixes, objects, CSV, lost tabs, colours, split lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest
from log_processor.log_lines import (
    CORPUS,
    IDENTITY,
    OTHER_PIECE,
    chunk_of,
    chunks_of,
    new_fields,
    new_processor,
    one,
    read_all,
    same_totals,
    zap,
)

from storj_monitor.log_processor import character_of
from storj_monitor.log_processor.envelopes import SPLIT_PART
from storj_monitor.log_processor.fingerprints import fingerprints
from storj_monitor.log_processor.full_parser import FOREIGN
from storj_monitor.model.events import LineKey, LineKind
from storj_monitor.model.hashstore_events import CompactionPlanned
from storj_monitor.model.log_character import LEFT_OUT, LogForm, LogTrouble
from storj_monitor.model.node_events import PlainError
from storj_monitor.model.sources import FileIdentity

UNIX_US = 1_787_209_270_137_000
LONG = zap(
    "compaction computed details",
    '{"satellite": "s", "store": "s0", "candidates": ' + json.dumps(list(range(19_000))) + ', "rewrite": [1, 2], "duration": "2.9s"}',
    logger="hashstore",
)


def journal_json(text: str) -> str:
    return json.dumps({"__CURSOR": "s=1", "__REALTIME_TIMESTAMP": str(UNIX_US), "SYSLOG_IDENTIFIER": "storagenode", "MESSAGE": text})


def journal_numbers(text: str) -> str:
    return json.dumps({"MESSAGE": list(text.encode()), "__REALTIME_TIMESTAMP": str(UNIX_US)})


def pm2(text: str) -> str:
    return json.dumps(
        {"message": text + "\n", "timestamp": "2026-08-20T09:01:10+02:00", "type": "err", "process_id": 0, "app_name": "node"}
    )


def csv_row(*cells: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


FORMS: dict[str, Callable[[str], str]] = {
    "journalctl -o json": journal_json,
    "journalctl -o json, bytes": journal_numbers,
    "journal export": lambda text: "MESSAGE=" + text,
    "journalctl -o verbose": lambda text: "    MESSAGE=" + text,
    "journalctl -o short-monotonic": lambda text: f"[ 4242.123456] nas storagenode[857]: {text}",
    "PM2": pm2,
    "PM2, shown": lambda text: f"0|storagen | {text}",
    "journalctl -o json-seq": lambda text: "\x1e" + journal_json(text),
    "journalctl -o json-sse": lambda text: "data: " + journal_json(text),
    "journalctl -o json-pretty": lambda text: f'\t"MESSAGE" : {json.dumps(text)},',
    "rsyslog with @cee": lambda text: f"Aug 20 07:02:01 nas storagenode[812]: @cee: {json.dumps({'msg': text})}",
    "Loki's client": lambda text: '2026-08-20T07:01:10Z {container="node", job="a b"} ' + text,
    "quoted in a letter": lambda text: f"> {text}",
    "Loki": lambda text: json.dumps({"labels": {"job": "node"}, "line": text, "timestamp": "2026-08-20T07:01:10.137Z"}),
    "fluent-bit": lambda text: json.dumps({"date": 1787209270.137, "log": text, "stream": "stderr"}),
    "Docker, keys in another order": lambda text: json.dumps({"stream": "stderr", "log": text + "\n", "time": "2026-08-20T07:01:10.1Z"}),
    "Docker in journald": lambda text: journal_json(json.dumps({"log": text + "\n", "stream": "stdout", "time": "2026-08-20T07:01:10.1Z"})),
    "nested objects": lambda text: json.dumps({"@timestamp": "2026-08-20T07:01:10.1Z", "event": {"message": text}}),
    "Synology Log Center": lambda text: csv_row("stderr", "2026/08/20 09:01:10", text),
    "Synology, other columns": lambda text: csv_row("2026/08/20 09:01:10", "stderr", text),
    "CSV with more columns": lambda text: csv_row("Info", "nas, cellar", text, "storagenode", 'a "b"'),
    "syslog 5424": lambda text: f"<30>1 2026-08-20T07:01:10.137000Z nas docker/node 1234 docker/node - \ufeff{text}",
    "syslog 5424, data": lambda text: rf'<30>1 2026-08-20T07:01:10.137000Z nas node 1 - [meta seq="0" a="\]\"b"][x@1 y="z"] {text}',
    "syslog 5424, counted": lambda text: f'999 <30>1 2026-08-20T07:01:10Z nas node 1 - [meta seq="0"] {text}',
    "Kubernetes": lambda text: f"2026-08-20T07:01:10.137000000+00:00 stderr F {text}",
    "Kubernetes, tags": lambda text: f"2026-08-20T07:01:10.137000000Z stdout F:x {text}",
    "key=value": lambda text: f"time=2026-08-20T07:01:10Z level=info msg={json.dumps(text)} container=node",
    "compose": lambda text: f"storagenode-1  | {text}",
    "systemd in front of Docker's time": lambda text: f"Aug 20 07:02:01 nas docker[812]: 2026-08-20T07:02:01.481920331Z {text}",
}
TABS: dict[str, Callable[[str], str]] = {
    "tabs": lambda text: text,
    "eight spaces": lambda text: text.replace("\t", " " * 8),
    "four spaces": lambda text: text.replace("\t", " " * 4),
    "one space": lambda text: text.replace("\t", " "),
    "no-break spaces": lambda text: text.replace("\t", "\u00a0" * 4),
    "#011": lambda text: text.replace("\t", "#011"),
    "^I": lambda text: text.replace("\t", "^I"),
}
COLOURED = {
    "colours": lambda text: colour(text, "\x1b["),
    "colours of journald": lambda text: colour(text, "#033["),
    "colours without escape": lambda text: colour(text, "["),
}


def colour(text: str, escape: str) -> str:
    time, tab, rest = text.partition("\t")
    level, other, rest = rest.partition("\t")
    return f"{time}{tab}{escape}34m{level}{escape}0m{other}{rest}" if other else text


def sample() -> list[str]:
    """Entries of all kinds in the console form."""
    data = (CORPUS / "sample-lines.log").read_text("utf-8", "replace")
    return [line for line in data.splitlines() if line[:2] == "20" and line[10:11] == "T" and "\t" in line[:30] and "{broken" not in line]


def text_of(lines: list[str], *forms: Callable[[str], str]) -> bytes:
    for form in forms:
        lines = [form(line) for line in lines]
    return "".join([line + "\n" for line in lines]).encode()


def understood(data: bytes) -> tuple[object, ...]:
    totals = read_all([chunk_of(data)])
    assert totals.kinds()[LineKind.UNDERSTOOD] > 0
    return totals.lines, totals.events, [row[:4] for row in totals.rows], [error.template for error in totals.errors]


@pytest.mark.parametrize("tabs", TABS)
@pytest.mark.parametrize("form", FORMS)
def test_the_same_whatever_is_around_it(form: str, tabs: str) -> None:
    if tabs == "no-break spaces" and form in ("key=value", "journalctl -o json-pretty"):
        pytest.skip("escaped ones were not copied from a page")
    lines = sample()
    assert understood(text_of(lines, TABS[tabs], FORMS[form])) == understood(text_of(lines))


@pytest.mark.parametrize("tabs", [*TABS, *COLOURED])
def test_the_same_without_anything_around_it(tabs: str) -> None:
    lines = sample()
    assert understood(text_of(lines, (TABS | COLOURED)[tabs])) == understood(text_of(lines))


@pytest.mark.parametrize("form", FORMS)
def test_a_line_at_a_time_gives_the_same(form: str) -> None:
    """Also behind lines that are bare, or by a forwarder that begins with something else."""
    lines = sample()
    data = text_of(lines, FORMS[form])
    same_totals(read_all(chunks_of(data, 1)), read_all([chunk_of(data)]))
    bare = zap("uploaded", new_fields())
    mixed = one(bare, data)
    assert sum(mixed.lines.values()) == len(lines) + 1
    assert len(mixed.rows) == len(one(data).rows) + 1


@pytest.mark.parametrize(
    "prefix",
    [
        "storagenode-1  | ", "\x1b[36mstorj-2  | \x1b[0m", "0|storagen | ", "[pod/storj-0/storagenode] ", "2026-11-30_06:00:00.12345 ",
        "@400000006745aabbccdd0011 ",
    ],
)  # fmt: skip
def test_lines_without_a_time_are_known_behind_a_name_too(prefix: str) -> None:
    """The last words of a node that does not start, and the stack of one that has crashed."""
    lines = (zap("Configuration loaded", logger=""), b"Error: boom\n", b"goroutine 1 [running]:\n", b"\tx.go:1\n")
    done = one(*(prefix.encode() + line for line in lines))
    assert [event.text for event in done.events if isinstance(event, PlainError)] == ["boom"]
    assert not [key for key in done.lines if key.kind is LineKind.NOT_UNDERSTOOD]


def test_the_last_words_of_another_container_are_not_the_nodes() -> None:
    done = one(b"watchtower-1  | Error: cannot pull\n")
    assert not done.events
    assert [key.kind for key in done.lines] == [LineKind.NOT_UNDERSTOOD]


def test_first_words_of_journalctl_do_not_spoil_the_rest() -> None:
    lines = [f"May 31 08:26:13 nas storagenode[857]: {line}" for line in sample()]
    head = "-- Journal begins at Mon 2026-05-04 10:00:00 CEST, ends at Sun 2026-05-31 08:26:17 CEST. --\n"
    data = text_of(lines, TABS["eight spaces"])
    assert read_all([chunk_of(head.encode() + data)]).rows == read_all([chunk_of(data)]).rows


def test_what_journalctl_left_out_is_told() -> None:
    data = text_of([json.dumps({"__CURSOR": "x", "MESSAGE": None})] * 20)
    assert one(data).lines == {LineKey(LineKind.NOT_UNDERSTOOD, "", LEFT_OUT): 20}
    [warning] = character_of(data).warnings()
    assert warning.trouble is LogTrouble.NOT_UNDERSTOOD
    assert "--all" in warning.text


def test_another_program_s_log_is_not_understood() -> None:
    data = b"".join(b"root:x:%d:%d:root:/root:/bin/bash\n" % (i, i) for i in range(30))
    assert one(data).lines == {LineKey(LineKind.NOT_UNDERSTOOD, "", FOREIGN): 30}
    character = character_of(data)
    assert character.form is LogForm.UNKNOWN
    assert [warning.trouble for warning in character.warnings()] == [LogTrouble.NOT_UNDERSTOOD]


def test_the_character_names_what_is_around_the_lines() -> None:
    assert character_of(text_of(sample(), TABS["eight spaces"], journal_json)).envelopes == ("journalctl -o json", "spaces instead of tabs")
    assert character_of(text_of(sample())).envelopes == ()


# -- lines in parts


def parts_of(line: bytes, size: int) -> list[str]:
    text = line.decode().rstrip("\n")
    return [text[at : at + size] for at in range(0, len(text), size)]


def cri(line: bytes, size: int = 16 << 10) -> list[bytes]:
    parts = parts_of(line, size)
    return [
        f"2026-08-20T07:01:10.137000000Z stderr {'F' if i == len(parts) - 1 else 'P'} {part}\n".encode() for i, part in enumerate(parts)
    ]


def short_journal(line: bytes, size: int = 48 << 10) -> list[bytes]:
    return [f"Aug 20 07:02:01 nas storagenode[812]: {part}\n".encode() for part in parts_of(line, size)]


def docker_syslog(line: bytes) -> list[bytes]:
    return short_journal(line, 16 << 10)


def json_journal(line: bytes) -> list[bytes]:
    parts = parts_of(line, 48 << 10)
    return [
        json.dumps({"MESSAGE": part, "_PID": "812"} | ({"_LINE_BREAK": "line-max"} if i < len(parts) - 1 else {})).encode() + b"\n"
        for i, part in enumerate(parts)
    ]


def docker_journal(line: bytes) -> list[bytes]:
    parts = parts_of(line, 16 << 10)
    last = len(parts) - 1
    return [
        json.dumps(
            {
                "MESSAGE": part,
                "CONTAINER_ID": "c0ffee",
                "CONTAINER_PARTIAL_MESSAGE": "true",
                "CONTAINER_PARTIAL_ORDINAL": str(i + 1),
                "CONTAINER_PARTIAL_LAST": "true" if i == last else "false",
            }
        ).encode()
        + b"\n"
        for i, part in enumerate(parts)
    ]


def docker_json(line: bytes) -> list[bytes]:
    text = line.decode()
    parts = [text[at : at + (16 << 10)] for at in range(0, len(text), 16 << 10)]
    return [json.dumps({"log": part, "stream": "stderr", "time": "2026-08-20T07:01:10.1Z"}).encode() + b"\n" for part in parts]


SPLITTERS = [cri, short_journal, docker_syslog, json_journal, docker_journal, docker_json]


@pytest.mark.parametrize("size", [1, 20_000, 1 << 20])
@pytest.mark.parametrize("split", SPLITTERS)
def test_parts_become_one_line_whatever_the_chunks(split: Callable[[bytes], list[bytes]], size: int) -> None:
    before, after = split(zap("uploaded", new_fields())), split(zap("uploaded", new_fields(OTHER_PIECE)))
    lines = [*before, *split(LONG), *after]
    assert len(lines) > 3
    totals = read_all(chunks_of(b"".join(lines), size))
    (planned,) = totals.events
    assert isinstance(planned, CompactionPlanned)
    assert (planned.candidates, planned.rewrite) == (19_000, 2)
    assert len(totals.rows) == 2
    assert totals.lines[LineKey(LineKind.IGNORED, "", SPLIT_PART)] == len(lines) - 3
    assert totals.lines.total() == len(lines)
    assert not totals.kinds()[LineKind.NOT_UNDERSTOOD]


@pytest.mark.parametrize("split", SPLITTERS)
def test_a_line_whose_end_never_came_is_no_part_of_the_next(split: Callable[[bytes], list[bytes]]) -> None:
    """The node was killed in the middle of it."""
    data = b"".join([split(LONG)[0], *split(zap("uploaded", new_fields()))])
    batch = one(data)
    assert len(batch.rows) == 1
    assert sum(n for key, n in batch.lines.items() if key.kind == LineKind.NOT_UNDERSTOOD) == 1


@pytest.mark.parametrize("split", [cri, docker_json])
def test_a_line_that_goes_on_in_the_next_file(split: Callable[[bytes], list[bytes]]) -> None:
    """Docker and the kubelet rotate between any two parts. Both files are read to their ends, so a restart reads nothing again."""
    first, *rest = split(LONG)
    ahead = b"".join(split(zap("uploaded", new_fields())))
    processor = new_processor()
    old = processor.process(chunk_of(ahead + first))
    assert old.checkpoint is not None
    assert old.checkpoint.end == len(ahead)
    new_file = FileIdentity(4096, "11" * 16)
    data = b"".join(rest)
    batch = processor.process(chunk_of(data, identity=new_file))
    assert len(batch.events) == 1
    assert batch.finished is not None
    assert (batch.finished.identity, batch.finished.start, batch.finished.end) == (IDENTITY, len(ahead), len(ahead + first))
    assert batch.checkpoint is not None
    assert (batch.checkpoint.identity, batch.checkpoint.start, batch.checkpoint.end) == (new_file, 0, len(data))
    again = processor.process(chunk_of(ahead, len(data), identity=new_file))
    assert again.finished is None
    assert len(again.rows) == 1


def test_a_space_of_the_message_is_no_part_of_eight_that_were_a_tab() -> None:
    line = b'2026-08-20T07:00:00Z\tERROR\tcontact:service\tping satellite failed \t{"attempts": 1}'
    assert fingerprints([line.replace(b"\t", b" " * 8)]).hashes == fingerprints([line]).hashes
