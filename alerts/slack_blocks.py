"""Cards and digests as Slack's blocks, within Slack's limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alerts.card import Card
from alerts.cleaning import is_rtl
from alerts.digest import Digest, Event
from alerts.proof import Piece

Block = dict[str, Any]

SECTION = 2900  # characters of a section as sent; the limit is 3000
CONTEXT = 1900  # the limit is 2000
BLOCKS = 48  # of a message; the limit is 50
WHOLE = 12_000  # characters of all blocks: msg_blocks_too_long was seen at 13,200
RLM = "\u200f"  # opens a line of Arabic: it is laid out from the right
LRM = "\u200e"  # ends Arabic words in a Latin line: digits after them stay in place

# Slack escapes these three and no more. What it would read as markup has look-alikes.
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ALIKE = str.maketrans({"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"})


def escape(text: str) -> str:
    """Escape the three characters that Slack reads: no mention, no forged link."""
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def words(text: str, limit: int) -> str:
    """Return a stranger's words for Slack: as they are, no markup, at most ``limit`` as sent."""
    parts: list[str] = []
    room = limit - 1
    for letter in text.translate(_ALIKE):
        sent = _ESCAPES.get(letter, letter)
        room -= len(sent.encode("utf-16-le")) // 2  # Slack may count as its browsers do
        if room < 0:
            return "".join(parts).rstrip() + "…"
        parts.append(sent)
    return "".join(parts)


def card_blocks(item: Card) -> list[Block]:
    """Return the blocks of one article."""
    passage = _passage(item.proof)
    mark = RLM if item.is_rtl else ""
    head = _headline(item)
    blocks = [_section(f"{head}\n> {mark}{passage}{mark}" if passage else head)]
    facts = [f"*{label}:* {words(values, 400)}" for label, values in item.facts]
    if facts:
        blocks.append(_section("\n".join(facts)))
    foot = f"{_outlet(item)} · {item.published} · {item.language_name} · score {item.score:.2f}"
    foot += f" · rule {words(', '.join(item.rules), 400)} · {item.reference}"
    blocks.append({"type": "context", "elements": [_text(foot)]})
    blocks.append({"type": "divider"})
    return blocks


def digest_blocks(told: Digest) -> list[Block]:
    """Return the blocks of a digest: a block an event, as many as Slack takes; the rest counted."""
    blocks = [_section(f"*{escape(told.heading)}*")]
    room = WHOLE - 300
    named = 0
    for group in told.groups:
        heading = f"*{words(group.heading, 300)}*"
        for number, event in enumerate(group.events):
            lines = _event(event)
            text = f"{heading}\n{lines}" if number == 0 else lines
            if len(text) > room or len(blocks) >= BLOCKS:
                return [*blocks, _rest(told.articles - named)]
            room -= len(text)
            named += 1 + len(event.also) + event.also_left
            blocks.append(_section(text))
    left = told.articles - named
    return [*blocks, _rest(left)] if left else blocks


def _event(event: Event) -> str:
    item = event.lead
    facts = [", ".join(item.activities), _outlet(item), item.published, f"{item.score:.2f}"]
    lines = [_headline(item), " · ".join([*filter(None, facts), item.reference])]
    others = [_link(c, _outlet(c), 80) for c in event.also[:3]]
    left = len(event.also) + event.also_left - len(others)
    if others:
        more = f" and {left} more" if left else ""
        lines.append(f"also {', '.join(others)}{more}")
    return "\n".join(lines)


def _headline(item: Card) -> str:
    mark = RLM if item.is_rtl else ""
    return f"{mark}*{_link(item, words(item.title, 600), 600)}*{mark}"


def _link(item: Card, label: str, limit: int) -> str:
    """Link ``label``, already escaped, unless the address needs more room than a section has."""
    address = escape(item.link)
    if not address or len(address) > SECTION - limit - 1000:
        return label
    return f"<{address}|{label.replace('|', '¦')}>"


def _outlet(item: Card) -> str:
    return words(item.outlet, 200) + (LRM if is_rtl(item.outlet) else "")


def _passage(pieces: Sequence[Piece]) -> str:
    """Return the passage with its proofs in bold; a bold word needs no letter beside its stars."""
    text = ""
    room = 1100  # with a title and an address it fits a section
    for piece in pieces:
        part = words(piece.text, room)
        if piece.is_proof and part.strip():
            gap = " " if text and text[-1].isalnum() else ""
            text += f"{gap}*{part.strip()}*"
        else:
            gap = " " if text.endswith("*") and part[:1].isalnum() else ""
            text += gap + part
        room -= len(part) + 3
        if room < 40:
            break
    return text.strip()


def _rest(count: int) -> Block:
    return _section(f"and {count} more: `marsad hits --since 2d`")


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> Block:
    # verbatim: Slack makes no links and mentions of its own out of a page's words.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
