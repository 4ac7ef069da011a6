"""What the documents print is so: JSON examples, the client of the protocol, names of modules and functions, paths, fields, links."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from contract.strict import Strict

import storj_monitor
from storj_monitor.database.schema import migrate
from storj_monitor.model.node_state import NodeStateKind
from storj_monitor.server.session import PROTOCOL as PROTOCOL_VERSION
from storj_monitor.server.wire_documents import ROOTS, fields, structs
from storj_monitor.views.wire.frames import Hello

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PROTOCOL = (DOCS / "protocol.md").read_text(encoding="utf-8")
PAGES = ("README.md", "CONTRIBUTING.md", *(str(path.relative_to(ROOT)) for path in sorted(DOCS.rglob("*.md"))))
MESSAGES = [
    line for block in re.findall(r"```json\n(.*?)```", PROTOCOL, re.DOTALL) for line in block.splitlines() if not line.startswith('{"cmd"')
]


def client() -> dict[str, Any]:
    """The client that the protocol prints, as a module."""
    block = re.search(r"```python\n(.*?)```", PROTOCOL, re.DOTALL)
    assert block
    module: dict[str, Any] = {"__name__": "printed"}
    exec(compile(block[1], "docs/protocol.md", "exec"), module)  # noqa: S102
    return module


@pytest.mark.parametrize("text", MESSAGES)
def test_a_message_is_as_the_wire_declares(text: str) -> None:
    strict = Strict()
    strict.summaries = {"countries": False}  # an example of a delta has no snapshot before it
    message = strict.message(text)
    assert not isinstance(message, Hello) or message.protocol == PROTOCOL_VERSION


def test_the_printed_client_follows_and_notices_a_gap() -> None:
    snap, delta = (json.loads(one) for one in MESSAGES if '"countries"' in one)
    numbers: dict[str, int] = {}
    tables: dict[str, Any] = {}
    apply = client()["apply"]
    assert apply(snap, numbers, tables) and apply(delta, numbers, tables)
    assert tables["countries"]["DE"]["up_count"] == delta["topics"]["countries"]["set"]["DE"]["up_count"]
    assert not apply(delta, numbers, tables), "the same number again"
    delta["topics"]["countries"] |= {"n": 3, "set": {}, "del": ["DE"]}
    assert apply(delta, numbers, tables) and tables == {"countries": {}}


@cache
def modules() -> dict[str, Any]:
    """All modules of the package by name, without `storj_monitor.`."""
    found = pkgutil.walk_packages(storj_monitor.__path__, "storj_monitor.")
    return {
        one.name.removeprefix("storj_monitor."): importlib.import_module(one.name) for one in found if not one.name.endswith("__main__")
    }


def dotted(text: str) -> set[str]:
    """`room.module` and `room.module.name` in backticks, where `room` is one of the package."""
    rooms = {name.partition(".")[0] for name in modules()}
    names = re.findall(r"`([a-z_]+(?:\.\w+)+)`", text)
    return {one for one in names if one.partition(".")[0] in rooms and not one.endswith((".py", ".yaml"))}


def is_there(name: str) -> bool:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        here = modules().get(".".join(parts[:length]))
        if here is not None:
            for part in parts[length:]:
                if not hasattr(here, part):
                    return False
                here = getattr(here, part)
            return True
    return False


@pytest.mark.parametrize("page", PAGES)
def test_modules_and_functions_exist(page: str) -> None:
    assert {name for name in dotted((ROOT / page).read_text(encoding="utf-8")) if not is_there(name)} == set()


@pytest.mark.parametrize("page", PAGES)
def test_paths_exist(page: str) -> None:
    """Files that stand in backticks: from the top, from the package, or from the folder of tests that the page is about."""
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:tests|scripts|docs|storj_monitor|web|requirements)/[\w./-]+)`", text))
    assert {path for path in named if not (ROOT / path).exists()} == set()
    sources = set(re.findall(r"`([a-z_]+/[\w/]+\.py)`", text))
    assert {path for path in sources if not any((top / path).exists() for top in (ROOT, ROOT / "storj_monitor"))} == set()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if re.match(r"\w+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = path.parent / name if name else path
        assert there.exists(), target
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there.read_text(encoding="utf-8")), target


def anchors(text: str) -> set[str]:
    """Of headings, as forges make them, and those that are set."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings} | set(re.findall(r'<a id="([^"]+)">', text))


def test_names_that_the_protocol_explains_are_there() -> None:
    """Names with an underscore in its own text (not in generated tables, nor those of before): fields, values, settings, metrics."""
    former = r"## From version 1.*?(?=\n## )"
    own = re.sub(rf"<!-- wire: .*?<!-- /wire -->|```.*?```|{former}", "", PROTOCOL, flags=re.DOTALL)
    known = {field.name for struct in structs(ROOTS) for field in fields(struct)} | {kind.label for kind in NodeStateKind}
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "storj_monitor").rglob("*.py"))
    words = set(re.findall(r"`…?([a-z_]*[a-z]_[a-z0-9_]+)[`{]", own)) - known
    # a counter's `_total` is added to all of them, a node's metrics have their common beginning in one place
    short = {re.sub(r"^(storj_monitor_node)?_|_total$", "", word) for word in words}
    assert {word for word in short if not re.search(rf'["\s.(}}]_?(storj_monitor_(node_)?)?{word}\b', sources)} == set()


def test_every_table_of_the_database_is_described() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db, 0.0)
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'") if not name.startswith("sqlite_")}
    described = (DOCS / "database.md").read_text(encoding="utf-8").partition("## What is kept")[2].partition("\n## ")[0]
    named = {name for row in re.findall(r"^\| (`.+?) \|", described, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert named == tables
