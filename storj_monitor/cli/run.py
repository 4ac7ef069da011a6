"""`run`: follow the logs of the nodes and serve the page."""

from __future__ import annotations

import os
from argparse import Namespace

from storj_monitor.app.serving import run
from storj_monitor.cli.arguments import given_flags
from storj_monitor.config import load
from storj_monitor.errors import ConfigError

NO_NODE = """\
no node is named, so there is nothing to watch. Name one:
  storj_monitor run --node "mine:/var/log/storagenode.log"
or several in a file (docs/connect.md):
  storj_monitor run --config monitor.toml
or see it with invented nodes:
  storj_monitor demo"""


def main(arguments: Namespace) -> int:
    settings = load(environ=os.environ, flags=given_flags(arguments), node_texts=arguments.nodes, config_path=arguments.config).settings
    if not settings.nodes:
        raise ConfigError([NO_NODE])
    return run(settings)
