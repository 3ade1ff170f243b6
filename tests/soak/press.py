"""A hundred outlets for two days: what each publishes and when, what breaks, what is edited."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from aiohttp import web

PARTNERS = (
    "italienne espagnole turque russe tunisienne portugaise grecque chinoise indienne".split()
)
PORTS = ("Alger", "Oran", "Annaba", "Béjaïa", "Mostaganem", "Skikda", "Ténès", "Jijel")
BREAKS = ("unavailable", "missing", "parked", "garbage", "empty")
LISTED = 25  # items of a feed


@dataclass(slots=True)
class Story:
    """One article. Times are seconds from the beginning, of the fast clock."""

    path: str
    at: float
    title: str
    text: str
    is_hit: bool
    edited_at: float = 0.0  # 0: never; from then on its text says more


@dataclass(slots=True)
class Outlet:
    """One outlet on a host of its own. ``breaks`` are (from, until, how)."""

    name: str
    host: str
    stories: list[Story] = field(default_factory=list)
    breaks: list[tuple[float, float, str]] = field(default_factory=list)

    def broken(self, now: float) -> str:
        """Return how the outlet fails now; empty while it answers."""
        return next((how for start, end, how in self.breaks if start <= now < end), "")


def make_press(count: int, seconds: float, seed: int) -> list[Outlet]:
    """Return outlets with all that they will ever publish. The last tenth of the time is quiet."""
    rng = random.Random(seed)
    outlets = [Outlet(f"paper{n:02d}", f"127.2.0.{n + 1}") for n in range(count)]
    end = seconds * 0.9
    for outlet in outlets:
        at = rng.uniform(0, 5400)
        while at < end:
            _publish(outlet, at, rng, is_hit=rng.random() < 0.06)
            at += rng.expovariate(1 / 5400)
    for outlet in rng.sample(outlets, count // 5):
        start = rng.uniform(0.1, 0.6) * seconds
        outlet.breaks.append((start, start + rng.uniform(0.05, 0.2) * seconds, rng.choice(BREAKS)))
    loud = rng.choice([o for o in outlets if not o.breaks])
    for n in range(40):  # a flood
        _publish(loud, 0.5 * seconds + n, rng, is_hit=True)
    for outlet in outlets:
        outlet.stories.sort(key=lambda story: story.at)
    return outlets


def _publish(outlet: Outlet, at: float, rng: random.Random, *, is_hit: bool) -> None:
    number = len(outlet.stories)
    who, port = rng.choice(PARTNERS), rng.choice(PORTS)
    mark = f"{outlet.name} {number}"
    if is_hit:
        title = f"Manœuvre {mark} : la marine {who} devant {port}"
        text = (
            f"Les forces navales algériennes et la marine {who} ont mené l'exercice naval conjoint "
            f"{mark} au large de {port}. La coopération militaire a mobilisé "
            f"{rng.randint(80, 900)} marins."
        )
    else:
        title = f"Le marché de {port}, récit {mark}"
        text = f"Les prix ont baissé de {rng.randint(2, 90)} dinars à {port}, selon {mark}. " * 3
    edited = at + rng.uniform(1800, 14400) if rng.random() < 0.05 else 0.0
    outlet.stories.append(Story(f"/{number}.html", at, title, text, is_hit, edited))


def answer(outlet: Outlet, path: str, now: float, begin: float) -> web.Response:
    """Return what the outlet's server says at ``now``, seconds from ``begin``."""
    how = outlet.broken(now)
    if path == "/robots.txt":
        return web.Response(status=404)
    if how == "unavailable":
        return web.Response(status=503)
    if how == "missing":
        return web.Response(status=404)
    if how == "parked":
        return web.Response(text="<html><h1>Domain for sale</h1></html>", content_type="text/html")
    if how == "garbage":
        return web.Response(body=b"\xff\xfe<rss><channel><item>\0\0", content_type="text/xml")
    if how == "empty":
        return web.Response(body=b"")
    listed = [story for story in outlet.stories if story.at <= now]
    if path == "/feed":
        return web.Response(
            text=_feed(outlet, listed[-LISTED:], now, begin), content_type="text/xml"
        )
    return web.Response(status=404)


def _feed(outlet: Outlet, stories: list[Story], now: float, begin: float) -> str:
    items = "".join(_item(outlet, story, now, begin) for story in reversed(stories))
    return (
        "<?xml version='1.0'?><rss version='2.0' "
        "xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>"
        f"<title>{outlet.name}</title>{items}</channel></rss>"
    )


def _item(outlet: Outlet, story: Story, now: float, begin: float) -> str:
    when = format_datetime(datetime.fromtimestamp(begin + story.at, UTC))
    more = " L'information a été complétée." if 0 < story.edited_at <= now else ""
    body = escape(f"<p>{story.text}</p><p>{story.text.lower()}{more}</p>")
    return (
        f"<item><title>{escape(story.title)}</title><link>{story.path}</link>"
        f"<guid isPermaLink='false'>{outlet.name}{story.path}</guid><pubDate>{when}</pubDate>"
        f"<description>{escape(story.text[:80])}</description>"
        f"<content:encoded>{body}</content:encoded></item>"
    )
