"""Disks of nodes: the system's own figures, a wrong folder said once, a disk that hangs holds up nobody."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import threading
from pathlib import Path

import pytest
from keeper_rig import keeper_of
from msgspec import structs
from patience import PATIENCE_S
from plain import plain

from storj_monitor.clock import SystemClock
from storj_monitor.model.figures import Source
from storj_monitor.model.space import DiskSpace, FileSystemSpace, SpaceEvidence
from storj_monitor.services.watches import FileSystems
from storj_monitor.state.node_status import NodeRegistry
from storj_monitor.state.nodes import State
from storj_monitor.views.topic_renderers import TopicRenderers

Found = tuple[str, FileSystemSpace | None, str]


class Looks:
    """Disks looked at for real; `round` begins one look at each and waits for what comes."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self.came: asyncio.Queue[Found] = asyncio.Queue()
        self.disks = FileSystems(folders, lambda *found: self.came.put_nowait(found), SystemClock())
        self.count = len(folders)

    async def round(self) -> dict[str, tuple[FileSystemSpace | None, str]]:
        await self.disks.look_at_all()
        async with asyncio.timeout(PATIENCE_S):
            found = [await self.came.get() for _ in range(self.count)]
        return {name: (space, problem) for name, space, problem in found}


def device_of(folder: Path) -> str:
    return str(folder.stat().st_dev)


async def test_the_systems_own_figures(tmp_path: Path) -> None:
    (space, problem) = (await Looks({"a": tmp_path}).round())["a"]
    assert problem == ""
    assert space is not None
    assert space.path == str(tmp_path)
    assert space.total_bytes == shutil.disk_usage(tmp_path).total
    assert 0 < space.free_bytes <= space.total_bytes
    assert space.device == device_of(tmp_path)


async def test_a_wrong_folder_is_said_once_and_its_return_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "storj_monitor.services.watches")
    missing, file = tmp_path / "missing", tmp_path / "file"
    file.write_text("")
    looks = Looks({"gone": missing, "file": file})
    for _ in range(3):
        assert await looks.round() == {"gone": (None, "there is no such folder"), "file": (None, "this is not a folder")}
    assert sorted(record.getMessage() for record in caplog.records) == [
        f"node file: storage {file}: this is not a folder; its disk is not shown",
        f"node gone: storage {missing}: there is no such folder; its disk is not shown",
    ]
    missing.mkdir()
    assert (await looks.round())["gone"][1] == ""
    assert caplog.records[-1].getMessage() == f"node gone: storage {missing} is there again"


class Hanging(type(Path())):  # type: ignore[misc]
    """A folder of a share that is gone: it answers only when it is let."""

    let = threading.Event()

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        self.let.wait(PATIENCE_S)
        return super().stat(follow_symlinks=follow_symlinks)


async def test_a_disk_that_hangs_holds_up_nobody(tmp_path: Path) -> None:
    looks = Looks({"share": Hanging(tmp_path), "own": tmp_path})
    await looks.disks.look_at_all()
    async with asyncio.timeout(PATIENCE_S):
        assert (await looks.came.get())[0] == "own"
    for _ in range(3):
        again = await looks.round()
        assert again["share"] == (None, "the disk does not answer")
        assert again["own"][1] == ""
    assert sum(thread.name == "disk of share" for thread in threading.enumerate()) == 1
    Hanging.let.set()
    async with asyncio.timeout(PATIENCE_S):
        name, space, problem = await looks.came.get()
    assert (name, problem) == ("share", "")
    assert space is not None


class Nowhere:
    """Takes no writes."""

    def submit_write(self, write: object, done: object) -> None:
        raise AssertionError("nothing is stored of a look at a disk")


def test_the_page_says_the_disk_and_what_is_wrong() -> None:
    clock, state = SystemClock(), State(["a", "b"])
    renderers = TopicRenderers(NodeRegistry(["a", "b"]), state, clock.now)
    keeper = keeper_of(renderers, state, Nowhere(), clock)
    now = clock.now()
    disk = FileSystemSpace(taken_at=now, path="/mnt/x", total_bytes=4 * 10**12, free_bytes=10**12, device="7")
    keeper.on_file_system("a", "/mnt/x", disk, "")
    keeper.on_file_system("b", "/mnt/x", disk, "")
    rows = plain(renderers.rows("storage", ["a", "b"]))
    assert rows["a"]["file_system_free"] == {"value": 10**12, "source": Source.FILE_SYSTEM.value, "at": now}
    assert (rows["a"]["at"], rows["a"]["file_system"]) == (None, {"path": "/mnt/x", "problem": None})
    total = rows[""]["file_system_total"]
    assert isinstance(total, dict)
    assert (total["value"], total["nodes"]) == (4 * 10**12, 2), "one disk of two nodes counts once"
    node = keeper.registry.of("a")
    told = DiskSpace(taken_at=now, used_bytes=10**12, available_bytes=5 * 10**12, trash_bytes=0, allocated_bytes=6 * 10**12)
    node.space = structs.replace(node.space, evidence=SpaceEvidence(disk=told))
    keeper.on_file_system("a", "/mnt/x", disk, "")
    free = plain(renderers.rows("storage", ["a"]))["a"]["free"]
    assert isinstance(free, dict)
    assert (free["value"], free["source"]) == (10**12, "file_system"), "no node can use more than its disk has"
    keeper.on_file_system("a", "/mnt/x", None, "there is no such folder")
    row = plain(renderers.rows("storage", ["a"]))["a"]
    assert (row["file_system_free"], row["file_system"]) == (None, {"path": "/mnt/x", "problem": "there is no such folder"})
