"""How the program ends and speaks: exit codes, and streams that can say everything."""

from __future__ import annotations

import contextlib
import os
import sys
from enum import IntEnum
from typing import TextIO, cast

# ---- The exit codes, and how `--help` tells them.


class Exit(IntEnum):
    """What the process ends with."""

    OK = 0
    FAILED = 1
    USAGE = 2
    DATABASE = 3
    INTERRUPTED = 130


EXIT_HELP = """\
exit codes:
  0    done (run, demo: stopped in order)
  1    failed while running; check-config: something is wrong with a node;
       database check: the file is empty, another program's, or of a newer version;
       ingest: an input could not be read to its end, is no log of a node, or nothing came (an empty pipe, only empty files)
  2    usage, or mistakes in the settings
  3    the database refuses: another monitor uses it, a newer version wrote it, it is damaged, or it cannot be opened
  130  interrupted
"""


# ---- Standard streams that are not there: a service manager, `nohup` or `>&-` may have closed any of them, and a terminal may go away.


def ensure_streams() -> None:
    """Where one is closed, what is written to it goes nowhere.

    The numbers 0, 1 and 2 must be taken: the next file that is opened would get one of them, and whatever writes to "standard error"
    would write into that file, a database perhaps.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
    sys.stdin = sys.stdin or _stream(0, "r")
    sys.stdout = sys.stdout or _stream(1, "w")
    sys.stderr = sys.stderr or _stream(2, "w")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _stream(number: int, mode: str) -> TextIO:
    return cast(TextIO, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def say_error(text: str) -> None:
    """To the standard error stream, if anybody is there to hear it."""
    with contextlib.suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)
