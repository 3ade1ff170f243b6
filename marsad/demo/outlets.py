"""The bundled press: invented outlets and their articles, read from ``press/``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from crawler.dates import ALGIERS

PRESS = Path(__file__).with_name("press")
_WEEKDAYS = {
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche".split(),
    "ar": "الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد".split(),
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
}
_FIRST_NUMBER = 41_210  # of an outlet's articles, as a site that is years old has them


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An article as it lies in the press folder, dated from the moment of the demonstration."""

    id: str
    number: int  # the outlet's own
    language: str
    section: str
    author: str
    title: str
    text: str  # paragraphs separated by a blank line
    published: datetime  # aware, Algiers
    is_wanted: bool  # whether a reader of the rule's guideline would call it a hit
    partners: tuple[str, ...]
    activities: tuple[str, ...]

    @property
    def paragraphs(self) -> list[str]:
        """The text, paragraph by paragraph."""
        return self.text.split("\n\n")

    @property
    def teaser(self) -> str:
        """The first words, cut as content systems cut them."""
        words = self.text.split()
        return " ".join(words[:32]) + " […]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """An invented outlet, and how its site is made."""

    id: str
    name: str
    host: str  # shown only; nothing is ever looked up
    language: str
    template: str
    article_path: str
    feed_path: str
    feed_kind: str  # rss-teaser | rss-content | rss-broken | atom | dead
    feed_dates: str  # mail | naive | bar | iso
    charset: str
    stories: tuple[Story, ...]  # newest first

    def path_of(self, story: Story) -> str:
        """Return the path of an article's page, not yet percent-encoded."""
        return self.article_path.format(
            slug=slug(story.title), section=slug(story.section), number=story.number
        )


def load_press(now: datetime, folder: Path = PRESS) -> tuple[Outlet, ...]:
    """Return the outlets with their articles, of which the newest appeared just before ``now``."""
    listed = yaml.safe_load((folder / "outlets.yaml").read_text(encoding="utf-8"))
    return tuple(_outlet(entry, folder, now) for entry in listed)


def slug(text: str) -> str:
    """Return ``text`` as it stands in addresses: letters and digits joined by hyphens."""
    folded = text.casefold().translate(str.maketrans("àâçéèêëîïôûù’", "aaceeeeiiouu-"))
    return "-".join(re.findall(r"\w+", folded)[:9])


def _outlet(entry: dict[str, Any], folder: Path, now: datetime) -> Outlet:
    feed = entry["feed"]
    return Outlet(
        id=entry["id"],
        name=entry["name"],
        host=entry["host"],
        language=entry["language"],
        template=entry["template"],
        article_path=entry["article"],
        feed_path=feed["path"],
        feed_kind=feed["kind"],
        feed_dates=feed["dates"],
        charset=feed.get("charset", "utf-8"),
        stories=tuple(_stories(folder / f"{entry['id']}.jsonl", now)),
    )


def _stories(file: Path, now: datetime) -> Iterator[Story]:
    if not file.exists():
        return
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    rows.sort(key=lambda row: row["hours"])
    for position, row in enumerate(rows):
        moment = (now - timedelta(hours=row["hours"])).astimezone(ALGIERS)
        published = moment.replace(second=0, microsecond=0)
        yield Story(
            id=row["id"],
            number=_FIRST_NUMBER + 3 * (len(rows) - position),
            language=row["language"],
            section=row["section"],
            author=row["author"],
            title=row["title"],
            text=_with_days(row["text"], row["language"], published),
            published=published,
            is_wanted=bool(row["label"]),
            partners=tuple(row["partners"]),
            activities=tuple(row["activities"]),
        )


def _with_days(text: str, language: str, published: datetime) -> str:
    """Name the days of week that an article speaks of, seen from its day of publication."""
    names = _WEEKDAYS[language]
    today, yesterday = published.weekday(), (published.weekday() - 1) % 7
    return text.replace("{today}", names[today]).replace("{yesterday}", names[yesterday])
