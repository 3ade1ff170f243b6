"""Feeds as this press writes them: teasers, whole texts, Atom, a legacy charset, broken XML."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from html import escape

from marsad.demo.outlets import Outlet, Story
from marsad.demo.pages import bar

Link = Callable[[Story], str]

_DATES: dict[str, Callable[[datetime], str]] = {
    "mail": format_datetime,
    "naive": lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}",  # local time that does not say so
    "bar": bar,
    "iso": datetime.isoformat,
}


def write_feed(outlet: Outlet, base: str, link: Link) -> bytes:
    """Return the feed of ``outlet`` in its kind and charset."""
    text = _atom(outlet, base, link) if outlet.feed_kind == "atom" else _rss(outlet, base, link)
    if outlet.feed_kind == "rss-broken":
        text = _broken(text)
    return text.encode(outlet.charset, "xmlcharrefreplace")


def _rss(outlet: Outlet, base: str, link: Link) -> str:
    items = "\n".join(_item(outlet, story, link(story)) for story in outlet.stories)
    return (
        f'<?xml version="1.0" encoding="{outlet.charset}"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">\n<channel>\n'
        f"<title>{escape(outlet.name)}</title>\n<link>{base}/</link>\n"
        f"<description>{escape(outlet.name)}</description>\n"
        f"<language>{outlet.language}</language>\n{items}\n</channel>\n</rss>\n"
    )


def _item(outlet: Outlet, story: Story, link: str) -> str:
    whole = ""
    if outlet.feed_kind == "rss-content":
        body = "".join(f"<p>{escape(p)}</p>\n" for p in story.paragraphs)
        whole = f"<content:encoded><![CDATA[{body}]]></content:encoded>"
    return (
        f"<item><title>{escape(story.title)}</title><link>{escape(link)}</link>"
        f"<pubDate>{_DATES[outlet.feed_dates](story.published)}</pubDate>"
        f"<dc:creator><![CDATA[{story.author}]]></dc:creator>"
        f"<category>{escape(story.section)}</category>"
        f'<guid isPermaLink="false">{outlet.id}-{story.number}</guid>'
        f"<description><![CDATA[<p>{escape(story.teaser)}</p>]]></description>{whole}</item>"
    )


def _atom(outlet: Outlet, base: str, link: Link) -> str:
    date = _DATES[outlet.feed_dates]
    entries = "\n".join(
        f"<entry><title>{escape(story.title)}</title>"
        f'<link rel="alternate" type="text/html" href="{escape(link(story))}"/>'
        f"<id>tag:{outlet.host},2020:node-{story.number}</id>"
        f"<published>{date(story.published)}</published><updated>{date(story.published)}</updated>"
        f"<author><name>{escape(story.author)}</name></author>"
        f"<summary>{escape(story.teaser)}</summary></entry>"
        for story in outlet.stories
    )
    newest = max((story.published for story in outlet.stories), default=None)
    updated = f"<updated>{date(newest)}</updated>" if newest else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{escape(outlet.name)}</title><id>tag:{outlet.host},2020:feed</id>{updated}"
        f'<link href="{base}/"/>\n{entries}\n</feed>\n'
    )


def _broken(text: str) -> str:
    """Do what careless templates do: bare ampersands, an HTML entity, and no end."""
    text = text.replace("</title>\n<link>", " & r&eacute;gion</title>\n<link>", 1)
    return text.partition("</channel>")[0]
