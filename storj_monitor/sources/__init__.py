"""Bytes of logs become chunks of whole lines with their exact place: files, archives, pipes and line streams."""

from storj_monitor.model.sources import SourceState, SourceStatus
from storj_monitor.sources.archive_source import ArchiveSource
from storj_monitor.sources.factory import open_source, stream_address
from storj_monitor.sources.file_source import FileSource
from storj_monitor.sources.source import LineSource
from storj_monitor.sources.stream_source import StreamSource

__all__ = [
    "ArchiveSource",
    "FileSource",
    "LineSource",
    "SourceState",
    "SourceStatus",
    "StreamSource",
    "open_source",
    "stream_address",
]
