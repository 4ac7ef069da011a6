"""Whatever is done to a log and whenever the monitor is killed: every line is committed, exactly once."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from pathlib import Path

import msgspec
import zstandard
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sources.source_helpers import NOW, Ledger

from storj_monitor.model.sources import Chunk
from storj_monitor.sources import FileSource


def content(path: Path) -> bytes:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(raw)
    return zstandard.ZstdDecompressor().decompress(raw) if path.suffix == ".zst" else raw


class RotatedLog(RuleBasedStateMachine):
    """A node that writes, a rotator, a monitor that may be killed after any committed chunk."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.log = self.folder / "node.log"
        self.now = NOW
        self.serial = 0
        self.expected: list[bytes] = []
        self.partial = b""
        self.ledger = Ledger()
        self.pending: list[Chunk] = []  # handed out, not committed yet
        self.source: FileSource | None = None
        self.must_see: set[bytes] = set()

    @initialize(limit=st.sampled_from([200, 5000, 1 << 20]), width=st.sampled_from([40, 5000]))
    def begin(self, limit: int, width: int) -> None:
        self.limit = limit
        self.log.write_bytes(b"")
        self.write(1, width)
        self.source = FileSource("n", str(self.log), [], now=self.now)
        self.poll()
        self.commit(1.0)

    def write(self, count: int, width: int) -> None:
        """Finish the partial line, if any, and write `count` more."""
        data = b""
        for _ in range(count):
            self.serial += 1
            time = self.partial or b"2026-01-01T00:00:%09.3f " % (self.serial / 1000)
            line = time + b"line %d %s\n" % (self.serial, b"x" * width)
            data += line[len(self.partial) :] if not data else line
            self.expected.append(line)
            self.partial = b""
        with self.log.open("ab") as file:
            file.write(data)
        self.touch(self.log)

    def touch(self, path: Path) -> None:
        os.utime(path, (self.now, self.now))

    @rule(count=st.integers(1, 30), width=st.sampled_from([0, 40, 300, 3000]))
    def append(self, count: int, width: int) -> None:
        self.write(count, width)

    @rule()
    def append_partial(self) -> None:
        if self.partial:
            return
        self.serial += 1
        self.partial = b"2026-01-01T00:00:%09.3f partial " % (self.serial / 1000)
        with self.log.open("ab") as file:
            file.write(self.partial)
        self.touch(self.log)

    def shift(self) -> Path:
        """Make room for node.log.1, as logrotate does."""
        for number in range(30, 0, -1):
            for suffix in ("", ".gz", ".zst"):
                old = self.folder / f"node.log.{number}{suffix}"
                if old.exists():
                    old.rename(self.folder / f"node.log.{number + 1}{suffix}")
        return self.folder / "node.log.1"

    def end_partial(self) -> None:
        """The file ends for good: its last line has no newline."""
        if self.partial:
            self.expected.append(self.partial + b"\n")
            self.partial = b""

    @rule(create=st.booleans())
    def rename_rotate(self, create: bool) -> None:
        if not self.log.exists() or not self.log.stat().st_size:
            return
        self.end_partial()
        self.log.rename(self.shift())
        if create:
            self.log.write_bytes(b"")
            self.touch(self.log)

    @rule(unseen=st.integers(0, 3))
    def copytruncate(self, unseen: int) -> None:
        if not self.log.exists() or not self.log.stat().st_size:
            return
        self.end_partial()
        copy = self.shift()
        shutil.copyfile(self.log, copy)
        self.touch(copy)
        os.truncate(self.log, 0)
        self.touch(self.log)
        if unseen:
            self.write(unseen * 20, 300)  # grown again before anybody looked

    @rule(number=st.integers(1, 4), kind=st.sampled_from(["gz", "zst", "both"]), restart=st.booleans())
    def compress(self, number: int, kind: str, restart: bool) -> None:
        plain = self.folder / f"node.log.{number}"
        if not plain.exists():
            return
        data = plain.read_bytes()
        packed = zstandard.ZstdCompressor().compress(data) if kind == "zst" else gzip.compress(data)
        target = plain.with_name(plain.name + (".zst" if kind == "zst" else ".gz"))
        if kind == "both":
            target.write_bytes(packed[: len(packed) // 2])  # gzip is still at it: the plain file is there
            self.touch(target)
            if self.ledger.rows and restart:
                self.kill_and_restart(resync=False)
            self.poll()
            self.pass_time(3)
            self.poll()
        target.write_bytes(packed)
        shutil.copystat(plain, target)
        plain.unlink()

    @rule()
    def delete_the_oldest(self) -> None:
        """What is deleted before anybody read it cannot be had: so it is read first."""
        self.poll()
        self.commit(1.0)
        parts = [path for number in range(31, 0, -1) for path in self.folder.glob(f"node.log.{number}*")]
        read = [path for path in parts if all(line in self.ledger.data for line in content(path).splitlines())]
        if len(read) > 1 and read[0] == parts[0]:  # with no known file left only the clock would tell what is new
            parts[0].unlink()

    @rule(seconds=st.sampled_from([0.1, 1.0, 4.0, 700.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def poll(self) -> None:
        """Read what there is now; nothing is committed yet."""
        assert self.source is not None
        for _ in range(2000):
            chunk = self.source.read(self.now, self.limit)
            if chunk is None:
                return
            self.pending.append(chunk)

    @rule(times=st.integers(1, 3))
    def read_at_once(self, times: int) -> None:
        """What the event loop does between the thread's looks."""
        assert self.source is not None
        for _ in range(times):
            try:
                chunk = self.source.read_at_once(self.now, self.limit)
            except BlockingIOError:
                return
            if chunk is not None:
                self.pending.append(chunk)

    @rule()
    def read_once(self) -> None:
        assert self.source is not None
        chunk = self.source.read(self.now, self.limit)
        if chunk is not None:
            self.pending.append(chunk)

    @rule(part=st.floats(0, 1))
    def commit(self, part: float) -> None:
        count = round(len(self.pending) * part)
        for chunk in self.pending[:count]:
            self.ledger.commit(msgspec.structs.replace(chunk, read_at=self.now))
        del self.pending[:count]

    @precondition(lambda self: self.ledger.rows)
    @rule(resync=st.booleans())
    def kill_and_restart(self, resync: bool) -> None:
        assert self.source is not None
        self.pending.clear()
        if resync:
            self.source.resync(self.ledger.saved())
        else:
            self.source.close()
            self.source = FileSource("n", str(self.log), self.ledger.saved(), now=self.now)

    @invariant()
    def nothing_twice(self) -> None:
        lines = self.ledger.data.split(b"\n")
        assert len(lines) == len(set(lines))

    def teardown(self) -> None:
        try:
            if self.source is not None:
                self.settle()
                assert self.ledger.data == b"".join(self.expected)
        finally:
            if self.source is not None:
                self.source.close()
            shutil.rmtree(self.folder)

    def settle(self) -> None:
        self.write(1, 10)  # the live log is there: a rotated file that ends in mid-line is known to be done
        for _ in range(12):
            self.poll()
            self.commit(1.0)
            self.now += 1.0


TestRotatedLog = RotatedLog.TestCase
TestRotatedLog.settings = settings(
    max_examples=int(os.environ.get("ROTATION_EXAMPLES", "60")),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
