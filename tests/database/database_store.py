"""A database file and the means to write and read it, without the thread around it."""

from __future__ import annotations

from pathlib import Path

from storj_monitor.database.commit import Committer
from storj_monitor.database.connection import connect_reader, connect_writer
from storj_monitor.model.events import EventBatch
from storj_monitor.state.accumulator import Accumulator


class Store:
    """A database with one committer, without the thread around it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = connect_writer(path)
        self.reader = connect_reader(path)
        self.committer = Committer(self.writer)

    def commit(self, *batches: EventBatch) -> None:
        """Each batch is a commit of its own."""
        for batch in batches:
            accumulator = Accumulator(batch.node)
            accumulator.add(batch)
            self.committer.commit([accumulator.drain()], 4e9)

    def node_ids(self) -> list[int]:
        return [row[0] for row in self.reader.execute("SELECT id FROM node ORDER BY id")]
