"""Where the CPU time of a whole run goes, as a picture: docs/images/whole-run.svg.

    python -m benchmarks.flame [--outlets 20] [--pages 50] [--sampler .venv-peers/bin/py-spy]

py-spy looks at every process of ``marsad crawl`` some hundred times a second. What a thread was
found doing is told by the modules that led there, from the process downwards: a box is as wide
as its share, and hangs below what called it. Threads that only wait are left out. The sampler
meets a process that works in short bursts too seldom, so a process weighs what CPU time it took.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import yaml

from benchmarks.figures import ROOMS, ROOT, compile_rooms
from benchmarks.press_server import served
from benchmarks.whole import look, settings

PICTURE = ROOT / "docs" / "images" / "whole-run.svg"
_RATE = 200  # samples a second
_PROCESS = re.compile(r"process (\d+):")
_FRAME = re.compile(r"^(?P<name>.*) \((?P<file>[^()]*?)(?::\d+)?\)$")
_LIBRARY = re.compile(r"site-packages/([^/.]+)")
# Waiting, whatever the sampler thinks: for a task, for a lock, for the network.
_WAITS = frozenset(
    "_worker _serve_one select wait unix_poll poll get recv _recv recv_bytes acquire join sleep "
    "main pool_manager_loop task_scheduler_loop message_manager_loop".split()
)
_PLUMBING = frozenset(
    "threading contextlib functools runpy typer concurrent thread string forkserver spawn process "
    "marsad.cli marsad.commands.app marsad.commands.collect marsad.failpoints runners "
    "asyncio".split()
)
_WIDTH, _ROW, _HEAD, _EDGE = 1200, 22, 64, 12  # pixels
_LEAST = 0.004  # of all: what is narrower is not drawn
_DEEPEST = 9  # rows
_COLOURS = {"ours": "#c9dcf2", "library": "#f3dcb8", "python": "#e2e2e2", "process": "#cfe6cf"}


@dataclass(slots=True)
class Box:
    """A module among what it was called by, and the CPU seconds that it took there."""

    label: str
    kind: str
    seconds: float = 0.0
    inside: dict[str, Box] = field(default_factory=dict)

    def add(self, path: Iterable[tuple[str, str]], seconds: float) -> None:
        """Count ``seconds`` for every box along ``path``."""
        self.seconds += seconds
        here = self
        for label, kind in path:
            here = here.inside.setdefault(label, Box(label, kind))
            here.seconds += seconds


def module_of(file: str) -> tuple[str, str]:
    """Return what a frame's file is called in the picture, and of which kind it is."""
    library = _LIBRARY.search(file)
    if library:
        return library[1], "library"
    for room in ROOMS:
        _, found, rest = file.rpartition(f"/{room}/")
        if found and str(ROOT) in file:
            return f"{room}.{rest.removesuffix('.py').replace('/', '.')}", "ours"
    if "importlib" in file:
        return "import", "python"
    name = Path(file).parent.name if "asyncio" in file else Path(file).stem
    return name.strip("<>").removeprefix("frozen ") or "python", "python"


def path_of(stack: str) -> list[tuple[str, str]]:
    """Return the modules of one sampled stack from the process down; empty where it only waits."""
    frames = [found for part in stack.split(";") if (found := _FRAME.match(part))]
    if not frames or frames[-1]["name"].rpartition(".")[2] in _WAITS:
        return []
    is_child = "forkserver" in stack
    names = {frame["name"].rpartition(".")[2] for frame in frames}
    process = "daemon" if not is_child else "worker" if "process_tasks" in names else "fork server"
    path = [(process, "process")]
    for frame in frames:
        module = module_of(frame["file"])
        if module[0] == "import":  # what is imported is told by its name alone, not by its tree
            return [*path, module, *_imported(frames)]
        if module[0] not in _PLUMBING and module != path[-1]:
            path.append(module)
    return path[:_DEEPEST]


def _imported(frames: list[re.Match[str]]) -> Iterator[tuple[str, str]]:
    for frame in frames:
        module = module_of(frame["file"])
        if frame["name"] == "<module>" and module[1] == "library":
            yield module
            return


def drawn(root: Box) -> str:
    """Return the picture."""
    boxes = list(_laid(root, 0.0, 1.0, 0, root.seconds))
    rows = 1 + max(row for _, _, _, row in boxes)
    height = _HEAD + rows * _ROW + _EDGE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"'
        ' font-family="DejaVu Sans, Verdana, sans-serif" font-size="11">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_EDGE}" y="24" font-size="15">Where a whole run spends its time</text>',
        f'<text x="{_EDGE}" y="44" fill="#555555">{root.seconds:.1f} s of CPU time of all'
        " processes; blue: marsad, ochre: libraries, grey: Python</text>",
    ]
    for box, left, share, row in boxes:
        lines.append(_drawn_box(box, left, share, row, root.seconds))
    return "\n".join([*lines, "</svg>", ""])


def _laid(
    box: Box, left: float, share: float, row: int, whole: float
) -> Iterator[tuple[Box, float, float, int]]:
    yield box, left, share, row
    for inner in sorted(box.inside.values(), key=lambda b: -b.seconds):
        part = inner.seconds / whole
        if part >= _LEAST:
            yield from _laid(inner, left, part, row + 1, whole)
            left += part


def _drawn_box(box: Box, left: float, share: float, row: int, whole: float) -> str:
    inner = _WIDTH - 2 * _EDGE
    x, y, width = _EDGE + left * inner, _HEAD + row * _ROW, share * inner
    told = f"{box.label} {box.seconds / whole:.0%}"
    fits = max(0, int((width - 6) / 6.3))
    shown = told if len(told) <= fits else box.label[:fits] if fits >= 4 else ""
    size = f'width="{max(width - 1, 0.5):.1f}" height="{_ROW - 2}"'
    return (
        f"<g><title>{escape(told)}</title>"
        f'<rect x="{x:.1f}" y="{y}" {size} rx="2" fill="{_COLOURS[box.kind]}"/>'
        f'<text x="{x + 4:.1f}" y="{y + 14}">{escape(shown)}</text></g>'
    )


def sample(sampler: Path, outlets: int, pages: int) -> tuple[list[str], dict[int, float]]:
    """Crawl the benchmark's press under the sampler; return folded stacks, seconds by process."""
    spent: dict[int, float] = {}
    with served(outlets, pages) as port, tempfile.TemporaryDirectory() as name:
        config, stacks = Path(name, "config.yaml"), Path(name, "stacks.txt")
        config.write_text(yaml.safe_dump(settings(port, outlets)), encoding="utf-8")
        watch = (str(sampler), "record", "--subprocesses", "--full-filenames", "-f", "raw")
        crawl = (sys.executable, "-m", "marsad.cli", "--config", str(config), "crawl", "--all")
        command = (*watch, "-r", str(_RATE), "-o", str(stacks), "--", *crawl, "--no-alerts")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, **quiet)
        while process.poll() is None:
            look(process.pid, spent)
            time.sleep(0.02)
        if not stacks.exists():
            sys.exit(f"{sampler} left nothing: may it trace other processes?")
        return stacks.read_text(encoding="utf-8").splitlines(), spent


def weighed(stacks: Iterable[str], spent: Mapping[int, float]) -> Box:
    """Return what the stacks say, each process weighing the CPU time that it took."""
    found: list[tuple[int, list[tuple[str, str]], int]] = []
    met: Counter[int] = Counter()
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        path = path_of(stack)
        if path:
            process = int(_PROCESS.findall(stack)[-1])
            met[process] += int(count)
            found.append((process, path, int(count)))
    root = Box("marsad crawl", "process")
    for process, path, count in found:
        root.add(path, count / met[process] * spent.get(process, 0.0))
    return root


def main() -> None:
    """Sample and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--outlets", type=int, default=20)
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--sampler", type=Path, default=Path(".venv-peers/bin/py-spy"))
    given = parser.parse_args()
    compile_rooms()
    root = weighed(*sample(given.sampler, given.outlets, given.pages))
    PICTURE.write_text(drawn(root), encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)}: {root.seconds:.1f} s")


if __name__ == "__main__":
    main()
