"""newspaper4k on the same pages: fetched and read, nothing judged, nothing stored.

python newspaper_pages.py PORT OUTLETS
"""

from __future__ import annotations

import logging
import sys

import feedparser
import newspaper

logging.disable(logging.CRITICAL)


def main() -> None:
    port, outlets = int(sys.argv[1]), int(sys.argv[2])
    read = 0
    for outlet in range(outlets):
        feed = feedparser.parse(f"http://127.0.0.1:{port}/o{outlet}/feed")
        for entry in feed.entries:
            article = newspaper.Article(entry.link)
            article.download()
            article.parse()
            read += bool(article.text)
    print(read)


if __name__ == "__main__":
    main()
