"""An answer is kept only as long as the database says nothing new."""

from __future__ import annotations

from pathlib import Path

import pytest
from plain import Plain

from storj_monitor.database import queries
from storj_monitor.database.opening import open_database
from storj_monitor.database.reader import Reader
from storj_monitor.errors import StoreError
from storj_monitor.state.nodes import State
from storj_monitor.views.history_queries import AnswerCache, HistoryQueries
from storj_monitor.views.windows import Window


class Source:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.version = (1.0, 0)

    async def ask(self) -> int:
        self.asked += 1
        return self.asked


async def test_the_same_question_is_asked_once_a_commit() -> None:
    source = Source()
    cache = AnswerCache(lambda: source.version)
    assert [await cache.get("traffic", source.ask) for _ in range(3)] == [1, 1, 1]
    source.version = (2.0, 0)
    assert await cache.get("traffic", source.ask) == 2
    source.version = (2.0, 1)
    assert await cache.get("traffic", source.ask) == 3


async def test_it_is_bounded() -> None:
    source = Source()
    cache = AnswerCache(lambda: source.version, size=2)
    for key in ("a", "b", "a", "c", "a"):
        await cache.get(key, source.ask)
    assert source.asked == 3
    await cache.get("b", source.ask)
    assert source.asked == 4


class BrokenOnce(Reader):
    """The next question about names and ids fails when `breaks` is set; `asked` counts those that were answered."""

    breaks = False
    asked = 0

    async def ask(self, question, *args, **kwargs):  # type: ignore[no-untyped-def]
        if question is queries.nodes:
            if self.breaks:
                self.breaks = False
                raise StoreError("the disk does not give back the database")
            self.asked += 1
        return await super().ask(question, *args, **kwargs)


async def test_names_that_could_not_be_read_are_asked_for_again(tmp_path: Path) -> None:
    """Else the ids of before another process's commit would be asked for until its next one."""
    path = tmp_path / "monitor.db"
    open_database(path, 1.0, "stamp")
    reader, state = BrokenOnce(path, 1), State([])
    questions, window = Plain(HistoryQueries(reader, state, lambda: 1.0)), Window(0, 60, 60, ())
    try:
        await questions.sizes(window)
        assert reader.asked == 1
        state.loads += 1
        reader.breaks = True
        with pytest.raises(StoreError):
            await questions.sizes(window)
        await questions.sizes(window)
        assert reader.asked == 2
    finally:
        reader.close()
