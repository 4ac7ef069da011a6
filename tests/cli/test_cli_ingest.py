"""What `ingest` says of the lines it reads, and its exit codes."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest
from cli.small_log import LOG, line

from storj_monitor.cli import main

MORE = line(30, "INFO", "uploaded", "PUT", 1000) + line(31, "INFO", "uploaded", "PUT", 1000)


class IngestCommand:
    """Runs `ingest` and tells its exit code, standard output and standard error."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._database = folder / "m.db"
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *inputs: str, typed: str | None = None) -> tuple[int, str, str]:
        if typed is not None:
            self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        self._capsys.readouterr()
        code = main(["ingest", *inputs, "--database", str(self._database)])
        return code, *self._capsys.readouterr()


@pytest.fixture
def ingest(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> IngestCommand:
    return IngestCommand(tmp_path, capsys, monkeypatch)


@pytest.mark.parametrize("packed", [False, True])
def test_the_same_file_again(ingest: IngestCommand, tmp_path: Path, packed: bool) -> None:
    log = tmp_path / "node.log"

    def write(text: str) -> None:
        log.write_bytes(gzip.compress(text.encode()) if packed else text.encode())

    write(LOG)
    assert ingest(f"mine:{log}") == (0, f"{log}: 7 lines read, all new\n", "")
    known = f"{log}: 7 lines read, none new: all are in the database already (not counted again)\n"
    assert ingest(f"mine:{log}") == (0, known, "")
    write(LOG + MORE)
    assert ingest(f"mine:{log}") == (0, f"{log}: 9 lines read: 2 new, 7 in the database already (not counted again)\n", "")
    write(LOG)
    assert ingest(f"mine:{log}") == (0, known, ""), "a shorter copy"


@pytest.mark.parametrize("piped", [False, True])
@pytest.mark.parametrize("cut", [1, 60])
def test_a_last_line_without_its_end_is_read_again(
    ingest: IngestCommand, tmp_path: Path, capsys: pytest.CaptureFixture[str], piped: bool, cut: int
) -> None:
    """The rest of the line was read as a line of its own when the whole log came: neither half was a transfer, and it was lost.

    cut -- characters that are missing: the line end alone, or half of the line
    """
    log = tmp_path / "node.log"
    log.write_text((LOG + MORE)[:-cut])
    assert ingest(*(["mine:-"] if piped else [f"mine:{log}"]), typed=log.read_text() if piped else None)[0] == 0
    log.write_text(LOG + MORE)
    assert ingest(f"mine:{log}")[0] == 0
    assert ingest(f"mine:{log}")[1].endswith("none new: all are in the database already (not counted again)\n")
    assert main(["stats", "--database", str(tmp_path / "m.db"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["transfers"]["PUT up success"] == 3
    assert found["lines"] == 9 + (cut > 1), "the half line is one more, that nobody understands"


@pytest.mark.parametrize("piped", [False, True])
def test_the_same_log_twice_in_one_input_of_a_new_node(ingest: IngestCommand, tmp_path: Path, piped: bool) -> None:
    """What had been written before the second pass began was not found: the node had no number yet when reading began."""
    log = tmp_path / "node.log"
    day = "".join(
        line(n % 60, "INFO", "uploaded", "PUT", n).replace("T08:00", f"T{8 + n // 3600:02}:{n // 60 % 60:02}") for n in range(2000)
    )
    log.write_text(day * 2)
    code, said, _ = ingest(*(["mine:-"] if piped else [f"mine:{log}"]), typed=day * 2 if piped else None)
    assert code == 0
    assert ": 4,000 lines read: 2,000 new, 2,000 in the database already" in said


def test_a_pipe_again(ingest: IngestCommand) -> None:
    assert ingest("mine:-", typed=LOG) == (0, "standard input: 7 lines read, all new\n", "")
    known = "standard input: 7 lines read, none new: all are in the database already (not counted again)\n"
    assert ingest("mine:-", typed=LOG) == (0, known, "")
    some = "standard input: 8 lines read: 2 new, 6 in the database already (not counted again)\n"
    assert ingest("mine:-", typed=LOG[LOG.index("\n") + 1 :] + MORE) == (0, some, "")


def test_several_files(ingest: IngestCommand, tmp_path: Path) -> None:
    one, other, empty = tmp_path / "1.log", tmp_path / "2.log", tmp_path / "3.log"
    one.write_text(LOG, encoding="utf-8")
    other.write_text(LOG + MORE, encoding="utf-8")
    empty.touch()
    code, out, err = ingest(f"mine:{one}", f"mine:{other}", f"yours:{one}", f"mine:{empty}")
    assert code == 0
    assert out.splitlines() == [
        f"{one}: 7 lines read, all new",
        f"{other}: 9 lines read: 2 new, 7 in the database already (not counted again)",
        f"{one}: 7 lines read, all new",
        "4 inputs: 23 lines read: 16 new, 7 in the database already (not counted again)",
    ]
    assert err == f"{empty}: empty, there is nothing to read\n"


def test_nothing_came(ingest: IngestCommand, tmp_path: Path) -> None:
    assert ingest("mine:-", typed="") == (1, "", "standard input: nothing came, not one line\n")
    (tmp_path / "empty.log").touch()
    code, out, err = ingest(f"mine:{tmp_path / 'empty.log'}")
    assert (code, out) == (1, "")
    assert "nothing to read" in err


@pytest.mark.parametrize("data", [b"one line of words\n", b"root:x:0:0:root:/root:/bin/bash\n" * 50, bytes(range(256)) * 40])
def test_what_is_no_log_of_a_node(ingest: IngestCommand, tmp_path: Path, data: bytes) -> None:
    log = tmp_path / "other.log"
    log.write_bytes(data)
    code, out, err = ingest(f"mine:{log}")
    assert code == 1
    assert "all new" in out
    assert err.startswith(f"{log}: Nothing of this log is understood")


def test_text_beside_a_log_that_is_known_is_no_misfit(ingest: IngestCommand, tmp_path: Path) -> None:
    log = tmp_path / "node.log"
    log.write_text(LOG, encoding="utf-8")
    assert ingest(f"mine:{log}")[0] == 0
    log.write_text(LOG + "some words\n" * 5, encoding="utf-8")
    assert ingest(f"mine:{log}")[0::2] == (0, "")
    assert ingest("mine:-", typed=LOG[LOG.index("\n") + 1 :] + "some words\n" * 5)[0::2] == (0, "")
