"""Where the server's time goes: py-spy (sampling), cProfile of all threads, scalene where installed. Paths are made relative."""

from __future__ import annotations

import importlib.util
import json
import os
import pstats
import re
import shutil
import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness import HERE, ROOT
from markdown import table

# Idle waits say nothing about cost; py-spy leaves them out, except for calls that it cannot recognise.
_SKIP = ("<module>", "_bootstrap", "run_forever", "_run_once", "run_until_complete", "main (", "_run_module", "_run_code")
# A thread that goes to sleep or has just been woken is still seen here.
_WAITS = ("Condition.wait ", "EpollSelector.select ", "Event.wait ", "Queue.get ", "KqueueSelector.select ", "wait (threading")

_MOST_PROF_BYTES = 100_000
_PRUNED = (10_000, 3000, 1000, 500, 250, 100)
"""A function below the whole divided by this is left out; the first that makes the file small enough is taken."""


def _roots() -> list[tuple[str, str]]:
    paths = sysconfig.get_paths()
    return [
        (str(ROOT) + os.sep, ""), (paths["purelib"] + os.sep, "site-packages/"), (paths["platlib"] + os.sep, "site-packages/"),
        (paths["stdlib"] + os.sep, "lib/"), (str(Path(sys.executable).resolve().parent) + os.sep, ""), (sys.prefix + os.sep, ""),
        (sys.base_prefix + os.sep, ""), (str(Path.home()) + os.sep, ""),
    ]  # fmt: skip


def relative(text: str) -> str:
    """The text without absolute paths of this machine."""
    for root, short in _roots():
        text = text.replace(root, short)
    return re.sub(r"(?<![\w.+-])/(?:[\w.+-]+/)+(?=[\w.+-]+\.(?:py|so)\b)", "", text)


def py_spy(pid: int, seconds: float, report: Path, name: str) -> dict[str, Any]:
    """Flame graph NAME.svg from the first half of the time, figures and a sentence from the second. Says so when py-spy cannot be used."""
    tool = shutil.which("py-spy", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if not tool:
        return {"note": "py-spy is not installed: skipped"}
    svg, raw = report / f"{name}.svg", report / f"{name}.raw"
    half_s = max(1, round(seconds / 2))
    errors = []
    for kind, path in (("flamegraph", svg), ("raw", raw)):
        command = [tool, "record", "-p", str(pid), "-d", str(half_s), "-r", "200", "-t", "-f", kind, "-o", str(path)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=half_s + 60, check=False)
        if done.returncode or not path.exists():
            errors.append(done.stderr.decode(errors="replace"))
    if errors:
        return {"note": f"py-spy could not sample the server: {relative(' '.join(errors))[:300].strip()}"}
    svg.write_text(relative(svg.read_text(encoding="utf-8")), encoding="utf-8")
    found = read_raw(raw.read_text(encoding="utf-8").splitlines())
    raw.unlink()
    return found | {"svg": svg.name}


def read_raw(lines: Iterable[str]) -> dict[str, Any]:
    """py-spy's raw format (`frame;frame;frame count`) → samples, top inclusive and own functions, one sentence."""
    inclusive: Counter[str] = Counter()
    own: Counter[str] = Counter()
    total = 0
    for line in lines:
        stack, _, number = line.rpartition(" ")
        if not number.isdigit():
            continue
        count = int(number)
        total += count
        frames = [relative(re.sub(r":\d+\)$", ")", f)) for f in stack.split(";") if f]
        for frame in set(frames):
            inclusive[frame] += count
        if frames:
            own[frames[-1]] += count
    if not total:
        return {"samples": 0, "sentence": "py-spy saw no busy sample: the server was idle.", "inclusive": [], "own": []}
    named = [(f, n) for f, n in inclusive.most_common(60) if not f.startswith("thread (") and not any(s in f for s in _SKIP)]
    ours = [(f, n) for f, n in named if "storj_monitor" in f][:5] or named[:5]
    threads = [(f, n) for f, n in inclusive.most_common() if f.startswith("thread (")]
    parts = ", ".join(f"{f} {100 * n / total:.0f} %" for f, n in ours)
    waits = sum(n for f, n in own.items() if f.startswith(_WAITS))
    working = [(f, n) for f, n in own.most_common(20) if not f.startswith(_WAITS)][:1]
    most = "".join(f"; most own time in {f} ({100 * n / total:.0f} %)" for f, n in working)
    most += f"; {100 * waits / total:.0f} % going to sleep and waking up" if waits else ""
    by_thread = f"; {len(threads)} threads were busy" if len(threads) > 1 else ""
    return {
        "samples": total,
        "sentence": f"Of {total} busy samples: {parts}{most}{by_thread}.",
        "inclusive": [[f, round(100 * n / total, 1)] for f, n in named[:20]],
        "own": [[f, round(100 * n / total, 1)] for f, n in own.most_common(20)],
    }


def cprofile_runner(report: Path, name: str) -> list[str]:
    """What starts the server under cProfile instead of `-m storj_monitor`."""
    return [str(HERE / "profiled.py"), str(report / f"{name}.prof")]


def finish_cprofile(report: Path, name: str) -> dict[str, Any]:
    """Relative paths in NAME.prof, the top 20 by cumulative time as NAME.top20.md."""
    path = report / f"{name}.prof"
    if not path.exists():
        return {"note": "the server left no profile"}
    stats: Any = pstats.Stats(str(path))
    stats.stats = {
        _short(key): (cc, nc, tt, ct, {_short(caller): v for caller, v in callers.items()})
        for key, (cc, nc, tt, ct, callers) in stats.stats.items()
    }
    for parts in _PRUNED:
        stats.stats = _prune(stats.stats, parts)
        stats.dump_stats(path)
        if path.stat().st_size <= _MOST_PROF_BYTES:
            break
    rows = sorted(stats.stats.items(), key=lambda item: -item[1][3])
    rows = [r for r in rows if not _holds(r[0])][:20]
    out = ["# Top 20 by cumulative CPU (cProfile, all threads)", "", "| cumulative s | own s | calls | function |", "|--:|--:|--:|---|"]
    for (file, line, function), (_, calls, own, cumulative, _) in rows:
        place = f"{file}:{line}" if line else ""
        out.append(f"| {cumulative:.3f} | {own:.3f} | {calls} | `{function}` {place} |".replace("|  |", "| |"))
    (report / f"{name}.top20.md").write_text("\n".join(out) + "\n", encoding="utf-8")
    return {"prof": path.name, "top20": f"{name}.top20.md"}


def _prune(entries: dict[Any, Any], parts: int) -> dict[Any, Any]:
    """Without the functions that take less than so small a part of the whole: a raw profile that is small enough to keep."""
    floor = sum(own for _, _, own, _, _ in entries.values()) / parts
    kept = {key for key, (_, _, _, cumulative, _) in entries.items() if cumulative >= floor}
    return {
        k: (cc, n, tt, ct, {c: v for c, v in callers.items() if c in kept}) for k, (cc, n, tt, ct, callers) in entries.items() if k in kept
    }


def _short(key: tuple[str, int, str]) -> tuple[str, int, str]:
    return relative(key[0]), key[1], relative(key[2])


def _holds(key: tuple[str, int, str]) -> bool:
    """What only holds everything else, and the imports of the start."""
    return "importlib" in key[0] or any(w in key[2] for w in ("_bootstrap", "builtins.exec", "profiled_run", "<module>", "build_class"))


def scalene_runner(folder: Path) -> tuple[list[str] | None, str]:
    """Runner (which leaves `scalene.json` in the folder) and a note; no runner where scalene is not installed."""
    if importlib.util.find_spec("scalene") is None:
        return None, "scalene is not installed: skipped (pip install scalene)"
    command = ["-m", "scalene", "run", "--use-virtual-time", "--program-path", str(ROOT), "-o", str(folder / "scalene.json")]
    return [*command, str(HERE / "run_monitor.py"), "---"], ""


def finish_scalene(folder: Path, report: Path, name: str) -> str:
    """NAME.scalene.md with the lines that took most CPU and memory; scalene's own file is large and full of places of this machine."""
    path = folder / "scalene.json"
    if not path.exists():
        return "scalene left no profile"
    content = json.loads(path.read_text(encoding="utf-8"))
    lines = [part | {"file": relative(file)} for file, found in content["files"].items() for part in found["lines"]]
    text = [
        f"# scalene: greatest footprint {content['max_footprint_mb']:.0f} MB in {content['elapsed_time_sec']:.0f} s", "",
        "## CPU", "", *_scalene_table(lines, ("n_cpu_percent_python", "n_cpu_percent_c", "n_sys_percent"), ("% Python", "% C", "% system")),
        "## Memory", "", *_scalene_table(lines, ("n_malloc_mb",), ("MB allocated",)),
    ]  # fmt: skip
    (report / f"{name}.scalene.md").write_text("\n".join(text), encoding="utf-8")
    return f"written to [{name}.scalene.md]({name}.scalene.md)"


def _scalene_table(lines: list[dict[str, Any]], columns: tuple[str, ...], heads: tuple[str, ...]) -> list[str]:
    """The twenty lines with the greatest sum of these columns."""
    # what is imported is start-up
    busy = (line for line in lines if not line["line"].strip().startswith(("import ", "from ")))
    top = sorted(((sum(line[c] for c in columns), line) for line in busy), key=lambda pair: -pair[0])[:20]
    rows = [(*(float(line[c]) for c in columns), _code(line)) for total, line in top if total > 0]
    return table([*heads, "<line"], rows)


def _code(line: dict[str, Any]) -> str:
    text = line["line"].strip().replace("|", "\\|")[:80]
    return f"{line['file']}:{line['lineno']} `{text}`"
