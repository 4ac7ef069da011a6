"""Opens a log for reading so that the node can go on renaming and deleting it, and reads at an offset on every system."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

if sys.platform == "win32":  # written from Microsoft's documentation; could not be tried on this project's machines
    import ctypes
    import msvcrt
    from ctypes import wintypes

    _GENERIC_READ = 0x80000000
    _SHARE_READ_WRITE_DELETE = 0x1 | 0x2 | 0x4
    _OPEN_EXISTING = 3
    _FILE_ATTRIBUTE_NORMAL = 0x80
    _INVALID_HANDLE = ctypes.c_void_p(-1).value

    def _open(path: str) -> int:
        # Python's own open() does not share deletion: a rotation by rename would fail for as long as we read.
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
        create = kernel32.CreateFileW
        create.restype = wintypes.HANDLE
        create.argtypes = [
            wintypes.LPCWSTR,
            wintypes.DWORD,
            wintypes.DWORD,
            wintypes.LPVOID,
            wintypes.DWORD,
            wintypes.DWORD,
            wintypes.HANDLE,
        ]
        handle = create(path, _GENERIC_READ, _SHARE_READ_WRITE_DELETE, None, _OPEN_EXISTING, _FILE_ATTRIBUTE_NORMAL, None)
        if handle is None or handle == _INVALID_HANDLE:
            code = ctypes.get_last_error()
            raise OSError(0, ctypes.FormatError(code), path, code)
        return msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_BINARY)

    def read_at(fd: int, size: int, offset: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer at the end of the file. Raises OSError."""
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, size)

else:

    def _open(path: str) -> int:
        # O_NONBLOCK: opening a FIFO by mistake must not hang the only thread.
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)

    def read_at(fd: int, size: int, offset: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer at the end of the file. Raises OSError."""
        return os.pread(fd, size, offset)


if hasattr(os, "preadv") and hasattr(os, "RWF_NOWAIT"):

    def read_in_memory(fd: int, size: int, offset: int) -> bytes:
        """Exactly these bytes, if the system has them in memory.

        BlockingIOError: a disk or a lock would have to be waited for. OSError (ENOTSUP): a file system that cannot tell (a network's).
        """
        buffer = bytearray(size)
        try:
            count = os.preadv(fd, [buffer], offset, os.RWF_NOWAIT)
        except NotImplementedError:  # this Python's C library has only half of it
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP)) from None
        if count != size:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return bytes(buffer)

else:

    def read_in_memory(fd: int, size: int, offset: int) -> bytes:
        """Other systems cannot tell."""
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))


def open_log(path: str) -> int:
    """A file descriptor of a regular file. Raises OSError; IsADirectoryError or ENOTSUP for anything that is no file."""
    if Path(path).is_dir():  # Windows would say "permission denied"
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    fd = _open(path)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.ENOTSUP, "not a regular file", path)
    return fd


def why_not(error: Exception, path: str) -> str:
    """One sentence for the page: what is wrong with this log and what the operator can do."""
    if isinstance(error, UnicodeError):
        return f"{path} cannot be named in this system's encoding: start the monitor with LANG=C.UTF-8 or PYTHONUTF8=1"
    if isinstance(error, MemoryError):
        return f"{path} needs more memory to be read than there is"
    if not isinstance(error, OSError):
        return f"{path} cannot be read: {error}"
    if isinstance(error, IsADirectoryError):
        return f"{path} is a directory: name the log file itself, or a pattern such as {Path(path) / '*.log'}"
    if isinstance(error, PermissionError):
        return f"{path} may not be read: let the user that runs the monitor read it and enter its folder (e.g. setfacl -m u:USER:r {path})"
    if error.errno == errno.ENOTSUP:
        return f"{path} is not a regular file: name the log file itself"
    return f"{path} cannot be read: {error.strerror or error}"
