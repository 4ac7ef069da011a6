"""An answer is kept only as long as the database says nothing new."""

from __future__ import annotations

from storj_monitor.views.questions import AnswerCache


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
