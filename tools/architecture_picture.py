"""docs/architecture.svg, drawn from the imports themselves; ``make docs`` draws it anew.

Boxes, arrows, libraries and inner packages are what the code's import graph has, so the picture
cannot be of another house. It changes with a room's libraries or packages, not with every module.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from importlib import import_module

import grimp

WALK = ("crawler", "matcher", "storage", "alerts")
TOP, BOTTOM = "marsad", "domain"
ROOMS = (TOP, *WALK, BOTTOM)
_HANDED_ON = ("Article", "Match", "Notice")  # from each room of the walk to the next, by marsad
_WIDE, _GAP, _MARGIN = 200, 50, 90
_HIGH = {TOP: 105, BOTTOM: 80} | dict.fromkeys(WALK, 140)
_CHARACTERS = 33  # of small type that fit a box
_STYLE = """\
text{font-family:system-ui,sans-serif;fill:#1b2733}
.room{font-weight:600;font-size:16px}.small{font-size:11px}.word{font-size:12px;font-style:italic}
.box{fill:#f3f6fa;stroke:#31557f;stroke-width:1.5}.arrow{stroke:#31557f;stroke-width:1.5;fill:none}
.walk{stroke:#a4532a;stroke-width:2;stroke-dasharray:5 4;fill:none}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the picture says of a room."""

    says: str  # the first sentence of its docstring
    imports: tuple[str, ...]  # other rooms
    libraries: tuple[str, ...]  # of others, the standard library left out
    packages: tuple[str, ...]  # its inner ones


def rooms() -> dict[str, Room]:
    """Return every room as the import graph has it."""
    graph = grimp.build_graph(*ROOMS, include_external_packages=True, cache_dir=None)
    return {name: _room(graph, name) for name in ROOMS}


def _room(graph: grimp.ImportGraph, name: str) -> Room:
    modules = {name, *graph.find_descendants(name)}
    imported = {
        target.partition(".")[0]
        for module in modules
        for target in graph.find_modules_directly_imported_by(module)
    }
    inner = (child for child in graph.find_children(name) if graph.find_children(child))
    doc = import_module(name).__doc__ or ""
    return Room(
        says=" ".join(doc.split(".")[0].split()),
        imports=tuple(room for room in ROOMS if room in imported and room != name),
        libraries=tuple(sorted(imported - set(ROOMS) - sys.stdlib_module_names)),
        packages=tuple(sorted(child.partition(".")[2] for child in inner)),
    )


def picture() -> str:
    """Return the picture as SVG."""
    found = rooms()
    places = dict(_places())
    width = 2 * _MARGIN + len(WALK) * _WIDE + (len(WALK) - 1) * _GAP
    height = sum(_HIGH[name] for name in (TOP, WALK[0], BOTTOM)) + 2 * _GAP + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>The rooms of marsad and their imports</title>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="head" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#31557f"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *(_box(name, found[name], *places[name]) for name in ROOMS),
        *_imports(found, places),
        *_walk(places, width),
        f'<text class="small" x="{_MARGIN}" y="{height - 12}">Solid: imports. Dashed: what marsad '
        "hands from room to room. Listed: libraries that a room uses.</text>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _places() -> Iterator[tuple[str, tuple[int, int, int]]]:
    """Yield each room's left, top and width."""
    whole = len(WALK) * _WIDE + (len(WALK) - 1) * _GAP
    top = 20
    yield TOP, (_MARGIN, top, whole)
    top += _HIGH[TOP] + _GAP
    for number, name in enumerate(WALK):
        yield name, (_MARGIN + number * (_WIDE + _GAP), top, _WIDE)
    yield BOTTOM, (_MARGIN, top + _HIGH[WALK[0]] + _GAP, whole)


def _box(name: str, room: Room, left: int, top: int, width: int) -> str:
    characters = _CHARACTERS * width // _WIDE
    lines = textwrap.wrap(room.says, characters)
    if room.packages:
        lines += textwrap.wrap(f"packages: {', '.join(room.packages)}", characters)
    lines += textwrap.wrap(
        f"uses {', '.join(room.libraries) or 'the standard library alone'}", characters
    )
    shown = [
        f'<rect class="box" x="{left}" y="{top}" width="{width}" height="{_HIGH[name]}" rx="8"/>',
        f'<text class="room" x="{left + 14}" y="{top + 26}">{name}/</text>',
    ]
    for number, line in enumerate(lines):
        y = top + 48 + 15 * number
        shown.append(f'<text class="small" x="{left + 14}" y="{y}">{escape(line)}</text>')
    return "\n".join(shown)


def _imports(
    found: Mapping[str, Room], places: Mapping[str, tuple[int, int, int]]
) -> Iterator[str]:
    """Yield an arrow for each room that imports another."""
    for name, drawn in found.items():
        for target in drawn.imports:
            if {name, target} == {TOP, BOTTOM}:
                x = _MARGIN - 24
                edges = [places[room][1] + _HIGH[room] // 2 for room in (name, target)]
                path = f"M{_MARGIN} {edges[0]}H{x}V{edges[1]}H{_MARGIN - 2}"
            else:
                middle = places[target if target in WALK else name]
                x = middle[0] + middle[2] // 2
                down = places[name][1] + _HIGH[name], places[target][1] - 2
                path = f"M{x} {down[0]}V{down[1]}"
            yield f'<path class="arrow" d="{path}" marker-end="url(#head)"/>'


def _walk(places: Mapping[str, tuple[int, int, int]], width: int) -> Iterator[str]:
    """Yield what is handed on, from the press to the analysts."""
    y = places[WALK[0]][1] + 22
    for number, word in enumerate(_HANDED_ON):
        x = places[WALK[number]][0] + _WIDE
        yield f'<path class="walk" d="M{x} {y}H{x + _GAP}"/>'
        middle = f'x="{x + _GAP // 2}" y="{y - 8}" text-anchor="middle"'
        yield f'<text class="word" {middle}>{word}</text>'
    yield f'<text class="word" x="8" y="{y - 8}">the press</text>'
    yield f'<path class="walk" d="M8 {y}H{_MARGIN}"/>'
    yield f'<path class="walk" d="M{width - _MARGIN} {y}H{width - 8}"/>'
    yield f'<text class="word" x="{width - 8}" y="{y - 8}" text-anchor="end">analysts</text>'
