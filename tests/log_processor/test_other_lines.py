"""Lines that are no transfers: typed events, folded errors, foreign text, and the honest count of all."""

from __future__ import annotations

import inspect

import msgspec
import pytest
from log_processor.log_lines import (
    PIECE,
    SATELLITE,
    TIME_MS,
    chunk_of,
    new_fields,
    new_processor,
    one,
    only_event,
    read_all,
    totals_of,
    zap,
)

from storj_monitor.log_processor.batch_builder import MAX_KEYS
from storj_monitor.log_processor.event_builders import EVENT_BUILDERS
from storj_monitor.log_processor.fields import Fields, LogRecord
from storj_monitor.log_processor.full_parser import (
    CONTAINER,
    CONTINUATION,
    EMPTY_LINE,
    EXPORT_HEADER,
    FOREIGN,
    GOROUTINE,
    JOURNAL,
    PANIC,
    PLAIN_ERROR,
    SERVICE,
    SUPERVISOR,
)
from storj_monitor.log_processor.known_messages import KNOWN_MESSAGES
from storj_monitor.model import hashstore_events, node_events
from storj_monitor.model.events import LineKey, LineKind, NodeEvent
from storj_monitor.model.log_character import BINARY, LEFT_OUT
from storj_monitor.model.node_events import AnyNodeEvent


def event_classes() -> set[type[NodeEvent]]:
    members = [*vars(node_events).values(), *vars(hashstore_events).values()]
    return {m for m in members if inspect.isclass(m) and issubclass(m, NodeEvent) and m is not NodeEvent}


def test_every_event_can_be_made_stored_and_read_back() -> None:
    decode = msgspec.json.Decoder(AnyNodeEvent).decode
    made = set()
    for logger, message in EVENT_BUILDERS:
        event = EVENT_BUILDERS[logger, message](
            LogRecord(5, "INFO", logger, message, Fields({"version": "v1.2.3", "minimum_version": "v1"}))
        )
        assert decode(msgspec.json.encode(event)) == event
        made.add(type(event))
    assert event_classes() - made == {
        node_events.UpdaterStep,
        node_events.Panic,
        node_events.PlainError,
        node_events.ProcessEnded,
        node_events.AuditUnfinished,
    }
    tags = [cls.__struct_config__.tag for cls in event_classes()]
    assert len(set(tags)) == len(tags)


def test_every_maker_is_for_a_known_message() -> None:
    spoken = {"pieces": {m for m in KNOWN_MESSAGES["lazyfilewalker"] if "filewalker" in m}, "lazyfilewalker": {"gc-filewalker failed"}}
    for logger, message in EVENT_BUILDERS:
        also = spoken.get(logger, set()) | KNOWN_MESSAGES.get("" if logger == "piecestore:monitor" else logger, frozenset())
        assert message in KNOWN_MESSAGES[logger] | also, (logger, message)


@pytest.mark.parametrize(
    "fields",
    [
        '{"satellite": "SAT", "store": "s1", "duration": "14.00271899s", "total_records": 391204, "total_bytes": "93.1 GiB", '
        '"rewritten_records": 6110, "reclaimed_logs": 2, "reclaimed_bytes": "1.50 GB", "reclaim_ratio": "NaN"}',
        '{"satellite": "SAT", "store": "s1", "duration": "14.00271899s", "total records": 391204, "total bytes": "93.1 GiB", '
        '"rewritten records": 6110, "reclaimed logs": 2, "reclaimed bytes": "1.50 GB", "reclaim ratio": "+Inf"}',
    ],
)
def test_a_rewritten_table_in_both_vocabularies(fields: str) -> None:
    event = only_event(zap("hashtbl rewritten", fields, logger="hashstore"))
    assert isinstance(event, hashstore_events.CompactionTableRewritten)
    assert (event.time_ms, event.satellite, event.store, event.duration_ms) == (TIME_MS, "SAT", "s1", 14_002)
    assert (event.total_records, event.total.text, event.total.approx_bytes) == (391204, "93.1 GiB", round(93.1 * 2**30))
    assert (event.reclaimed.text, event.reclaimed.approx_bytes) == ("1.50 GB", 1_500_000_000)
    assert (event.reclaim_ratio, event.expired, event.expired_records) == (None, hashstore_events.NO_AMOUNT, -1)


def test_statistics_of_a_store() -> None:
    stats = '{"NumLogs":131,"SetPercent":0.785,"Table":{"NumSet":402771,"LenSet":"96.4 GiB","Load":5.1e-7}}'
    event = only_event(zap("beginning compaction", f'{{"satellite": "SAT", "store": "s0", "stats": {stats}}}', logger="hashstore"))
    assert isinstance(event, hashstore_events.CompactionStarted)
    assert event.stats is not None
    assert (event.stats.logs, event.stats.set_fraction, event.stats.records_set) == (131, 0.785, 402771)
    assert event.stats.table_load == 5.1e-7
    assert event.stats.set_amount.text == "96.4 GiB"


def test_what_a_node_says_of_itself() -> None:
    totals = totals_of(
        [
            one(
                zap("Configuration loaded", '{"process": "storagenode", "location": "/app/config.yaml"}', logger=""),
                zap("Node 1JaJqUigxRoRD55tHWisbaGoyE9FQ8WbUgyx59px5BiecTSPAZ started", logger=""),
                zap("Version info", '{"Process": "storagenode", "Version": "1.120.4"}', logger="", level="DEBUG"),
                zap('Got a signal from the OS: "terminated"', logger=""),
                zap("file found in trash", new_fields(action="GET_REPAIR", more=', "offset": 7, "size": 9'), level="WARN"),
                zap("cleanup completed", f'{{"satellite_id": "{SATELLITE}"}}', logger="forgetsatellite:cleaner"),
                zap("Current binary version", '{"process": "storagenode-updater", "service": "x", "version": "v1.2.3"}', logger=""),
                b"panic: runtime error\n",
            )
        ]
    )
    assert totals.events == [
        node_events.ConfigurationLoaded(time_ms=TIME_MS, process="storagenode", path="/app/config.yaml"),
        node_events.NodeStarted(time_ms=TIME_MS, node_id="1JaJqUigxRoRD55tHWisbaGoyE9FQ8WbUgyx59px5BiecTSPAZ", previous_ms=TIME_MS),
        node_events.VersionSeen(time_ms=TIME_MS, level="DEBUG", version="1.120.4"),
        node_events.SignalReceived(time_ms=TIME_MS, process="storagenode", signal="terminated"),
        node_events.FoundInTrash(
            time_ms=TIME_MS,
            level="WARN",
            satellite=SATELLITE,
            piece_id=PIECE,
            action="GET_REPAIR",
            offset=7,
            size_bytes=9,
            remote_address="203.0.113.24:51322",
        ),
        node_events.SatelliteForgotten(time_ms=TIME_MS, satellite=SATELLITE, step="cleanup completed"),
        node_events.UpdaterStep(time_ms=TIME_MS, message="Current binary version", service="x", binary_version="1.2.3"),
        node_events.Panic(time_ms=TIME_MS, level="PANIC", first_line="panic: runtime error"),
    ]
    assert [error.message for error in totals.errors] == ["file found in trash", "panic"]


def test_a_satellite_in_the_name_of_the_logger() -> None:
    batch = one(zap("finished", '{"process": "storagenode", "count": 5}', logger=f"orders.{SATELLITE}"))
    assert batch.events == [node_events.OrdersSettled(time_ms=TIME_MS, satellite=SATELLITE, count=5)]
    assert set(batch.lines) == {LineKey(LineKind.UNDERSTOOD, "orders", "finished")}


def test_a_message_may_end_with_a_space() -> None:
    event = only_event(zap("ping satellite failed ", f'{{"Satellite ID": "{SATELLITE}", "attempts": 2}}', logger="contact:service"))
    assert isinstance(event, node_events.PingFailed)
    assert (event.satellite, event.attempts) == (SATELLITE, 2)


def test_classification_is_never_by_substring() -> None:
    for message in ("uploaded!", "not uploaded", "ping satellite failed badly", "file found in trash?", "Node started twice started"):
        batch = one(zap(message, new_fields(), logger="piecestore"))
        assert not batch.transfers
        assert not batch.events
        assert {key.kind for key in batch.lines} == {LineKind.NOT_UNDERSTOOD}


def test_unknown_lines_are_keyed_by_logger_and_folded_message() -> None:
    totals = read_all([chunk_of(zap(f"lost 7 pieces of {PIECE}", logger="new:chore", level="WARN") * 3)])
    key = LineKey(LineKind.NOT_UNDERSTOOD, "new:chore", "lost <n> pieces of <id>")
    assert totals.lines == {key: 3}
    assert totals.samples[key].startswith("2026-08-20T07:01:10Z\tWARN\tnew:chore\tlost 7")
    assert [error.template for error in totals.errors] == [key.message] * 3


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\n", EMPTY_LINE),
        (b"   \n", EMPTY_LINE),
        (b"panic: boom\n", PANIC),
        (b"fatal error: all goroutines are asleep\n", PANIC),
        (b"goroutine 957 [running]:\n", GOROUTINE),
        (b"github.com/quic-go/quic-go.(*connection).handleFrames(0x3e4ae52d9808, {0x3e4?, 0x7f?})\n", GOROUTINE),
        (b"created by github.com/quic-go/quic-go.(*baseServer).handleInitialImpl in goroutine 839\n", GOROUTINE),
        (b"storj.io/storj/storagenode/contact.(*Service).pingSatellite\n", GOROUTINE),
        (b"[signal SIGSEGV: segmentation violation code=0x1 addr=0x30 pc=0xc90bd8]\n", GOROUTINE),
        (b"[signal 0xc0000005 code=0x0 addr=0x20 pc=0x7ff6a1]\n", GOROUTINE),
        (b"runtime stack:\n", GOROUTINE),
        (b"runtime: goroutine stack exceeds 1000000000-byte limit\n", GOROUTINE),
        (b"runtime: out of memory: cannot allocate 4194304-byte block\n", PANIC),
        (b"PC=0x4692e1 m=0 sigcode=0\n", GOROUTINE),
        (b"rax    0x0\n", GOROUTINE),
        (b"rflags 0x10246\n", GOROUTINE),
        (b"...additional frames elided...\n", GOROUTINE),
        (b"exit status 2\n", GOROUTINE),
        (b"\t/build/storagenode/contact/service.go:174\n", CONTINUATION),
        (b"Error: piecestore monitor: timed out\n", PLAIN_ERROR),
        (b"2026-08-20 06:00:00,412 INFO spawned: 'storagenode' with pid 44\n", SUPERVISOR),
        (b"2026-08-20 06:00:00,412 WARN exited: storagenode (exit status 1; not expected)\n", SUPERVISOR),
        (b"downloading storagenode-updater\n", CONTAINER),
        (b"     0K .......... .......... 50% 1.2M 0s\n", CONTINUATION),
        (b"-- Journal begins at Mon 2026-05-04 10:00:00 CEST, ends at Sun 2026-05-31 08:26:17 CEST. --\n", JOURNAL),
        (b"-- Boot 0f3c5d2e6a9b4c1d8e7f --\n", JOURNAL),
        (b"_SYSTEMD_UNIT=storagenode.service\n", JOURNAL),
        (b"storagenode.service: Main process exited, code=killed, status=9/KILL\n", SERVICE),
        (b"Started Storj storage node.\n", SERVICE),
        (b"stream,date,content\n", EXPORT_HEADER),
    ],
)
def test_foreign_lines_are_ignored_on_purpose(line: bytes, reason: str) -> None:
    batch = one(line)
    assert batch.lines == {LineKey(LineKind.IGNORED, "", reason): 1}
    assert batch.newest_ms == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\xff\xfe\x00garbage\n", FOREIGN),
        (b"something that nobody knows\n", FOREIGN),
        (b'{"hello": "world"}\n', "JSON that is no log entry"),
        (b"{broken\n", FOREIGN),
        (b'{"MESSAGE": null, "__REALTIME_TIMESTAMP": "1795421400137000"}\n', LEFT_OUT),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00>\x00\x01\n", BINARY),
        (zap("uploaded", new_fields(), time="2026-13-45T07:01:10Z"), FOREIGN),
    ],
)
def test_what_nobody_knows_was_not_ignored_on_purpose(line: bytes, reason: str) -> None:
    batch = one(line)
    assert batch.lines == {LineKey(LineKind.NOT_UNDERSTOOD, "", reason): 1}
    assert batch.newest_ms == 0


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (b'INFO\tpiecestore\tuploaded\t{"process": "storagenode"}\n', ("piecestore", "no time (STORJ_LOG_NOTIME)")),
        (b'{"L":"INFO","N":"piecestore","M":"uploaded","process":"storagenode"}\n', ("piecestore", "no time (STORJ_LOG_NOTIME)")),
        (b"15:04:05.000\tINFO\tuploaded\n", ("", "pretty encoding: no date")),
        (b'{"L":"INFO","T":"2026-08-20T07:01:10Z","N":"piecest\n', ("", "broken JSON line")),
        (b'{"L":"INFO","T":"yesterday","N":"piecestore","M":"uploaded"}\n', ("piecestore", "broken log line")),
        (b"2026-08-20T07:01:10Z\tINFO\n", ("", "broken log line")),
        (b"2026-08-20T07:01:10Z\n", ("", "broken log line")),
        (b"2026-08-20T07:01:10Z\tNOTICE\tpiecestore\tuploaded\t{}\n", ("", "broken log line")),
        (b'{"severity":"INFO","message":"uploaded","timestamp":5}\n', ("", "broken log line")),
    ],
)
def test_lines_of_a_log_that_cannot_be_used_say_why(line: bytes, key: tuple[str, str]) -> None:
    batch = one(line)
    assert batch.lines == {LineKey(LineKind.NOT_UNDERSTOOD, *key): 1}
    assert list(batch.samples.values()) == [line.decode().rstrip("\n")]


def test_the_number_of_keys_is_bounded() -> None:
    processor = new_processor()
    words = ["".join(chr(97 + (n // 26**i) % 26) for i in range(4)) for n in range(3000)]
    lines = b"".join([zap(word, logger="x:y") for word in words])
    totals = totals_of([processor.process(chunk_of(lines)), processor.process(chunk_of(lines, len(lines)))])
    assert len(totals.lines) <= MAX_KEYS
    assert totals.lines.total() == 6000
    assert totals.lines[LineKey(LineKind.NOT_UNDERSTOOD, "(other)", "(other)")] > 1000


def test_long_texts_are_cut() -> None:
    error = "x" * 100_000
    batch = one(
        zap("upload internal error", f'{{"error": "{error}"}}', level="ERROR"), zap("y" * 100_000, logger="a:b"), b"z" * 100_000 + b"\n"
    )
    assert [len(e.sample) for e in batch.errors] == [500]
    assert max(len(e.template) for e in batch.errors) <= 300
    assert max(len(key.message) for key in batch.lines) <= 200
    assert max(map(len, batch.samples.values())) <= 500


def test_the_batch_carries_what_the_chunk_said() -> None:
    chunk = chunk_of(zap("uploaded", new_fields()), 70)
    batch = new_processor().process(chunk)
    assert (batch.node, batch.read_at, batch.live) == ("node", 1000.5, True)
    assert batch.checkpoint is not None
    assert (batch.checkpoint.start, batch.checkpoint.end, batch.checkpoint.path) == (70, chunk.end, "node.log")
    assert not new_processor().process(msgspec.structs.replace(chunk, live=False)).live


def test_a_last_line_without_an_end_is_read() -> None:
    assert len(one(zap("uploaded", new_fields())[:-1]).transfers) == 1
    assert not one(b"").lines


@pytest.mark.parametrize("blank", [b"\n", b"   \n", b"\t\n"])
@pytest.mark.parametrize("times", [1, 3, 5000])
def test_lines_without_text_are_counted_and_change_nothing(blank: bytes, times: int) -> None:
    lines = [zap("uploaded", new_fields(f"{number:052}")) for number in range(20)]
    batch = new_processor().process(chunk_of(b"".join(line + blank * times for line in lines)))
    alone = new_processor().process(chunk_of(b"".join(lines)))
    assert batch.lines == {**alone.lines, LineKey(LineKind.IGNORED, "", EMPTY_LINE): 20 * times}
    assert batch.rows == alone.rows
