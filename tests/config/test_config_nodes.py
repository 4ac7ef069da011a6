"""NAME:LOG[:API] in all its spellings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storj_monitor.config.nodes import FileLog, NodeMistake, NodeSettings, StreamLog, make_node, parse_log, parse_node


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mine:/var/log/node.log", NodeSettings("mine", FileLog("/var/log/node.log"))),
        ("mine:/var/log/node.log:http://localhost:14002", NodeSettings("mine", FileLog("/var/log/node.log"), "http://localhost:14002")),
        ("mine:relative/node.log", NodeSettings("mine", FileLog("relative/node.log"))),
        ("w:C:\\Program Files\\Storj\\node.log", NodeSettings("w", FileLog("C:\\Program Files\\Storj\\node.log"))),
        ("w:d:/storj/node.log:https://h:1", NodeSettings("w", FileLog("d:/storj/node.log"), "https://h:1")),
        ("u:\\\\server\\share\\node.log", NodeSettings("u", FileLog("\\\\server\\share\\node.log"))),
        ("a:/one/letter.log", NodeSettings("a", FileLog("/one/letter.log"))),
        ("far:192.168.1.20:5000", NodeSettings("far", StreamLog("192.168.1.20", 5000))),
        ("far:nas.local:5000:http://nas.local:14002/", NodeSettings("far", StreamLog("nas.local", 5000), "http://nas.local:14002")),
        ("six:[::1]:5000", NodeSettings("six", StreamLog("::1", 5000))),
        (
            "six:[2001:DB8::0]:5000:http://[2001:db8::]:14002",
            NodeSettings("six", StreamLog("2001:db8::", 5000), "http://[2001:db8::]:14002"),
        ),
        ("x:c:8080", NodeSettings("x", StreamLog("c", 8080))),
        ("api::http://localhost:14002", NodeSettings("api", None, "http://localhost:14002")),
        ("api:http://localhost:14002", NodeSettings("api", None, "http://localhost:14002")),
        ("g:/var/lib/docker/containers/*/*-json.log", NodeSettings("g", FileLog("/var/lib/docker/containers/*/*-json.log"))),
        ("g:/logs/node[12].log", NodeSettings("g", FileLog("/logs/node[12].log"))),
        ("odd:/logs/a:b:12", NodeSettings("odd", FileLog("/logs/a:b:12"))),
        ("odd:/logs/http://x:http://h:1", NodeSettings("odd", FileLog("/logs/http://x"), "http://h:1")),
        (" my node :/x.log", NodeSettings("my node", FileLog("/x.log"))),
        ("Kühlschrank-2:/x.log", NodeSettings("Kühlschrank-2", FileLog("/x.log"))),
    ],
)
def test_spellings(text: str, expected: NodeSettings) -> None:
    assert parse_node(text) == expected


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "node"),
        ("nothing", "node"),
        (":/x.log", "name"),
        ("a/b:/x.log", "name"),
        ("bad\nname:/x.log", "name"),
        ("x" * 65 + ":/x.log", "name"),
        ("mine:", "log"),
        ("mine:host:0", "log"),
        ("mine:host:65536", "log"),
        ("mine:[zz]:500", "log"),
        ("mine:/x.log:http://", "api"),
        ("mine:/x.log:http://h:0", "api"),
        ("mine:/x.log:http://h:99999", "api"),
        ("mine:/x.log:http://h:1/?q=1", "api"),
        ("mine:/x.log:http://[::1", "api"),
    ],
)
def test_refused(text: str, key: str) -> None:
    with pytest.raises(NodeMistake) as caught:
        parse_node(text)
    assert caught.value.key == key
    assert "must be" in str(caught.value)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(NodeMistake) as caught:
        parse_node("mine:/x.log:http://me:geheim@h:1")
    assert "geheim" not in str(caught.value)


def test_a_relative_path_counts_from_the_folder_of_its_file() -> None:
    folder = Path("/etc/monitor")
    assert parse_log("node.log", folder) == FileLog(str(folder / "node.log"))
    assert parse_log("/abs/node.log", folder) == FileLog("/abs/node.log")
    assert parse_log("C:\\logs\\x.log", folder) == FileLog("C:\\logs\\x.log")
    assert parse_log("host:5000", folder) == StreamLog("host", 5000)


def test_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/op")
    monkeypatch.setenv("USERPROFILE", "/home/op")
    assert parse_log("~/node.log") == FileLog(str(Path("/home/op/node.log")))
    assert parse_log("~nobody-of-this-name/x.log") == FileLog("~nobody-of-this-name/x.log")


def test_metrics_alone_are_enough() -> None:
    node = make_node("m", log=None, api=None, metrics="http://h:7777/", folder=None)
    assert node == NodeSettings("m", None, None, "http://h:7777")
    assert str(node) == "m: no log, metrics http://h:7777"


@given(st.text(max_size=60))
def test_any_text_is_a_node_or_a_mistake(text: str) -> None:
    try:
        node = parse_node(text)
    except NodeMistake:
        return
    assert node.name
    assert node.log or node.api
