"""The usual stack, put together from its libraries at their defaults.

    python usual_stack.py PORT OUTLETS PHRASES.json DATABASE

feedparser, requests, trafilatura, py3langid, spaCy's PhraseMatcher, datasketch and sqlite3 with
FTS5: what one assembles from tutorials. Prints how many articles
it stored with a text.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import feedparser
import py3langid
import requests
import spacy
import trafilatura
from datasketch import MinHash, MinHashLSH
from spacy.matcher import PhraseMatcher


def main() -> None:
    port, outlets = int(sys.argv[1]), int(sys.argv[2])
    phrases = json.loads(Path(sys.argv[3]).read_text(encoding="utf-8"))
    nlp = spacy.blank("xx")
    matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
    matcher.add("phrases", list(nlp.tokenizer.pipe(phrases)))
    index = MinHashLSH(threshold=0.5, num_perm=128)
    database = sqlite3.connect(sys.argv[4])
    database.execute("CREATE TABLE a (url PRIMARY KEY, title, text, language, hits)")
    database.execute("CREATE VIRTUAL TABLE words USING fts5 (title, text)")
    stored = 0
    session = requests.Session()
    for outlet in range(outlets):
        feed = feedparser.parse(f"http://127.0.0.1:{port}/o{outlet}/feed")
        for entry in feed.entries:
            page = session.get(entry.link, timeout=30).text
            text = trafilatura.extract(page) or ""
            language = py3langid.classify(text)[0]
            hits = len(matcher(nlp(f"{entry.title}\n{text}")))
            sketch, words = MinHash(num_perm=128), text.lower().split()
            for n in range(max(1, len(words) - 2)):
                sketch.update(" ".join(words[n : n + 3]).encode())
            if not index.query(sketch):
                index.insert(entry.link, sketch)
            row = (entry.link, entry.title, text, language, hits)
            database.execute("INSERT OR IGNORE INTO a VALUES (?, ?, ?, ?, ?)", row)
            database.execute("INSERT INTO words VALUES (?, ?)", (entry.title, text))
            database.commit()
            stored += bool(text)
    print(stored)


if __name__ == "__main__":
    main()
