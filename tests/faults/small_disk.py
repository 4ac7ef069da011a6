"""A disk of a few megabytes that can really be full: a tmpfs, or an ext4 image where only loop mounts are allowed."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(folder: Path, size_kib: int) -> Iterator[Path]:
    """Mounted at `folder`/disk while the context lasts. AssertionError, with all reasons, where nothing can be mounted."""
    place = folder / "disk"
    place.mkdir()
    image = folder / "disk.image"
    tries = [["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(place)]]
    if os.geteuid():
        tries = [["sudo", "-n", *one] for one in tries]
    else:
        with image.open("wb") as file:
            file.truncate(max(size_kib, 4096) << 10)
        tries.append(["sh", "-c", f"mkfs.ext4 -q -m 0 {image} && mount -o loop {image} {place}"])
    reasons = []
    for one in tries:
        done = subprocess.run(one, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            break
        reasons.append(f"{' '.join(one)}: {done.stderr.strip()}")
    else:
        raise AssertionError("a full disk cannot be tried here; the test needs root or sudo, to mount a small one:\n" + "\n".join(reasons))
    try:
        if os.geteuid():
            subprocess.run(["sudo", "-n", "chown", str(os.geteuid()), str(place)], check=True)
        yield place
    finally:
        undo = ["umount", "-l", str(place)]
        subprocess.run(["sudo", "-n", *undo] if os.geteuid() else undo, check=True)


def fill(place: Path, leave_kib: int) -> Path:
    """A file that takes all room but so much; delete it to make room again. The monitor writes meanwhile: the disk may be full before."""
    ballast = place / "ballast"
    left = os.statvfs(place)
    block = bytes(4096)
    try:
        with ballast.open("wb", buffering=0) as file:
            for _ in range(max(0, left.f_bavail * left.f_frsize - leave_kib * 1024) // 4096):
                file.write(block)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    return ballast
