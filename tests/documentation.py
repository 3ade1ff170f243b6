"""Markdown pages as the tests read them: fenced blocks, and the commands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"^(?P<indent> *)```(\w+) ?(\S*)\n(.*?)^(?P=indent)```$", re.M | re.S)
_INLINE = re.compile(r"`(marsad [a-z-][^`]*)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, what stands behind it, and its text."""

    language: str
    info: str
    body: str

    @property
    def file(self) -> str:
        """The name under which a reader saves it, or nothing."""
        return self.info.removeprefix("file=") if self.info.startswith("file=") else ""


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [Block(*found[1:]) for found in _BLOCK.findall(text)]


def calls(block: Block) -> list[tuple[str, list[str]]]:
    """Return each command of a ``console`` block with the lines that it is said to print."""
    found: list[tuple[str, list[str]]] = []
    for line in block.body.splitlines():
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), []))
        elif line.strip():
            found[-1][1].append(line.strip())
    return found


def shell_lines(block: Block) -> Iterator[str]:
    """Yield the commands of a ``sh`` block without their remarks; a broken line is whole."""
    for line in block.body.replace("\\\n", " ").splitlines():
        words = re.sub(r"(^|\s)#.*$", "", line).strip()
        if words:
            yield words


def inline_commands(page: Path) -> list[str]:
    """Return the commands of marsad that stand in the text of a page."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    return [" ".join(found.split()) for found in _INLINE.findall(text)]
