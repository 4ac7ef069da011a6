"""File, environment and flags become Settings, or every mistake is told at once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from storj_monitor import config
from storj_monitor.config import FileLog, Loaded, NodeSettings, load
from storj_monitor.config.document import setting_values
from storj_monitor.config.load import default_database
from storj_monitor.config.table import SETTINGS
from storj_monitor.errors import ConfigError

HASH = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaHVp7nSyQHpG2Kz0"


def load_with(
    file: str | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, str] | None = None,
    nodes: tuple[str, ...] = (),
    folder: Path | None = None,
) -> Loaded:
    path = None
    if file is not None:
        assert folder is not None
        path = folder / "monitor.toml"
        path.write_text(file, encoding="utf-8")
    return load(
        environ=environ or {},
        flags=flags,
        node_texts=nodes,
        config_path=str(path) if path else None,
        platform="linux",
        home=Path("/home/op"),
    )


def mistakes_of(**given: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_with(**given)  # type: ignore[arg-type]
    return caught.value.mistakes


def test_defaults() -> None:
    settings = load_with().settings
    assert settings.nodes == ()
    assert settings.database == Path("/home/op/.local/share/storj_monitor/storj_monitor.db")
    assert (settings.server.bind, settings.server.port, settings.server.password) == ("127.0.0.1", 8765, None)
    retention = settings.retention
    day = 86_400
    assert (retention.events_s, retention.minutes_s, retention.hours_s) == (2 * day, 30 * day, 2 * 365 * day)
    assert (retention.days_s, retention.size_cap_bytes) == (None, None)
    perf = settings.perf
    assert (perf.ws_coalesce_ms, perf.use_orjson, perf.db_executor_max_workers) == (75, False, None)
    assert (perf.analytics_jitter_pct, perf.max_broadcast_hz, perf.enable_diff_payloads, perf.enable_log_rate_limit) == (
        0.15,
        2,
        True,
        True,
    )


def test_the_seven_flags_and_the_one_above_them_are_named_as_documented() -> None:
    named = {name: getattr(config, name) for name in dir(config) if name.startswith("PERF_")}
    assert named == {
        "PERF_BASELINE": False,
        "PERF_WS_COALESCE_MS": 75,
        "PERF_USE_ORJSON": False,
        "PERF_DB_EXECUTOR_MAX_WORKERS": None,
        "PERF_ANALYTICS_JITTER_PCT": 0.15,
        "PERF_MAX_BROADCAST_HZ": 2,
        "PERF_ENABLE_DIFF_PAYLOADS": True,
        "PERF_ENABLE_LOG_RATE_LIMIT": True,
    }
    in_table = {setting.environment.removeprefix("STORJ_MONITOR_"): setting.default for setting in SETTINGS if setting.section == "perf"}
    assert in_table == named


def test_precedence(tmp_path: Path) -> None:
    file = 'database = "file.db"\n[server]\nport = 1\nbind = "::1"\n[[node]]\nname = "f"\nlog = "f.log"\n'
    environ = {"STORJ_MONITOR_PORT": "2", "STORJ_MONITOR_NODES": "e1:/e1.log;\n e2:/e2.log\n"}
    loaded = load_with(file, folder=tmp_path)
    assert loaded.settings.server.port == 1
    assert loaded.settings.database == tmp_path / "file.db"
    assert loaded.settings.nodes == (NodeSettings("f", FileLog(str(tmp_path / "f.log"))),)
    loaded = load_with(file, environ, folder=tmp_path)
    assert loaded.settings.server.port == 2
    assert [node.name for node in loaded.settings.nodes] == ["e1", "e2"]
    loaded = load_with(file, environ, {"server.port": "3"}, ("x:/x.log",), folder=tmp_path)
    assert loaded.settings.server.port == 3
    assert loaded.settings.server.bind == "::1"
    assert [node.name for node in loaded.settings.nodes] == ["x"]
    assert (loaded.origins["server.port"], loaded.origins["server.bind"]) == ("flag", str(tmp_path / "monitor.toml"))
    assert (loaded.origins["node"], loaded.origins["perf.use_orjson"]) == ("flag", "default")


def test_every_setting_in_every_place_has_the_same_meaning(tmp_path: Path) -> None:
    for setting in SETTINGS:
        if setting.default_text or setting.secret:
            continue
        shown = setting.default_shown
        line = f'[{setting.section}]\n{setting.key} = "{shown}"' if setting.section else f'{setting.key} = "{shown}"'
        for loaded in (
            load_with(line, folder=tmp_path),
            load_with(environ={setting.environment: shown}),
            load_with(flags={setting.name: shown}),
        ):
            assert dict(setting_values(loaded.settings))[setting.name] == shown
            assert loaded.origins[setting.name] != "default"


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    file = """
databse = "x.db"
port = 3
[server]
port = 70000
[perf]
use_orjson = "perhaps"
ws_coalesce_msec = 4
[retention]
events = "2 parsecs"
hours = "1 day"
[[node]]
name = "a"
log = "a.log"
logs = "b.log"
[[node]]
log = 3
[[node]]
name = "b"
api = "ftp://x"
[[node]]
name = "c"
log = "c.log"
[[node]]
name = "c"
log = "c2.log"
"""
    told = mistakes_of(
        file=file,
        folder=tmp_path,
        environ={"STORJ_MONITOR_PORT": "none", "STORJ_MONITOR_PREF_USE_ORJSON": "1", "STORJ_MONITOR_NODES": "x"},
        flags={"perf.max_broadcast_hz": "-1", "perf.db_executor_max_workers": "0"},
        nodes=("q:1:http:/", "m:"),
    )
    where = str(tmp_path / "monitor.toml")
    for part in (
        f"{where}: databse is not a setting: did you mean database?",
        f"{where}: port is not a setting",
        "(port belongs to [server])",
        f"{where}: [server] port = 70000: must be a whole number from 0 to 65535",
        f'{where}: [perf] use_orjson = "perhaps": must be true or false',
        f"{where}: [perf] ws_coalesce_msec is not a setting: did you mean ws_coalesce_ms?",
        f'{where}: [retention] events = "2 parsecs": must be a length of time',
        f"{where}: [[node]] number 1: logs is not a setting: did you mean log?",
        f"{where}: [[node]] number 2: log = 3: must be text in quotes",
        f"{where}: [[node]] number 2: name is missing",
        f"{where}: [[node]] number 3 (b): api = 'ftp://x': must be http://HOST:PORT",
        f"{where}: node name 'c' is given more than once",
        f"{where}: retention.hours = 1 day: must not be shorter than retention.minutes = 30 days (default)",
        'environment: STORJ_MONITOR_PORT = "none": must be a whole number',
        "environment: STORJ_MONITOR_PREF_USE_ORJSON is not a setting: did you mean STORJ_MONITOR_PERF_USE_ORJSON?",
        'environment: STORJ_MONITOR_NODES "x": must be NAME:LOG[:API]',
        'flag: --perf-max-broadcast-hz = "-1": must be a number from 0 to 100',
        'flag: --perf-db-executor-max-workers = "0": must be auto, or a whole number from 1 to 64',
        'flag: --node "m:": log =',
    ):
        assert any(part in line for line in told), part
    assert len(told) == 18


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("[server\n", "is not TOML"),
        ("server = 3\n", "must be a table [server]"),
        ("node = 3\n", "must be tables [[node]]"),
        ("[node]\nname = 'a'\n", "node is one table: must be tables [[node]]"),
        ("[[node]]\nname = 'a'\nlog = /var/log/node.log\n", "text stands in quotes"),
        ("[server]\nport = true\n", "port = true: must be a whole number"),
        ("[server]\nport = 1.5\n", "port = 1.5: must be a whole number"),
        ("[retention]\nevents = 2\n", "events = 2: must be a length of time"),
        ("[sever]\nport = 1\n", "sever is not a setting: did you mean server?"),
    ],
)
def test_a_broken_file(tmp_path: Path, file: str, part: str) -> None:
    (told,) = mistakes_of(file=file, folder=tmp_path)
    assert told.startswith(str(tmp_path / "monitor.toml"))
    assert part in told


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.toml: cannot be read"):
        load(environ={}, config_path=str(tmp_path / "nothing.toml"))
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load(environ={"STORJ_MONITOR_CONFIG": str(binary)})
    binary.write_bytes(b"\xef\xbb\xbf[server]\r\nport = 5\r\n")
    assert load(environ={"STORJ_MONITOR_CONFIG": str(binary)}).settings.server.port == 5


def test_another_address_needs_a_password(tmp_path: Path) -> None:
    for bind in ("0.0.0.0", "::", "192.168.1.5", "nas.local"):
        (told,) = mistakes_of(flags={"server.bind": bind})
        assert "password must be set" in told
        settings = load_with(environ={"STORJ_MONITOR_PASSWORD": HASH}, flags={"server.bind": bind}).settings
        assert settings.server.bind == bind
    for bind in ("127.0.0.1", "127.8.8.8", "::1", "localhost", "[::1]"):
        assert load_with(flags={"server.bind": bind}).settings.server.password is None
    for bind in ("", "1.2.3", "a b", "host:80", "http://x"):
        assert "must be an IP address" in mistakes_of(flags={"server.bind": bind})[0]


def test_the_password_is_never_shown(tmp_path: Path) -> None:
    loaded = load_with('[server]\npassword = "geheim"\n', folder=tmp_path)
    assert loaded.settings.server.password is not None
    assert loaded.settings.server.password.reveal() == "geheim"
    assert "geheim" not in repr(loaded)
    assert dict(setting_values(loaded.settings))["server.password"] == "set (hidden)"
    too_costly = HASH.replace("m=19456", "m=65536")
    for bad in (too_costly, "$argon2id$geheim", 5, ["geheim"]):
        (told,) = mistakes_of(file=f"[server]\nbind = '0.0.0.0'\npassword = {bad!r}\n", folder=tmp_path)
        assert "password = (hidden): must be a password, or an argon2 hash" in told
        assert "geheim" not in told


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load_with(environ={"STORJ_MONITOR_PORT": " ", "STORJ_MONITOR_NODES": "", "OTHER": "x"}).settings == load_with().settings


def test_zero_is_off() -> None:
    flags = {"perf.ws_coalesce_ms": "0", "perf.analytics_jitter_pct": "0", "perf.max_broadcast_hz": "0", "perf.enable_diff_payloads": "0"}
    perf = load_with(flags=flags).settings.perf
    assert (perf.ws_coalesce_ms, perf.analytics_jitter_pct, perf.max_broadcast_hz, perf.enable_diff_payloads) == (0, 0, 0, False)


PLAIN = {
    "perf.ws_coalesce_ms": "0",
    "perf.use_orjson": "false",
    "perf.analytics_jitter_pct": "0",
    "perf.max_broadcast_hz": "0",
    "perf.enable_diff_payloads": "false",
    "perf.enable_log_rate_limit": "false",
}


@pytest.mark.parametrize("place", ["flag", "environment", "file"])
def test_the_baseline_wins_over_every_other_flag(tmp_path: Path, place: str) -> None:
    on = {
        "perf.ws_coalesce_ms": "75",
        "perf.use_orjson": "true",
        "perf.db_executor_max_workers": "auto",
        "perf.enable_diff_payloads": "true",
    }
    loaded = {
        "flag": lambda: load_with(flags={**on, "perf.baseline": "true"}),
        "environment": lambda: load_with(environ={"STORJ_MONITOR_PERF_BASELINE": "1"}, flags=on),
        "file": lambda: load_with("[perf]\nbaseline = true\n", folder=tmp_path, flags=on),
    }[place]()
    shown = {name: value for name, value in setting_values(loaded.settings) if name.startswith("perf.")}
    assert shown.pop("perf.baseline") == "true"
    assert int(shown.pop("perf.db_executor_max_workers")) >= 5
    assert shown == PLAIN
    assert {loaded.origins[name] for name in PLAIN} == {"perf.baseline"}
    assert loaded.origins["perf.baseline"] != "perf.baseline"


def test_without_the_baseline_every_flag_says_what_it_said() -> None:
    flags = {"perf.baseline": "false", "perf.ws_coalesce_ms": "60"}
    loaded = load_with(flags=flags)
    assert (loaded.settings.perf.baseline, loaded.settings.perf.ws_coalesce_ms) == (False, 60)
    assert loaded.origins["perf.ws_coalesce_ms"] == "flag"


def test_orjson_that_is_not_installed_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "orjson", None)
    assert load_with(flags={"perf.use_orjson": "on"}).settings.perf.use_orjson


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {}, "/home/op/.local/share/storj_monitor/storj_monitor.db"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/storj_monitor/storj_monitor.db"),
        ("linux", {"XDG_DATA_HOME": "relative"}, "/home/op/.local/share/storj_monitor/storj_monitor.db"),
        ("darwin", {"XDG_DATA_HOME": "/data"}, "/home/op/Library/Application Support/storj_monitor/storj_monitor.db"),
        ("win32", {"LOCALAPPDATA": "/c/local"}, "/c/local/storj_monitor/storj_monitor.db"),
        ("win32", {}, "/home/op/AppData/Local/storj_monitor/storj_monitor.db"),
    ],
)
def test_default_database(platform: str, environ: dict[str, str], expected: str) -> None:
    assert default_database(platform, environ, Path("/home/op")) == Path(expected)
