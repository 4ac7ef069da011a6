"""What an answer about the past of scores and space costs, JSON and all: a year of ten nodes at four satellites, each score new.

Measured when written, on a busy machine, in milliseconds of CPU, with the rows of now (reading a fixed text of 20,000 numbers took 1.1):
reputation 3.6 for a day and 9.0 for 30 days (13.2 before SQLite picked the rows), storage 4.5 and 4.9 (11.2 before).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

import pytest
from ratios import ratio

from storj_monitor.database import node_records as rows
from storj_monitor.database import node_tables as store
from storj_monitor.database.connection import connect_reader, connect_writer
from storj_monitor.database.node_history import SCORE_POINTS, SPACE_POINTS, score_history, space_history
from storj_monitor.database.node_tables import Connection
from storj_monitor.database.opening import open_database
from storj_monitor.model.figures import Source
from storj_monitor.model.kept import KeptScore
from storj_monitor.model.reputation import ScorePoint
from storj_monitor.model.space import SpacePoint
from storj_monitor.reputation_tracker.history import thin as scores_kept
from storj_monitor.server.encoding import make_encoder
from storj_monitor.storage_tracker.history import thin as space_kept

pytestmark = pytest.mark.alone

NOW_MS, DAY_MS = 1_795_000_000_000, 86_400_000
NODES, SATELLITES = [f"n{i}" for i in range(10)], [f"satellite{i}" for i in range(4)]
TEXT = json.dumps(list(range(20_000)))
MOST_TEXTS = 9.0
"""CPU of an answer as a multiple of that of reading TEXT: 10 ms where that takes 1.1 ms."""

History = Callable[[Connection, list[str], int, int], dict[object, list[store.Row]]]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Connection:
    path = tmp_path_factory.mktemp("year") / "monitor.db"
    open_database(path, 1.0, "stamp")
    now, rng = NOW_MS / 1000, Random(1)
    told = [ScorePoint(at, at, 1.0, 1.0, rng.random(), i, i, Source.API) for i in range(6 * 365) if (at := now - (6 * 365 - i) * 14_400)]
    space = [SpacePoint(now - i * 600, *([9_876_543_210_123 - i] * 9), Source.API) for i in range(6 * 24 * 365, -1, -1)]  # type: ignore[arg-type, call-arg]
    kept = scores_kept(told, now)
    scores = {row[:3]: row for node in NODES for one in SATELLITES for row in (rows.score_row(node, KeptScore(one, p)) for p in kept)}
    spaces = {row[:2]: row for node in NODES for row in (rows.space_row(node, p) for p in space_kept(space, now))}
    writer = connect_writer(path)
    writer.execute("BEGIN")
    store.write(writer, {store.SCORE_POINT.name: scores, store.SPACE_POINT.name: spaces})
    writer.execute("COMMIT")
    writer.close()
    return connect_reader(path)


@pytest.mark.parametrize(("history", "most"), [(score_history, SCORE_POINTS * 4 + 12), (space_history, SPACE_POINTS + 1)])
@pytest.mark.parametrize("days", [1, 30])
def test_a_day_and_a_month_with_their_json(year: Connection, history: History, most: int, days: int) -> None:
    encode = make_encoder(False).encode

    def answer() -> bytes:
        found = history(year, NODES, NOW_MS - days * DAY_MS, NOW_MS + 1)
        assert all(found.values())
        assert sum(map(len, found.values())) <= most * len(NODES)
        return encode([{"node": str(key), "points": points} for key, points in found.items()])

    assert ratio(answer, lambda: json.loads(TEXT), "history and its JSON", rounds=9) < MOST_TEXTS
