"""Readers that are given every page of every feed: fetched and read, nothing judged or stored.

    python pages_driven.py PORT OUTLETS READER

news-please and newspaper4k fetch by themselves. ``per-site selectors`` is the limit: a reader
written for this one markup, as one is for every outlet that a library supports, over a session
that keeps its connection. No reader that knows nothing of its outlet can be this cheap. Prints
how many articles were read.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from datetime import datetime

import feedparser

Reader = Callable[[str], bool]  # given an address: whether an article was read there

logging.disable(logging.CRITICAL)


def news_please() -> Reader:
    from newsplease import NewsPlease  # noqa: PLC0415 - imports are a part of what a reader costs

    return lambda address: bool(getattr(NewsPlease.from_url(address), "maintext", None))


def newspaper4k() -> Reader:
    import newspaper  # noqa: PLC0415 - as above

    def read(address: str) -> bool:
        article = newspaper.Article(address)
        article.download()
        article.parse()
        return bool(article.text)

    return read


def per_site() -> Reader:
    import lxml.html  # noqa: PLC0415 - as above
    import requests  # noqa: PLC0415
    from lxml.cssselect import CSSSelector  # noqa: PLC0415
    from lxml.etree import XPath  # noqa: PLC0415

    title_of = XPath("string(//main/article/header/h1)")
    published_of = XPath("string(/html/head/meta[@property='article:published_time']/@content)")
    paragraphs_of = CSSSelector("main > article > div.entry-content > p")
    session = requests.Session()

    def read(address: str) -> bool:
        page = lxml.html.document_fromstring(session.get(address, timeout=30).content)
        title, published = title_of(page), datetime.fromisoformat(published_of(page))
        text = "\n\n".join(paragraph.text_content() for paragraph in paragraphs_of(page))
        return bool(title and published and text)

    return read


READERS = {
    "news-please": news_please,
    "newspaper4k": newspaper4k,
    "per-site selectors": per_site,
}


def main() -> None:
    port, outlets, read = int(sys.argv[1]), int(sys.argv[2]), READERS[sys.argv[3]]()
    count = 0
    for outlet in range(outlets):
        feed = feedparser.parse(f"http://127.0.0.1:{port}/o{outlet}/feed")
        count += sum(read(entry.link) for entry in feed.entries)
    print(count)


if __name__ == "__main__":
    main()
