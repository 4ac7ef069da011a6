"""The command line: arguments become Settings and one verb of the app; every error becomes one clear message.

Exit codes: 0 done, 1 failed while running, 2 usage or bad settings, 3 the database refuses (locked, too new, damaged), 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import cast

from storj_monitor.cli.arguments import make_parser
from storj_monitor.cli.streams import Exit, ensure_streams, say_error
from storj_monitor.errors import ConfigError, MonitorError, StoreError

# A verb's module is loaded when it is asked for: the monitor that runs for months does not carry the
# table printer of `stats`, and `stats` does not wait for the web server to load.
VERBS = {
    "run": "storj_monitor.cli.run",
    "demo": "storj_monitor.cli.demo",
    "ingest": "storj_monitor.cli.ingest",
    "stats": "storj_monitor.cli.stats",
    "nodes": "storj_monitor.cli.nodes",
    "database": "storj_monitor.cli.database",
    "check-config": "storj_monitor.cli.check_config",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command (`argv` without the program's name; default: that of the process) and return its exit code."""
    sys.excepthook = _report_bug
    ensure_streams()
    try:
        arguments = make_parser().parse_args(argv)
        verb = cast(Callable[[Namespace], int], importlib.import_module(VERBS[arguments.verb]).main)
        code = verb(arguments)
        sys.stdout.flush()
        return code
    except SystemExit as end:  # argparse: --help, --version, usage
        return end.code if isinstance(end.code, int) else Exit.OK
    except ConfigError as error:
        count = len(error.mistakes)
        lines = error.mistakes if count == 1 else [f"{count} mistakes in the settings:", *(f"  {mistake}" for mistake in error.mistakes)]
        return _fail("\n".join(lines), Exit.USAGE)
    except StoreError as error:
        return _fail(str(error), Exit.DATABASE)
    except MonitorError as error:
        return _fail(str(error), Exit.FAILED)
    except BrokenPipeError:  # the reader of our output (`| head`) has gone; nothing more can be said to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        return _fail(f"{what}{error.strerror or error}", Exit.FAILED)
    except KeyboardInterrupt:
        return _fail("interrupted", Exit.INTERRUPTED)


def _fail(message: str, code: Exit) -> int:
    say_error(f"storj_monitor: {message}")
    return code


def _report_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody foresaw: one message; the traceback goes into a file for a report."""
    if issubclass(kind, KeyboardInterrupt):
        _fail("interrupted", Exit.INTERRUPTED)
        return
    with tempfile.NamedTemporaryFile("w", prefix="storj_monitor-", suffix=".txt", delete=False, encoding="utf-8") as file:
        traceback.print_exception(kind, error, trace, file=file)
    where = traceback.extract_tb(trace)[-1] if trace else None
    place = f" at {Path(where.filename).name}:{where.lineno}" if where else ""
    say_error(f"storj_monitor: internal error{place}: {kind.__name__}: {error}\nDetails for a report are in {file.name}")
