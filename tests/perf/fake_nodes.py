"""Fake nodes in a process of their own: their HTTP API and metrics port, for runs in which the monitor asks its nodes.

    python tests/perf/fake_nodes.py --nodes 4

prints one line of JSON, {name: [API, metrics]}, when all of them listen, and serves until SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import time

import checkout  # noqa: F401  (before the package)

from storj_monitor.clock import SystemClock
from storj_monitor.simulator.fake_api import FakeNode
from storj_monitor.simulator.fake_generated import GeneratedAnswers
from storj_monitor.simulator.profile import NodeProfile

SEED = 1


async def serve(count: int) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    names = [f"node{n}" for n in range(1, count + 1)]
    nodes = {name: FakeNode(GeneratedAnswers(NodeProfile(name), SEED, time.time()), SystemClock()) for name in names}
    for node in nodes.values():
        await node.start()
    print(json.dumps({name: (node.api_url, node.metrics_url) for name, node in nodes.items()}), flush=True)
    await stop.wait()
    for node in nodes.values():
        await node.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=4)
    asyncio.run(serve(parser.parse_args().nodes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
