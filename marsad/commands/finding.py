"""How an article that a search found is shown: its words marked in a stretch of the text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from domain.asking import ArticleRow, TextQuery
from marsad.commands.formats import printable

WIDTH = 220  # characters of a snippet
MOST = 200_000  # characters of a text in which words are marked


def snippet_of(row: ArticleRow, query: TextQuery) -> tuple[str, list[tuple[int, int]]]:
    """Return the stretch of the text with most of the words, and where in it they stand."""
    from matcher.searching import find_words  # noqa: PLC0415 - numpy

    text = row.text[:MOST]
    spans = find_words(text, query)
    start = _densest(spans)
    start = max(0, start - 40)
    while 0 < start < len(text) and not text[start - 1].isspace():
        start += 1
    cut = text[start : start + WIDTH]
    flat = "".join(" " if c.isspace() else c for c in cut)
    inside = [(a - start, min(b - start, len(cut))) for a, b in spans if start <= a < start + WIDTH]
    return flat, inside


def _densest(spans: Sequence[tuple[int, int]]) -> int:
    """Return where the window of WIDTH that holds most spans begins, the earliest of equals."""
    best, where, last = 0, 0, 0
    for index, (start, _) in enumerate(spans):
        while last < len(spans) and spans[last][1] <= start + WIDTH - 40:
            last += 1
        if last - index > best:
            best, where = last - index, start
    return where


def found_lines(row: ArticleRow, query: TextQuery) -> list[Text]:
    """Return the lines that show ``row`` on a terminal."""
    from matcher.searching import find_words  # noqa: PLC0415 - numpy

    day = f"{row.published_at or row.first_seen:%Y-%m-%d}"
    mark = f" · hit {row.hit_id}" if row.hit_id is not None else ""
    title = _marked(row.title, find_words(row.title, query))
    title.stylize("bold")
    head = Text.assemble(f"{day} {row.outlet} [{row.language}]{mark}  ", title)
    snippet, spans = snippet_of(row, query)
    return [head, _marked(snippet, spans), Text(printable(row.url), style="dim")]


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> Text:
    shown = Text()
    last = 0
    for start, end in spans:
        shown.append(_plain(text[last:start]))
        shown.append(_plain(text[start:end]), style="reverse")
        last = end
    shown.append(_plain(text[last:]))
    if any("\u0600" <= c <= "\u06ff" for c in text):
        return Text.assemble("\u2067", shown, "\u2069")
    return shown


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
