"""A file of finished runs: one JSON line each, so that what was interrupted goes on where it stopped.

A journal belongs to one product (by the content of its source files) and one plan. Runs of another product or plan are never mixed in
unless somebody says so: their figures would look like noise.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from pathlib import Path
from typing import Any

from harness import ROOT


class JournalError(Exception):
    """The journal belongs to something else; the message says to what."""


def product_of(root: Path = ROOT) -> str:
    """Twelve hex digits that change with any source file of the product at `root`."""
    digest = hashlib.sha256()
    folder = root / "storj_monitor"
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def commit_of(root: Path = ROOT) -> str:
    """Short commit of a checkout; "unknown" where there is none (an unpacked archive)."""
    if not (root / ".git").exists():
        return "unknown"
    done = subprocess.run(["git", "-C", str(root), "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


class Journal:
    """`done` are the runs by key; `add` appends one and survives being killed right after."""

    def __init__(self, path: Path, product: str, plan: dict[str, Any], *, mix: bool = False) -> None:
        self.path = path
        self._product = product
        self._plan = json.loads(json.dumps(plan))
        self.done: dict[str, dict[str, Any]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        for record in self._read():
            if not mix:
                self._check(record)
            self.done[record["key"]] = record["figures"]

    def add(self, key: str, figures: dict[str, Any]) -> None:
        """Keep a finished run."""
        taken = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        record = {"key": key, "taken": taken, "product": self._product, "commit": commit_of(), "plan": self._plan, "figures": figures}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        self.done[key] = figures

    def _read(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        text = self.path.read_text(encoding="utf-8")
        if text and not text.endswith("\n"):
            # Killed while writing: that run is made again.
            text = text[: text.rfind("\n") + 1]
            self.path.write_text(text, encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def _check(self, record: dict[str, Any]) -> None:
        if record["product"] != self._product:
            raise JournalError(
                f"{self.path.name} has runs of another product ({record['product']}, commit {record['commit']}); this one is "
                f"{self._product}: name another folder with --out, or say --mix to go on all the same"
            )
        if record["plan"] != self._plan:
            changed = [k for k in {*record["plan"], *self._plan} if record["plan"].get(k) != self._plan.get(k)]
            raise JournalError(
                f"{self.path.name} has runs of another plan ({', '.join(sorted(changed))} differ): name another folder with --out"
            )
