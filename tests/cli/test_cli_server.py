"""What an operator is told of how the page is reached: warnings, and certificates that cannot be used."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from storj_monitor.cli import main


@pytest.fixture
def log(tmp_path: Path) -> str:
    (tmp_path / "a.log").touch()
    return f"a:{tmp_path / 'a.log'}"


def test_a_password_in_the_clear_and_a_file_that_others_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, log: str
) -> None:
    file = tmp_path / "monitor.toml"
    file.write_text('[server]\npassword = "geheim"\nbind = "0.0.0.0"\n')
    file.chmod(0o644)
    main(["check-config", "--config", str(file), "--node", log])
    out = capsys.readouterr().out
    assert "warning: server.bind = 0.0.0.0: the page is served by plain HTTP" in out
    assert f"warning: {file}: holds the password, and other users of this machine can read it: chmod 600 {file}" in out
    assert "geheim" not in out
    file.chmod(0o600)
    main(["check-config", "--config", str(file), "--node", log, "--bind", "127.0.0.1"])
    out = capsys.readouterr().out
    assert "plain HTTP" not in out and "holds the password" not in out


def test_run_says_every_warning_of_the_settings(capsys: pytest.CaptureFixture[str], tmp_path: Path, log: str) -> None:
    """They are no repetitions of one another, as which the limiter of the log would leave them out."""
    file = tmp_path / "monitor.toml"
    file.write_text('[server]\npassword = "geheim"\nbind = "0.0.0.0"\n')
    file.chmod(0o644)
    with socket.socket() as taken:  # so that it ends at once
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["run", "--config", str(file), "--node", log, "--port", port, "--database", str(tmp_path / "m.db")]) == 2
    err = capsys.readouterr().err
    assert "the page is served by plain HTTP" in err
    assert f"{file}: holds the password, and other users of this machine can read it" in err


@pytest.mark.parametrize("verb", ["run", "check-config"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory"),
        ("rubbish", "in PEM form, which fit together, the key without a passphrase"),
        ("", "in PEM form"),
    ],
)
def test_a_certificate_that_cannot_be_used(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, log: str, verb: str, content: str | None, said: str
) -> None:
    certificate = tmp_path / "cert.pem"
    if content is not None:
        certificate.write_text(content)
    extra = ["--database", str(tmp_path / "m.db")] if verb == "run" else []
    assert main([verb, "--node", log, "--port", "0", "--tls-cert", str(certificate), *extra]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("storj_monitor: tls_cert:")]
    assert f"{certificate} cannot be used: " in line and said in line
