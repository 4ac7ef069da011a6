"""The exit codes, and how `--help` tells them."""

from enum import IntEnum


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
