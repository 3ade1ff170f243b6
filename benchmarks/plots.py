"""The pictures of the benchmark, drawn from what a run kept.

    python -m benchmarks.plots [--into docs/images]

board.svg: how far each figure of the board is from what it must be. growth.svg: what becomes of
each cost as there is more of what it depends on. Both are of themselves light or dark, as the
reader's screen is. A picture whose figures were not kept is left as it is.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.figures import RESULTS, ROOT

_STYLE = """<style>
.page{fill:#fff} text{fill:#222} .soft{fill:#666} .grid{stroke:#ddd} .line{stroke:#777}
.good{fill:#3d8bd4} .bad{fill:#d9730d} .goal{stroke:#222;stroke-width:2}
@media (prefers-color-scheme:dark){.page{fill:#15191e} text{fill:#e4e6e8} .soft{fill:#9aa2ab}
.grid{stroke:#333a42} .line{stroke:#9aa2ab} .goal{stroke:#e4e6e8}}
</style>"""
_FONT = 'font-family="DejaVu Sans, Verdana, sans-serif"'
_COLOURS = ("#3d8bd4", "#d9730d", "#3aa564", "#a868d8", "#c2474b")
_STEPS = (1, 2, 5)

# The board, in pixels.
_LABELS, _BARS, _VALUES, _ROW, _TOP = 330, 340, 210, 22, 62
# The growth: panels two by two.
_PANEL, _PLOT, _LEFT, _HEAD, _FOOT, _LEGEND = 450, 150, 46, 46, 38, 17


def _framed(width: int, height: int, lines: Iterable[str], told: str) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {_FONT}'
        f' font-size="11" role="img" aria-label="{escape(told)}">'
    )
    page = f'<rect class="page" width="{width}" height="{height}"/>'
    return "\n".join([head, _STYLE, page, *lines, "</svg>", ""])


def _text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{more and " " + more}>{escape(words)}</text>'


def board(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the board as bars: to the right what is within its must, to the left what is not.

    A bar is as long as the factor between figure and must, on a log scale; a stroke marks the
    goal. A row without a bound that a factor can be told from has words only.
    """
    factors = [abs(math.log10(f)) for row in rows if (f := _within(row, row["measured"]))]
    factors += [abs(math.log10(f)) for row in rows if (f := _within(row, row.get("goal")))]
    reach = max(0.5, *factors, 0) * 1.05
    middle, scale = _LABELS + _BARS / 2, _BARS / 2 / reach
    height = _TOP + _ROW * len(rows) + 12
    lines = [
        _text(12, 22, "How far each figure is from what it must be", 'font-size="15"'),
        _text(
            12, 40, "log scale; right of the line: within its must; stroke: goal", 'class="soft"'
        ),
    ]
    apart = [step for step in _ticks(1, 10**reach, fine=1_000) if step > 1]
    for step in [*(1 / step for step in apart), 1, *apart]:
        x = middle + math.log10(step) * scale
        kind = "line" if step == 1 else "grid"
        lines.append(f'<path class="{kind}" d="M{x:.1f} {_TOP - 4}V{height - 8}"/>')
        told = "must" if step == 1 else f"{max(step, 1 / step):g}x"
        lines.append(_text(x, _TOP - 8, told, 'class="soft" text-anchor="middle" font-size="9"'))
    for number, row in enumerate(rows):
        lines += _bar(row, _TOP + number * _ROW, middle, scale)
    return _framed(_LABELS + _BARS + _VALUES, height, lines, "Each figure beside its must")


def _within(row: Mapping[str, Any], value: float | None) -> float | None:
    """Return how many times ``value`` is better than the row's must; None where no factor is."""
    must = row.get("must")
    if value is None or must is None or must <= 0 or value <= 0:
        return None
    return float(value / must if row.get("is_least") else must / value)


def _bar(row: Mapping[str, Any], top: float, middle: float, scale: float) -> Iterator[str]:
    yield _text(_LABELS - 10, top + 14, str(row["what"])[:54], 'text-anchor="end"')
    measured, must, unit = row["measured"], row.get("must"), row.get("unit", "")
    told = "no figure" if measured is None else f"{measured:.3g}{unit}"
    if must is not None:
        told += f", must be {'>=' if row.get('is_least') else '<='} {must:g}{unit}"
    kind = "bad" if not row["kept"] else "soft" if must is None else "told"
    yield _text(_LABELS + _BARS + 10, top + 14, told, f'class="{kind}"')
    factor, goal = _within(row, measured), _within(row, row.get("goal"))
    if factor is not None:
        x = middle + math.log10(factor) * scale
        kind = "good" if factor >= 1 else "bad"
        size = f'x="{min(x, middle):.1f}" width="{max(abs(x - middle), 1):.1f}"'
        yield f'<rect class="{kind}" {size} y="{top + 4}" height="{_ROW - 8}" rx="2"/>'
    if goal is not None:
        x = middle + math.log10(goal) * scale
        yield f'<path class="goal" d="M{x:.1f} {top + 2}v{_ROW - 4}"/>'


def _ticks(least: float, most: float, fine: float = 30) -> list[float]:
    """Return round numbers from ``least`` to ``most``, of each power 1, 2 and 5 if they are few."""
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    found = [step * 10.0**power for power in powers for step in _STEPS]
    if most / least > fine:
        found = [10.0**power for power in powers]
    return [step for step in found if least <= step <= most]


def growth(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return a panel an axis: each cost beside what it was at the smallest size, log by log."""
    panels: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        # A rate is its cost upside down; a cost that noise made less than nothing has no logarithm.
        middles = [statistics.median(many) for many in line["values"].values()]
        if not line["is_rate"] and min(middles) > 0:
            panels.setdefault(line["sizes"], []).append(line)
    drawn = [
        _text(12, 22, "What becomes of costs as there is more", 'font-size="15"'),
        _text(12, 40, "CPU time and memory beside the smallest size; log scales", 'class="soft"'),
    ]
    top = 44
    every = list(panels.items())
    for start in range(0, len(every), 2):
        pair = every[start : start + 2]
        for column, (sizes, many) in enumerate(pair):
            drawn.append(f'<g transform="translate({column * _PANEL},{top})">')
            drawn += [*_panel(sizes, many), "</g>"]
        top += _HEAD + _PLOT + _FOOT + _LEGEND * max(len(many) for _, many in pair)
    return _framed(2 * _PANEL, top, drawn, "How costs grow")


def _panel(sizes: str, lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    curves = [_curve(line["values"]) for line in lines]
    every = sorted({size for curve in curves for size, _ in curve})
    ratios = [ratio for curve in curves for _, ratio in curve]
    least, most = min(0.5, *ratios), max(2.0, *ratios) * 1.1
    wide = _PANEL - _LEFT - 30
    span = math.log(every[-1] / every[0]) or 1.0

    def place(size: float, ratio: float) -> tuple[float, float]:
        x = _LEFT + wide * math.log(size / every[0]) / span
        return x, _HEAD + _PLOT * (1 - math.log(ratio / least) / math.log(most / least))

    yield _text(_LEFT, _HEAD - 14, sizes, 'font-weight="bold"')
    for tick in _ticks(least, most):
        _, y = place(every[0], tick)
        kind = "line" if tick == 1 else "grid"
        yield f'<path class="{kind}" d="M{_LEFT} {y:.1f}h{wide}"/>'
        yield _text(_LEFT - 6, y + 4, f"{tick:g}x", 'class="soft" text-anchor="end"')
    for size in every:
        x, _ = place(size, 1)
        yield _text(x, _HEAD + _PLOT + 18, f"{size:,}", 'class="soft" text-anchor="middle"')
    for number, (line, curve) in enumerate(zip(lines, curves, strict=True)):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [place(size, ratio) for size, ratio in curve]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
        y = _HEAD + _PLOT + _FOOT + number * _LEGEND
        yield f'<rect x="{_LEFT}" y="{y - 8}" width="14" height="4" fill="{colour}"/>'
        yield _text(_LEFT + 20, y, f"{line['what']}: {curve[-1][1]:.2f}x")


def _curve(values: Mapping[Any, Sequence[float]]) -> list[tuple[int, float]]:
    """Return the medians by size, each beside the one of the smallest size."""
    middles = sorted((int(size), statistics.median(many)) for size, many in values.items())
    return [(size, middle / middles[0][1]) for size, middle in middles]


def main() -> None:
    """Draw what is kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "images")
    given = parser.parse_args()
    for name, drawn in (("board", board), ("growth", growth)):
        kept = RESULTS / f"{name}.json"
        if not kept.exists():
            print(f"{name}.svg: nothing kept; run make bench first")
            continue
        found = json.loads(kept.read_text(encoding="utf-8"))
        rows = found["rows"] if name == "board" else found
        (given.into / f"{name}.svg").write_text(drawn(rows), encoding="utf-8")
        print(f"{given.into / name}.svg")


if __name__ == "__main__":
    main()
