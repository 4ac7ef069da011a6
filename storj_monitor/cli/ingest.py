"""`ingest`: old logs into the database, with a progress bar."""

from __future__ import annotations

import os
from argparse import Namespace

from storj_monitor.cli.arguments import given_flags
from storj_monitor.cli.paths import read_inputs
from storj_monitor.cli.progress import ProgressBar
from storj_monitor.commands.ingest import ingest
from storj_monitor.config import load


def main(arguments: Namespace) -> int:
    settings = load(environ=os.environ, flags=given_flags(arguments), config_path=arguments.config).settings
    inputs = read_inputs(arguments.inputs)
    with ProgressBar() as bar:
        return ingest(settings, inputs, bar.update)
