"""`stats`: what one or more logs, or the database, say in numbers."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from pathlib import Path

from storj_monitor.cli.paths import read_logs
from storj_monitor.cli.table import console_for_output, render
from storj_monitor.commands.stats import stats_of_database, stats_of_logs
from storj_monitor.config import load
from storj_monitor.config.table import DATABASE
from storj_monitor.errors import ConfigError
from storj_monitor.model.statistics import Statistics


def main(arguments: Namespace) -> int:
    statistics = _ask(arguments)
    if arguments.json:
        print(json.dumps(statistics.to_json(), indent=1, ensure_ascii=False))
    else:
        console = console_for_output()
        console.print(*render(statistics, console.width), sep="\n")
    return 0


def _ask(arguments: Namespace) -> Statistics:
    database: str | Path | None = getattr(arguments, DATABASE.name)
    if arguments.config and not database:
        database = load(environ=os.environ, flags={}, config_path=arguments.config).settings.database
    if bool(database) == bool(arguments.logs):
        raise ConfigError(
            ["name either log files (storj_monitor stats LOG…) or a database (storj_monitor stats --database FILE, or --config FILE)"]
        )
    if database:
        return stats_of_database(Path(database).expanduser(), arguments.names)
    if arguments.names:
        raise ConfigError(["--node goes with --database or --config; a log has one node only"])
    return stats_of_logs(read_logs(arguments.logs))
