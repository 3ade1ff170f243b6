"""Other readers of feeds beside ours: runs in an environment of its own, told what to do by lines.

    python benchmarks/peers/feed_files.py fastfeedparser|reader

Reads the path of a feed's file from standard input and answers with the CPU seconds that the
library took for its bytes and the entries found. Of reader it is the parser that its updates
call, and nothing of its store: a vendored feedparser, and what makes entries of its result.
"""

from __future__ import annotations

import io
import logging
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

logging.disable(logging.CRITICAL)


def fastfeedparser() -> Callable[[bytes], int]:
    """Return what counts the entries of a feed, and asks for what a poll needs of each.

    A field is made when it is asked for the first time.
    """
    from fastfeedparser import parse  # noqa: PLC0415 - the one that was asked for

    fields = ("id", "link", "title", "published", "description", "content")
    return lambda body: len([[e.get(name) for name in fields] for e in parse(body).entries])


def reader() -> Callable[[bytes], int]:
    """Return what counts the entries of a feed."""
    from reader._parser.feedparser import FeedparserParser  # noqa: PLC0415 - see above

    parse = FeedparserParser()
    return lambda body: len(parse("https://press.example/feed/", io.BytesIO(body))[1])


def main() -> None:
    name = sys.argv[1]
    count = {"fastfeedparser": fastfeedparser, "reader": reader}[name]()
    print(version(name), flush=True)
    for line in sys.stdin:
        body = Path(line.strip()).read_bytes()
        begin = time.process_time()
        found = count(body)
        print(time.process_time() - begin, found, flush=True)


if __name__ == "__main__":
    main()
