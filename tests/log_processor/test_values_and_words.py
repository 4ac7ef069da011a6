"""Go's values, names of fields, templates of errors, countries."""

from __future__ import annotations

import pytest

from storj_monitor.log_processor import CountryLookup
from storj_monitor.log_processor.fields import FieldNames, parse_amount_bytes, parse_duration_ms, parse_time_ms, snake_name
from storj_monitor.log_processor.template_masker import MAX_TEMPLATE, TemplateMasker, fold_text


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (b"1970-01-01T00:00:00Z", (0, False)),
        (b"2026-08-20T07:01:10Z", (1_787_209_270_000, False)),
        (b"2026-08-20T07:01:10+00:00", (1_787_209_270_000, False)),
        (b"2022-07-10T18:44:07.218+0300", (1_657_467_847_218, True)),
        (b"2026-08-20T07:02:01.481920331Z", (1_787_209_321_481, True)),
        (b"2026-08-20T07:02:01.4Z", (1_787_209_321_400, True)),
        (b"1969-12-31T23:59:59Z", (-1000, False)),
        (b"2026-02-29T00:00:00Z", None),
        (b"2026-08-20T24:00:00Z", None),
        (b"2026-08-20 07:01:10", None),
        (b"2026-08-20T07:01:10", None),
        (b"", None),
    ],
)
def test_times(text: bytes, want: tuple[int, bool] | None) -> None:
    assert parse_time_ms(text) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("0s", 0),
        ("0", 0),
        ("812.460091ms", 812),
        ("41.2µs", 0),
        ("1h12m44.207331902s", 4_364_207),
        ("2h38m31.448117228s", 9_511_448),
        ("55.310088213s", 55_310),
        ("10m0s", 600_000),
        ("-1.5s", -1500),
        ("1.001s", 1001),
        ("", None),
        ("s", None),
        ("1x", None),
        ("1h 2m", None),
        ("9" * 60 + "h", None),
        ("9" * 100, None),
    ],
)
def test_durations(text: str, want: int | None) -> None:
    assert parse_duration_ms(text) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("0 B", 0),
        ("512 B", 512),
        ("122.8 GiB", round(122.8 * 2**30)),
        ("1.50 GB", 1_500_000_000),
        ("64.00 MB", 64_000_000),
        ("0.7 GiB", round(0.7 * 2**30)),
        ("1.0 PiB", 2**50),
        ("x", None),
        ("", None),
        ("1 XB", None),
        ("9" * 60 + " GiB", None),
    ],
)
def test_amounts(text: str, want: int | None) -> None:
    assert parse_amount_bytes(text) == want


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("Piece ID", "piece_id"),
        ("piece_id", "piece_id"),
        ("satelliteID", "satellite_id"),
        ("SatelliteID", "satellite_id"),
        ("Remote Address", "remote_address"),
        ("createdBefore", "created_before"),
        ("piecesCount", "pieces_count"),
        ("curr logSlots size", "curr_log_slots_size"),
        ("curr_log_slots", "curr_log_slots"),
        ("NumLogsTTL", "num_logs_ttl"),
        ("Total Pieces To Trash", "total_pieces_to_trash"),
        ("errorVerbose", "error_verbose"),
        ("BF", "bf"),
        ("", ""),
    ],
)
def test_names(name: str, want: str) -> None:
    assert snake_name(name) == want


def test_the_snake_name_wins_where_spellings_meet() -> None:
    fields = FieldNames()({"Size": 1, "size": 2, "SIZE": 3})
    assert fields.number("size") == 2


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("manager closed: read tcp 172.17.0.3:28967->[2001:db8::17]:40122: read: connection reset by peer",
         "manager closed: read tcp <addr>-><addr>: read: connection reset by peer"),
        ("downloaded size (65536 bytes) does not match received message size (2319360 bytes)",
         "downloaded size (<n> bytes) does not match received message size (<n> bytes)"),
        ("nodestats: unable to reach 1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE: rpc: dial tcp: lookup a.b: no such host",
         "nodestats: unable to reach <id>: rpc: dial tcp: lookup a.b: no such host"),
        ("timed out after 1m0s while verifying", "timed out after <duration> while verifying"),
        ("open /app/config/storage/blobs/ab: permission denied", "open <path>: permission denied"),
        (r"rename C:\node\blobs\x.sj1: Access is denied.", "rename <path>: Access is denied."),
        ("outdated software version (v1.150.3), please update", "outdated software version (<version>), please update"),
        ("piece HMPVZUYVY7FPTCI2BKAQ4PUOELD75MD5NF563XQKMV5ZJZS6J6WA not found", "piece <id> not found"),
        ("hashstore: file does not exist", "hashstore: file does not exist"),
        ("http2: 0x1f4 at 2026-11-23T08:05:00Z", "http2: <hex> at <time>"),
        ("two\n\tlines", "two lines"),
        ("", ""),
    ],
)  # fmt: skip
def test_templates(text: str, want: str) -> None:
    assert fold_text(text) == want
    folder = TemplateMasker(max_remembered=2)
    assert [folder(text), folder("7 other"), folder("x y"), folder(text)] == [want, "<n> other", "x y", want]


def test_templates_are_short() -> None:
    assert len(fold_text("word " * 10_000)) <= MAX_TEMPLATE


def test_numbers_of_one_kind_of_error_share_a_template() -> None:
    assert len({fold_text(f"read tcp 10.0.0.{n}:28967->1.2.3.{n}:{40000 + n}: reset after {n * 7}ms") for n in range(1, 200)}) == 1


def test_countries() -> None:
    lookup = CountryLookup()
    assert lookup("8.8.8.8") == "US"
    assert lookup("2001:4860:4860::8888") == lookup("[2001:4860:4860::8888]") == "US"
    for host in (
        "",
        "10.0.0.1",
        "127.0.0.1",
        "172.17.0.1",
        "::1",
        "[::1]",
        "fe80::1%eth0",
        "host.example",
        "1.2.3.4.5",
        "\ud800",
        "é",
        "\0",
    ):
        assert lookup(host) == "", host
    assert lookup.many(["8.8.8.8", "x", "[2001:4860:4860::8888]", ""]) == ["US", "", "US", ""]
    assert lookup.many([]) == []
