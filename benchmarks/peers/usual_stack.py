"""The usual stack, put together from its libraries at their defaults.

    python usual_stack.py PORT OUTLETS PHRASES.json DATABASE

A Scrapy spider that reads feeds by feedparser and pages by trafilatura, with what it says of
title, date and author; py3langid, spaCy's PhraseMatcher, datasketch; a pipeline that writes each
item to sqlite3 with FTS5: what one assembles from tutorials. Prints how many articles it stored.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import py3langid
import scrapy
import spacy
import trafilatura
from datasketch import MinHash, MinHashLSH
from scrapy.crawler import CrawlerProcess
from spacy.matcher import PhraseMatcher


class Press(scrapy.Spider):
    """Every page of every feed."""

    name = "press"

    def __init__(self, port: int, outlets: int, phrases: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_urls = [f"http://127.0.0.1:{port}/o{n}/feed" for n in range(outlets)]
        self.nlp = spacy.blank("xx")
        self.matcher = PhraseMatcher(self.nlp.vocab, attr="LOWER")
        self.matcher.add("phrases", list(self.nlp.tokenizer.pipe(phrases)))
        self.index = MinHashLSH(threshold=0.5, num_perm=128)

    def parse(self, response: Any) -> Iterator[scrapy.Request]:
        """Ask for the page of each entry of a feed."""
        for entry in feedparser.parse(response.body).entries:
            yield scrapy.Request(entry.link, self.parse_page, cb_kwargs={"title": entry.title})

    def parse_page(self, response: Any, title: str) -> Iterator[dict[str, Any]]:
        """Read a page, tell its language, seek the phrases, look for what is alike."""
        page = trafilatura.bare_extraction(response.text, url=response.url, with_metadata=True)
        text = page.text or ""
        sketch, words = MinHash(num_perm=128), text.lower().split()
        for n in range(max(1, len(words) - 2)):
            sketch.update(" ".join(words[n : n + 3]).encode())
        if not self.index.query(sketch):
            self.index.insert(response.url, sketch)
        yield {
            "url": response.url,
            "title": title or page.title,
            "text": text,
            "date": page.date,
            "author": page.author,
            "language": py3langid.classify(text)[0],
            "hits": len(self.matcher(self.nlp(f"{title}\n{text}"))),
        }


class Storage:
    """An item pipeline: each item is committed as it comes."""

    path = ""
    stored = 0

    def open_spider(self) -> None:
        """Create the tables."""
        self.database = sqlite3.connect(self.path)
        self.database.execute(
            "CREATE TABLE a (url PRIMARY KEY, title, text, date, author, language, hits)"
        )
        self.database.execute("CREATE VIRTUAL TABLE words USING fts5 (title, text)")

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        """Write an item and its words."""
        row = tuple(item.values())
        self.database.execute("INSERT OR IGNORE INTO a VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self.database.execute("INSERT INTO words VALUES (?, ?)", (item["title"], item["text"]))
        self.database.commit()
        Storage.stored += bool(item["text"])
        return item


def main() -> None:
    """Crawl, and print the count."""
    port, outlets = int(sys.argv[1]), int(sys.argv[2])
    phrases = json.loads(Path(sys.argv[3]).read_text(encoding="utf-8"))
    Storage.path = sys.argv[4]
    # The log alone is shorter than by default, where it tells of every request and item.
    process = CrawlerProcess({"LOG_LEVEL": "WARNING", "ITEM_PIPELINES": {Storage: 300}})
    process.crawl(Press, port=port, outlets=outlets, phrases=phrases)
    process.start()
    print(Storage.stored)


if __name__ == "__main__":
    main()
