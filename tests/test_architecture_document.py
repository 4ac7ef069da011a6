"""docs/architecture.md names rooms and functions that are there: the walks are followed by whoever reads them."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
HOPS = re.findall(r"^\| \d+ \| (.+?) \| (.+?) \| .+ \|$", TEXT.partition("## The walk of an answer")[2], re.MULTILINE)


def found(dotted: str) -> bool:
    """Whether there is such a module, or such a name in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            here = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            if not hasattr(here, name):
                return False
            here = getattr(here, name)
        return True
    return False


def test_there_are_three_walks() -> None:
    assert len(HOPS) >= 18 and TEXT.count("## The walk of a") == 3


@pytest.mark.parametrize(("room", "functions"), HOPS)
def test_each_hop_names_what_is_there(room: str, functions: str) -> None:
    base = room.strip("`")
    for token in re.findall(r"`([\w.…]+)`", functions):
        name = token.rstrip(".…")
        prefix = "storj_monitor" if base == "trackers" else f"storj_monitor.{base}"
        assert found(f"{prefix}.{name}"), token


def test_the_rooms_are_those_of_the_import_stack() -> None:
    contracts = tomllib.loads((ROOT / "importlinter.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    stack = {room for layer in layers for room in re.findall(r"\w+", layer)}
    table = TEXT.partition("## The rooms")[2].partition("Four rules")[0]
    told = {room for row in re.findall(r"^\| \d+ \| (.+?) \|", table, re.MULTILINE) for room in re.findall(r"`(\w+)`", row)}
    there = {one.stem for one in (ROOT / "storj_monitor").iterdir() if (one / "__init__.py").exists() or one.suffix == ".py"}
    assert told == (stack & there) - {"__init__", "__main__"}
