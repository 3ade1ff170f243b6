"""Charts as SVG, drawn by pygal. They are loaded as images, so that nothing in them can run."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # of an image: its own rules only
_COLOURS = ("#0b7a6c", "#c2702a", "#4a6fb5", "#a8457e", "#7d8a2e", "#6d5aa8", "#8a8f94", "#b09030")
_FONT = "system-ui, 'Noto Sans', 'Noto Sans Arabic', sans-serif"
_MOST_LABELS = 14  # months that are named
_FEWEST_LABELS = 4  # the same on a phone
_DARK = """inline:
.axis .guides, .axis .major.guides { stroke: #b9c0c3 !important; }
.axis .line { stroke: #8b9499 !important; }
@media (prefers-color-scheme: dark) {
  text, .title, .axis text, .legend text { fill: #e8e6e0 !important; }
  .axis .line, .axis .guides, .axis .major.guides { stroke: #475055 !important; }
}
"""
_FROM_THE_RIGHT = """inline:
.axis.y text { text-anchor: start !important; }
.legends .legend text { text-anchor: end !important; }
"""


def stacked(
    labels: Sequence[str],
    series: Mapping[str, Sequence[int]],
    *,
    is_rtl: bool,
    is_narrow: bool = False,
) -> bytes:
    """Draw columns of stacked counts, one a label; read from the right where ``is_rtl``."""
    size = {"width": 400, "height": 440} if is_narrow else {"height": 380}
    columns = 2 if is_narrow else None  # of the legend; None: as many as fit by the count
    config = _config(**size, is_rtl=is_rtl) | {
        "legend_at_bottom_columns": columns,
        "truncate_legend": 30,
    }
    chart = _pygal().StackedBar(**config, x_label_rotation=0)
    chart.x_labels = list(labels)
    most = _FEWEST_LABELS if is_narrow else _MOST_LABELS
    if len(labels) > most:
        chart.show_minor_x_labels = False
        chart.x_labels_major = chart.x_labels[:: -(-len(labels) // most)]
    for name, values in series.items():
        chart.add(name, list(values))
    return _drawn(chart, is_rtl=is_rtl)


def bars(
    labels: Sequence[str],
    series: Mapping[str, Sequence[int]],
    *,
    is_rtl: bool,
    is_narrow: bool = False,
) -> bytes:
    """Draw a lying bar of stacked counts for each label, the first one on top; half as wide.

    Where ``is_rtl`` bars grow from the right, and their labels stand there.
    """
    chart = _pygal().HorizontalStackedBar(
        **_config(100 + 26 * max(len(labels), 3), 400 if is_narrow else 560, is_rtl=is_rtl)
    )
    chart.x_labels = list(reversed(labels))
    for name, values in series.items():
        chart.add(name, list(reversed(values)))
    return _drawn(chart, is_rtl=is_rtl)


def _pygal() -> Any:
    """Return the library, read when somebody looks at a chart.

    It adds a finder of plug-ins to Python's imports, of a kind that Python gave up: taken out.
    """
    import pygal.style  # noqa: PLC0415 - lxml, for pages without charts idle

    sys.meta_path[:] = [f for f in sys.meta_path if type(f).__module__ != "pygal"]
    return pygal


def _config(height: int, width: int = 1100, *, is_rtl: bool = False) -> dict[str, Any]:
    style = _pygal().style.Style(
        background="transparent",
        plot_background="transparent",
        foreground="#3c464b",
        foreground_strong="#1d2327",
        foreground_subtle="#8b9499",
        colors=_COLOURS,
        font_family=_FONT,
        label_font_size=13,
        major_label_font_size=13,
        legend_font_size=13,
        opacity=".95",
    )
    return {
        "style": style,
        "height": height,
        "width": width,
        "js": (),
        "css": (*("file://style.css", "file://graph.css", _DARK), *[_FROM_THE_RIGHT] * is_rtl),
        "legend_at_bottom": True,
        "legend_box_size": 12,
        "show_minor_y_labels": True,
        "spacing": 12,
        "margin": 8,
        "no_data_text": "–",
        "value_formatter": lambda value: f"{value:g}",
        "disable_xml_declaration": False,
        "max_scale": 8,
        "truncate_label": -1,
    }


def _drawn(chart: Any, *, is_rtl: bool = False) -> bytes:
    chart.add_xml_filter(_without_scripts)
    if is_rtl:  # the library draws from the left only
        chart.add_xml_filter(_from_the_right)
    drawn: bytes = chart.render()
    return drawn


def _without_scripts(root: Element) -> Element:
    for parent in list(root.iter()):
        for child in list(parent):
            if _kind(child) == "script":
                parent.remove(child)
    return root


def _from_the_right(root: Element) -> Element:
    """Mirror what is drawn, and each of its texts once more about where it stands."""
    width = root.attrib["viewBox"].split()[2]
    for part in [child for child in root if _kind(child) == "g"]:
        part.set("transform", f"translate({width}, 0) scale(-1, 1)")
    for parent in list(root.iter()):
        for place, child in enumerate(list(parent)):
            if _kind(child) == "text":
                there = 2 * float(child.attrib.get("x", "0"))
                turned = parent.makeelement("g", {})
                turned.set("transform", f"translate({there:g}, 0) scale(-1, 1)")
                parent[place] = turned
                turned.append(child)
    return root


def _kind(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""  # a comment
