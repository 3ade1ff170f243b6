"""Slack's block messages as a terminal can show them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from marsad.commands.formats import printable

_TOKEN = re.compile(r"<(?P<url>[^|<>]+)\|(?P<label>[^<>]*)>|\*(?P<bold>[^*\n]+)\*")
_ISOLATES = re.compile("[\u2066-\u2069]")


def render_message(payload: Mapping[str, Any]) -> RenderableType:
    """Return a message of sections, contexts and dividers as something to print."""
    parts: list[RenderableType] = []
    for block in payload.get("blocks", ()):
        if block["type"] == "divider":
            parts.append(Rule(style="dim"))
        elif block["type"] == "context":
            for element in block["elements"]:
                parts.append(render_mrkdwn(element["text"], style="dim"))
        else:
            parts.append(render_mrkdwn(block["text"]["text"]))
    while parts and isinstance(parts[-1], Rule):
        parts.pop()
    return Group(*parts)


def render_mrkdwn(source: str, *, style: str = "") -> Text:
    """Return Slack's markup as styled text: bold, links, quotes."""
    lines = []
    for line in source.split("\n"):
        quote = line.startswith("> ")
        text = _spans(line.removeprefix("> "), style)
        if quote:
            text = Text("▎ ", style="dim").append_text(text)
        lines.append(text)
    return Text("\n").join(lines)


def _spans(line: str, style: str) -> Text:
    bare = _ISOLATES.sub("", line)
    text, position = Text(style=style), 0
    for token in _TOKEN.finditer(bare):
        text.append(_plain(bare[position : token.start()]))
        if token["bold"] is not None:
            inner = _TOKEN.fullmatch(token["bold"])
            words = inner["label"] if inner and inner["label"] else token["bold"]
            text.append(_plain(words), style="bold")
        else:
            text.append(_plain(token["label"]), style="bold underline")
        position = token.end()
    text.append(_plain(bare[position:]))
    return _isolated(text)


def _plain(words: str) -> str:
    safe = unescape(words)
    return "".join(c if c.isprintable() else " " for c in safe)


def _isolated(text: Text) -> Text:
    """Keep a line with Arabic together, whatever else it holds."""
    if printable(text.plain) == text.plain:
        return text
    return Text("\u2067").append_text(text).append("\u2069")
