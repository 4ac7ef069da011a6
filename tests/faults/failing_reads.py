"""A disk whose reads fail: a library that is preloaded into the monitor, built with the machine's own compiler."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_name("failing_reads.c")
_HEAD = struct.Struct("<IIII")
_NOTHING, _EIO, _OTHER_BYTES = range(3)


class FailingReads:
    """Reads of files whose name begins with `name` in every process that is started with `environment`."""

    def __init__(self, folder: Path, name: str) -> None:
        """Skips the test where no such library can be made."""
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None or not sys.platform.startswith("linux"):
            pytest.skip("failing reads need Linux and a C compiler")
        library, self._control = folder / "failing_reads.so", folder / "failing_reads.control"
        done = subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE), "-ldl"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"the compiler cannot make the library of failing reads: {done.stderr[-300:]}")
        self._name = name.encode()
        self._control.write_bytes(_HEAD.pack(_NOTHING, 0, 0, 0) + self._name.ljust(240, b"\0"))
        self.environment = {"LD_PRELOAD": str(library), "STORJ_FAULT_READS": str(self._control)}

    def fail(self, of_10000: int = 10_000) -> None:
        """So many of 10,000 reads end with an I/O error from now on."""
        self._set(_EIO, of_10000)

    def garble(self, of_10000: int = 10_000) -> None:
        """So many of 10,000 reads give other bytes back from now on."""
        self._set(_OTHER_BYTES, of_10000)

    def heal(self) -> None:
        self._set(_NOTHING, 0)

    @property
    def faults(self) -> int:
        """How many reads failed so far."""
        return int(_HEAD.unpack(self._control.read_bytes()[: _HEAD.size])[2])

    def _set(self, mode: int, rate: int) -> None:
        with self._control.open("r+b") as file:
            file.write(struct.pack("<II", mode, rate))
