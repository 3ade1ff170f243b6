"""Joomla with K2: El Massa today, APS and Reporters in their time.

K2 splits an article: the intro stands in one element, the rest in another, and either may be
empty. Lists go on with ``?start=N``.
"""

from __future__ import annotations

from crawler.families.base import Family
from domain.source import Selectors

JOOMLA_K2 = Family(
    id="joomla-k2",
    title="Joomla K2",
    signs=('id="k2Container"', "itemFullText", "itemIntroText", "/components/com_k2/"),
    feeds=("?format=feed&type=rss",),
    article_url=r"/(?:item/)?\d+-[^/?#]+(?:\.html)?$",
    next_page="{url}?start={n}",
    first_page=0,
    page_step=20,
    selectors=Selectors(
        text=".itemIntroText, .itemFullText",
        title=".itemTitle, h2.item-title",
        author=".itemAuthor a, .itemAuthorName a",
        date=".itemDateCreated, .itemHeader time[datetime]",
        section=".itemCategory a",
        drop=(
            ".itemToolbar",
            ".itemSocialSharing",
            ".itemRelated",
            ".itemAuthorBlock",
            ".itemAuthorLatest",
            ".itemNavigation",
            ".itemComments",
            ".itemRatingBlock",
            ".itemTagsBlock",
            ".itemHitsTwitter",
            ".itemBackToTop",
        ),
    ),
)
