"""What the allocator is told, in a process of its own: it holds for all that comes after."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

CODE = "from storj_monitor.platform.process import {0}; print({0}())"


@pytest.mark.parametrize("what", ["share_one_heap", "keep_the_heap"])
def test_the_allocator_does_as_it_is_told(what: str) -> None:
    told = subprocess.run([sys.executable, "-c", CODE.format(what)], capture_output=True, text=True, check=True).stdout.strip()
    assert told == str(platform.libc_ver()[0] == "glibc")


def test_what_is_free_is_given_back() -> None:
    subprocess.run(
        [
            sys.executable,
            "-c",
            "from storj_monitor.platform.process import collect_and_give_back, give_back; give_back(); collect_and_give_back()",
        ],
        check=True,
    )
