"""What permessage-deflate costs the monitor and saves the line: two monitors at one load, whose clients do and do not take it.

    python tests/perf/deflate.py --rate 200 --clients 10 --seconds 60

Both run at once and read the same logs, so that what else the machine does meets them alike.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from harness import Process, Server
from workload import Load, writing

HERE = Path(__file__).parent
WARM_UP_S = 3.0


def _clients(server: Server, folder: Path, count: int, seconds: float, deflate: bool) -> Process:
    command = [sys.executable, str(HERE / "crowd.py"), "--url", server.base_url, "--clients", str(count), "--seconds", str(seconds)]
    return Process("crowd", [*command, "--out", str(folder), *(["--deflate"] if deflate else [])], folder)


def side_by_side(folder: Path, rate: float, clients: int, seconds: float, nodes: int = 4) -> dict[str, dict[str, Any]]:
    """By `deflate` and `plain`: CPU seconds of the monitor in `seconds`, its memory at their end, bytes to its clients, frames deflated."""
    load = Load("deflate", rate, nodes)
    (folder / "logs").mkdir()
    logs = [(f"node{number + 1}", folder / "logs" / f"node{number + 1}.log") for number in range(nodes)]
    processes: list[Process] = []
    try:
        processes.append(writing(load, folder, folder / "trace", 2 * WARM_UP_S + seconds + 30))
        while not all(path.exists() for _, path in logs):
            time.sleep(0.05)
        servers, crowds = {}, {}
        for way in ("deflate", "plain"):
            (folder / way).mkdir()
            servers[way] = Server(folder / way, folder / way / "monitor.db", logs)
            processes.append(servers[way])
        for way, server in servers.items():
            crowds[way] = _clients(server, folder / way, clients, 2 * WARM_UP_S + seconds, way == "deflate")
            processes.append(crowds[way])
        time.sleep(WARM_UP_S)
        before = {way: server.cpu_s() for way, server in servers.items()}
        time.sleep(seconds)
        cpu_s = {way: server.cpu_s() - before[way] for way, server in servers.items()}
        memory = {way: server.rss_bytes() for way, server in servers.items()}
        for crowd in crowds.values():
            crowd.wait(60)
        told = {way: json.loads((folder / way / "crowd.json").read_text(encoding="utf-8")) for way in servers}
    finally:
        for process in reversed(processes):
            process.stop()
    return {
        way: {"cpu_s": cpu_s[way], "rss_bytes": memory[way], "bytes": told[way]["bytes"], "deflated": told[way]["deflated"]}
        for way in servers
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = side_by_side(Path(folder), args.rate, args.clients, args.seconds)
    for way, one in found.items():
        print(
            f"{way}: {100 * one['cpu_s'] / args.seconds:.2f} % of a core, {one['rss_bytes'] / 1e6:.1f} MB,"
            f" {one['bytes'] / args.clients / 1000:.0f} kB a client, {one['deflated']} frames deflated"
        )


if __name__ == "__main__":
    main()
