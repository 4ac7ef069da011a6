"""`demo`: the page with invented nodes, in a temporary folder; the operator's own nodes and database stay untouched."""

from __future__ import annotations

import os
import tempfile
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from storj_monitor.app.demo import run_demo
from storj_monitor.cli.arguments import given_flags
from storj_monitor.config import DemoOptions, load
from storj_monitor.config.table import DATABASE


def main(arguments: Namespace) -> int:
    flags = given_flags(arguments)
    settings = load(environ=os.environ, flags=flags, config_path=arguments.config).settings
    with tempfile.TemporaryDirectory(prefix="storj_monitor-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        database = settings.database if DATABASE.name in flags else folder / "demo.db"
        logs = folder / "logs"
        logs.mkdir()
        return run_demo(replace(settings, nodes=(), database=database), DemoOptions(arguments.nodes, arguments.rate, logs))
