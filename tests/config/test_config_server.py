"""How the page is reached: names, proxies, path, TLS; and what the settings warn of."""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path

import pytest

from storj_monitor.config import Settings, load
from storj_monitor.config.document import setting_values
from storj_monitor.errors import ConfigError

HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNo"


def settings(tmp_path: Path, text: str = "", **environ: str) -> Settings:
    file = tmp_path / "monitor.toml"
    file.write_text(text)
    file.chmod(0o600)
    return load(environ={f"STORJ_MONITOR_{name}": value for name, value in environ.items()}, config_path=str(file), home=tmp_path).settings


def test_as_a_list_in_the_file_or_with_commas(tmp_path: Path) -> None:
    server = settings(
        tmp_path,
        '[server]\nallowed_hosts = ["Mon.example.", "[2001:DB8::1]"]\ntrusted_proxies = ["127.0.0.1", "172.16.0.0/12"]\n'
        'base_path = "storj/"\ntls_cert = "cert.pem"\ntls_key = "/etc/key.pem"\n',
    ).server
    assert server.allowed_hosts == ("mon.example", "2001:db8::1")
    assert server.trusted_proxies == (ipaddress.ip_network("127.0.0.1"), ipaddress.ip_network("172.16.0.0/12"))
    assert (server.base_path, server.tls_cert, server.tls_key) == ("/storj", tmp_path / "cert.pem", Path("/etc/key.pem"))
    by_environment = settings(tmp_path, ALLOWED_HOSTS="a, b,", TRUSTED_PROXIES="::1", BASE_PATH="/").server
    assert (by_environment.allowed_hosts, by_environment.base_path) == (("a", "b"), "")
    assert by_environment.trusted_proxies == (ipaddress.ip_network("::1"),)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("allowed_hosts", '"https://mon.example"'),
        ("allowed_hosts", '"mon.example:443"'),
        ("allowed_hosts", "[1]"),
        ("trusted_proxies", '"proxy"'),
        ("trusted_proxies", '"10.0.0.0/99"'),
        ("base_path", '"/a b"'),
        ("base_path", '"/a/../b"'),
        ("base_path", '"https://x/"'),
        ("base_path", '"/<script>"'),
        ("base_path", "1"),
    ],
)
def test_what_is_none_of_these_is_a_mistake(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"\[server\] {key} = "):
        settings(tmp_path, f"[server]\n{key} = {value}\n")


def test_a_key_needs_its_certificate(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"server\.tls_key = .*: needs server\.tls_cert too"):
        settings(tmp_path, '[server]\ntls_key = "key.pem"\n')


def test_what_is_shown_can_be_read_again(tmp_path: Path) -> None:
    given = settings(tmp_path, ALLOWED_HOSTS="a,2001:db8::1", TRUSTED_PROXIES="10.0.0.0/8,127.0.0.1", BASE_PATH="/x/y", TLS_CERT="/c.pem")
    shown = {name.removeprefix("server.").upper(): value for name, value in setting_values(given) if name.startswith("server.")}
    again = {name: shown[name] for name in ("ALLOWED_HOSTS", "TRUSTED_PROXIES", "BASE_PATH", "TLS_CERT")}
    assert settings(tmp_path, **again).server == given.server


def test_a_password_in_the_clear_is_warned_of(tmp_path: Path) -> None:
    (warning,) = settings(tmp_path, BIND="0.0.0.0", PASSWORD="x").warnings
    assert "plain HTTP" in warning and "--tls-cert" in warning and "trusted_proxies" in warning
    assert settings(tmp_path, BIND="127.0.0.1", PASSWORD="x").warnings == ()
    assert settings(tmp_path, BIND="0.0.0.0", PASSWORD="x", TLS_CERT=str(tmp_path / "none.pem")).warnings == ()
    assert settings(tmp_path, BIND="0.0.0.0", PASSWORD="x", TRUSTED_PROXIES="10.0.0.1").warnings == ()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
@pytest.mark.parametrize("password", ["secret", HASH])
def test_a_file_with_the_password_that_others_can_read_is_warned_of(tmp_path: Path, password: str) -> None:
    file = tmp_path / "monitor.toml"
    file.write_text(f"[server]\npassword = '{password}'\n")
    for mode, warned in ((0o644, True), (0o640, True), (0o600, False), (0o400, False)):
        file.chmod(mode)
        warnings = load(environ={}, config_path=str(file), home=tmp_path).settings.warnings
        assert bool(warnings) is warned, oct(mode)
        assert all(f"chmod 600 {file}" in warning and "secret" not in warning for warning in warnings)
    file.chmod(0o644)
    elsewhere = load(environ={"STORJ_MONITOR_PASSWORD": "x"}, config_path=str(file), home=tmp_path).settings
    assert "holds the password" in elsewhere.warnings[0], "also where it is not the one that counts"
