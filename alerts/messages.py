"""Messages: one article or a digest as e-mail, as Slack blocks and as plain text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from alerts import slack_blocks
from alerts.card import Card, Namer, card, reference
from alerts.cleaning import is_rtl, one_line
from alerts.digest import MOST_CARDS, Digest, digest
from alerts.mime import new_mail
from alerts.settings import EmailSettings
from domain.notice import Delivery

_IN_HEADER = 20  # references that a header lists
_IN_TEXT = 40  # articles that a plain text names when it is no part of a mail
_LARGEST = 700_000  # bytes of both bodies: base64 makes a third more, and 1 MB passes anywhere
LRM = slack_blocks.LRM


class Composer:
    """Writes messages. ``name`` gives words for people of an id (US, michael-langley)."""

    def __init__(self, name: Namer = str) -> None:
        self._name = name
        self._templates = _templates()

    def card(self, delivery: Delivery) -> Card:
        """Return what the message says of a delivery."""
        return card(delivery, self._name)

    def text(self, deliveries: Sequence[Delivery]) -> str:
        """Return a message as plain text."""
        if len(deliveries) == 1:
            return self._render("card.txt.j2", card=self.card(deliveries[0]))
        told = digest(deliveries, self._name, _IN_TEXT)
        return self._render("digest.txt.j2", digest=told)

    def email(
        self, deliveries: Sequence[Delivery], settings: EmailSettings, now: datetime
    ) -> EmailMessage:
        """Return a message whose Message-ID stays the same however often it is sent."""
        message = new_mail()
        domain = settings.sender.rsplit("@", 1)[1]
        message["From"] = Address("marsad", addr_spec=settings.sender)
        message["To"] = ", ".join(settings.recipients)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{message_key(deliveries)}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Marsad-Reference"] = ", ".join(reference(d.key) for d in deliveries[:_IN_HEADER])
        if len(deliveries) == 1:
            self._write_card(message, self.card(deliveries[0]))
        else:
            self._write_digest(message, deliveries)
        return message

    def _write_card(self, message: EmailMessage, item: Card) -> None:
        message["Subject"] = _subject(item)
        message.set_content(self._render("card.txt.j2", card=item))
        html = self._render("card.html.j2", card=item)
        message.add_alternative(html, subtype="html")

    def _write_digest(self, message: EmailMessage, deliveries: Sequence[Delivery]) -> None:
        most = MOST_CARDS
        while True:
            told = digest(deliveries, self._name, most)
            plain = self._render("digest.txt.j2", digest=told)
            html = self._render("digest.html.j2", digest=told)
            if most <= 1 or len(plain.encode()) + len(html.encode()) < _LARGEST:
                break
            most //= 2
        message["Subject"] = f"[marsad] {told.heading}"
        message.set_content(plain)
        message.add_alternative(html, subtype="html")

    def _render(self, template: str, **values: Card | Digest) -> str:
        return self._templates.get_template(template).render(**values)

    def slack(self, deliveries: Sequence[Delivery]) -> dict[str, Any]:
        """Return the payload of an incoming webhook: Block Kit and a fallback text."""
        if len(deliveries) == 1:
            item = self.card(deliveries[0])
            subject, blocks = _subject(item), slack_blocks.card_blocks(item)
        else:
            told = digest(deliveries, self._name)
            subject, blocks = f"[marsad] {told.heading}", slack_blocks.digest_blocks(told)
        fallback = slack_blocks.words(subject, 1000)
        return {"text": fallback, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def message_key(deliveries: Sequence[Delivery]) -> str:
    """Return the stable id of a message: of its one delivery, or of all that it gathers."""
    joined = "\n".join(sorted(d.key for d in deliveries))
    return hashlib.sha256(joined.encode()).hexdigest()[:32]


def _subject(item: Card) -> str:
    partners = ", ".join(item.partners[:3]) or "Algeria"
    return one_line(f"[marsad] {partners}: {item.title}", 180)


def _closed(text: str) -> str:
    """Close Arabic words in a Latin line, so that digits after them stay in their place."""
    return text + LRM if is_rtl(text) else text


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["closed"] = _closed
    return environment
