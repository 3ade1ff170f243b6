"""Other extractors beside ours: runs in an environment of its own, told when to read.

    python benchmarks/peers/pages_read.py PAGES.json readability-lxml|newspaper4k|resiliparse

PAGES.json holds pairs of markup, decoded already, and address. Every line of standard input has
all pages read once; the answer is JSON: CPU milliseconds a page, and the text of each, empty
where the extractor gave up.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

Extractor = Callable[[str, str], str]

logging.disable(logging.CRITICAL)


def readability() -> Extractor:
    """Return what gives the text of a page, blocks apart."""
    import lxml.html  # noqa: PLC0415 - the one that was asked for
    from readability import Document  # noqa: PLC0415

    def text_of(markup: str, _address: str) -> str:
        tree = lxml.html.fromstring(Document(markup).summary())
        pieces = (str(piece).strip() for piece in tree.itertext())
        return "\n".join(piece for piece in pieces if piece)

    return text_of


def newspaper() -> Extractor:
    """Return what gives the text of a page; pictures are not fetched."""
    from newspaper import Article  # noqa: PLC0415 - the one that was asked for

    def text_of(markup: str, address: str) -> str:
        article = Article(address, fetch_images=False)
        article.download(input_html=markup)
        article.parse()
        return str(article.text)

    return text_of


def resiliparse() -> Extractor:
    """Return what gives the main content of a page as plain text.

    What its text has beside the article's words is left out, which scores higher.
    """
    from resiliparse.extract.html2text import extract_plain_text  # noqa: PLC0415 - as above

    def text_of(markup: str, _address: str) -> str:
        found = extract_plain_text(
            markup,
            main_content=True,
            alt_texts=False,
            list_bullets=False,
            comments=False,
            post_meta=False,
        )
        return str(found)

    return text_of


EXTRACTORS = {
    "readability-lxml": readability,
    "newspaper4k": newspaper,
    "resiliparse": resiliparse,
}


def attempt(extract: Extractor, markup: str, address: str) -> str:
    """Return the text of a page, empty where ``extract`` cannot read it."""
    try:
        return extract(markup, address)
    except Exception:  # noqa: BLE001 - a page that it cannot read scores nothing
        return ""


def main() -> None:
    pages = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    extract = EXTRACTORS[sys.argv[2]]()
    attempt(extract, *pages[0])  # imports and compiled patterns are not the engine's cost
    print(version(sys.argv[2]), flush=True)
    for _ in sys.stdin:
        begin = time.process_time()
        texts = [attempt(extract, markup, address) for markup, address in pages]
        cpu = (time.process_time() - begin) / len(pages) * 1000
        print(json.dumps({"ms": cpu, "texts": texts}), flush=True)


if __name__ == "__main__":
    main()
