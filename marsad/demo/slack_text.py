"""Slack's block messages as a terminal can show them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from marsad.bidi import Paragraph, for_paragraph, is_rtl, without_controls

INDENT = "  "

_TOKEN = re.compile(r"<(?P<url>[^|<>]+)\|(?P<label>[^<>]*)>|\*(?P<bold>[^*\n]+)\*")
_ISOLATES = re.compile("[\u2066-\u2069]")


def render_message(payload: Mapping[str, Any]) -> RenderableType:
    """Return a message of sections, contexts and dividers as something to print."""
    parts: list[RenderableType] = []
    for block in payload.get("blocks", ()):
        if block["type"] == "divider":
            parts.append(Text())
        elif block["type"] == "context":
            for element in block["elements"]:
                parts.append(render_mrkdwn(element["text"], style="dim"))
        else:
            parts.append(render_mrkdwn(block["text"]["text"]))
    while parts and isinstance(parts[-1], Text):
        parts.pop()
    return Group(*parts)


def render_mrkdwn(source: str, *, style: str = "") -> Group:
    """Return Slack's markup as styled text: bold, links, quotes."""
    lines = source.split("\n")
    return Group(*(_line(line, style) for line in lines))


def _line(line: str, style: str) -> Paragraph:
    indent = f"{INDENT}▎ " if line.startswith("> ") else INDENT
    return Paragraph(_spans(line.removeprefix("> "), style), indent=indent)


def _spans(line: str, style: str) -> Text:
    bare = _ISOLATES.sub("", line)
    text, position = Text(style=style), 0
    for token in _TOKEN.finditer(bare):
        text.append(_plain(bare[position : token.start()]))
        if token["bold"] is not None:
            link = _TOKEN.fullmatch(token["bold"])
            text.append(_plain(link["label"] if link else token["bold"]), style="bold")
        else:
            text.append(_plain(token["label"]), style="underline")
        position = token.end()
    rest = unescape(bare[position:])
    text.append(without_controls(rest) if is_rtl(text.plain + rest) else for_paragraph(rest))
    return text


def _plain(words: str) -> str:
    return without_controls(unescape(words))
