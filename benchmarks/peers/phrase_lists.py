"""Other finders of phrases beside ours: runs in an environment of its own, told what to do.

    python benchmarks/peers/phrase_lists.py PHRASES.json ARTICLES.json flashtext2|pyahocorasick

Reads ``first last`` from standard input and answers with the CPU seconds that the finder took for
those articles and the phrases found. flashtext2 folds case by itself and keeps to whole words.
pyahocorasick takes text that `str.translate` folded, phrases and texts between blanks, as one
puts it together without NumPy.
"""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path


def flashtext2(phrases: Sequence[str]) -> Callable[[str], int]:
    """Return what counts the phrases in a text."""
    from flashtext2 import KeywordProcessor  # noqa: PLC0415 - the one that was asked for

    finder = KeywordProcessor(case_sensitive=False)
    finder.add_keywords_from_iter(phrases)
    return lambda text: len(finder.extract_keywords(text))


def pyahocorasick(phrases: Sequence[str]) -> Callable[[str], int]:
    """Return what counts the phrases in a text."""
    import ahocorasick  # noqa: PLC0415 - the one that was asked for

    table = _table()
    finder = ahocorasick.Automaton()
    for phrase in phrases:
        folded = f" {phrase.translate(table)} "
        finder.add_word(folded, folded)
    finder.make_automaton()
    return lambda text: sum(1 for _ in finder.iter(f" {text.translate(table)} "))


def _table() -> dict[int, str]:
    """Fold case, accents and Arabic marks, and turn what separates words into blanks."""
    table: dict[int, str] = {}
    for code in (*range(0x250), *range(0x600, 0x700), *range(0x2000, 0x2070)):
        letters = unicodedata.normalize("NFKD", chr(code).casefold())
        kept = "".join(c for c in letters if not unicodedata.combining(c))
        table[code] = "".join(c if c.isalnum() else " " for c in kept)
    return table


def main() -> None:
    phrases, articles = (json.loads(Path(p).read_text(encoding="utf-8")) for p in sys.argv[1:3])
    name = sys.argv[3]
    count = {"flashtext2": flashtext2, "pyahocorasick": pyahocorasick}[name](phrases)
    print(version(name), flush=True)
    for line in sys.stdin:
        first, last = map(int, line.split())
        begin = time.process_time()
        found = sum(map(count, articles[first:last]))
        print(time.process_time() - begin, found, flush=True)


if __name__ == "__main__":
    main()
