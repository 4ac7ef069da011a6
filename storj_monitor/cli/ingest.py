"""`ingest`: old logs into the database, with a progress bar."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterable

from storj_monitor.cli import calls
from storj_monitor.cli.arguments import given_flags
from storj_monitor.cli.paths import expand
from storj_monitor.cli.progress import ProgressBar
from storj_monitor.config import STANDARD_INPUT, IngestInput, load
from storj_monitor.config.nodes import NodeMistake, parse_name
from storj_monitor.errors import ConfigError


def main(arguments: Namespace) -> int:
    settings = load(environ=os.environ, flags=given_flags(arguments), config_path=arguments.config).settings
    inputs = read_inputs(arguments.inputs)
    with ProgressBar() as bar:
        return calls.ingest(settings, inputs, bar.update)


def read_inputs(texts: Iterable[str]) -> list[IngestInput]:
    """`NAME:PATH` each, NAME ends at the first colon; globs expanded. Raises ConfigError with all mistakes."""
    inputs: dict[IngestInput, None] = {}
    mistakes = []
    for text in texts:
        name, colon, pattern = text.partition(":")
        if not colon or not pattern:
            mistakes.append(
                f'"{text}": must be NAME:PATH, for example "mine:/var/log/storagenode.log.1.gz", or NAME:- for the standard input'
            )
            continue
        try:
            node = parse_name(name)
            inputs.update((IngestInput(node, path), None) for path in expand(pattern))
        except NodeMistake as mistake:
            mistakes.append(f'"{text}": {mistake}')
        except OSError as error:
            mistakes.append(str(error))
    if sum(path == STANDARD_INPUT for _, path in inputs) > 1:
        mistakes.append("the standard input can be read for one node only")
    if mistakes:
        raise ConfigError(mistakes)
    return list(inputs)
