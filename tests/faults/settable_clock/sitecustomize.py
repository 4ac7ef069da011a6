"""A machine whose clock can be set: `time.time` of this process is moved by the seconds in the file STORJ_FAULT_CLOCK (one double).

Python loads this by itself where this folder is on its path; it stands for libfaketime, which not every machine has.
"""

import mmap
import os
import struct
import time

with open(os.environ["STORJ_FAULT_CLOCK"], "r+b") as _file:  # noqa: PTH123 - loaded at the start of every Python, so with few imports
    _offset = mmap.mmap(_file.fileno(), 8, access=mmap.ACCESS_READ)

_real = time.time
_double = struct.Struct("<d")


def _moved() -> float:
    return _real() + float(_double.unpack_from(_offset)[0])


time.time = _moved
