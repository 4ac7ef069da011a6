"""What an A/B compares: each flag of phase 13 off and on, all of them, or the products of two checkouts."""

from __future__ import annotations

import compileall
import io
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from harness import ROOT, MeasureError, environment

from storj_monitor.config.kinds import Switch
from storj_monitor.config.table import SETTINGS, Setting

BASELINE = "--perf-baseline"
PLAIN_VALUES = {
    "--perf-ws-coalesce-ms": "0",
    "--perf-db-executor-max-workers": "1",
    "--perf-analytics-jitter-pct": "0",
    "--perf-max-broadcast-hz": "0",
}
"""The plain way of flags that are no switches."""
ALL = "all"


class Comparison(NamedTuple):
    """Two sides that differ in flags of `run`, or in the checkout."""

    name: str
    off: tuple[str, ...]
    on: tuple[str, ...]
    off_root: Path
    on_root: Path

    @property
    def file(self) -> str:
        """The name as part of a file's name."""
        return re.sub(r"[^\w.-]+", "-", self.name)


def flag_rows() -> list[Setting[object]]:
    """The optimisations that can be switched."""
    rows = [row for row in SETTINGS if row.section == "perf" and row.flag and row.flag != BASELINE]
    return [row for row in rows if isinstance(row.kind, Switch) or row.flag in PLAIN_VALUES]


def sides(row: Setting[object]) -> tuple[str, str]:
    """(off, on) as arguments."""
    if isinstance(row.kind, Switch):
        return f"{row.flag}=false", f"{row.flag}=true"
    return f"{row.flag}={PLAIN_VALUES[str(row.flag)]}", f"{row.flag}={row.kind.show(row.default)}"


def flag_comparisons(root: Path = ROOT) -> list[Comparison]:
    """Each flag alone (all others at their defaults), then all on against the baseline; of the product at `root`."""
    found = []
    for row in flag_rows():
        off_flag, on_flag = sides(row)
        found.append(Comparison(row.environment.removeprefix("STORJ_MONITOR_"), (off_flag,), (on_flag,), root, root))
    off = (BASELINE,) if has_baseline(root) else tuple(sides(row)[0] for row in flag_rows())
    found.append(Comparison(ALL, off, tuple(sides(row)[1] for row in flag_rows()), root, root))
    return found


def has_baseline(root: Path = ROOT) -> bool:
    """Whether `run` of that checkout knows --perf-baseline."""
    command = [sys.executable, "-m", "storj_monitor", "run", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(root), cwd=root, check=False)
    return BASELINE in done.stdout


@contextmanager
def frozen() -> Iterator[Path]:
    """A copy of this checkout's product as it is now: what is edited while hours of runs go by does not get into them."""
    with TemporaryDirectory(prefix="storj_monitor-frozen-") as name:
        shutil.copytree(ROOT / "storj_monitor", Path(name) / "storj_monitor", ignore=shutil.ignore_patterns("__pycache__"))
        yield _compiled(Path(name))


@contextmanager
def checkout_of(against: str) -> Iterator[Path]:
    """A folder with the product of a git revision (unpacked beside, the repository is not touched) or of a folder that is there."""
    if (Path(against) / "storj_monitor").is_dir():
        yield Path(against).resolve()
        return
    done = subprocess.run(["git", "-C", str(ROOT), "archive", against, "storj_monitor"], capture_output=True, check=False)
    if done.returncode:
        raise MeasureError(
            f"{against!r} is neither a folder with a product nor a revision: {done.stderr.decode(errors='replace').strip()[:200]}"
        )
    with TemporaryDirectory(prefix="storj_monitor-against-") as name:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(name, filter="data")
        yield _compiled(Path(name))


def _compiled(root: Path) -> Path:
    """As it is once it is installed: a start compiles nothing."""
    compileall.compile_dir(root / "storj_monitor", quiet=2)
    return root
