"""What libraries would bring along that a process which runs for months can do without: a seventh of the monitor's memory."""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType

# `ssl` and what it and `hashlib` load OpenSSL with. hashlib has its own functions without it.
_OPENSSL = ("ssl", "_ssl", "_hashlib")
# aiohttp's list of signal handlers, written in C++: its plain form is quick enough for that, and loads no C++ library.
_PLAIN = "FROZENLIST_NO_EXTENSIONS"


def load_lean(name: str, *, tls: bool) -> ModuleType:
    """Import a module with everything that it needs, without OpenSSL unless `tls`.

    What is imported then believes that this Python was built without OpenSSL: asyncio, http and aiohttp know such Pythons, and refuse
    https. Where a library does not, everything is imported anew with OpenSSL; where it is here already, it stays.
    """
    os.environ.setdefault(_PLAIN, "1")
    if tls or any(module in sys.modules for module in _OPENSSL):
        return importlib.import_module(name)
    before = set(sys.modules)
    for module in _OPENSSL:
        sys.modules[module] = None  # type: ignore[assignment]  # as documented: importing it raises ModuleNotFoundError
    try:
        return importlib.import_module(name)
    except (ImportError, AttributeError):
        for module in set(sys.modules) - before:
            del sys.modules[module]
        return importlib.import_module(name)
