"""The parser of the command line. Settings' flags, with their help, come from the one table in `config`."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from itertools import groupby
from operator import attrgetter
from typing import NoReturn

from storj_monitor import __version__
from storj_monitor.cli.streams import EXIT_HELP
from storj_monitor.config.kinds import Switch
from storj_monitor.config.layers import NODES_ENVIRONMENT
from storj_monitor.config.table import DATABASE, SETTINGS, Setting

_SECTION_TITLES = {
    "": "what is read and kept",
    "server": "server",
    "retention": "retention",
    "thresholds": "thresholds",
    "prices": "prices, where yours differ from the node's",
    "money": "currency and costs",
    "perf": "performance",
}

_EXAMPLES = {
    "run": """\
examples:
  storj_monitor run --node "mine:/var/log/storagenode.log"
  storj_monitor run --node "mine:/var/log/storagenode.log:http://localhost:14002" --node "far:192.168.1.20:5000"
  storj_monitor run --node "docker:/var/lib/docker/containers/*/*-json.log"
  storj_monitor run --node "win:C:\\Program Files\\Storj\\Storage Node\\storagenode.log"
  storj_monitor run --config monitor.toml --port 9000
""",
    "demo": """\
examples:
  storj_monitor demo
  storj_monitor demo --nodes 2 --rate 200 --port 9000
""",
    "ingest": """\
examples:
  storj_monitor ingest "mine:/var/log/storagenode.log.*"
  storj_monitor ingest mine:old-1.log.gz mine:old-2.log.zst other:node2.log
  docker logs storagenode 2>&1 | storj_monitor ingest mine:-
""",
    "stats": """\
examples:
  storj_monitor stats /var/log/storagenode.log
  storj_monitor stats "/var/log/storagenode.log*" --json
  docker logs storagenode 2>&1 | storj_monitor stats -
  storj_monitor stats --database ~/.local/share/storj_monitor/storj_monitor.db --node mine
  storj_monitor stats --config monitor.toml
""",
    "nodes": """\
examples:
  storj_monitor nodes
  storj_monitor nodes --database ~/.local/share/storj_monitor/storj_monitor.db list
  storj_monitor nodes rename mine attic
  storj_monitor nodes remove "old one"
  storj_monitor nodes remove "old one" --yes
""",
    "database": """\
examples:
  storj_monitor database check
  storj_monitor database check --thorough
  storj_monitor database backup /mnt/backup/
  storj_monitor database restore
  storj_monitor database restore storj_monitor.db.damaged-20261130T120000Z
  storj_monitor database restore --salvage storj_monitor.db.damaged-20261130T120000Z
  storj_monitor database accept-clock
""",
    "check-config": """\
examples:
  storj_monitor check-config --config monitor.toml
  storj_monitor check-config --config monitor.toml --all
  STORJ_MONITOR_PORT=9000 storj_monitor check-config --node "mine:/var/log/storagenode.log"
""",
}


_NO_FLAGS = {
    "--nodes": 'one --node for each node: --node "mine:/var/log/storagenode.log" --node "other:/srv/other.log"',
    "--password": "a password is no flag, for others would see it among the processes: set STORJ_MONITOR_PASSWORD, or [server] password"
    " in the file of --config",
    "--log": 'the log is part of --node: --node "mine:/var/log/storagenode.log"',
    "--api": 'the API is part of --node: --node "mine:/var/log/storagenode.log:http://localhost:14002"',
    "--host": "the address is --bind",
    "--listen": "the address is --bind, its port --port",
}


# A slip of the finger or two; less alike is a flag that does not exist, and a wrong guess only confuses.
_ALIKE = 0.75


class _Parser(ArgumentParser):
    """Also says what was probably meant by a flag that it does not know."""

    def error(self, message: str) -> NoReturn:
        _, known, rest = message.partition("unrecognized arguments: ")
        wrong = rest.split()[0].partition("=")[0] if known and rest else ""
        hint = _NO_FLAGS.get(wrong, "")
        flags = self.all_flags()
        if not hint and wrong in flags:
            hint = f"{wrong} is a flag of other commands; `storj_monitor COMMAND --help` says what each takes"
        elif not hint and wrong.startswith("--"):
            close = get_close_matches(wrong, flags, n=1, cutoff=_ALIKE)
            hint = f"did you mean {close[0]}?" if close else ""
        super().error(f"{message}\n{hint}" if hint else message)

    def all_flags(self) -> list[str]:
        """Of this parser and of its commands."""
        found: list[str] = []
        for action in self._actions:
            found += action.option_strings
            if isinstance(action.choices, dict):
                found += [flag for parser in action.choices.values() if isinstance(parser, _Parser) for flag in parser.all_flags()]
        return sorted(set(found))


def _new_parser() -> ArgumentParser:
    """Without commands."""
    parser = _Parser(
        prog="storj_monitor",
        description="A monitor for Storj storage nodes: reads their logs, keeps exact figures, shows a live page.",
        epilog=EXIT_HELP + "\n`storj_monitor COMMAND --help` has examples. All settings are in docs/settings.md.",
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"storj_monitor {__version__}")
    return parser


_DETAILS = {
    "ingest": " May be interrupted, repeated, and run beside a live monitor: each line is counted once, in whatever form it comes."
    " Says of each input how many lines were read, new, and known already. One case is not told apart: lines that a monitor"
    " receives from a TCP stream (HOST:PORT) at this moment are in the database 10 seconds later only; load those after that.",
    "stats": " Logs need no database; they are read once.",
    "nodes": " `rename` and `remove` need the monitor to be stopped.",
    "database": " `check` and `backup` may run beside a monitor; `restore` needs it to be stopped.",
    "demo": " Everything is written to a temporary folder and removed at the end (a --database that is given is kept).",
    "check-config": " Takes what `run` takes and starts nothing. Exit code 1 where something is wrong with a node.",
}


def make_parser() -> ArgumentParser:
    """The whole command line; after parsing, `verb` says which command."""
    parser = _new_parser()
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    def add(name: str, summary: str) -> ArgumentParser:
        return verbs.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.{_DETAILS.get(name, '')}",
            epilog=f"{_EXAMPLES[name]}\n{EXIT_HELP}",
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    _fill_run(add("run", "follow the logs of your nodes and serve the page"))
    _fill_ingest(add("ingest", "load old logs into the database"))
    _fill_stats(add("stats", "count what logs say, or what the database holds, and print it"))
    _fill_nodes(add("nodes", "list, rename or remove the nodes that the database has"))
    _fill_database(add("database", "check the database, back it up, take back what was set aside"))
    _fill_demo(add("demo", "show the page with invented nodes"))
    _fill_check(add("check-config", "look at each node of the settings: its log, its API, its metrics; and say what is wrong"))
    return parser


def _fill_run(parser: ArgumentParser) -> None:
    _add_node_flags(parser)
    _add_setting_flags(parser, SETTINGS)


def _fill_check(parser: ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="also print every setting, its value and where it came from")
    _fill_run(parser)


def _fill_ingest(parser: ArgumentParser) -> None:
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="NAME:PATH",
        help="node and log file; globs and compressed files (.gz, .zst, .xz, .bz2) are fine; NAME:- is the standard input",
    )
    _add_config_flag(parser)
    _add_setting_flags(parser, (row for row in SETTINGS if row is DATABASE or row.section == "retention"))


def _fill_stats(parser: ArgumentParser) -> None:
    parser.add_argument("logs", nargs="*", metavar="LOG", help="log file; globs, .gz, .zst, .xz and .bz2 are fine; - is the standard input")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument(
        "--node", action="append", default=[], metavar="NAME", dest="names", help="with --database: only this node (may be repeated)"
    )
    parser.add_argument(
        "--database",
        metavar="FILE",
        dest=DATABASE.name,
        help="instead of logs: answer from this database, which `run` or `ingest` has filled",
    )
    parser.add_argument("--config", metavar="FILE", help="instead of logs: answer from the database that these settings name")


def _fill_nodes(parser: ArgumentParser) -> None:
    """Flags may stand before or behind the deed; where they are not given behind it, what stood before it stays."""
    parser.set_defaults(deed="list")
    _add_database_flags(parser)
    deeds = parser.add_subparsers(dest="deed", metavar="list|rename|remove")

    def add(name: str, text: str) -> ArgumentParser:
        deed = deeds.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", argument_default=SUPPRESS, allow_abbrev=False)
        _add_database_flags(deed)
        return deed

    add("list", "show name, node id, version, time of the lines, and how much is kept [the default]; a monitor may be running")
    rename = add("rename", "give a node another name; its history stays with it")
    rename.add_argument("old", metavar="OLD", help="its name now")
    rename.add_argument("new", metavar="NEW", help="its new name")
    remove = add("remove", "delete a node with everything that is kept of it; if interrupted, say it again")
    remove.add_argument("name", metavar="NAME", help="its name")
    remove.add_argument("--yes", action="store_true", default=False, help="do not ask; needed where nobody can be asked")


def _fill_database(parser: ArgumentParser) -> None:
    """As `nodes`: flags may stand before or behind the deed."""
    parser.set_defaults(deed="check", file=None, thorough=False)
    _add_database_flags(parser)
    deeds = parser.add_subparsers(dest="deed", metavar="check|backup|restore|accept-clock")

    def add(name: str, text: str) -> ArgumentParser:
        deed = deeds.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=EXIT_HELP, argument_default=SUPPRESS, allow_abbrev=False,
            formatter_class=RawDescriptionHelpFormatter,
        )  # fmt: skip
        _add_database_flags(deed)
        return deed

    check = add("check", "read all of the file; is it sound, and ours? [the default] Exit code 3: damaged, 1: empty, not ours or newer")
    check.add_argument("file", nargs="?", default=None, metavar="FILE", help="this file instead of the database")
    check.add_argument("--thorough", action="store_true", default=False, help="also compare every index with its table; takes longer")
    backup = add("backup", "copy the database while it is in use, and check the copy by opening it")
    backup.add_argument("target", metavar="TARGET", help="a folder that is there, or a file that is not there yet")
    restore = add(
        "restore", "put a checked copy of FILE in the place of the database, and keep what was there; without FILE: list what there is"
    )
    restore.add_argument("file", nargs="?", default=None, metavar="FILE", help="a backup, or what was set aside (its name is enough)")
    restore.add_argument("--salvage", action="store_true", default=False, help="FILE is damaged: take every row that can be read")
    add("accept-clock", "say that this machine's clock is right: after a jump of it nothing is deleted as too old for a day of running")


def _add_database_flags(parser: ArgumentParser) -> None:
    _add_config_flag(parser)
    _add_setting_flags(parser, (DATABASE,))


def _fill_demo(parser: ArgumentParser) -> None:
    parser.add_argument("--nodes", type=_number_in(int, 1, 100), default=4, metavar="N", help="number of nodes, 1 to 100 [default 4]")
    parser.add_argument(
        "--rate",
        type=_number_in(float, 0.1, 50_000),
        default=50.0,
        metavar="N",
        help="transfers a second, all nodes together, 0.1 to 50000 [default 50]",
    )
    _add_config_flag(parser)
    _add_setting_flags(parser, SETTINGS)


def given_flags(arguments: Namespace) -> dict[str, str]:
    """The settings that were given as flags: texts by the name of their row."""
    return {row.name: value for row in SETTINGS if (value := getattr(arguments, row.name, None)) is not None}


def _add_node_flags(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--node",
        action="append",
        default=[],
        dest="nodes",
        metavar="NAME:LOG[:API]",
        help="a node to watch; repeat for more. LOG is a file, a glob (the newest match is followed) or HOST:PORT of a line stream "
        f'(docs/connect.md); empty = API only. [{NODES_ENVIRONMENT}, separated by ";" or newline; [[node]] in the file]',
    )
    _add_config_flag(parser)


def _add_config_flag(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--config", metavar="FILE", help="settings as TOML. Flags win over environment, environment over file. [STORJ_MONITOR_CONFIG]"
    )


def _add_setting_flags(parser: ArgumentParser, rows: Iterable[Setting[object]]) -> None:
    for section, members in groupby(rows, key=attrgetter("section")):
        group = parser.add_argument_group(_SECTION_TITLES[section])
        for row in members:
            if row.flag is None:
                continue
            text = f"{row.help} [default: {row.default_shown}; {row.environment}]".replace("%", "%%")
            if isinstance(row.kind, Switch):
                group.add_argument(row.flag, dest=row.name, nargs="?", const="true", metavar=row.kind.metavar, help=text)
            else:
                group.add_argument(row.flag, dest=row.name, metavar=row.kind.metavar, help=text)


def _number_in(kind: Callable[[str], float], low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            number = kind(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise ArgumentTypeError(f"{text!r} is not a number from {low:g} to {high:g}")
        return number

    return parse
