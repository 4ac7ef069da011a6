"""Makes what is written from the wire's Structs: `web/src/wire.gen.ts` and the tables of `docs/protocol.md`.

`python -m storj_monitor.server.wire_documents` writes both, with `--check` it only says whether they are stale (exit code 1).
The OpenAPI document is made from the same Structs when it is served (server.openapi).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UnsetType

from storj_monitor.views.wire import answers, frames
from storj_monitor.views.wire.fields import Figure, Wire
from storj_monitor.views.wire.topics import TOPIC_ROWS, TopicRows

TOP = Path(__file__).parents[2]
TYPESCRIPT = TOP / "web" / "src" / "wire.gen.ts"
PROTOCOL = TOP / "docs" / "protocol.md"
ROOTS: tuple[type[Wire], ...] = (
    *get_args(frames.ServerMessage),
    frames.LiveSnap,
    frames.LiveDelta,
    frames.TableSnap,
    frames.TableDelta,
    *(row for one in TOPIC_ROWS.values() for row in (*one.rows, *one.summaries)),
    *(one for one in vars(answers).values() if isinstance(one, type) and issubclass(one, Wire) and one.__module__ == answers.__name__),
)
_MARKED = re.compile(r"(<!-- wire: ([\w ]+) -->\n).*?(<!-- /wire -->)", re.DOTALL)
_PRIMITIVES: dict[object, tuple[str, str]] = {
    int: ("number", "number"),
    float: ("number", "number"),
    str: ("string", "text"),
    bool: ("boolean", "true or false"),
    NoneType: ("null", "null"),
    Any: ("unknown", "anything"),
}
"""Of a Python type: in TypeScript, in words."""


class Field(NamedTuple):
    """A field as it is on the wire; `optional`: it may be left out."""

    name: str
    type: Any
    text: str
    optional: bool


def structs(roots: Iterable[type[Wire]]) -> list[type[Wire]]:
    """These and all that their fields hold, each once, those that are held first."""
    found: dict[type[Wire], None] = {}

    def visit(one: type[Wire]) -> None:
        if one not in found:
            for field in fields(one):
                for inner in _held(field.type):
                    visit(inner)
            found[one] = None

    for root in roots:
        visit(root)
    return list(found)


def fields(struct: type[Wire]) -> Iterator[Field]:
    """In the order in which they are declared."""
    hints = get_type_hints(struct, include_extras=True)
    for one in msgspec.structs.fields(struct):
        hint = hints[one.name]
        plain, metas = _bare(hint)
        members = get_args(plain) if _is_union(plain) else (plain,)
        kept = [each for each in members if each is not UnsetType]
        shown = hint if len(kept) == len(members) else _as_declared(kept, metas)
        yield Field(one.encode_name, shown, _text(hint), len(kept) < len(members))


def _as_declared(kept: list[Any], metas: tuple[Any, ...]) -> Any:
    union = reduce(or_, kept)
    return reduce(lambda hint, meta: Annotated[hint, meta], metas, union)


def _bare(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    return (get_args(hint)[0], hint.__metadata__) if get_origin(hint) is Annotated else (hint, ())


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType)


def _text(hint: Any) -> str:
    """The line about it: its own, that of what it may be, that of the Struct that it holds."""
    plain, metas = _bare(hint)
    for meta in reversed(metas):
        if meta.description:
            return str(meta.description)
    if _is_union(plain):
        return next((text for one in get_args(plain) if (text := _text(one))), "")
    if isinstance(plain, type) and issubclass(plain, Wire):
        return _first_line(plain)
    return _text(get_args(plain)[-1]) if get_origin(plain) in (list, dict) else ""


def _first_line(struct: type[Wire]) -> str:
    return (struct.__doc__ or "").split("\n")[0]


def _held(hint: Any) -> Iterator[type[Wire]]:
    plain, _ = _bare(hint)
    origin = get_origin(plain)
    if isinstance(plain, type) and issubclass(plain, Wire):
        yield plain
    elif isinstance(origin, type) and issubclass(origin, Wire):
        yield origin
    for one in get_args(plain):
        yield from _held(one)


def _words(hint: Any) -> list[object] | None:
    _, metas = _bare(hint)
    for meta in reversed(metas):
        if meta.extra_json_schema and "enum" in meta.extra_json_schema:
            return list(meta.extra_json_schema["enum"])
    return None


def _tag(struct: type[Wire]) -> tuple[str, str] | None:
    """Name and value of what tells this Struct from others."""
    config = struct.__struct_config__
    return None if config.tag is None or config.tag_field is None else (config.tag_field, str(config.tag))


def typescript_type(hint: Any) -> str:
    """The type of a field."""
    words = _words(hint)
    if words is not None:
        return " | ".join(json.dumps(word) for word in words)
    plain, metas = _bare(hint)
    for meta in metas:
        if meta.extra:
            return str(meta.extra["typescript"])
    origin, inner = get_origin(plain), get_args(plain)
    if isinstance(plain, TypeVar):
        return plain.__name__
    if _is_union(plain):
        return " | ".join(dict.fromkeys(typescript_type(one) for one in inner))
    if origin is list or inner[1:] == (Ellipsis,):
        item = typescript_type(inner[0])
        return f"({item})[]" if " | " in item else f"{item}[]"
    if origin is tuple:
        return f"[{', '.join(typescript_type(one) for one in inner)}]"
    if origin is dict:
        return f"Record<string, {typescript_type(inner[1])}>"
    if origin is not None:
        return f"{origin.__name__}<{', '.join(typescript_type(one) for one in inner)}>"
    return _PRIMITIVES[plain][0] if plain in _PRIMITIVES else str(plain.__name__)


def _interface(struct: type[Wire]) -> Iterator[str]:
    parameters = ", ".join(one.__name__ for one in getattr(struct, "__parameters__", ()))
    yield f"/** {_first_line(struct)} */"
    yield f"export interface {struct.__name__}{f'<{parameters}>' if parameters else ''} {{"
    tag = _tag(struct)
    if tag is not None:
        yield f"  {tag[0]}: {json.dumps(tag[1])};"
    for field in fields(struct):
        if field.text:
            yield f"  /** {field.text} */"
        yield f"  {field.name}{'?' if field.optional else ''}: {typescript_type(field.type)};"
    yield "}"
    yield ""


def _by_topic(name: str, text: str, rows: Iterable[tuple[str, Iterable[type[Wire]]]]) -> Iterator[str]:
    yield f"/** {text} */"
    yield f"export interface {name} {{"
    for topic, structs_ in rows:
        yield f"  {topic}: {' | '.join(one.__name__ for one in structs_)};"
    yield "}"
    yield ""


def _shown(topic: TopicRows) -> tuple[type[Wire], ...]:
    """Summaries, and rows of kinds that only views of one node have."""
    tags = {_tag(one) for one in topic.summaries}
    return (*topic.summaries, *(one for one in topic.rows if not topic.summaries or _tag(one) not in tags))


_TOPICS = """\
export type Topic = "live" | keyof ShownRows;
export type SnapTopics = { live?: LiveSnap } & { [T in keyof ShownRows]?: TableSnap<ShownRows[T]> };
export type DeltaTopics = { live?: LiveDelta } & { [T in keyof ShownRows]?: TableDelta<ShownRows[T]> };
"""


def typescript() -> str:
    """All of `wire.gen.ts`."""
    lines = ["/** Made by `python -m storj_monitor.server.wire_documents` from storj_monitor/views/wire: edit that, not this. */", ""]
    for struct in structs(ROOTS):
        lines += _interface(struct)
    lines += _by_topic("TopicRows", "Whole rows by topic.", ((topic, one.rows) for topic, one in TOPIC_ROWS.items()))
    shown = ((topic, _shown(one)) for topic, one in TOPIC_ROWS.items())
    lines += _by_topic("ShownRows", "Rows by topic with what every view has of them: a whole row is a summary, too.", shown)
    lines.append(_TOPICS)
    lines.append(f"export type ServerMessage = {' | '.join(one.__name__ for one in get_args(frames.ServerMessage))};")
    return "\n".join(lines) + "\n"


def words_of_type(hint: Any) -> str:
    """The type of a field in the protocol's text."""
    words = _words(hint)
    if words is not None:
        return ", ".join("null" if word is None else f"`{word}`" if word else '`""`' for word in words)
    plain, _ = _bare(hint)
    origin, inner = get_origin(plain), get_args(plain)
    if isinstance(plain, TypeVar):
        return "row" if plain.__name__ == "Row" else "value"
    if _is_union(plain):
        return " or ".join(dict.fromkeys(words_of_type(one) for one in inner))
    if origin is list or inner[1:] == (Ellipsis,):
        return f"list of {words_of_type(inner[0])}"
    if origin is tuple:
        return f"list of {len(inner)} values"
    if origin is dict:
        return "object" if inner[1] is Any else f"object of {words_of_type(inner[1])}"
    if origin is Figure:
        return f"figure ({words_of_type(inner[0])})"
    return _PRIMITIVES[plain][1] if plain in _PRIMITIVES else f"[`{plain.__name__}`](#{plain.__name__.lower()})"


def _table(struct: type[Wire]) -> Iterator[str]:
    yield f'<a id="{struct.__name__.lower()}"></a>**`{struct.__name__}`**: {_first_line(struct)}'
    yield ""
    yield "| field | type | |"
    yield "|---|---|---|"
    tag = _tag(struct)
    if tag is not None:
        yield f"| `{tag[0]}` | `{tag[1]}` | |"
    for field in fields(struct):
        left_out = "may be left out; " if field.optional else ""
        text = (left_out + field.text).replace("|", "\\|")
        yield f"| `{field.name}` | {words_of_type(field.type)} | {text} |"
    yield ""


def protocol(text: str) -> str:
    """The protocol's text with its tables made anew. A marker names Structs; what they hold follows, where it did not stand before."""
    named = {one.__name__: one for one in structs(ROOTS)}
    told: set[type[Wire]] = {Figure}

    def made(match: re.Match[str]) -> str:
        lines: list[str] = [""]
        for name in match[2].split():
            for struct in reversed(structs([named[name]])):
                if struct not in told:
                    told.add(struct)
                    lines += _table(struct)
        return match[1] + "\n".join(lines) + match[3]

    return _MARKED.sub(made, text)


def main(arguments: list[str]) -> int:
    """Write what is stale; with `--check` only name it."""
    check = arguments == ["--check"]
    made = {TYPESCRIPT: typescript(), PROTOCOL: protocol(PROTOCOL.read_text(encoding="utf-8"))}
    stale = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(TOP)} is stale: run python -m storj_monitor.server.wire_documents")
        else:
            path.write_text(made[path], encoding="utf-8", newline="\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
