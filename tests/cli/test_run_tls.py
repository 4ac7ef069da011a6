"""Whether `run` loads OpenSSL is told by the nodes' addresses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from storj_monitor.cli import main, run


@pytest.mark.parametrize(
    ("door", "value", "tls"),
    [
        ("api", "http://127.0.0.1:14002", False),
        ("api", "https://node.example:14002", True),
        ("metrics", "https://node.example:5999", True),
        ("metrics", "http://127.0.0.1:5999", False),
    ],
)
def test_only_a_node_that_is_asked_by_https_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: str, value: str, tls: bool
) -> None:
    asked = []

    def load(name: str, *, tls: bool) -> SimpleNamespace:
        asked.append((name, tls))
        return SimpleNamespace(run=lambda _settings: 0)

    monkeypatch.setattr(run, "load_lean", load)
    config = tmp_path / "monitor.toml"
    config.write_text(f'[[node]]\nname = "mine"\nlog = "{tmp_path}/node.log"\n{door} = "{value}"\n', encoding="utf-8")
    assert main(["run", "--config", str(config), "--database", str(tmp_path / "m.db")]) == 0
    assert asked == [("storj_monitor.app.serving", tls)]
