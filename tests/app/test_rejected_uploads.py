"""Uploads that a node turns away are INFO lines and no transfers: they are counted beside the results."""

from __future__ import annotations

import time
from pathlib import Path

from app_rig import line
from polling_rig import running, until


async def test_rejected_uploads_are_counted(tmp_path: Path) -> None:
    log, now = tmp_path / "node.log", time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 30))
    rejected = (
        stamp + "\tINFO\tpiecestore\tupload rejected, too many requests"
        '\t{"process": "storagenode", "live_requests": 11, "request_limit": 10}\n'
    )
    log.write_bytes(line(now - 60, 1) + rejected.encode() * 3 + line(now - 20, 2))
    async with running(tmp_path, {"a": {"log": str(log)}}) as one:
        await until(lambda: one.monitor.state.nodes["a"].rejected_since(now - 3600) == 3)
        async with one.http.ws_connect(one.url + "ws") as ws:
            await ws.receive_json()
            await ws.send_json({"cmd": "subscribe", "id": 1, "topics": ["actions"], "nodes": None})
            row: dict[str, object] = {}
            while not row.get("rejected"):
                message = await ws.receive_json(timeout=15)
                topic = message["topics"].get("actions", {}) if message["k"] in ("snap", "delta") else {}
                row = (topic.get("rows") or topic.get("set") or {}).get("PUT up", row)
            assert (row["success"], row["failed"], row["rejected"]) == (2, 0, 3)
