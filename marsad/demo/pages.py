"""Article pages as the families of sites in this press build them."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from marsad.demo.outlets import PRESS, Outlet, Story, slug

_MONTHS = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "ar": "جانفي فيفري مارس أفريل ماي جوان جويلية أوت سبتمبر أكتوبر نوفمبر ديسمبر",
    "en": "January February March April May June July August September October November December",
}
_RELATED = 3


class PageMaker:
    """Renders the pages of ``outlet``, which is served at ``base``."""

    def __init__(self, outlet: Outlet, base: str) -> None:
        self._outlet = outlet
        self._base = base
        self._template = _template(outlet.template)

    def link(self, story: Story) -> str:
        """Return the address of an article."""
        return self._base + quoted(self._outlet.path_of(story))

    def article(self, story: Story) -> str:
        """Return the page of an article, with everything around it that is not the article."""
        others = [other for other in self._outlet.stories if other is not story]
        start = self._outlet.stories.index(story)
        return self._template.render(
            outlet=self._outlet,
            story=story,
            base=self._base,
            link=self.link,
            sections=list(dict.fromkeys(s.section for s in self._outlet.stories)),
            others=others,
            related=[others[(start + step) % len(others)] for step in range(_RELATED)],
        )

    def front(self) -> str:
        """Return a front page: links to everything."""
        rows = "".join(
            f'<li><a href="{self.link(story)}">{story.title}</a></li>'
            for story in self._outlet.stories
        )
        name = self._outlet.name
        return f"<!doctype html><meta charset={self._outlet.charset}><h1>{name}</h1><ul>{rows}</ul>"


def quoted(path: str) -> str:
    """Percent-encode a path and its query as browsers do."""
    return quote(path, safe="/?=&-_")


def words(moment: datetime, language: str) -> str:
    """Write a moment for readers: day, month by its Algerian name, year, time."""
    month = _MONTHS[language].split()[moment.month - 1]
    return f"{moment.day} {month} {moment.year}, {moment:%H:%M}"


def bar(moment: datetime) -> str:
    """Write a moment as one family of Algerian sites does, in local time and without saying so."""
    return f"{moment:%H:%M | %d-%m-%Y}"


def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(PRESS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {
        "slug": slug,
        "words": words,
        "bar": bar,
        "clock": lambda moment: f"{moment:%H:%M}",
        "iso": datetime.isoformat,
        "utc": lambda moment: moment.astimezone(UTC).isoformat(),
    }
    return environment.get_template(f"{name}.html.j2")
