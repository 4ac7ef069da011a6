"""Long measurements: in the background, looked at, stopped. One at a time in a folder.

FOLDER/running.json says which process works there; FOLDER/progress.txt has what it prints.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from harness import MeasureError
from journal import JournalError

STOP_LIMIT_S = 90.0


def add_flags(parser: argparse.ArgumentParser) -> None:
    """--background, --status, --stop."""
    group = parser.add_argument_group("long runs")
    group.add_argument("--background", action="store_true", help="start in the background and return at once")
    group.add_argument("--status", action="store_true", help="is it running, and what has it printed last?")
    group.add_argument("--stop", action="store_true", help="end what runs in this folder; finished runs are kept")


def run(work: Callable[[], int], folder: Path, args: argparse.Namespace, argv: list[str]) -> int:
    """Do what the flags say: the work here and now, the work in the background, or a look at it. Returns the exit code."""
    if args.status:
        return _status(folder)
    if args.stop:
        return _stop(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if (other := _running(folder)) is not None:
        print(f"process {other.pid} is at work in this folder: --status, --stop, or another --out", file=sys.stderr)
        return 2
    if args.background:
        return _detach(folder, argv)
    try:
        with _stoppable(), _marked(folder):
            return work()
    except (MeasureError, JournalError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped: finished runs are kept, the same command goes on", flush=True)
        return 130


def folder_at_work(folders: Path) -> Path | None:
    """The subfolder in which something runs, None when there is none."""
    return next((note.parent for note in folders.glob("*/running.json") if _running(note.parent) is not None), None)


def _detach(folder: Path, argv: list[str]) -> int:
    command = [sys.executable, *(a for a in argv if a != "--background")]
    with (folder / "progress.txt").open("ab") as out:
        child = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
    print(f"process {child.pid}; progress with --status, end with --stop")
    return 0


def _running(folder: Path) -> psutil.Process | None:
    try:
        noted = json.loads((folder / "running.json").read_text(encoding="utf-8"))
        process = psutil.Process(noted["pid"])
        return process if abs(process.create_time() - noted["created"]) < 2 else None
    except (OSError, ValueError, psutil.Error):
        return None


def _status(folder: Path) -> int:
    process = _running(folder)
    print(f"running: process {process.pid}" if process else "not running")
    with contextlib.suppress(FileNotFoundError):
        print("\n".join((folder / "progress.txt").read_text(encoding="utf-8", errors="replace").splitlines()[-15:]))
    return 0


def _stop(folder: Path) -> int:
    process = _running(folder)
    if process is None:
        print("not running")
        return 0
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except psutil.TimeoutExpired:
        print("it does not end", file=sys.stderr)
        return 1
    print("stopped")
    return 0


@contextlib.contextmanager
def _marked(folder: Path) -> Iterator[None]:
    note = folder / "running.json"
    note.write_text(json.dumps({"pid": os.getpid(), "created": psutil.Process().create_time()}), encoding="utf-8")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM ends the work like Ctrl-C: every process that it started is stopped on the way out."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
