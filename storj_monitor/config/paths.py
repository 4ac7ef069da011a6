"""Where the database lives when nobody says: the user's own data folder, by platform."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DATABASE_NAME = "storj_monitor.db"


def default_database(platform: str, environ: Mapping[str, str], home: Path) -> Path:
    """`platform` as sys.platform. XDG_DATA_HOME counts when it is absolute, as its specification asks."""
    if platform == "win32":
        local = environ.get("LOCALAPPDATA")
        folder = Path(local) if local else home / "AppData" / "Local"
    elif platform == "darwin":
        folder = home / "Library" / "Application Support"
    else:
        xdg = environ.get("XDG_DATA_HOME", "")
        folder = Path(xdg) if xdg.startswith("/") else home / ".local" / "share"
    return folder / "storj_monitor" / DATABASE_NAME
