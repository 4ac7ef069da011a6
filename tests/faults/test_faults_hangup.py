"""SIGHUP, and standard streams that are closed: neither ends the monitor, nor is it an error at its end."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from faults.fault_fleet import Fleet
from faults.fault_processes import ROOT, Monitor, command, environment, logged, stored, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_hangup_is_said_and_changes_nothing(tmp_path: Path) -> None:
    with Fleet(tmp_path / "logs", nodes=1, rate=200) as fleet, Monitor(tmp_path, fleet.logs) as monitor:
        fleet.write(1)
        monitor.popen.send_signal(signal.SIGHUP)
        until(lambda: "SIGHUP: nothing to do" in monitor.text(), 10, "a word")
        fleet.finish()
        monitor.wait_for_lines(fleet.lines())
        assert monitor.stop()[0] == 0


def make_certificate(folder: Path, name: str) -> None:
    make = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name}".split()
    try:
        subprocess.run([*make, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl on this machine")


def test_a_hangup_brings_a_renewed_certificate(tmp_path: Path) -> None:
    make_certificate(tmp_path, "first")
    port = free_port()
    flags = ("--port", str(port), "--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    with Fleet(tmp_path / "logs", nodes=1) as fleet, Monitor(tmp_path, fleet.logs, extra=flags, wait=False) as monitor:
        until(lambda: "is at https://127.0.0.1:" in monitor.text(), 10, monitor.text)

        def served() -> str:
            return ssl.get_server_certificate(("127.0.0.1", port), timeout=30)

        first = served()
        assert first == (tmp_path / "cert.pem").read_text()
        make_certificate(tmp_path, "second")
        monitor.popen.send_signal(signal.SIGHUP)
        until(lambda: "the certificate was read again" in monitor.text(), 10, "a word")
        second = served()
        assert second == (tmp_path / "cert.pem").read_text() != first
        (tmp_path / "cert.pem").write_text(first)  # does not fit the key
        monitor.popen.send_signal(signal.SIGHUP)
        until(lambda: "the certificate stays as it was" in monitor.text(), 10, "a word")
        assert served() == second
        assert "Traceback" not in monitor.text()


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", "2>&-", ">&-"])
def test_closed_streams_are_no_error_at_the_start_or_the_end(tmp_path: Path, closed: str) -> None:
    with Fleet(tmp_path / "logs", nodes=1) as fleet:
        fleet.write(1)
        fleet.finish()
        (log,) = fleet.logs.values()
        whole = logged(Path(str(log)))["lines"]
        port, database = free_port(), tmp_path / "monitor.db"
        run = command("run", "--database", database, "--port", port, "--node", f"a:{log}")
        process = subprocess.Popen(["sh", "-c", f'exec "$@" {closed}', "sh", *run], cwd=ROOT, env=environment())
        try:

            def lines() -> int:
                if process.poll() is not None:
                    return -1
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/nodes", timeout=30) as answer:
                        return sum(int(row["lines"]) for row in json.load(answer)["rows"])
                except OSError:
                    return 0

            until(lambda: lines() in (-1, whole), 30, "all lines")
            assert process.poll() is None
            if sys.platform == "linux":
                held = [str(Path(f"/proc/{process.pid}/fd/{number}").readlink()) for number in range(3)]
                assert not any("monitor.db" in path or path == str(log) for path in held), "no file has the number of a stream"
            process.terminate()
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
        assert stored(database)["lines"] == whole


def test_closed_streams_are_no_error_for_the_other_commands(tmp_path: Path) -> None:
    for arguments, code in ((("--version",), 0), (("stats", "--database", tmp_path / "none.db"), 3), (("run",), 2)):
        run = command(*arguments)
        assert (
            subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *run], cwd=ROOT, env=environment(), check=False).returncode == code
        )
