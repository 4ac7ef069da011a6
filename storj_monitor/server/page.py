"""The built page: files of one folder, known by their content, hashed assets kept by the browser for ever."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from storj_monitor.clock import Clock
from storj_monitor.server.encoding import takes_gzip

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
_COMPRESSIBLE = frozenset({".html", ".js", ".mjs", ".css", ".json", ".svg", ".webmanifest", ".txt"})
_HASHED = re.compile(r"assets/.*-[A-Za-z0-9_-]{8}\.[a-z0-9]+")  # Vite: assets/name-HASH.ext
_RESCAN_S = 1.0
_ASK = "no-cache"  # what a browser keeps, but asks about each time
_NOT_BUILT = (
    "The page is not built.\n\nIn a source checkout run scripts/run (it builds the page), or: cd web && npm install && npm run build\n"
    "The API answers at /api/v1/openapi.json meanwhile.\n"
)


class _File(NamedTuple):
    path: Path
    content_type: str
    etag: str
    zipped: bytes | None
    cache: str
    stamp: tuple[int, int]


def _read(root: Path, path: Path) -> _File:
    data = path.read_bytes()
    zipped = gzip.compress(data, 9, mtime=0) if path.suffix in _COMPRESSIBLE and len(data) > 1024 else None
    for_ever = _HASHED.fullmatch(path.relative_to(root).as_posix())
    return _File(
        path,
        _TYPES.get(path.suffix, "application/octet-stream"),
        f'W/"{hashlib.blake2b(data, digest_size=12).hexdigest()}"',
        zipped,
        "public, max-age=31536000, immutable" if for_ever else _ASK,
        _stamp(path),
    )


def _stamp(path: Path) -> tuple[int, int]:
    """When it was written, and its size; zeros when it is gone."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def _scan(root: Path) -> dict[str, _File]:
    if not root.is_dir():
        return {}
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return {"/" + path.relative_to(root).as_posix(): _read(root, path) for path in files}


class Page:
    """Serves the files of `folder`.

    The folder is read at the first request, and again when a file is asked for that was not there or has changed; at most once a second.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._files: dict[str, _File] = {}
        self._scanned_at = float("-inf")

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The file of the request's path (`/` is index.html); 404 in plain text, 503 when the page is not built."""
        name = f"/{request.match_info['path'] or 'index.html'}"
        file = await self._find(name)
        if file is None:
            if name == "/index.html":
                return web.Response(status=503, text=_NOT_BUILT, headers={"Cache-Control": "no-store"})
            return web.Response(status=404, text="404: there is no such page\n", headers={"Cache-Control": "no-store"})
        headers = {"ETag": file.etag, "Cache-Control": file.cache, "Vary": "Accept-Encoding"}
        if file.etag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        headers["Content-Type"] = file.content_type
        if file.zipped is not None and takes_gzip(request):
            return web.Response(body=file.zipped, headers={**headers, "Content-Encoding": "gzip"})
        try:
            body = await asyncio.to_thread(file.path.read_bytes)
        except OSError:
            self._files = {}
            return web.Response(status=404, text="404: this file has just gone\n", headers={"Cache-Control": "no-store"})
        return web.Response(body=body, headers=headers)

    async def _find(self, name: str) -> _File | None:
        file = self._files.get(name)
        now = self._clock.monotonic()
        if now - self._scanned_at < _RESCAN_S:
            return file
        if file is None or (file.cache == _ASK and await asyncio.to_thread(_stamp, file.path) != file.stamp):
            self._scanned_at = now
            self._files = await asyncio.to_thread(_scan, self._folder)
            file = self._files.get(name)
        return file
