"""Cards and digests as Slack's blocks, within Slack's limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from alerts.card import Card
from alerts.cleaning import cut, utf16
from alerts.digest import Digest, Event
from alerts.phrasebook import RLM, Phrasebook
from alerts.proof import Piece

Block = dict[str, Any]

SECTION = 2900  # characters of a section as sent; the limit is 3000
CONTEXT = 1900  # the limit is 2000
BLOCKS = 48  # of a message; the limit is 50
WHOLE = 12_000  # characters of all blocks: msg_blocks_too_long was seen at 13,200

# Slack escapes these three and no more. What it would read as markup has look-alikes.
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ALIKE = str.maketrans({"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"})


def escape(text: str) -> str:
    """Escape the three characters that Slack reads: no mention, no forged link."""
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def words(text: str, limit: int) -> str:
    """Return a stranger's words for Slack: as they are, no markup, at most ``limit`` as sent."""
    safe = escape(text.translate(_ALIKE))
    if utf16(safe) <= limit:
        return safe
    # Cut before it is escaped, so that no escape is cut through; Slack may count as browsers do.
    return escape(cut(text.translate(_ALIKE), limit, _as_sent))


def _as_sent(text: str) -> int:
    return utf16(escape(text))


def card_blocks(item: Card, book: Phrasebook) -> list[Block]:
    """Return the blocks of one article: who, what, when and where; then the proof and the link."""
    mark = book.mark
    lines = [f"{mark}*{words(item.who, 400)}*"]
    if item.is_update:
        lines.insert(0, f"{mark}_{escape(book.say('update'))}_")
    what = " · ".join(filter(None, (book.listed(item.activities), item.when, item.where)))
    lines += [f"{mark}{words(line, 500)}" for line in (what, item.people) if line]
    blocks = [_section("\n".join(lines)), _section("\n".join(_source(item, book)))]
    if item.also:
        blocks.append(_section(f"{mark}{_also(item, book)}"))
    facts = [
        mark + book.say("fact", label=f"*{label}*", values=words(values, 400))
        for label, values in item.facts
    ]
    if facts:
        blocks.append(_section("\n".join(facts)))
    rules = book.say("rule", rules=words(book.closed(book.listed(item.rules)), 400))
    foot = f"{mark}{book.say('score', score=f'{item.score:.2f}')} · {rules} · {item.reference}"
    blocks.append({"type": "context", "elements": [_text(foot)]})
    blocks.append({"type": "divider"})
    return blocks


def _source(item: Card, book: Phrasebook) -> list[str]:
    """Return the outlet, the title as the link, and the sentence that proves it."""
    passage = _passage(item.proof)
    side = RLM if item.is_rtl else ""
    lines = [f"{book.mark}{_outlet(item, book)} · {item.published} · {item.language_name}"]
    lines.append(_headline(item))
    if passage:
        lines.append(f"> {side}{passage}{side}")
    return lines


def _also(item: Card, book: Phrasebook) -> str:
    """Return where the other reports of one message stand."""
    linked = [_linked(link, words(book.closed(name), 90), 1500) for name, link in item.also[:3]]
    left = item.also_left + len(item.also) - len(linked)
    listed = book.comma.join(linked)
    named = book.say("and_more", shown=listed, count=left) if left else listed
    return book.say("also", outlets=named)


def digest_blocks(told: Digest, book: Phrasebook, command: str) -> list[Block]:
    """Return the blocks of a digest: a block an event, as many as Slack takes; the rest counted."""
    title = " · ".join(filter(None, (book.say("digest"), told.heading)))
    blocks = [_section(f"{book.mark}*{words(title, 600)}*\n{book.mark}{escape(told.counts)}")]
    room = WHOLE - 1000
    named = 0
    for heading, event in _headed(told):
        text = "\n".join([*([f"{book.mark}{heading}"] if heading else []), *_event(event, book)])
        if len(text) > room or len(blocks) >= BLOCKS:
            break
        room -= len(text)
        named += 1 + len(event.also) + event.also_left
        blocks.append(_section(text))
    left = told.articles - named
    rest = book.mark + book.say("rest", count=left, command=f"`{command}`")
    return [*blocks, _section(rest)] if left else blocks


def _headed(told: Digest) -> Iterator[tuple[str, Event]]:
    """Yield every event, the first one of its partners under their heading."""
    for group in told.groups:
        for number, event in enumerate(group.events):
            yield (f"*{words(group.heading, 300)}*" if number == 0 else "", event)


def _event(event: Event, book: Phrasebook) -> list[str]:
    item = event.lead
    mark = book.mark
    what = book.listed(item.activities)
    about = " · ".join(filter(None, (what, item.when, item.where)))
    source = " · ".join([_outlet(item, book), item.published, f"{item.score:.2f}", item.reference])
    lines = [_headline(item)]
    lines += [f"{mark}{words(about, 500)}"] if about else []
    lines.append(f"{mark}{source}")
    others = [_link(c, _outlet(c, book), 80) for c in event.also[:3]]
    left = len(event.also) + event.also_left - len(others)
    if others:
        listed = book.comma.join(others)
        named = book.say("and_more", shown=listed, count=left) if left else listed
        lines.append(f"{mark}{book.say('also', outlets=named)}")
    return lines


def _headline(item: Card) -> str:
    mark = RLM if item.is_rtl else ""
    return f"{mark}*{_link(item, words(item.title, 600), 600)}*{mark}"


def _link(item: Card, label: str, limit: int) -> str:
    """Link ``label``, already escaped, unless the address needs more room than a section has."""
    return _linked(item.link, label, limit)


def _linked(link: str, label: str, limit: int) -> str:
    address = escape(link)
    if not address or len(address) > SECTION - limit - 1000:
        return label
    return f"<{address}|{label.replace('|', '¦')}>"


def _outlet(item: Card, book: Phrasebook) -> str:
    return words(book.closed(item.outlet), 200)


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


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> Block:
    # verbatim: Slack makes no links and mentions of its own out of a page's words.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
