"""Reads the three places that settings come from (file, environment, flags) into found values, and notes every mistake."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from storj_monitor.config.money_kinds import MistakesInParts
from storj_monitor.config.nodes import COST_KEYS, NODE_SPELLING, NodeMistake, NodeSettings, duplicate_names, make_node, parse_node
from storj_monitor.config.server_kinds import NONE, OptionalFile
from storj_monitor.config.table import ENVIRONMENT_PREFIX, SECTIONS, SETTINGS, Setting

NODES_ENVIRONMENT = ENVIRONMENT_PREFIX + "NODES"
CONFIG_ENVIRONMENT = ENVIRONMENT_PREFIX + "CONFIG"
_TEXT_KEYS = ("name", "log", "api", "metrics", "storage")
NODE_KEYS = (*_TEXT_KEYS, *COST_KEYS)


@dataclass(slots=True)
class Layer:
    """What one place said: values by the name of their setting, nodes (None = said nothing about nodes), and mistakes.

    `refused` names the settings whose value was a mistake, so that no second mistake is made of the same one.
    """

    origin: str
    values: dict[str, object] = field(default_factory=dict)
    nodes: tuple[NodeSettings, ...] | None = None
    mistakes: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def read(self, setting: Setting[object], key_shown: str, value: object) -> None:
        """Parse one value and keep it, or note why not. A secret is never repeated."""
        try:
            self.values[setting.name] = setting.kind.parse(value)
        except MistakesInParts as mistake:
            self.refused.add(setting.name)
            self.mistakes += [f"{self.origin}: {key_shown}: {part}" for part in mistake.parts]
        except ValueError:
            self.refused.add(setting.name)
            value_shown = "(hidden)" if setting.secret else _shown(value)
            self.mistakes.append(f"{self.origin}: {key_shown} = {value_shown}: must be {setting.kind.allowed}")

    def keep_nodes(self, nodes: list[NodeSettings]) -> None:
        """Nodes of this place; two of one name are a mistake."""
        for name in duplicate_names(nodes):
            self.mistakes.append(f"{self.origin}: node name {name!r} is given more than once: every node needs a name of its own")
        self.nodes = tuple(nodes)

    def refuse(self, text: str) -> None:
        self.mistakes.append(f"{self.origin}: {text}")


def read_flags(flags: Mapping[str, str], node_texts: Iterable[str]) -> Layer:
    """`flags` by the name of their setting, as typed."""
    layer = Layer("flag")
    for setting in SETTINGS:
        if setting.name in flags:
            layer.read(setting, setting.flag or setting.name, flags[setting.name])
    texts = list(node_texts)
    if texts:
        _read_node_texts(layer, "--node", texts)
    return layer


def read_environment(environ: Mapping[str, str]) -> Layer:
    """Variables that begin with STORJ_MONITOR_; an empty one counts as not set, an unknown one is a mistake."""
    layer = Layer("environment")
    by_name = {setting.environment: setting for setting in SETTINGS}
    for name in sorted(environ):
        value = environ[name]
        if not name.startswith(ENVIRONMENT_PREFIX) or name == CONFIG_ENVIRONMENT or not value.strip():
            continue
        if name == NODES_ENVIRONMENT:
            texts = [text.strip() for line in value.splitlines() for text in line.split(";")]
            _read_node_texts(layer, NODES_ENVIRONMENT, [text for text in texts if text])
        elif name in by_name:
            layer.read(by_name[name], name, value)
        else:
            layer.refuse(f"{name} is not a setting{_did_you_mean(name, [*by_name, NODES_ENVIRONMENT, CONFIG_ENVIRONMENT])}")
    return layer


def read_file(path: Path) -> Layer:
    """A TOML file (UTF-8, a byte order mark is let pass). A file that cannot be read is one mistake."""
    layer = Layer(str(path))
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        layer.refuse(f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        layer.refuse(f"is not UTF-8 text (byte {error.start})")
    except tomllib.TOMLDecodeError as error:
        layer.refuse(f"is not TOML: {error}{_toml_hint(str(error))}")
    else:
        _read_document(layer, document, path.absolute().parent)
    return layer


def _toml_hint(error: str) -> str:
    """The usual mistakes: text without quotes, and Windows paths in double ones."""
    if error.startswith("Invalid value"):
        return '; text stands in quotes, log = "/var/log/storagenode.log"'
    if "escape" not in error and "hex" not in error.lower():
        return ""
    return "; in double quotes a backslash begins an escape: write Windows paths in single quotes, log = 'C:\\Storj\\storagenode.log'"


def _read_document(layer: Layer, document: Mapping[str, object], folder: Path) -> None:
    top = {setting.key: setting for setting in SETTINGS if not setting.section}
    tables = [section for section in SECTIONS if section]
    for key, value in document.items():
        if key == "node":
            _read_node_tables(layer, value, folder)
        elif key in tables:
            _read_table(layer, key, value, folder)
        elif key in top:
            layer.read(top[key], key, _in_folder(value, folder) if key == "database" else value)
        else:
            layer.refuse(f"{key} is not a setting{_did_you_mean(key, [*top, *tables, 'node'])}{_elsewhere(key)}")


def _read_table(layer: Layer, section: str, table: object, folder: Path) -> None:
    if not isinstance(table, dict):
        layer.refuse(f"{section} = {_shown(table)}: must be a table [{section}]")
        return
    rows = {setting.key: setting for setting in SETTINGS if setting.section == section}
    for key, value in table.items():
        if key in rows:
            layer.read(rows[key], f"[{section}] {key}", _in_folder(value, folder) if _is_file(rows[key], value) else value)
        else:
            layer.refuse(f"[{section}] {key} is not a setting{_did_you_mean(key, list(rows))}{_elsewhere(key)}")


def _read_node_tables(layer: Layer, tables: object, folder: Path) -> None:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        shown = "node is one table" if isinstance(tables, dict) else f"node = {_shown(tables)}"
        layer.refuse(f"{shown}: must be tables [[node]] with the keys {', '.join(NODE_KEYS)}")
        return
    nodes = []
    for number, table in enumerate(tables, start=1):
        where = f"[[node]] number {number}"
        unknown = [key for key in table if key not in NODE_KEYS]
        not_text = [key for key in _TEXT_KEYS if key in table and not isinstance(table[key], str)]
        for key in unknown:
            layer.refuse(f"{where}: {key} is not a setting{_did_you_mean(key, list(NODE_KEYS))}")
        for key in not_text:
            layer.refuse(f"{where}: {key} = {_shown(table[key])}: must be text in quotes")
        if "name" not in table:
            layer.refuse(f"{where}: name is missing")
        if unknown or not_text or "name" not in table:
            continue
        parts = {key: table.get(key) for key in _TEXT_KEYS if key != "name"}
        costs = {key: table[key] for key in COST_KEYS if key in table}
        try:
            nodes.append(make_node(table["name"], **parts, costs=costs, folder=folder))
        except NodeMistake as mistake:
            layer.refuse(f"{where} ({table['name']}): {mistake}")
    layer.keep_nodes(nodes)


def _read_node_texts(layer: Layer, key_shown: str, texts: list[str]) -> None:
    nodes = []
    for text in texts:
        try:
            nodes.append(parse_node(text))
        except NodeMistake as mistake:
            layer.refuse(f'{key_shown} "{text}": must be {NODE_SPELLING}' if mistake.key == "node" else f'{key_shown} "{text}": {mistake}')
    layer.keep_nodes(nodes)


def _is_file(setting: Setting[object], value: object) -> bool:
    return isinstance(setting.kind, OptionalFile) and value != NONE


def _in_folder(value: object, folder: Path) -> object:
    """A relative path in a file counts from the folder of that file."""
    return str(folder / value) if isinstance(value, str) and value.strip() and not value.startswith("~") else value


def _shown(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 100 else text[:99] + "…"


def _did_you_mean(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key.lower() if key.lower() in known else key, known, n=1, cutoff=0.6)
    return f": did you mean {close[0]}?" if close else f"; known are: {', '.join(known)}"


def _elsewhere(key: str) -> str:
    places = [f"[{setting.section}]" if setting.section else "the top of the file" for setting in SETTINGS if setting.key == key]
    return f" ({key} belongs to {' or '.join(places)})" if places else ""
