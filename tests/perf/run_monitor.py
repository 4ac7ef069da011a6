"""The command line of the product as a script, for profilers that take no module."""

from __future__ import annotations

import sys

import checkout  # noqa: F401  (before the package)

from storj_monitor.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
