"""Messages: the same cards as e-mail, as Slack blocks and as plain text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from alerts.card import Card, Namer, card
from alerts.cleaning import cut, one_line, slack_escape
from alerts.mime import new_mail
from alerts.settings import EmailSettings
from domain.notice import Delivery

IN_ONE_MESSAGE = 40  # cards; the rest is counted: a flood stays readable
_SLACK_SECTION = 2900  # characters; the limit is 3000
_SLACK_CARDS = 11  # four blocks a card; the limit is 50 blocks
_RLE, _PDF = "\u2067", "\u2069"  # isolate right-to-left text inside left-to-right lines


def _facts(item: Card) -> list[tuple[str, str]]:
    rows = (
        ("Partners", ", ".join(item.partners)),
        ("Activities", ", ".join(item.activities)),
        ("People", ", ".join(item.people)),
        ("When", ", ".join(item.dates)),
    )
    return [(label, values) for label, values in rows if values]


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["facts"] = _facts
    return environment


class Composer:
    """Writes messages. ``name`` gives words for people of an id (US, michael-langley)."""

    def __init__(self, name: Namer = str) -> None:
        self._name = name
        self._templates = _templates()

    def cards(self, deliveries: Sequence[Delivery]) -> list[Card]:
        """Return what the message says of each delivery."""
        return [card(delivery, self._name) for delivery in deliveries]

    def text(self, deliveries: Sequence[Delivery]) -> str:
        """Return the plain text of a message."""
        return self._render("message.txt.j2", deliveries)

    def _render(self, template: str, deliveries: Sequence[Delivery]) -> str:
        shown = deliveries[:IN_ONE_MESSAGE]
        return self._templates.get_template(template).render(
            cards=self.cards(shown),
            heading=_heading(deliveries),
            more=len(deliveries) - len(shown),
        )

    def email(
        self, deliveries: Sequence[Delivery], settings: EmailSettings, now: datetime
    ) -> EmailMessage:
        """Return a message whose Message-ID stays the same however often it is sent."""
        message = new_mail()
        domain = settings.sender.rsplit("@", 1)[1]
        message["Subject"] = self._subject(deliveries)
        message["From"] = Address("marsad", addr_spec=settings.sender)
        message["To"] = ", ".join(settings.recipients)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{message_key(deliveries)}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Marsad-Reference"] = ", ".join(
            c.reference for c in self.cards(deliveries[:IN_ONE_MESSAGE])
        )
        message.set_content(self.text(deliveries))
        message.add_alternative(self._render("message.html.j2", deliveries), subtype="html")
        return message

    def _subject(self, deliveries: Sequence[Delivery]) -> str:
        if len(deliveries) > 1:
            return f"[marsad] {_heading(deliveries)}"
        first = self.cards(deliveries)[0]
        partners = ", ".join(first.partners) or "Algeria"
        return one_line(f"[marsad] {partners}: {first.title}", 180)

    def slack(self, deliveries: Sequence[Delivery]) -> dict[str, Any]:
        """Return the payload of an incoming webhook: Block Kit and a fallback text."""
        shown = self.cards(deliveries[:_SLACK_CARDS])
        blocks: list[dict[str, Any]] = []
        if len(deliveries) > 1:
            blocks.append(_section(f"*{slack_escape(_heading(deliveries))}*"))
        for item in shown:
            blocks += _slack_card(item)
        if len(deliveries) > len(shown):
            rest = len(deliveries) - len(shown)
            blocks.append(_section(f"and {rest} more: `marsad hits --since 2d`"))
        fallback = self._subject(deliveries)
        return {"text": slack_escape(fallback), "blocks": blocks}


def message_key(deliveries: Sequence[Delivery]) -> str:
    """Return the stable id of a message: of its one delivery, or of all that it gathers."""
    if len(deliveries) == 1:
        return hashlib.sha256(deliveries[0].key.encode()).hexdigest()[:32]
    joined = "\n".join(sorted(d.key for d in deliveries))
    return hashlib.sha256(joined.encode()).hexdigest()[:32]


def _heading(deliveries: Sequence[Delivery]) -> str:
    count = len(deliveries)
    return f"{count} items of defence cooperation" if count != 1 else "1 item"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, _SLACK_SECTION)}}


def _slack_card(item: Card) -> list[dict[str, Any]]:
    title = _isolated(slack_escape(item.title), item)
    head = f"*<{slack_escape(item.link)}|{title.replace('|', '¦')}>*" if item.link else f"*{title}*"
    proof = "".join(
        f" *{_bare(p.text)}* " if p.is_proof else slack_escape(p.text) for p in item.proof
    )
    proof = _isolated(" ".join(proof.split()), item)
    facts = "\n".join(f"*{label}:* {slack_escape(values)}" for label, values in _facts(item))
    foot = f"{item.outlet} · {item.published} · {item.language} · {item.score:.2f} · "
    foot += f"{', '.join(item.rules)} · {item.reference}"
    blocks = [_section(f"{head}\n> {proof}")]
    if facts:
        blocks.append(_section(facts))
    context: Mapping[str, Any] = {"type": "mrkdwn", "text": cut(slack_escape(foot), 1900)}
    blocks.append({"type": "context", "elements": [context]})
    blocks.append({"type": "divider"})
    return blocks


def _bare(text: str) -> str:
    """Escape words that stand in bold: their own asterisks would end it."""
    return slack_escape(text.strip().replace("*", "∗"))


def _isolated(text: str, item: Card) -> str:
    return f"{_RLE}{text}{_PDF}" if item.is_rtl else text
