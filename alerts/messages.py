"""Messages: one article or a digest as e-mail, as Slack blocks, as JSON and as plain text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from alerts import payload, slack_blocks
from alerts.card import Card, card, is_one_story, reference, story_card
from alerts.channel_settings import EmailSettings
from alerts.chart import week_chart
from alerts.cleaning import cut, one_line
from alerts.digest import MOST_CARDS, Digest, digest
from alerts.fitting import fitted
from alerts.mime import new_mail
from alerts.phrasebook import Language, Namer, Phrasebook, unnamed
from domain.notice import Delivery

_IN_HEADER = 20  # references that a header lists
_IN_TEXT = 40  # articles that a plain text names when it is no part of a mail
_LARGEST = 700_000  # bytes of both bodies: base64 makes a third more, and 1 MB passes anywhere
_LONGEST_SUBJECT, _LONGEST_HEADLINE = 220, 90
_MESSAGE_ID = re.compile(r"<[^\s<>@]{1,120}@[^\s<>@]{1,200}>", re.ASCII)
MORE = "marsad hits --since 2d"  # the command that lists what a message only counts

Week = Callable[[datetime, Collection[str]], Sequence[tuple[date, int]]]
"""The hits of each day of the last week that went to the routes of these names, oldest first; all
where none is named. It may ask a database, and block."""


def no_week(now: datetime, routes: Collection[str]) -> Sequence[tuple[date, int]]:
    """Return nothing: no chart."""
    del now, routes
    return ()


class Composer:
    """Writes messages in one language. ``name`` gives words for an id (US, michael-langley)."""

    def __init__(
        self, name: Namer = unnamed, language: Language = "en", week: Week = no_week
    ) -> None:
        self._book = Phrasebook(language, name)
        self._week = week
        self._templates = _templates()

    def card(self, delivery: Delivery) -> Card:
        """Return what the message says of a delivery."""
        return card(delivery, self._book)

    def text(self, deliveries: Sequence[Delivery], limit: int | None = None) -> str:
        """Return a message as plain text, of at most ``limit`` UTF-16 units. Links stay whole."""
        if is_one_story(deliveries):
            whole = self._render("card.txt.j2", card=story_card(deliveries, self._book))
        else:
            told = digest(deliveries, self._book, _IN_TEXT)
            whole = self._render("digest.txt.j2", digest=told, week=())
        return whole if limit is None else fitted(whole, limit)

    def payload(self, deliveries: Sequence[Delivery]) -> dict[str, Any]:
        """Return a message as JSON for programs; see ``alerts.payload``."""
        items = [payload.item(d, self.card(d)) for d in deliveries]
        return payload.message(message_key(deliveries), items)

    def email(
        self, deliveries: Sequence[Delivery], settings: EmailSettings, now: datetime
    ) -> EmailMessage:
        """Return a message whose Message-ID stays the same however often it is sent.

        May block: a digest asks for the figures of the week.
        """
        message = new_mail()
        domain = settings.sender.rsplit("@", 1)[1]
        key = message_key(deliveries)
        message["From"] = Address("marsad", addr_spec=settings.sender)
        message["To"] = ", ".join(settings.recipients)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{key}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Marsad-Reference"] = ", ".join(reference(d.key) for d in deliveries[:_IN_HEADER])
        if is_one_story(deliveries):
            _thread(message, deliveries[0], domain)
            self._write_card(message, story_card(deliveries, self._book))
        else:
            routes = {delivery.route for delivery in deliveries}
            week = self._week(now, routes if all(routes) else ())
            self._write_digest(message, deliveries, week, f"week.{key}@{domain}")
        return message

    def _write_card(self, message: EmailMessage, item: Card) -> None:
        message["Subject"] = self._headed(item)
        message.set_content(self._render("card.txt.j2", card=item))
        message.add_alternative(self._render("card.html.j2", card=item), subtype="html")

    def _write_digest(
        self,
        message: EmailMessage,
        deliveries: Sequence[Delivery],
        week: Sequence[tuple[date, int]],
        picture: str,
    ) -> None:
        most = MOST_CARDS
        while True:
            told = digest(deliveries, self._book, most)
            plain = self._render("digest.txt.j2", digest=told, week=week)
            html = self._render("digest.html.j2", digest=told, week=week, picture=picture)
            if most <= 1 or len(plain.encode()) + len(html.encode()) < _LARGEST:
                break
            most //= 2
        message["Subject"] = self._digest_subject(told)
        message.set_content(plain)
        message.add_alternative(html, subtype="html")
        if week:
            body = message.get_body(("html",))
            assert body is not None
            chart = week_chart([n for _, n in week], is_rtl=self._book.is_rtl)
            body.add_related(chart, "image", "png", cid=f"<{picture}>", disposition="inline")

    def _headed(self, item: Card) -> str:
        headline = cut(item.headline, _LONGEST_HEADLINE)
        line = f"{self._book.mark}[marsad] {headline} · {item.title}"
        return one_line(line, _LONGEST_SUBJECT)

    def _digest_subject(self, told: Digest) -> str:
        parts = (self._book.say("digest"), told.heading, told.counts)
        line = f"{self._book.mark}[marsad] {' · '.join(filter(None, parts))}"
        return one_line(line, _LONGEST_SUBJECT)

    def _render(self, template: str, **values: Any) -> str:
        rest = {"command": MORE, "book": self._book}
        return self._templates.get_template(template).render(**rest, **values)

    def slack(self, deliveries: Sequence[Delivery]) -> dict[str, Any]:
        """Return the payload of an incoming webhook: Block Kit and a fallback text."""
        if is_one_story(deliveries):
            item = story_card(deliveries, self._book)
            subject, blocks = self._headed(item), slack_blocks.card_blocks(item, self._book)
        else:
            told = digest(deliveries, self._book)
            subject = self._digest_subject(told)
            blocks = slack_blocks.digest_blocks(told, self._book, MORE)
        fallback = slack_blocks.words(subject, 1000)
        return {"text": fallback, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def message_key(deliveries: Sequence[Delivery]) -> str:
    """Return the stable id of a message: of its one delivery, or of all that it gathers."""
    joined = "\n".join(sorted(d.key for d in deliveries))
    return hashlib.sha256(joined.encode()).hexdigest()[:32]


def _thread(message: EmailMessage, delivery: Delivery, domain: str) -> None:
    """Tie the mails of a story together.

    All refer to a mail of the story that was never sent, so that they are one conversation
    even where the first of them went out in a digest; a later one answers the first.
    """
    story = delivery.notice.story_id
    root = f"<story.{story}@{domain}>" if story > 0 else ""
    first = delivery.thread if _MESSAGE_ID.fullmatch(delivery.thread) else ""
    if root or first:
        message["References"] = " ".join(filter(None, (root, first)))
    if first:
        message["In-Reply-To"] = first


def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
