"""Opens the content of a file: plain, compressed, or compressed once more, as when a rotation compressed what was compressed already."""

from __future__ import annotations

import io
import os

from storj_monitor.sources.content import Content, PlainContent, SequentialContent, is_packed
from storj_monitor.sources.docker_local import BEGINNING_BYTES
from storj_monitor.sources.opening import MAGIC_BYTES, codec_of, open_log, read_at

MOST_LAYERS = 3


class NestedContent(SequentialContent):
    """What is within `outer`, which it owns."""

    def __init__(self, outer: SequentialContent) -> None:
        self._outer = outer
        super().__init__(_Reader(outer))  # type: ignore[arg-type]

    def stat(self) -> os.stat_result | None:
        return self._outer.stat()

    @property
    def consumed_bytes(self) -> int:
        """Of the file itself."""
        return self._outer.consumed_bytes

    def lag(self, offset: int) -> int:
        return self._outer.lag(offset)

    def complaint(self) -> str:
        return super().complaint() or self._outer.complaint()

    def may_have_more(self, offset: int) -> bool:
        return True

    def park(self) -> None:
        self._raw.seek(0)
        self._forget()
        self._outer.park()

    def close(self) -> None:
        self._outer.close()

    def _open(self) -> None:
        """The outer one opens itself."""


class _Reader(io.RawIOBase):
    """The bytes of a content in order, as its next layer wants them."""

    def __init__(self, content: SequentialContent) -> None:
        super().__init__()
        self._content = content
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        data = self._content.read_at(self._at, size)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        assert whence == os.SEEK_SET
        self._at = offset
        return offset


def unpacked(content: SequentialContent) -> SequentialContent:
    """The content, or what is within it where that is compressed again. Raises OSError."""
    for _ in range(MOST_LAYERS - 1):
        if codec_of(content.read_at(0, MAGIC_BYTES)) is None:
            break
        content = NestedContent(content)
    return content


def open_content(path: str) -> Content:
    """The content of a file, decompressed if its first bytes say so. Raises OSError."""
    fd = open_log(path)
    try:
        magic = read_at(fd, max(MAGIC_BYTES, BEGINNING_BYTES), 0)
        if not is_packed(magic):
            return PlainContent(fd, path)
        os.lseek(fd, 0, os.SEEK_SET)
    except OSError:
        os.close(fd)
        raise
    content = SequentialContent(os.fdopen(fd, "rb", buffering=0), path)
    try:
        return unpacked(content)
    except OSError:
        content.close()
        raise
