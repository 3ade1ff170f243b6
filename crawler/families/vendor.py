"""The vendor whose system L'Expression, El Moudjahid, El Bilad and (since 2025) El Khabar share.

An address ends in the article's number; a list of details separated by bars holds the date; the
kicker and the title are nodes of their own; images wait in ``data-src``.
"""

from __future__ import annotations

from crawler.families.base import Family
from domain.source import Selectors

VENDOR = Family(
    id="dz-vendor",
    title="the vendor of L'Expression, El Moudjahid, El Bilad and El Khabar",
    signs=(
        "module-article",
        "module-detail",
        "list-details",
        "heading-article",
        "categoryArticles",
    ),
    feeds=("feed",),
    # the number ends the address; of the section only the name is known
    article_url=r"^https?://[^/]+/(?:(?:fr|ar|en)/)?(?!member/|pdf/|profile/)[^/?#]+/[^/?#]+-\d{3,}/?$",
    next_page="{url}?page={n}",
    selectors=Selectors(
        text=".module-article, .module-detail, .cols-a, .width-635",
        title="header.heading-article h1, header.heading-a h1, article header h1, h1",
        author='a[href*="/profile/"], .title .strong, .list-details .author',
        date="ul.list-details, aside ul li.text-uppercase ul, .heading-article ul",
        section=".breadcrumb li:last-child a, .list-details .category",
        drop=(
            ".list-share",
            ".share-article",
            ".related-articles",
            ".module-comments",
            ".satellite",
            "[v-for]",
            "[v-cloak]",
        ),
    ),
)
