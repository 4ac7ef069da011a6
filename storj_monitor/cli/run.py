"""`run`: follow the logs of the nodes and serve the page."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable
from typing import cast

from storj_monitor.cli.arguments import given_flags
from storj_monitor.cli.lean import load_lean
from storj_monitor.config import Settings, load
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
    by_tls = settings.server.tls_cert is not None or any(
        door.lower().startswith("https:") for node in settings.nodes for door in (node.api, node.metrics) if door
    )
    run = cast(Callable[[Settings], int], load_lean("storj_monitor.app.serving", tls=by_tls).run)
    return run(settings)
