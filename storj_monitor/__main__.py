"""`python -m storj_monitor`: the same as the command `storj_monitor`."""

import sys

from storj_monitor.cli import main

if __name__ == "__main__":
    sys.exit(main())
