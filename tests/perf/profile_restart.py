"""A restart on a big database: from the start of the process to the first frame with lines that were written meanwhile.

python tests/perf/profile_restart.py --day               # 17,280,000 events, see make_day.py (built once, kept)
python tests/perf/profile_restart.py --events 400000     # the same shape, thinner, built at once
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
from harness import MeasureError, Server
from make_day import Day, make_day
from reporting import Report, arguments, guarded
from workload import Load, writing
from wsclient import TOPICS

PATIENCE_S = 30.0
ROUNDS = 5


def measure(day: Day, rounds: int) -> dict[str, Any]:
    """Seconds of each round; `rounds` restarts while four nodes write 200 events/s. The day's database itself stays as it is."""
    took: list[float] = []
    load = Load("restart", nodes=day.nodes)
    with tempfile.TemporaryDirectory(prefix="storj_monitor-perf-") as name:
        folder = Path(name)
        (folder / "logs").mkdir()
        database = Path(shutil.copy(day.database, folder))
        logs = [(f"node{number}", folder / "logs" / f"node{number}.log") for number in range(1, day.nodes + 1)]
        writer = writing(load, folder, folder / "trace", PATIENCE_S * (rounds + 1))
        try:
            # the first one comes from nowhere: its place in the logs is what the others go on from
            for _ in range(1 + rounds):
                begin = time.monotonic()
                server = Server(folder, database, logs)
                try:
                    asyncio.run(asyncio.wait_for(_first_live_frame(server.base_url), PATIENCE_S))
                    took.append(time.monotonic() - begin)
                except TimeoutError:
                    raise MeasureError(f"no live frame within {PATIENCE_S:.0f} s") from None
                finally:
                    server.stop()
        finally:
            writer.stop()
    seconds = [round(one, 3) for one in took[1:]]
    return {"events": day.events, "restart_s": seconds, "restart_median_s": round(median(seconds), 3)}


async def _first_live_frame(base_url: str) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{base_url}/ws", max_msg_size=0, origin=base_url) as ws:
        await ws.send_str(json.dumps({"cmd": "subscribe", "id": 1, "topics": TOPICS, "nodes": None}))
        async for message in ws:
            frame = json.loads(message.data)
            if frame["k"] == "delta" and frame["topics"].get("live", {}).get("ev"):
                return
    raise MeasureError("the server closed the connection before a live frame came")


def add_runs(report: Report, args: Any, rounds: int = ROUNDS) -> None:
    """One run: over the database that the flags ask to be made."""
    events, name = (17_280_000, "restart-day") if args.day else (args.events, "restart")
    guarded(report, name, lambda: measure(make_day(events), rounds))


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--day", action="store_true", help="over the full day of 17,280,000 events")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args()
    report = Report("Restart", args.report)
    add_runs(report, args, args.rounds)
    return report.finish(budget=args.budget)


if __name__ == "__main__":
    sys.exit(main())
