"""A fresh database file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from database.database_store import Store

from storj_monitor.database.opening import open_database


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    path = tmp_path / "monitor.db"
    assert open_database(path, 1.0, "stamp") is None
    store = Store(path)
    yield store
    store.reader.close()
    store.writer.close()
