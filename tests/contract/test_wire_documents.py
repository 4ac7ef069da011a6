"""What is made from the wire's Structs is as they are: the page's types, and the tables of the protocol's text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from msgspec import UNSET, UnsetType

from storj_monitor.server import wire_documents as made
from storj_monitor.views.wire.fields import Count, Figure, Wire, doc, one_of


def test_made_files_are_not_stale() -> None:
    assert made.main(["--check"]) == 0, "run: python -m storj_monitor.server.wire_documents"


def test_every_field_has_a_line_about_it() -> None:
    bare = [f"{struct.__name__}.{field.name}" for struct in made.structs(made.ROOTS) for field in made.fields(struct) if not field.text]
    assert bare == []


class Sample(Wire, frozen=True, kw_only=True, tag_field="kind", tag="sample"):
    """One of all sorts."""

    from_: Annotated[float, doc("Unix seconds")]
    word: Annotated[str | None, one_of(("a", "", None), "one of | them")]
    figure: Annotated[Figure[float | None] | None, doc("a date")]
    pairs: Annotated[list[tuple[int, str] | None], doc("some")]
    rest: Annotated[dict[str, Count] | UnsetType, doc("by name")] = UNSET


def test_types_of_the_page() -> None:
    types = {field.name: (made.typescript_type(field.type), field.optional) for field in made.fields(Sample)}
    assert types == {
        "from": ("number", False),
        "word": ('"a" | "" | null', False),
        "figure": ("Figure<number | null> | null", False),
        "pairs": ("([number, string] | null)[]", False),
        "rest": ("Record<string, number>", True),
    }


def test_words_of_the_protocol() -> None:
    words = {field.name: made.words_of_type(field.type) for field in made.fields(Sample)}
    assert words == {
        "from": "number",
        "word": '`a`, `""`, null',
        "figure": "figure (number or null) or null",
        "pairs": "list of list of 2 values or null",
        "rest": "object of number",
    }


def test_a_stale_file_is_named_and_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:

    folder = tmp_path
    monkeypatch.setattr(made, "TOP", folder)
    monkeypatch.setattr(made, "TYPESCRIPT", folder / "wire.gen.ts")
    monkeypatch.setattr(made, "PROTOCOL", folder / "protocol.md")
    (folder / "protocol.md").write_text("before\n<!-- wire: CountryRow -->\nold\n<!-- /wire -->\nafter\n")
    assert made.main(["--check"]) == 1
    assert "wire.gen.ts is stale" in capsys.readouterr().out
    assert made.main([]) == 0 and made.main(["--check"]) == 0
    text = (folder / "protocol.md").read_text()
    assert "| `up_bytes` | number | bytes |" in text and "old" not in text and text.startswith("before\n") and text.endswith("after\n")
